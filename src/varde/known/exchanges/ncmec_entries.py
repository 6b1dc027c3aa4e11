"""Entries of NCMEC's hash sharing (version 2) as they stand in its XML, turned into known entries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs
from xml.etree.ElementTree import Element

from varde.core.known import Flag, KnownEntry
from varde.known.exchange import Opinion, aggregate, is_doubted
from varde.known.exchanges.fingerprints import Fingerprints
from varde.known.text import clean_text

_ID = re.compile(r"\S{1,200}")
_DELETED = "deleted"
_KINDS = ("image", "video")


@dataclass(frozen=True, slots=True)
class Update:
    """What happened to one entry.

    Attributes:
        source_id: ``MEMBER-ID``, the library's key, so that two users of the exchange speak of the same entry.
        member: number of the member that gave it.
        entry: as it stands now; None where it was deleted.
        is_disputed: whether a member says that it is wrong.
        unreadable: hashes in it that have not the form of their kind.
    """

    source_id: str
    member: int
    entry: KnownEntry | None
    is_disputed: bool = False
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """One answer to a question for entries.

    Attributes:
        updates: in no order of time.
        unreadable: elements that are no entry.
        following: address of the next page; "" after the last.
        expected: about how many entries the whole range has, as the next page's address lets one guess.
    """

    updates: tuple[Update, ...]
    unreadable: int
    following: str
    expected: int


def read_page(root: Element) -> Page:
    """Returns what an answer holds; an element that is no entry is counted and left out."""
    updates = []
    unreadable = 0
    for group in (root.find("images"), root.find("videos")):
        for element in () if group is None else group:
            update = _read_update(element)
            if update is None:
                unreadable += 1
            else:
                updates.append(update)
    following = (root.findtext("paging/next") or "").strip()
    return Page(tuple(updates), unreadable, following, len(updates) + _guess_left(following))


def _guess_left(following: str) -> int:
    fields = parse_qs(following.partition("?")[2])
    try:
        return max(0, int(fields["max"][0]) - int(fields["start"][0])) if following else 0
    except (KeyError, ValueError):
        return 1


def _read_update(element: Element) -> Update | None:
    kind = element.tag.lower()
    member, name = element.find("member"), (element.findtext("id") or "").strip()
    number = "" if member is None else member.get("id", "")
    known_kind = kind.removeprefix(_DELETED) in _KINDS
    if not known_kind or not _ID.fullmatch(name) or not re.fullmatch(r"[0-9]{1,18}", number):
        return None
    source_id = clean_text(f"{int(number)}-{name}")
    if kind.startswith(_DELETED):
        return Update(source_id, int(number), None)
    return _read_entry(element, source_id, int(number), kind)


def _read_entry(element: Element, source_id: str, member: int, kind: str) -> Update:
    prints = Fingerprints()
    linked = []
    for found in element.iterfind("fingerprints/*"):
        if found.text and found.text.strip():
            prints.add(found.tag, found.text)
        elif found.get("href"):
            linked.append((f"linked.{found.tag}", clean_text(found.get("href", "")[:1000])))
    opinions = [Opinion.POSITIVE]  # of the member that gave it
    feedback = []
    for opinion, name, words in _read_feedback(element):
        opinions.append(opinion)
        feedback.append((name, words))
    together = aggregate(opinions)
    given = element.find("member")
    extra = [
        ("kind", kind),
        ("member", clean_text((given.text if given is not None else "") or "")[:200]),
        ("timestamp", clean_text(element.findtext("timestamp") or "")[:40]),
        ("opinion", together),
    ]
    entry = KnownEntry(
        line=1,
        md5=prints.hashes.md5,
        sha1=prints.hashes.sha1,
        sha256=prints.hashes.sha256,
        pdq=tuple(prints.hashes.pdq),
        carried=tuple(prints.hashes.carried),
        code=clean_text((element.findtext("classification") or "").strip()[:200]) or None,
        flags=((Flag.DISPUTED, True),) if is_doubted(together) else (),
        source_id=source_id,
        extra=(*extra, *linked, *feedback),
    )
    return Update(source_id, member, entry, is_doubted(together), prints.unreadable)


def _read_feedback(element: Element) -> Iterator[tuple[Opinion, str, str]]:
    """Yields (opinion, which hash and member, opinion and reason in words); members come behind their reason."""
    for sentiment in element.iterfind("feedback/*"):
        opinion = {"affirmativeFeedback": Opinion.POSITIVE, "negativeFeedback": Opinion.NEGATIVE}.get(sentiment.tag)
        reason = ""
        for found in sentiment.iter():
            if found.tag == "reason":
                reason = clean_text(found.get("name", "") or found.get("guid", ""))[:200]
            elif found.tag == "member" and opinion is not None:
                name = f"feedback.{sentiment.get('type', '').lower()}.{found.get('id', '')}"
                yield opinion, clean_text(name)[:200], f"{opinion.value} {reason}".strip()
