"""Reports of very many items are written in bounded memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import psutil
import pytest
from report_case import StreamedSource

from varde.core.media import Thumbnail
from varde.reports import csv, html, vics
from varde.reports.content import ReportItem, ReportOptions, ReportWriter, ThumbnailView

OPTIONS = ReportOptions(thumbnails=ThumbnailView(lambda thumbnail: thumbnail, "As they are."), max_other_items=2_000)
WRITERS = pytest.mark.parametrize("writer", [html.write, csv.write, vics.write], ids=["html", "csv", "vics"])


class WeighedSource(StreamedSource):
    """Notes the resident memory of the process at every thousandth item that it makes."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.resident_bytes: list[int] = []
        self._made = 0

    def make(self, number: int) -> ReportItem:
        self._made += 1
        if self._made % 1_000 == 1:
            self.resident_bytes.append(psutil.Process().memory_info().rss)
        return super().make(number)


@WRITERS
def test_a_hundred_thousand_items_do_not_make_the_process_grow(writer: ReportWriter, tmp_path: Path) -> None:
    writer(StreamedSource(1_000), tmp_path, OPTIONS)
    source = WeighedSource(100_000)
    written = writer(source, tmp_path, OPTIONS)
    growth = max(source.resident_bytes) - source.resident_bytes[0]
    assert growth < 16 << 20, f"{growth / (1 << 20):.1f} MiB"
    assert sum(file.size_bytes for file in written.files) > 5 << 20


@WRITERS
def test_ten_thousand_items_allocate_little_at_a_time(writer: ReportWriter, tmp_path: Path) -> None:
    writer(StreamedSource(100), tmp_path, OPTIONS)
    tracemalloc.start()
    try:
        writer(StreamedSource(10_000), tmp_path, OPTIONS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20, f"{peak / (1 << 20):.1f} MiB"


def test_html_size_is_bounded_by_its_limits_alone(tmp_path: Path) -> None:
    options = ReportOptions(max_shown_items=50, max_shown_issues=50)
    few = html.write(StreamedSource(5_000), tmp_path, options).files[0].size_bytes
    more = html.write(StreamedSource(20_000), tmp_path, options).files[0].size_bytes
    assert abs(more - few) < 2_000


def test_a_thumbnail_is_asked_for_only_where_it_is_shown(tmp_path: Path) -> None:
    asked: list[int] = []

    class Asked(StreamedSource):
        def thumbnail(self, item: ReportItem) -> Thumbnail | None:
            asked.append(item.item_id)
            return super().thumbnail(item)

    html.write(Asked(5_000), tmp_path, ReportOptions(thumbnails=OPTIONS.thumbnails, max_shown_items=7))
    assert len(asked) == 7
    html.write(Asked(5_000), tmp_path, ReportOptions())
    assert len(asked) == 7
