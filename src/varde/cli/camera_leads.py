"""``varde camera leads`` and ``varde camera link``: what waits for a person, and what a person decides."""

from __future__ import annotations

from typing import Any

import click

from varde.cli import output
from varde.cli.camera_words import describe_file_place
from varde.cli.options import Session, with_session
from varde.core.camera import LikelihoodRatio, LinkVerdict
from varde.core.camera_comparison import CameraLead
from varde.reports.camera_document import describe_comparison, describe_link
from varde.reports.camera_words import write_ratio
from varde.store.types import write_utc

_COLUMNS = ("lead", "camera", "item", "place", "log10_lr", "words", "pce", "found_at", "decided")


@click.command()
@click.option("--case", "case_name", help="Only leads to a camera, or to files, of this case.")
@click.option("--camera", "camera_name", help="Only leads to this camera.")
@click.option("--all", "with_decided", is_flag=True, help="Also leads about which somebody decided.")
@with_session
def leads(session: Session, case_name: str | None, camera_name: str | None, with_decided: bool) -> None:
    """See the files of cases whose sensor noise speaks for an enrolled camera: they wait for a person.

    \b
    Example:
      varde camera leads --case 2026-0042
    """
    from varde.workflows.read_camera_leads import list_leads

    site = session.open()
    found = list_leads(site, case_ids=None, case=case_name, camera=camera_name, waiting_only=not with_decided)
    if session.as_json:
        output.write_json([_describe(one) for one in found])
        return
    output.write_rows(_COLUMNS, (_cells(one) for one in found))
    if not found:
        output.say("No leads wait. `varde camera hunt` and `varde camera search` look for them.")
    else:
        output.say("Leads, not links: varde camera link CASE ITEM NAME --verdict ... --note ... decides.")


@click.command()
@click.argument("case")
@click.argument("item", type=int)
@click.argument("name")
@click.option(
    "--verdict",
    type=click.Choice([verdict.value for verdict in LinkVerdict]),
    required=True,
    help="What you decide; a later decision stands instead of it.",
)
@click.option("--note", required=True, help="What the decision rests on, in a sentence.")
@with_session
def link(session: Session, case: str, item: int, name: str, verdict: str, note: str) -> None:
    """Decide whether ITEM of CASE was taken with camera NAME. Kept for good and audited; no machine ever does this.

    The item must have been compared with the camera before: the decision names the comparison that you had before you.

    \b
    Example:
      varde camera link 2026-0042 17 D70 --verdict linked --note "log10 LR above 3; same serial number in the file"
    """
    from varde.workflows.decide_camera_link import decide_link

    made = decide_link(session.open(), session.actor, case, item, name, LinkVerdict(verdict), note=note, case_ids=None)
    if session.as_json:
        output.write_json(describe_link(made) | {"item": item})
    words = made.verdict.value.replace("_", " ")
    output.say(f"Item {item} of {case} and camera {made.camera}: {words}, as {made.person} decided.")


def _describe(lead: CameraLead) -> dict[str, Any]:
    return {
        "lead": lead.lead_id,
        "camera": lead.camera,
        "places": [describe_file_place(place) for place in lead.places],
        "more_places": lead.more_places,
        "comparison": describe_comparison(lead.comparison) if lead.comparison else None,
        "contacts": list(lead.contacts),
        "found_at": write_utc(lead.found_at),
        "decided": describe_link(lead.decided) if lead.decided else None,
    }


def _cells(lead: CameraLead) -> list[Any]:
    first = lead.places[0] if lead.places else None
    weighed = lead.comparison.likelihood if lead.comparison else None
    ratio = weighed if isinstance(weighed, LikelihoodRatio) else None
    more = len(lead.places) + lead.more_places - 1
    place = f"{first.case} exhibit {first.exhibit}: {first.locator}" if first else None
    row = describe_comparison(lead.comparison) if lead.comparison else {}
    return [
        lead.lead_id,
        lead.camera,
        first.item_id if first else None,
        f"{place} (and {more} more)" if place and more > 0 else place,
        write_ratio(ratio) if ratio else None,
        ratio.words if ratio else None,
        row.get("pce"),
        write_utc(lead.found_at),
        lead.decided.verdict.value if lead.decided else None,
    ]
