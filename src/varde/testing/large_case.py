"""Writes a large case fast: made-up rows and a few hundred generated pictures, for pages that must work at scale.

Nothing of it was ever a file: whoever asks for an original is told that its exhibit is not there. Everything else is as
processing leaves it: folders, copies, near copies, matches, thumbnails, decisions with their audit event, stacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import Connection, func, select

from varde.core.case import Case, Keeping
from varde.core.item import Origin
from varde.core.known import KnownEntry, SetRole
from varde.core.media import MediaKind, Thumbnail
from varde.core.scheme import Grade
from varde.hashing import pdq
from varde.media.thumbnails import write_thumbnail
from varde.pipeline.stacking import stack_case
from varde.store import cases, decisions, known_sets, runs, schemes, tables
from varde.store.bulk import insert_rows
from varde.store.items import ItemState, compute_place
from varde.store.known_sets import NewSet
from varde.store.search_index import rebuild
from varde.store.site import Site
from varde.store.types import write_utc
from varde.testing.pictures import make_photo

_NOWHERE: Final = Path("/nowhere")
_AT: Final = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
_BATCH: Final = 10_000
_KINDS: Final = (
    (MediaKind.PICTURE, "image/jpeg", 0.80),
    (MediaKind.VIDEO, "video/mp4", 0.06),
    (MediaKind.OTHER, "application/octet-stream", 0.137),
    (MediaKind.ARCHIVE, "application/zip", 0.003),
)
_COPIES: Final = 0.15
_NEAR: Final = 0.10
_FROM_CAMERA: Final = 0.35
_MATCHED: Final = 0.004
_ENTRIES: Final = 300
_PER_FOLDER: Final = 180
_PICTURES: Final = 200
_TREES: Final = (
    "DCIM/{0:03d}APPLE",
    "Pictures/holiday {0}",
    "WhatsApp/Media/Images/{0}",
    "cache/f_{0:05x}",
    "backup.zip!/photos/{0}",
)
_CAMERA: Final = [["Make", "Made-up"], ["Model", "Box 1"], ["DateTimeOriginal", "2025:07:01 12:00:00"]]


@dataclass(frozen=True, slots=True)
class LargeCase:
    """What to make.

    Attributes:
        items: at least 1.
        name: of the case.
        decided: share of the items that are decided, from the first on.
        copies_of_one: how many of them have the very same bytes.
        pictures: different thumbnails.
        seed: decides everything.
    """

    items: int
    name: str = "large"
    scheme: str = "vics-us@2.0"
    decided: float = 0.05
    copies_of_one: int = 0
    pictures: int = _PICTURES
    seed: int = 1


def make_large_case(
    site: Site,
    *,
    items: int,
    name: str = "large",
    decided: float = 0.05,
    copies_of_one: int = 0,
    is_searchable: bool = True,
    person: str = "A. Examiner",
    progress: Callable[[str], None] = lambda _: None,
) -> Case:
    """Returns a new case with so many items, stacked; about half a minute for 100,000 on one core.

    Args:
        site: where; nothing else may be writing to it.
        items: how many.
        name: of the case; must be new.
        decided: share of the items that are decided.
        copies_of_one: how many items have the very same bytes.
        is_searchable: whether searches find them; takes longer than all the rest.
        person: who opens the case and decides.
        progress: told what is done next.
    """
    wanted = LargeCase(
        items,
        name,
        decided=decided,
        copies_of_one=min(copies_of_one, items),
        pictures=max(4, min(_PICTURES, items // 100)),
    )
    with site.database.write() as connection:
        writer = _Writer(connection, wanted, person)
        progress("items and contents")
        writer.write()
        if is_searchable:
            progress("the index of the search")
            rebuild(connection)
        progress("decisions")
        writer.decide()
    progress("stacks")
    with site.processing_lock():
        stack_case(site, writer.case.case_id)
    return writer.case


class _Writer:
    """Writes a case in one transaction, table by table."""

    def __init__(self, connection: Connection, wanted: LargeCase, person: str) -> None:
        self._connection = connection
        self._wanted = wanted
        self._person = person
        self._rng = np.random.default_rng(wanted.seed)
        self.case = cases.create_case(
            connection, name=wanted.name, authorisation="made up", scheme=wanted.scheme, person=person, at=_AT
        )
        self._first_content = 1 + (_highest(connection, tables.contents.c.id) or 0)
        self._first_item = 1 + (_highest(connection, tables.items.c.id) or 0)
        self._folders = max(1, wanted.items // _PER_FOLDER)

    def write(self) -> None:
        """Writes everything but decisions and stacks."""
        exhibit_id = self._add_exhibit()
        contents = self._share_contents()
        count = int(contents.max()) + 1
        kinds = self._rng.choice(len(_KINDS), count, p=[share for _, _, share in _KINDS])
        self._write_contents(kinds)
        self._write_items(exhibit_id, contents, kinds)
        self._write_matches(contents, kinds)
        run_id = runs.add_run(self._connection, self.case.case_id, person=self._person, at=_AT, software={})
        runs.finish_run(self._connection, run_id, at=_AT + timedelta(hours=1), cpu_s={})

    def decide(self) -> None:
        """Decides the first items, in the audited way, with a few codes."""
        count = round(self._wanted.decided * self._wanted.items)
        _, scheme = schemes.get_scheme(self._connection, self._wanted.scheme)
        grades = [scheme.grade(code) for code in scheme.codes[:4]]
        chosen = self._rng.choice(len(grades), count, p=_weigh(len(grades)))
        decided: Iterator[tuple[int, Grade | None, str]] = (
            (self._first_item + number, grades[which], "") for number, which in enumerate(chosen.tolist())
        )
        decisions.record_decisions(self._connection, decided, case=self.case.name, person=self._person, at=_AT)

    def _add_exhibit(self) -> int:
        path = _NOWHERE / self._wanted.name
        added = cases.add_exhibit(
            self._connection, case=self.case, path=path, keeping=Keeping.REFERENCE, person=self._person, at=_AT
        )
        cases.record_walked(self._connection, added.exhibit_id)
        return added.exhibit_id

    def _share_contents(self) -> NDArray[np.int64]:
        """Returns the content of every item, numbered from 0: most have their own, some are copies of earlier ones."""
        count, same = self._wanted.items, self._wanted.copies_of_one
        is_copy = self._rng.random(count) < _COPIES
        is_copy[0] = False
        numbers = np.cumsum(~is_copy) - 1
        numbers[is_copy] = (self._rng.random(int(is_copy.sum())) * (numbers[is_copy] + 1)).astype(np.int64)
        if same:
            numbers[self._rng.choice(count, same, replace=False)] = 0
        dense: NDArray[np.int64] = np.unique(numbers, return_inverse=True)[1].reshape(-1).astype(np.int64)
        return dense

    def _write_contents(self, kinds: NDArray[np.int64]) -> None:
        thumbnails = _make_thumbnails(self._rng, self._wanted.pictures)
        hashes = self._make_hashes(len(kinds))
        for start in range(0, len(kinds), _BATCH):
            some = range(start, min(start + _BATCH, len(kinds)))
            digests = self._rng.bytes(68 * len(some))
            from_camera = (self._rng.random(len(some)) < _FROM_CAMERA).tolist()
            rows = [
                self._content_row(number, int(kinds[number]), digests[68 * at : 68 * at + 68], tagged=from_camera[at])
                for at, number in enumerate(some)
            ]
            insert_rows(self._connection, tables.contents, rows)
            shown = [number for number in some if _KINDS[kinds[number]][0] in (MediaKind.PICTURE, MediaKind.VIDEO)]
            pictures = [number for number in some if _KINDS[kinds[number]][0] is MediaKind.PICTURE]
            insert_rows(self._connection, tables.signals, [self._signal_row(n, hashes[n].tobytes()) for n in pictures])
            thumbs = [self._thumbnail_row(number, thumbnails[number % len(thumbnails)]) for number in shown]
            insert_rows(self._connection, tables.thumbnails, thumbs)

    def _make_hashes(self, count: int) -> NDArray[np.uint8]:
        """Returns PDQ-like hashes, some of them a few bits from an earlier one."""
        hashes = self._rng.integers(0, 256, (count, pdq.HASH_BYTES), np.uint8)
        near = np.flatnonzero(self._rng.random(count) < _NEAR)
        near = near[near > 0]
        hashes[near] = hashes[(self._rng.random(len(near)) * near * 0.9).astype(np.int64)]
        hashes[near, self._rng.integers(0, pdq.HASH_BYTES, len(near))] ^= 0b101
        return hashes

    def _content_row(self, number: int, kind: int, digests: bytes, *, tagged: bool) -> dict[str, Any]:
        what, mime, _ = _KINDS[kind]
        is_seen = what in (MediaKind.PICTURE, MediaKind.VIDEO)
        return {
            "id": self._first_content + number,
            "sha256": digests[:32],
            "sha1": digests[32:52],
            "md5": digests[52:],
            "size_bytes": 10_000 + number % 5_000_000,
            "kind": what.value,
            "mime": mime,
            "width_px": (4032, 1600, 48, 1280)[number % 4] if is_seen else None,
            "height_px": (3024, 1200, 48, 720)[number % 4] if is_seen else None,
            "frames": None,
            "duration_s": 3.0 + number % 600 if what is MediaKind.VIDEO else None,
            "metadata": _CAMERA if tagged and is_seen else [],
            "sampling": None,
        }

    def _signal_row(self, number: int, value: bytes) -> dict[str, Any]:
        same = {"content_id": self._first_content + number, "method": pdq.METHOD.name, "version": pdq.METHOD.version}
        empty = dict.fromkeys(("offset_s", "reason", "detail", "variants"))
        return same | {"position": 0, "value": value, "quality": 40 + number % 60, **empty}

    def _thumbnail_row(self, number: int, thumbnail: Thumbnail) -> dict[str, Any]:
        return {
            "content_id": self._first_content + number,
            "data": thumbnail.data,
            "width_px": thumbnail.width_px,
            "height_px": thumbnail.height_px,
            "veiled": thumbnail.veiled,
        }

    def _write_items(self, exhibit_id: int, contents: NDArray[np.int64], kinds: NDArray[np.int64]) -> None:
        suffix = ("jpg", "mp4", "dat", "zip")
        folders = np.sort(self._rng.integers(0, self._folders, len(contents))).tolist()
        for start in range(0, len(contents), _BATCH):
            rows = []
            for number in range(start, min(start + _BATCH, len(contents))):
                content = int(contents[number])
                name = f"IMG_{number:07d}.{suffix[kinds[content]]}"
                folder = folders[number]
                locator = f"{_TREES[folder % len(_TREES)].format(folder // len(_TREES))}/{name}"
                rows.append(
                    {
                        "id": self._first_item + number,
                        "exhibit_id": exhibit_id,
                        "parent_id": None,
                        "ordinal": None,
                        "place": compute_place(locator),
                        "locator": locator,
                        "name": name,
                        "origin": (Origin.ARCHIVE_MEMBER if "!/" in locator else Origin.FILE).value,
                        "size_bytes": 10_000 + content % 5_000_000,
                        "modified_at": write_utc(_AT - timedelta(minutes=number % 2_000_000)),
                        "state": ItemState.DONE.value,
                        "content_id": self._first_content + content,
                    }
                )
            insert_rows(self._connection, tables.items, rows)

    def _write_matches(self, contents: NDArray[np.int64], kinds: NDArray[np.int64]) -> None:
        """Adds three known sets and their matches, most of them in a few stretches of the case, as in real ones."""
        seen = np.flatnonzero(kinds <= 1)
        count = max(1, round(_MATCHED * len(seen)))
        starts = self._rng.integers(0, len(seen), 1 + count // 40)
        around = (starts[self._rng.integers(0, len(starts), count)] + self._rng.integers(0, 400, count)) % len(seen)
        chosen = np.unique(np.concatenate([seen[around], self._rng.choice(seen, max(1, count // 10))]))
        roles = self._rng.choice([SetRole.ALERT, SetRole.OWN, SetRole.KNOWN], len(chosen), p=[0.7, 0.1, 0.2]).tolist()
        sets = {role: self._add_set(SetRole(role)) for role in (SetRole.ALERT, SetRole.OWN, SetRole.KNOWN)}
        found = zip(chosen.tolist(), roles, self._rng.integers(-8, 32, len(chosen)).tolist(), strict=True)
        first = 1 + (_highest(self._connection, tables.findings.c.id) or 0)
        rows = [
            self._finding_row(first + at, content, sets[SetRole(role)] + at % _ENTRIES, apart)
            for at, (content, role, apart) in enumerate(found)
        ]
        insert_rows(self._connection, tables.findings, rows)

    def _add_set(self, role: SetRole) -> int:
        """Returns the row number of the first entry of a new known set."""
        name = f"{self._wanted.name} {role.value}"
        new = NewSet(name, "1", "made up", role, "vics-us", "2.0", "hash-list", "made-up.txt", None, "")
        set_id = known_sets.add_set(self._connection, new, person=self._person, at=_AT)
        first = 1 + (_highest(self._connection, tables.known_entries.c.id) or 0)
        entries = (KnownEntry(line, sha256=self._rng.bytes(32)) for line in range(1, _ENTRIES + 1))
        known_sets.add_entries(self._connection, set_id, entries, lambda _: None)
        return first

    def _finding_row(self, row_id: int, content: int, entry_id: int, apart: int) -> dict[str, Any]:
        is_exact = apart < 0
        return {
            "id": row_id,
            "content_id": self._first_content + content,
            "entry_id": entry_id,
            "family": "digest" if is_exact else pdq.METHOD.name,
            "method": "sha256" if is_exact else pdq.METHOD.name,
            "version": "1",
            "max_distance": 0 if is_exact else pdq.MAX_DISTANCE,
            "min_quality": 0 if is_exact else pdq.MIN_QUALITY,
            "distance": 0 if is_exact else apart & ~1,
            "offset_s": None,
            "found_at": write_utc(_AT),
            "details": None,
            "suppressed_by": None,
        }


def _make_thumbnails(rng: np.random.Generator, count: int) -> list[Thumbnail]:
    return [write_thumbnail(Image.fromarray(make_photo(rng, 160, 120))) for _ in range(count)]


def _weigh(count: int) -> NDArray[np.float64]:
    weights = 1.0 / np.arange(1, count + 1)
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def _highest(connection: Connection, column: Any) -> int | None:
    return connection.execute(select(func.max(column))).scalar()
