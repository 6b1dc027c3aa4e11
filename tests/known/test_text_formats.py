"""What the conformance suite does not ask of the formats made of lines."""

from pathlib import Path

import pytest

from varde.core.errors import FormatError
from varde.core.known import CarriedHash, Flag, KnownEntry, SetRole
from varde.known.format import HashKind, KnownFormat, ReadOptions
from varde.known.formats.caid_json import CaidNonRdsFormat
from varde.known.formats.hash_list import HashListFormat
from varde.known.formats.icse_csv import HEADER, IcseCsvFormat
from varde.known.formats.mapped_csv import MappedCsvFormat, find_delimiter
from varde.known.formats.threatexchange import ThreatExchangeFormat
from varde.known.formats.vics import VicsFormat
from varde.known.guard import check_role

PLAIN = ReadOptions()
MD5, SHA1, LONG = "0A" * 16, "0B" * 20, "0c" * 32


def read(
    known_format: KnownFormat, path: Path, content: str | bytes, options: ReadOptions = PLAIN
) -> tuple[list[KnownEntry], list[str]]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with known_format.open(path, options) as opened:
        return list(opened.entries), opened.notes


def test_64_digits_are_never_guessed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pytest.raises(FormatError, match="SHA-256 digest or a PDQ") as caught:
        read(HashListFormat(), path, f"{MD5}\n{LONG}")
    assert caught.value.line == 2
    assert caught.value.advice
    entries, _ = read(HashListFormat(), path, LONG, ReadOptions(hash_kind=HashKind.SHA256))
    assert entries == [KnownEntry(line=1, sha256=b"\x0c" * 32)]
    entries, _ = read(HashListFormat(), path, LONG, ReadOptions(hash_kind=HashKind.PDQ))
    assert entries[0].pdq == ((b"\x0c" * 32, 100, None),)


def test_an_empty_list_is_noted(tmp_path: Path) -> None:
    assert read(HashListFormat(), tmp_path / "a", "# nothing\n") == ([], ["the file holds no entries"])


def test_a_stated_kind_is_checked_against_every_line(tmp_path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        read(HashListFormat(), tmp_path / "a", f"{SHA1}\n{MD5}\n", ReadOptions(hash_kind=HashKind.SHA1))
    assert caught.value.line == 2


@pytest.mark.parametrize("spoilt", [HEADER + ";Extra", HEADER.replace("MD5", "Md5"), HEADER.replace(";", ","), ""])
def test_only_the_exact_header_is_icse(tmp_path: Path, spoilt: str) -> None:
    path = tmp_path / "a"
    path.write_text(spoilt + "\n")
    assert not IcseCsvFormat().detect(path)
    with pytest.raises(FormatError, match="header"), IcseCsvFormat().open(path, ReadOptions()):
        pass


def test_an_unclosed_quote_costs_one_row_of_memory_and_names_its_line(tmp_path: Path) -> None:
    row = f"{MD5};;;1;;;;;;;;\n"
    with pytest.raises(FormatError) as caught:
        read(IcseCsvFormat(), tmp_path / "a", f'{HEADER}\n{row}"{row}{row * 20_000}')
    assert caught.value.line == 3


def test_a_row_spread_over_very_many_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="10,000 lines") as caught:
        read(IcseCsvFormat(), tmp_path / "a", f"{HEADER}\n" + '"\n";' * 20_000)
    assert caught.value.line == 2


def test_a_quoted_line_end_does_not_shift_the_line_numbers(tmp_path: Path) -> None:
    row = f'{MD5};;;1;;;;"a\nb";;;;\n'
    entries, _ = read(IcseCsvFormat(), tmp_path / "a", f"{HEADER}\n{row}\n{row}")
    assert [entry.line for entry in entries] == [2, 5]
    assert entries[0].series == "a\nb"


def test_words_that_are_no_booleans_are_unknown_and_noted(tmp_path: Path) -> None:
    entries, notes = read(IcseCsvFormat(), tmp_path / "a", f"{HEADER}\n{MD5};;;1;Maybe;No;yes;;;;;\n")
    assert entries[0].flags == ((Flag.VICTIM_IDENTIFIED, False), (Flag.OFFENDER_IDENTIFIED, True))
    assert "distributed" in notes[0]


def test_every_field_of_a_mapped_file(tmp_path: Path) -> None:
    rules = (
        "md5=m,sha1=s,pdq=p,quality=q,code=c,series=r,id=i,size=z,mime=t,suspected=u,carried.PhotoDNA=d,extra.Place=o",
        "map:code:high=1",
        "map:code:low=2",
        "add:baseline=no",
    )
    header = "m,s,p,q,c,r,i,z,t,u,d,o,n\n"
    row = f"{MD5},{SHA1},{LONG},77,high,Sea,9,12,IMAGE/PNG,yes,abc,here,more\n"
    entries, notes = read(MappedCsvFormat(), tmp_path / "a", header + row, ReadOptions(mapping=rules))
    assert entries == [
        KnownEntry(
            line=2,
            md5=b"\x0a" * 16,
            sha1=b"\x0b" * 20,
            pdq=((b"\x0c" * 32, 77, None),),
            carried=(CarriedHash("photodna", "abc"),),
            code="1",
            series="Sea",
            flags=((Flag.SUSPECTED, True), (Flag.BASELINE, False)),
            source_id="9",
            size_bytes=12,
            mime="image/png",
            extra=(("Place", "here"), ("n", "more")),
        )
    ]
    assert notes == []


