"""The new folder that a report is written into: all of it appears, or nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from varde.core.errors import VardeError, WrongUse
from varde.reports.content import Written
from varde.store.site import Site
from varde.workflows.output_place import check_output


def check_folder(site: Site, output: Path) -> None:
    """Does nothing if a report may be written into a folder.

    Raises:
        WrongUse: if the folder holds files already, or is none.
        Refused: if it would lie in an exhibit.
    """
    if output.exists() and not output.is_dir():
        raise WrongUse(f"{output} is no folder", advice="Give a new folder for every report.")
    if output.exists() and any(output.iterdir()):
        raise WrongUse(f"{output} is not empty", advice="Give a new folder for every report.")
    check_output(site, output)


@contextmanager
def open_unfinished(output: Path) -> Iterator[Path]:
    """Gives a folder in the output that is gone afterwards: a failure leaves no half of a report behind.

    Raises:
        VardeError: if it cannot be written to.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output, prefix=".unfinished-") as folder:
            yield Path(folder)
    except OSError as error:
        raise VardeError(
            f"the report cannot be written to {output}: {error.strerror}", advice="Make room, or choose another folder."
        ) from error


def publish(report: Written, output: Path) -> Written:
    """Returns a report whose files were moved into the output."""
    files = tuple(replace(file, path=file.path.replace(output / file.path.name)) for file in report.files)
    return replace(report, files=files)
