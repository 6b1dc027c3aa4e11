"""Measures face tracks: are they of one person, are people in pieces, what does it cost.

Run as ``python evaluations/face_tracks.py PACK DATA``: the folder or name of a pack, and the folder of the shared test
material. Synthetic films are made of the LFW pictures there: public figures, adults. Prints what face_tracks.md holds.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
from PIL import Image

from varde.core.face import FaceFrame, FacesFound
from varde.core.limits import DecodeLimits
from varde.faces.raw import Floats, Pixels, RawFace
from varde.faces.tracks import FaceTracker, Seen, Stretch
from varde.media.sampling import ColourFrames
from varde.media.video import read_video
from varde.models.registry import find_pack
from varde.pipeline.look_for_faces import FRAME_PX, FaceLooker, open_looker

WIDTH, HEIGHT = 640, 360
FILMS = 12
SHOTS = 14
PEOPLE = 5
NOBODY = -1


@dataclass(frozen=True)
class Placed:
    """A person in a frame: who, and where the middle of the face is."""

    person: int
    x: float
    y: float


def make_film(people: list[Path], rng: np.random.Generator) -> Iterator[tuple[float, Pixels, list[Placed]]]:
    """Yields time, frame and who is where, one frame a second: shots of two to six seconds, one to three people each.

    A person keeps one picture within a shot and mostly has another one in the next. They move, grow and shrink.
    """
    at_s = 0.0
    for _ in range(SHOTS):
        ground = np.asarray(
            Image.fromarray(rng.integers(0, 256, (5, 9, 3), np.uint8)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        )
        cast = rng.permutation(len(people))[: rng.integers(1, 4)]
        places = rng.permutation(3)[: len(cast)]
        pictures = [Image.open(rng.choice(sorted(people[one].glob("*.jpg")))).convert("RGB") for one in cast]
        sizes, steps = rng.uniform(90, 190, len(cast)), rng.uniform(-12, 12, (len(cast), 2))
        for number in range(rng.integers(2, 7)):
            frame, placed = ground.copy(), []
            for slot, picture, size, step, one in zip(places, pictures, sizes, steps, cast, strict=True):
                side = round(size * (1 + 0.03 * number))
                left = round(np.clip(20 + slot * 205 + step[0] * number, 0, WIDTH - side))
                top = round(np.clip(60 + step[1] * number, 0, HEIGHT - side))
                tile = picture.crop((50, 50, 200, 200)).resize((side, side), Image.Resampling.BILINEAR)
                frame[top : top + side, left : left + side] = np.asarray(tile)
                placed.append(Placed(int(one), left + side / 2, top + side / 2))
            yield at_s, frame, placed
            at_s += 1.0


@dataclass
class Score:
    """What films gave, added up.

    Attributes:
        sightings: of people by the film; found: of them, by tracks; pure: found ones that are of their track's person.
        people: people by film; tracks: of them; mixed: tracks that hold more than one person; strays: of nobody.
    """

    sightings: int = 0
    found: int = 0
    pure: int = 0
    people: int = 0
    tracks: int = 0
    mixed: int = 0
    strays: int = 0
    cut_out: int = 0
    embedded: int = 0


class Watched(FaceTracker):
    """Writes down whose face was followed: the angle of a face says who it is."""

    def __init__(self, looker: FaceLooker, score: Score) -> None:
        def cut(rgb: Pixels, raw: RawFace, offset_s: float) -> FaceFrame:
            score.cut_out += 1
            return looker._cut(rgb, raw, offset_s)

        def embed(seen: Sequence[Seen]) -> Floats | None:
            score.embedded += len(seen)
            return looker._embed(seen)

        super().__init__(looker._rules, cut, embed)
        self._trails: dict[int, list[int]] = {}

    def _extend(self, stretch: Stretch, offset_s: float, rgb: Pixels, face: RawFace) -> None:
        super()._extend(stretch, offset_s, rgb, face)
        self._trails.setdefault(id(stretch), []).append(face.angle)

    def list_trails(self) -> list[Counter[int]]:
        """Returns for each track how often it is whom."""
        self._close(0.0, everything=True)
        return [Counter(who for one in group.stretches for who in self._trails[id(one)]) for group in self._join()]


def follow(film: Iterator[tuple[float, Pixels, list[Placed]]], looker: FaceLooker, score: Score) -> None:
    """Follows the faces of one film and adds up what came of it."""
    tracker = Watched(looker, score)
    seen: Counter[int] = Counter()
    for offset_s, rgb, placed in film:
        seen.update(one.person for one in placed)
        tracker.add(offset_s, rgb, [name(raw, placed) for raw in looker._engine.look(rgb)])
    score.sightings += seen.total()
    score.people += len(seen)
    for trail in tracker.list_trails():
        people = {who: count for who, count in trail.items() if who != NOBODY}
        score.strays += not people
        score.tracks += bool(people)
        score.mixed += len(people) > 1
        score.found += sum(people.values())
        score.pure += max(people.values(), default=0)


def name(raw: RawFace, placed: list[Placed]) -> RawFace:
    """Returns a face with the number of the person at its place for an angle."""
    x, y = raw.left + raw.width / 2, raw.top + raw.height / 2
    near = [one.person for one in placed if abs(one.x - x) < raw.width / 2 and abs(one.y - y) < raw.height / 2]
    return replace(raw, angle=near[0] if near else NOBODY)


def measure_films(looker: FaceLooker, lfw: Path) -> Score:
    """Returns what all synthetic films gave together."""
    people = sorted(folder for folder in lfw.iterdir() if len(list(folder.glob("*.jpg"))) > 1)
    rng, score = np.random.default_rng(5), Score()
    for number in range(FILMS):
        cast = [people[one] for one in rng.permutation(len(people))[:PEOPLE]]
        follow(make_film(cast, np.random.default_rng(100 + number)), looker, score)
    return score


def measure_clip(looker: FaceLooker, path: Path) -> tuple[FacesFound, float, float, float]:
    """Returns the tracks of a clip, its length in seconds, and CPU seconds without and with faces."""

    def read(colour: ColourFrames | None) -> float:
        nonlocal length_s
        start = time.process_time()
        with path.open("rb") as file:
            length_s = (
                read_video(file, DecodeLimits(), lambda at_s, grey, use: None, None, colour).facts.duration_s or 0
            )
        return time.process_time() - start

    length_s = 0.0
    plain_s = min(read(None) for _ in range(2))
    video = looker.start_video()
    with_faces_s = read(ColourFrames(FRAME_PX, looker.count_pixels(60), video.add))
    start = time.process_time()
    found = video.finish()
    return found, length_s, plain_s, with_faces_s + time.process_time() - start


def give_share(part: int, whole: int) -> str:
    """Returns a share in percent with its 95 % interval (Wilson)."""
    share, z = part / whole, 1.96
    middle = (share + z * z / 2 / whole) / (1 + z * z / whole)
    half = z * np.sqrt(share * (1 - share) / whole + z * z / 4 / whole / whole) / (1 + z * z / whole)
    return f"{share:.1%} ({middle - half:.1%}-{middle + half:.1%}; {part} of {whole})"


def main() -> None:
    """Prints everything."""
    pack, data = find_pack(None, sys.argv[1]), Path(sys.argv[2])
    looker = open_looker(str(pack.folder))
    score = measure_films(looker, data / "faces" / "lfw")
    print(f"{pack.name}/{pack.version}, rules {looker._rules}")
    print(f"sightings found {give_share(score.found, score.sightings)}")
    print(f"purity {give_share(score.pure, score.found)}; mixed tracks {give_share(score.mixed, score.tracks)}")
    print(
        f"tracks per person {score.tracks / score.people:.2f} ({score.tracks} of {score.people}); strays {score.strays}"
    )
    print(f"cut out {score.cut_out / score.found:.2f}, embedded {score.embedded / score.found:.2f} per sighting")
    clips = [data / "faces" / "photos" / "short_hamilton_clip.mp4", *sorted((data / "video").glob("*.mp4"))]
    for path in clips:
        found, length_s, plain_s, faces_s = measure_clip(looker, path)
        minute = 60 / length_s
        print(
            f"{path.name}: {length_s:.0f} s, {len(found.faces)} tracks, {found.looked_at}; CPU s per minute of video: "
            f"{plain_s * minute:.1f} without faces, {faces_s * minute:.1f} with"
        )


if __name__ == "__main__":
    main()
