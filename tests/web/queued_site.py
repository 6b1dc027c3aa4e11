"""A served site with a stacked case, people who review it, and a clock that tests put forward."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from asking import Client
from sqlalchemy import select

from varde.core.account import Role
from varde.core.case import Case
from varde.core.scheme import Grade
from varde.store import accounts, case_access, sessions, stacks
from varde.store.review_tables import stacks as stack_rows
from varde.store.site import Site, open_site
from varde.testing.large_case import make_large_case
from varde.web.app import create_app
from varde.web.people import compute_csrf
from varde.workflows.actor import Actor
from varde.workflows.make_queue import FirstWork, SecondWork, make_queue

ROLES = {
    "ann": (Role.EXAMINER,),
    "ben": (Role.EXAMINER,),
    "cam": (Role.EXAMINER,),
    "lee": (Role.EXAMINER, Role.INVESTIGATOR),
    "sue": (Role.SUPERVISOR,),
    "una": (Role.EXAMINER, Role.INVESTIGATOR, Role.SUPERVISOR),
}
"""People and what they are; una has no access to the case."""

CASE = "quiet harbour"


@dataclass
class QueuedSite:
    """A site that is served in this process."""

    site: Site
    client: Client
    case: Case
    at: list[datetime]
    _secrets: dict[str, str] = field(default_factory=dict)

    def clock(self) -> datetime:
        return self.at[0]

    def forward(self, **duration: float) -> None:
        """Puts the clock forward; everybody has to log in again, as after a night."""
        self.at[0] += timedelta(**duration)
        self._secrets.clear()

    def get(self, path: str, name: str) -> httpx.Response:
        return self.client.get(path, headers={**self._log_in(name), "accept": "text/html"})

    def post(self, path: str, body: dict[str, Any], name: str) -> httpx.Response:
        """Sends JSON."""
        return self.client.post(path, json=body, headers=self._headers(name))

    def send(self, path: str, body: dict[str, Any], name: str) -> httpx.Response:
        """Sends a form."""
        return self.client.post(path, data=body, headers=self._headers(name))

    def find_account_id(self, name: str) -> int:
        with self.site.database.read() as connection:
            return accounts.get_account(connection, name).account_id

    def list_leaders(self) -> list[int]:
        with self.site.database.read() as connection:
            query = select(stack_rows.c.leader_id).where(stack_rows.c.case_id == self.case.case_id)
            return sorted(connection.execute(query).scalars())

    def decide(self, name: str, item_ids: list[int], code: str) -> None:
        with self.site.database.write() as connection:
            stacks.record_stack_decisions(
                connection,
                case=self.case,
                item_ids=item_ids,
                grade=Grade("vics-us", "2.0", code),
                whole_stacks=True,
                person=name,
                at=self.clock(),
            )

    def make_queue(self, work: FirstWork | SecondWork) -> int:
        return make_queue(self.site, Actor("lee", self.clock), case=self.case, name="work", work=work).queue_id

    def take(self, queue_id: int, name: str, count: int = 5) -> list[dict[str, Any]]:
        answer = self.post(f"/queues/{queue_id}/take", {"count": count}, name)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["tiles"])

    def _headers(self, name: str) -> dict[str, str]:
        return {**self._log_in(name), "x-csrf-token": compute_csrf(self._secrets[name])}

    def _log_in(self, name: str) -> dict[str, str]:
        if name not in self._secrets:
            self._secrets[name] = secrets.token_urlsafe(16)
            digest = sessions.compute_session_digest(self._secrets[name])
            ends_at = self.clock() + timedelta(hours=12)
            with self.site.database.write() as connection:
                account_id = accounts.get_account(connection, name).account_id
                sessions.start_session(connection, account_id, digest=digest, at=self.clock(), ends_at=ends_at)
        return {"Cookie": f"varde={self._secrets[name]}"}


def serve_queued(folder: Path, template: Path, *, items: int = 40) -> Iterator[QueuedSite]:
    """Serves a site with a case of which nothing is decided."""
    shutil.copytree(template, folder / "site")
    site = open_site(folder / "site")
    case = make_large_case(site, items=items, name=CASE, decided=0, person="op")
    at = [datetime(2026, 11, 2, 8, 0, tzinfo=UTC)]
    with site.database.write() as connection:
        for name, roles in ROLES.items():
            account = accounts.add_account(
                connection,
                name=name,
                full_name=name.title(),
                roles=roles,
                password_hash="!",
                must_change_password=False,
                person="op",
                at=at[0],
            )
            if name != "una":
                case_access.give_access(connection, case.case_id, account.account_id, person="op", at=at[0])
    with Client(create_app(site, clock=lambda: at[0])) as client:
        yield QueuedSite(site, client, case, at)
    site.close()
