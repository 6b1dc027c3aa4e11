"""StopNCII.org's hash sharing, through the ThreatExchange library's client.

A record is the present state of one hash: it replaces what was seen of it before. Withdrawn and deleted hashes are
taken off: the person whom the picture shows asked for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from threatexchange.exchanges.clients.stopncii.api import StopNCIIAPI, StopNCIICSPFeedbackValue, StopNCIIEndpoint

from varde.core.errors import ExchangeFailure, WrongUse
from varde.core.known import Flag, KnownEntry, SetDelta
from varde.known.exchange import OPINION_SCHEME, Credential, Feedback, FetchedRange, Opinion, aggregate, is_doubted
from varde.known.exchanges.answers import read_json
from varde.known.exchanges.fingerprints import Fingerprints
from varde.known.exchanges.transport import LIMITS, GuardedSession, TransportLimits, check_address
from varde.known.text import clean_text

_PIECE = 20_000
_LONGEST_PAUSE = timedelta(days=30)
"""A checkpoint older than this is not gone on from; the library's rule."""

_GONE = frozenset(("Withdrawn", "Deleted"))
_NAMES = {"ImagePDQ": "pdq", "VideoMD5": "md5"}
_OPINIONS = {"Blocked": Opinion.POSITIVE, "NotBlocked": Opinion.NEGATIVE}


class StopNciiApi:
    """Makes clients of StopNCII.org."""

    name = "stopncii"
    title = "StopNCII.org"
    settings: Mapping[str, str] = {"address": f"its address; default: {StopNCIIAPI.BASE_URL}"}
    credential = ("subscription_key", "fetch_key")
    optional = ("feedback_key",)
    scheme = OPINION_SCHEME

    def check(self, settings: Mapping[str, str]) -> None:
        """Does nothing if the settings can be used; see `ExchangeApi.check`."""
        check_address(settings.get("address", StopNCIIAPI.BASE_URL))

    def open(
        self,
        settings: Mapping[str, str],
        credential: Credential,
        *,
        limits: TransportLimits = LIMITS,
        piece: int = _PIECE,
    ) -> StopNciiExchange:
        """Returns the exchange; see `ExchangeApi.open`."""
        address = check_address(settings.get("address", StopNCIIAPI.BASE_URL))
        return StopNciiExchange(GuardedClient(address, credential, limits), piece)


class GuardedClient(StopNCIIAPI):
    """The library's client on a guarded connection.

    The library drops records it cannot read after writing them, hash and all, into the log; it starts again from the
    first page where a next one is announced and not named. Records are read here instead.
    """

    def __init__(self, address: str, credential: Credential, limits: TransportLimits) -> None:
        keys = {StopNCIIEndpoint.SubmitFeedback: credential.values.get("feedback_key", "")}
        super().__init__(credential["subscription_key"], credential["fetch_key"], keys, address)
        if not all(key.isascii() for key in (self._subscription_key, *self._function_keys.values())):
            raise WrongUse("StopNCII's keys are plain letters and digits")
        self.session = GuardedSession(address, limits)
        self.host = self.session.host

    @property
    def may_give_feedback(self) -> bool:
        """Whether there is a key for it."""
        return bool(self._function_keys[StopNCIIEndpoint.SubmitFeedback])

    def _get_session(self, endpoint: StopNCIIEndpoint) -> Any:
        self.session.headers["x-functions-key"] = self._function_keys[endpoint]
        self.session.headers["Ocp-Apim-Subscription-Key"] = self._subscription_key
        return self.session

    def get_page(self, start: int, token: str) -> dict[str, Any]:
        """Returns one page of records that changed since a time of the exchange's own count."""
        question: dict[str, Any] = {"startTimestamp": start, "pageSize": 800}
        if token:
            question["nextPageToken"] = token
        with self._get_session(StopNCIIEndpoint.FetchHashes) as session:
            answer = session.get(f"{self._base_url}/{StopNCIIEndpoint.FetchHashes.value}", params=question)
        return read_json(answer.content, self.host)

    def tell(self, told: dict[str, Any]) -> None:
        """Sends feedback on one hash."""
        endpoint = StopNCIIEndpoint.SubmitFeedback
        with self._get_session(endpoint) as session:
            session.post(f"{self._base_url}/{endpoint.value}", json={"count": 1, "hashFeedbacks": [told]})


