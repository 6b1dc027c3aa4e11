"""The engine with real networks: the builtin ones on one public face, the reference ones on shared pictures."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from varde.core.errors import FormatError, WrongUse
from varde.core.face import FacesFound
from varde.core.model import ModelTask
from varde.core.outcome import NotComparable, Reason
from varde.faces.engine import FaceEngine, open_engine
from varde.models.pack import Pack
from varde.models.registry import find_pack

SHARED = Path(os.environ.get("VARDE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
MODELS = SHARED.parent / "models"


@pytest.fixture(scope="module")
def reference() -> FaceEngine:
    if not MODELS.is_dir():
        pytest.skip("the reference pack is not here")
    return open_engine(find_pack(None, str(MODELS)))


def read(name: str, longest_px: int = 800) -> np.ndarray:
    picture = Image.open(SHARED / "faces" / "photos" / name).convert("RGB")
    picture.thumbnail((longest_px, longest_px))
    return np.asarray(picture)


def vectors(found: FacesFound) -> np.ndarray:
    return np.array([np.frombuffer(face.embedding, "<f4") for face in found.faces if isinstance(face.embedding, bytes)])


@pytest.mark.shared_data
def test_people_are_found_and_told_apart(reference: FaceEngine) -> None:
    both = reference.find(read("obama_and_biden.jpg", 1600), full_width=2000)
    alone = vectors(reference.find(read("biden.jpg"), full_width=970))[0]
    scores = vectors(both) @ alone
    assert len(both.faces) >= 2
    assert np.sort(scores)[-1] > 0.5
    assert np.sort(scores)[-2] < 0.3
    assert both.looked_at == "1600+640 px, 0"
    assert {one.task for one in reference.identities} >= {ModelTask.FACE_DETECT, ModelTask.FACE_EMBED}


@pytest.mark.shared_data
def test_embedding_again_from_the_crop_gives_the_same_bytes(reference: FaceEngine) -> None:
    found = reference.find(read("two_people.jpg"), full_width=1126)
    again = reference.embed([face.frames[0].crop for face in found.faces])
    assert [row.astype("<f4").tobytes() for row in again] == [face.embedding for face in found.faces]


@pytest.mark.shared_data
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_picture_gives_the_same_person(reference: FaceEngine, turns: int) -> None:
    picture = read("obama2.jpg")
    upright = vectors(reference.find(picture, full_width=picture.shape[1]))[0]
    turned = reference.find(np.rot90(picture, turns).copy(), full_width=picture.shape[0])
    assert max(vectors(turned) @ upright) > 0.9
    assert turned.faces[0].angle == (360 - 90 * turns) % 360


@pytest.fixture(scope="module")
def builtin(builtin_pack: Pack) -> FaceEngine:
    return open_engine(builtin_pack)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_builtin_pack_finds_a_face_in_the_turn_it_has(builtin: FaceEngine, turns: int) -> None:
    photo = np.rot90(skimage.data.astronaut()[:300, 100:400], turns).copy()
    (face,) = builtin.look(photo)
    assert face.angle == (360 - 90 * turns) % 360


@pytest.mark.shared_data
def test_builtin_pack_takes_upright_faces_for_upright(builtin: FaceEngine) -> None:
    paths = sorted((SHARED / "faces" / "lfw").glob("*/*.jpg"))[::40]
    if not paths:
        pytest.skip("the pictures of people are not here")
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    angles = [builtin.look(picture, turned=False)[0].angle for picture in pictures]
    assert angles == [0] * len(pictures)


@pytest.mark.shared_data
def test_a_tiny_face_is_kept_with_the_reason_why_it_is_not_compared(reference: FaceEngine) -> None:
    found = reference.find(read("biden2.jpg", 42), full_width=42)
    (face,) = found.faces
    assert isinstance(face.embedding, NotComparable)
    assert face.embedding.reason is Reason.TOO_SMALL
    assert face.frames[0].crop


@pytest.mark.shared_data
def test_a_card_with_an_unknown_decoder_is_refused() -> None:
    if not MODELS.is_dir():
        pytest.skip("the reference pack is not here")
    pack = find_pack(None, str(MODELS))
    cards = tuple(replace(card, output={**card.output, "decoder": "other"}) for card in pack.cards)
    with pytest.raises(FormatError, match="detector"):
        open_engine(replace(pack, cards=cards))


@pytest.mark.shared_data
def test_nothing_and_noise_have_no_faces(reference: FaceEngine) -> None:
    noise = np.random.default_rng(4).integers(0, 256, (120, 160, 3), np.uint8)
    found = reference.find(noise, full_width=160)
    assert found.faces == ()
    assert found.looked_at == "160 px, 0/90/180/270"
    with pytest.raises(WrongUse):
        reference.find(np.zeros((0, 5, 3), np.uint8), full_width=5)
