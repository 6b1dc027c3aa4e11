import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mixed_exhibit import ACTOR, picture, process, tar_gz_of, write_mixed_exhibit, zip_of
from PIL import Image

from varde.core.case import Keeping
from varde.core.errors import SiteBusy
from varde.store import audit, item_lists, records
from varde.store.records import ItemRecord
from varde.store.site import Site
from varde.testing.pictures import make_photo
from varde.testing.site_state import describe_state
from varde.workflows.import_known_set import ImportRequest, import_known_set
from varde.workflows.process_case import process_case

MakeSite = Callable[..., Site]


def load(site: Site) -> dict[str, ItemRecord]:
    with site.database.read() as connection:
        found = records.load_records(connection, item_lists.list_ids(connection, 1))
        return {record.locator: record for record in found}


def test_every_place_of_a_mixed_exhibit_is_counted_once(make_site: MakeSite, tmp_path: Path) -> None:
    places = write_mixed_exhibit(tmp_path / "exhibit", pictures=40)
    site = make_site()
    counts = process(site, tmp_path / "exhibit")
    assert counts.places == places
    assert counts.waiting == 0
    assert counts.examined + counts.with_issues == places
    found = load(site)
    assert len(found) == places
    issues = {
        locator: [issue.code.value for issue in record.issues] for locator, record in found.items() if record.issues
    }
    assert {locator for locator in found if locator.startswith("cut")} | {"empty.jpg"} == set(issues)
    assert issues.pop("empty.jpg") == ["empty"]
    assert all(codes in (["damaged"], ["truncated"]) for codes in issues.values())


def test_members_of_nested_archives_are_items_with_stacked_locators(make_site: MakeSite, tmp_path: Path) -> None:
    exhibit = tmp_path / "exhibit"
    exhibit.mkdir()
    inner = tar_gz_of({"deep/pic.jpg": picture(1)})
    (exhibit / "outer.zip").write_bytes(zip_of({"dir/inner.tgz": inner, "pic.png": picture(2, kind="PNG")}))
    site = make_site()
    process(site, exhibit)
    found = load(site)
    assert set(found) == {
        "outer.zip",
        "outer.zip!/dir/inner.tgz",
        "outer.zip!/dir/inner.tgz!/deep/pic.jpg",
        "outer.zip!/pic.png",
    }
    deep = found["outer.zip!/dir/inner.tgz!/deep/pic.jpg"]
    assert deep.content and deep.content.facts and deep.content.facts.width_px == 96
    assert deep.origin == "archive_member"


def test_archives_deeper_than_the_limit_become_an_issue(make_site: MakeSite, tmp_path: Path) -> None:
    exhibit = tmp_path / "exhibit"
    exhibit.mkdir()
    data = picture(1)
    for level in range(8):
        data = zip_of({f"level{level}": data})
    (exhibit / "nested.zip").write_bytes(data)
    site = make_site()
    process(site, exhibit)
    coded = {issue.code for record in load(site).values() for issue in record.issues}
    assert coded == {"archive_too_deep"}
    assert len(load(site)) == 6


def test_equal_contents_are_stored_once_and_items_stay_apart(make_site: MakeSite, tmp_path: Path) -> None:
    exhibit = tmp_path / "exhibit"
    exhibit.mkdir()
    for name in ("a.jpg", "b.jpg", "c.png"):
        (exhibit / name).write_bytes(picture(3))
    site = make_site()
    assert process(site, exhibit).contents == 1
    found = load(site)
    assert {record.content_id for record in found.values()} == {1}
    assert found["c.png"].content and found["c.png"].content.media_type.mime == "image/jpeg"


def test_names_of_any_bytes_are_items(make_site: MakeSite, tmp_path: Path) -> None:
    exhibit = tmp_path / "exhibit"
    exhibit.mkdir()
    names = [b"\xff\xfe.jpg", b"new\nline.jpg", b"a!b.jpg", b"back\\slash.jpg", "é ü 漢.jpg".encode(), b"-rf"]
    for name in names:
        Path(os.fsdecode(os.fsencode(exhibit) + b"/" + name)).write_bytes(picture(4))
    site = make_site()
    assert process(site, exhibit).examined == len(names)


