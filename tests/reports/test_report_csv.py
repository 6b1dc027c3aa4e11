"""Behaviour of `varde.reports.csv`."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from report_case import HOSTILE_NAMES, MadeUpSource, make_full_source, make_item

from varde.core.errors import IntegrityFailure
from varde.core.locator import read_locator
from varde.core.media import Facts
from varde.reports.content import ReportOptions
from varde.reports.csv import COLUMNS, write

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "reference" / "report-csv.md"


def read_table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def exact(cell: str) -> str:
    return cell[1:] if cell.startswith("'") else cell


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("csv")
    write(make_full_source(), folder, ReportOptions())
    return folder


def test_every_file_has_its_columns_and_is_rfc_4180_with_a_mark(folder: Path) -> None:
    for name, columns in COLUMNS.items():
        data = (folder / f"{name}.csv").read_bytes()
        assert data.startswith(b"\xef\xbb\xbf" + ",".join(columns).encode() + b"\r\n")
        assert data.count(b"\n") == data.count(b"\r\n") == len(read_table(folder, name)) + 1


def test_counts_say_how_many_rows_each_file_has(tmp_path: Path) -> None:
    written = write(make_full_source(), tmp_path, ReportOptions())
    assert {name: len(read_table(tmp_path, name)) for name in COLUMNS} == written.counts
    assert [path.stem for path in written.paths] == list(COLUMNS)


def test_hostile_names_are_no_formulas_and_come_back_exactly(folder: Path) -> None:
    rows = {int(row["item"]): row for row in read_table(folder, "items")}
    for number, name in enumerate(HOSTILE_NAMES):
        cell = rows[100 + number]["locator"]
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert cell.isprintable()
        assert read_locator(exact(cell)).segments[0].name == name


def test_no_cell_of_any_file_begins_like_a_formula(folder: Path) -> None:
    cells = [cell for name in COLUMNS for row in read_table(folder, name) for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\n"))]


def test_the_grade_in_force_carries_its_scheme(folder: Path) -> None:
    rows = {row["item"]: row for row in read_table(folder, "items")}
    assert [rows["2"][f"grade_{part}"] for part in ("scheme", "version", "code")] == ["vics-us", "2.0", "2"]
    assert rows["8"]["grade_code"] == ""
    assert rows["8"]["decisions"] == "2"


def test_all_decisions_are_there_and_one_is_in_force(folder: Path) -> None:
    rows = [row for row in read_table(folder, "decisions") if row["item"] in ("2", "8")]
    assert [(row["item"], row["act"], row["in_force"], row["code"]) for row in rows] == [
        ("2", "graded", "no", "1"),
        ("2", "graded", "yes", "2"),
        ("8", "graded", "no", "5"),
        ("8", "withdrawn", "no", ""),
    ]
    assert exact(rows[1]["note"]) == "=Corrected"


def test_not_comparable_is_a_result_with_its_reason(folder: Path) -> None:
    row = next(row for row in read_table(folder, "items") if row["item"] == "10")
    assert (row["pdq"], row["not_comparable"]) == ("", "quality_too_low")
    assert row["not_comparable_detail"] == "Quality 3 is below 50."


def test_video_hashes_are_rows_with_their_time(folder: Path) -> None:
    rows = [row for row in read_table(folder, "hashes") if row["item"] == "9"]
    assert [row["offset_s"] for row in rows] == ["0.0", "0.5", "1.0"]
    item = next(row for row in read_table(folder, "items") if row["item"] == "9")
    assert (item["pdq"], item["hashes"]) == ("", "3")


def test_matches_name_their_operating_point(folder: Path) -> None:
    row = next(row for row in read_table(folder, "matches") if row["item"] == "3")
    assert (row["method"], row["max_distance"], row["min_quality"], row["distance"]) == ("pdq/1", "31", "50", "6")


def test_issues_without_an_item_are_listed(folder: Path) -> None:
    rows = {row["code"]: row for row in read_table(folder, "issues")}
    assert rows["symlink"]["item"] == ""
    assert rows["vanished"]["item"] == "13"


def test_metadata_is_exact_json_whatever_it_holds(tmp_path: Path) -> None:
    metadata = (("Artist", '=1+1\x00\u202e"\n\ud800'), ("Artist", "again"))
    write(MadeUpSource([make_item(1, facts=Facts(1, 1, metadata=metadata))]), tmp_path, ReportOptions())
    cell = read_table(tmp_path, "items")[0]["metadata"]
    assert cell.isascii()
    assert json.loads(exact(cell)) == [list(pair) for pair in metadata]


def test_a_case_without_items_gives_headers_only(tmp_path: Path) -> None:
    assert set(write(MadeUpSource([]), tmp_path, ReportOptions()).counts.values()) == {0}


def test_rows_that_contradict_the_summary_stop_the_report(tmp_path: Path) -> None:
    class Changed(MadeUpSource):
        def count(self):
            return replace(super().count(), items=2)

    with pytest.raises(IntegrityFailure, match=r"counts 2 items, but 1 were read") as caught:
        write(Changed([make_item(1)]), tmp_path, ReportOptions())
    assert "again" in caught.value.advice
    assert list(tmp_path.iterdir()) == []


def test_every_column_is_documented() -> None:
    sections = re.split(r"^## ", DOCUMENTATION.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for name, columns in COLUMNS.items():
        section = next(section for section in sections if section.startswith(f"{name}.csv"))
        for column in columns:
            assert f"`{column}`" in section, f"{name}.csv: {column}"
