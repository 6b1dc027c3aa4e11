"""Which writer is chosen, and which are refused."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from varde.core.errors import NotFound, PluginError
from varde.known.registry import load_formats
from varde.known.writer_registry import choose_writer, load_writers


@pytest.mark.parametrize(
    ("name", "came_in", "scheme_version", "chosen"),
    [
        ("", "vics", "2.0", "vics"),
        ("", "vics", "1.3", "vics-1.3"),
        ("", "icse-csv", "", "icse-csv"),
        ("", "nsrl", "", "csv"),
        ("", "folder", "", "csv"),
        ("hash-list", "vics", "2.0", "hash-list"),
    ],
)
def test_a_set_goes_as_it_came_or_as_csv(name: str, came_in: str, scheme_version: str, chosen: str) -> None:
    assert choose_writer(name, came_in, scheme_version).name == chosen


def test_an_unknown_format_is_answered_with_those_there_are() -> None:
    with pytest.raises(NotFound) as caught:
        choose_writer("zip", "vics", "2.0")
    assert "hash-list" in caught.value.advice


def test_every_writer_names_a_format_that_reads_it() -> None:
    assert {writer.reads for writer in load_writers().values()} <= {known.name for known in load_formats()}


def test_a_listed_writer_that_is_missing_stops_the_run() -> None:
    with pytest.raises(PluginError, match="'absent'"):
        load_writers(("absent",))


def test_merely_installed_writers_are_left_alone() -> None:
    ours = EntryPoint("csv", "varde.known.writers.mapped_csv:MappedCsvWriter", "varde.known_writers")
    with pytest.raises(PluginError, match="not registered"):
        load_writers(found=[ours])