def test_a_second_run_does_nothing(make_site: MakeSite, tmp_path: Path) -> None:
    write_mixed_exhibit(tmp_path / "exhibit", pictures=10)
    site = make_site()
    process(site, tmp_path / "exhibit")
    before = describe_state(site)
    with site.database.read() as connection:
        head = audit.get_head(connection)
    done = process_case(site, ACTOR, case_name="case", progress=lambda _: None)
    assert done.run.items == 0
    assert describe_state(site) == before
    with site.database.read() as connection:
        assert audit.get_head(connection) == head


def test_a_copied_exhibit_gives_the_same_and_outlives_its_original(make_site: MakeSite, tmp_path: Path) -> None:
    write_mixed_exhibit(tmp_path / "exhibit", pictures=10)
    referenced, copied = make_site("referenced"), make_site("copied")
    process(referenced, tmp_path / "exhibit")
    process(copied, tmp_path / "exhibit", keeping=Keeping.COPY)
    assert describe_state(copied) == describe_state(referenced)
    shutil.rmtree(tmp_path / "exhibit")
    for record in load(copied).values():
        if "!/" not in record.locator and record.content:
            copied.contents.verify(record.content.digests.sha256)


def test_a_file_that_vanishes_between_listing_and_reading_is_an_issue(
    make_site: MakeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mixed_exhibit(tmp_path / "exhibit", pictures=5)
    from varde.pipeline import run

    def list_then_remove(*arguments: object) -> None:
        original(*arguments)  # type: ignore[arg-type]
        (tmp_path / "exhibit" / "text.jpg").unlink()
        (tmp_path / "exhibit" / "0" / "0.jpg").write_bytes(b"another length")

    original = run.list_places
    monkeypatch.setattr(run, "list_places", list_then_remove)
    site = make_site()
    process(site, tmp_path / "exhibit")
    found = load(site)
    assert [issue.code for issue in found["text.jpg"].issues] == ["vanished"]
    assert [issue.code for issue in found["0/0.jpg"].issues] == ["changed_while_reading"]


def test_two_runs_at_once_are_refused(make_site: MakeSite, tmp_path: Path) -> None:
    (tmp_path / "exhibit").mkdir()
    site = make_site()
    with site.processing_lock(), pytest.raises(SiteBusy):
        process(site, tmp_path / "exhibit")


def test_a_single_file_can_be_an_exhibit(make_site: MakeSite, tmp_path: Path) -> None:
    (tmp_path / "one.zip").write_bytes(zip_of({"a.jpg": picture(1)}))
    site = make_site()
    counts = process(site, tmp_path / "one.zip")
    assert counts.examined == 2
    assert set(load(site)) == {"one.zip", "one.zip!/a.jpg"}


def test_small_windows_change_nothing(make_site: MakeSite, tmp_path: Path) -> None:
    exhibit = tmp_path / "exhibit"
    exhibit.mkdir()
    members = {f"{number}.bmp": picture(number, size=600, kind="BMP") for number in range(8)}
    (exhibit / "a.tar.gz").write_bytes(tar_gz_of(members))
    (exhibit / "b.zip").write_bytes(zip_of({**members, "c.zip": zip_of(members)}))
    whole = make_site("whole")
    process(whole, exhibit)
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "varde.toml").write_text("[processing]\nspool_window_mib = 1\n")
    cut = make_site("cut")
    assert cut.settings.processing.spool_window_mib == 1
    process(cut, exhibit)
    assert describe_state(cut) == describe_state(whole)


def test_a_known_picture_inside_an_animation_is_found(make_site: MakeSite, tmp_path: Path) -> None:
    known, exhibit = tmp_path / "known", tmp_path / "exhibit"
    known.mkdir()
    exhibit.mkdir()
    rng = np.random.default_rng(3)
    pictures = [Image.fromarray(make_photo(rng, 320, 240)) for _ in range(4)]
    pictures[2].save(known / "third.png")
    pictures[0].save(exhibit / "all.webp", save_all=True, append_images=pictures[1:], duration=1000, quality=90)
    site = make_site()
    import_known_set(site, ACTOR, ImportRequest(known, name="own"), lambda _: None)
    process(site, exhibit)
    found = {match.point.method.name: match.offset_s for match in load(site)["all.webp"].matches}
    assert found == {"pdq-video": 2.0, "local-features": 2.0}