def test_a_blank_value_of_a_mapped_field_is_absent(tmp_path: Path) -> None:
    rules = ReadOptions(mapping=("md5=m", "code=c", "map:code:high=1"))
    entries, _ = read(MappedCsvFormat(), tmp_path / "a", f"m,c\n{MD5},\n", rules)
    assert entries[0].code is None


@pytest.mark.parametrize("bad", ["101", "-1", "good"])
def test_a_quality_that_is_none_is_refused(tmp_path: Path, bad: str) -> None:
    with pytest.raises(FormatError, match="quality") as caught:
        read(MappedCsvFormat(), tmp_path / "a", f"p,q\n{LONG},{bad}\n", ReadOptions(mapping=("pdq=p,quality=q",)))
    assert caught.value.line == 2


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "a", "\n"])
def test_a_delimiter_that_cannot_be_one_is_refused(tmp_path: Path, delimiter: str) -> None:
    options = ReadOptions(mapping=("md5=m",), delimiter=delimiter)
    if delimiter:
        with pytest.raises(FormatError, match="separate"):
            read(MappedCsvFormat(), tmp_path / "a", f"m,c\n{MD5},\n", options)


def test_the_delimiter_is_the_one_that_finds_the_columns() -> None:
    assert find_delimiter("a,b,c;MD5", ("MD5",)) == ";"
    assert find_delimiter("a\tb,c\td", ()) == "\t"
    assert find_delimiter('"a;b;c;d",MD5', ("MD5",)) == ","


def test_numbered_columns_need_no_header(tmp_path: Path) -> None:
    options = ReadOptions(mapping=("md5=#2", "code=#1"))
    entries, _ = read(MappedCsvFormat(), tmp_path / "a", f"1|{MD5}\n2|{MD5}\n", options)
    assert [(entry.line, entry.code) for entry in entries] == [(1, "1"), (2, "2")]


def test_a_csv_without_rules_is_refused_with_its_columns(tmp_path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        read(MappedCsvFormat(), tmp_path / "a", "Hash MD5;Class\n")
    assert "Hash MD5, Class" in caught.value.advice


def test_opinions_are_codes_of_their_own_scale_and_disputes_are_flagged(tmp_path: Path) -> None:
    content = f"pdq {LONG} INVESTIGATION_SEED\npdq {LONG} 0\npdq {LONG} disputed\nraw_text a,b and 3\n"
    entries, notes = read(ThreatExchangeFormat(), tmp_path / "a", content)
    assert [entry.code for entry in entries] == ["INVESTIGATION_SEED", "NEGATIVE_CLASS", "DISPUTED", "DISPUTED"]
    assert entries[2].flags == ((Flag.DISPUTED, True),)
    assert len(notes) == 1


def test_a_pdq_signal_may_carry_its_quality_and_time(tmp_path: Path) -> None:
    entries, _ = read(ThreatExchangeFormat(), tmp_path / "a", f"vpdq {LONG},88,1.5\nPDQ\t{LONG}\n")
    assert entries[0].pdq == ((b"\x0c" * 32, 88, 1.5),)
    assert entries[1].pdq == ((b"\x0c" * 32, 100, None),)


CAID = """{"odata.metadata": "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media", "value": [
{"MD5": "%s", "SHA1": "%s", "MediaSize": 10, "FileName": "a.png"%s}]}"""


def test_a_list_of_harmless_files_is_told_from_a_vics_set_and_kept_from_alerting(tmp_path: Path) -> None:
    path = tmp_path / "anything.json"
    path.write_text(CAID % (MD5, SHA1, ""))
    assert CaidNonRdsFormat().detect(path)
    assert not VicsFormat().detect(path)
    with CaidNonRdsFormat().open(path, ReadOptions()) as opened:
        assert opened.header.suggested_role is SetRole.KNOWN
        with pytest.raises(Exception, match="must not be loaded as an alert list"):
            check_role(opened.header, SetRole.ALERT, confirm=True)


@pytest.mark.parametrize("graded", [', "Category": 1', ', "VictimIdentified": false', ', "Series": "x"'])
def test_a_graded_vics_set_is_never_taken_for_a_list_of_harmless_files(tmp_path: Path, graded: str) -> None:
    path = tmp_path / "a"
    path.write_text(CAID % (MD5, SHA1, graded))
    assert not CaidNonRdsFormat().detect(path)
    assert VicsFormat().detect(path)


def test_cells_without_a_column_name_are_kept_by_their_number(tmp_path: Path) -> None:
    text = f"Hash;Note\n{'0a' * 16};x;y;;z\n"
    entries, _ = read(MappedCsvFormat(), tmp_path / "a", text, ReadOptions(mapping=("md5=Hash",)))
    assert entries[0].extra == (("Note", "x"), ("#3", "y"), ("#5", "z"))
    skipping = ReadOptions(mapping=("md5=Hash", "skip:*"))
    assert read(MappedCsvFormat(), tmp_path / "a", text, skipping)[0][0].extra == ()


def test_a_flag_that_is_neither_true_nor_false_is_kept_as_it_is(tmp_path: Path) -> None:
    text = f"Hash;Identified\n{'0a' * 16};perhaps\n"
    options = ReadOptions(mapping=("md5=Hash", "victim_identified=Identified"))
    entries, notes = read(MappedCsvFormat(), tmp_path / "a", text, options)
    assert (entries[0].flags, entries[0].extra) == ((), (("victim_identified", "perhaps"),))
    assert "kept as it is" in notes[0]
