"""``varde camera compare``."""

from __future__ import annotations

from pathlib import Path

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.camera import SearchExtent
from varde.core.camera_comparison import CompareOrder, FileToCompare, ItemToCompare
from varde.core.errors import WrongUse


@click.command()
@click.argument("name")
@click.argument("files", metavar="FILE...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--item", "items", type=int, multiple=True, help="Compare this item as well (repeat).")
@click.option("--all", "everything", is_flag=True, help="Compare every picture and video of --case.")
@click.option("--case", "case_name", help="Case that it is done for.")
@click.option(
    "--extent",
    type=click.Choice([extent.value for extent in SearchExtent]),
    help="How far a file is looked for on the sensor; default: as far as is sensible for each.",
)
@with_session
def compare(
    session: Session,
    name: str,
    files: tuple[Path, ...],
    items: tuple[int, ...],
    everything: bool,
    case_name: str | None,
    extent: str | None,
) -> int:
    """Compare each FILE with camera NAME by sensor noise: a likelihood ratio, or why it is not assessable.

    The first place to be tried is the one at which the camera itself would have put the file; further ones are tried
    only while that does not suffice. What comes out is a finding, never an identification. It is kept and audited.
    Ends with 1 if a file could not be opened.

    \b
    Examples:
      varde camera compare D70 IMG_1.jpg IMG_2.jpg --case 2026-0042
      varde camera compare D70 --item 17 --extent shifted
    """
    from varde.cli.camera_words import print_comparisons
    from varde.reports.camera_document import describe_comparison
    from varde.workflows.compare_camera import compare_camera, list_comparable_items

    site = session.open()
    if everything and case_name is None:
        raise WrongUse("--all needs --case CASE", advice="Say whose pictures and videos are to be compared.")
    numbers = [*items, *(list_comparable_items(site, case_name) if everything and case_name else [])]
    probes: tuple[FileToCompare | ItemToCompare, ...] = (
        *(FileToCompare(path, str(path)) for path in files),
        *(ItemToCompare(number) for number in numbers),
    )
    if not probes and not everything:
        raise WrongUse("say what to compare: one or more files, --item ITEM, or --case CASE --all")
    order = CompareOrder(name, probes, SearchExtent(extent) if extent else None, case_name)
    made = list(compare_camera(site, session.actor, order)) if probes else []
    if session.as_json:
        output.write_json_list(describe_comparison(one) for one in made)
    else:
        print_comparisons(made)
    return 0 if all(one.is_readable for one in made) else 1
