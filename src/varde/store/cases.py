"""Cases and exhibits."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, exists, func, insert, select, update

from varde.core.case import Authorisation, Case, Exhibit, Keeping
from varde.core.errors import NotFound, WrongUse
from varde.core.locator import escape, unescape
from varde.store import tables
from varde.store.schemes import get_scheme
from varde.store.types import AnyRow, AnySelect


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """Every place of a case or exhibit, counted once.

    Attributes:
        items: all items.
        examined: items that are done, without any issue.
        with_issues: places (items, or things that are no items) with at least one issue.
        waiting: items not yet examined.
        issue_records: all issues; one place may have several.
        contents: distinct contents.
        size_bytes: sum of the sizes of all items.
    """

    items: int
    examined: int
    with_issues: int
    waiting: int
    issue_records: int
    contents: int
    size_bytes: int

    @property
    def places(self) -> int:
        """Everything that was found."""
        return self.examined + self.with_issues + self.waiting


def create_case(
    connection: Connection, *, name: str, authorisation: str, scheme: str, person: str, at: datetime
) -> Case:
    """Returns a new case.

    Raises:
        WrongUse: if the name is empty or taken.
        NotFound: if the site has no such grade scheme.
    """
    if not name.strip() or len(name) > 200 or not name.isprintable() or name.startswith("-"):
        raise WrongUse("a case needs a name of 1 to 200 printable characters that does not begin with a dash")
    if connection.execute(select(tables.cases.c.id).where(tables.cases.c.name == name)).first():
        raise WrongUse(f"there is a case named {name!r} already", advice="Choose another name.")
    scheme_id, _ = get_scheme(connection, scheme)
    values = {"name": name, "authorisation": authorisation, "scheme_id": scheme_id, "created_at": at}
    connection.execute(insert(tables.cases).values(**values, created_by=person))
    return get_case(connection, name)


def get_case(connection: Connection, name: str, case_ids: Collection[int] | None = None) -> Case:
    """Returns the case of that name.

    Args:
        connection: to read with.
        name: of the case.
        case_ids: cases that the person has access to; None for whoever works on the machine itself.

    Raises:
        NotFound: if there is none, or none for this person: the answer is the same.
    """
    row = connection.execute(_cases().where(tables.cases.c.name == name)).first()
    if row is None or (case_ids is not None and row.id not in case_ids):
        raise NotFound(f"there is no case named {name!r}", advice="`varde case list` shows all cases.")
    return _case(row)


def list_cases(connection: Connection) -> list[Case]:
    """Returns all cases by name."""
    return [_case(row) for row in connection.execute(_cases().order_by(tables.cases.c.name))]


def add_exhibit(
    connection: Connection, *, case: Case, path: Path, keeping: Keeping, person: str, at: datetime
) -> Exhibit:
    """Returns a new exhibit of the case, with the next free number.

    Raises:
        WrongUse: if the same path is an exhibit of the case already.
    """
    table = tables.exhibits
    text = escape(os.fsencode(path))
    taken = select(table.c.number).where(table.c.case_id == case.case_id, table.c.path == text)
    number = connection.execute(taken).scalar()
    if number is not None:
        raise WrongUse(
            f"{path} is exhibit {number} of {case.name} already",
            advice=f"`varde process {shlex.quote(case.name)}` goes on with it.",
        )
    highest = connection.execute(select(func.max(table.c.number)).where(table.c.case_id == case.case_id)).scalar()
    number = (highest or 0) + 1
    connection.execute(
        insert(table).values(
            case_id=case.case_id, number=number, path=text, keeping=keeping.value, added_at=at, added_by=person
        )
    )
    return list_exhibits(connection, case.case_id)[-1]


def list_exhibits(connection: Connection, case_id: int) -> list[Exhibit]:
    """Returns the exhibits of a case by number."""
    table = tables.exhibits
    rows = connection.execute(select(table).where(table.c.case_id == case_id).order_by(table.c.number))
    return [_exhibit(row) for row in rows]


def get_exhibit(connection: Connection, exhibit_id: int) -> Exhibit:
    """Returns an exhibit by its row number.

    Raises:
        NotFound: if there is none.
    """
    row = connection.execute(select(tables.exhibits).where(tables.exhibits.c.id == exhibit_id)).first()
    if row is None:
        raise NotFound(f"there is no exhibit in row {exhibit_id}")
    return _exhibit(row)


def record_walked(connection: Connection, exhibit_id: int) -> None:
    """Records that every file of the exhibit has been listed."""
    connection.execute(update(tables.exhibits).where(tables.exhibits.c.id == exhibit_id).values(walked=1))


def count_places(connection: Connection, case_id: int, exhibit_id: int | None = None) -> PlaceCounts:
    """Returns the accounting of a case, or of one of its exhibits."""
    items, issues = tables.items, tables.issues
    exhibits = select(tables.exhibits.c.id).where(tables.exhibits.c.case_id == case_id)
    if exhibit_id is not None:
        exhibits = exhibits.where(tables.exhibits.c.id == exhibit_id)
    waiting = func.count().filter(items.c.state != "done")
    row = connection.execute(
        select(func.count(), waiting, func.count(items.c.content_id.distinct()), func.sum(items.c.size_bytes)).where(
            items.c.exhibit_id.in_(exhibits)
        )
    ).one()
    of_issues = issues.c.exhibit_id.in_(exhibits)
    records = connection.execute(select(func.count()).where(of_issues)).scalar_one()
    is_item = exists().where(items.c.exhibit_id == issues.c.exhibit_id, items.c.place == issues.c.place)
    loose = connection.execute(
        select(func.count()).select_from(
            select(issues.c.exhibit_id, issues.c.place)
            .where(of_issues, issues.c.item_id.is_(None), ~is_item)
            .distinct()
            .subquery()
        )
    ).scalar_one()
    faulty = connection.execute(select(func.count(issues.c.item_id.distinct())).where(of_issues)).scalar_one()
    faulty_waiting = connection.execute(
        select(func.count(issues.c.item_id.distinct()))
        .join(items, items.c.id == issues.c.item_id)
        .where(of_issues, items.c.state != "done")
    ).scalar_one()
    total, still_waiting, contents, size = row
    examined = total - still_waiting - (faulty - faulty_waiting)
    return PlaceCounts(
        total, examined, faulty - faulty_waiting + loose, still_waiting, records, contents, int(size or 0)
    )


def _cases() -> AnySelect:
    cases, schemes = tables.cases, tables.schemes
    return select(
        cases.c.id, cases.c.name, cases.c.authorisation, cases.c.created_at, schemes.c.name, schemes.c.version
    ).join(schemes, schemes.c.id == cases.c.scheme_id)


def _case(row: AnyRow) -> Case:
    case_id, name, authorisation, created_at, scheme, version = row
    return Case(case_id, name, Authorisation(authorisation), f"{scheme}@{version}", created_at)


def _exhibit(row: AnyRow) -> Exhibit:
    path = Path(os.fsdecode(unescape(row.path)))
    return Exhibit(row.id, row.case_id, row.number, path, Keeping(row.keeping), bool(row.walked))
