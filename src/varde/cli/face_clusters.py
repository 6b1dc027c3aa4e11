"""``varde faces cluster`` and ``varde faces clusters``."""

from __future__ import annotations

import click

from varde.cli import output
from varde.cli.options import Session, with_session

_REASONS = {
    "too_small": "too small",
    "quality_too_low": "quality too low",
    "not_decoded": "not decoded",
    "by_person": "put apart by a person",
    "no_embedding": "not embedded by the models in use (`varde faces re-embed`)",
}


@click.command()
@click.argument("case")
@with_session
def cluster(session: Session, case: str) -> None:
    """Group the faces of CASE by person, as far as a model can tell: a proposal that people correct.

    Faces in one picture are never put together, and what people split, merged, named or put apart stays as they left
    it. Only faces that came since the last time are compared; the result is the same as if all had come at once. A run
    of `varde process` does this at its end.

    \b
    Example:
      varde faces cluster 2026-0042
    """
    from varde.workflows.group_faces import group_faces

    said = 0

    def say(done: int, total: int) -> None:
        nonlocal said
        tenths = done * 10 // max(total, 1)
        if tenths > said and total > 10_000:
            output.say(f"{done:,} of {output.count(total, 'face')} compared.")
        said = tenths

    done = group_faces(session.open(), session.actor, case, say)
    if session.as_json:
        output.write_json(
            {
                "case": case,
                "faces": done.faces,
                "clusters": done.clusters,
                "compared": done.compared,
                "unknown": done.unknown,
            }
        )
    output.say(
        f"{output.count(done.faces, 'face')} of {case}: {output.count(done.clusters, 'cluster')}, "
        f"{sum(done.unknown.values()):,} unknown, {output.count(done.compared, 'new face')} compared."
    )
    _say_unknown(done.unknown)
    if not done.faces:
        output.say("No face was found in this case. `varde process CASE --faces` looks at items nobody looked at.")


@click.command()
@click.argument("case")
@click.option("--least", type=click.IntRange(1), default=2, show_default=True, help="Faces a cluster has at least.")
@click.option("--limit", type=click.IntRange(1, 1 << 40), default=1000, show_default=True, help="Most clusters shown.")
@with_session
def clusters(session: Session, case: str, least: int, limit: int) -> None:
    """List who appears how often in CASE: its clusters, the largest first.

    A cluster is a lead: faces that a model finds alike. Twins and relatives may be one cluster, one person several.

    \b
    Examples:
      varde faces clusters 2026-0042
      varde faces clusters 2026-0042 --least 1 --json
    """
    from varde.workflows.group_faces import read_groups

    found = read_groups(session.open(), case, least=least, limit=limit)
    rows = [
        {
            "cluster": one.cluster_id,
            "alias": one.alias,
            "faces": one.faces,
            "items": seen.items,
            "videos": seen.videos,
            "first_at": None if seen.first_at is None else seen.first_at.isoformat(),
            "last_at": None if seen.last_at is None else seen.last_at.isoformat(),
            "best_face": one.best_face_id,
            "kept_by_person": one.is_kept,
        }
        for one, seen in found.clusters
    ]
    if session.as_json:
        output.write_json(
            {
                "case": found.case,
                "model": found.model,
                "operating_point": found.point,
                "count": found.count,
                "several": found.several,
                "faces": found.faces,
                "clusters": rows,
                "unknown": found.unknown,
                "not_examined": found.not_examined,
            }
        )
    else:
        columns = ("cluster", "alias", "faces", "items", "videos", "first_at", "last_at", "best_face")
        output.write_rows(columns, ([row[name] for name in columns] for row in rows))
    if not found.model:
        output.say("The faces of this case were not grouped yet: `varde faces cluster CASE` does it.")
        return
    output.say(
        f"{output.count(found.count, 'cluster')} of {output.count(found.faces, 'face')}, "
        f"{found.several:,} of several faces; by {found.model} ({found.point}). Leads, no identifications."
    )
    _say_unknown(found.unknown)
    if found.not_examined:
        examined = output.count(found.not_examined, "picture or video was", "pictures or videos were")
        output.say(f"{examined} not looked at for faces: `varde process CASE --faces`.")


def _say_unknown(unknown: dict[str, int]) -> None:
    for reason, number in unknown.items():
        output.say(f"Unknown, {_REASONS.get(reason, reason.replace('_', ' '))}: {output.count(number, 'face')}.")
