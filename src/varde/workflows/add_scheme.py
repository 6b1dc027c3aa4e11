"""Adds an agency's grade scheme."""

from __future__ import annotations

from collections.abc import Sequence

from varde.core.audit import Act
from varde.core.errors import WrongUse
from varde.core.scheme import GradeScheme
from varde.store import audit, schemes
from varde.store.site import Site
from varde.workflows.actor import Actor


def add_scheme(site: Site, actor: Actor, *, key: str, codes: Sequence[str]) -> GradeScheme:
    """Returns the new scheme.

    Raises:
        WrongUse: if the key is no ``name@version``, a code is empty or given twice, or the key is taken.
    """
    name, _, version = key.partition("@")
    if not name or not version:
        raise WrongUse(f"{key!r} is no NAME@VERSION")
    if len(set(codes)) != len(codes) or not all(code.strip() == code and code for code in codes):
        raise WrongUse("codes must be different from one another and without surrounding space")
    scheme = GradeScheme(name, version, tuple(codes))
    with site.database.write() as connection:
        schemes.add_scheme(connection, scheme)
        subject: dict[str, str | int | None] = {"scheme": scheme.key, "codes": " ".join(codes)}
        audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.SCHEME_ADDED, subject=subject)
    return scheme
