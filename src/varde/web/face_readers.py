"""Who reads what a face search gave: the person, and the cases they may see."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from varde.store import case_access
from varde.web.people import find_visitor
from varde.web.services import get_services


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads faces.

    Attributes:
        person: account name.
        case_ids: of the cases that the person has access to now.
    """

    person: str
    case_ids: frozenset[int]


def find_reader(request: Request) -> Reader:
    """Returns who calls, with the cases they have access to; reads the database."""
    services, account = get_services(request), find_visitor(request).account
    with services.site.database.read() as connection:
        cases = case_access.list_open_cases(connection, account.account_id)
    return Reader(account.name, frozenset(case.case_id for case in cases))
