"""Applying NSRL delta files, which are SQL, without trusting them.

A delta is a list of INSERT, UPDATE and DELETE statements. It runs only against a private copy, one statement at a
time, under an authorizer that knows the tables of the data set and lets nothing else through: no other table, no
other file, no sub-select, no trigger, no function beyond a few harmless ones.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from varde.core.errors import FormatError
from varde.known.text import read_lines

TABLES = frozenset(
    (
        "METADATA",
        "FILE",
        "PACKAGE_OBJECT",
        "PKG",
        "OS",
        "MFG",
        "VERSION",
        "APPLICATION",
        "OPERATING_SYSTEM",
        "MANUFACTURER",
    )
)
_WRITES = frozenset((sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE))
_FUNCTIONS = frozenset(("upper", "lower", "like", "length", "coalesce", "ifnull", "char"))
_WRITING = re.compile(r"(INSERT|REPLACE|UPDATE|DELETE)\b", re.IGNORECASE)
_TRANSACTION = re.compile(r"(BEGIN|COMMIT|END)(\s+TRANSACTION)?\s*;", re.IGNORECASE)
_IGNORED = re.compile(r"(\s+|--[^\n]*(\n|$)|/\*.*?\*/)+", re.DOTALL)
_MOST_STATEMENT_CHARS = 1 << 20
_MOST_TRIES = 10_000
_STEPS_BETWEEN_LOOKS = 1_000_000
_MOST_LOOKS = 2_000


def apply_delta(database: sqlite3.Connection, delta: Path) -> int:
    """Applies a delta file to a private copy and returns the number of statements.

    Args:
        database: a connection to a copy that may be changed, in autocommit mode. Not committed if an error is raised.
        delta: the ``.sql`` file.

    Raises:
        FormatError: with the line, for a statement that is not allowed or does not fit the database.
        OSError: if the file cannot be read.
    """
    count = 0
    database.execute("BEGIN")
    database.set_authorizer(_authorize)
    try:
        for line, statement in read_statements(delta):
            _execute(database, statement, line, delta.name)
            count += 1
    finally:
        database.set_authorizer(None)
        database.set_progress_handler(None, 0)
    database.execute("COMMIT")
    return count


def read_statements(path: Path) -> Iterator[tuple[int, str]]:
    """Yields (line, statement) of every statement that writes; comments and transaction marks are passed over.

    Raises:
        FormatError: for any other statement, one over 1,048,576 characters, and one without an end.
    """
    pending = ""
    begun = 1
    tries = 0
    for number, text in read_lines(path, "utf-8-sig"):
        pending, begun, tries = pending + text, begun if pending else number, tries if pending else 0
        at = len(pending) - len(text)
        while (at := pending.find(";", at)) >= 0:
            at += 1
            tries += 1
            if sqlite3.complete_statement(pending[:at]):
                yield from _judge(pending[:at], begun)
                begun += pending.count("\n", 0, at)
                pending, at, tries = pending[at:], 0, 0
            elif tries > _MOST_TRIES:
                break
        blank = _IGNORED.fullmatch(pending)
        if blank and not pending.count("/*") > pending.count("*/"):
            pending = ""
        if len(pending) > _MOST_STATEMENT_CHARS or tries > _MOST_TRIES:
            raise FormatError("a statement that is too long", line=begun)
    if pending.strip():
        raise FormatError("the file ends in the middle of a statement", line=begun + _count_leading_lines(pending))


def _judge(statement: str, begun: int) -> Iterator[tuple[int, str]]:
    """Yields the statement if it writes, nothing if it only marks a transaction."""
    leading = _IGNORED.match(statement)
    body = statement[leading.end() :] if leading else statement
    line = begun + _count_leading_lines(statement)
    if _WRITING.match(body):
        yield line, statement
    elif body != ";" and not _TRANSACTION.fullmatch(body):
        raise FormatError(f"only INSERT, UPDATE and DELETE are allowed, not {body[:60]!r}", line=line)


def _count_leading_lines(statement: str) -> int:
    leading = _IGNORED.match(statement)
    return leading.group().count("\n") if leading else 0


def _execute(database: sqlite3.Connection, statement: str, line: int, name: str) -> None:
    looks = 0

    def look() -> int:
        nonlocal looks
        looks += 1
        return int(looks > _MOST_LOOKS)

    database.set_progress_handler(look, _STEPS_BETWEEN_LOOKS)
    try:
        database.execute(statement)
    except (sqlite3.Error, sqlite3.Warning, OverflowError, ValueError) as error:
        raise FormatError(f"{name}: {error}", line=line) from error


def _authorize(action: int, first: str | None, second: str | None, database: str | None, origin: str | None) -> int:
    """Lets writes to the data set's own tables through, and nothing else; `origin` names a trigger or view."""
    if action == sqlite3.SQLITE_FUNCTION:
        allowed = (second or "").lower() in _FUNCTIONS
    elif action == sqlite3.SQLITE_READ:
        allowed = (first or "").upper() in TABLES and origin is None
    else:
        allowed = action in _WRITES and (first or "").upper() in TABLES and database == "main" and origin is None
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
