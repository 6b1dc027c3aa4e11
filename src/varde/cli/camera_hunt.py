"""``varde camera hunt``."""

from __future__ import annotations

import time
from typing import Any, Final

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.camera import LikelihoodRatio
from varde.core.camera_hunt import CameraHunt, CameraHunted, CameraHuntOrder

_SAY_EVERY_S: Final = 10.0
_COLUMNS: Final = ("camera", "version", "pictures", "read", "leads")
_SHOWN: Final = 20


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--case", "case_name", help="Look in the pictures of this case only.")
@click.option("--again", is_flag=True, help="Look again at what was looked at before.")
@with_session
def hunt(session: Session, names: tuple[str, ...], case_name: str | None, again: bool) -> int:
    """Look for camera NAME, or for all enrolled cameras, in the pictures of all cases that came since.

    Pictures are found by their sketches (`varde process --sources` makes them); those that are close are read again
    and compared exactly. What speaks strongly enough for a camera becomes a lead: `varde camera leads` shows them, and
    a person decides. What could not be looked at is counted. Ends with 1 if a picture could not be read.

    \b
    Examples:
      varde camera hunt "seized phone"
      varde camera hunt --case 2026-0042 --json
    """
    from varde.workflows.hunt_cameras import hunt_cameras

    found = hunt_cameras(
        session.open(), session.actor, CameraHuntOrder(names, case_name, again), watch=_Progress().show
    )
    if session.as_json:
        output.write_json(_describe(found))
    else:
        _print(found)
    return 1 if any(one.unreadable for one in found.hunted) else 0


class _Progress:
    """Says now and then how far the hunt is."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def show(self, camera: str, sketches: int) -> None:
        """Takes how many sketches were compared with a camera."""
        now = time.monotonic()
        if now - self._said >= _SAY_EVERY_S:
            self._said = now
            output.say(f"{camera}: {sketches:,} pictures looked at ...")


def _describe(found: CameraHunt) -> dict[str, Any]:
    return {
        "cameras": [_describe_hunted(one) for one in found.hunted],
        "leads": found.leads,
        "not_examined": {
            "pictures_without_sketch": found.unsketched,
            "pictures_refused": found.refused,
            "videos": found.videos,
            "cameras_with_videos_only": list(found.videos_only),
        },
    }


def _describe_hunted(one: CameraHunted) -> dict[str, Any]:
    from varde.reports.camera_document import describe_comparison

    return {
        "camera": one.camera,
        "kind": one.kind.value,
        "version": one.version,
        "sketches": one.sketches,
        "missing": one.missing,
        "read": one.read,
        "known": one.known,
        "unreadable": one.unreadable,
        "leads": one.leads,
        "comparisons": [describe_comparison(each) for each in one.comparisons],
    }


def _print(found: CameraHunt) -> None:
    """Writes a line for each camera, and what was found, what to do with it and what was not looked at."""
    output.write_rows(_COLUMNS, ([one.camera, one.version, one.sketches, one.read, one.leads] for one in found.hunted))
    for one in found.hunted:
        _say_weak(one)
        if one.unreadable:
            said = output.count(one.unreadable, "picture")
            output.say(f"{one.camera}: {said} that may be of it could not be read; the next hunt tries again.")
        if one.missing:
            output.say(f"{one.camera}: sketches of {output.count(one.missing, 'picture')} are lost; see varde doctor.")
    if found.leads:
        output.say(f"New: {output.count(found.leads, 'lead')}; varde camera leads shows them, a person decides.")
    elif found.hunted:
        output.say("No new leads.")
    else:
        output.say("No camera with a fingerprint from photos to look for. Enrol one: varde camera enrol NAME PHOTO...")
    _say_left(found)


def _say_weak(one: CameraHunted) -> None:
    """Says what speaks for a camera and makes no lead."""
    ratios = [each.likelihood.log10_lr for each in one.comparisons if isinstance(each.likelihood, LikelihoodRatio)]
    speaking = [ratio for ratio in ratios if ratio > 0]
    if len(speaking) > one.leads:
        said = output.count(len(speaking), "picture")
        output.say(
            f"{one.camera}: {said} that were read speak for it, the strongest by a log10 likelihood ratio of "
            f"{max(speaking):.2f}; {one.leads} of them are new leads (see the setting camera.lead_log10_lr)."
        )


def _say_left(found: CameraHunt) -> None:
    if found.unsketched:
        said = output.count(found.unsketched, "picture")
        output.say(f"Not looked at: {said} without a sketch; varde process CASE --sources makes them.")
    if found.refused:
        output.say(
            f"Not looked at: {output.count(found.refused, 'picture')} too small, dark, bright or even to sketch."
        )
    if found.videos:
        said = output.count(found.videos, "video")
        output.say(f"Not looked at: {said}; varde camera compare NAME --case CASE --all compares them.")
    if found.videos_only:
        named = ", ".join(found.videos_only[:_SHOWN])
        output.say(f"Not looked for: {named}: a fingerprint from videos only, and videos have no sketches.")
