"""Writes the reports of a case from what is stored: decisions are a person's, findings a machine's, never mixed."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from varde.core.audit import Act
from varde.pipeline.render import Veiler
from varde.reports.content import (
    ReportOptions,
    ThumbnailView,
    Written,
)
from varde.reports.head import (
    ReportHead,
)
from varde.reports.registry import load_writers
from varde.store import audit, cases
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.report_folder import check_folder, open_unfinished, publish
from varde.workflows.stored_case import StoredCase


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What a report should hold.

    Attributes:
        case_name: of the case.
        output: folder, made if needed; must not hold a report already.
        kinds: names of report writers, () for all.
        reveal: show thumbnails as they are instead of grey and blurred.
        pictures: whether to show thumbnails at all.
    """

    case_name: str
    output: Path
    kinds: tuple[str, ...] = ()
    reveal: bool = False
    pictures: bool = True


def write_report(site: Site, actor: Actor, request: ReportRequest) -> dict[str, Written]:
    """Writes the reports and returns what each writer left, by name.

    All of them are read in one transaction, so that their figures agree.

    Raises:
        NotFound: if there is no such case or no such writer.
        WrongUse: if the folder holds files already.
        Refused: if it would lie in an exhibit.
        PluginError: if a listed writer cannot be loaded.
    """
    check_folder(site, request.output)
    writers = load_writers(site.settings.plugins.reports, request.kinds)
    with ExitStack() as stack:
        connection = stack.enter_context(site.database.read())
        case = cases.get_case(connection, request.case_name)
        source = StoredCase(connection, site, case, actor)
        veils = request.pictures and not request.reveal
        veiler = stack.enter_context(Veiler()) if veils else None
        options = _options(request, veiler)
        folder = stack.enter_context(open_unfinished(request.output))
        written = {name: write(source, folder, options) for name, write in writers.items()}
        if veiler and veiler.unreadable:
            counts = {"grey_placeholders": veiler.unreadable}
            written = {name: replace(report, counts=report.counts | counts) for name, report in written.items()}
        _record(site, actor, request, source.head, written)
        return {name: publish(report, request.output) for name, report in written.items()}


def _record(site: Site, actor: Actor, request: ReportRequest, head: ReportHead, written: dict[str, Written]) -> None:
    with site.database.write() as connection:
        for name, report in written.items():
            for file in report.files:
                subject: dict[str, str | int | None] = {
                    "case": head.case.name,
                    "report": head.report_id,
                    "kind": name,
                    "file": file.path.name,
                    "sha256": file.sha256.hex(),
                    "revealed": int(request.reveal and request.pictures),
                }
                audit.append_event(
                    connection, at=actor.clock(), person=actor.person, act=Act.REPORT_WRITTEN, subject=subject
                )


def _options(request: ReportRequest, veiler: Veiler | None) -> ReportOptions:
    if not request.pictures:
        return ReportOptions()
    if veiler is None:
        return ReportOptions(ThumbnailView(lambda thumbnail: thumbnail, "Pictures are shown as they are."))
    return ReportOptions(ThumbnailView(veiler.veil, "Pictures are shown grey and blurred."))
