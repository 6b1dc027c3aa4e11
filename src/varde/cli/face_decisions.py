"""``varde faces judge``, ``identify`` and ``link``: what a person decides of what a machine proposed."""

from __future__ import annotations

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.errors import WrongUse
from varde.core.face import Verdict
from varde.store.types import write_utc

_OF_FACE = [one.value for one in Verdict if one is not Verdict.NONE_OF_THESE]
_WHY = click.option("--note", required=True, help="What the decision rests on, in a sentence.")


@click.command()
@click.argument("search", type=int)
@click.argument("rank", type=int, required=False)
@click.argument("verdict", type=click.Choice(_OF_FACE), required=False)
@click.option("--none", "is_none", is_flag=True, help="Say that none of the candidates is the person.")
@click.option("--note", default="", help="Why, in a sentence.")
@with_session
def judge(session: Session, search: int, rank: int | None, verdict: str | None, is_none: bool, note: str) -> None:
    """Say whether candidate RANK of SEARCH looks like the same person to you; it identifies nobody.

    A later answer stands instead of an earlier one; all are kept and audited.

    \b
    Examples:
      varde faces judge 12 1 different
      varde faces judge 12 --none
    """
    from varde.workflows import judge_candidates

    site, actor = session.open(), session.actor
    if is_none == (rank is not None) or (rank is None) != (verdict is None):
        raise WrongUse("say which candidate and what of it (SEARCH RANK VERDICT), or --none", advice="One of the two.")
    if rank is not None and verdict is not None:
        said = judge_candidates.judge(site, actor, search, rank, Verdict(verdict), note=note, case_ids=None)
    else:
        said = judge_candidates.say_none_of_these(site, actor, search, note=note, case_ids=None)
    if session.as_json:
        document = {"judgement": said.judgement_id, "search": search, "rank": rank, "verdict": said.verdict.value}
        output.write_json(document | {"note": said.note, "at": write_utc(said.at), "person": said.person})
    about = f"Candidate {rank}" if rank is not None else "The list"
    words = said.verdict.value.replace("_", " ")
    output.say(f"{about} of search {search}: {words}, as {said.person} says. It identifies nobody.")


@click.command()
@click.argument("case")
@click.argument("alias")
@click.argument("face", type=int)
@click.option(
    "--verdict", type=click.Choice(_OF_FACE), default="same", show_default=True, help="Another one revokes it."
)
@click.option("--search", type=int, help="Search that the face was found by.")
@_WHY
@with_session
def identify(session: Session, case: str, alias: str, face: int, verdict: str, search: int | None, note: str) -> None:
    """Decide that FACE is victim ALIAS of CASE. Kept for good and audited; a later decision stands instead of it.

    \b
    Example:
      varde faces identify 2026-0042 B 204 --note "scar above the left eye in both"
    """
    from varde.cli.victim import find_victim
    from varde.workflows.identify import identify as decide

    site = session.open()
    number = find_victim(site, case, alias).victim_id
    made = decide(
        site, session.actor, number, face, verdict=Verdict(verdict), note=note, search_id=search, case_ids=None
    )
    if session.as_json:
        document = {"identification": made.identification_id, "case": case, "victim": alias, "face": face}
        output.write_json(document | {"verdict": verdict, "note": made.note, "person": made.person})
    output.say(f"Face {face} and victim {alias} of {case}: {verdict}, as {made.person} decided.")


@click.command()
@click.argument("case")
@click.argument("other")
@click.option("--victim", "alias", help="Victim of CASE whom the link is about.")
@click.option("--revoke", is_flag=True, help="Decide that the two do not belong together.")
@_WHY
@with_session
def link(session: Session, case: str, other: str, alias: str | None, revoke: bool, note: str) -> None:
    """Decide that CASE and OTHER belong together. Kept for good and audited; a later decision stands instead of it.

    \b
    Example:
      varde faces link 2026-0042 2026-0057 --victim B --note "the same child in both"
    """
    from varde.cli.victim import find_victim
    from varde.workflows.identify import link_cases

    site = session.open()
    number = find_victim(site, case, alias).victim_id if alias else None
    made = link_cases(
        site, session.actor, case, other, is_linked=not revoke, victim_id=number, note=note, case_ids=None
    )
    if session.as_json:
        document = {"link": made.link_id, "case": made.case, "other": made.other_case, "victim": alias}
        output.write_json(document | {"linked": made.is_linked, "note": made.note, "person": made.person})
    words = "belong together" if made.is_linked else "do not belong together"
    output.say(f"{case} and {other} {words}, as {made.person} decided.")
