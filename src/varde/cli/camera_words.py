"""How comparisons with cameras are shown to a person: lines, and what they mean and what not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from varde.cli import output
from varde.core.camera import LikelihoodRatio, SourceScore
from varde.core.camera_comparison import CameraComparison, FilePlace
from varde.reports.camera_words import write_found, write_ratio

COLUMNS: Final = ("file", "log10_lr", "words", "pce", "correlation", "searched", "found", "reason")

_MOST_NAMED: Final = 3

WHAT_IT_MEANS: Final = (
    "A likelihood ratio says how much more probable this agreement of sensor noise is if the first proposition is true "
    "than if the second is. It is no probability that the camera took the file, and says nothing of who held it.",
    "These are findings of a machine: a person decides (varde camera link).",
)


def print_comparisons(made: Sequence[CameraComparison]) -> None:
    """Writes comparisons for a person: rows on standard output, what they mean and what not on standard error."""
    output.write_rows(COLUMNS, (list_cells(one) for one in made))
    for one in made:
        if one.refused is not None:
            output.say(f"{one.name}: not assessable. {one.refused.detail} {one.advice}".rstrip())
    for note in dict.fromkeys(note for one in made for note in one.notes):
        output.say(f"{_name_all([one.name for one in made if note in one.notes])}: {note}")
    weighed = [(one, one.likelihood) for one in made if isinstance(one.likelihood, LikelihoodRatio)]
    for same, other in dict.fromkeys(_say_propositions(one) for one, _ in weighed):
        output.say(f"Proposition 1: {same}\nProposition 2: {other}")
    for words in dict.fromkeys(likelihood.calibration for _, likelihood in weighed):
        output.say(f"Calibration: {words}.")
    if any(likelihood.is_bounded for _, likelihood in weighed):
        output.say("> and <: the score lies beyond what that many comparisons bear, so that no further ratio is told.")
    if weighed:
        output.say("\n".join(WHAT_IT_MEANS))


def list_cells(one: CameraComparison) -> list[Any]:
    """Returns a comparison as the cells of a line, in the order of `COLUMNS`."""
    score = one.outcome if isinstance(one.outcome, SourceScore) else None
    weighed = one.likelihood if isinstance(one.likelihood, LikelihoodRatio) else None
    return [
        one.name,
        write_ratio(weighed) if weighed else None,
        weighed.words if weighed else "not assessable",
        f"{score.pce:.1f}" if score else None,
        f"{score.correlation:.4f}" if score else None,
        score.search.extent.value if score else None,
        write_found(one) or None,
        one.reason.value if one.reason else None,
    ]


def describe_file_place(place: FilePlace) -> dict[str, Any]:
    """Returns an item that has a file as plain data."""
    return {"item": place.item_id, "case": place.case, "exhibit": place.exhibit, "locator": place.locator}


def _name_all(names: list[str]) -> str:
    """Returns whom a note is about, without a long list."""
    return ", ".join(names) if len(names) <= _MOST_NAMED else f"{names[0]} and {len(names) - 1} others"


def _say_propositions(one: CameraComparison) -> tuple[str, str]:
    """Returns the propositions for whichever line it is: they differ in the file's name only."""
    named = f"The file {one.name} "
    return one.same.replace(named, "The file of the line ", 1), one.other.replace(named, "The file of the line ", 1)
