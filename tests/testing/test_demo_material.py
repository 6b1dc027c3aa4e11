from __future__ import annotations

from pathlib import Path

import pytest

from varde.core.signal import PerceptualHash
from varde.known.format import ReadOptions
from varde.known.registry import get_format
from varde.testing import demo_material
from varde.testing.demo_material import SCHEME, write_demo


def test_the_known_set_is_vics_on_the_demo_scheme(tmp_path: Path) -> None:
    material = write_demo(tmp_path)
    with get_format("vics").open(material.known_set, ReadOptions()) as opened:
        assert f"{opened.header.scheme}@{opened.header.scheme_version}" == SCHEME
        entries = list(opened.entries)
    assert all(entry.md5 and entry.sha1 and entry.code for entry in entries)
    by_look = [entry for entry in entries if entry.pdq]
    assert 0 < len(by_look) < len(entries)


def test_promises_are_places_of_the_exhibit(tmp_path: Path) -> None:
    material = write_demo(tmp_path)
    places = material.expected.items
    assert material.same and material.similar and material.harmless_items
    assert not material.same & material.similar
    assert material.same | material.similar | material.harmless_items <= places
    assert {place for place, _, _ in material.examples} <= places


def test_without_scikit_image_generated_pictures_remain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_material, "find_spec", lambda _: None)
    material = write_demo(tmp_path)
    assert material.samples == 0
    assert material.generated > 20
    assert material.similar


def test_material_is_always_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = write_demo(tmp_path / "a"), write_demo(tmp_path / "b")
    assert first.expected == second.expected
    assert first.known_set.read_bytes() == second.known_set.read_bytes()
    assert read_all(first.evidence) == read_all(second.evidence)


def read_all(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_no_two_known_looks_are_the_same(tmp_path: Path) -> None:
    material = write_demo(tmp_path)
    with get_format("vics").open(material.known_set, ReadOptions()) as opened:
        hashes = [PerceptualHash(value, quality) for entry in opened.entries for value, quality, _ in entry.pdq]
    assert len({one.value for one in hashes}) == len(hashes)
