from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from varde.core.audit import Act
from varde.core.errors import FormatError, IntegrityFailure, NotFound, Refused, VardeError, WrongUse
from varde.core.model import ModelTask
from varde.models.pack import Pack
from varde.models.registry import find_pack, models_folder
from varde.store import audit, models
from varde.store.site import Site
from varde.testing.model_packs import make_graph, make_pack_folder
from varde.workflows import manage_models
from varde.workflows.actor import Actor
from varde.workflows.manage_models import PackState

SHARED = Path(__file__).parents[3] / "shared" / "models"

ACTOR = Actor("A. Administrator")


def add_tiny(site: Site, folder: Path, **options: bytes) -> Pack:
    make_pack_folder(folder, **options)
    return manage_models.add(site, ACTOR, [folder], accepts_licence=True, accepts_unknown=True).pack


def list_acts(site: Site) -> list[tuple[str, dict[str, str | int | None]]]:
    with site.database.read() as connection:
        return [(event.act, event.subject) for event in audit.list_events(connection, after=1)]


def test_unknown_pack_is_added_once_with_its_licence_accepted(site: Site, tmp_path: Path) -> None:
    folder = make_pack_folder(tmp_path / "given")
    with pytest.raises(Refused, match="nobody of Varde") as caught:
        manage_models.add(site, ACTOR, [folder], accepts_licence=True)
    assert "--accept-unknown" in caught.value.advice
    with pytest.raises(Refused, match="licences"):
        manage_models.add(site, ACTOR, [folder], accepts_licence=False, accepts_unknown=True)
    assert not models_folder(site.folder).exists()
    for is_new in (True, False):
        done = manage_models.add(site, ACTOR, [folder], accepts_licence=True, accepts_unknown=True)
        assert (done.is_new, done.pack.folder) == (is_new, models_folder(site.folder) / "tiny-1")
    ((act, subject),) = list_acts(site)
    assert act == Act.MODEL_ADDED
    assert (subject["pack"], subject["licence"], subject["known"]) == ("tiny-1", "accepted", "no")


def test_pack_that_fails_its_test_leaves_nothing(site: Site, tmp_path: Path) -> None:
    with pytest.raises(VardeError, match="failed its test"):
        add_tiny(site, tmp_path / "given", embed=make_graph(8, factor=0.0))
    assert [path.name for path in models_folder(site.folder).iterdir()] == [".lock"]
    assert list_acts(site) == []


def test_changed_or_missing_file_is_refused(site: Site, tmp_path: Path) -> None:
    folder = make_pack_folder(tmp_path / "given")
    data = bytearray((folder / "embed.onnx").read_bytes())
    data[50] ^= 1
    (folder / "embed.onnx").write_bytes(data)
    with pytest.raises(IntegrityFailure):
        manage_models.add(site, ACTOR, [folder], accepts_licence=True, accepts_unknown=True)
    (folder / "embed.onnx").write_bytes(data[:-1])
    with pytest.raises(FormatError, match="size"):
        manage_models.add(site, ACTOR, [folder], accepts_licence=True, accepts_unknown=True)
    (folder / "embed.onnx").unlink()
    with pytest.raises(NotFound, match="not complete") as caught:
        manage_models.add(site, ACTOR, [folder], accepts_licence=True, accepts_unknown=True)
    assert "embed.onnx" in caught.value.advice


@pytest.mark.parametrize("name", ["builtin", "reference", "zoo"])
def test_names_of_known_packs_cannot_be_taken(site: Site, tmp_path: Path, name: str) -> None:
    folder = make_pack_folder(tmp_path / "given", name=name)
    with pytest.raises(WrongUse):
        manage_models.add(site, ACTOR, [folder], accepts_licence=True, accepts_unknown=True)


