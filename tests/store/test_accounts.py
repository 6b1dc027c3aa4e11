"""Behaviour of `varde.store.accounts`, `sessions`, `case_access` and `visits`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert
from stored import AT, PERSON, add_examined, make_case

from varde.core.account import Account, Role
from varde.core.errors import NotFound, WrongUse
from varde.store import accounts, case_access, review_tables, sessions, visits
from varde.store.database import Database
from varde.store.visits import Named

MADE = {"made_at": AT, "made_by": PERSON}


def add(connection: Connection, name: str, *roles: Role) -> Account:
    return accounts.add_account(
        connection,
        name=name,
        full_name="",
        roles=roles or [Role.EXAMINER],
        password_hash=f"hash of {name}",
        must_change_password=False,
        person=PERSON,
        at=AT,
    )


def log_in(connection: Connection, account: Account, secret: str, *, hours: int = 8) -> bytes:
    digest = sessions.compute_session_digest(secret)
    sessions.start_session(connection, account.account_id, digest=digest, at=AT, ends_at=AT + timedelta(hours=hours))
    return digest


def test_an_account_is_found_as_it_was_added(database: Database) -> None:
    with database.write() as connection:
        assert not accounts.has_accounts(connection)
        made = add(connection, "anna", Role.SUPERVISOR, Role.AUDITOR)
    with database.read() as connection:
        assert accounts.has_accounts(connection)
        assert accounts.get_account(connection, "anna") == accounts.find_account(connection, made.account_id) == made
        assert made.roles == {Role.SUPERVISOR, Role.AUDITOR}
        found = accounts.find_credentials(connection, "anna")
        assert found is not None
        assert (found.password_hash, found.totp_secret) == ("hash of anna", None)
        assert "hash of anna" not in repr(found)
        assert accounts.find_credentials(connection, "Anna") is accounts.find_account(connection, 99) is None
        with pytest.raises(NotFound):
            accounts.get_account(connection, "berta")


def test_a_name_is_used_once(database: Database) -> None:
    with database.write() as connection:
        add(connection, "anna")
        with pytest.raises(WrongUse, match="there is an account 'anna' already"):
            add(connection, "anna")


def test_what_is_changed_is_found_changed_and_nothing_else(database: Database) -> None:
    with database.write() as connection:
        one, other = add(connection, "anna"), add(connection, "berta")
        accounts.record_roles(connection, one.account_id, [Role.AUDITOR])
        accounts.record_full_name(connection, one.account_id, "Anna A.")
        accounts.record_disabled(connection, one.account_id, AT)
        accounts.record_opted_out(connection, one.account_id, AT)
        accounts.record_password(connection, one.account_id, "new", must_change=True)
        accounts.record_preferences(connection, one.account_id, {"theme": "dark"})
        accounts.record_second_factor(connection, one.account_id, "SECRET", last_step=5)
        found = accounts.get_account(connection, "anna")
        assert (found.roles, found.full_name, found.disabled_at, found.opted_out_at) == (
            {Role.AUDITOR},
            "Anna A.",
            AT,
            AT,
        )
        assert (found.must_change_password, found.preferences, found.has_second_factor) == (
            True,
            {"theme": "dark"},
            True,
        )
        assert accounts.get_account(connection, "berta") == other


def test_a_step_is_used_once_and_never_an_earlier_one_after_it(database: Database) -> None:
    with database.write() as connection:
        account = add(connection, "anna")
        accounts.record_second_factor(connection, account.account_id, "SECRET", last_step=None)
        used = [accounts.record_code_used(connection, account.account_id, step) for step in (7, 7, 6, 8, 8)]
    assert used == [True, False, False, True, False]


def test_the_last_administrator_is_known(database: Database) -> None:
    with database.write() as connection:
        chief = add(connection, "chief", Role.ADMINISTRATOR)
        anna = add(connection, "anna", Role.EXAMINER)
        assert accounts.is_last_administrator(connection, chief.account_id)
        assert not accounts.is_last_administrator(connection, anna.account_id)
        deputy = add(connection, "deputy", Role.ADMINISTRATOR, Role.EXAMINER)
        assert not accounts.is_last_administrator(connection, chief.account_id)
        accounts.record_disabled(connection, deputy.account_id, AT)
        assert accounts.is_last_administrator(connection, chief.account_id)


def test_sessions_end_one_by_one_or_all_but_one(database: Database) -> None:
    with database.write() as connection:
        anna, berta = add(connection, "anna"), add(connection, "berta")
        for number in range(3):
            log_in(connection, anna, f"anna {number}")
        log_in(connection, berta, "berta")
        listed = sessions.list_sessions(connection, anna.account_id, AT)
        assert len(listed) == 3
        sessions.end_session(connection, listed[0].session_id)
        sessions.end_sessions(connection, anna.account_id, but=listed[1].session_id)
        assert sessions.list_sessions(connection, anna.account_id, AT) == [listed[1]]
        sessions.end_sessions(connection, anna.account_id)
        assert sessions.list_sessions(connection, anna.account_id, AT) == []
        assert len(sessions.list_sessions(connection, berta.account_id, AT)) == 1


def test_ended_sessions_are_forgotten_at_the_next_login(database: Database) -> None:
    with database.write() as connection:
        anna = add(connection, "anna")
        old = log_in(connection, anna, "old", hours=-1)
        assert visits.find_visit(connection, old) is not None
        log_in(connection, anna, "new")
        assert visits.find_visit(connection, old) is None


def test_a_visit_finds_the_case_of_anything_if_there_is_access(database: Database) -> None:
    with database.write() as connection:
        anna, berta = add(connection, "anna"), add(connection, "berta")
        digests = {"anna": log_in(connection, anna, "a"), "berta": log_in(connection, berta, "b")}
        case, [exhibit] = make_case(connection)
        other, _ = make_case(connection, "quay")
        item = add_examined(connection, exhibit, b"1.jpg")["1.jpg"]
        queue = connection.execute(
            insert(review_tables.queues)
            .values(case_id=case.case_id, name="q", purpose="first", ordering="place", settings={}, **MADE)
            .returning(review_tables.queues.c.id)
        ).scalar_one()
        case_access.give_access(connection, case.case_id, anna.account_id, person=PERSON, at=AT)
        case_access.give_access(connection, other.case_id, berta.account_id, person=PERSON, at=AT)
    with database.read() as connection:
        for named, number in ((Named.CASE, case.case_id), (Named.ITEM, item), (Named.QUEUE, queue)):
            found = visits.find_visit(connection, digests["anna"], named, number)
            assert found is not None
            assert (found.case, found.session.account) == (case, anna)
            without = visits.find_visit(connection, digests["berta"], named, number)
            assert without is not None
            assert without.case is None
            absent = visits.find_visit(connection, digests["anna"], named, -1)
            assert absent is not None
            assert absent.case is None
        assert visits.find_visit(connection, b"nobody's", Named.CASE, case.case_id) is None
        plain = visits.find_visit(connection, digests["anna"])
        assert plain is not None
        assert plain.case is None


def test_access_is_given_once_and_taken_once(database: Database) -> None:
    with database.write() as connection:
        anna = add(connection, "anna")
        case, _ = make_case(connection)
        words = (connection, case.case_id, anna.account_id)
        assert case_access.give_access(*words, person=PERSON, at=AT)
        assert not case_access.give_access(*words, person=PERSON, at=AT)
        assert case_access.list_people(connection, case.case_id) == [anna]
        assert case_access.list_open_cases(connection, anna.account_id) == [case]
        assert case_access.take_access(*words)
        assert not case_access.take_access(*words)
        assert case_access.list_people(connection, case.case_id) == []


@pytest.mark.parametrize(
    ("beginning", "found"), [("", 3), ("har", 2), ("%", 0), ("harbour_", 0), ("quay", 1), ("\\", 0)]
)
def test_cases_to_administer_are_found_by_how_their_name_begins(database: Database, beginning: str, found: int) -> None:
    with database.write() as connection:
        for name in ("harbour", "harbour2", "quay"):
            make_case(connection, name)
        listed = case_access.list_cases_to_administer(connection, beginning=beginning, most=10)
        assert len(listed) == found
        assert len(case_access.list_cases_to_administer(connection, beginning="", most=2)) == 2


def test_one_account_has_so_many_sessions_and_no_more(database: Database) -> None:
    with database.write() as connection:
        anna, berta = add(connection, "anna"), add(connection, "berta")
        other = log_in(connection, berta, "berta")
        made = [log_in(connection, anna, f"anna {number}") for number in range(sessions.MOST_SESSIONS + 2)]
        found = [visits.find_visit(connection, digest) is not None for digest in made]
        assert found == [False, False] + [True] * sessions.MOST_SESSIONS
        assert visits.find_visit(connection, other) is not None
