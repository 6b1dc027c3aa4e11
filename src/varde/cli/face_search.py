"""``varde faces search``."""

from __future__ import annotations

from pathlib import Path

import click

from varde.cli import output
from varde.cli.face_words import describe_search, print_search
from varde.cli.options import Session, with_session
from varde.core.age import AgeBand
from varde.core.errors import SiteBusy, WrongUse
from varde.core.face import ProbeRule, SearchScope
from varde.core.face_search import ProbeItem, ProbePicture, SearchOrder
from varde.store.site import Site

_PURPOSE = "victim identification"


@click.command()
@click.argument("images", metavar="IMAGE...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--case", "case_name", help="Search this case.")
@click.option("--everywhere", is_flag=True, help="Search every case of the site.")
@click.option("--authorisation", default="", help="What a search of everything rests on; with --everywhere required.")
@click.option("--purpose", default=_PURPOSE, show_default=True, help="Why everything is searched.")
@click.option("--for-case", help="Case that everything is searched for.")
@click.option(
    "--rule",
    type=click.Choice([rule.value for rule in ProbeRule]),
    default=ProbeRule.ANY.value,
    show_default=True,
    help="How several probes are joined.",
)
@click.option("--face", type=click.IntRange(1), help="Which face of each probe, 1 is the best; default: that one.")
@click.option("--item", "items", type=int, multiple=True, help="Search with an item's face as well (repeat).")
@click.option("--top", type=click.IntRange(1, 200), default=20, show_default=True, help="Most candidates listed.")
@click.option(
    "--far",
    type=float,
    default=0.05,
    show_default=True,
    help="Share of searches that may list anybody wrong; 1 lists the closest whatever they score.",
)
@click.option("--age-band", type=click.Choice([band.value for band in AgeBand]), help="Age of the person, if known.")
@click.option("--as-is", is_flag=True, help="Do not look for faces in the case first.")
@with_session
def search(
    session: Session,
    images: tuple[Path, ...],
    case_name: str | None,
    everywhere: bool,
    authorisation: str,
    purpose: str,
    for_case: str | None,
    rule: str,
    face: int | None,
    items: tuple[int, ...],
    top: int,
    far: float,
    age_band: str | None,
    as_is: bool,
) -> int:
    """Search for the face of each IMAGE in one case or everywhere; the result is candidates, never an identification.

    Items of the case in which nobody looked for faces are looked at first. The search is kept and audited. Ends with 1
    if a probe could not be used.

    \b
    Examples:
      varde faces search girl.jpg --case 2026-0042
      varde faces search a.jpg b.jpg --everywhere --authorisation "order 7/26" --for-case 2026-0042
    """
    from varde.workflows.search_faces import search as search_faces

    _check_scope(case_name, authorisation, everywhere=everywhere)
    probes: tuple[ProbePicture | ProbeItem, ...] = (
        *(ProbePicture(path, str(path), face) for path in images),
        *(ProbeItem(number, face) for number in items),
    )
    if not probes:
        raise WrongUse("say what to search with: one or more pictures, or --item")
    site = session.open()
    order = SearchOrder(
        probes=probes,
        scope=SearchScope.EVERYWHERE if everywhere else SearchScope.CASE,
        case=for_case if everywhere else case_name,
        purpose=purpose if everywhere else "",
        authorisation=authorisation,
        rule=ProbeRule(rule),
        top_k=top,
        far=far,
        age_band=AgeBand(age_band) if age_band else None,
    )
    if case_name and not as_is:
        _examine(session, site, case_name)
    found = search_faces(site, session.actor, order, builtin=True)
    if session.as_json:
        output.write_json(describe_search(found))
    else:
        print_search(found)
    return 1 if any(probe.unused for probe in found.probes) else 0


def _check_scope(case_name: str | None, authorisation: str, *, everywhere: bool) -> None:
    if everywhere == (case_name is not None):
        raise WrongUse(
            "say where to search: --case CASE, or --everywhere --authorisation REF", advice="One of the two."
        )
    if everywhere and not authorisation.strip():
        raise WrongUse(
            "a search of everything needs --authorisation REF",
            advice="Name the order, warrant or statute it rests on; it is kept in the audit log.",
        )


def _examine(session: Session, site: Site, case_name: str) -> None:
    """Looks for faces in what nobody looked at, and says so."""
    from varde.store import cases, faces, items
    from varde.workflows.face_models import ensure_models

    with site.database.read() as connection:
        case = cases.get_case(connection, case_name)
        waiting = faces.count_unexamined(connection, case.case_id)
        exhibits = cases.list_exhibits(connection, case.case_id)
        waiting += sum(items.count_waiting(connection, one.exhibit_id)[0] for one in exhibits)
        unlisted = sum(not one.walked for one in exhibits)
    if not waiting and not unlisted:
        return
    if ensure_models(site, session.actor):
        output.say("No face models were chosen: the builtin ones are used (`varde models list` shows others).")
    from varde.cli.progress import ProgressDisplay
    from varde.workflows.process_case import process_case

    what = output.count(waiting, "item") if not unlisted else output.count(unlisted, "exhibit")
    output.say(f"Looking for faces in {what} of {case_name} first; --as-is leaves that out.")
    try:
        with ProgressDisplay() as display:
            process_case(site, session.actor, case_name=case_name, progress=display.update, faces=True)
    except SiteBusy:
        output.say("Another `varde process` holds the site: only what was examined already is searched.")
