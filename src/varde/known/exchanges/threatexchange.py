"""ThreatExchange and servers that behave like it, through the ThreatExchange library's client.

Updates come in order of time, deleted ones as tombstones that the server forgets after 90 days: whoever stayed away
longer has to fetch everything, and to take off what does not come any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from threatexchange.exchanges.clients.fb_threatexchange.api import ThreatExchangeAPI

from varde.core.errors import ExchangeFailure, WrongUse
from varde.core.known import Flag, KnownEntry, SetDelta
from varde.known.exchange import OPINION_SCHEME, Credential, Feedback, FetchedRange, Opinion, aggregate, is_doubted
from varde.known.exchanges.answers import read_json
from varde.known.exchanges.fingerprints import Fingerprints
from varde.known.exchanges.transport import LIMITS, GuardedSession, TransportLimits, check_address
from varde.known.text import clean_text

_PIECE = 20_000
_PAGE = 500
_LONGEST_PAUSE = timedelta(days=85)
_DESCRIPTOR = "id,reactions,owner{id},tags,status"
_FIELDS = ("id", "indicator", "type", "last_updated", "should_delete", f"descriptors{{{_DESCRIPTOR}}}")
_NAMES = {
    "HASH_MD5": "md5",
    "HASH_VIDEO_MD5": "md5",
    "HASH_SHA1": "sha1",
    "HASH_SHA256": "sha256",
    "HASH_PDQ": "pdq",
    "HASH_PHOTODNA": "pdna",
}
_STATUSES = {"MALICIOUS": Opinion.POSITIVE, "NON_MALICIOUS": Opinion.NEGATIVE}
_REACTIONS = {"HELPFUL": Opinion.POSITIVE, "DISAGREE_WITH_TAGS": Opinion.NEGATIVE}


class ThreatExchangeApi:
    """Makes clients of ThreatExchange."""

    name = "threatexchange"
    title = "ThreatExchange"
    settings: Mapping[str, str] = {
        "group": "number of the privacy group",
        "address": f"its address; default: {ThreatExchangeAPI._TE_BASE_URL}",
    }
    credential = ("token",)
    optional = ()
    scheme = OPINION_SCHEME

    def check(self, settings: Mapping[str, str]) -> None:
        """Does nothing if the settings can be used; see `ExchangeApi.check`."""
        check_address(settings.get("address", ThreatExchangeAPI._TE_BASE_URL))
        _read_group(settings)

    def open(
        self,
        settings: Mapping[str, str],
        credential: Credential,
        *,
        limits: TransportLimits = LIMITS,
        piece: int = _PIECE,
    ) -> ThreatExchange:
        """Returns the exchange; see `ExchangeApi.open`."""
        address = check_address(settings.get("address", ThreatExchangeAPI._TE_BASE_URL))
        return ThreatExchange(GuardedClient(address, credential, limits), _read_group(settings), piece)


def _read_group(settings: Mapping[str, str]) -> int:
    group = settings.get("group", "")
    if not group.isascii() or not group.isdecimal():
        raise WrongUse("ThreatExchange needs the number of a privacy group: group=123456789")
    return int(group)


class GuardedClient(ThreatExchangeAPI):
    """The library's client on a guarded connection: its own requests have no time limit and are never repeated."""

    def __init__(self, address: str, credential: Credential, limits: TransportLimits) -> None:
        super().__init__(credential["token"], endpoint_override=address)
        self.session = GuardedSession(address, limits)
        self.host = self.session.host

    def _get_session(self) -> Any:
        return self.session

    def get_json_from_url(self, url: Any, params: Any = None, *, json_obj_hook: Any = None) -> dict[str, Any]:
        """Returns the object at an address of this exchange.

        Raises:
            ExchangeFailure: also if it is no page of updates: the library takes one without data for an empty one.
        """
        document = read_json(self.session.get(url, params=params or {}).content, self.host)
        if not isinstance(document.get("data"), list) or not isinstance(document.get("paging", {}), dict):
            raise ExchangeFailure(f"{self.host}: its answer is no page of updates")
        return document

    def react(self, descriptors: list[str], reaction: str) -> None:
        """Puts a reaction on other members' descriptions; the token travels in the body, not in the address."""
        told = {"access_token": self.api_token, "reactions": reaction}
        for descriptor in descriptors:
            answer = read_json(self.session.post(f"{self._base_url}/{descriptor}/", data=told).content, self.host)
            if "error" in answer or answer.get("success") is False:
                raise ExchangeFailure(f"{self.host}: it did not take the feedback")


