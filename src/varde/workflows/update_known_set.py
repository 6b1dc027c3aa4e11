"""Makes known sets that grow, and changes them as their source says: an exchange, another site, an interface."""

from __future__ import annotations

from varde.core.audit import Act
from varde.core.errors import WrongUse
from varde.core.known import SetDelta, SetRole
from varde.store import audit, known_sets
from varde.store.database import PATIENCE_S
from varde.store.known_deltas import Change, DeltaResult, record_delta
from varde.store.known_sets import KnownSet, NewSet
from varde.store.site import Site
from varde.workflows.actor import Actor

__all__ = ["DeltaResult", "apply_delta", "create_set"]

_MOST_CHARACTERS = 200


def create_set(
    site: Site,
    actor: Actor,
    *,
    name: str,
    version: str,
    owner: str,
    role: SetRole,
    scheme: str,
    format: str,  # noqa: A002 - the column's name, and everybody's
    source: str,
) -> int:
    """Returns the row number of a new known set without entries, to be filled by deltas.

    Args:
        site, actor: where and who.
        name, version: together unique in the site.
        owner: authority it comes from, "" where unknown.
        role: what a match means.
        scheme: ``name@version`` of the scheme its entries' codes are on, "" where they carry none.
        format: what fills it, such as ``threatexchange`` or ``api``.
        source: where it comes from, in words or as an address without secrets.

    Raises:
        WrongUse: if the site has this version of this set, or a name cannot be shown.
    """
    new = _describe(name, version, owner, role, scheme, format, source)
    at = actor.clock()
    with site.database.write(patience_s=PATIENCE_S) as connection:
        set_id = known_sets.add_set(connection, new, person=actor.person, at=at)
        subject: dict[str, str | int | None] = {
            "set": name,
            "version": version,
            "role": role.value,
            "format": format,
            "source": source,
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.KNOWN_SET_CREATED, subject=subject)
    return set_id


def apply_delta(site: Site, actor: Actor, set_id: int, delta: SetDelta, source: str) -> DeltaResult:
    """Returns what a delta changed in a known set: all of it is recorded afterwards, or nothing.

    An entry that is here already with the same description stays as it is; one that is described anew is superseded.
    What the source takes back is withdrawn and kept in the history. What a person of this site withdrew stays
    withdrawn if it comes again unchanged.

    Args:
        site, actor: where and who.
        set_id: row number of the set.
        delta: what changed; its entries' codes are on the set's scheme.
        source: name of what the changes come from, for the history and for reasons that people read.

    Raises:
        NotFound: if there is no such set.
        WrongUse: if entries carry codes and the set has no scheme.
    """
    at = actor.clock()
    with site.database.write(patience_s=PATIENCE_S) as connection:
        known_set = known_sets.get_set_by_id(connection, set_id)
        _check_codes(known_set, delta)
        result = record_delta(connection, Change(set_id, actor.person, at, source), delta)
        if result.added or result.superseded or result.removed or result.disputed:
            subject: dict[str, str | int | None] = {
                "set": known_set.name,
                "version": known_set.version,
                "source": source,
                "added": result.added,
                "superseded": result.superseded,
                "removed": result.removed,
                "disputed": result.disputed,
            }
            audit.append_event(connection, at=at, person=actor.person, act=Act.KNOWN_SET_CHANGED, subject=subject)
    return result


def _describe(name: str, version: str, owner: str, role: SetRole, scheme: str, format_name: str, source: str) -> NewSet:
    needed = {"name": name, "version": version}
    for what, word in {**needed, "owner": owner, "scheme": scheme, "source": source}.items():
        if (
            (what in needed and not word.strip())
            or len(word) > _MOST_CHARACTERS
            or not (word.isprintable() or not word)
        ):
            raise WrongUse(
                f"a known set's {what} needs 1 to {_MOST_CHARACTERS} printable characters, not {word[:80]!r}"
            )
    scheme_name, _, scheme_version = scheme.partition("@")
    if scheme and not (scheme_name and scheme_version):
        raise WrongUse(f"{scheme!r} is no NAME@VERSION of a grade scheme", advice="Write it like vics-us@2.0.")
    return NewSet(name, version, owner, role, scheme_name, scheme_version, format_name, source, None, "")


def _check_codes(known_set: KnownSet, delta: SetDelta) -> None:
    if not known_set.scheme and any(entry.code for entry in delta.upserts):
        raise WrongUse(
            f"entries for {known_set.name} {known_set.version} carry codes, but the set has no grade scheme",
            advice="Make the set with the scheme that the codes are on: a code means nothing without it.",
        )
