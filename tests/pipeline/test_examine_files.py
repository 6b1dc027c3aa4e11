"""Behaviour of examining files that belong to no case: answers in the order asked, each file's failure its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from varde.core.issue import IssueCode
from varde.core.media import MediaKind
from varde.pipeline.examine_files import FileExaminer
from varde.store.settings import Settings
from varde.testing.picture_files import make_small_jpeg


@pytest.fixture(scope="module")
def examiner() -> Iterator[FileExaminer]:
    with FileExaminer(Settings(), workers=2) as examiner:
        yield examiner


def make_files(folder: Path, count: int) -> list[Path]:
    random = np.random.default_rng(3)
    paths = [folder / f"{number}.jpg" for number in range(count)]
    for path in paths:
        path.write_bytes(make_small_jpeg(random))
    return paths


def test_answers_come_in_the_order_asked(examiner: FileExaminer, tmp_path: Path) -> None:
    paths = make_files(tmp_path, 40)
    found = [one.content.digests.sha256 for one in examiner.examine_all(paths) if one.content]
    assert found == [hashlib.sha256(path.read_bytes()).digest() for path in paths]


def test_the_same_file_may_be_asked_about_twice(examiner: FileExaminer, tmp_path: Path) -> None:
    (path,) = make_files(tmp_path, 1)
    first, second = examiner.examine_all([path, path])
    assert first.content == second.content


def test_what_cannot_be_read_is_an_issue_of_its_own(examiner: FileExaminer, tmp_path: Path) -> None:
    (picture,) = make_files(tmp_path, 1)
    missing, folder, good = examiner.examine_all([tmp_path / "missing", tmp_path, picture])
    assert missing.content is None
    assert missing.issues[0].code is IssueCode.VANISHED
    assert folder.content is None
    assert folder.issues
    assert good.content
    assert good.content.media_type.kind is MediaKind.PICTURE


def test_a_link_is_followed(examiner: FileExaminer, tmp_path: Path) -> None:
    (picture,) = make_files(tmp_path, 1)
    (tmp_path / "link.jpg").symlink_to(picture)
    content = examiner.examine(tmp_path / "link.jpg").content
    assert content
    assert content.digests.size_bytes == picture.stat().st_size


def test_a_name_that_is_no_text_is_opened(examiner: FileExaminer, tmp_path: Path) -> None:
    (picture,) = make_files(tmp_path, 1)
    odd = tmp_path / b"\xff\n.jpg".decode("utf-8", "surrogateescape")
    odd.write_bytes(picture.read_bytes())
    assert examiner.examine(odd).content


def test_nothing_asked_is_nothing_answered(examiner: FileExaminer) -> None:
    assert list(examiner.examine_all([])) == []


def test_files_are_asked_for_only_as_they_are_needed(examiner: FileExaminer, tmp_path: Path) -> None:
    """A person may name a million files: they are not all opened at once."""
    (picture,) = make_files(tmp_path, 1)
    taken = 0

    def endless() -> Iterator[Path]:
        nonlocal taken
        while True:
            taken += 1
            yield picture

    answers = examiner.examine_all(endless())
    for _ in range(3):
        assert next(answers).content
    assert taken < 100
