"""``varde camera pair``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from varde.cli import output
from varde.cli.options import Session, with_session

_EXTENTS = ("aligned", "turned", "shifted", "scaled", "rotated")


@click.command()
@click.argument("one", type=click.Path(path_type=Path))
@click.argument("other", type=click.Path(path_type=Path))
@click.option(
    "--extent",
    type=click.Choice(_EXTENTS),
    help="How far one is looked for in the other; default: aligned, and turned where only that fits.",
)
@with_session
def pair(session: Session, one: Path, other: Path, extent: str | None) -> None:
    """Say how well the sensor noise of two files agrees, without a camera.

    Two pictures say much less than a picture and a camera's fingerprint: where nothing agrees, nothing was shown.

    \b
    Examples:
      varde camera pair IMG_1.jpg IMG_2.jpg
      varde camera pair original.jpg resized.jpg --extent scaled --json
    """
    from varde.core.camera import SearchExtent
    from varde.workflows.pair_sources import LIMITS, pair_sources

    wanted = None if extent is None else SearchExtent(extent)
    found = pair_sources(session.open(), session.actor, one, other, wanted)
    row = _describe(found, (one, other))
    if session.as_json:
        output.write_json(row | {"limits": list(LIMITS)})
    else:
        shown = ("assessable", "pce", "z", "joined_from", "correlation", "log10_lr", "reason", "detail")
        output.write_fields({name: row[name] for name in shown})
    if not row["assessable"]:
        output.say(f"Not assessable: {row['detail']}")
    elif row["log10_lr"] is None:
        output.say(f"There is a score and no ratio: {row['detail']}")
    if found.z is not None:
        output.say(f"Two files of a case would be put into one cluster from z {found.joined_from} on: {found.z} here.")
    output.say("\n".join(LIMITS))


def _describe(found: Any, names: tuple[Path, Path]) -> dict[str, Any]:
    from varde.core.camera import LikelihoodRatio, SourceScore

    score = found.outcome if isinstance(found.outcome, SourceScore) else None
    weighed = found.likelihood if isinstance(found.likelihood, LikelihoodRatio) else None
    refused = found.outcome if score is None else None if weighed else found.likelihood
    return {
        "files": [
            {"file": str(name), "sha256": record.sha256.hex(), **_list_stated(record.facts)}
            for name, record in zip(names, found.files, strict=True)
        ],
        "assessable": score is not None,
        "reason": refused.reason.value if refused else None,
        "detail": refused.detail if refused else "",
        "pce": round(score.pce, 2) if score else None,
        "correlation": round(score.correlation, 5) if score else None,
        "z": found.z,
        "joined_from": found.joined_from,
        "log10_lr": weighed.log10_lr if weighed else None,
        "words": weighed.words if weighed else None,
        "is_bounded": weighed.is_bounded if weighed else None,
        "calibration": weighed.calibration if weighed else None,
        "search": _describe_search(score) if score else None,
        "pixels": score.pixels if score else None,
        "method": str(score.method) if score else None,
    }


def _list_stated(facts: dict[str, object]) -> dict[str, object]:
    return {name: facts.get(name) for name in ("width_px", "height_px", "make", "model")}


def _describe_search(score: Any) -> dict[str, Any]:
    search, place = score.search, score.search.geometry
    return {
        "extent": search.extent.value,
        "places": search.places,
        "turn": place.turn,
        "mirrored": place.mirrored,
        "scale": place.scale,
        "angle_deg": place.angle_deg,
        "shift": list(place.shift),
    }
