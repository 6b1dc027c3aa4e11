"""Grade schemes known to the site."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection, bindparam, select

from varde.core.errors import NotFound, WrongUse
from varde.core.scheme import GradeScheme
from varde.store import tables
from varde.store.database import insert_new
from varde.store.types import AnyRow, AnySelect

_DIGITS = tuple("0123456789")
DEFAULT = "vics-us@2.0"
BUILTIN = (
    GradeScheme("vics-us", "2.0", _DIGITS[:6]),
    GradeScheme("vics-us", "1.3", _DIGITS[:6]),
    GradeScheme("vics-uk", "2.0", _DIGITS),
    GradeScheme("vics-default", "2.0", _DIGITS),
    GradeScheme("vics-custom", "2.0", _DIGITS),
    GradeScheme("uk-sentencing-council", "2014", ("A", "B", "C")),
    GradeScheme("tech-coalition", "1", ("A1", "A2", "B1", "B2")),
    GradeScheme("relevance", "1", ("relevant", "irrelevant", "unclear")),
)
"""Codes only: their meaning and direction are the agency's (region decides; see the formats notes)."""


def add_builtin(connection: Connection) -> None:
    """Records the schemes Varde ships."""
    for scheme in BUILTIN:
        connection.execute(insert_new(connection, tables.schemes).values(_row(scheme)))


def add_scheme(connection: Connection, scheme: GradeScheme) -> int:
    """Records a scheme and returns its row number; the same scheme again is no error.

    Raises:
        WrongUse: if the name and version are taken with other codes.
    """
    connection.execute(insert_new(connection, tables.schemes).values(_row(scheme)))
    scheme_id, recorded = get_scheme(connection, scheme.key)
    if recorded != scheme:
        raise WrongUse(f"scheme {scheme.key} exists with other codes", advice="Give it a new version.")
    return scheme_id


def get_scheme(connection: Connection, key: str) -> tuple[int, GradeScheme]:
    """Returns row number and scheme of ``name@version``.

    Raises:
        NotFound: if the site has no such scheme.
    """
    name, _, version = key.partition("@")
    row = connection.execute(_select_scheme(), {"name": name, "version": version}).first()
    if row is None:
        known = ", ".join(scheme.key for scheme in list_schemes(connection))
        raise NotFound(f"this site has no grade scheme {key!r}", advice=f"It has: {known}.")
    return row.id, _scheme(row)


def list_schemes(connection: Connection) -> list[GradeScheme]:
    """Returns every scheme, by name and version."""
    rows = connection.execute(select(tables.schemes).order_by(tables.schemes.c.name, tables.schemes.c.version))
    return [_scheme(row) for row in rows]


@cache
def _select_scheme() -> AnySelect:
    table = tables.schemes.c
    return select(tables.schemes).where(table.name == bindparam("name"), table.version == bindparam("version"))


def _row(scheme: GradeScheme) -> dict[str, object]:
    return {"name": scheme.name, "version": scheme.version, "codes": list(scheme.codes)}


def _scheme(row: AnyRow) -> GradeScheme:
    return GradeScheme(row.name, row.version, tuple(row.codes))
