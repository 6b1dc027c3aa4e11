from collections.abc import Callable
from pathlib import Path

import numpy as np
from mixed_exhibit import ACTOR, process

from varde.known.format import ReadOptions
from varde.store.site import Site
from varde.testing.exhibits import write_exhibit
from varde.testing.site_state import describe_state
from varde.workflows.import_known_set import ImportRequest, import_known_set
from varde.workflows.keep_audit import verify_audit
from varde.workflows.process_case import process_case
from varde.workflows.write_report import ReportRequest, write_report


def test_the_whole_job_gives_the_same_on_both_databases(
    site: Site, make_site: Callable[..., Site], tmp_path: Path
) -> None:
    expected = write_exhibit(tmp_path / "exhibit", np.random.default_rng(3), with_pipe=True)
    sites = [site, make_site("other")]
    for one in sites:
        request = ImportRequest(tmp_path / "exhibit", name="own", version="1", options=ReadOptions())
        import_known_set(one, ACTOR, request, lambda _: None)
        counts = process(one, tmp_path / "exhibit")
        assert counts.places == len(expected.places)
        assert process_case(one, ACTOR, case_name="case", progress=lambda _: None).run.items == 0
        verify_audit(one, None)
        written = write_report(one, ACTOR, ReportRequest("case", tmp_path / f"report-{one.folder.name}"))
        assert written["csv"].counts["items"] == len(expected.items)
    first, second = (describe_state(one) for one in sites)
    for table, rows in first.items():
        if table != "findings":  # entries of a folder have no order that both share
            assert rows == second[table], table
    assert len(first["findings"]) == len(second["findings"]) > 0
