"""The whole reports of one made-up case, byte for byte.

After a wanted change run ``VARDE_WRITE_GOLDEN=1 pytest tests/reports/test_report_golden.py``, read the difference and
commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from report_case import make_full_source

from varde.reports import csv, html, vics
from varde.reports.content import ReportOptions, ReportWriter

GOLDEN = Path(__file__).with_name("golden")
WRITERS: dict[str, ReportWriter] = {"html": html.write, "csv": csv.write, "vics": vics.write}


@pytest.mark.parametrize("name", WRITERS)
def test_report_is_byte_for_byte_the_golden_one(name: str, tmp_path: Path) -> None:
    options = ReportOptions(max_other_items=5)
    if os.environ.get("VARDE_WRITE_GOLDEN"):
        WRITERS[name](make_full_source(), GOLDEN, options)
    for written in WRITERS[name](make_full_source(), tmp_path, options).paths:
        assert written.read_bytes() == (GOLDEN / written.name).read_bytes(), written.name


@pytest.mark.parametrize("name", WRITERS)
def test_equal_input_gives_equal_digests(name: str, tmp_path: Path) -> None:
    first = WRITERS[name](make_full_source(), tmp_path / "a", ReportOptions())
    again = WRITERS[name](make_full_source(), tmp_path / "b", ReportOptions())
    assert [file.sha256 for file in first.files] == [file.sha256 for file in again.files]
