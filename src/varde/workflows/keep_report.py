"""Writes reports into the site's own place, from where the pages give them out again, unchanged."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from varde.core.account import Permission
from varde.core.case import Case
from varde.core.errors import IntegrityFailure, NotFound, Refused
from varde.store import accounts, assignments, case_access
from varde.store.report_log import find_report, list_reports
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.write_report import ReportRequest, write_report

_UNFINISHED = ".writing-"


@dataclass(frozen=True, slots=True)
class ReportWish:
    """What a report should hold.

    Attributes:
        kinds: names of report writers, () for all.
        reveal: show thumbnails as they are instead of grey and blurred.
        pictures: whether to show thumbnails at all.
    """

    kinds: tuple[str, ...] = ()
    reveal: bool = False
    pictures: bool = True


def check_reader(site: Site, account_id: int, case: Case) -> None:
    """Does nothing if a person may read now what was decided in a case, since a report tells all of it.

    Raises:
        Refused: if the person leads no cases or has no access to this one any more, or holds something of it for a
            second opinion.
    """
    with site.database.read() as connection:
        account = accounts.find_account(connection, account_id)
        leads = account is not None and account.disabled_at is None and Permission.LEAD in account.permissions
        if not leads or case_access.find_open_case(connection, account_id, case.case_id) is None:
            raise Refused("this case is not, or no longer, open to you")
        if assignments.has_opinions_to_give(connection, account_id, case.case_id):
            raise Refused(
                "a report tells what others decided, and you hold items of this case for a second opinion",
                advice="Give your opinions, or hand the items back, first.",
            )


def keep_report(site: Site, actor: Actor, case: Case, wish: ReportWish, name: str) -> str:
    """Writes a report of a case into the site, and returns its name. Call it for one report of a case at a time.

    What writers that were killed left behind is removed first.

    Args:
        site, actor: where and who.
        case: of the report.
        wish: what it should hold.
        name: of the folder until it is finished; unique.
    """
    place = find_place(site, case)
    clear_unfinished(site, case)
    folder = place / f"{_UNFINISHED}{name}"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        request = ReportRequest(case.name, folder, wish.kinds, wish.reveal, wish.pictures)
        written = write_report(site, actor, request)
        digests = {file.sha256.hex() for report in written.values() for file in report.files}
        with site.database.read() as connection:
            made = next(
                report.report_id
                for report in list_reports(connection, case.name, limit=100)
                if digests >= {file.sha256 for file in report.files}
            )
        folder.replace(place / made)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return made


def find_file(site: Site, case: Case, report_id: str, name: str) -> Path:
    """Returns a file of a report of a case, after comparing it with the digest in the audit log.

    Raises:
        NotFound: if the case has no such report, or its file is not kept here.
        IntegrityFailure: if it is not what was written.
    """
    with site.database.read() as connection:
        report = find_report(connection, case.name, report_id)
    wanted = next((file for file in report.files if file.name == name), None) if report else None
    if wanted is None:
        raise NotFound("there is no such report of this case")
    path = find_place(site, case) / report_id / wanted.name
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise NotFound(
            "this file is not kept here", advice="It was written on the command line, or somebody removed it."
        ) from error
    if digest != wanted.sha256:
        raise IntegrityFailure(f"{wanted.name} of report {report_id} is not what was written: it was changed")
    return path


def is_kept(site: Site, case: Case, report_id: str) -> bool:
    """Returns whether the files of a report lie in the site."""
    return (find_place(site, case) / report_id).is_dir()


def measure_unfinished(site: Site, case: Case, name: str) -> int:
    """Returns how many bytes of a report that is being written are there already."""
    folder = find_place(site, case) / f"{_UNFINISHED}{name}"
    try:
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    except OSError:
        return 0  # it was renamed while it was looked at


def clear_unfinished(site: Site, case: Case) -> None:
    """Removes what was being written of a case when the server was killed."""
    for folder in find_place(site, case).glob(f"{_UNFINISHED}*"):
        shutil.rmtree(folder, ignore_errors=True)


def find_place(site: Site, case: Case) -> Path:
    """Returns the folder of a case's reports."""
    return site.folder / "reports" / str(case.case_id)
