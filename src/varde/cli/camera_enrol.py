"""``varde camera enrol``."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from varde.cli import output
from varde.cli.camera_list import REFERENCE_COLUMNS, describe_camera, describe_fingerprint, describe_reference
from varde.cli.options import Session, with_session
from varde.core.camera import FingerprintKind, Reference, ReferenceState
from varde.core.outcome import Reason

if TYPE_CHECKING:
    from varde.workflows.enrol_camera import Enrolled

_SAY_EVERY_S: Final = 10.0
_OUTLIER_ADVICE: Final = "Look whether this camera took it, and whether it was cut, zoomed or edited."
_TAKE_MORE: Final = {
    FingerprintKind.PHOTO: "Take more with the camera: 10 to 50 of an evenly lit, bright surface.",
    FingerprintKind.VIDEO: "Film an evenly lit, bright surface for ten seconds or more, camera still, not stabilised.",
}
_OF_ONE_SIZE: Final = "Enrol files of one size: other sizes are other modes, zoomed, cut, or of another camera."


@click.command("enrol")
@click.argument("name")
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--case", "case_name", help="Case that the camera belongs to; default: a reference of the laboratory.")
@click.option("--exhibit", default="", help="Number of the exhibit that the camera is.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in FingerprintKind]),
    help="What the fingerprint is made from; default: what the first file is.",
)
@click.option("--authorisation", default="", help="What enrolling the camera rests on.")
@click.option("--note", default="", help="Kept with the camera.")
@with_session
def enrol(
    session: Session,
    name: str,
    photos: tuple[Path, ...],
    case_name: str | None,
    exhibit: str,
    kind: str | None,
    authorisation: str,
    note: str,
) -> int:
    """Make the fingerprint of camera NAME from each PHOTO that it took; folders count with every file in them.

    Take 10 to 50 files as the camera wrote them, best of evenly lit, bright surfaces out of focus, never saturated,
    without digital zoom. Every file is compared with all the others: one that does not agree is left out and named.
    For a video fingerprint name videos. Enrolling a NAME again makes a new version; the earlier stays readable.
    Ends with 1 if a file could not be opened or decoded, with 2 if no fingerprint could be made.

    \b
    Examples:
      varde camera enrol "seized phone" flats/*.jpg --case 2026-0042 --exhibit 3
      varde camera enrol "seized phone" clips --kind video --case 2026-0042
    """
    from varde.workflows.enrol_camera import EnrolOrder, enrol_camera

    order = EnrolOrder(name, photos, FingerprintKind(kind) if kind else None, case_name, exhibit, authorisation, note)
    done = enrol_camera(session.open(), session.actor, order, case_ids=None, watch=_Progress().show)
    if session.as_json:
        output.write_json(_describe(name, done))
    else:
        _print(done)
    _say(name, done)
    if done.refused:
        return 2
    return 1 if any(each.refused and each.refused.reason is Reason.NOT_DECODED for each in done.references) else 0


class _Progress:
    """Says now and then how many files were read."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def show(self, done: int, of: int) -> None:
        """Takes how many of how many files were read."""
        now = time.monotonic()
        if now - self._said >= _SAY_EVERY_S:
            self._said = now
            output.say(f"{done} of {of} files read ...")


def _describe(name: str, done: Enrolled) -> dict[str, Any]:
    return {
        "name": name,
        "enrolled": done.refused is None,
        "reason": done.refused.reason.value if done.refused else None,
        "detail": done.refused.detail if done.refused else None,
        "kind": done.kind.value,
        "camera": describe_camera(done.camera) if done.camera else None,
        "fingerprint": describe_fingerprint(done.fingerprint) if done.fingerprint else None,
        "references": [describe_reference(each) for each in done.references],
    }


def _print(done: Enrolled) -> None:
    """Writes what a laboratory keeps: camera, fingerprint with its figures, and every file."""
    if done.camera and done.fingerprint:
        fields = {name: value for name, value in describe_camera(done.camera).items() if value is not None}
        fields |= {name: value for name, value in describe_fingerprint(done.fingerprint).items() if name != "facts"}
        fields |= {name: value for name, value in done.fingerprint.facts.items() if name != "warnings"}
        output.write_fields(fields)
        print()
    rows = [describe_reference(each) for each in done.references]
    output.write_rows(REFERENCE_COLUMNS, ([row[column] for column in REFERENCE_COLUMNS] for row in rows))


def _say(name: str, done: Enrolled) -> None:
    """Says to a person what became of it, and what to do."""
    for each in done.references:
        if each.refused:
            what = "does not belong" if each.state is ReferenceState.OUTLIER else "cannot be used"
            output.say(f"{each.name} {what}: {each.refused.detail} {_advise(each)}".rstrip())
    if done.refused or not done.fingerprint:
        output.say(f"No fingerprint was made of {name}: {done.refused.detail if done.refused else ''}")
        advice = _advise_on_all(done)
        if advice:
            output.say(f"       {advice}")
        return
    for warning in done.fingerprint.facts.get("warnings", []) or []:  # type: ignore[attr-defined]
        output.say(f"Mind: {warning}")
    made, told = done.fingerprint, shlex.quote(name)
    output.say(
        f"Enrolled {name}: {made.kind} fingerprint version {made.version} of {output.count(made.used, 'reference')}, "
        f"{made.width_px} x {made.height_px} pixels. Next: varde camera compare {told} FILE..."
    )
    output.say(f"varde camera hunt {told} looks for it in the pictures of all cases.")


def _advise_on_all(done: Enrolled) -> str:
    reason = done.refused.reason if done.refused else None
    if reason is Reason.TOO_FEW_REFERENCES:
        return _TAKE_MORE[done.kind]
    return _OF_ONE_SIZE if reason is Reason.MIXED_SIZES else ""


def _advise(reference: Reference) -> str:
    if reference.state is ReferenceState.OUTLIER:
        return _OUTLIER_ADVICE
    from varde.pipeline.read_residuals import advise_on_file

    return advise_on_file(reference.refused.reason) if reference.refused else ""
