"""Where results may be written: anywhere but into an exhibit, which is only ever read."""

from __future__ import annotations

from pathlib import Path

from varde.core.errors import Refused
from varde.store import cases
from varde.store.site import Site


def check_output(site: Site, output: Path) -> None:
    """Does nothing if the file or folder would lie outside of every exhibit of the site.

    Raises:
        Refused: naming the exhibit that it would change.
    """
    resolved = output.resolve()
    with site.database.read() as connection:
        for case in cases.list_cases(connection):
            for exhibit in cases.list_exhibits(connection, case.case_id):
                if resolved.is_relative_to(exhibit.path):
                    raise Refused(
                        f"{output} lies in exhibit {exhibit.number} of case {case.name}, which is only read",
                        advice="Write it somewhere else.",
                    )
