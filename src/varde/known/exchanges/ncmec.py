"""NCMEC's hash sharing, version 2, through the ThreatExchange library's client.

Entries come in no order of time. Whoever stops in the middle of a range has seen some of its newest entries and not
some of its oldest: where to go on from is known only once a range of time was read to its end. So time is cut into
ranges small enough for one transaction each, and a range's end is its checkpoint.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element

from requests.auth import HTTPBasicAuth
from threatexchange.exchanges.clients.ncmec.hash_api import (
    FeedbackType,
    FingerprintType,
    NCMECEndpoint,
    NCMECEnvironment,
    NCMECHashAPI,
)

from varde.core.errors import ExchangeFailure, WrongUse
from varde.core.known import SetDelta
from varde.known.exchange import Credential, Feedback, FetchedRange
from varde.known.exchanges.answers import read_xml
from varde.known.exchanges.ncmec_entries import Page, Update, read_page
from varde.known.exchanges.transport import LIMITS, GuardedSession, TransportLimits, check_address

_FORM = "%Y-%m-%dT%H:%M:%SZ"
_SETTLING = timedelta(seconds=60)
"""How long an entry may take to be seen after the time it bears."""

_OVERLAP = timedelta(seconds=600)
"""How far a fetch goes back behind the last one, against clocks that were set and entries that came late."""

_MOST_IN_A_SECOND = 2_000_000

_CLOCK_DIFFERENCE = timedelta(minutes=5)


@dataclasses.dataclass(frozen=True, slots=True)
class RangeLimits:
    """How large the ranges are that a fetch is cut into.

    Attributes:
        wanted: about how many entries one transaction takes.
        most: with more than these a range is given up and cut smaller, if it is longer than a second.
        shortest_guess_s: ranges are cut below this length only for entries that were counted, not for a guess.
    """

    wanted: int = 20_000
    most: int = 80_000
    shortest_guess_s: int = 3600


class NcmecApi:
    """Makes clients of NCMEC's hash sharing."""

    name = "ncmec"
    title = "NCMEC hash sharing, version 2"
    settings: Mapping[str, str] = {
        "environment": f"which of NCMEC's databases: {', '.join(one.name for one in NCMECEnvironment)}",
        "address": "its address, instead of an environment",
        "members": "only entries of these members, their numbers with commas between",
    }
    credential = ("username", "password")
    optional = ()
    scheme = "ncmec-classification@2"

    def check(self, settings: Mapping[str, str]) -> None:
        """Does nothing if the settings can be used; see `ExchangeApi.check`."""
        _find_address(settings)
        _read_members(settings)

    def open(
        self,
        settings: Mapping[str, str],
        credential: Credential,
        *,
        limits: TransportLimits = LIMITS,
        ranges: RangeLimits | None = None,
    ) -> NcmecExchange:
        """Returns the exchange; see `ExchangeApi.open`."""
        client = GuardedClient(_find_address(settings), credential, limits)
        return NcmecExchange(client, _read_members(settings), ranges or RangeLimits())


def _find_address(settings: Mapping[str, str]) -> str:
    if settings.get("address"):
        return check_address(settings["address"])
    name = settings.get("environment", "")
    try:
        return NCMECEnvironment[name].value
    except KeyError:
        names = ", ".join(one.name for one in NCMECEnvironment)
        raise WrongUse(f"NCMEC has no environment {name!r}", advice=f"It has: {names}.") from None


def _read_members(settings: Mapping[str, str]) -> frozenset[int]:
    words = [word.strip() for word in settings.get("members", "").split(",") if word.strip()]
    if not all(word.isascii() and word.isdecimal() for word in words):
        raise WrongUse("members are numbers with commas between, such as members=42,101")
    return frozenset(int(word) for word in words)


