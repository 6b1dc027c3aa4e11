"""What a writer of known sets has to offer, and the noun every writer takes: a set whose entries are read as needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from varde.core.known import EntryState, KnownEntry, SetRole
from varde.known.format import HashKind
from varde.known.losses import Losses

Entries = Iterator[tuple[KnownEntry, EntryState]]


@dataclass(frozen=True, slots=True)
class OutgoingSet:
    """A known set that is being written.

    Attributes:
        name, version: of the set, for messages.
        role: what a match with it means.
        scheme: name of the scheme of its codes, "" where it has none.
        scheme_version: its version.
        entries: gives all entries with their states, in the same order each time it is called.
        hash_kind: the one kind of hash to write, where the format holds one a line; None leaves it to the entries.
    """

    name: str
    version: str
    role: SetRole
    scheme: str
    scheme_version: str
    entries: Callable[[], Entries]
    hash_kind: HashKind | None = None

    @property
    def scheme_key(self) -> str:
        """``name@version`` of the scheme, "" where it has none."""
        return f"{self.scheme}@{self.scheme_version}" if self.scheme else ""


class KnownWriter(Protocol):
    """A format that known sets are written in. Implementations take no arguments and keep no state.

    Attributes:
        name: stable, lower-case name that a person types to choose it.
        title: one line for a person.
        reads: name of the known-set format that reads it.
        marks_withdrawn: whether a withdrawn entry can be marked, so that nobody takes it for one that counts.
    """

    name: str
    title: str
    reads: str
    marks_withdrawn: bool

    def write(self, outgoing: OutgoingSet, losses: Losses) -> Iterator[bytes]:
        """Yields the file piece by piece, in bounded memory; the same set gives the same bytes.

        Args:
            outgoing: the set.
            losses: receives what the format cannot hold; complete only once all is written.

        Raises:
            Refused: if the set must not leave in this format.
        """
        ...
