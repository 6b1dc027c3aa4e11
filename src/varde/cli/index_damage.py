"""Says which indexes were found damaged: they heal, the disk they lie on does not."""

from __future__ import annotations

from varde.cli import output
from varde.pipeline.index_faults import read_damage
from varde.store.site import Site


def say_damage(site: Site) -> None:
    """Writes a line for each index that was found damaged and made again."""
    for sentence in read_damage(site.indexes):
        output.say(f"Mind: {sentence}")
