"""Behaviour of a run whose exhibit or archive is not what it was when an earlier run stopped."""

import io
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from mixed_exhibit import ACTOR, picture, zip_of

from varde.core.case import Exhibit, Keeping
from varde.core.errors import PluginError
from varde.pipeline import archives
from varde.pipeline.plan import list_places
from varde.pipeline.schedule import Schedule
from varde.pipeline.tasks import Task
from varde.store import cases, item_lists, records, settings
from varde.store.items import ExaminedItem
from varde.store.records import ItemRecord
from varde.store.site import Site
from varde.testing.site_state import describe_state
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import Processed, process_case

MakeSite = Callable[..., Site]


def open_site_with(make_site: MakeSite, exhibit: Path, name: str = "site") -> tuple[Site, Exhibit]:
    site = make_site(name)
    create_case(site, ACTOR, name="case", authorisation="", scheme="vics-us@2.0")
    return site, add_exhibit(site, ACTOR, case_name="case", path=exhibit, keeping=Keeping.REFERENCE)


def process(site: Site, *, retry: bool = False) -> Processed:
    return process_case(site, ACTOR, case_name="case", progress=lambda _: None, retry=retry)


def load(site: Site) -> dict[str, ItemRecord]:
    with site.database.read() as connection:
        found = records.load_records(connection, item_lists.list_ids(connection, 1))
        return {record.locator: record for record in found}


def codes(record: ItemRecord) -> list[str]:
    return [issue.code.value for issue in record.issues]


