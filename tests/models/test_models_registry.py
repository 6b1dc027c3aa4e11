from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from varde.core.errors import NotFound, WrongUse
from varde.core.model import ModelTask
from varde.models.manifests import SHIPPED, list_manifests, read_manifest
from varde.models.pack import Pack
from varde.models.registry import find_pack, list_added, models_folder, open_folder
from varde.testing.model_packs import make_pack_folder


def test_shipped_manifests_can_detect_and_embed_and_say_their_limits() -> None:
    assert [one.name for one in list_manifests()] == list(SHIPPED)
    for manifest in list_manifests():
        manifest.get(ModelTask.FACE_DETECT)
        embedder = manifest.get(ModelTask.FACE_EMBED)
        assert bool(embedder.thresholds) == bool(embedder.measured)
        assert all(card.limits and card.licence and card.training_data for card in manifest.cards)


def test_manifest_that_is_not_shipped_is_not_found() -> None:
    with pytest.raises(NotFound, match="is shipped"):
        read_manifest("../../core/errors")


def test_added_pack_is_found_by_name_and_by_version(tmp_path: Path) -> None:
    folder = models_folder(tmp_path)
    make_pack_folder(folder / "tiny-1")
    assert find_pack(tmp_path, "tiny").key == "tiny-1"
    make_pack_folder(folder / "tiny-2", version="2")
    with pytest.raises(WrongUse, match="several versions"):
        find_pack(tmp_path, "tiny")
    assert find_pack(tmp_path, "tiny-2").version == "2"
    assert [one.key for one in list_added(tmp_path)] == ["tiny-1", "tiny-2"]


def test_folder_of_a_pack_is_found_by_its_path(tmp_path: Path) -> None:
    folder = make_pack_folder(tmp_path / "elsewhere")
    assert find_pack(None, str(folder)).name == "tiny"


@pytest.mark.parametrize("name", ["nothing", "reference", "../..", "", "tiny/1"])
def test_pack_that_is_not_there_is_told_with_advice(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        find_pack(tmp_path, name)
    assert "varde models" in caught.value.advice


def test_builtin_pack_is_opened_where_it_was_made(tmp_path: Path, builtin_pack: Pack) -> None:
    shutil.copytree(builtin_pack.folder, models_folder(tmp_path) / builtin_pack.key)
    for name in ("builtin", "builtin-1"):
        assert find_pack(tmp_path, name).folder == models_folder(tmp_path) / "builtin-1"


def test_folder_of_unknown_files_makes_up_no_pack(tmp_path: Path) -> None:
    (tmp_path / "face_detection_yunet_2023mar.onnx").write_bytes(bytes(232589))  # name and size, not the bytes
    with pytest.raises(NotFound, match="no pack"):
        open_folder(tmp_path)


def test_pack_of_an_earlier_release_is_opened_with_the_cards_of_this_one(tmp_path: Path, builtin_pack: Pack) -> None:
    folder = models_folder(tmp_path) / builtin_pack.key
    shutil.copytree(builtin_pack.folder, folder)
    earlier = (folder / "pack.toml").read_text("utf-8").replace('"1e-3" = 0.', '"1e-3" = 0.1')
    (folder / "pack.toml").write_text(earlier, "utf-8")
    pack = find_pack(tmp_path, "builtin")
    assert pack.get(ModelTask.FACE_EMBED).thresholds == builtin_pack.get(ModelTask.FACE_EMBED).thresholds
    assert open_folder(folder) == pack
    assert pack.read(ModelTask.FACE_EMBED) == builtin_pack.read(ModelTask.FACE_EMBED)