class GuardedClient(NCMECHashAPI):
    """The library's client on a guarded connection, asking for the times that are meant.

    The library writes local time with a ``Z`` behind it, which asks for another range wherever the clock is not on UTC
    (`_date_format` of its client). It keeps no connection, reads XML without limits, and quotes answers in its errors.
    """

    def __init__(self, address: str, credential: Credential, limits: TransportLimits) -> None:
        super().__init__(credential["username"], credential["password"], NCMECEnvironment.LawEnforcement)
        self._base_url = address
        self.session = GuardedSession(address, limits)
        self.session.auth = HTTPBasicAuth(self.username.encode(), self.password.encode())
        self.host = self.session.host

    def _get_session(self) -> Any:
        return self.session

    def _get(self, endpoint: NCMECEndpoint, *, path: str = "", next_: str = "", **params: Any) -> Element:
        url = "/".join(part for part in (self._base_url, self.VERSION, endpoint.value, path) if part)
        if next_ and not next_.startswith("/"):
            raise ExchangeFailure(f"{self.host}: the address of its next page is none")
        answer = self.session.get(f"{self._base_url}{next_}" if next_ else url, params=None if next_ else params)
        return read_xml(answer.content, self.host)

    def get_page(self, start: datetime, end: datetime, following: str = "") -> Page:
        """Returns entries that changed in a range of time, aware UTC, to the second."""
        times = {"from": start.astimezone(UTC).strftime(_FORM), "to": end.astimezone(UTC).strftime(_FORM)}
        return read_page(self._read(NCMECEndpoint.entries, "queryResult", next_=following, **times))

    def check_login(self) -> None:
        """Returns if the credential is accepted; the other side's clock is known then."""
        self._read(NCMECEndpoint.status, "status")

    def list_reasons(self, kind: FingerprintType) -> dict[str, str]:
        """Returns the reasons for negative feedback on a kind of hash: name by identifier."""
        root = self._get(NCMECEndpoint.feedback, path=f"{kind.value}/reasons")
        found = root.iterfind("availableFeedbackReasons/*")
        return {one.get("guid", ""): one.get("name", "") for one in found if one.get("guid")}

    def _read(self, endpoint: NCMECEndpoint, root_name: str, **question: str) -> Element:
        """Returns an answer's root; a page of another kind, such as one to log in, is not taken for an empty answer."""
        root = self._get(endpoint, **question)
        if root.tag != root_name:
            raise ExchangeFailure(f"{self.host}: its answer is no {root_name}", advice="Check the address.")
        return root


