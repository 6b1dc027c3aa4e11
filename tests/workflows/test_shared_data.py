import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from varde.core.case import Keeping
from varde.store import item_lists, records
from varde.store.site import create_site
from varde.workflows.actor import Actor
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import process_case

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.shared_data
@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared test material is not beside this repository")
def test_every_file_of_the_shared_material_is_an_item(tmp_path: Path) -> None:
    actor = Actor("examiner", lambda: datetime.now(UTC))
    site, _ = create_site(tmp_path / "site", name="site", person=actor.person, at=actor.clock())
    create_case(site, actor, name="all", authorisation="", scheme="vics-us@2.0")
    add_exhibit(site, actor, case_name="all", path=SHARED, keeping=Keeping.REFERENCE)
    counts = process_case(site, actor, case_name="all", progress=lambda _: None).places
    files = {os.path.relpath(Path(folder) / name, SHARED) for folder, _, names in os.walk(SHARED) for name in names}
    with site.database.read() as connection:
        found = list(records.load_records(connection, item_lists.list_ids(connection, 1)))
    site.close()
    tops = {record.locator for record in found if "!/" not in record.locator}
    assert tops == files
    assert counts.examined + counts.with_issues == len(found)
    assert all(record.content for record in found)
    codes = [issue.code for record in found for issue in record.issues]
    assert "internal" not in codes
    assert "decoder_crashed" not in codes
