"""Finds items by digest or by name."""

from __future__ import annotations

from varde.core.digest import read_digest
from varde.core.errors import WrongUse
from varde.store import cases, item_lists, records
from varde.store.records import ItemRecord
from varde.store.site import Site


def find_items(site: Site, text: str, *, case_name: str | None, limit: int) -> list[ItemRecord]:
    """Returns items whose MD5, SHA-1 or SHA-256 is the text, or else whose locator contains it.

    Files are often named by a digest, of themselves or of something else: where no content has it, names are looked at.

    Args:
        site: where.
        text: hexadecimal digest, or part of a name.
        case_name: None looks in all cases.
        limit: most items returned.

    Raises:
        WrongUse: if the text is empty.
        NotFound: if there is no such case.
    """
    if not text.strip():
        raise WrongUse("say what to look for: a digest or a part of a file name")
    with site.database.read() as connection:
        case_id = cases.get_case(connection, case_name).case_id if case_name else None
        try:
            algorithm, digest = read_digest(text)
        except WrongUse:
            ids = item_lists.find_by_name(connection, text, case_id, limit)
        else:
            ids = item_lists.find_by_digest(connection, algorithm, digest, case_id, limit)
            ids = ids or item_lists.find_by_name(connection, text.strip(), case_id, limit)
        return list(records.load_records(connection, ids))
