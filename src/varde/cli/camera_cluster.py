"""``varde camera cluster``."""

from __future__ import annotations

import shlex
from typing import Any

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.cli.progress import ProgressDisplay
from varde.store.types import write_utc

_COLUMNS = ("cluster", "files", "size", "strength", "least", "models", "cameras")
_REASONS = {
    "alone": "Agree with no other",
    "only_of_its_size": "The only ones of their size",
}


@click.command()
@click.argument("case")
@click.option(
    "--whole",
    type=click.IntRange(0, 5_000),
    default=300,
    show_default=True,
    help="Pictures of one size, up to so many, are read again and compared whole; more by sketches.",
)
@click.option(
    "--least", type=click.IntRange(2), default=2, show_default=True, help="Files a shown cluster has at least."
)
@click.option("--limit", type=click.IntRange(1, 1 << 40), default=1000, show_default=True, help="Most clusters shown.")
@click.option(
    "--items", type=click.IntRange(0, 100_000), default=10_000, show_default=True, help="Most files shown of each."
)
@click.option("--last", is_flag=True, help="Show the last clustering, and make none.")
@with_session
def cluster(session: Session, case: str, whole: int, least: int, limit: int, items: int, last: bool) -> None:
    """Find the pictures of CASE that one camera took, without having the camera.

    Pictures whose sensor noise was not sketched are sketched first. Files that agree with no other, and those that
    cannot be assessed, are counted with the reason. What is found are leads: a person decides.

    \b
    Examples:
      varde camera cluster 2026-0042
      varde camera cluster 2026-0042 --last --items 20 --json
    """
    from varde.workflows.cluster_sources import cluster_sources, read_clusters

    site = session.open()
    sketched = 0
    if not last:
        with ProgressDisplay() as display:
            made = cluster_sources(site, session.actor, case, exact_files=whole, progress=display.update)
        sketched = made.sketched
    found = read_clusters(site, case, limit=limit, files=items)
    rows = [_describe(one, members) for one, members in found.clusters if one.files >= least]
    if session.as_json:
        output.write_json(_document(found, rows, sketched))
    else:
        output.write_rows(_COLUMNS, (_cells(row) for row in rows))
    _say(found, sketched, case)


def _document(found: Any, rows: list[dict[str, Any]], sketched: int) -> dict[str, Any]:
    from varde.workflows.cluster_sources import LIMITS

    made = found.clustering
    alone = {name: found.unclustered.get(name, 0) for name in _REASONS}
    return {
        "case": found.case,
        "method": made.method if made else None,
        "clustering": made.clustering_id if made else None,
        "made_at": write_utc(made.made_at) if made else None,
        "clusters": rows,
        "singletons": sum(alone.values()),
        "singletons_by_reason": alone,
        "not_assessable": {name: count for name, count in found.unclustered.items() if name not in _REASONS},
        "not_examined": found.not_examined,
        "videos": found.videos,
        "sketched": sketched,
        "figures": made.facts if made else {},
        "limits": list(LIMITS),
    }


def _describe(one: Any, members: Any) -> dict[str, Any]:
    facts = one.facts
    return {
        "number": one.number,
        "files": one.files,
        "size": f"{facts['width_px']}x{facts['height_px']}",
        "models": facts["models"],
        "strength": facts["strength"],
        "least": facts["least"],
        "joined_from": facts["joined_from"],
        "compared": "whole" if facts["is_exact"] else "sketches",
        "cameras": facts["cameras"],
        "items": [{"item": each.item_id, "locator": each.locator, "fit": each.member.fit} for each in members],
    }


def _cells(row: dict[str, Any]) -> list[Any]:
    models = [
        f"{' '.join(filter(None, (each['make'], each['model']))) or 'none stated'} ({each['files']})"
        for each in row["models"]
    ]
    cameras = [f"{each['camera']} (z {each['z']})" for each in row["cameras"]]
    return [row["number"], row["files"], row["size"], row["strength"], row["least"], models, cameras]


def _say(found: Any, sketched: int, case: str) -> None:
    if sketched:
        output.say(f"Sketched first: {output.count(sketched, 'picture')}.")
    made = found.clustering
    if made is None:
        output.say(
            f"The pictures of this case were not clustered yet: `varde camera cluster {shlex.quote(case)}` does it."
        )
        return
    facts = made.facts
    output.say(
        f"{output.count(facts['clusters'], 'cluster')} of {output.count(facts['in_clusters'], 'file')}; "
        f"{output.count(facts['compared_whole'], 'picture was', 'pictures were')} compared whole"
        f"{', the others by sketches' if facts['compared_whole'] < facts['files'] else ''}. Leads, not attributions."
    )
    for reason, number in found.unclustered.items():
        output.say(
            f"{_REASONS.get(reason, 'Not assessable, ' + reason.replace('_', ' '))}: {output.count(number, 'file')}."
        )
    if found.not_examined:
        how = f"`varde process {shlex.quote(case)} --sources`"
        output.say(f"Not sketched: {output.count(found.not_examined, 'picture')}; {how}.")
    if found.videos:
        output.say(f"Not clustered: {output.count(found.videos, 'video')}.")
    if facts["not_compared"]:
        output.say(
            f"Not compared, since there are too many: {output.count(facts['not_compared'], 'pair')} of files alone."
        )
    if any(len({(m["make"], m["model"]) for m in one.facts["models"] if m["model"]}) > 1 for one, _ in found.clusters):
        output.say("A cluster's files state several models of camera: look at them.")
    for note in facts["notes"]:
        output.say(str(note))
