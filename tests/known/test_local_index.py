from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pictures_in_pictures import EDITS, get_points, make_picture

from varde.core.errors import IntegrityFailure
from varde.hashing.local_points import Points
from varde.known import local_index
from varde.known.local_index import LocalIndex
from varde.known.local_view import View

SEEDS = range(30, 46)


@pytest.fixture(scope="module")
def known() -> list[tuple[int, Points]]:
    return [(seed << 20, get_points(make_picture(seed))) for seed in SEEDS]


@pytest.fixture
def index(tmp_path: Path, known: list[tuple[int, Points]]) -> LocalIndex:
    made = LocalIndex(tmp_path / "index")
    assert made.append(known) == len(known)
    return made


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    index = LocalIndex(tmp_path / "none")
    assert (len(index), index.last_id) == (0, 0)
    assert index.search(get_points(make_picture(1))) == []


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_copy_is_the_first_candidate(index: LocalIndex, name: str) -> None:
    candidates = index.search(get_points(EDITS[name](make_picture(33))))
    assert candidates[0].known_id == 33 << 20
    assert candidates == sorted(candidates, key=lambda each: -each.votes)


def test_a_mirrored_copy_is_seen_mirrored(index: LocalIndex) -> None:
    assert index.search(get_points(EDITS["mirror"](make_picture(33))))[0].view is View.MIRRORED


def test_the_same_pictures_twice_are_added_once(index: LocalIndex, known: list[tuple[int, Points]]) -> None:
    assert index.append(known) == 0
    assert len(index) == len(known)
    assert index.last_id == known[-1][0]


def test_an_index_is_complete_up_to_where_it_is_said_to_be(index: LocalIndex) -> None:
    assert index.append([], up_to=99 << 20) == 0
    assert index.last_id == 99 << 20
    assert index.append([(98 << 20, get_points(make_picture(30)))]) == 0


def test_joined_segments_answer_as_one(tmp_path: Path, known: list[tuple[int, Points]], index: LocalIndex) -> None:
    pieces = LocalIndex(tmp_path / "pieces")
    for each in known:
        pieces.append([each])
    names = list((tmp_path / "pieces").glob("*.segment"))
    assert len(names) <= local_index._SEGMENTS + 1
    assert len(pieces) == len(known)
    query = get_points(EDITS["crop"](make_picture(35)))
    assert pieces.search(query)[0].known_id == index.search(query)[0].known_id


def test_joining_all_gives_the_segment_that_one_call_makes(tmp_path: Path, known: list[tuple[int, Points]]) -> None:
    whole, parts = LocalIndex(tmp_path / "whole"), LocalIndex(tmp_path / "parts")
    whole.append(known)
    for start in range(0, len(known), 5):
        parts.append(known[start : start + 5])
    (one,) = whole._folder.snapshot().segments
    joined = local_index._join(parts._folder.snapshot().segments)
    for name in ("ids", "starts"):
        assert np.array_equal(joined[name], one.arrays[name])
    for name in ("pictures", "signatures"):
        assert np.array_equal(np.concatenate(list(joined[name].pieces)), one.arrays[name])


def test_a_flipped_bit_is_refused_by_name(index: LocalIndex, tmp_path: Path) -> None:
    (path,) = (tmp_path / "index").glob("*.segment")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    with pytest.raises(IntegrityFailure, match=path.name):
        LocalIndex(tmp_path / "index").search(get_points(make_picture(1)))


def test_a_discarded_index_is_empty(index: LocalIndex) -> None:
    index.discard()
    assert (len(index), index.last_id) == (0, 0)


def test_what_a_killed_writer_left_does_not_count(tmp_path: Path, known: list[tuple[int, Points]]) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "from pictures_in_pictures import get_points, make_picture\n"
        "from varde.known.local_index import LocalIndex\n"
        "def known():\n"
        "    for seed in range(30, 46):\n"
        "        if seed == 36: os.kill(os.getpid(), signal.SIGKILL)\n"
        "        yield seed << 20, get_points(make_picture(seed))\n"
        "from varde.known import local_index; local_index.SEGMENT_PICTURES = 3\n"
        "LocalIndex(Path(sys.argv[1])).append(known())\n"
    )
    place = tmp_path / "index"
    done = subprocess.run(
        [sys.executable, "-c", script, place, Path(__file__).parent], env=dict(os.environ), check=False
    )
    assert done.returncode == -signal.SIGKILL
    index = LocalIndex(place)
    assert len(index) == 6
    assert index.append(known) == len(known) - 6
    assert len(index) == len(known)
    assert index.search(get_points(EDITS["crop"](make_picture(44))))[0].known_id == 44 << 20
