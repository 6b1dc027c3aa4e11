"""Index files whose digests are right and whose arrays are not: compiled code must never read beyond them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pictures_in_pictures import get_points, make_picture

from varde.core.digest import DigestAlgorithm
from varde.core.errors import IntegrityFailure
from varde.known.exact import ExactTable
from varde.known.local_index import LocalIndex
from varde.known.perceptual import HashIndex, PerceptualIndex
from varde.known.probe_column import ProbeColumn, Probes
from varde.segments.folder import SegmentFolder
from varde.segments.manifest import _digest

Arrays = dict[str, NDArray[Any]]
ROWS = 3_000
HASHES = np.random.default_rng(1).integers(0, 256, (ROWS, 32), np.uint8)
IDS = np.arange(1, ROWS + 1)


def fill_perceptual(folder: Path) -> Callable[[], object]:
    PerceptualIndex(folder).append(np.concatenate([HASHES, HASHES[:5]]), np.arange(1, ROWS + 6))
    return lambda: PerceptualIndex(folder).search(HASHES[::50], 31)


def fill_exact(folder: Path) -> Callable[[], object]:
    ExactTable(folder).append(DigestAlgorithm.SHA256, HASHES, IDS)
    return lambda: ExactTable(folder).find(DigestAlgorithm.SHA256, HASHES)


def fill_probes(folder: Path) -> Callable[[], object]:
    ProbeColumn(folder).append(Probes(IDS, np.zeros(ROWS, np.int32), np.zeros(ROWS, np.uint8), HASHES))
    return lambda: list(ProbeColumn(folder).scan(HashIndex(HASHES[:9], IDS[:9]), 31))


def fill_local(folder: Path) -> Callable[[], object]:
    LocalIndex(folder).append([(seed << 20, get_points(make_picture(seed))) for seed in (1, 2)])
    return lambda: LocalIndex(folder).search(get_points(make_picture(1)))


FILLS = {
    "perceptual": (fill_perceptual, lambda path: PerceptualIndex(path)._segments),
    "exact": (fill_exact, lambda path: ExactTable(path)._segments),
    "probes": (fill_probes, lambda path: ProbeColumn(path)._segments),
    "local": (fill_local, lambda path: LocalIndex(path)._folder),
}


def forge(folder: SegmentFolder, change: Callable[[Arrays, dict[str, Any]], None]) -> None:
    """Replaces the one segment by a changed one that has every digest right."""
    segment = folder.snapshot().segments[0]
    arrays: Arrays = {name: np.array(array) for name, array in segment.arrays.items()}
    facts: dict[str, Any] = dict(segment.facts)
    change(arrays, facts)
    with folder.writer() as writer:
        writer.commit([folder.stage(facts, arrays)], [segment.path.name])


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("perceptual", "directory", 2**32 - 1),
        ("perceptual", "first", 2**32 - 1),
        ("local", "starts", 2**62),
        ("local", "starts", -(2**62)),
    ],
)
def test_places_beyond_an_array_are_refused(tmp_path: Path, kind: str, name: str, value: int) -> None:
    fill, get_folder = FILLS[kind]
    search = fill(tmp_path)

    def change(arrays: Arrays, facts: dict[str, Any]) -> None:
        arrays[name][-1] = value

    forge(get_folder(tmp_path), change)
    with pytest.raises(IntegrityFailure, match="do not fit one another"):
        search()


@pytest.mark.parametrize(
    ("kind", "name"),
    [("perceptual", "members"), ("exact", "directory"), ("local", "pictures")],
)
def test_numbers_beyond_what_there_is_are_passed_over(tmp_path: Path, kind: str, name: str) -> None:
    fill, get_folder = FILLS[kind]
    search = fill(tmp_path)

    def change(arrays: Arrays, facts: dict[str, Any]) -> None:
        arrays[name][:] = np.iinfo(arrays[name].dtype).max

    forge(get_folder(tmp_path), change)
    search()


@pytest.mark.parametrize("kind", FILLS)
def test_every_array_that_is_short_missing_or_of_another_type_is_refused(tmp_path: Path, kind: str) -> None:
    fill, get_folder = FILLS[kind]
    fill(tmp_path / "honest")
    names = list(get_folder(tmp_path / "honest").snapshot().segments[0].arrays)
    changes: list[Callable[[Arrays, str], object]] = [
        lambda arrays, name: arrays.pop(name),
        lambda arrays, name: arrays.update({name: arrays[name][:-1]}),
        lambda arrays, name: arrays.update({name: arrays[name].astype(np.float32)}),
        lambda arrays, name: arrays.update({name: arrays[name][:, None]}),
        lambda arrays, name: arrays.update(unheard_of=arrays[name]),
    ]
    for number, (name, change) in enumerate((name, change) for name in names for change in changes):
        folder = tmp_path / str(number)
        search = fill(folder)
        forge(get_folder(folder), lambda arrays, _, change=change, name=name: change(arrays, name))  # type: ignore[misc]
        with pytest.raises(IntegrityFailure, match="do not fit one another"):
            search()


@pytest.mark.parametrize(("kind", "shift"), [("perceptual", 16), ("perceptual", -1), ("exact", 0), ("exact", 64)])
def test_impossible_groups_are_refused(tmp_path: Path, kind: str, shift: int) -> None:
    fill, get_folder = FILLS[kind]
    search = fill(tmp_path)
    forge(get_folder(tmp_path), lambda arrays, facts: facts.update(shift=shift))
    with pytest.raises(IntegrityFailure, match="do not fit one another"):
        search()


@pytest.mark.parametrize("name", ["../victim", "/tmp/x.segment", "a/b.segment", "manifest.json", ""])
def test_a_manifest_that_names_files_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    search = fill_probes(tmp_path)
    path = tmp_path / "manifest.json"
    document = json.loads(path.read_text())
    del document["sha256"]
    document["segments"][0]["name"] = name
    path.write_text(json.dumps(document | {"sha256": _digest(document)}))
    with pytest.raises(IntegrityFailure, match="makes no sense"):
        search()
