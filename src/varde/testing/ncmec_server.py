"""A server on this machine that behaves as NCMEC's hash sharing does: no order of time, tombstones, pages."""

from __future__ import annotations

import base64
import time
from calendar import timegm
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from varde.testing.exchange_servers import Answer, ExchangeServer, Request

USERNAME, PASSWORD = "unit", "correct horse"
"""What a made-up server lets in."""


@dataclass(slots=True)
class NcmecItem:
    """One entry of NCMEC's hash sharing as its server holds it.

    Attributes:
        changed_s: time of its last change, seconds since 1970.
        feedback: lines of XML inside ``feedback``.
    """

    member: int
    name: str
    changed_s: int
    kind: str = "image"
    classification: str = "A1"
    fingerprints: dict[str, str] = field(default_factory=dict)
    is_deleted: bool = False
    feedback: str = ""


class NcmecServer(ExchangeServer):
    """NCMEC hash sharing, version 2: entries in no order of time, tombstones, pages, basic authentication, feedback.

    Attributes:
        items: by (member, name).
        page_size: entries in one answer.
        told: feedback it was given, (path, body).
    """

    def __init__(self, username: str = USERNAME, password: str = PASSWORD, *, page_size: int = 1000) -> None:
        super().__init__()
        self._authorization = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
        self.items: dict[tuple[int, str], NcmecItem] = {}
        self.page_size = page_size
        self.told: list[tuple[str, bytes]] = []
        self.reasons = {"01234567-abcd-0123-4567-012345678900": "Example Reason 1"}

    def put(self, item: NcmecItem) -> None:
        """Takes an entry, in place of an earlier one of that member and name."""
        self.items[item.member, item.name] = item

    def answer(self, request: Request) -> Answer:
        """Returns the right answer."""
        if request.headers.get("authorization") != self._authorization:
            return Answer(401, b"who are you")
        if request.path == "/v2/status":
            return _xml("status", '<ipAddress>127.0.0.1</ipAddress><member id="7">Unit</member>')
        if request.path == "/v2/entries":
            return self._list_entries(request.query)
        if request.path.endswith("/reasons"):
            rows = "".join(f'<reason guid="{guid}" name={quoteattr(name)}/>' for guid, name in self.reasons.items())
            return _xml("x", f"<availableFeedbackReasons>{rows}</availableFeedbackReasons>")
        if request.method == "PUT" and request.path.endswith("/feedback"):
            self.told.append((request.path, request.body))
            return _xml("submissionResult", "")
        return Answer(404)

    def _list_entries(self, query: dict[str, str]) -> Answer:
        start, end = (_read_time(query[name]) for name in ("from", "to"))
        chosen = [item for item in self.items.values() if start <= item.changed_s <= end]
        chosen.sort(key=lambda item: sha256(item.name.encode()).digest())  # any order but that of time
        offset = int(query.get("start", 1)) - 1
        page = chosen[offset : offset + self.page_size]
        groups = []
        for kind in ("image", "video"):
            rows = [_write_item(item) for item in page if item.kind == kind]
            latest = _write_time(max((item.changed_s for item in page), default=0))
            groups.append(f'<{kind}s count="{len(rows)}" maxTimestamp="{latest}">{"".join(rows)}</{kind}s>')
        following = ""
        if offset + self.page_size < len(chosen):
            times = "&".join(f"{name}={quote(query[name])}" for name in ("from", "to"))
            place = f"start={offset + self.page_size + 1}&size={self.page_size}&max={len(chosen)}"
            following = f"<paging><next>{escape(f'/v2/entries?{times}&{place}')}</next></paging>"
        return _xml("queryResult", "".join(groups) + following)


def _xml(root: str, inside: str) -> Answer:
    space = "https://hashsharing.ncmec.org/hashsharing/v2"
    text = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<{root} xmlns="{space}">{inside}</{root}>'
    return Answer(200, text.encode(), "application/xml")


def _write_item(item: NcmecItem) -> str:
    head = (
        f'<member id="{item.member}">Member {item.member}</member><timestamp>{_write_time(item.changed_s)}</timestamp>'
    )
    head += f"<id>{escape(item.name)}</id>"
    if item.is_deleted:
        tag = f"deleted{item.kind.title()}"
        return f"<{tag}>{head}</{tag}>"
    prints = "".join(f"<{kind}>{escape(value)}</{kind}>" for kind, value in item.fingerprints.items())
    body = f"<classification>{item.classification}</classification><fingerprints>{prints}</fingerprints>"
    feedback = f"<feedback>{item.feedback}</feedback>" if item.feedback else "<feedback/>"
    return f"<{item.kind}>{head}{body}{feedback}</{item.kind}>"


def _read_time(text: str) -> int:
    return timegm(time.strptime(text.partition(".")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S"))


def _write_time(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
