"""Behaviour of `varde.reports.vics`, and its round trip through our own reader of VICS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from report_case import (
    AT,
    HOSTILE_NAMES,
    US,
    MadeUpSource,
    make_decision,
    make_digests,
    make_flat,
    make_full_source,
    make_item,
    make_match,
    make_video,
)

from varde.core.errors import IntegrityFailure
from varde.core.item import Origin
from varde.core.known import SetRole
from varde.core.locator import read_locator
from varde.core.media import MediaKind, MediaType
from varde.core.scheme import GradeScheme
from varde.known.format import ReadOptions
from varde.known.formats.vics import VicsFormat
from varde.reports import vics
from varde.reports.content import ReportItem, ReportOptions, Written
from varde.reports.vics import write
from varde.reports.vics_path import read_path

Entry = dict[str, object]
TEXT = MediaType(MediaKind.OTHER, "text/plain")


def write_case(source: MadeUpSource, folder: Path) -> tuple[Entry, list[Entry], Written]:
    written = write(source, folder, ReportOptions())
    (path,) = written.paths
    document = json.loads(path.read_bytes())
    (case,) = document["value"]
    return {"context": document["@odata.context"], **case}, case["Media"], written


def places_of(entry: Entry) -> list[tuple[str, str]]:
    """Returns exhibit and exact locator of every place of an entry."""
    return [(file["SourceID"], read_path(file["FilePath"] + file["FileName"])) for file in entry["MediaFiles"]]


def test_the_case_says_where_it_comes_from(tmp_path: Path) -> None:
    case, _, _ = write_case(make_full_source(), tmp_path)
    assert case["context"] == "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Cases"
    assert (case["CaseNumber"], case["ContactName"]) == ("Harbour 12", "A. Examiner")
    properties = {entry["PropertyName"]: entry["PropertyValue"] for entry in case["CaseMetadata"]}
    assert (properties["SchemeName"], properties["SchemeVersion"]) == ("vics-us", "2.0")
    assert properties["AuditEventNumber"] == "412"


def test_another_scheme_is_a_custom_region_with_its_name(tmp_path: Path) -> None:
    scheme = GradeScheme("district-scale", "7", ("1", "A"))
    decision = make_decision(1, "1", scheme=scheme)
    source = MadeUpSource([make_item(1, decisions=(decision,))], scheme=scheme)
    case, (entry,), _ = write_case(source, tmp_path)
    assert "/2.0.xml/CUSTOM/$metadata#Cases" in str(case["context"])
    assert entry["Category"] == 1
    assert {"district-scale", "7"} <= {metadata["PropertyValue"] for metadata in case["CaseMetadata"]}


def test_the_case_number_stays_and_its_identifier_is_stable(tmp_path: Path) -> None:
    first, _, _ = write_case(MadeUpSource([]), tmp_path / "a")
    again, _, _ = write_case(MadeUpSource([make_item(1)]), tmp_path / "b")
    other, _, _ = write_case(MadeUpSource([], case_name="Other"), tmp_path / "c")
    assert first["CaseID"] == again["CaseID"] != other["CaseID"]


def test_a_content_is_one_entry_with_all_its_places(tmp_path: Path) -> None:
    shared = make_digests("one content")
    source = MadeUpSource([make_item(1, b"a.jpg", digests=shared), make_item(2, b"d/b.jpg", digests=shared)])
    case, (entry,), written = write_case(source, tmp_path)
    assert entry["MD5"] == shared.md5.hex().upper()
    assert entry["SHA1"] == shared.sha1.hex().upper()
    assert entry["MediaSize"] == 1000
    assert entry["RelativeFilePath"] == "1\\a.jpg"
    assert places_of(entry) == [("1", "a.jpg"), ("1", "d/b.jpg")]
    assert case["TotalMediaFiles"] == 1
    assert (written.counts["media"], written.counts["places"]) == (1, 2)


def test_differing_decisions_on_one_content_are_never_merged(tmp_path: Path) -> None:
    case, entries, written = write_case(make_full_source(), tmp_path)
    md5 = make_digests("shared content").md5.hex().upper()
    same = [entry for entry in entries if entry["MD5"] == md5]
    assert [(entry["Category"], places_of(entry)[0][1]) for entry in same] == [
        (None, "c/shared.jpg"),
        (3, "a/shared.jpg"),
        (4, "b/shared.jpg"),
    ]
    assert all("decided differently" in str(entry["Comments"]) for entry in same)
    assert written.counts["decided_differently"] == 1
    assert written.counts["partly_decided"] == 1
    assert case["TotalMediaFiles"] == len(entries) == written.counts["media"]
    assert sorted(entry["MediaID"] for entry in entries) == list(range(1, len(entries) + 1))


def test_equal_decisions_on_one_content_are_one_entry_with_each_note(tmp_path: Path) -> None:
    shared = make_digests("x")
    items = [
        make_item(n, b"%d.jpg" % n, digests=shared, decisions=(make_decision(n, "1", number=n, note=note),))
        for n, note in ((1, "One.\nTwo."), (2, "Three"), (3, "Three"))
    ]
    _, (entry,), written = write_case(MadeUpSource(items), tmp_path)
    assert entry["Comments"] == "One.\nTwo.\nThree"
    assert written.counts["decided_differently"] == 0


def test_very_many_notes_are_cut_and_it_is_said(tmp_path: Path) -> None:
    shared = make_digests("x")
    items = [
        make_item(n, b"%d.jpg" % n, digests=shared, decisions=(make_decision(n, "1", number=n, note=f"Note {n}"),))
        for n in range(1, 40)
    ]
    _, (entry,), _ = write_case(MadeUpSource(items), tmp_path)
    assert str(entry["Comments"]).count("\n") == 20
    assert str(entry["Comments"]).endswith("There are further notes: see decisions.csv.")


@pytest.mark.parametrize(
    ("code", "category", "tags"),
    [
        ("5", 5, None),
        ("0", None, "vics-us@2.0:0"),
        ("A1", None, "vics-us@2.0:A1"),
        ("01", None, "vics-us@2.0:01"),
        ("-1", None, "vics-us@2.0:-1"),
        ("²", None, "vics-us@2.0:²"),
    ],
)
def test_a_code_is_a_category_only_as_a_whole_number(
    tmp_path: Path, code: str, category: int | None, tags: str | None
) -> None:
    _, (entry,), _ = write_case(MadeUpSource([make_item(1, decisions=(make_decision(1, code),))]), tmp_path)
    assert entry["Category"] == category
    assert entry.get("Tags") == tags


def test_a_grade_on_another_scheme_never_becomes_a_category(tmp_path: Path) -> None:
    other = GradeScheme("sap", "1", ("5",))
    source = MadeUpSource([make_item(1, decisions=(make_decision(1, "5", scheme=other),))], scheme=US)
    _, (entry,), written = write_case(source, tmp_path)
    assert (entry["Category"], entry["Tags"]) == (None, "sap@1:5")
    assert written.counts["grades_in_tags"] == 1


def test_undecided_and_withdrawn_have_no_category(tmp_path: Path) -> None:
    withdrawn = make_item(1, decisions=(make_decision(1, "1"), make_decision(1, None, number=2)))
    _, entries, _ = write_case(MadeUpSource([withdrawn, make_item(2)]), tmp_path)
    assert [entry["Category"] for entry in entries] == [None, None]
    assert all("Tags" not in entry and "Comments" not in entry for entry in entries)


def test_hashes_are_carried_as_far_as_the_format_can(tmp_path: Path) -> None:
    _, entries, _ = write_case(MadeUpSource([make_item(1), make_flat(2), make_video(3)]), tmp_path)
    names = {places_of(entry)[0][1]: [found["HashName"] for found in entry["AlternativeHashes"]] for entry in entries}
    assert names == {"DCIM/IMG_0000001.jpg": ["SHA256", "PDQ"], "flat.png": ["SHA256"], "clip.mp4": ["SHA256"]}


def test_archive_members_name_their_archive(tmp_path: Path) -> None:
    item = make_item(1, locator="phone/backup.zip!/DCIM/1.jpg", origin=Origin.ARCHIVE_MEMBER)
    _, (entry,), _ = write_case(MadeUpSource([item]), tmp_path)
    (file,) = entry["MediaFiles"]
    assert (file["FilePath"], file["FileName"]) == ("phone\\backup.zip!\\DCIM\\", "1.jpg")
    assert (file["ParentFilePath"], file["ParentFileName"]) == ("phone\\", "backup.zip")
    assert file["Written"] == AT.isoformat().replace("+00:00", "Z")


def test_hostile_names_come_back_exactly_and_climb_nowhere(tmp_path: Path) -> None:
    _, entries, written = write_case(make_full_source(), tmp_path)
    locators = {locator for entry in entries for _, locator in places_of(entry)}
    assert set(HOSTILE_NAMES) <= {read_locator(locator).segments[0].name for locator in locators}
    assert written.paths[0].read_bytes().isascii()


def test_other_kinds_are_left_out_unless_decided_or_matched(tmp_path: Path) -> None:
    items = [
        make_item(1, media=TEXT),
        make_item(2, media=TEXT, matches=(make_match(role=SetRole.KNOWN),)),
        make_item(3, media=TEXT, matches=(make_match(),)),
        make_item(4, media=TEXT, decisions=(make_decision(4, "5"),)),
    ]
    _, entries, written = write_case(MadeUpSource(items), tmp_path)
    assert len(entries) == 2
    assert written.counts["left_out"] == 2


def test_an_empty_case_is_valid(tmp_path: Path) -> None:
    case, entries, _ = write_case(MadeUpSource([]), tmp_path)
    assert entries == []
    assert case["TotalMediaFiles"] == 0


def test_a_content_at_very_many_places_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vics, "_MOST_PLACES_CHARS", 1000)
    shared = make_digests("everywhere")
    items = [
        make_item(n, b"%02d.jpg" % n, digests=shared, decisions=(make_decision(n, "2", number=n, note="Same"),))
        for n in range(30)
    ]
    case, entries, written = write_case(MadeUpSource(items), tmp_path)
    assert len(entries) > 3
    assert {(entry["MD5"], entry["Category"]) for entry in entries} == {(shared.md5.hex().upper(), 2)}
    assert [locator for entry in entries for _, locator in places_of(entry)] == [f"{n:02}.jpg" for n in range(30)]
    assert written.counts["continued"] == len(entries) - 1
    assert case["TotalMediaFiles"] == len(entries)
    assert written.counts["decided_differently"] == 0


class Streamed(MadeUpSource):
    """Gives the items of `media` in the order they are listed in, right or wrong."""

    def media(self) -> Iterator[ReportItem]:
        return iter(self.listed)


def test_items_out_of_order_stop_the_report(tmp_path: Path) -> None:
    items = sorted([make_item(1), make_item(2)], key=lambda item: item.digests.sha256, reverse=True)
    with pytest.raises(IntegrityFailure, match="order of SHA-256"):
        write(Streamed(items), tmp_path, ReportOptions())
    assert list(tmp_path.iterdir()) == []


def test_decisions_of_one_content_that_are_not_together_stop_the_report(tmp_path: Path) -> None:
    shared = make_digests("x")
    items = [
        make_item(n, digests=shared, decisions=(make_decision(n, code),) if code else ())
        for n, code in ((1, "1"), (2, None), (3, "1"))
    ]
    with pytest.raises(IntegrityFailure, match="not given together"):
        write(Streamed(items), tmp_path, ReportOptions())


def test_an_item_without_digests_stops_the_report(tmp_path: Path) -> None:
    with pytest.raises(IntegrityFailure, match="item 1 has no digests"):
        write(Streamed([make_item(1, digests=None)]), tmp_path, ReportOptions())


def test_our_own_reader_gives_back_the_same_decisions(tmp_path: Path) -> None:
    source = make_full_source()
    (path,) = write(source, tmp_path, ReportOptions()).paths
    reader = VicsFormat()
    assert reader.detect(path)
    with reader.open(path, ReadOptions()) as opened:
        entries = list(opened.entries)
    assert f"{opened.header.scheme}@{opened.header.scheme_version}" == US.key
    assert opened.header.declared_total == len(entries)
    assert opened.notes == []
    found = {
        (entry.md5, read_path(file["FilePath"] + file["FileName"]), entry.code)
        for entry in entries
        for file in json.loads(dict(entry.extra)["MediaFiles"])
    }
    assert found == {
        (item.digests.md5, item.locator, item.decision.grade.code if item.decision else None)
        for item in source.media()
        if item.kind in (MediaKind.PICTURE, MediaKind.VIDEO) or item.is_notable
    }


def test_our_own_reader_gives_back_every_hash(tmp_path: Path) -> None:
    item = make_item(1)
    (path,) = write(MadeUpSource([item]), tmp_path, ReportOptions()).paths
    with VicsFormat().open(path, ReadOptions()) as opened:
        (entry,) = opened.entries
    digests = make_digests(1)
    assert (entry.md5, entry.sha1, entry.sha256) == (digests.md5, digests.sha1, digests.sha256)
    assert entry.pdq == ((digests.sha256, 100, None),)
    assert (entry.size_bytes, entry.mime) == (1000, "image/jpeg")