class NcmecExchange:
    """NCMEC's hash sharing, logged in to."""

    def __init__(self, client: GuardedClient, members: frozenset[int], limits: RangeLimits) -> None:
        self._client = client
        self._members = members
        self._limits = limits
        self._unreadable = 0

    def needs_all(self, checkpoint: Mapping[str, str], now: datetime) -> bool:
        """Returns False: deleted entries stay as tombstones."""
        return False

    def fetch(self, checkpoint: Mapping[str, str], now: datetime, *, everything: bool) -> Iterator[FetchedRange]:
        """Yields the changes since the checkpoint; see `OpenedExchange.fetch`."""
        end, notes = self._find_end(now)
        start = datetime.fromtimestamp(0, UTC)
        if checkpoint.get("to") and not everything:
            start = _read_time(checkpoint["to"]) - _OVERLAP
        length = end - start
        while start < end:
            length = max(length, timedelta(seconds=1))
            stop = min(end, start + length)
            found = self._read_range(start, stop)
            if isinstance(found, _TooMany):
                length = self._shorten(stop - start, found)
                continue
            if len(found) * 4 < self._limits.wanted:
                length = length * (2 if found else 4)
            start = stop
            if found or start >= end:
                checkpoint = {"to": stop.strftime(_FORM)}
                yield self._make_range(found, checkpoint, is_last=start >= end, notes=notes)

    def prepare_feedback(self, feedback: Feedback) -> Callable[[], None]:
        """Returns what tells NCMEC; see `OpenedExchange.prepare_feedback`."""
        member, _, name = feedback.source_id.partition("-")
        kind = _find_kind(feedback.fingerprint)
        if not member.isdecimal() or not name:
            raise WrongUse(f"{feedback.source_id!r} is no entry of NCMEC's: MEMBER-ID")
        about = (int(member), quote(name, safe=""), kind)
        if feedback.affirmative:
            return partial(self._client.submit_feedback, *about, FeedbackType.upvote)
        guid = self._find_reason(kind, feedback.reason)
        return partial(self._client.submit_feedback, *about, FeedbackType.downvote, guid)

    def close(self) -> None:
        """Ends the connection."""
        self._client.session.close()

    def _find_end(self, now: datetime) -> tuple[datetime, list[str]]:
        """Returns up to when can be fetched: by the earlier of the two clocks, and not what may still be settling."""
        self._client.check_login()
        server = self._client.session.server_time or now
        notes = []
        if abs(server - now) > _CLOCK_DIFFERENCE:
            notes.append(f"its clock and this one differ by {abs(server - now).total_seconds():,.0f} s")
        return (min(now, server) - _SETTLING).astimezone(UTC).replace(microsecond=0), notes

    def _read_range(self, start: datetime, stop: datetime) -> dict[str, Update] | _TooMany:
        """Returns what changed in a range, its last page included, or that it is to be cut smaller."""
        found: dict[str, Update] = {}
        seen: set[str] = set()
        following = ""
        length_s = (stop - start).total_seconds()
        while True:
            page = self._client.get_page(start, stop, following)
            for update in page.updates:
                found.pop(update.source_id, None)  # what is seen later is newer, and is told later
                found[update.source_id] = update
            self._unreadable += page.unreadable
            if not following and page.expected > self._limits.wanted and length_s > self._limits.shortest_guess_s:
                return _TooMany(page.expected, self._limits.shortest_guess_s)
            if len(found) > self._limits.most and length_s > 1:
                return _TooMany(len(found), 1)
            following = page.following
            if not following:
                return found
            if following in seen or len(found) > _MOST_IN_A_SECOND:
                raise ExchangeFailure(f"{self._client.host}: its pages have no end")
            seen.add(following)

    def _shorten(self, length: timedelta, many: _TooMany) -> timedelta:
        share = min(0.5, self._limits.wanted / many.count / 2)
        return timedelta(seconds=max(1, many.shortest_s, int(length.total_seconds() * share)))

    def _make_range(
        self, found: dict[str, Update], checkpoint: dict[str, str], *, is_last: bool, notes: list[str]
    ) -> FetchedRange:
        wanted = [one for one in found.values() if not self._members or one.member in self._members]
        unreadable, self._unreadable = self._unreadable, 0
        odd = sum(one.unreadable for one in wanted)
        delta = SetDelta(
            upserts=tuple(one.entry for one in wanted if one.entry is not None),
            removals=tuple(one.source_id for one in wanted if one.entry is None),
            disputes=tuple(one.source_id for one in wanted if one.is_disputed),
            checkpoint=checkpoint,
        )
        told = [*notes, *([f"{odd:,} hashes have not the form of their kind; they are carried"] if odd else [])]
        return FetchedRange(delta, checkpoint["to"], is_last, unreadable, tuple(told))

    def _find_reason(self, kind: FingerprintType, wanted: str) -> str:
        """Returns the identifier of a reason for negative feedback, given by its name or its identifier."""
        reasons = self._client.list_reasons(kind)
        for guid, name in reasons.items():
            if wanted.casefold() in (guid.casefold(), name.casefold()):
                return guid
        if len(reasons) == 1 and not wanted:
            return next(iter(reasons))
        names = "; ".join(f"{name} ({guid})" for guid, name in reasons.items())
        raise WrongUse(
            f"NCMEC takes negative feedback on {kind.value} for a reason", advice=f"--reason takes: {names}."
        )


@dataclasses.dataclass(frozen=True, slots=True)
class _TooMany:
    """A range holds more than one transaction should take."""

    count: int
    shortest_s: int


def _read_time(text: str) -> datetime:
    return datetime.strptime(text, _FORM).replace(tzinfo=UTC)


def _find_kind(name: str) -> FingerprintType:
    for kind in FingerprintType:
        if name.casefold() == kind.value.casefold():
            return kind
    names = ", ".join(kind.value for kind in FingerprintType)
    raise WrongUse("feedback to NCMEC is about one of an entry's hashes", advice=f"--fingerprint takes: {names}.")
