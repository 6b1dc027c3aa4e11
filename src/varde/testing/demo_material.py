"""Writes the material of the demo: a benign exhibit, two made-up known sets, and what must be found with them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from varde.core.errors import WrongUse
from varde.core.issue import IssueCode
from varde.core.outcome import NotComparable
from varde.hashing.pdq import compute_pdq
from varde.media.grey import compute_grey
from varde.testing.archives import make_zip
from varde.testing.exhibits import ExhibitWriter, ExpectedExhibit
from varde.testing.picture_files import PictureFormat, encode_picture, make_exif, make_variants
from varde.testing.pictures import Pixels, make_chart, make_photo
from varde.testing.videos import make_scene, write_video

SCHEME = "vics-custom@2.0"
SERIES = "Coast walk"

_SEED = 2026
_PHOTO_PX = (640, 480)
_PHOTOS = 24
_SAMPLES = (
    *("astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "grass.png"),
    *("gravel.png", "hubble_deep_field.jpg", "moon.png", "motorcycle_left.png", "rocket.jpg"),
)
_KNOWN_SAME = {0: "1", 1: "2", 2: "1"}
_KNOWN_SIMILAR = {3: "harbour", 4: "meadow", 5: "lighthouse"}
_KNOWN_SAMPLES = ("chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
_CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/CUSTOM/$metadata#Media"
_EXAMPLES = (
    ("holiday/day 1/IMG_0001.jpg", "1", "Example decision: byte for byte the known picture."),
    ("downloads/harbour resized.jpg", "2", "Example decision: the known view in a smaller size."),
    ("documents/rainfall.png", "5", "Example decision: looked at, of no interest."),
)


@dataclass(frozen=True, slots=True)
class DemoMaterial:
    """What was made, and what a run must find.

    Attributes:
        evidence: folder of the exhibit.
        known_set, harmless: files of the known sets, of roles alert and known.
        expected: items and issues.
        same: locators of items that are in the alert set byte for byte.
        similar: locators of pictures and videos that only look like one in the alert set.
        harmless_items: locators of items in the harmless list.
        examples: locators of items to grade for show, with code on `SCHEME` and note.
        generated, samples, variants: pictures that were generated, photographs taken from scikit-image, and changed
            copies of both.
    """

    evidence: Path
    known_set: Path
    harmless: Path
    expected: ExpectedExhibit
    same: frozenset[str]
    similar: frozenset[str]
    harmless_items: frozenset[str]
    examples: tuple[tuple[str, str, str], ...]
    generated: int
    samples: int
    variants: int


def write_demo(folder: Path) -> DemoMaterial:
    """Returns the material, written below a folder: ``evidence`` and ``known``. Always the same, if scikit-image is.

    Args:
        folder: exists; must hold neither.
    """
    demo = _Demo(ExhibitWriter(folder / "evidence"), np.random.default_rng(_SEED))
    demo.write_photos()
    demo.write_samples(find_samples())
    demo.write_video()
    demo.write_archive()
    demo.write_rest()
    known = folder / "known"
    known.mkdir()
    demo.write_known_set(known / "example-set.json")
    demo.write_harmless(known / "harmless-files.txt")
    return DemoMaterial(
        evidence=folder / "evidence",
        known_set=known / "example-set.json",
        harmless=known / "harmless-files.txt",
        expected=demo.writer.expected(),
        same=frozenset(demo.same),
        similar=frozenset(demo.similar),
        harmless_items=frozenset(demo.harmless),
        examples=_EXAMPLES,
        generated=demo.generated,
        samples=demo.samples,
        variants=demo.variants,
    )


def find_samples() -> list[Path]:
    """Returns the photographs that lie inside an installed scikit-image; none where it is not installed."""
    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        return []
    folder = Path(spec.submodule_search_locations[0]) / "data"
    return [folder / name for name in _SAMPLES if (folder / name).is_file()]


class _Demo:
    def __init__(self, writer: ExhibitWriter, rng: np.random.Generator) -> None:
        self.writer = writer
        self._rng = rng
        self._entries: list[dict[str, object]] = []
        self._harmless_digests: list[str] = []
        self.same: set[str] = set()
        self.similar: set[str] = set()
        self.harmless: set[str] = set()
        self.generated = self.samples = self.variants = 0
        self._files: list[bytes] = []

    def write_photos(self) -> None:
        """Writes generated pictures, three of which are known byte for byte and three by their look."""
        for number in range(_PHOTOS):
            shot = make_photo(self._rng, *_PHOTO_PX)
            exif = make_exif(self._rng) if number % 3 < 2 else b""
            self._files.append(encode_picture(shot, PictureFormat.JPEG, exif=exif))
            place = self.writer.write(f"holiday/day {number // 8 + 1}/IMG_{number + 1:04}.jpg", self._files[-1])
            if number in _KNOWN_SAME:
                self._add_entry(self._files[-1], code=_KNOWN_SAME[number])
                self.same.add(str(place))
            elif number in _KNOWN_SIMILAR:
                self._add_similar(shot, _KNOWN_SIMILAR[number])
                self.similar.add(str(place))
        for form in (PictureFormat.PNG, PictureFormat.WEBP, PictureFormat.HEIC, PictureFormat.TIFF):
            self._write_generated(f"holiday/other cameras/view.{form.value}", make_photo(self._rng, 320, 240), form)
        self.generated += _PHOTOS

    def write_samples(self, paths: Sequence[Path]) -> None:
        """Writes photographs of scikit-image; some are known by their look, and variants of them lie elsewhere."""
        for path in paths:
            data = path.read_bytes()
            place = self.writer.write(f"samples/{path.name}", data)
            self.samples += 1
            if path.name in _KNOWN_SAMPLES:
                self._add_similar(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), path.stem)
                self.similar.add(str(place))

    def write_video(self) -> None:
        """Writes a video of three scenes, the second of which begins with a known picture."""
        scenes = [make_scene(self._rng, 18) for _ in range(3)]
        self.similar.add(str(self.writer.write("film/walk.mp4", write_video(scenes))))
        self._add_entry(encode_picture(scenes[1][0], PictureFormat.BMP), code="3", pixels=scenes[1][0])

    def write_archive(self) -> None:
        """Writes a ZIP archive with a ZIP archive in it; one member is a known file that also lies outside."""
        fresh = [encode_picture(make_photo(self._rng, 320, 240), PictureFormat.JPEG) for _ in range(3)]
        self.generated += len(fresh)
        inner = [("evening/1.jpg", fresh[0]), ("evening/2.jpg", fresh[1])]
        outer = [("album/first.jpg", self._files[0]), ("album/third.jpg", fresh[2]), ("evening.zip", make_zip(inner))]
        places = self.writer.expect_members(self.writer.write("backup/album.zip", make_zip(outer)), outer)
        self.writer.expect_members(places[2], inner)
        self.same.add(str(places[0]))

    def write_rest(self) -> None:
        """Writes documents, two of them known as harmless, and a picture that was cut off."""
        documents = {
            "packing list.txt": b"Boots, map, thermos, rain jacket.\n",
            "tides.csv": b"day;high;low\n1;06:12;12:30\n2;07:01;13:22\n",
        }
        for name, data in documents.items():
            self.harmless.add(str(self.writer.write(f"documents/{name}", data)))
            self._harmless_digests.append(hashlib.sha1(data, usedforsecurity=False).hexdigest())
        self._write_generated("documents/rainfall.png", make_chart(self._rng), PictureFormat.PNG)
        broken = encode_picture(make_photo(self._rng, *_PHOTO_PX), PictureFormat.JPEG)
        self.writer.write("broken/cut off.jpg", broken[: len(broken) // 2], IssueCode.TRUNCATED)
        self.generated += 1

    def write_known_set(self, path: Path) -> None:
        """Writes the alert set as a VICS 2.0 file."""
        document = {"@odata.context": _CONTEXT, "value": self._entries}
        path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")

    def write_harmless(self, path: Path) -> None:
        """Writes the harmless list as plain SHA-1 digests."""
        path.write_text("# Files of no interest (made up).\n" + "\n".join(self._harmless_digests) + "\n", "utf-8")

    def _write_generated(self, name: str, pixels: Pixels, form: PictureFormat) -> None:
        self.writer.write(name, encode_picture(pixels, form))
        self.generated += 1

    def _add_similar(self, pixels: Pixels, name: str) -> None:
        """Makes a picture known by its look alone and writes its variants."""
        self._add_entry(encode_picture(pixels, PictureFormat.BMP), code="2", pixels=pixels)
        for variant in make_variants(pixels):
            place = self.writer.write(f"downloads/{name} {variant.name}.jpg", variant.data)
            self.variants += 1
            if variant.is_found:
                self.similar.add(str(place))

    def _add_entry(self, data: bytes, *, code: str, pixels: Pixels | None = None) -> None:
        """Adds a known entry: digests of these bytes and, if pixels are given, their PDQ hash."""
        entry: dict[str, object] = {
            "MediaID": len(self._entries) + 1,
            "Category": int(code),
            "MD5": hashlib.md5(data, usedforsecurity=False).hexdigest().upper(),
            "SHA1": hashlib.sha1(data, usedforsecurity=False).hexdigest().upper(),
            "MediaSize": len(data),
            "Series": SERIES,
        }
        if pixels is not None:
            entry["AlternativeHashes"] = [{"HashName": "PDQ", "HashValue": _hash(pixels)}]
        self._entries.append(entry)


def _hash(pixels: Pixels) -> str:
    outcome = compute_pdq(compute_grey(Image.fromarray(pixels)))
    if isinstance(outcome, NotComparable):
        raise WrongUse(f"a picture to be known by its look is too plain: {outcome.detail}")
    return outcome.value.hex()
