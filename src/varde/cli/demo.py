"""``varde demo``."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import click

from varde.cli import output
from varde.cli.demo_pages import is_watched, open_browser, serve_demo
from varde.cli.options import Session, with_session
from varde.cli.process import run_processing
from varde.core.errors import VardeError
from varde.reports.camera_words import write_ratio
from varde.testing.demo_material import DemoMaterial
from varde.workflows import demo as workflow
from varde.workflows import demo_cameras as cameras
from varde.workflows import demo_faces as faces
from varde.workflows.demo import DemoAccount, DemoResult
from varde.workflows.demo_cameras import CamerasShown
from varde.workflows.demo_faces import FacesShown
from varde.workflows.visit_pages import Visit


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--serve/--no-serve", "stay", default=None, help="Leave the pages open until Ctrl-C; default: on a terminal."
)
@with_session
def demo(session: Session, folder: Path, stay: bool | None) -> int:
    """Make a benign example exhibit in FOLDER and run the main job on it: known sets, processing, grades, report.

    An earlier demo in FOLDER is made anew; a folder with anything else in it is refused. Takes less than a minute, at
    the very first run longer, since code is compiled then. Its site is FOLDER/site, whatever --site says. At its end
    it logs in to the pages of the case as a browser does and checks that they show pictures; on a terminal it then
    leaves them open.

    \b
    Example:
      varde demo ./demo
    """
    start = time.monotonic()
    folder = folder.absolute()
    stays = is_watched() if stay is None else stay
    output.say(f"1. Making benign material in {folder}")
    material = workflow.make_material(folder)
    _say_material(material)
    output.say("2. Making a site, importing the known sets, opening case 'demo' with the exhibit")
    site = workflow.open_demo_case(folder, material, session.actor)
    output.say("3. Processing")
    run_processing(replace(session, as_json=False), site, workflow.CASE)
    output.say("4. Grading examples, writing the report, verifying and signing the audit log")
    account = workflow.add_demo_account(site, session.actor)
    result = workflow.finish_demo(site, folder, material, session.actor)
    output.say(f"5. Enrolling a synthetic camera, comparing a second case, '{cameras.CASE}', with it by sensor noise")
    compared = cameras.show_cameras(site, folder, session.actor, account.name)
    _say_cameras(compared)
    output.say(f"6. Looking for faces in a third case, '{faces.CASE}', and searching it for one")
    shown = faces.show_faces(site, folder, session.actor, account.name)
    _say_faces(shown)
    output.say("7. Serving the pages, logging in, looking at the case")

    def end(page: str, visit: Visit) -> None:
        _say_result(result, visit, time.monotonic() - start)
        _say_next(folder, result, shown)
        _say_camera_next(folder, compared)
        _say_pages(folder, account, page if stays else "")
        if session.as_json:
            output.write_json(_describe(folder, result, account, page if stays else ""))
        if stays:
            open_browser(page)

    try:
        serve_demo(site, folder, account, end, stay=stays)
    except VardeError:
        _say_pages(folder, account, "")
        raise
    finally:
        site.close()
    if stays:
        output.say("")
        output.say(f"Stopped. The pages open again with: {_find_varde(folder)} serve")
    return 0


def _say_material(material: DemoMaterial) -> None:
    output.say(
        f"   {material.generated} generated pictures, {material.samples} sample photographs, "
        f"{material.variants} changed copies of them, a video, documents, a cut-off picture, a ZIP in a ZIP."
    )
    if not material.samples:
        output.say("   No sample photographs: scikit-image is not installed. Going on with generated pictures.")


def _say_faces(shown: FacesShown | str) -> None:
    if isinstance(shown, str):
        output.say(f"   Not done. {shown}")
        return
    output.say(
        f"   Candidates in {shown.pictures} pictures, those that show the person, among {shown.gallery_faces} faces "
        f"({shown.model}). A person would decide who it is."
    )


def _say_cameras(shown: CamerasShown) -> None:
    output.say(
        f"   {shown.camera} enrolled from {output.count(shown.references, 'flat field')}. Pictures that support that "
        f"it took them: {shown.supporting}, those that it did\n   (the lowest log10 likelihood ratio "
        f"{write_ratio(shown.least)}: {shown.least.words}).\n   Pictures that do not: {shown.not_supporting}; not "
        f"assessable: {shown.not_assessable}. Both sensors are synthetic. A person would decide."
    )


def _say_result(result: DemoResult, visit: Visit, seconds: float) -> None:
    output.say("")
    output.say(f"Done in {seconds:.0f} s, and everything was found that the material holds:")
    output.say(f"  {result.files} files and {result.members} archive members, {result.with_issues} with an issue")
    output.say(f"  {result.same} items are in the example set byte for byte, {result.similar} look like one in it")
    output.say(f"  {result.harmless} items are in the harmless list, which is no alert")
    output.say(f"  {len(result.graded)} example grades by the made-up person {workflow.EXAMINER}")
    output.say(f"  {result.events} events in the audit log, verified; signed in {result.checkpoint}")
    output.say(f"  {visit.tiles} tiles on the first page of the case, {visit.pictures} of their pictures fetched")


def _say_next(folder: Path, result: DemoResult, shown: FacesShown | str) -> None:
    varde = _find_varde(folder)
    page = next(path for path in result.reports if path.suffix == ".html")
    output.say("")
    output.say(f"Open the report in a browser: {page.resolve().as_uri()}")
    output.say("Go on with:")
    output.say(f"  {varde} item list demo --matched")
    output.say(f"  {varde} item show {result.graded[0]}")
    output.say(f"  {varde} issue list demo")
    output.say(f"  {varde} audit list")
    if isinstance(shown, FacesShown):
        output.say(f"  {varde} faces search {shlex.quote(str(shown.probe))} --case {faces.CASE}")


def _say_camera_next(folder: Path, shown: CamerasShown) -> None:
    varde = _find_varde(folder)
    output.say(f"  {varde} camera compare {shown.camera} --case {cameras.CASE} --all")
    output.say(f"  {varde} camera leads --case {cameras.CASE}")
    output.say(f"The pages show the comparisons with the camera under Cameras of the case '{cameras.CASE}'.")


def _say_pages(folder: Path, account: DemoAccount, page: str) -> None:
    output.say("")
    if page:
        output.say(f"The pages are open until Ctrl-C: {page}")
        output.say(f"(Their log is {folder / workflow.LOG}.)")
    else:
        output.say("Open the pages, then go to http://127.0.0.1:5100 with a browser:")
        output.say(f"  {_find_varde(folder)} serve")
    output.say(f"  name      {account.name}")
    output.say(f"  password  {account.password}")


def _find_varde(folder: Path) -> str:
    return f"{shlex.quote(_find_program())} --site {shlex.quote(str(folder / 'site'))}"


def _find_program() -> str:
    """Returns what a person has to type to start this very installation."""
    own = Path(sys.executable).with_name("varde")
    found = shutil.which("varde")
    if found and Path(found).resolve() == own.resolve():
        return "varde"
    near = os.path.relpath(own)
    return str(own) if near.startswith("..") else near


def _describe(folder: Path, result: DemoResult, account: DemoAccount, page: str) -> dict[str, object]:
    return {
        "folder": str(folder),
        "site": str(folder / "site"),
        "case": workflow.CASE,
        "files": result.files,
        "members": result.members,
        "places_with_issues": result.with_issues,
        "same": result.same,
        "similar": result.similar,
        "harmless": result.harmless,
        "graded": list(result.graded),
        "reports": [str(path) for path in result.reports],
        "checkpoint": str(result.checkpoint),
        "audit_events": result.events,
        "name": account.name,
        "password": account.password,
        "page": page,
    }
