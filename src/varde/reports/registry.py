"""Which report writers there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from varde.core.errors import NotFound
from varde.core.plugins import load_plugins
from varde.reports.content import ReportWriter

GROUP = "varde.reports"


def load_writers(listed: Sequence[str] = (), wanted: Sequence[str] = ()) -> dict[str, ReportWriter]:
    """Returns report writers by name.

    Args:
        listed: third-party writers the site has switched on.
        wanted: names to choose; () for all.

    Raises:
        NotFound: if a wanted one does not exist.
        PluginError: if a listed one cannot be loaded.
    """
    writers = {name: cast(ReportWriter, made) for name, made in load_plugins(GROUP, listed).items()}
    for name in wanted:
        if name not in writers:
            raise NotFound(f"there is no report {name!r}", advice=f"There are: {', '.join(writers)}.")
    return {name: write for name, write in writers.items() if not wanted or name in wanted}
