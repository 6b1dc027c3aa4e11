"""Runs the main job on benign made-up material, to show it and to check an installation."""

from __future__ import annotations

import shutil
from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path

from varde.core.account import Role
from varde.core.case import Keeping
from varde.core.errors import Refused, VardeError, WrongUse
from varde.core.known import SetRole
from varde.store import cases, item_lists, records, summary
from varde.store.site import Site, create_site
from varde.testing.demo_material import SCHEME, DemoMaterial, write_demo
from varde.workflows.actor import Actor
from varde.workflows.give_access import give_access
from varde.workflows.grade_items import grade_items
from varde.workflows.import_known_set import ImportRequest, import_known_set
from varde.workflows.keep_audit import export_checkpoint, verify_audit
from varde.workflows.manage_accounts import add_account
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.own_account import change_password
from varde.workflows.passwords import make_one_time_password
from varde.workflows.write_report import ReportRequest, write_report

CASE = "demo"
EXAMINER = "Demo Examiner"
ACCOUNT = "demo"
LOG = "serve.log"
"""File in the demo's folder that holds the log of its pages."""

_MARKER = "MADE-BY-VARDE-DEMO.txt"
_MARKER_TEXT = (
    "`varde demo` made this folder. Run on it again, it deletes the folders evidence, people, cameras, flat-fields,\n"
    "known, site and report and the files probe.jpg, checkpoint.json and serve.log in here, and makes them anew.\n"
)
_FOLDERS = ("evidence", "people", "cameras", "flat-fields", "known", "site", "report")
_PROBE = "probe.jpg"
_CHECKPOINT = "checkpoint.json"


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo found and left behind; all of it is what its material promised.

    Attributes:
        files, members: items that are files, and members of archives.
        with_issues: places with at least one issue.
        same, similar: items in the alert set byte for byte, and items that only look like one in it.
        harmless: items in the harmless list.
        graded: item numbers with an example grade.
        reports: files of the report.
        events: of the audit log, verified against the checkpoint.
    """

    files: int
    members: int
    with_issues: int
    same: int
    similar: int
    harmless: int
    graded: tuple[int, ...]
    reports: tuple[Path, ...]
    checkpoint: Path
    events: int


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Whom the pages of the demo let in.

    Attributes:
        password: random; nobody can ask for it again.
        case_id: of the case it has access to.
    """

    name: str
    password: str = field(repr=False)
    case_id: int


def make_material(folder: Path) -> DemoMaterial:
    """Returns fresh material in a folder that is made if needed; an earlier demo in it is deleted first.

    Raises:
        Refused: if the folder holds anything and was not made by the demo.
        WrongUse: if it cannot be written to.
    """
    try:
        _start_afresh(folder)
        return write_demo(folder)
    except OSError as error:
        raise WrongUse(f"the demo cannot be made in {folder}: {error.strerror}") from error


def open_demo_case(folder: Path, material: DemoMaterial, actor: Actor) -> Site:
    """Returns a new site with both known sets and a case with the exhibit, nothing of it processed yet."""
    site, _ = create_site(folder / "site", name="Demo", person=actor.person, at=actor.clock())
    owner = "made up by varde demo"
    alert = ImportRequest(material.known_set, name="example-set", version="1", owner=owner, role=SetRole.ALERT)
    harmless = ImportRequest(material.harmless, name="harmless-files", version="1", owner=owner, role=SetRole.KNOWN)
    for request in (alert, harmless):
        import_known_set(site, actor, request, lambda _: None)
    create_case(site, actor, name=CASE, authorisation="none needed: made-up material", scheme=SCHEME)
    add_exhibit(site, actor, case_name=CASE, path=material.evidence, keeping=Keeping.REFERENCE)
    return site


def add_demo_account(site: Site, actor: Actor) -> DemoAccount:
    """Returns a new account with every role and access to the demo's case, which need not change its password."""
    made = add_account(site, actor, name=ACCOUNT, full_name=EXAMINER, roles=list(Role))
    password = make_one_time_password()
    change_password(site, Actor(ACCOUNT, actor.clock), old=made.password, new=password, session_id=0)
    give_access(site, actor, case_name=CASE, account_name=ACCOUNT)
    with site.database.read() as connection:
        return DemoAccount(ACCOUNT, password, cases.get_case(connection, CASE).case_id)