def tar_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def stop_after_members(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the run break off when the members of an archive are recorded and none is examined."""

    def stop(_: object, window: object) -> None:
        if window is not None:
            raise KeyboardInterrupt

    monkeypatch.setattr(archives.Archives, "leave", stop)


@pytest.mark.parametrize("leave_folder", [True, False])
def test_an_exhibit_that_was_unplugged_stops_the_run_and_loses_nothing(
    make_site: MakeSite, tmp_path: Path, leave_folder: bool
) -> None:
    exhibit = tmp_path / "disk"
    exhibit.mkdir()
    for number in range(5):
        (exhibit / f"{number}.jpg").write_bytes(picture(number))
    site, stored = open_site_with(make_site, exhibit)
    list_places(site.database, stored, lambda _: None)
    exhibit.rename(tmp_path / "away")
    if leave_folder:
        exhibit.mkdir()
    (sentence,) = process(site).run.unreachable
    assert str(exhibit) in sentence
    with site.database.read() as connection:
        assert cases.count_places(connection, 1).waiting == 5
    shutil.rmtree(exhibit, ignore_errors=True)
    (tmp_path / "away").rename(exhibit)
    assert process(site).places.examined == 5


def test_members_of_an_archive_that_vanished_meanwhile_get_their_end_and_a_reason(
    make_site: MakeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhibit = tmp_path / "exhibit"
    exhibit.mkdir()
    (exhibit / "stays.jpg").write_bytes(picture(9))
    (exhibit / "a.zip").write_bytes(zip_of({"1.jpg": picture(1), "2.jpg": picture(2)}))
    whole = (exhibit / "a.zip").read_bytes()
    site, _ = open_site_with(make_site, exhibit)
    with monkeypatch.context() as patched:
        stop_after_members(patched)
        with pytest.raises(KeyboardInterrupt):
            process(site)
    (exhibit / "a.zip").unlink()
    done = process(site)
    assert done.places.waiting == 0
    found = load(site)
    assert codes(found["a.zip"]) == ["vanished"]
    assert codes(found["a.zip!/1.jpg"]) == codes(found["a.zip!/2.jpg"]) == ["unreadable"]
    assert process(site).run.items == 0
    (exhibit / "a.zip").write_bytes(whole)
    again = process(site, retry=True)
    assert again.places.examined == 4
    assert again.places.with_issues == 0
    undisturbed, _ = open_site_with(make_site, exhibit, "undisturbed")
    process(undisturbed)
    state, wanted = describe_state(site), describe_state(undisturbed)
    assert {name: state[name] for name in ("contents", "signals", "issues")} == {
        name: wanted[name] for name in ("contents", "signals", "issues")
    }


def test_an_archive_replaced_by_another_of_equal_size_gives_no_member_foreign_bytes(
    make_site: MakeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhibit = tmp_path / "exhibit"
    exhibit.mkdir()
    before = tar_of({"a.txt": b"first", "b.txt": b"second"})
    after = tar_of({"x.txt": b"other", "a.txt": b"changed"})
    assert len(before) == len(after)
    (exhibit / "a.tar").write_bytes(before)
    site, _ = open_site_with(make_site, exhibit)
    with monkeypatch.context() as patched:
        stop_after_members(patched)
        with pytest.raises(KeyboardInterrupt):
            process(site)
    (exhibit / "a.tar").write_bytes(after)
    assert process(site).places.waiting == 0
    found = load(site)
    assert set(found) == {"a.tar", "a.tar!/a.txt", "a.tar!/b.txt"}
    assert codes(found["a.tar"]) == ["changed_while_reading"]
    assert found["a.tar!/a.txt"].content is None
    assert found["a.tar!/b.txt"].content is None


def test_a_listed_plugin_that_is_missing_stops_the_run_before_it_begins(make_site: MakeSite, tmp_path: Path) -> None:
    exhibit = tmp_path / "exhibit"
    exhibit.mkdir()
    (exhibit / "a.zip").write_bytes(zip_of({"1.jpg": picture(1)}))
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "varde.toml").write_text('[plugins]\nevidence = ["nope"]\n')
    site, _ = open_site_with(make_site, exhibit)
    with pytest.raises(PluginError, match="nope"):
        process(site)
    with site.database.read() as connection:
        assert cases.count_places(connection, 1).places == 0


def test_a_retry_examines_what_took_too_long_once_the_limit_is_raised(
    make_site: MakeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Decoding takes about three times the limit, digesting a tenth of it.
    monkeypatch.setattr(settings, "_LEAST_BYTES_PER_S", 10**12)
    exhibit = tmp_path / "exhibit"
    exhibit.mkdir()
    (exhibit / "large.png").write_bytes(picture(1, size=8000, kind="PNG"))
    (exhibit / "small.jpg").write_bytes(picture(2))
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "varde.toml").write_text("[processing]\ntime_limit_s = 0.4\n")
    site, _ = open_site_with(make_site, exhibit)
    process(site)
    assert "decoder_timed_out" in codes(load(site)["large.png"])
    assert load(site)["large.png"].content is not None, "its digests must have been taken"
    (folder / "varde.toml").unlink()
    patient = make_site()
    done = process(patient, retry=True)
    assert done.places.with_issues == 0
    found = load(patient)["large.png"].content
    assert found and found.facts and found.facts.width_px == 8000


def test_an_exhibit_that_drops_out_in_the_middle_leaves_its_items_waiting(
    make_site: MakeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhibit = tmp_path / "disk"
    exhibit.mkdir()
    for number in range(30):
        (exhibit / f"{number:02}.jpg").write_bytes(picture(number))
    site, _ = open_site_with(make_site, exhibit)
    finish = Schedule._finish

    def finish_then_unplug(self: Schedule, task: Task, examined: ExaminedItem) -> None:
        finish(self, task, examined)
        if exhibit.exists():
            exhibit.rename(tmp_path / "away")

    with monkeypatch.context() as patched:
        patched.setattr(Schedule, "_finish", finish_then_unplug)
        assert process(site).run.unreachable
    assert not [issue for record in load(site).values() for issue in record.issues]
    (tmp_path / "away").rename(exhibit)
    done = process(site)
    assert done.places.examined == 30
    assert done.run.unreachable == ()


def test_an_unreachable_exhibit_does_not_hold_up_the_others(make_site: MakeSite, tmp_path: Path) -> None:
    for name in ("away", "here"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").write_bytes(picture(1))
    site, _ = open_site_with(make_site, tmp_path / "away")
    add_exhibit(site, ACTOR, case_name="case", path=tmp_path / "here", keeping=Keeping.REFERENCE)
    shutil.rmtree(tmp_path / "away")
    done = process(site)
    assert len(done.run.unreachable) == 1
    assert done.places.examined == 1
