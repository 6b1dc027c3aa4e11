"""What a reference must be to be used at all: its own noise, the size of the others, and not given twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.fingerprint_sums import Agreement
from varde.camera.packing import Noise, cut_window
from varde.core.outcome import NotComparable, Reason

SAME_SIZE_SHARE: Final = 0.8
"""Share of the references that must have one size for the others to be left out rather than all refused."""

COPY_CORRELATION: Final = 0.3
"""Correlation of two residuals from which on they are one exposure saved twice, not two of one camera."""

SAME_LENGTH_S: Final = 0.1
SAME_MEAN: Final = 3.0
"""How far two copies of one video may differ in length and in mean grey level.

Residuals of different videos of one camera agree as well as copies do: each is a sum over hundreds of frames.
"""

_WINDOW_PX: Final = 64
_MOST_SIZES: Final = 6

Sketch = NDArray[np.float32]


@dataclass(slots=True)
class Candidate:
    """A file as it goes through the gates.

    Attributes:
        name, sha256, facts: of the file.
        size_px: (width, height) of the residual; None where there is none.
        usable: share of usable pixels.
        refused: why it is not used; None while it may be.
        agreement: with the others, once that is known.
        sketch: a small part of the residual, of length 1.
        is_held: whether it was added to the first sums.
    """

    name: str
    sha256: bytes
    facts: dict[str, object]
    size_px: tuple[int, int] | None = None
    usable: float = 0.0
    refused: NotComparable | None = None
    agreement: Agreement | None = None
    sketch: Sketch = field(default_factory=lambda: np.zeros(0, np.float32))
    is_held: bool = False


def take_candidate(name: str, sha256: bytes, facts: dict[str, object], outcome: Noise | NotComparable) -> Candidate:
    """Returns what is kept of a file while it goes through the gates."""
    if isinstance(outcome, NotComparable):
        return Candidate(name, sha256, facts, refused=outcome)
    height, width = outcome.shape
    return Candidate(name, sha256, facts, (width, height), outcome.usable, sketch=_draw_sketch(outcome))


def refuse_same_bytes(candidates: list[Candidate], new: Candidate) -> None:
    """Refuses a file whose bytes came before."""
    first = next((each for each in candidates if new.sha256 and each.sha256 == new.sha256), None)
    if first and not new.refused:
        new.refused = NotComparable(Reason.ALREADY_USED, f"It is the same file as {first.name}, counted once.")


def refuse_other_sizes(candidates: list[Candidate]) -> NotComparable | None:
    """Refuses the few files of another size, or returns why there is no one size."""
    sizes = Counter(each.size_px for each in candidates if each.size_px and not each.refused)
    if not sizes:
        return None
    usual, number = sizes.most_common(1)[0]
    if usual is None or number < SAME_SIZE_SHARE * sizes.total():
        return NotComparable(Reason.MIXED_SIZES, f"They have several sizes: {_list_sizes(candidates)}.")
    for each in candidates:
        if each.size_px not in (None, usual) and not each.refused:
            each.refused = NotComparable(Reason.OTHER_SENSOR_SIZE, _explain_size(each.size_px, usual))
    return None


def tell_own_size(candidate: Candidate, refusal: NotComparable) -> NotComparable:
    """Returns a refusal of files of several sizes for one of them, with its own size before the others'."""
    if candidate.size_px is None:
        return refusal
    width, height = candidate.size_px
    return NotComparable(refusal.reason, f"It is {width} x {height} pixels. {refusal.detail}")


def refuse_unsteady(new: Candidate) -> None:
    """Refuses a video whose frames were not shown to lie at one place of the sensor."""
    stated = new.facts.get("steadiness")
    if not new.refused and stated != "steady":
        z = new.facts.get("steady_z")
        new.refused = NotComparable(
            Reason.STABILISED,
            f"The sensor's pattern was not found at one place in its frames (steadiness {stated}, z {z}): stabilised, "
            "too short, or compressed too strongly.",
        )


def refuse_copies(candidates: list[Candidate]) -> None:
    """Refuses all but one of the files that show one exposure: the less usable ones."""
    left = [each for each in candidates if not each.refused]
    for at, one in enumerate(left):
        for other in left[at + 1 :]:
            if one.refused or other.refused or not _are_copies(one, other):
                continue
            worse, better = (one, other) if one.usable < other.usable else (other, one)
            worse.refused = NotComparable(
                Reason.ALREADY_USED, f"It shows the same exposure as {better.name}, saved again; counted once."
            )


def _are_copies(one: Candidate, other: Candidate) -> bool:
    if float(one.sketch @ other.sketch) < COPY_CORRELATION:
        return False
    if "duration_s" not in one.facts:
        return True
    return _differ(one, other, "duration_s") <= SAME_LENGTH_S and _differ(one, other, "mean") <= SAME_MEAN


def _differ(one: Candidate, other: Candidate, fact: str) -> float:
    ours, its = one.facts.get(fact), other.facts.get(fact)
    return abs(ours - its) if isinstance(ours, int | float) and isinstance(its, int | float) else 0.0


def _draw_sketch(noise: Noise) -> Sketch:
    """Returns four windows of the weighted residual, joined and brought to length 1."""
    height, width = noise.shape
    parts = []
    for row in (height // 4, 3 * height // 4):
        for column in (width // 4, 3 * width // 4):
            top, left = max(0, row - _WINDOW_PX // 2), max(0, column - _WINDOW_PX // 2)
            rows, columns = slice(top, top + _WINDOW_PX), slice(left, left + _WINDOW_PX)
            parts.append(cut_window(noise, rows, columns).ravel())
    joined = np.concatenate(parts, dtype=np.float32)
    return joined / np.float32(max(float(np.linalg.norm(joined)), 1e-30))


def _explain_size(size_px: tuple[int, int] | None, usual: tuple[int, int]) -> str:
    if size_px is None:
        return ""
    words = f"It is {size_px[0]} x {size_px[1]} pixels, the others {usual[0]} x {usual[1]}"
    if size_px == usual[::-1]:
        return f"{words}: it was turned and stored anew, and no longer lies as the sensor does."
    return f"{words}: another camera's, another mode, cut, resized or a panorama."


def _list_sizes(candidates: list[Candidate]) -> str:
    sizes = Counter(each.size_px for each in candidates if each.size_px).most_common()
    named = [f"{number} of {size[0]} x {size[1]}" for size, number in sizes[:_MOST_SIZES]]
    more = len(sizes) - len(named)
    return ", ".join(named) + (f" and of {more} sizes more" if more else "")
