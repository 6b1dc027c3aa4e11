"""A case full of things that nobody without access may be told, and people of every kind who ask for them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image
from secret_faces import ALIAS, PURPOSE, add_faces
from sqlalchemy import select, update

from varde.core.account import Account, Role
from varde.core.case import Case, Keeping
from varde.store import accounts, case_access, people_tables, sessions, tables
from varde.store.site import Site
from varde.testing.pictures import make_photo
from varde.web.people import compute_csrf
from varde.workflows.actor import Actor
from varde.workflows.add_scheme import add_scheme
from varde.workflows.grade_items import grade_items
from varde.workflows.import_known_set import ImportRequest, import_known_set
from varde.workflows.make_queue import FirstWork, SecondWork, make_queue
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import process_case
from varde.workflows.write_outcome import write_outcome

CASE = "zq-harbour-7731"
SCHEME = "zq-scheme"


@dataclass(frozen=True)
class SecretCase:
    """A processed case.

    Attributes:
        secrets: what must not be told, by what it is.
        numbers: row numbers to fill paths with, by the parameter's name.
        picture: a file of the case.
    """

    case: Case
    secrets: dict[str, str] = field(repr=False)
    numbers: dict[str, str]
    picture: bytes = field(repr=False)


def make_secret_case(site: Site, folder: Path) -> SecretCase:
    """Processes an exhibit with a broken file, known pictures, grades, queues and an outcome card."""
    leader = Actor("leader")
    exhibit = folder / "zq-exhibit-place" / "zq-folder-name"
    exhibit.mkdir(parents=True)
    random = np.random.default_rng(3)
    for number in range(3):
        Image.fromarray(make_photo(random, 160, 120)).save(exhibit / f"zq-picture-{number}.jpg", quality=90)
    (exhibit / "zq-copy.jpg").write_bytes((exhibit / "zq-picture-0.jpg").read_bytes())
    (exhibit / "zq-broken.jpg").write_bytes((exhibit / "zq-picture-1.jpg").read_bytes()[:400])
    add_scheme(site, leader, key=f"{SCHEME}@1", codes=["zq-code-a", "zq-code-b"])
    case = create_case(site, leader, name=CASE, authorisation="zq-warrant-17", scheme=f"{SCHEME}@1")
    known = folder / "list.md5"
    known.write_text(hashlib.md5((exhibit / "zq-picture-2.jpg").read_bytes()).hexdigest() + "\n")
    import_known_set(site, leader, ImportRequest(known, name="national"), lambda count: None)
    add_exhibit(site, leader, case_name=CASE, path=exhibit.parent, keeping=Keeping.REFERENCE)
    process_case(site, leader, case_name=CASE, progress=lambda progress: None)
    items = _list_items(site)
    graded = items["zq-picture-0.jpg"]
    grade_items(site, leader, item_ids=[graded, items["zq-picture-2.jpg"]], code="zq-code-b", note="zq-note-of-leader")
    first = make_queue(site, leader, case=case, name="zq-queue-first", work=FirstWork())
    make_queue(site, leader, case=case, name="zq-queue-second", work=SecondWork(percent=100))
    write_outcome(site, leader, case=case, text="zq-outcome-card")
    digests = {path.name: path.read_bytes() for path in sorted(exhibit.iterdir())}
    secrets = {
        "case": CASE,
        "authorisation": "zq-warrant-17",
        "place": "zq-exhibit-place",
        "folder": "zq-folder-name",
        "name": "zq-picture-0",
        "broken": "zq-broken",
        "note": "zq-note-of-leader",
        "queue": "zq-queue-",
        "outcome": "zq-outcome-card",
        "code": "zq-code-b",
        "sha256": hashlib.sha256(digests["zq-picture-0.jpg"]).hexdigest(),
        "sha1": hashlib.sha1(digests["zq-picture-0.jpg"]).hexdigest(),
        "md5": hashlib.md5(digests["zq-picture-0.jpg"]).hexdigest(),
    }
    numbers = {"case_id": str(case.case_id), "item_id": str(graded), "queue_id": str(first.queue_id)}
    numbers |= add_faces(site, case, graded)
    secrets |= {"alias": ALIAS, "purpose": PURPOSE}
    return SecretCase(case, secrets, numbers, digests["zq-picture-0.jpg"])


def _list_items(site: Site) -> dict[str, int]:
    with site.database.read() as connection:
        return {row.name: row.id for row in connection.execute(select(tables.items.c.name, tables.items.c.id))}


@dataclass
class Visitors:
    """Adds people, and logs them in by writing the session into the database: quick, and as often as is wanted."""

    site: Site
    _count: int = 0

    def add(self, *roles: Role, name: str = "", case: Case | None = None, must_change: bool = False) -> Account:
        self._count += 1
        with self.site.database.write() as connection:
            account = accounts.add_account(
                connection,
                name=name or f"person {self._count}",
                full_name="",
                roles=roles,
                password_hash="!",
                must_change_password=must_change,
                person="test",
                at=datetime.now(UTC),
            )
            if case is not None:
                at = datetime.now(UTC)
                case_access.give_access(connection, case.case_id, account.account_id, person="test", at=at)
        return account

    def disable(self, account: Account) -> None:
        with self.site.database.write() as connection:
            accounts.record_disabled(connection, account.account_id, datetime.now(UTC))

    def log_in(self, account: Account, *, started: timedelta = timedelta(), lasts: float = 8) -> dict[str, str]:
        """Returns the headers of a new session of an account that began some time ago."""
        self._count += 1
        secret, at = f"secret {self._count}", datetime.now(UTC) - started
        with self.site.database.write() as connection:
            values = {
                "digest": sessions.compute_session_digest(secret),
                "at": at,
                "ends_at": at + timedelta(hours=lasts),
            }
            sessions.start_session(connection, account.account_id, **values)  # type: ignore[arg-type]
        return {"Cookie": f"varde={secret}", "X-CSRF-Token": compute_csrf(secret)}

    def see_last(self, minutes: float) -> None:
        """Makes every session one that was last used some minutes ago."""
        at = datetime.now(UTC) - timedelta(minutes=minutes)
        with self.site.database.write() as connection:
            connection.execute(update(people_tables.sessions).values(seen_at=at))
