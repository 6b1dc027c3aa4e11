"""Writes the exhibit of the demo's third case: a public portrait in changed copies, and a picture to search by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps

from varde.testing.demo_material import find_samples

_PORTRAIT = "astronaut.png"
_OTHERS = ("chelsea.png", "coffee.png")
_FACE_BOX = (140, 0, 320, 240)
_QUALITY = 90


@dataclass(frozen=True, slots=True)
class PeopleMaterial:
    """What was made, and what a search must find.

    Attributes:
        evidence: folder of the exhibit.
        probe: the picture to search with: the face alone, mirrored and smaller.
        with_face: locators of the pictures that show the person.
    """

    evidence: Path
    probe: Path
    with_face: frozenset[str]


def write_people(folder: Path) -> PeopleMaterial | None:
    """Returns the material; None where the sample photographs (of scikit-image) are not installed.

    Args:
        folder: of the demo; ``people`` and ``probe.jpg`` are written into it.
    """
    samples = {path.name: path for path in find_samples()}
    if _PORTRAIT not in samples:
        return None
    portrait = Image.open(samples[_PORTRAIT]).convert("RGB")
    evidence = folder / "people"
    evidence.mkdir()
    copies = {
        "portrait.jpg": portrait,
        "turned on its side.jpg": portrait.transpose(Image.Transpose.ROTATE_90),
        "dark and grey.jpg": ImageOps.grayscale(ImageEnhance.Brightness(portrait).enhance(0.4)),
    }
    others = {f"{Path(name).stem}.jpg": Image.open(samples[name]).convert("RGB") for name in _OTHERS if name in samples}
    for name, picture in (copies | others).items():
        picture.save(evidence / name, quality=_QUALITY)
    probe = folder / "probe.jpg"
    ImageOps.mirror(portrait.crop(_FACE_BOX)).resize((150, 200)).save(probe, quality=_QUALITY)
    return PeopleMaterial(evidence, probe, frozenset(copies))
