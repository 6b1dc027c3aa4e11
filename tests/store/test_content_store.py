"""Behaviour of `varde.store.content_store`: a copy is whole, verified, or not there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from varde.core.errors import IntegrityFailure, NotFound
from varde.store.content_store import ContentStore

DATA = os.urandom(100_000)
SHA256 = hashlib.sha256(DATA).digest()


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "contents")


def chunks(data: bytes = DATA, *, fail_after: int | None = None) -> Iterator[bytes]:
    for number, start in enumerate(range(0, len(data), 7_777)):
        if number == fail_after:
            raise InterruptedError("the exhibit was pulled out")
        yield data[start : start + 7_777]


def files_in(store: ContentStore) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()]


def test_what_was_put_is_there_under_its_digest(store: ContentStore) -> None:
    assert store.put(chunks()) == SHA256
    path = store.verify(SHA256)
    assert path == store.path_of(SHA256) == store.folder / SHA256.hex()[:2] / SHA256.hex()[2:4] / SHA256.hex()
    assert path.read_bytes() == DATA
    assert path.stat().st_mode & 0o777 == 0o400
    assert files_in(store) == [path]


def test_nothing_at_all_can_be_put(store: ContentStore) -> None:
    assert store.put(iter(())) == hashlib.sha256().digest()
    assert store.verify(hashlib.sha256().digest()).read_bytes() == b""


@pytest.mark.parametrize("fail_after", [0, 1, 5])
def test_an_interrupted_copy_leaves_nothing(store: ContentStore, fail_after: int) -> None:
    with pytest.raises(InterruptedError):
        store.put(chunks(fail_after=fail_after))
    assert files_in(store) == []
    with pytest.raises(NotFound):
        store.verify(SHA256)


def test_putting_twice_keeps_the_first(store: ContentStore) -> None:
    store.put(chunks())
    before = store.path_of(SHA256).stat()
    assert store.put(chunks()) == SHA256
    assert store.path_of(SHA256).stat().st_ino == before.st_ino
    assert len(files_in(store)) == 1


@pytest.mark.parametrize("position", [0, 50_000, len(DATA) - 1])
def test_a_flipped_bit_is_an_integrity_failure(store: ContentStore, position: int) -> None:
    store.put(chunks())
    path = store.path_of(SHA256)
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(position)
        file.write(bytes([DATA[position] ^ 1]))
    with pytest.raises(IntegrityFailure, match=f"{SHA256.hex()} has changed"):
        store.verify(SHA256)


@pytest.mark.parametrize("data", [DATA[:-1], DATA + b"x", b""])
def test_a_copy_of_another_length_is_an_integrity_failure(store: ContentStore, data: bytes) -> None:
    store.put(chunks())
    path = store.path_of(SHA256)
    path.chmod(0o600)
    path.write_bytes(data)
    with pytest.raises(IntegrityFailure):
        store.verify(SHA256)


def test_what_a_killed_process_left_is_cleared(store: ContentStore) -> None:
    store.put(chunks())
    (store.folder / "staging" / "123-abc").write_bytes(DATA[:100])
    store.clear_staging()
    assert files_in(store) == [store.path_of(SHA256)]


def test_clearing_an_unused_store_does_nothing(store: ContentStore) -> None:
    store.clear_staging()
    assert not store.folder.exists()


def test_a_damaged_copy_is_replaced(store: ContentStore) -> None:
    store.put(chunks())
    path = store.path_of(SHA256)
    path.chmod(0o600)
    path.write_bytes(DATA[:-1] + bytes([DATA[-1] ^ 1]))
    assert store.put(chunks()) == SHA256
    assert store.verify(SHA256).read_bytes() == DATA
    assert path.stat().st_mode & 0o777 == 0o400


def test_the_names_of_new_folders_are_on_disk(store: ContentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    sync = os.fsync

    def watch(descriptor: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    store.put(chunks())
    folder = store.path_of(SHA256).parent
    assert {folder, folder.parent, store.folder, store.folder.parent} <= set(synced)