class StopNciiExchange:
    """StopNCII.org, logged in to."""

    def __init__(self, client: GuardedClient, piece: int) -> None:
        self._client = client
        self._piece = piece

    def needs_all(self, checkpoint: Mapping[str, str], now: datetime) -> bool:
        """Returns whether the last fetch is more than 30 days ago."""
        return bool(checkpoint) and now - datetime.fromisoformat(checkpoint["fetched_at"]) > _LONGEST_PAUSE

    def fetch(self, checkpoint: Mapping[str, str], now: datetime, *, everything: bool) -> Iterator[FetchedRange]:
        """Yields the changes since the checkpoint; see `OpenedExchange.fetch`.

        Where a fetch may go on is known at its end: pieces before it keep the earlier checkpoint, and would come again.
        """
        first = StopNCIIAPI.DEFAULT_START_TIME
        start = first if everything else int(checkpoint.get("next_set", first))
        found: dict[str, KnownEntry | None] = {}
        unreadable, reached = 0, start
        for page in self._list_pages(start):
            for record in page["hashRecords"]:
                read = _read_record(record)
                if read is None:
                    unreadable += 1
                else:
                    found.pop(read[0], None)
                    found[read[0]] = read[1]
            reached = max(reached, page["nextSetTimestamp"])
            if len(found) >= self._piece and page["hasMoreRecords"]:
                yield _make_range(found, dict(checkpoint), reached, unreadable, is_last=False)
                found, unreadable = {}, 0
        ending = {"next_set": str(reached), "fetched_at": now.astimezone(UTC).isoformat()}
        yield _make_range(found, ending, reached, unreadable, is_last=True)

    def prepare_feedback(self, feedback: Feedback) -> Callable[[], None]:
        """Returns what tells StopNCII; see `OpenedExchange.prepare_feedback`. A reason travels as a tag."""
        kind, _, value = feedback.source_id.partition(":")
        if not kind or not value:
            raise WrongUse(f"{feedback.source_id!r} is no entry of StopNCII's: TYPE:HASH")
        given = StopNCIICSPFeedbackValue.Blocked if feedback.affirmative else StopNCIICSPFeedbackValue.NotBlocked
        if not self._client.may_give_feedback:
            raise WrongUse(
                "StopNCII takes feedback with a key of its own", advice="Add feedback_key to the credential."
            )
        told = {"feedbackValue": given.value, "tags": [feedback.reason] if feedback.reason else [], "hashValue": value}
        return partial(self._client.tell, told)

    def close(self) -> None:
        """Ends the connection."""
        self._client.session.close()

    def _list_pages(self, start: int) -> Iterator[dict[str, Any]]:
        token, seen = "", set[str]()
        while True:
            page = self._client.get_page(start, token)
            self._check_page(page)
            yield page
            if not page["hasMoreRecords"]:
                return
            token = str(page.get("nextPageToken") or "")
            if not token or token in seen:
                raise ExchangeFailure(f"{self._client.host}: it says that there are more records, and not where")
            seen.add(token)

    def _check_page(self, page: dict[str, Any]) -> None:
        wanted = {"hashRecords": list, "nextSetTimestamp": int, "hasMoreRecords": bool}
        for name, kind in wanted.items():
            if not isinstance(page.get(name), kind):
                raise ExchangeFailure(f"{self._client.host}: its answer has no {name} of the right kind")


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
    return FetchedRange(delta, str(reached), is_last, unreadable)


def _read_record(record: Any) -> tuple[str, KnownEntry | None] | None:
    """Returns the name of a hash and its entry, no entry where it is gone; None for what is no record."""
    if not isinstance(record, dict):
        return None
    kind, value, status = (record.get(name) for name in ("signalType", "hashValue", "hashStatus"))
    if not isinstance(kind, str) or not isinstance(value, str) or not kind or not value:
        return None
    source_id = clean_text(f"{kind}:{value}")
    if status in _GONE:
        return source_id, None
    prints = Fingerprints()
    prints.add(_NAMES.get(kind, kind), value)
    feedback = [one for one in record.get("CSPFeedbacks") or () if isinstance(one, dict)]
    given = [_OPINIONS.get(str(one.get("feedbackValue")), Opinion.SEED) for one in feedback]
    opinion = aggregate([Opinion.SEED, *given])  # of the person who reported it
    entry = KnownEntry(
        line=1,
        md5=prints.hashes.md5,
        pdq=tuple(prints.hashes.pdq),
        carried=tuple(prints.hashes.carried),
        code=opinion,
        flags=((Flag.DISPUTED, True),) if is_doubted(opinion) else (),
        source_id=source_id,
        extra=tuple(_list_extra(record, str(status), feedback)),
    )
    return source_id, entry


def _list_extra(record: dict[str, Any], status: str, feedback: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    yield "status", clean_text(status)[:40]
    yield "modified", clean_text(str(record.get("lastModtimestamp", "")))[:40]
    cases = record.get("caseNumbers")
    for number, state in cases.items() if isinstance(cases, dict) else ():
        yield clean_text(f"case.{number}")[:200], clean_text(str(state))[:40]
    for one in feedback:
        tags = [str(tag) for tag in one.get("tags") or ()]
        words = " ".join([str(one.get("feedbackValue", "")), *tags])
        yield clean_text(f"feedback.{one.get('source', '')}")[:200], clean_text(words)[:1000]
