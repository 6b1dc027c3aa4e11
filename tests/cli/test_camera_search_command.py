"""Searching and hunting at the keyboard: data on one side, what it means and what was left out on the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.enrolled_cameras import SIZE, add_case, add_pictures, enrol, make_jpeg, make_pattern, make_residual

from varde.cli.main import main
from varde.store.site import Site


@pytest.fixture
def probe(sqlite_site: Site, tmp_path: Path) -> Path:
    """A picture of the second of three cameras; one has another size."""
    for seed in (1, 2):
        enrol(sqlite_site, f"camera {seed}", make_pattern(seed))
    enrol(sqlite_site, "other size", make_pattern(3, (400, 512)))
    path = tmp_path / "probe.jpg"
    path.write_bytes(make_jpeg(make_pattern(2), 2))
    return path


def run(site: Site, *words: str, code: int = 0) -> None:
    assert main(["--site", str(site.folder), "--person", "A. Examiner", *words]) == code


def test_search_names_candidates_and_what_was_not_compared(
    sqlite_site: Site, probe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(sqlite_site, "camera", "search", str(probe), "--json")
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert [one["rank"] for one in found["candidates"]] == [1, 2]
    first = found["candidates"][0]
    assert first["camera"] == "camera 2" and first["pce"] > 500 and first["log10_lr"] > 0 and first["z"] > 20
    assert first["search"]["extent"] in ("aligned", "turned") and first["words"] and first["version"] == 1
    assert found["searched"]["cameras"] == 2 and found["assessable"] and found["reason"] is None
    assert [(one["reason"], one["cameras"]) for one in found["not_searched"]] == [("other_size", 1)]
    assert found["wider"][0]["extent"] == "shifted" and found["size"] == list(SIZE)
    run(sqlite_site, "camera", "search", str(probe))
    told = capsys.readouterr()
    assert "camera 2" in told.out and "Compared: 2 cameras" in told.err and "other_size" in told.err
    assert "--extent scaled takes about" in told.err and "a person decides" in told.err
    assert told.out.splitlines()[2].split("\t")[2:3] == ["-"] and "no place stands out" in told.out
    assert "match" not in told.err + told.out and "identified" not in told.err + told.out


def test_a_missing_file_is_told_with_what_to_do(sqlite_site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    run(sqlite_site, "camera", "search", "none.jpg", code=1)
    assert "There is no such file. Look whether its name is right" in capsys.readouterr().err


def test_wrong_use_is_told(sqlite_site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    run(sqlite_site, "camera", "search", code=2)
    assert "say what to search with" in capsys.readouterr().err


def test_hunt_tells_leads_and_what_was_not_looked_at(
    sqlite_site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pattern = make_pattern(1)
    enrol(sqlite_site, "phone", pattern)
    add_case(sqlite_site, "harbour")
    pictures = {"a.jpg": (make_jpeg(pattern, 1), make_residual(pattern, 1)), "b.jpg": (b"b", None)}
    add_pictures(sqlite_site, "harbour", tmp_path / "exhibit", pictures)
    run(sqlite_site, "camera", "hunt", "phone")
    told = capsys.readouterr()
    assert "phone\t1\t1\t1\t" in told.out and "varde process CASE --sources" in told.err
    run(sqlite_site, "camera", "leads", "--json")
    assert "phone" in capsys.readouterr().out
