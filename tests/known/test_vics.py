"""The traps of VICS that public readers met, one test each."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from varde.core.errors import FormatError
from varde.core.known import Flag, KnownEntry, SetHeader
from varde.known.format import ReadOptions
from varde.known.formats.vics import VicsFormat
from varde.known.vics_envelope import find_context
from varde.testing.known_files import write_vics

MD5 = "0A" * 16
V2 = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{}/$metadata#{}"
V1 = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"


def write(path: Path, *media: dict[str, Any], context: str = V2.format("US", "Media"), **envelope: Any) -> Path:
    path.write_text(json.dumps({"@odata.context": context, **envelope, "value": list(media)}, indent=1))
    return path


def read(path: Path, **options: Any) -> tuple[SetHeader, list[KnownEntry], list[str]]:
    with VicsFormat().open(path, ReadOptions(**options)) as opened:
        return opened.header, list(opened.entries), opened.notes


def read_one(path: Path, **fields: Any) -> KnownEntry:
    return read(write(path / "one.json", {"MD5": MD5, **fields}))[1][0]


@pytest.mark.parametrize("region", ["US", "UK", "Default", "CUSTOM"])
def test_the_region_is_part_of_the_scheme(tmp_path: Path, region: str) -> None:
    header, _, _ = read(write(tmp_path / "a", {"MD5": MD5}, context=V2.format(region, "Media")))
    assert (header.scheme, header.scheme_version) == (f"vics-{region.lower()}", "2.0")
    assert header.warning == ""


def test_a_file_without_a_region_says_so_until_a_person_states_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(json.dumps({"odata.metadata": V1, "value": [{"MD5": MD5, "Category": 1}]}))
    assert read(path)[0].scheme == "vics-unstated"
    assert "region" in read(path)[0].warning
    header, _, _ = read(path, region="UK")
    assert (header.scheme, header.scheme_version, header.warning) == ("vics-uk", "1.3", "")


def test_a_region_that_contradicts_the_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a", {"MD5": MD5})
    assert read(path, region="us")[0].scheme == "vics-us"
    with pytest.raises(FormatError, match="region US, not UK"):
        read(path, region="UK")


@pytest.mark.parametrize(
    ("written", "code"), [(None, None), ("", None), (1, "1"), ("2", "2"), (3.0, "3"), (0, "0"), ("0", "0"), ("A", "A")]
)
def test_the_category_is_kept_as_the_source_wrote_it(tmp_path: Path, written: object, code: str | None) -> None:
    assert read_one(tmp_path, Category=written).code == code


@pytest.mark.parametrize("written", [True, [1], {"a": 1}, 1.5, "a b", "x" * 100])
def test_a_category_that_is_no_code_is_refused(tmp_path: Path, written: object) -> None:
    with pytest.raises(FormatError, match="Category") as caught:
        read_one(tmp_path, Category=written)
    assert caught.value.line == 6


@pytest.mark.parametrize(
    ("written", "truth"), [("true", True), ("false", False), ("False", False), (True, True), (0, False), ("1", True)]
)
def test_booleans_come_as_strings(tmp_path: Path, written: object, truth: bool) -> None:
    assert read_one(tmp_path, VictimIdentified=written).flags == ((Flag.VICTIM_IDENTIFIED, truth),)


@pytest.mark.parametrize("written", [None, ""])
def test_an_absent_boolean_is_unknown_not_false(tmp_path: Path, written: object) -> None:
    assert read_one(tmp_path, VictimIdentified=written).flags == ()


def test_an_unreadable_boolean_is_unknown_and_noted(tmp_path: Path) -> None:
    _, entries, notes = read(write(tmp_path / "a", {"MD5": MD5, "IsDistributed": "perhaps"}))
    assert entries[0].flags == ()
    assert ("IsDistributed", "perhaps") in entries[0].extra
    assert "IsDistributed" in notes[0]


def test_precategorized_without_a_category_is_ignored_and_noted(tmp_path: Path) -> None:
    media = [{"MD5": MD5, "IsPrecategorized": "true", "Category": None}] * 3
    _, entries, notes = read(write(tmp_path / "a", *media))
    assert all(entry.flags == () for entry in entries)
    assert len(notes) == 1
    assert "IsPrecategorized" in notes[0]
    assert "3 times" in notes[0]
    assert entries[0].extra == (("IsPrecategorized", "true"),)
    assert read_one(tmp_path, IsPrecategorized="true", Category=1).flags == ((Flag.PRECATEGORIZED, True),)


def test_digests_are_read_in_either_case(tmp_path: Path) -> None:
    assert read_one(tmp_path, MD5="aB" * 16, SHA1="cD" * 20).md5 == b"\xab" * 16


@pytest.mark.parametrize("field", ["MD5", "SHA1", "SHA256"])
@pytest.mark.parametrize("value", ["zz", "0A0", "0A " * 16, 5, "0A" * 64])
def test_a_digest_that_is_none_is_refused_with_its_line(tmp_path: Path, field: str, value: object) -> None:
    path = write(tmp_path / "a", {"MD5": MD5}, {"MediaID": 1, field: value})
    with pytest.raises(FormatError, match=f"entry 2: {field}") as caught:
        read(path)
    assert caught.value.line == 9


def test_an_entry_without_any_hash_is_kept_and_noted(tmp_path: Path) -> None:
    _, entries, notes = read(write(tmp_path / "a", {"MediaID": 1, "MD5": ""}))
    assert not entries[0].is_comparable
    assert "without any hash" in notes[0]


def test_the_empty_file_is_noted(tmp_path: Path) -> None:
    _, _, notes = read(write(tmp_path / "a", {"MD5": "D41D8CD98F00B204E9800998ECF8427E"}))
    assert "empty file" in notes[0]


@pytest.mark.parametrize(
    ("written", "series"), [("Sea", "Sea"), ({"Name": "Sea"}, "Sea"), (None, ""), ({}, ""), ([], "")]
)
def test_a_series_is_text_or_an_object(tmp_path: Path, written: object, series: str) -> None:
    entry = read_one(tmp_path, Series=written)
    assert (entry.series, entry.extra) == (series, ())


def test_a_series_with_more_than_a_name_keeps_the_rest(tmp_path: Path) -> None:
    entry = read_one(tmp_path, Series={"Name": "Sea", "Number": 4})
    assert (entry.series, entry.extra) == ("Sea", (("Series", '{"Name":"Sea","Number":4}'),))


def test_tags_are_text_or_a_list(tmp_path: Path) -> None:
    assert read_one(tmp_path, Tags="a; b").extra == (("Tags", "a; b"),)
    assert read_one(tmp_path, Tags=["a", "ö"]).extra == (("Tags", '["a","ö"]'),)


def test_photodna_is_carried_from_either_place_once(tmp_path: Path) -> None:
    value = "Ab" * 96
    entry = read_one(tmp_path, PhotoDNA=value, AlternativeHashes=[{"HashName": "PhotoDNA", "HashValue": value}])
    assert [(carried.kind, carried.value) for carried in entry.carried] == [("photodna", value)]
    assert entry.is_comparable
    assert dataclasses.replace(entry, md5=None).is_comparable is False


@pytest.mark.parametrize(("value", "noted"), [("Ab" * 96, False), ("0f" * 144, False), ("0f" * 100, True)])
def test_photodna_of_another_length_is_carried_and_noted(tmp_path: Path, value: str, noted: bool) -> None:
    media = {"MD5": MD5, "AlternativeHashes": [{"HashName": "PhotoDNA", "HashValue": value}]}
    _, entries, notes = read(write(tmp_path / "a", media))
    assert entries[0].carried[0].value == value
    assert bool(notes) is noted


def test_alternative_hashes_named_pdq_and_sha256_are_compared(tmp_path: Path) -> None:
    alternative = [
        {"HashName": "PDQ", "HashValue": "0C" * 32},
        {"HashName": "SHA-256", "HashValue": "0D" * 32},
        {"HashName": "TMK+PDQF", "HashValue": "whatever"},
        {"HashName": "Empty", "HashValue": None},
    ]
    entry = read_one(tmp_path, AlternativeHashes=alternative)
    assert entry.pdq == ((b"\x0c" * 32, 100, None),)
    assert entry.sha256 == b"\x0d" * 32
    assert [(carried.kind, carried.value) for carried in entry.carried] == [("tmkpdqf", "whatever")]


@pytest.mark.parametrize("listed", [["x"], [{"HashValue": "x"}], [{"HashName": "PDQ", "HashValue": "0C"}], "x", [[1]]])
def test_alternative_hashes_that_are_none_are_refused(tmp_path: Path, listed: object) -> None:
    with pytest.raises(FormatError, match="AlternativeHashes"):
        read_one(tmp_path, AlternativeHashes=listed)


def test_sizes_come_as_strings(tmp_path: Path) -> None:
    assert read_one(tmp_path, MediaSize="12").size_bytes == 12
    assert read_one(tmp_path, MediaSize=12).size_bytes == 12
    assert read_one(tmp_path, MediaSize=-1).size_bytes is None
    assert read_one(tmp_path, MediaSize=1 << 70).size_bytes is None
    assert read_one(tmp_path, MediaSize=True).extra == (("MediaSize", "true"),)


def test_image_unknown_is_no_type(tmp_path: Path) -> None:
    _, entries, notes = read(write(tmp_path / "a", {"MD5": MD5, "MimeType": "image/unknown"}))
    assert entries[0].mime == ""
    assert entries[0].extra == (("MimeType", "image/unknown"),)
    assert "MimeType" in notes[0]


def test_exifs_and_files_are_kept_whole_with_times_as_they_came(tmp_path: Path) -> None:
    files = [{"FileName": "a.jpg", "FilePath": "C:\\x", "Written": "2020-01-02T10:00:00+3:00Z", "Unallocated": "false"}]
    exifs = [{"MD5": MD5, "PropertyName": "Model", "PropertyValue": "X"}]
    _, entries, notes = read(write(tmp_path / "a", {"MD5": MD5, "MediaFiles": files, "Exifs": exifs}))
    extra = dict(entries[0].extra)
    assert json.loads(extra["MediaFiles"]) == files
    assert json.loads(extra["Exifs"]) == exifs
    assert "+3:00Z" in notes[0]


def test_unreadable_dates_are_kept_and_counted(tmp_path: Path) -> None:
    media = [{"MD5": MD5, "DateUpdated": "last week"}] * 2
    _, entries, notes = read(write(tmp_path / "a", *media))
    assert entries[0].extra == (("DateUpdated", "last week"),)
    assert notes == ["a time that cannot be read; kept as it is (2 times, first on line 4)"]


def test_unknown_fields_are_kept_and_odata_fields_are_not(tmp_path: Path) -> None:
    entry = read_one(tmp_path, **{"odata.id": "x", "Exifs@odata.navigationLinkUrl": "y", "NewThing": [1]})
    assert entry.extra == (("NewThing", "[1]"),)


def test_field_names_are_read_in_any_case(tmp_path: Path) -> None:
    path = write(tmp_path / "a", {"md5": MD5, "category": 1, "mediaid": 3})
    assert read(path)[1] == [KnownEntry(line=4, md5=b"\x0a" * 16, code="1", source_id="3")]


def test_halves_of_surrogate_pairs_and_zeros_do_not_reach_the_database(tmp_path: Path) -> None:
    entry = read_one(tmp_path, Comments="a\ud83d\0b", Series="\udc00", MediaID="1\0")
    assert entry.extra == (("Comments", "a\ufffd\ufffdb"),)
    assert (entry.series, entry.source_id) == ("\ufffd", "1\ufffd")


def case(*media: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"CaseID": "{1}", "CaseNumber": "7", **fields, "Media": list(media)}


def test_cases_hash_sets_and_wrapped_hash_sets_read_alike(tmp_path: Path) -> None:
    entry = {"MD5": MD5, "Category": 1}
    flat = read(write(tmp_path / "a", entry, entry))[1]
    cases = read(write(tmp_path / "b", case(entry, entry), context=V2.format("US", "Cases")))[1]
    wrapped = read(write(tmp_path / "c", {"Media": [entry]}, {"Media": [entry]}))[1]
    mixed = read(write(tmp_path / "d", entry, {"Media": [entry]}))[1]
    assert [dataclasses.replace(entry, line=1) for entry in flat] == [
        KnownEntry(line=1, md5=b"\x0a" * 16, code="1")
    ] * 2
    for other in (cases, wrapped, mixed):
        assert [dataclasses.replace(e, line=1) for e in other] == [dataclasses.replace(e, line=1) for e in flat]


def test_a_total_that_counts_distinct_digests_is_told_from_one_that_is_wrong(tmp_path: Path) -> None:
    media = [{"MD5": MD5}, {"MD5": MD5}, {"MD5": "0B" * 16}]

    def notes(total: object) -> list[str]:
        header, entries, notes = read(write(tmp_path / "a", case(*media, TotalMediaFiles=total)))
        assert len(entries) == 3
        assert header.declared_total == (int(str(total)) if total else None)
        return notes

    assert notes(3) == []
    assert notes("3") == []
    assert notes(None) == []
    assert notes(2) == ["TotalMediaFiles counts the 2 distinct MD5s, not the 3 entries"]
    assert notes(10) == ["TotalMediaFiles says 10, the file holds 3 entries with 2 distinct MD5s"]


def test_a_total_after_the_media_is_checked_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a", {"Media": [{"MD5": MD5}], "TotalMediaFiles": 5})
    header, _, notes = read(path)
    assert header.declared_total is None
    assert notes == ["TotalMediaFiles says 5, the file holds 1 entries with 1 distinct MD5s"]


def test_the_case_is_named_in_the_header(tmp_path: Path) -> None:
    header, _, _ = read(write(tmp_path / "a", case({"MD5": MD5}), context=V2.format("US", "Cases")))
    assert dict(header.extra) == {"kind": "Cases", "CaseID": "{1}", "CaseNumber": "7"}


def test_the_context_may_come_last(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(json.dumps({"value": [{"MD5": MD5}], "@odata.context": V2.format("UK", "Media")}))
    assert VicsFormat().detect(path)
    header, entries, _ = read(path)
    assert header.scheme == "vics-uk"
    assert len(entries) == 1


def test_a_file_without_context_reads_with_a_warning_but_is_not_detected(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(json.dumps({"value": [{"MD5": MD5}]}))
    assert not VicsFormat().detect(path)
    header, entries, _ = read(path)
    assert "no VICS context" in header.warning
    assert len(entries) == 1


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"value": {}}', '{"value": [1]}', '{"value": [{"Media": [1]}]}', "{} x"]
)
def test_other_json_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a"
    path.write_text(content)
    with pytest.raises(FormatError):
        read(path)


def test_text_after_the_end_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a", {"MD5": MD5})
    path.write_text(path.read_text() + "\n{}")
    with pytest.raises(FormatError, match="after the end"):
        read(path)


def test_an_empty_set_is_noted(tmp_path: Path) -> None:
    assert read(write(tmp_path / "a"))[2] == ["the file holds no entries"]


@pytest.mark.parametrize("wrapping", ["set", "case", "wrapped"])
@pytest.mark.parametrize("minified", [False, True])
def test_generated_files_of_every_shape_read_in_full(tmp_path: Path, wrapping: str, minified: bool) -> None:
    path = tmp_path / "a"
    write_vics(path, 3_000, wrapping=wrapping, minified=minified, pdq_share=0.5)
    _, entries, notes = read(path)
    assert [entry.source_id for entry in entries] == [str(number) for number in range(1, 3_001)]
    assert notes == []
    assert sum(bool(entry.pdq) for entry in entries) > 1_000
    lines = path.read_text().splitlines()
    assert all(f'"MediaID":{entry.source_id},' in lines[entry.line - 1] for entry in entries)


def test_a_defect_deep_in_a_large_case_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_vics(path, 5_000, wrapping="case")
    lines = path.read_text().splitlines()
    lines[4_321] = lines[4_321].replace('"MD5":"', '"MD5":"x')
    path.write_text("\n".join(lines))
    with pytest.raises(FormatError) as caught:
        read(path)
    assert caught.value.line == 4_322


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (V1, ("1.3", "", "Media")),
        (V2.format("US", "Cases"), ("2.0", "US", "Cases")),
        (V2.format("US", "Cases").replace("/", "\\/"), ("2.0", "US", "Cases")),
    ],
)
def test_contexts(text: str, expected: tuple[str, str, str]) -> None:
    context = find_context(text)
    assert context is not None
    assert (context.version, context.region, context.kind) == expected
