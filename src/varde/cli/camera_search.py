"""``varde camera search``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.camera import SearchExtent
from varde.core.camera_comparison import FileToCompare, ItemToCompare
from varde.core.camera_search import CameraCandidate, CameraSearch, CameraSearchOrder
from varde.core.errors import WrongUse

_COLUMNS: Final = ("rank", "camera", "case", "log10_lr", "words", "pce", "z", "where")
_SAY_EVERY_S: Final = 10.0


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--item", "item", type=int, help="Search with this item instead of a file.")
@click.option("--case", "case_name", help="Case that it is done for.")
@click.option(
    "--extent",
    type=click.Choice([extent.value for extent in SearchExtent]),
    default=SearchExtent.TURNED.value,
    show_default=True,
    help="How far the file is looked for on each sensor; beyond turned, each camera is compared by itself.",
)
@click.option("--most", type=click.IntRange(1, 50), default=10, show_default=True, help="Most cameras listed.")
@with_session
def search(session: Session, file: Path | None, item: int | None, case_name: str | None, extent: str, most: int) -> int:
    """Search all enrolled cameras with FILE: those whose sensor noise is closest, each with its likelihood ratio.

    Every camera whose pictures have the size of FILE, turned or not, is compared. Which are not, and why, is said, and
    what a wider search would take. The result is candidates, never an identification: each is kept as a comparison and
    audited. Ends with 1 if the file could not be opened.

    \b
    Examples:
      varde camera search IMG_1.jpg --case 2026-0042
      varde camera search received.jpg --extent scaled --json
    """
    from varde.workflows.search_cameras import search_cameras

    if (file is None) == (item is None):
        raise WrongUse("say what to search with: FILE, or --item ITEM")
    probe = FileToCompare(file, str(file)) if file is not None else ItemToCompare(item or 0)
    order = CameraSearchOrder(probe, SearchExtent(extent), case_name, most=most)
    found = search_cameras(session.open(), session.actor, order, watch=_Progress().show)
    if session.as_json:
        output.write_json(describe_camera_search(found))
    else:
        _print(found)
    return 0 if found.is_readable else 1


class _Progress:
    """Says now and then how many cameras were compared."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def show(self, done: int, of: int) -> None:
        now = time.monotonic()
        if now - self._said >= _SAY_EVERY_S:
            self._said = now
            output.say(f"{done} of {of} cameras compared ...")


def describe_camera_search(found: CameraSearch) -> dict[str, Any]:
    """Returns a search as plain data."""
    empty = found.empty
    return {
        "file": found.name,
        "sha256": found.sha256.hex() if found.sha256 else None,
        "size": list(found.size_px) if found.size_px else None,
        "kind": found.kind.value if found.kind else None,
        "assessable": found.size_px is not None,
        "extent": found.extent.value,
        "candidates": [_describe_candidate(one) for one in found.candidates],
        "elsewhere": [{"contacts": list(one.contacts), "cameras": one.cameras} for one in found.elsewhere],
        "searched": {
            "cameras": found.cameras,
            "families": [
                {
                    "kind": one.kind.value,
                    "size": [one.height_px, one.width_px],
                    "cameras": one.cameras,
                    "turns": one.turns,
                }
                for one in found.searched
            ],
        },
        "not_searched": [
            {"reason": one.reason.value, "cameras": one.cameras, "detail": one.detail} for one in found.not_searched
        ],
        "wider": [
            {"extent": one.extent.value, "cameras": one.cameras, "cost_s": round(one.cost_s, 1)} for one in found.wider
        ],
        "reason": (empty.refused or empty.reason).value if empty else None,
        "empty": empty.reason.value if empty else None,
        "detail": empty.detail if empty else None,
        "advice": empty.advice if empty else None,
        "notes": list(found.notes),
        "stated": dict(found.stated),
    }


def _describe_candidate(one: CameraCandidate) -> dict[str, Any]:
    from varde.reports.camera_document import describe_comparison

    told = describe_comparison(one.comparison)
    first = {
        "rank": one.rank,
        "camera": one.comparison.camera,
        "case": one.case or None,
        "make": one.make or None,
        "model": one.model or None,
        "version": one.comparison.fingerprint.version if one.comparison.fingerprint else None,
        "z": round(one.z, 2) if one.z is not None else None,
        "lead": one.is_lead,
    }
    return first | {name: value for name, value in told.items() if name not in {*first, "file", "sha256", "stated"}}


def _print(found: CameraSearch) -> None:
    """Writes candidates on standard output, and what they mean and what was not searched on standard error."""
    from varde.cli.camera_words import WHAT_IT_MEANS
    from varde.core.camera import LikelihoodRatio, SourceScore
    from varde.reports.camera_words import write_found, write_ratio
    from varde.workflows.camera_search_words import write_cost

    rows = []
    for one in found.candidates:
        outcome, worth = one.comparison.outcome, one.comparison.likelihood
        score = outcome if isinstance(outcome, SourceScore) else None
        ratio = worth if isinstance(worth, LikelihoodRatio) else None
        words = ratio.words if ratio else "not assessable"
        rows.append([one.rank, one.comparison.camera, one.case or None, write_ratio(ratio) if ratio else None, words])
        rows[-1] += [f"{score.pce:.1f}" if score else None, f"{one.z:.1f}" if one.z is not None else None]
        rows[-1].append(write_found(one.comparison) or None)
    output.write_rows(_COLUMNS, rows)
    sizes = ", ".join(f"{one.width_px} x {one.height_px} ({one.kind.value})" for one in found.searched)
    output.say(f"Compared: {output.count(found.cameras, 'camera')}{f' of {sizes}' if sizes else ''}.")
    for left in found.not_searched:
        output.say(f"Not compared: {output.count(left.cameras, 'camera')} ({left.reason.value}). {left.detail}")
    for away in found.elsewhere:
        count = output.count(away.cameras, "camera")
        output.say(f"{count} of a case you have no access to speaks for itself: ask {', '.join(away.contacts)}.")
    if found.empty:
        output.say(f"No candidates ({found.empty.reason.value}): {found.empty.detail} {found.empty.advice}".rstrip())
    elif found.wider:
        offers = [f"--extent {one.extent.value} takes about {write_cost(one.cost_s)} of CPU" for one in found.wider]
        output.say(f"If the file may be cut or resized: {'; '.join(offers)}.")
    for note in found.notes:
        output.say(note)
    if found.candidates:
        output.say("\n".join(WHAT_IT_MEANS))
