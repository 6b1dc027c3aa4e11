from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from varde.testing.demo_cameras import CameraMaterial, write_cameras

_MAKE, _MODEL = 271, 272


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> CameraMaterial:
    return write_cameras(tmp_path_factory.mktemp("cameras"))


def read_all(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_promises_are_the_files_of_the_exhibit(material: CameraMaterial) -> None:
    promised = (material.by_camera, material.by_other, material.by_none)
    assert all(promised)
    assert sorted(name for names in promised for name in names) == sorted(read_all(material.evidence))


def test_no_reference_is_in_the_exhibit(material: CameraMaterial) -> None:
    assert not set(read_all(material.flat_fields).values()) & set(read_all(material.evidence).values())


def test_photographs_state_a_made_up_camera_and_one_size(material: CameraMaterial) -> None:
    photos = [material.evidence / name for name in material.by_camera | material.by_other]
    stated = set()
    for path in [*photos, *material.flat_fields.iterdir()]:
        with Image.open(path) as picture:
            stated.add((picture.size, picture.getexif()[_MAKE], picture.getexif()[_MODEL]))
    assert len(stated) == 1
    assert stated.pop()[1:] == ("varde demo", "synthetic sensor")


def test_material_is_always_the_same(material: CameraMaterial, tmp_path: Path) -> None:
    again = write_cameras(tmp_path)
    assert read_all(again.evidence) == read_all(material.evidence)
    assert read_all(again.flat_fields) == read_all(material.flat_fields)
