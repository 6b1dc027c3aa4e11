import errno
from pathlib import Path

import pytest

from varde.core.errors import VardeError
from varde.reports.content import ReportOptions, ReportSource, Written
from varde.store import audit
from varde.store.site import Site
from varde.workflows import write_report as module
from varde.workflows.actor import Actor
from varde.workflows.open_case import create_case
from varde.workflows.write_report import ReportRequest, write_report

ACTOR = Actor("examiner")


def fill_the_disk(source: ReportSource, folder: Path, options: ReportOptions) -> Written:
    (folder / "half.html").write_text("half")
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_report_that_fails_leaves_nothing_and_can_be_written_again(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_case(sqlite_site, ACTOR, name="case", authorisation="", scheme="vics-us@2.0")
    request = ReportRequest("case", tmp_path / "deep" / "report")
    writers = module.load_writers
    monkeypatch.setattr(module, "load_writers", lambda *_: {**writers((), ("csv",)), "full": fill_the_disk})
    with pytest.raises(VardeError, match="No space left"):
        write_report(sqlite_site, ACTOR, request)
    assert list(request.output.iterdir()) == []
    with sqlite_site.database.read() as connection:
        assert "report_written" not in [event.act for event in audit.list_events(connection)]
    monkeypatch.setattr(module, "load_writers", writers)
    written = write_report(sqlite_site, ACTOR, request)
    paths = [path for report in written.values() for path in report.paths]
    assert sorted(paths) == sorted(request.output.iterdir())
