"""Opens cases and adds exhibits to them."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection

from varde.core.account import Account
from varde.core.audit import Act
from varde.core.case import Case, Exhibit, Keeping
from varde.core.errors import WrongUse
from varde.core.locator import escape
from varde.store import audit, cases
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.give_access import record_access


def create_case(site: Site, actor: Actor, *, name: str, authorisation: str, scheme: str) -> Case:
    """Returns a new case.

    Raises:
        WrongUse: if the name is unfit or taken.
        NotFound: if the site has no such grade scheme.
    """
    with site.database.write() as connection:
        return _create_case(connection, actor, name, authorisation, scheme)


def open_case(site: Site, actor: Actor, account: Account, *, name: str, authorisation: str, scheme: str) -> Case:
    """Returns a new case, to which the person who opens it has access.

    Raises:
        WrongUse: if the name is unfit or taken, or there is no authorisation.
        NotFound: if the site has no such grade scheme.
    """
    if not authorisation.strip() or len(authorisation) > 500 or not authorisation.isprintable():
        raise WrongUse(
            "a case needs an authorisation of 1 to 500 printable characters",
            advice="Name the statute, warrant or order it rests on.",
        )
    with site.database.write() as connection:
        case = _create_case(connection, actor, name, authorisation.strip(), scheme)
        record_access(connection, actor, case, account)
    return case


def add_exhibit(site: Site, actor: Actor, *, case_name: str, path: Path, keeping: Keeping) -> Exhibit:
    """Returns a new exhibit of a case; nothing of it is read yet.

    Raises:
        WrongUse: if the path is neither a folder nor a file, holds the site itself, or is an exhibit already.
        NotFound: if there is no such case.
    """
    resolved = _check_path(site, path)
    at = actor.clock()
    with site.database.write() as connection:
        case = cases.get_case(connection, case_name)
        exhibit = cases.add_exhibit(connection, case=case, path=resolved, keeping=keeping, person=actor.person, at=at)
        subject: dict[str, str | int | None] = {
            "case": case.name,
            "exhibit": exhibit.number,
            "path": escape(os.fsencode(resolved)),
            "keeping": keeping.value,
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.EXHIBIT_ADDED, subject=subject)
    return exhibit


def _create_case(connection: Connection, actor: Actor, name: str, authorisation: str, scheme: str) -> Case:
    at = actor.clock()
    case = cases.create_case(
        connection, name=name, authorisation=authorisation, scheme=scheme, person=actor.person, at=at
    )
    subject: dict[str, str | int | None] = {"case": name, "authorisation": authorisation, "scheme": scheme}
    audit.append_event(connection, at=at, person=actor.person, act=Act.CASE_CREATED, subject=subject)
    return case


def _check_path(site: Site, path: Path) -> Path:
    try:
        resolved = path.resolve(strict=True)
    except OSError as error:
        raise WrongUse(f"{path} cannot be added: {error.strerror}") from error
    if not (resolved.is_dir() or resolved.is_file()):
        raise WrongUse(f"{path} is neither a folder nor a file")
    folder = site.folder.resolve()
    if folder.is_relative_to(resolved) or resolved.is_relative_to(folder):
        raise WrongUse(f"{path} and this site lie in one another", advice="Keep the site and its exhibits apart.")
    return resolved