def test_files_of_no_pack_are_refused_with_advice(site: Site, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(make_graph())
    with pytest.raises(WrongUse, match="none of these files") as caught:
        manage_models.add(site, ACTOR, [tmp_path / "model.onnx"], accepts_licence=True)
    assert "pack.toml" in caught.value.advice
    with pytest.raises(NotFound):
        manage_models.add(site, ACTOR, [tmp_path / "gone"], accepts_licence=True)


def test_chosen_pack_is_in_use_and_the_choice_is_audited_once(site: Site, tmp_path: Path) -> None:
    assert manage_models.find_choice(site) is None
    add_tiny(site, tmp_path / "given")
    first = manage_models.choose(site, ACTOR, "tiny")
    again = manage_models.choose(site, ACTOR, "tiny-1")
    assert first.previous is None
    assert again.previous == models.Chosen("tiny", "1")
    assert set(first.missing.values()) == {0}
    assert [act for act, _ in list_acts(site)] == [Act.MODEL_ADDED, Act.MODEL_CHOSEN]
    states = {listed.manifest.name: listed.state for listed in manage_models.list_packs(site)}
    assert states["tiny"] is PackState.IN_USE
    assert states["zoo"] is PackState.NOT_ADDED


def test_pack_that_was_not_added_cannot_be_used(site: Site, tmp_path: Path) -> None:
    for name in ("zoo", "other", str(make_pack_folder(tmp_path / "given"))):
        with pytest.raises(NotFound) as caught:
            manage_models.choose(site, ACTOR, name)
        assert "varde models" in caught.value.advice


def test_builtin_pack_can_be_used_on_a_fresh_site(sqlite_site: Site, builtin_pack: Pack) -> None:
    shutil.copytree(builtin_pack.folder, models_folder(sqlite_site.folder) / builtin_pack.key)
    chosen = manage_models.choose(sqlite_site, ACTOR, "builtin")
    assert chosen.pack.key == "builtin-1"
    with sqlite_site.database.read() as connection:
        known = [one.identity.task for one in models.list_models(connection)]
    assert known == [ModelTask.FACE_DETECT, ModelTask.FACE_EMBED, ModelTask.FACE_LANDMARKS]


def test_pack_in_use_is_not_removed_another_one_is(site: Site, tmp_path: Path) -> None:
    add_tiny(site, tmp_path / "given")
    manage_models.choose(site, ACTOR, "tiny")
    with pytest.raises(Refused, match="in use"):
        manage_models.remove(site, ACTOR, "tiny")
    make_pack_folder(tmp_path / "newer", version="2")
    manage_models.add(site, ACTOR, [tmp_path / "newer"], accepts_licence=True, accepts_unknown=True)
    with pytest.raises(WrongUse, match="several"):
        manage_models.choose(site, ACTOR, "tiny")
    manage_models.choose(site, ACTOR, "tiny-2")
    manage_models.remove(site, ACTOR, "tiny-1")
    assert not (models_folder(site.folder) / "tiny-1").exists()
    with site.database.read() as connection:
        removed = {one.identity.version: one.removed_at is not None for one in models.list_models(connection)}
    assert removed == {"1": True, "2": False}
    with pytest.raises(NotFound):
        manage_models.remove(site, ACTOR, "tiny-1")


def test_removed_pack_can_be_added_again(site: Site, tmp_path: Path) -> None:
    add_tiny(site, tmp_path / "given")
    manage_models.remove(site, ACTOR, "tiny")
    add_tiny(site, tmp_path / "given")
    with site.database.read() as connection:
        assert {one.removed_at for one in models.list_models(connection)} == {None}
    assert [act for act, _ in list_acts(site)] == [Act.MODEL_ADDED, Act.MODEL_REMOVED, Act.MODEL_ADDED]


def test_what_a_killed_addition_left_is_cleared_by_the_next(sqlite_site: Site, tmp_path: Path) -> None:
    left = models_folder(sqlite_site.folder) / ".unfinished-abc" / "deep"
    left.mkdir(parents=True)
    (left / "half.onnx").write_bytes(b"half")
    add_tiny(sqlite_site, tmp_path / "given")
    names = sorted(os.listdir(models_folder(sqlite_site.folder)))
    assert names == [".lock", "tiny-1"]


def test_test_of_a_pack_whose_file_rots_is_an_integrity_failure(sqlite_site: Site, tmp_path: Path) -> None:
    pack = add_tiny(sqlite_site, tmp_path / "given")
    assert [check.fault for check in manage_models.test(sqlite_site, "tiny")[1]] == ["", ""]
    (pack.folder / "embed.onnx").write_bytes(b"rot")
    with pytest.raises(IntegrityFailure):
        manage_models.test(sqlite_site, "tiny")


@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared test material is not beside this repository")
def test_reference_pack_is_known_by_its_files(sqlite_site: Site) -> None:
    done = manage_models.add(sqlite_site, ACTOR, [SHARED], accepts_licence=True)
    assert done.pack.key == "reference-1"
    assert [check.fault for check in done.checks] == ["", "", ""]
    assert all(check.detail.startswith("answers as expected") for check in done.checks)
    detector = SHARED / "face_detection_yunet_2023mar.onnx"
    with pytest.raises(NotFound, match="zoo is not complete") as caught:
        manage_models.add(sqlite_site, ACTOR, [detector], accepts_licence=True)
    assert "face_recognition_sface" in caught.value.advice
    assert find_pack(None, str(SHARED)).name == "reference"
