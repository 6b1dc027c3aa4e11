from collections.abc import Callable
from pathlib import Path

import numpy as np
from mixed_exhibit import process

from varde.store import item_lists, records
from varde.store.site import Site
from varde.testing.damaged import write_damaged


def test_300_damaged_files_are_all_accounted_for(make_site: Callable[..., Site], tmp_path: Path) -> None:
    written = write_damaged(tmp_path / "exhibit", 300, np.random.default_rng(20261122))
    site = make_site()
    counts = process(site, tmp_path / "exhibit")
    with site.database.read() as connection:
        found = {
            record.locator: record for record in records.load_records(connection, item_lists.list_ids(connection, 1))
        }
    files = {locator: record for locator, record in found.items() if "!/" not in locator}
    assert set(files) == {path.name for path in written}
    assert counts.waiting == 0
    assert counts.examined + counts.with_issues == len(found)
    for path in written:
        record = files[path.name]
        assert record.state == "done"
        assert record.content is not None, f"the bytes of {path.name} were not digested"
        assert record.content.digests.size_bytes == path.stat().st_size
    codes = {issue.code for record in found.values() for issue in record.issues}
    assert "internal" not in codes
    assert "decoder_crashed" not in codes
    assert {"damaged", "truncated", "empty", "too_large"} <= codes