class ThreatExchange:
    """A privacy group of ThreatExchange, logged in to."""

    def __init__(self, client: GuardedClient, group: int, piece: int) -> None:
        self._client = client
        self._group = group
        self._piece = piece

    def needs_all(self, checkpoint: Mapping[str, str], now: datetime) -> bool:
        """Returns whether the last fetch is so long ago that tombstones may be gone."""
        return bool(checkpoint) and now - datetime.fromisoformat(checkpoint["fetched_at"]) > _LONGEST_PAUSE

    def fetch(self, checkpoint: Mapping[str, str], now: datetime, *, everything: bool) -> Iterator[FetchedRange]:
        """Yields the changes since the checkpoint; see `OpenedExchange.fetch`.

        A piece in the middle has a checkpoint of its own as long as everything came in order of time.
        """
        start = None if everything or not checkpoint else int(checkpoint["updated"])
        found: dict[str, KnownEntry | None] = {}
        unreadable, reached, in_order = 0, start or 0, True
        fetched_at = now.astimezone(UTC).isoformat()
        for page, is_last in self._list_pages(start):
            for record in page:
                read = _read_record(record)
                if read is None:
                    unreadable += 1
                    continue
                source_id, updated, entry = read
                in_order = in_order and updated >= reached
                reached = max(reached, updated)
                found.pop(source_id, None)
                found[source_id] = entry
            if len(found) >= self._piece and not is_last:
                so_far = {"updated": str(reached), "fetched_at": fetched_at} if in_order else dict(checkpoint)
                yield _make_range(found, so_far, reached, unreadable, is_last=False)
                found, unreadable = {}, 0
        ending = {"updated": str(reached), "fetched_at": fetched_at}
        yield _make_range(found, ending, reached, unreadable, is_last=True)

    def prepare_feedback(self, feedback: Feedback) -> Callable[[], None]:
        """Returns what tells ThreatExchange; see `OpenedExchange.prepare_feedback`."""
        descriptors = [value for name, value in (feedback.extra or {}).items() if name.startswith("descriptor.")]
        if not descriptors:
            raise WrongUse(f"nothing is known here of who described {feedback.source_id!r}", advice="Fetch first.")
        if feedback.reason:
            raise WrongUse("ThreatExchange takes feedback without a reason", advice="Leave --reason out.")
        return partial(self._client.react, descriptors, "HELPFUL" if feedback.affirmative else "DISAGREE_WITH_TAGS")

    def close(self) -> None:
        """Ends the connection."""
        self._client.session.close()

    def _list_pages(self, start: int | None) -> Iterator[tuple[list[Any], bool]]:
        """Yields the records of each page, and whether it is the last."""
        cursor = self._client.get_threat_updates(self._group, start_time=start, page_size=_PAGE, fields=_FIELDS)
        seen = set[str]()
        while not cursor.done:
            page = cursor.next()  # type: ignore[no-untyped-call]
            if cursor.next_url is not None and (not isinstance(cursor.next_url, str) or cursor.next_url in seen):
                raise ExchangeFailure(f"{self._client.host}: its pages have no end")
            seen.add(cursor.next_url or "")
            yield page, cursor.done


def _make_range(
    found: dict[str, KnownEntry | None], checkpoint: dict[str, str], reached: int, unreadable: int, *, is_last: bool
) -> FetchedRange:
    entries = [entry for entry in found.values() if entry is not None]
    delta = SetDelta(
        upserts=tuple(entries),
        removals=tuple(name for name, entry in found.items() if entry is None),
        disputes=tuple(entry.source_id for entry in entries if entry.flags),
        checkpoint=checkpoint,
    )
    return FetchedRange(delta, f"{datetime.fromtimestamp(reached, UTC):%Y-%m-%d %H:%M:%S} UTC", is_last, unreadable)


def _read_record(record: Any) -> tuple[str, int, KnownEntry | None] | None:
    """Returns a record's name, its time in seconds, and its entry, no entry where it is gone; None for no record."""
    try:
        source_id, updated = str(int(record["id"])), int(record["last_updated"])
        is_gone = bool(record.get("should_delete")) or "descriptors" not in record
        opinions = {} if is_gone else _read_opinions(record["descriptors"]["data"])
        if not opinions:  # a description whose owner cannot be seen says nothing
            return (source_id, updated, None) if 0 <= updated < 1 << 40 else None
        entry = _read_entry(record, source_id, opinions)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return (source_id, updated, entry) if 0 <= updated < 1 << 40 else None


def _read_opinions(descriptors: list[dict[str, Any]]) -> dict[str, tuple[Opinion, str, list[str]]]:
    """Returns (opinion, descriptor, tags) by member; what a member wrote counts before how it reacted to others."""
    written: dict[str, tuple[Opinion, str, list[str]]] = {}
    reacted: dict[str, tuple[Opinion, str, list[str]]] = {}
    for one in descriptors:
        if "owner" not in one:
            continue
        tags = one.get("tags") or []
        names = [str(tag["text"]) for tag in tags["data"]] if isinstance(tags, dict) else [str(tag) for tag in tags]
        opinion = _STATUSES.get(str(one.get("status")), Opinion.SEED)
        written[str(int(one["owner"]["id"]))] = (opinion, str(int(one["id"])), sorted(names))
        for reaction in one.get("reactions") or ():
            seen = _REACTIONS.get(str(reaction["key"]))
            for member in str(reaction["value"]).split(",") if seen else ():
                name = str(int(member))
                if seen is Opinion.POSITIVE or name not in reacted:
                    reacted[name] = (seen or Opinion.SEED, "", [])
    return reacted | written if written else {}


def _read_entry(
    record: dict[str, Any], source_id: str, opinions: dict[str, tuple[Opinion, str, list[str]]]
) -> KnownEntry:
    prints = Fingerprints()
    kind = str(record["type"])
    prints.add(_NAMES.get(kind, kind), str(record["indicator"]))
    together = aggregate(opinion for opinion, _, _ in opinions.values())
    extra = [("type", clean_text(kind)[:80]), ("updated", str(int(record["last_updated"])))]
    for member, (opinion, descriptor, tags) in sorted(opinions.items()):
        extra.append((f"opinion.{member}", clean_text(" ".join([opinion.value, *tags]))[:1000]))
        if descriptor:
            extra.append((f"descriptor.{member}", descriptor))
    return KnownEntry(
        line=1,
        md5=prints.hashes.md5,
        sha1=prints.hashes.sha1,
        sha256=prints.hashes.sha256,
        pdq=tuple(prints.hashes.pdq),
        carried=tuple(prints.hashes.carried),
        code=together,
        flags=((Flag.DISPUTED, True),) if is_doubted(together) else (),
        source_id=source_id,
        extra=tuple(extra),
    )
