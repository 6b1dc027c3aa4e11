"""``varde faces``: finds the file of each of its commands when it is called."""

from __future__ import annotations

from typing import Final

import click

from varde.cli.lazy_group import LazyGroup

_COMMANDS: Final = {
    "cluster": ("varde.cli.face_clusters", "cluster", "Group the faces of CASE by person."),
    "clusters": ("varde.cli.face_clusters", "clusters", "List the clusters of CASE."),
    "cohort": ("varde.cli.face_cohort", "cohort", "Keep faces of consenting people to measure reviewers by."),
    "evaluate": ("varde.cli.face_evaluation", "evaluate", "Measure a pack of models on a folder of people."),
    "identify": ("varde.cli.face_decisions", "identify", "Decide that FACE is victim ALIAS of CASE."),
    "judge": ("varde.cli.face_decisions", "judge", "Say whether a candidate looks like the same person."),
    "leads": ("varde.cli.face_leads", "leads", "See the faces that are close to a victim's."),
    "link": ("varde.cli.face_decisions", "link", "Decide that CASE and OTHER belong together."),
    "list": ("varde.cli.face_list", "list_", "List the faces of ITEM."),
    "re-embed": ("varde.cli.face_re_embed", "re_embed", "Compute embeddings by the models in use for all faces."),
    "search": ("varde.cli.face_search", "search", "Search for the face of each IMAGE in one case or everywhere."),
    "show": ("varde.cli.face_list", "show", "Show FACE and where it is."),
    "trial": ("varde.cli.face_trial", "trial", "Write the report on a trial of face search."),
}
"""Name to file, object and one line of help."""


@click.group(cls=LazyGroup, at=_COMMANDS)
def faces() -> None:
    """Find faces, compare them, and measure how well that works here.

    What a machine finds are candidates and leads: a person identifies.
    """
