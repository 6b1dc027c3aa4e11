"""``varde process``."""

from __future__ import annotations

import shlex

import click

from varde.cli import output
from varde.cli.case import describe_case
from varde.cli.index_damage import say_damage
from varde.cli.options import Session, with_session
from varde.cli.progress import ProgressDisplay
from varde.pipeline.face_setup import NoFaces
from varde.pipeline.matching import MatchCount
from varde.pipeline.retro_search import RetroSearch
from varde.store.site import Site
from varde.workflows import process_case

_LAYERS = 3


@click.command()
@click.argument("case")
@click.option("--retry", is_flag=True, help="Examine items again whose issue may have passed.")
@click.option("--features", is_flag=True, help="Examine pictures and videos again that have no local features.")
@click.option("--faces", is_flag=True, help="Examine pictures and videos again that nobody looked at for faces.")
@click.option("--sources", is_flag=True, help="Examine pictures again whose sensor noise was not sketched.")
@with_session
def process(session: Session, case: str, retry: bool, features: bool, faces: bool, sources: bool) -> int:
    """List, examine and compare everything in CASE that is not done yet.

    Can be stopped at any time, also by a power cut: the same command goes on where it was. Ends with 1 if this run met
    issues; `varde issue list CASE` shows them. With --retry items that vanished, could not be read, changed, or took a
    decoder too much time or memory get another try: after a disk was plugged in again, or a limit raised. With
    --features pictures and videos get local features that had none: after a known set was made here from pictures.
    With --faces pictures and videos are looked at for faces that were not: after `varde models use`. With --sources
    the sensor noise of pictures is sketched, so that `varde camera cluster` finds those of one camera.

    \b
    Example:
      varde process 2026-0042
    """
    return run_processing(session, session.open(), case, retry=retry, features=features, faces=faces, sources=sources)


def run_processing(
    session: Session,
    site: Site,
    case: str,
    *,
    retry: bool = False,
    features: bool = False,
    faces: bool = False,
    sources: bool = False,
) -> int:
    """Processes a case with a progress display and returns the exit code."""
    with ProgressDisplay() as display:
        done = process_case.process_case(
            site,
            session.actor,
            case_name=case,
            progress=display.update,
            retry=retry,
            features=features,
            faces=faces,
            sources=sources,
        )
    result = done.run
    if session.as_json:
        document = describe_case(site, case)
        document["run"] = {
            "items": result.items,
            "size_bytes": result.size_bytes,
            "with_issues": result.with_issues,
            "new_issues": done.new_issues,
            "unreachable": list(result.unreachable),
            "without_faces": done.without_faces,
            "leads": done.looked_back.leads,
            **result.matches.describe(),
            "cpu_s": result.cpu_s,
        }
        output.write_json(document)
    new_matches = result.matches.by_digest + result.matches.perceptual + result.matches.by_features
    output.say(
        f"This run: {output.count(result.items, 'item')} done, {output.count(done.new_issues, 'new issue')}, "
        f"{output.count(new_matches, 'new match', 'new matches')} with known sets."
    )
    say_not_recorded(result.matches)
    say_without_faces(done.without_faces, result.no_faces, case)
    say_leads(done.looked_back)
    say_damage(site)
    output.say(
        f"Case {case}: {output.count(done.places.examined, 'item')} examined without an issue, "
        f"{output.count(done.places.with_issues, 'place')} with issues."
    )
    if result.layers and len(result.layers) < _LAYERS:
        output.say(f"The decoders' sandbox was only: {', '.join(result.layers)}. `varde doctor` says what is missing.")
    for sentence in result.unreachable:
        output.say(f"Not examined: {sentence}. Mount it at that place, then give the same command again.")
    return 1 if done.new_issues or result.unreachable else 0


def say_without_faces(count: int, why: NoFaces | None, case: str) -> None:
    """Says how many items nobody looked at for faces, and what to do; nothing where that was turned off."""
    if not count or why is NoFaces.TURNED_OFF:
        return
    reason = "since no models are in use" if why is NoFaces.NO_PACK else "examined before models were in use"
    first = "`varde models use builtin`, then " if why is NoFaces.NO_PACK else ""
    output.say(
        f"Not looked at for faces: {output.count(count, 'picture or video', 'pictures and videos')}, {reason}. "
        f"{first}`varde process {shlex.quote(case)} --faces` looks at them."
    )


def say_leads(looked_back: RetroSearch) -> None:
    """Says how many faces are new leads to victims, or why none can be; nothing where nothing is to be said."""
    if looked_back.refused is not None:
        output.say(f"Not compared with victims: {looked_back.refused.detail}")
    elif looked_back.leads:
        leads = output.count(looked_back.leads, "new lead", "new leads")
        output.say(f"Close to victims who are looked for: {leads}. `varde faces leads` shows them.")


def say_not_recorded(count: MatchCount) -> None:
    """Says what was compared, or could not be, without becoming a match."""
    if count.flooded:
        output.say(
            f"Only counted: {output.count(count.flooded, 'match', 'matches')} of entries in quarantine, which match "
            "too much. `varde known list` shows them."
        )
    if count.without_features:
        without = output.count(count.without_features, "picture or video", "pictures or videos")
        output.say(
            f"Not compared by local features: {without} of this site, examined without them. "
            "`varde process CASE --features` computes them."
        )
    if count.degenerate:
        output.say(
            f"Compared by digest only: {output.count(count.degenerate, 'picture or frame', 'pictures or frames')} with "
            "too little in it for a hash to say anything."
        )