def finish_demo(site: Site, folder: Path, material: DemoMaterial, actor: Actor) -> DemoResult:
    """Checks the processed case, records example grades, writes the report and signs the log.

    Raises:
        VardeError: if anything was found that the material does not hold, or missed that it does.
    """
    _check_places(site, material)
    same, similar, harmless = _check_matches(site, material)
    graded = _grade_examples(site, material)
    written = write_report(site, actor, ReportRequest(CASE, folder / "report"))
    checkpoint = folder / _CHECKPOINT
    export_checkpoint(site, actor, checkpoint)
    return DemoResult(
        files=len(material.expected.files),
        members=len(material.expected.members),
        with_issues=len({place for place, _ in material.expected.issues}),
        same=same,
        similar=similar,
        harmless=harmless,
        graded=graded,
        reports=tuple(path for report in written.values() for path in report.paths),
        checkpoint=checkpoint,
        events=verify_audit(site, checkpoint).head.number,
    )


def _start_afresh(folder: Path) -> None:
    marker = folder / _MARKER
    if folder.exists() and not folder.is_dir():
        raise Refused(f"{folder} is a file, not a folder")
    if folder.is_dir() and not marker.is_file() and any(folder.iterdir()):
        raise Refused(
            f"{folder} holds files that the demo did not make, and the demo deletes what it makes anew",
            advice="Name a folder that does not exist yet.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text(_MARKER_TEXT, "utf-8")
    for name in _FOLDERS:
        if (folder / name).exists():
            shutil.rmtree(folder / name)
    for name in (_CHECKPOINT, LOG, _PROBE):
        (folder / name).unlink(missing_ok=True)


def _check_places(site: Site, material: DemoMaterial) -> None:
    with site.database.read() as connection:
        case_id = cases.get_case(connection, CASE).case_id
        ids = item_lists.list_ids(connection, case_id)
        items = {record.locator for record in records.load_records(connection, ids)}
        issues = {(placed.locator, placed.issue.code) for placed in summary.list_issues(connection, case_id)}
    _compare("items", items, material.expected.items)
    _compare("issues", issues, material.expected.issues)


def _check_matches(site: Site, material: DemoMaterial) -> tuple[int, int, int]:
    same, similar, harmless = set(), set(), set()
    with site.database.read() as connection:
        case_id = cases.get_case(connection, CASE).case_id
        for record in records.load_records(connection, item_lists.list_ids(connection, case_id)):
            alerts = [match for match in record.matches if match.role is SetRole.ALERT]
            if len(alerts) < len(record.matches):
                harmless.add(record.locator)
            if any(not match.point.max_distance for match in alerts):
                same.add(record.locator)
            elif alerts:
                similar.add(record.locator)
    _compare("matches by digest", same, material.same)
    _compare("perceptual matches", similar, material.similar)
    _compare("matches with the harmless list", harmless, material.harmless_items)
    return len(same), len(similar), len(harmless)


def _compare(what: str, found: Set[object], expected: Set[object]) -> None:
    missed, surplus = expected - found, found - expected
    if missed or surplus:
        raise VardeError(
            f"the demo's {what} are not as they must be: {len(missed)} missing {sorted(map(str, missed))[:3]}, "
            f"{len(surplus)} too many {sorted(map(str, surplus))[:3]}",
            advice="This installation does not work as it should: please report it with the output of `varde doctor`.",
        )


def _grade_examples(site: Site, material: DemoMaterial) -> tuple[int, ...]:
    """Returns the items that got an example grade, by a made-up person: nobody real has decided anything."""
    graded = []
    for locator, code, note in material.examples:
        with site.database.read() as connection:
            case_id = cases.get_case(connection, CASE).case_id
            exhibit_id = cases.list_exhibits(connection, case_id)[0].exhibit_id
            ids = list(item_lists.find_by_locator(connection, exhibit_id, locator))
        grade_items(site, Actor(EXAMINER), item_ids=ids, code=code, note=note)
        graded += ids
    return tuple(graded)
