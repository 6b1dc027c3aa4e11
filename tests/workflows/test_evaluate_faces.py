"""Evaluating a folder of people: files that give no face, and folders that are none; with the reference models."""

from __future__ import annotations

from pathlib import Path

import pytest

from varde.core.errors import NotFound, WrongUse
from varde.core.outcome import Reason
from varde.workflows.evaluate_faces import evaluate_folder, find_pack_in_use
from varde.workflows.read_people import list_people_files

SHARED = Path(__file__).parents[3] / "shared"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared beside the repository")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no folder") as missing:
        list_people_files(tmp_path / "nothing")
    assert "one folder per person" in missing.value.advice


def test_a_folder_without_people_says_how_to_make_them(tmp_path: Path) -> None:
    (tmp_path / "loose.jpg").write_bytes(b"x")
    with pytest.raises(WrongUse, match="no folders in it") as refused:
        list_people_files(tmp_path)
    assert "one folder per person" in refused.value.advice


def test_files_are_listed_by_person_and_stray_ones_apart(tmp_path: Path) -> None:
    for name in ("B/2.jpg", "B/deeper/1.jpg", "A/1.jpg", ".hidden/1.jpg", "A/.DS_Store", "stray.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "A" / "link").symlink_to(tmp_path / ".hidden", target_is_directory=True)
    found = [(one.person, one.path.relative_to(tmp_path).as_posix()) for one in list_people_files(tmp_path)]
    assert found == [("A", "A/1.jpg"), ("B", "B/2.jpg"), ("B", "B/deeper/1.jpg"), ("", "stray.txt")]


@pytest.mark.shared_data
@needs_shared
def test_a_few_people_are_measured_and_files_without_a_face_are_named(tmp_path: Path) -> None:
    people = [one for one in sorted((SHARED / "data/faces/lfw").iterdir()) if len(list(one.iterdir())) > 1][:4]
    for person in people:
        (tmp_path / person.name).mkdir()
        for file in sorted(person.iterdir())[:2]:
            (tmp_path / person.name / file.name).write_bytes(file.read_bytes())
    broken = tmp_path / people[0].name / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 junk")
    (tmp_path / people[1].name / "notes.txt").write_text("no picture")
    (tmp_path / "stray.jpg").write_bytes(b"x")
    found = evaluate_folder(None, tmp_path, str(SHARED / "models"))
    assert (found.files, found.evaluation.images, found.evaluation.people) == (11, 8, 4)
    assert found.evaluation.verification.mated_pairs == 4
    reasons = {one.file.path.name: one.reason.reason if one.reason else None for one in found.left_out}
    assert reasons == {"broken.jpg": Reason.NOT_DECODED, "notes.txt": Reason.NOT_A_PICTURE, "stray.jpg": None}
    assert all(one.advice for one in found.left_out)


@pytest.mark.shared_data
@needs_shared
def test_one_person_is_not_enough(tmp_path: Path) -> None:
    (tmp_path / "nobody").mkdir()
    (tmp_path / "nobody" / "notes.txt").write_text("no picture")
    with pytest.raises(WrongUse, match="comparing needs two") as refused:
        evaluate_folder(None, tmp_path, str(SHARED / "models"))
    assert "notes.txt" in refused.value.advice


def test_an_unknown_pack_is_not_found() -> None:
    with pytest.raises(NotFound, match="no pack 'nonsense'"):
        find_pack_in_use(None, "nonsense")
