import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from varde.core.errors import IntegrityFailure, SiteBusy, VardeError, WrongUse
from varde.segments import folder as segment_folder
from varde.segments.folder import SegmentFolder, Staged


def open_folder(path: Path) -> SegmentFolder:
    return SegmentFolder(path, "test", 1)


def stage(folder: SegmentFolder, value: int) -> Staged:
    return folder.stage({"value": value}, {"values": np.full(100, value)})


def add(folder: SegmentFolder, *values: int) -> list[str]:
    for value in values:
        staged = stage(folder, value)
        with folder.writer() as writer:
            writer.commit([staged], facts={"last": value})
    return [listed.name for listed in folder.read_manifest().listed]


def values(folder: SegmentFolder) -> list[int]:
    return [int(segment.arrays["values"][0]) for segment in folder.snapshot().segments]


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)


def test_a_folder_that_is_not_there_is_empty_and_is_not_made(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "index")
    assert folder.snapshot().segments == ()
    assert folder.verify() == 0
    folder.discard()
    assert not (tmp_path / "index").exists()


def test_what_is_committed_is_seen_by_everybody(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    add(folder, 1, 2)
    assert values(folder) == values(open_folder(tmp_path)) == [1, 2]
    assert open_folder(tmp_path).snapshot().facts == {"last": 2}
    assert folder.read_manifest().generation == 2


def test_what_is_staged_does_not_count(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    add(folder, 1)
    staged = stage(folder, 2)
    assert values(folder) == [1]
    with folder.writer() as writer:
        writer.commit([staged])
    assert values(folder) == [1, 2]


def test_a_replacement_stands_where_the_first_replaced_stood_and_the_old_files_go(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    names = add(folder, 1, 2, 3, 4)
    staged = stage(folder, 23)
    with folder.writer() as writer:
        writer.commit([staged], names[1:3])
    assert values(folder) == [1, 23, 4]
    assert not any((tmp_path / name).exists() for name in names[1:3])


def test_removing_what_does_not_count_changes_nothing(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    add(folder, 1)
    with folder.writer() as writer, pytest.raises(WrongUse, match="gone"):
        writer.commit(remove=["gone"])
    assert values(folder) == [1]


def test_a_snapshot_outlives_the_removal_of_its_segments(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    names = add(folder, 7)
    snapshot = folder.snapshot()
    with folder.writer() as writer:
        writer.commit(remove=names)
    assert snapshot.segments[0].arrays["values"].tolist() == [7] * 100


def test_there_is_one_writer_at_a_time(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    second = open_folder(tmp_path).writer(patience_s=0.05)
    with folder.writer(), pytest.raises(SiteBusy, match="another process"), second:
        pass
    with open_folder(tmp_path).writer(patience_s=0):
        pass


def test_the_next_writer_removes_strays_but_not_what_is_being_written(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    add(folder, 1)
    stage(folder, 2).file.close()  # as if its writer had been killed
    (tmp_path / "manifest.json.77.partial").write_bytes(b"{")
    alive = stage(folder, 3)
    with folder.writer():
        left = {path.name for path in tmp_path.glob("*.segment")}
        assert left == {folder.read_manifest().listed[0].name, alive.listed.name}
        assert not list(tmp_path.glob("*.partial"))
    alive.file.close()


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("place", [0, 9, 70, 300, -40, -1])
def test_a_flipped_bit_is_refused_by_name_wherever_it_is(tmp_path: Path, place: int, *, fresh: bool) -> None:
    folder = open_folder(tmp_path)
    names = add(folder, 1, 2)
    assert values(folder) == [1, 2]
    flip(tmp_path / names[1], place)
    with pytest.raises(IntegrityFailure, match=names[1]):
        (open_folder(tmp_path) if fresh else folder).snapshot()


def test_a_flipped_bit_is_refused_though_the_times_are_set_back(tmp_path: Path) -> None:
    names = add(open_folder(tmp_path), 1)
    path = tmp_path / names[0]
    before = path.stat()
    flip(path, 70)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(IntegrityFailure, match=names[0]):
        open_folder(tmp_path).snapshot()


def test_a_full_check_finds_what_leaves_no_stamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = add(open_folder(tmp_path), 1)
    monkeypatch.setattr(segment_folder, "_stamp_of", lambda stat: [stat.st_size, 0, 0, 0])
    folder = open_folder(tmp_path)
    folder.verify()
    flip(tmp_path / names[0], 70)
    assert len(open_folder(tmp_path).snapshot().segments) == 1  # as where the disk itself loses a bit
    with pytest.raises(IntegrityFailure, match=names[0]):
        folder.verify()


def test_a_copied_folder_is_verified_once_and_then_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = add(open_folder(tmp_path / "a"), 1)
    (tmp_path / "b").mkdir()
    for path in (tmp_path / "a").iterdir():
        (tmp_path / "b" / path.name).write_bytes(path.read_bytes())
    read: list[Path] = []
    verify = segment_folder.verify_segment
    monkeypatch.setattr(segment_folder, "verify_segment", lambda path: (read.append(path), verify(path))[1])
    assert values(open_folder(tmp_path / "b")) == values(open_folder(tmp_path / "b")) == [1]
    assert read == [tmp_path / "b" / names[0]]


def test_a_missing_or_truncated_segment_is_refused_by_name(tmp_path: Path) -> None:
    names = add(open_folder(tmp_path), 1, 2)
    (tmp_path / names[0]).write_bytes((tmp_path / names[0]).read_bytes()[:-1])
    with pytest.raises(IntegrityFailure, match=names[0]):
        open_folder(tmp_path).snapshot()
    (tmp_path / names[0]).unlink()
    for check in (open_folder(tmp_path).snapshot, open_folder(tmp_path).verify):
        with pytest.raises(IntegrityFailure, match=f"{names[0]} is missing"):
            check()


def test_a_segment_put_in_anothers_place_is_refused(tmp_path: Path) -> None:
    names = add(open_folder(tmp_path), 1, 2)
    (tmp_path / names[0]).write_bytes((tmp_path / names[1]).read_bytes())
    with pytest.raises(IntegrityFailure, match=names[0]):
        open_folder(tmp_path).snapshot()


def test_a_damaged_manifest_is_refused_by_name(tmp_path: Path) -> None:
    add(open_folder(tmp_path), 1)
    path = tmp_path / "manifest.json"
    whole = path.read_bytes()
    for damaged in (b"", b"[]", whole[:-5], whole.replace(b'"generation": 1', b'"generation": 2')):
        path.write_bytes(damaged)
        with pytest.raises(IntegrityFailure, match=r"manifest\.json is damaged"):
            open_folder(tmp_path).snapshot()


def test_damaged_stamps_cost_a_verification_and_nothing_else(tmp_path: Path) -> None:
    add(open_folder(tmp_path), 1)
    for damaged in (b"", b"{", b"[1]", json.dumps({"x": [1]}).encode()):
        (tmp_path / "verified.json").write_bytes(damaged)
        assert values(open_folder(tmp_path)) == [1]


def test_another_version_is_refused_and_can_be_discarded(tmp_path: Path) -> None:
    add(open_folder(tmp_path), 1)
    newer = SegmentFolder(tmp_path, "test", 2)
    with pytest.raises(WrongUse, match="version 1"):
        newer.snapshot()
    newer.discard()
    assert newer.snapshot().segments == ()
    assert not list(tmp_path.glob("*.segment"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_read(tmp_path: Path) -> None:
    add(open_folder(tmp_path), 1)
    (tmp_path / "verified.json").unlink()
    tmp_path.chmod(0o500)
    try:
        assert values(open_folder(tmp_path)) == [1]
    finally:
        tmp_path.chmod(0o700)


def test_where_stamps_cannot_be_written_segments_are_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, data: bytes) -> None:
        raise PermissionError(13, "read-only", str(path))

    names = add(open_folder(tmp_path), 1)
    (tmp_path / "verified.json").unlink()
    monkeypatch.setattr(segment_folder, "replace_file", refuse)
    assert values(open_folder(tmp_path)) == [1]
    flip(tmp_path / names[0], 70)
    with pytest.raises(IntegrityFailure):
        open_folder(tmp_path).snapshot()


def test_a_failed_write_leaves_nothing_and_changes_nothing(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    add(folder, 1)
    with pytest.raises(WrongUse):
        folder.stage({}, {"values": np.array(["text"])})
    assert len(list(tmp_path.glob("*.segment"))) == 1
    assert values(folder) == [1]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = open_folder(tmp_path)
    add(folder, 1)
    with monkeypatch.context() as patch, pytest.raises(VardeError, match=r"disk .* is full") as told:
        patch.setattr(segment_folder.os, "fsync", fill)
        stage(folder, 2)
    assert "Make room" in told.value.advice
    assert len(list(tmp_path.glob("*.segment"))) == 1
    assert values(folder) == [1]


def test_readers_never_stumble_over_merges(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    add(folder, 1)
    stop = threading.Event()
    seen: list[int] = []
    failures: list[BaseException] = []

    def read() -> None:
        reader = open_folder(tmp_path)
        while not stop.is_set():
            try:
                seen.append(sum(values(reader)))
            except (IntegrityFailure, WrongUse, OSError) as error:
                failures.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(60):
        staged = stage(folder, 1)
        with folder.writer() as writer:
            writer.commit([staged], [folder.read_manifest().listed[0].name])
    stop.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert set(seen) == {1}


WRITE_FOREVER = """
import sys, numpy as np
from pathlib import Path
from varde.segments.folder import SegmentFolder
folder = SegmentFolder(Path(sys.argv[1]), "test", 1)
print("ready", flush=True)
while True:
    last = int(folder.read_manifest().facts.get("last", 0))
    staged = folder.stage({"value": last + 1}, {"values": np.full(2000, last + 1)})
    with folder.writer() as writer:
        old = [listed.name for listed in writer.manifest.listed][:1] if last % 3 == 2 else []
        writer.commit([staged], old, {"last": last + 1})
"""


def test_a_writer_killed_at_any_moment_leaves_what_was_committed(tmp_path: Path) -> None:
    for turn in range(6):
        process = subprocess.Popen([sys.executable, "-c", WRITE_FOREVER, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.05 + 0.037 * turn)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        folder = open_folder(tmp_path)
        snapshot = folder.snapshot()
        assert folder.verify() == len(snapshot.segments)
        found = sorted(values(folder))
        assert max(found, default=0) == snapshot.facts.get("last", 0)
        with folder.writer(patience_s=0):
            assert len(list(tmp_path.glob("*.segment"))) == len(found)
    assert snapshot.facts["last"]


def test_locks_are_let_go_with_the_file(tmp_path: Path) -> None:
    staged = stage(open_folder(tmp_path), 1)
    with Path(staged.file.name).open("rb") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        staged.file.close()
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
