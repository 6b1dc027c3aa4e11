"""Turns what a database driver reports into errors a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError

from varde.core.errors import IntegrityFailure, SiteBusy, VardeError

_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03")
_FULL = ("SQLITE_FULL", "53100")
_READ_ONLY = ("SQLITE_READONLY", "SQLITE_PERM", "25006", "42501")
_CLOSED = ("SQLITE_CANTOPEN", "SQLITE_AUTH")
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002")
_LACKING = ("42P01", "42703")
_DEVICE = ("SQLITE_IOERR", "58030")
_UNREACHABLE = ("08", "28", "3D", "57P", "53300")


@contextmanager
def explain_failures() -> Iterator[None]:
    """Re-raises failures of the database as `VardeError`; mistakes in our own SQL pass unchanged.

    Raises:
        SiteBusy: if another process kept the write lock for too long.
        IntegrityFailure: if the database is damaged.
        VardeError: if it is full, read-only or out of reach, with advice.
    """
    try:
        yield
    except DBAPIError as error:
        explained = explain(error)
        if explained is None:
            raise
        raise explained from error


def explain(error: DBAPIError) -> VardeError | None:
    """Returns the error a person can act on, None where it is no failure of the machine but a mistake of ours."""
    code = _read_code(error)
    if code.startswith(_BUSY):
        return SiteBusy("another process is writing to this site", advice="Try again when it is done.")
    if code.startswith(_FULL):
        return VardeError(
            "the disk that holds the site's database is full; nothing of the last step was recorded",
            advice="Make room on it, then give the same command again.",
        )
    if code.startswith(_READ_ONLY):
        return VardeError(
            "the site's database cannot be written to",
            advice="Check who owns the site's folder, and whether its disk is mounted read-only.",
        )
    if code.startswith(_CLOSED):
        return VardeError("the site's database cannot be opened", advice="Check who may read the site's folder.")
    if code.startswith(_DAMAGED):
        return IntegrityFailure(f"the site's database is damaged: {error.orig}", advice="Restore it from a backup.")
    if code.startswith(_LACKING) or "no such table" in str(error.orig) or "no such column" in str(error.orig):
        return IntegrityFailure(
            f"the site's database lacks what it must have: {str(error.orig).splitlines()[0]}",
            advice="Somebody changed it. Keep it as it is, and restore a backup elsewhere to compare.",
        )
    if code.startswith(_DEVICE):
        return VardeError(
            f"the disk of the site's database fails or is full: {error.orig}",
            advice="Look whether it is full; if not, check that disk.",
        )
    if code.startswith(_UNREACHABLE) or (not code and isinstance(error, OperationalError)):
        return VardeError(
            f"the site's database server cannot be used: {str(error.orig).strip()}",
            advice="Check that it runs, and database.url in the site's varde.toml.",
        )
    return None


def _read_code(error: DBAPIError) -> str:
    """Returns SQLite's name of the error or PostgreSQL's SQLSTATE, "" where there is none."""
    for name in ("sqlite_errorname", "sqlstate"):
        code = getattr(error.orig, name, None)
        if isinstance(code, str):
            return code
    return ""
