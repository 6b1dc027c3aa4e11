"""What an exchange with another organisation has to offer, whatever its interface: fetched ranges, and feedback."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from varde.core.known import SetDelta

OPINION_SCHEME = "threatexchange-opinion@1"
"""The scheme of `aggregate`'s codes: the classes of the ThreatExchange library, of no category of material."""

DISPUTED = "DISPUTED"


class Opinion(StrEnum):
    """What one member of an exchange thinks of a signal; the names are the ThreatExchange library's."""

    NEGATIVE = "NEGATIVE_CLASS"
    """It is not what the exchange is about."""

    SEED = "INVESTIGATION_SEED"
    """It was reported, nobody has judged it."""

    POSITIVE = "POSITIVE_CLASS"
    """It is what the exchange is about."""


def aggregate(opinions: Iterable[Opinion]) -> str:
    """Returns the class several opinions make together: the strongest, or ``DISPUTED`` if some are negative.

    Source: the ThreatExchange library's aggregation, so that another user of the same exchange sees the same.
    No opinion at all counts as a report nobody has judged.
    """
    given = set(opinions) or {Opinion.SEED}
    if Opinion.NEGATIVE in given:
        return DISPUTED if len(given) > 1 else Opinion.NEGATIVE.value
    return (Opinion.POSITIVE if Opinion.POSITIVE in given else Opinion.SEED).value


def is_doubted(opinion: str) -> bool:
    """Returns whether a class of `aggregate` makes an entry disputed: a match is still a finding, and says so."""
    return opinion in (DISPUTED, Opinion.NEGATIVE.value)


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """What a site logs in with; its values appear in no text.

    Attributes:
        values: by the names that the interface asks for.
    """

    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def __repr__(self) -> str:
        return f"Credential({', '.join(sorted(self.values))})"


@dataclass(frozen=True, slots=True)
class FetchedRange:
    """What changed in a part of an exchange that is consistent in itself; applied in one transaction.

    Attributes:
        delta: the changes; its checkpoint is valid once they are applied, and is the earlier one where it is not.
        reached: how far the fetch is, for a person.
        is_last: whether this fetch ends with it.
        unreadable: records that could not be read and are not in it.
        notes: what a person should know of it.
    """

    delta: SetDelta
    reached: str
    is_last: bool = False
    unreadable: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feedback:
    """What this site tells an exchange about one of its entries.

    Attributes:
        source_id: the entry.
        affirmative: whether the site agrees with it.
        reason: why not, in the exchange's own terms; "" where it takes none or has only one.
        fingerprint: which of the entry's hashes it is about, such as ``md5``; "" where there is one.
        extra: what the exchange said of the entry, as `KnownEntry.extra`.
    """

    source_id: str
    affirmative: bool
    reason: str = ""
    fingerprint: str = ""
    extra: Mapping[str, str] | None = None


class OpenedExchange(Protocol):
    """An exchange that was logged in to. Not for use by several threads."""

    def needs_all(self, checkpoint: Mapping[str, str], now: datetime) -> bool:
        """Returns whether only a fetch of everything tells what is gone: the checkpoint is too old, or there is none.

        A fetch of everything names all there is; the caller takes off what the set holds besides.
        """
        ...

    def fetch(self, checkpoint: Mapping[str, str], now: datetime, *, everything: bool) -> Iterator[FetchedRange]:
        """Yields what changed since the checkpoint, range by range, each as late as possible in bounded memory.

        Args:
            checkpoint: of the last range that was applied; {} before the first.
            now: the time here, aware UTC.
            everything: start from the beginning instead, as `needs_all` says.

        Raises:
            ExchangeFailure: if the other side is away, slow, cut off or sends what cannot be read. Ranges yielded
                before stay valid.
        """
        ...

    def prepare_feedback(self, feedback: Feedback) -> Callable[[], None]:
        """Returns what tells the exchange when it is called; it raises `ExchangeFailure` if that fails.

        Raises:
            WrongUse: if this exchange takes no such feedback; the advice names the reasons there are.
            ExchangeFailure: if it could not be asked for them.
        """
        ...

    def close(self) -> None:
        """Ends the connection; twice does no harm."""
        ...


class ExchangeApi(Protocol):
    """An interface through which known material is exchanged. Implementations take no arguments and keep no state.

    Attributes:
        name: stable, lower-case name that a person types to choose it.
        title: one line for a person.
        settings: the settings it takes, by name, each with a line for a person.
        credential: names of the values it logs in with; () where it needs none.
        optional: names of further values, without which something cannot be done.
        scheme: ``name@version`` of the codes its entries carry.
    """

    name: str
    title: str
    settings: Mapping[str, str]
    credential: tuple[str, ...]
    optional: tuple[str, ...]
    scheme: str

    def check(self, settings: Mapping[str, str]) -> None:
        """Does nothing if the settings can be used.

        Raises:
            WrongUse: naming the setting that is wrong or missing.
        """
        ...

    def open(self, settings: Mapping[str, str], credential: Credential) -> OpenedExchange:
        """Returns the exchange, ready to be asked; nothing is sent yet."""
        ...
