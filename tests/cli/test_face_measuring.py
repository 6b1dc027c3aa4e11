"""``varde faces evaluate``, ``cohort``, ``trial`` and ``varde models calibrate``: what they say and how they end.

Faces come from synthetic embeddings here, so that no model is needed; tests of the workflows use real ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from terminal import Terminal

from varde.core.face import Face, FaceBox, FaceFrame
from varde.core.outcome import NotComparable, Reason
from varde.models.manifests import list_manifests
from varde.models.pack import Pack
from varde.store.settings import Settings
from varde.workflows import calibrate_models, evaluate_faces, keep_cohort
from varde.workflows.read_people import LeftOut, PersonFace, PersonFile

PEOPLE, PICTURES = 40, 3


def _read(settings: Settings, pack: Pack, files: list[PersonFile]) -> Iterator[PersonFace | LeftOut]:
    """Gives each file a face around its person's own vector; text files have none."""
    for file in files:
        if not file.person or file.path.suffix == ".txt":
            yield LeftOut(file, NotComparable(Reason.NOT_A_PICTURE, "It is text."), "Give a picture.")
            continue
        own = np.random.default_rng(sum(file.person.encode())).normal(size=16)
        vector = own + 0.5 * np.random.default_rng(sum(str(file.path.name).encode())).normal(size=16)
        unit = (vector / np.linalg.norm(vector)).astype("<f4").tobytes()
        frames = (FaceFrame(None, b"crop", 90),)
        yield PersonFace(file, Face(FaceBox(0, 0, 1, 1), (), 0, 90.0, 0.9, frames, unit), 0)


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of people whose pictures a fake reads."""
    manifest = next(one for one in list_manifests() if one.name == "reference")
    pack = Pack(manifest.name, manifest.version, manifest.title, manifest.cards, tmp_path)
    for module in (evaluate_faces, calibrate_models, keep_cohort):
        monkeypatch.setattr(module, "read_people", _read)
        monkeypatch.setattr(module, "find_pack_in_use", lambda site, name: pack)
    for person in range(PEOPLE):
        folder = tmp_path / "people" / f"P{person:02d}{chr(65 + person % 26) * (person // 26 + 1)}"
        folder.mkdir(parents=True)
        for picture in range(PICTURES):
            (folder / f"{picture}{'x' * person}.jpg").write_bytes(b"")
    return tmp_path / "people"


def test_evaluation_needs_no_site_and_every_figure_has_its_interval(terminal: Terminal, people: Path) -> None:
    said = terminal.bare("faces", "evaluate", people, "--json")
    assert said.code == 0, said.err
    assert said.data["pack"] == "reference-1"
    assert (said.data["images"], said.data["people"]) == (PEOPLE * PICTURES, PEOPLE)
    assert said.data["pairs"] == {"mated": PEOPLE * 3, "non_mated": 120 * 119 // 2 - PEOPLE * 3}
    for figure in (said.data["tar"]["1e-3"], said.data["auc"], said.data["rank"]["1"], said.data["dir"]["fpir 0.1"]):
        assert 0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1
    found, missed = said.data["dir"]["fpir 0.1"]["value"], said.data["fnir"]["fpir 0.1"]["value"]
    assert found + missed == pytest.approx(1, abs=1e-5)
    assert said.data["tar"]["1e-6"]["value"] is None
    assert "1,000,000" in said.data["tar"]["1e-6"]["detail"]


def test_evaluation_for_people_names_files_without_a_face(terminal: Terminal, people: Path) -> None:
    (people / "stray.txt").write_text("x")
    said = terminal.bare("faces", "evaluate", people)
    assert said.code == 1
    assert "1 file gave no face" in said.err
    assert "stray.txt" in said.err
    assert "FAR 1e-3" in said.out
    assert "FPIR 0.1" in said.out
    assert "match" not in said.out + said.err


def test_a_pack_that_nobody_added_is_said(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "people" / "A").mkdir(parents=True)
    said = terminal.bare("faces", "evaluate", tmp_path / "people", "--pack", "nonsense")
    assert said.code == 2
    assert "no pack 'nonsense'" in said.err


def test_calibration_comes_into_force_and_is_audited(terminal: Terminal, people: Path) -> None:
    made = terminal.json("models", "calibrate", people, "--age-band", "4-8")
    assert made["calibration"] == 1
    bands = {band["from_quality"]: band for band in made["bands"]}
    assert bands[20]["reason"] == "too_few_pairs"
    assert bands[70]["people"] == PEOPLE
    assert bands[70]["cost"] is not None
    assert "model_calibrated" in terminal("audit", "list").out


def test_people_whose_age_is_not_told_are_left_out_and_named(terminal: Terminal, people: Path, tmp_path: Path) -> None:
    names = sorted(one.name for one in people.iterdir())
    lines = [f"{name},{7 if number < 35 else 30}" for number, name in enumerate(names[:-1])]
    (tmp_path / "ages.csv").write_text("person,age\n" + "\n".join(lines) + "\n")
    said = terminal("models", "calibrate", people, "--ages", tmp_path / "ages.csv")
    assert said.code == 0, said.err
    assert names[-1] in said.err
    assert "18+\t70\tnot measured: 4 people" in said.out
    assert "4-8\t70\t35\t" in said.out


def test_too_few_people_change_nothing(terminal: Terminal, people: Path) -> None:
    for folder in sorted(people.iterdir())[5:]:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    said = terminal("models", "calibrate", people, "--age-band", "18+")
    assert said.code == 1
    assert "nothing was changed" in said.err
    assert "model_calibrated" not in terminal("audit", "list").out


def test_a_cohort_is_added_listed_and_removed(terminal: Terminal, people: Path) -> None:
    said = terminal("faces", "cohort", "add", "staff", people, "--age-band", "18+")
    assert said.code == 0, said.err
    assert "120 new faces of 40 people" in said.err
    assert "--consent" in said.err
    listed = terminal.json("faces", "cohort", "list")
    assert [(one["name"], one["age_band"], one["faces"]) for one in listed] == [("staff", "18+", 120)]
    assert terminal.json("faces", "cohort", "remove", "staff") == {"name": "staff", "removed": 120}
    assert terminal.json("faces", "cohort", "list") == []
    assert terminal("faces", "cohort", "remove", "staff").code == 2


def test_an_age_band_that_is_none_is_wrong_use(terminal: Terminal, people: Path) -> None:
    assert terminal("faces", "cohort", "add", "staff", people, "--age-band", "12").code == 2


def test_a_trial_without_searches_is_reported_all_the_same(terminal: Terminal, tmp_path: Path) -> None:
    report = terminal.json("faces", "trial", "--output", tmp_path / "trial.html")
    assert sum(month["in_case"] for month in report["months"]) == 0
    assert report["not_measured"]
    assert (tmp_path / "trial.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    assert terminal("faces", "trial", "--output", tmp_path / "trial.html").code == 2
    assert terminal("faces", "trial", "--from", "yesterday").code == 2
