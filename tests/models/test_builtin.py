"""Against dlib 20.0.1, whose answers to one freely usable photograph are written down here."""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from varde.core.errors import FormatError, IntegrityFailure, NotFound
from varde.core.model import ModelTask
from varde.models import builtin as builtin_module
from varde.models import dlib_landmarks, dlib_mmod, dlib_resnet
from varde.models.builtin import has_builtin, make_builtin, read_source
from varde.models.manifests import get_manifest
from varde.models.pack import Pack
from varde.models.session import open_session

CARDS = {card.task: card for card in get_manifest("builtin").cards}
FIRST = [-0.089552, 0.073999, -0.017132, 0.068164, -0.06736, 0.01549, -0.065655, -0.134141, 0.137114, -0.035915]


def test_embedder_gives_the_numbers_that_dlib_gives(builtin_pack: Pack) -> None:
    chip = skimage.data.astronaut()[35:185, 145:295].transpose(2, 0, 1)[None].astype(np.float32)
    vector = open_session(builtin_pack, ModelTask.FACE_EMBED).run({"rgb": chip})[0]
    assert vector.shape == (1, 128)
    assert np.abs(vector[0, :10] - FIRST).max() < 2e-6
    assert np.linalg.norm(vector) == pytest.approx(1.4170951267954628, abs=1e-6)


def test_pack_is_made_once_and_again_when_a_file_rots(
    builtin_pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees = builtin_pack.read(ModelTask.FACE_LANDMARKS)
    monkeypatch.setattr(dlib_landmarks, "convert", lambda data: trees)  # reading them takes two seconds
    shutil.copytree(builtin_pack.folder, tmp_path / builtin_pack.key)
    made = (tmp_path / builtin_pack.key / "detector.onnx").stat()
    assert make_builtin(tmp_path).identity(ModelTask.FACE_EMBED).sha256 == CARDS[ModelTask.FACE_EMBED].sha256
    assert (tmp_path / builtin_pack.key / "detector.onnx").stat().st_ino == made.st_ino
    (tmp_path / builtin_pack.key / "detector.onnx").write_bytes(b"rot")
    make_builtin(tmp_path).read(ModelTask.FACE_DETECT)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".unfinished")] == []


def test_conversion_gives_the_same_bytes_each_time(builtin_pack: Pack) -> None:
    again = dlib_mmod.convert(read_source(CARDS[ModelTask.FACE_DETECT]))
    assert again == builtin_pack.read(ModelTask.FACE_DETECT)


def test_missing_package_is_told_with_the_extra_that_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(builtin_module.metadata, "files", refuse)
    assert not has_builtin()
    with pytest.raises(NotFound, match="face-recognition-models") as caught:
        make_builtin(tmp_path)
    assert "varde[face]" in caught.value.advice


def test_package_with_another_file_is_an_integrity_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forged = tmp_path / CARDS[ModelTask.FACE_DETECT].file
    forged.write_bytes(b"\x01\x01\x01\x0aloss_mmod_")

    class Entry:
        name = forged.name

        def locate(self) -> Path:
            return forged

    monkeypatch.setattr(builtin_module.metadata, "files", lambda name: [Entry()])
    with pytest.raises(IntegrityFailure, match="not the published one"):
        read_source(CARDS[ModelTask.FACE_DETECT])
    with pytest.raises(IntegrityFailure):
        make_builtin(tmp_path / "models")
    assert not (tmp_path / "models" / "builtin-1").exists()


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.1, 0.5, 0.97])
def test_truncated_detector_is_refused(share: float) -> None:
    data = read_source(CARDS[ModelTask.FACE_DETECT])
    with pytest.raises(FormatError):
        dlib_mmod.convert(data[: int(len(data) * share)])


def test_truncated_embedder_is_refused() -> None:
    data = read_source(CARDS[ModelTask.FACE_EMBED])
    for size in (5, 300, 20_000, len(data) // 2, len(data) - 40_000):
        with pytest.raises(FormatError):
            dlib_resnet.convert(data[:size])


def test_truncated_predictor_is_refused() -> None:
    data = read_source(CARDS[ModelTask.FACE_LANDMARKS])
    for size in (0, 1, 30, 5_000, 80_000):
        with pytest.raises(FormatError):
            dlib_landmarks.convert(data[:size])


def test_one_network_is_not_taken_for_another() -> None:
    data = read_source(CARDS[ModelTask.FACE_DETECT])
    with pytest.raises(FormatError, match="no network"):
        dlib_resnet.convert(data)
    with pytest.raises(FormatError):
        dlib_landmarks.convert(data)


def test_forged_detectors_are_refused_or_converted_but_never_crash() -> None:
    data = bytearray(read_source(CARDS[ModelTask.FACE_DETECT]))
    rng = np.random.default_rng(5)
    for place in [*rng.integers(0, 400, 40).tolist(), *rng.integers(5000, 5700, 40).tolist()]:
        kept, data[place] = data[place], int(rng.integers(256))
        try:
            dlib_mmod.convert(bytes(data))
        except FormatError:
            pass
        data[place] = kept
