"""Lists the places of an exhibit: every file becomes a waiting item, everything else an issue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from varde.core.case import Exhibit
from varde.core.item import FoundFile, Origin
from varde.evidence.folder import FoundIssue, walk
from varde.store import cases, items
from varde.store.database import PATIENCE_S, Database
from varde.store.items import NewItem

_BATCH = 5000


def list_places(database: Database, exhibit: Exhibit, progress: Callable[[int], None]) -> None:
    """Records every place of an exhibit; safe to repeat after an interruption, since places are named by locator.

    Args:
        database: the site's.
        exhibit: whose path is walked.
        progress: called with the number of places found so far.
    """
    count = 0
    for batch in _batches(walk(exhibit.path)):
        files = [
            NewItem(found.locator, Origin.FILE, found.size_bytes, found.modified_at)
            for found in batch
            if isinstance(found, FoundFile)
        ]
        issues = [(str(found.locator), None, found.issue) for found in batch if isinstance(found, FoundIssue)]
        with database.write(patience_s=PATIENCE_S) as connection:
            items.add_items(connection, exhibit.exhibit_id, files)
            items.record_issues(connection, exhibit.exhibit_id, issues)
        count += len(batch)
        progress(count)
    with database.write(patience_s=PATIENCE_S) as connection:
        cases.record_walked(connection, exhibit.exhibit_id)


def _batches(found: Iterator[FoundFile | FoundIssue]) -> Iterator[list[FoundFile | FoundIssue]]:
    while batch := list(islice(found, _BATCH)):
        yield batch
