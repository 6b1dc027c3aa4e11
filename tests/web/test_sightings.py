"""Behaviour of `varde.web.sightings`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from secret_case import Visitors

from varde.core.account import Role
from varde.store import sessions, visits
from varde.store.database import Database
from varde.store.sessions import Session
from varde.store.site import Site
from varde.web.sightings import Sightings


@pytest.fixture
def session(sqlite_site: Site) -> Session:
    """A session that was just begun."""
    visitors = Visitors(sqlite_site)
    secret = visitors.log_in(visitors.add(Role.EXAMINER))["Cookie"].partition("=")[2]
    return find(sqlite_site.database, secret)


def find(database: Database, secret: str) -> Session:
    with database.read() as connection:
        visit = visits.find_visit(connection, sessions.compute_session_digest(secret))
    assert visit is not None
    return visit.session


def read_seen(database: Database, session: Session) -> object:
    with database.read() as connection:
        [one] = sessions.list_sessions(connection, session.account.account_id, session.seen_at)
    return one.seen_at


def test_what_is_noted_holds_at_once_and_is_written_later(sqlite_site: Site, session: Session) -> None:
    sightings = Sightings(sqlite_site.database)
    later = session.seen_at + timedelta(minutes=5)
    sightings.note(session, later)
    assert sightings.find_last(session) == later
    assert read_seen(sqlite_site.database, session) == session.seen_at
    sightings.write()
    assert read_seen(sqlite_site.database, session) == later
    assert not sightings._seen


def test_within_a_minute_nothing_is_written_again(sqlite_site: Site, session: Session) -> None:
    sightings = Sightings(sqlite_site.database)
    sightings.note(session, session.seen_at + timedelta(seconds=59))
    assert not sightings._seen


def test_while_something_else_writes_it_stays_noted(sqlite_site: Site, session: Session) -> None:
    sqlite_site.database._busy_limit_ms = 100
    sightings = Sightings(sqlite_site.database)
    later = session.seen_at + timedelta(minutes=5)
    sightings.note(session, later)
    with Database(f"sqlite:///{sqlite_site.database_path}").write():
        sightings.write()
    assert sightings.find_last(session) == later
    sightings.write()
    assert read_seen(sqlite_site.database, session) == later


def test_a_session_that_ended_meanwhile_is_no_trouble(sqlite_site: Site, session: Session) -> None:
    sightings = Sightings(sqlite_site.database)
    sightings.note(session, session.seen_at + timedelta(minutes=5))
    with sqlite_site.database.write() as connection:
        sessions.end_session(connection, session.session_id)
    sightings.write()
    assert not sightings._seen
