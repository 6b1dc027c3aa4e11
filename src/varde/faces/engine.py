"""A pack's networks put together: faces found, cut, judged and embedded. One engine per process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np

from varde.core.errors import FormatError
from varde.core.face import MOST_FACES, AgeBracket, Face, FaceBox, FaceFrame, FacesFound
from varde.core.model import ModelIdentity, ModelTask
from varde.core.outcome import NotComparable
from varde.faces.age import AgeReader
from varde.faces.align import ARCFACE112
from varde.faces.crops import cut_crop, open_crop
from varde.faces.detect import Looks, find_faces
from varde.faces.detectors.mmod import Mmod
from varde.faces.detectors.yunet import LEAST_CONFIDENCE, YuNet
from varde.faces.embed import Embedder, average
from varde.faces.landmarks import LandmarkPredictor
from varde.faces.network import read_picture_input
from varde.faces.quality import compute_quality, judge, measure
from varde.faces.raw import FaceDetector, Floats, Pixels, RawFace
from varde.models.pack import Pack
from varde.models.session import open_session

# It sees faces from 80 pixels, and makes the picture smaller itself.
_MMOD_LOOKS: Final = Looks(
    longest_px=2400,
    enlarged=3.0,
    enlarged_thorough=4.0,
    further_px=(),
    turned_px=1200,
    sure_confidence=0.85,
    turned_confidence=0.6,
    refined_px=0.0,
)
_TASKS: Final = (ModelTask.FACE_DETECT, ModelTask.FACE_LANDMARKS, ModelTask.FACE_EMBED, ModelTask.FACE_AGE)


@dataclass(frozen=True, slots=True)
class Eye:
    """A detector with the sizes that suit it.

    Attributes:
        cost_s_per_mpx: CPU seconds for each megapixel that it is given, about.
    """

    detector: FaceDetector
    looks: Looks
    cost_s_per_mpx: float


class FaceEngine:
    """Finds faces and makes embeddings of them with the networks of one pack; for use from one thread at a time."""

    def __init__(
        self,
        identities: Sequence[ModelIdentity],
        eye: Eye,
        embedder: Embedder,
        age: AgeReader | None,
        *,
        thorough: bool,
    ) -> None:
        self.identities: tuple[ModelIdentity, ...] = tuple(identities)
        self._eye = eye
        self._embedder = embedder
        self._age = age
        self._thorough = thorough

    @property
    def embedder(self) -> ModelIdentity:
        """The model that embeddings are of."""
        return next(one for one in self.identities if one.task is ModelTask.FACE_EMBED)

    @property
    def cost_s_per_mpx(self) -> float:
        """CPU seconds for each megapixel given to `look`, about: the same wherever it runs."""
        return self._eye.cost_s_per_mpx

    def find(self, rgb: Pixels, *, full_width: int) -> FacesFound:
        """Returns the faces of a picture with crops, quality, embedding and age.

        Args:
            rgb: (H, W, 3) uint8 RGB, upright, perhaps scaled down while it was decoded. Faces are looked for at a
                longer side of at most 1600 pixels, and cut from all the pixels that are given.
            full_width: of the upright original in pixels, for the sizes that are told.

        Raises:
            WrongUse: if the array is not a colour picture with pixels.
        """
        sights = find_faces(rgb, self._eye.detector, self._eye.looks, thorough=self._thorough)
        kept = [face for face in sights.faces if _is_sound(face)]
        faces = tuple(self._make_face(rgb, raw, full_width / rgb.shape[1]) for raw in kept[:MOST_FACES])
        return FacesFound(faces, max(0, len(kept) - MOST_FACES), sights.looked_at)

    def look(self, rgb: Pixels, *, turned: bool = True) -> list[RawFace]:
        """Returns boxes, landmarks and confidence of the faces in a picture, in its pixels, most confident first.

        Args:
            rgb: (H, W, 3) uint8 RGB, upright.
            turned: whether to look for turned faces where there is no upright one.
        """
        sights = find_faces(rgb, self._eye.detector, self._eye.looks, thorough=self._thorough, turned=turned)
        return [face for face in sights.faces if _is_sound(face)]

    def cut(self, rgb: Pixels, raw: RawFace, *, offset_s: float | None) -> FaceFrame:
        """Returns the crop of a face with its quality.

        Args:
            rgb: the picture that `look` was given.
            raw: a face that `look` found there.
            offset_s: of the frame in its video; None in a picture.
        """
        crop = cut_crop(rgb, raw.landmarks)
        measures = measure(open_crop(crop), raw.landmarks, raw.width, raw.confidence)
        return FaceFrame(offset_s, crop, compute_quality(measures))

    def embed(self, crops: Sequence[bytes]) -> Floats:
        """Returns (N, D) float32 unit rows, one for each encoded crop.

        Raises:
            FormatError: if one of them is no crop.
        """
        return self._embedder.embed(crops)

    def embed_frames(self, frames: Sequence[FaceFrame], *, width_px: float) -> bytes | NotComparable:
        """Returns one unit vector over all frames, each counting by its quality, or why they cannot be compared.

        Args:
            frames: of one face, best first, at least one.
            width_px: of the face in the best frame, as it was looked at.
        """
        reason = judge(width_px, frames[0].quality)
        if reason is not None:
            return reason
        rows = self.embed([frame.crop for frame in frames])
        weights = np.array([frame.quality for frame in frames], np.float32)
        return (rows[0] if len(rows) == 1 else average(rows, weights)).astype("<f4").tobytes()

    def estimate_age(self, frames: Sequence[FaceFrame]) -> AgeBracket | None:
        """Returns the age estimated from the best frame; None where the pack has no model for it."""
        return self._age.estimate(open_crop(frames[0].crop)) if self._age else None

    def _make_face(self, rgb: Pixels, raw: RawFace, growth: float) -> Face:
        height, width = rgb.shape[:2]
        frames = (self.cut(rgb, raw, offset_s=None),)
        return Face(
            box=FaceBox(raw.left / width, raw.top / height, raw.width / width, raw.height / height),
            landmarks=tuple((float(x) / width, float(y) / height) for x, y in raw.landmarks),
            angle=raw.angle,
            size_px=raw.width * growth,
            confidence=raw.confidence,
            frames=frames,
            embedding=self.embed_frames(frames, width_px=raw.width),
            age=self.estimate_age(frames),
        )


def open_engine(pack: Pack, *, thorough: bool = False, predictor: LandmarkPredictor | None = None) -> FaceEngine:
    """Returns an engine with everything loaded and used once, so that nothing is opened or imported later.

    Args:
        pack: with models to detect and to embed, and perhaps one for age.
        thorough: look at every picture in all four turns, and enlarge small ones.
        predictor: the pack's, where it was read before; see `read_predictor`.

    Raises:
        NotFound: if the pack has no detector or no embedder.
        FormatError: if a card names something that is not known here.
        IntegrityFailure: if a file is not the one its card names.
    """
    cv2.setNumThreads(1)
    embed = pack.get(ModelTask.FACE_EMBED)
    session = open_session(pack, ModelTask.FACE_EMBED)
    embedder = Embedder(session, read_picture_input(embed.input), int(embed.output["dimensions"]))
    identities = [pack.identity(task) for task in _TASKS if pack.find(task)]
    engine = FaceEngine(identities, _open_eye(pack, predictor), embedder, _open_age(pack), thorough=thorough)
    _warm_up(engine)
    return engine


def read_predictor(pack: Pack) -> LandmarkPredictor | None:
    """Returns what places landmarks, for a pack whose detector gives none; None for the others.

    Raises:
        IntegrityFailure: if its file is not what it should be.
    """
    card = pack.find(ModelTask.FACE_LANDMARKS)
    return LandmarkPredictor(pack.folder / card.file) if card else None


def _open_eye(pack: Pack, predictor: LandmarkPredictor | None) -> Eye:
    decoder = str(pack.get(ModelTask.FACE_DETECT).output.get("decoder"))
    if decoder not in _EYES:
        raise FormatError(f"there is no detector {decoder!r}", advice=f"Detectors are: {', '.join(_EYES)}.")
    return _EYES[decoder](pack, predictor)


def _open_yunet(pack: Pack, _: LandmarkPredictor | None) -> Eye:
    least = float(pack.get(ModelTask.FACE_DETECT).output.get("least_confidence", LEAST_CONFIDENCE))
    detector = YuNet(open_session(pack, ModelTask.FACE_DETECT), least_confidence=least)
    return Eye(detector, Looks(), cost_s_per_mpx=0.09)


def _open_mmod(pack: Pack, predictor: LandmarkPredictor | None) -> Eye:
    predictor = predictor or LandmarkPredictor(pack.folder / pack.get(ModelTask.FACE_LANDMARKS).file)
    detector = Mmod(open_session(pack, ModelTask.FACE_DETECT), predictor)
    return Eye(detector, _MMOD_LOOKS, cost_s_per_mpx=1.5)


def _open_age(pack: Pack) -> AgeReader | None:
    card = pack.find(ModelTask.FACE_AGE)
    if card is None:
        return None
    return AgeReader(open_session(pack, ModelTask.FACE_AGE), read_picture_input(card.input), str(card.output["age"]))


def _is_sound(face: RawFace) -> bool:
    """Returns whether landmarks and box are fit for computing with: a network may answer anything."""
    spread = float(np.ptp(face.landmarks, axis=0).max())
    return bool(np.isfinite(face.landmarks).all()) and spread >= 2 and face.width >= 2 and face.height >= 2


def _warm_up(engine: FaceEngine) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
    engine.find(noise, full_width=160)
    raw = RawFace(30, 30, 80, 90, (ARCFACE112 + 24).astype(np.float32), 0.9)
    frame = engine.cut(noise, raw, offset_s=None)
    engine.embed([frame.crop])
    engine.estimate_age([frame])


_EYES: Final = MappingProxyType[str, Callable[[Pack, LandmarkPredictor | None], Eye]](
    {"yunet": _open_yunet, "mmod": _open_mmod}
)
