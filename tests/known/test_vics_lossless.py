"""Oddities of VICS files that must come back from a reader and a writer as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from outgoing import WRITERS, outgoing, read, write

from varde.core.errors import FormatError
from varde.core.known import EntryState, Flag, KnownEntry
from varde.known.format import ReadOptions
from varde.known.formats.vics import VicsFormat

MD5 = "0A" * 16
CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"


def read_one(folder: Path, **fields: Any) -> KnownEntry:
    path = folder / "a.json"
    path.write_text(json.dumps({"@odata.context": CONTEXT, "value": [{"MD5": MD5, **fields}]}))
    return read(VicsFormat(), path)[1][0]


def write_one(entry: KnownEntry, *, state: EntryState = EntryState.ACTIVE, scheme: str = "vics-us@2.0") -> Any:
    """Returns the Media object that an entry is written as."""
    written = write(WRITERS["vics"], outgoing([entry], scheme=scheme, state=state))
    return json.loads(written.content)["value"][0]


@pytest.mark.parametrize(
    "fields",
    [
        {"Series": {"Name": "Sea", "Number": 4}},
        {"Series": ["Sea", "Sky"]},
        {"Series": 7},
        {"Series": {"Name": 7}},
        {"MediaID": 7.5},
        {"MediaID": ["7"]},
        {"MediaID": "007"},
        {"MediaID": 1 << 70},
        {"MediaSize": -1},
        {"MediaSize": "12 kB"},
        {"MimeType": ["image/jpeg"]},
        {"MimeType": "image/unknown"},
        {"IsDistributed": "perhaps"},
        {"IsDistributed": False, "VictimIdentified": True},
        {"Tags": ["a", "ö"]},
        {"Tags": '["a","ö"]'},
        {"Comments": "5"},
        {"Comments": 5},
        {"Comments": "true"},
        {"Comments": True},
        {"Comments": ' "quoted" \n'},
        {"comments": "small", "Comments": "large"},
        {"md5": "another", "Md5": "a third"},
        {"Nested": {"b": [1, {"a": None}], "a": "\u2028"}},
        {"Nested": [1.5, 1e30, -0.0, 12345678901234567890]},
        {"DateUpdated": "2020-01-02T10:00:00+3:00Z"},
        {"DateUpdated": "/Date(1500-0700)/"},
        {"MediaFiles": [{"FileName": "a", "Created": "2020-01-02T03:04:05.1234567-05:00", "Unallocated": "false"}]},
        {"AlternativeHashes": [{"HashName": "PhotoDNA", "HashValue": "Ab" * 96}]},
        {"AlternativeHashes": [{"HashName": "NetClean", "HashValue": "x", "Source": "unit 4"}]},
        {"AlternativeHashes": [{"HashName": "PDQ", "HashValue": "0c" * 32, "Quality": 71}]},
        {"AlternativeHashes": [{"HashName": "PDQ", "HashValue": "0c" * 32, "Quality": "high"}]},
        {"AlternativeHashes": [{"HashName": "vPDQ", "HashValue": "0c" * 32 + ",71,1.25"}]},
        {"AlternativeHashes": [{"HashName": "Empty", "HashValue": None, "Reason": "too small"}]},
    ],
)
def test_what_was_read_is_written_as_it_came(tmp_path: Path, fields: dict[str, Any]) -> None:
    entry = read_one(tmp_path, **fields)
    written = write_one(entry)
    wanted = dict(fields)
    if wanted.get("MediaID") == 1 << 70:
        wanted["MediaID"] = str(1 << 70)
    assert written == {"MD5": MD5, "Category": None, **wanted}
    again = read_one(tmp_path, **{name: value for name, value in written.items() if name != "MD5"})
    assert again == entry


def test_an_ignored_mark_of_precategorised_entries_is_kept(tmp_path: Path) -> None:
    entry = read_one(tmp_path, IsPrecategorized="true")
    assert entry.flags == ()
    assert write_one(entry)["IsPrecategorized"] is True


def test_absent_fields_stay_absent() -> None:
    assert write_one(KnownEntry(1, md5=b"\x0a" * 16)) == {"Category": None, "MD5": MD5}


def test_numbers_are_written_as_numbers() -> None:
    written = write_one(KnownEntry(1, md5=b"\x0a" * 16, source_id="7", code="1", size_bytes=0))
    assert (written["MediaID"], written["Category"], written["MediaSize"]) == (7, 1, 0)
    assert write_one(KnownEntry(1, code="01"))["Category"] == "01"


def test_marks_of_our_own_are_read_back(tmp_path: Path) -> None:
    entry = KnownEntry(1, md5=b"\x0a" * 16, flags=((Flag.BASELINE, True), (Flag.DISPUTED, False)))
    written = write_one(entry)
    assert (written["IsBaseline"], written["IsDisputed"]) == (True, False)
    assert write_one(entry, state=EntryState.DISPUTED)["IsDisputed"] is True
    assert dict(read_one(tmp_path, **{n: v for n, v in written.items() if n != "MD5"}).flags) == dict(entry.flags)


def test_a_column_called_category_never_becomes_a_category() -> None:
    entry = KnownEntry(1, md5=b"\x0a" * 16, extra=(("Category", "3"), ("Place", "Ort")))
    written = write(WRITERS["vics"], outgoing([entry], scheme="vics-us@2.0"))
    media = json.loads(written.content)["value"][0]
    assert (media["Category"], media["Place"]) == (None, "Ort")
    assert written.losses == {"further fields that would be read as something else left out": 1}


def test_codes_of_other_schemes_are_no_categories() -> None:
    written = write(WRITERS["vics"], outgoing([KnownEntry(1, code="1")], scheme="agency@1"))
    assert json.loads(written.content)["value"][0] == {"Category": None, "Grade": "agency@1:1"}
    assert b"/CUSTOM/" in written.content
    assert written.losses


@pytest.mark.parametrize(
    ("scheme", "writer", "says"),
    [
        ("vics-us@2.0", "vics", ""),
        ("vics-us@1.3", "vics", "vics-us@1.3"),
        ("vics-us@2.0", "vics-1.3", "vics-us@2.0"),
        ("vics-unstated@1.3", "vics-1.3", ""),
        ("vics-canada@2.0", "vics", ""),
    ],
)
def test_categories_leave_with_their_scheme(tmp_path: Path, scheme: str, writer: str, says: str) -> None:
    written = write(WRITERS[writer], outgoing([KnownEntry(1, code="1")], scheme=scheme))
    assert json.loads(written.content).get("Scheme", "") == says
    (tmp_path / "a").write_bytes(written.content)
    header = read(VicsFormat(), tmp_path / "a")[0]
    assert f"{header.scheme}@{header.scheme_version}" == scheme


def test_a_scheme_that_contradicts_the_region_is_refused(tmp_path: Path) -> None:
    document = {"@odata.context": CONTEXT, "Scheme": "vics-uk@2.0", "value": [{"MD5": MD5}]}
    (tmp_path / "a").write_text(json.dumps(document))
    with pytest.raises(FormatError, match=r"its codes are on vics-uk@2\.0"):
        read(VicsFormat(), tmp_path / "a")
    document["@odata.context"] = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"
    (tmp_path / "a").write_text(json.dumps(document))
    assert read(VicsFormat(), tmp_path / "a")[0].scheme == "vics-uk"
    with pytest.raises(FormatError, match="not on the scheme of the region US"):
        read(VicsFormat(), tmp_path / "a", ReadOptions(region="US"))
