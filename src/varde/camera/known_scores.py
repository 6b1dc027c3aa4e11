"""Scores of pictures whose camera is known, whole and in blocks, at the known place and searched; tables of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from varde.camera.blocks import Block, compare_block, cut_residual, list_blocks
from varde.camera.calibration import ScoreTable
from varde.camera.calibration_table import Comparisons, LeftOutRatios, add_figures, fit_table, leave_pictures_out
from varde.camera.compare import compare
from varde.camera.correlation import PreparedFingerprint, prepare
from varde.camera.fingerprint import Fingerprint
from varde.camera.residual import Residual
from varde.camera.strength import compute_strength
from varde.core.camera import SearchExtent, SourceScore
from varde.core.outcome import NotComparable

BLOCKS: Final = {256: 8, 512: 8, 1024: 4, 0: 1}
"""Blocks of a picture that are compared at their known place, by side; 0 is the whole picture."""

CROPS: Final = (512, 1024, 0)
"""Sides of parts that are searched as if nobody knew where they are from."""


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A camera whose pictures are known.

    Attributes:
        number: of the device, unique.
        model: what cameras of one model have in common; "" where it is not known.
        fingerprint, prepared: of its sensor.
    """

    number: int
    model: str
    fingerprint: Fingerprint
    prepared: PreparedFingerprint

    @classmethod
    def of(cls, number: int, model: str, fingerprint: Fingerprint) -> KnownDevice:
        """Returns a device with its fingerprint made ready."""
        return cls(number, model, fingerprint, prepare(fingerprint))


@dataclass(frozen=True, slots=True)
class KnownScore:
    """One comparison and its truth.

    Attributes:
        side: of the block; 0 for a whole picture.
        is_match: whether the picture is of the camera.
        is_same_model: whether it is of the camera's model, or the camera itself.
        picture, taken_by, device: numbers of the picture, of the camera that took it, -1 for one that is not here, and
            of the camera whose fingerprint it was compared with.
    """

    score: SourceScore
    side: int
    is_match: bool
    is_same_model: bool
    picture: int
    taken_by: int
    device: int


@dataclass(frozen=True, slots=True)
class TableOutcome:
    """What came of one extent and number of pixels.

    Attributes:
        side: of the blocks; 0 for whole pictures.
        table: with how it does on pictures that were left out; or why there is none.
    """

    extent: SearchExtent
    side: int
    table: ScoreTable | NotComparable


def score_picture(
    residual: Residual, devices: Sequence[KnownDevice], picture: int, taken_by: int, model: str
) -> Iterator[KnownScore]:
    """Yields the scores of a picture with all cameras of its size: whole, in blocks, and searched at every shift.

    Args:
        residual: of the picture.
        devices: to compare it with; those of another size are passed over.
        picture: its number; the same number takes the same blocks.
        taken_by: number of the device that took it; -1 for none of them.
        model: of the camera that took it.
    """
    size_px = (int(residual.values.shape[0]), int(residual.values.shape[1]))
    rng = np.random.default_rng((1, picture))
    blocks = [(side, block) for side, most in BLOCKS.items() for block in _choose(rng, size_px, side, most)]
    crops = [(side, block) for side in CROPS for block in _place(rng, size_px, side)]
    for device in devices:
        if device.prepared.size_px != size_px:
            continue
        found = [(side, compare_block(residual, device.fingerprint, block)) for side, block in blocks]
        found += [(side, _search(residual, device, block)) for side, block in crops]
        is_match = device.number == taken_by
        is_same_model = is_match or bool(model and model == device.model)
        for side, score in found:
            if isinstance(score, SourceScore):
                yield KnownScore(score, side, is_match, is_same_model, picture, taken_by, device.number)


def make_tables(scores: Sequence[KnownScore]) -> list[TableOutcome]:
    """Returns a table for each extent and size of block that was measured, each checked on pictures left out."""
    groups: dict[tuple[SearchExtent, int, str], list[KnownScore]] = {}
    for one in scores:
        groups.setdefault((one.score.search.extent, one.side, str(one.score.method)), []).append(one)
    order = list(SearchExtent)
    rising = sorted(groups, key=lambda key: (order.index(key[0]), key[1] or 1 << 20, key[2]))
    return [TableOutcome(extent, side, _make_table(groups[extent, side, method])) for extent, side, method in rising]


def compare_known(scores: Sequence[KnownScore]) -> Comparisons:
    """Returns known scores of one extent and side as arrays."""
    columns = ([one.is_match for one in scores], [one.picture for one in scores], [one.device for one in scores])
    strengths = np.array([compute_strength(one.score) for one in scores])
    return Comparisons(strengths, *(np.array(column, np.int64) for column in columns))


def _make_table(scores: list[KnownScore]) -> ScoreTable | NotComparable:
    compared, first = compare_known(scores), scores[0].score
    pixels = int(np.median([one.score.pixels for one in scores]))
    table = fit_table(compared, str(first.method), first.search.extent, pixels)
    if isinstance(table, NotComparable):
        return table
    left_out = leave_pictures_out(compared, compared.pictures)
    if isinstance(left_out, LeftOutRatios):
        table = add_figures(table, left_out)
    others = [one.is_same_model for one in scores if not one.is_match]
    return replace(table, figures={**table.figures, "same_model": round(sum(others) / len(others), 4)})


def _choose(rng: np.random.Generator, size_px: tuple[int, int], side: int, most: int) -> list[Block]:
    blocks = list(list_blocks(size_px, side))
    return [blocks[at] for at in rng.permutation(len(blocks))[:most]]


def _place(rng: np.random.Generator, size_px: tuple[int, int], side: int) -> list[Block]:
    """Returns a block anywhere; none where the picture is hardly larger."""
    if not side:
        return [(slice(0, size_px[0]), slice(0, size_px[1]))]
    if min(size_px) < side + 8:
        return []
    top, left = (int(rng.integers(0, length - side)) for length in size_px)
    return [(slice(top, top + side), slice(left, left + side))]


def _search(residual: Residual, device: KnownDevice, block: Block) -> SourceScore | NotComparable:
    part = cut_residual(residual, block)
    return compare(part, device.fingerprint, SearchExtent.SHIFTED, prepared=device.prepared)
