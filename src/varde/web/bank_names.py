"""Banks are known sets: a bank is called by its set's name, and by NAME@VERSION where the site has several versions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection

from varde.core.known import EntryState
from varde.store.known_sets import KnownSet, list_sets
from varde.store.standing import QUIET_ROLES
from varde.web.errors import refuse

NEW_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")
"""What a bank that is made through the interface may be called."""


class BankNames:
    """The banks of a site at one moment, by name."""

    def __init__(self, sets: Iterable[KnownSet]) -> None:
        found = list(sets)
        self._versions = Counter(one.name for one in found)
        self.by_name = {self.name(one.name, one.version): one for one in found}

    @classmethod
    def read(cls, connection: Connection) -> BankNames:
        """Returns those of a site."""
        return cls(list_sets(connection))

    def name(self, set_name: str, version: str) -> str:
        """Returns what a version of a set is called."""
        return f"{set_name}@{version}" if self._versions[set_name] > 1 else set_name

    def get(self, name: str) -> KnownSet:
        """Returns the bank of that name, or of that NAME@VERSION.

        Raises:
            HTTPException: 404 if there is none, or several versions.
        """
        found = self.by_name.get(name)
        if found is None:
            set_name, _, version = name.rpartition("@")
            found = next((one for one in self.by_name.values() if (one.name, one.version) == (set_name, version)), None)
        if found is None:
            several = self._versions[name]
            versions = ", ".join(called for called in self.by_name if called.rpartition("@")[0] == name)
            raise refuse(404, f"There are {several} versions: {versions}." if several else f"bank {name!r} not found")
        return found

    def choose(self, names: str | None) -> tuple[frozenset[int] | None, int]:
        """Returns the row numbers of the named sets, and how many names were of no bank.

        Args:
            names: separated by commas; None or "" means those in which a match is something to look at, which is
                answered with None as row numbers.
        """
        if not names:
            return None, 0
        wanted = {name.strip() for name in names.split(",") if name.strip()}
        found = {
            one.set_id for name, one in self.by_name.items() if name in wanted or f"{one.name}@{one.version}" in wanted
        }
        return frozenset(found), len(wanted) - len(found)


def is_loud(role: str) -> bool:
    """Returns whether a match with a set of that role is something to look at."""
    return role not in QUIET_ROLES


def describe_bank(name: str, bank: KnownSet) -> dict[str, str | float]:
    """Returns a bank as the interface shows it: it counts, or it does not."""
    return {"name": name, "matching_enabled_ratio": 0.0 if bank.state is EntryState.WITHDRAWN else 1.0}
