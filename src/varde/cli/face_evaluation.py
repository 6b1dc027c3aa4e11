"""``varde faces evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.outcome import NotComparable

if TYPE_CHECKING:
    from varde.faces.evaluation import Evaluation
    from varde.measures.estimate import Estimate
    from varde.workflows.evaluate_faces import FolderEvaluation
    from varde.workflows.read_people import LeftOut

_SHOWN = 10
_EVERY = 50


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--pack", help="Name or folder of a pack of models; default: the one in use, else builtin.")
@with_session
def evaluate(session: Session, folder: Path, pack: str | None) -> None:
    """Measure a pack of models on DIR, a folder with one folder of pictures per person. Needs no site.

    Gives verification (share of pairs of one person that are accepted, by false-accept rate), rank-n in a gallery of
    one picture per person, and searches for people of whom half are not in the gallery. People with one picture are
    distractors. Intervals are 95 %, over people. Nothing of the pictures is kept.

    \b
    Examples:
      varde faces evaluate ./people
      varde faces evaluate ./people --pack reference --json
    """
    from varde.workflows.evaluate_faces import evaluate_folder

    site = session.open() if session.site_folder else None
    found = evaluate_folder(site, folder, pack, say_progress)
    if session.as_json:
        output.write_json(describe_evaluation(found))
    else:
        _print(found)
    if found.left_out:
        raise click.exceptions.Exit(1)


def describe_evaluation(found: FolderEvaluation) -> dict[str, Any]:
    """Returns an evaluation as a document; figures without enough pictures are null, with the reason beside them."""
    made = found.evaluation
    verified, identified = made.verification, made.identification
    return {
        "pack": found.pack,
        "model": str(found.model),
        "model_sha256": found.model.sha256.hex(),
        "files": found.files,
        "images": made.images,
        "people": made.people,
        "people_with_one_image": made.single,
        "images_with_several_faces": found.several,
        "faces_not_found": [describe_left_out(one) for one in found.left_out],
        "pairs": {"mated": verified.mated_pairs, "non_mated": verified.non_mated_pairs},
        "tar": {
            _name(rate): _refuse(one) if isinstance(one, NotComparable) else _figure(one.share, one.threshold)
            for rate, one in verified.accepts.items()
        },
        "auc": _describe(verified.auc),
        "eer": _describe(verified.equal_error),
        "gallery": {
            "people": identified.gallery,
            "distractors": identified.distractors,
            "probes": identified.probes,
        },
        "rank": {str(rank): _describe(one) for rank, one in identified.ranks.items()},
        "dir": {
            f"fpir {rate:g}": _refuse(one) if isinstance(one, NotComparable) else _figure(one.found, one.threshold)
            for rate, one in identified.open_set.items()
        },
        "fnir": {
            f"fpir {rate:g}": _refuse(one) if isinstance(one, NotComparable) else _figure(one.missed, one.threshold)
            for rate, one in identified.open_set.items()
        },
        "interval": "95 %, people drawn again",
    }


def describe_left_out(one: LeftOut) -> dict[str, Any]:
    """Returns why a file gave no face."""
    reason = one.reason.reason.value if one.reason else "no_person"
    return {
        "file": str(one.file.path),
        "person": one.file.person or None,
        "reason": reason,
        "detail": one.detail,
        "advice": one.advice,
    }


def say_left_out(left_out: tuple[LeftOut, ...]) -> None:
    """Writes the first files that gave no face, with the reasons, for people."""
    if not left_out:
        return
    output.say(f"{output.count(len(left_out), 'file')} gave no face:")
    for one in left_out[:_SHOWN]:
        output.say(f"  {one.file.path}: {one.detail} {one.advice}".rstrip())
    if len(left_out) > _SHOWN:
        output.say(f"  and {len(left_out) - _SHOWN:,} more (--json lists all)")


def say_progress(done: int, of: int) -> None:
    """Says now and then how many files are done."""
    if done % _EVERY == 0 and done < of:
        output.say(f"{done:,} of {of:,} files")


def _describe(one: Estimate | NotComparable) -> dict[str, Any]:
    return _refuse(one) if isinstance(one, NotComparable) else _figure(one)


def _figure(one: Estimate, threshold: float | None = None) -> dict[str, Any]:
    figure = {"value": round(one.value, 6), "low": round(one.low, 6), "high": round(one.high, 6)}
    return figure if threshold is None else figure | {"threshold": round(threshold, 5)}


def _refuse(one: NotComparable) -> dict[str, Any]:
    return {"value": None, "reason": one.reason.value, "detail": one.detail}


def _name(rate: float) -> str:
    """Returns a rate as ``1e-3``."""
    mantissa, exponent = f"{rate:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _print(found: FolderEvaluation) -> None:
    made = found.evaluation
    say_left_out(found.left_out)
    output.say(
        f"{found.pack} on {output.count(made.images, 'face')} of {output.count(made.people, 'person', 'people')}, "
        f"{made.single:,} of them with one face only; {made.verification.mated_pairs:,} pairs of one person, "
        f"{made.verification.non_mated_pairs:,} of two."
    )
    output.write_rows(["figure", "at", "share", "low", "high", "threshold"], _list_rows(made))
    output.say("Low and high hold the share in 95 % of cases when people are drawn again. These figures are of the")
    output.say("people in this folder: others, and above all other ages, are not covered by them.")


def _list_rows(made: Evaluation) -> list[list[str]]:
    verified, identified = made.verification, made.identification
    rows = []
    for rate, accepts in verified.accepts.items():
        cells = _cells(accepts) if isinstance(accepts, NotComparable) else _cells(accepts.share, accepts.threshold)
        rows.append(["same person accepted", f"FAR {_name(rate)}", *cells])
    rows.append(["area under the curve", "-", *_cells(verified.auc)])
    rows.append(["equal error rate", "-", *_cells(verified.equal_error)])
    for rank, share in identified.ranks.items():
        rows.append(["found among the first", str(rank), *_cells(share)])
    for rate, found in identified.open_set.items():
        cells = _cells(found) if isinstance(found, NotComparable) else _cells(found.found, found.threshold)
        rows.append(["found first, over threshold", f"FPIR {rate:g}", *cells])
    return rows


def _cells(one: Estimate | NotComparable, threshold: float | None = None) -> list[str]:
    if isinstance(one, NotComparable):
        return [f"not measured: {one.detail}", "-", "-", "-"]
    shares = [f"{value:.2%}" for value in (one.value, one.low, one.high)]
    return [*shares, "-" if threshold is None else f"{threshold:.3f}"]
