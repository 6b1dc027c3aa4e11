"""``varde faces leads``."""

from __future__ import annotations

from typing import Any

import click

from varde.cli import output
from varde.cli.face_words import describe_sight, describe_where
from varde.cli.options import Session, with_session
from varde.core.face import Verdict
from varde.core.face_search import FaceLead
from varde.store.types import write_utc

_COLUMNS = ("lead", "victim", "case", "face", "place", "score", "log10_lr", "band", "found_at", "verdict")
_VERDICTS = [one.value for one in Verdict if one is not Verdict.NONE_OF_THESE]


@click.command()
@click.option("--case", "case_name", help="Only leads to victims of this case, or to faces in it.")
@click.option("--all", "with_answered", is_flag=True, help="Also leads that somebody answered.")
@click.option("--answer", "lead_id", type=int, help="Answer this lead, with --verdict.")
@click.option("--verdict", type=click.Choice(_VERDICTS), help="Whether both look like the same person to you.")
@with_session
def leads(
    session: Session, case_name: str | None, with_answered: bool, lead_id: int | None, verdict: str | None
) -> None:
    """See the faces that are close to a victim's, and answer them: they are leads, never identifications.

    \b
    Examples:
      varde faces leads --case 2026-0042
      varde faces leads --answer 3 --verdict different
    """
    from varde.core.errors import WrongUse
    from varde.store import cases
    from varde.workflows import answer_leads, look_back

    site = session.open()
    if (lead_id is None) != (verdict is None):
        raise WrongUse("an answer needs both --answer LEAD and --verdict")
    if lead_id is not None and verdict is not None:
        found = [answer_leads.answer_lead(site, session.actor, lead_id, Verdict(verdict), case_ids=None)]
    else:
        found = answer_leads.list_leads(site, case_ids=None, waiting_only=not with_answered)
        if case_name:
            with site.database.read() as connection:
                case = cases.get_case(connection, case_name)
            found = [one for one in found if _is_of(one, case.case_id)]
    if session.as_json:
        output.write_json([_describe(one) for one in found])
        return
    output.write_rows(_COLUMNS, (_cells(one) for one in found))
    refused = look_back.explain_no_leads(site, session.actor)
    if refused is not None:
        output.say(f"Not compared with victims: {refused.detail}")
    elif not found:
        output.say("No leads wait. `varde process` compares new faces with the victims of `varde victim list`.")


def _is_of(lead: FaceLead, case_id: int) -> bool:
    of_victim = lead.victim is not None and lead.victim.case_id == case_id
    return of_victim or (lead.sight is not None and any(place.case_id == case_id for place in lead.sight.places))


def _cells(lead: FaceLead) -> list[Any]:
    row = _describe(lead)
    return [
        row["lead"],
        row["victim"],
        row["case"],
        row["face"] and row["face"]["face"],
        row["place"],
        row["score"],
        row["log10_lr"],
        row["band"],
        row["found_at"],
        row["verdict"],
    ]


def _describe(lead: FaceLead) -> dict[str, Any]:
    return {
        "lead": lead.lead_id,
        "victim": lead.victim.alias if lead.victim else None,
        "case": lead.victim.case if lead.victim else None,
        "face": describe_sight(lead.sight) if lead.sight else None,
        "place": describe_where(lead.sight.places) if lead.sight else None,
        "score": None if lead.score is None else round(lead.score, 4),
        "log10_lr": None if lead.log10_lr is None else round(lead.log10_lr, 3),
        "band": lead.band.value,
        "model": str(lead.model),
        "found_at": write_utc(lead.found_at),
        "verdict": lead.verdict.value if lead.verdict else None,
        "answered_by": lead.answered_by or None,
    }
