"""Behaviour of `varde.workflows.export_known_set`: what leaves, as of when, and what never happens to other files."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from varde.core.case import Keeping
from varde.core.errors import NotFound, Refused, VardeError, WrongUse
from varde.core.known import EntryState, KnownAct, KnownEntry, SetDelta, SetRole
from varde.known.format import HashKind, ReadOptions
from varde.known.losses import Losses
from varde.known.registry import get_format
from varde.known.writer import OutgoingSet
from varde.store import audit
from varde.store.find_known import EntryWords
from varde.store.site import Site
from varde.testing.known_files import write_vics
from varde.workflows.actor import Actor
from varde.workflows.export_known_set import ExportRequest, ExportResult, export_known_set
from varde.workflows.import_known_set import ImportRequest, import_known_set
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.update_known_set import apply_delta, create_set
from varde.workflows.withdraw_known import Target, change_known

WITHDRAWN, DISPUTED = KnownAct.WITHDRAWN, KnownAct.DISPUTED


@dataclass
class Clock:
    """Goes on by a day whenever it is asked."""

    now: datetime = field(default=datetime(2026, 3, 1, tzinfo=UTC))

    def __call__(self) -> datetime:
        self.now += timedelta(days=1)
        return self.now


@pytest.fixture
def actor() -> Actor:
    return Actor("B. Officer", Clock())


@pytest.fixture
def exports(site: Site, actor: Actor, tmp_path: Path) -> Exports:
    """A set ``list`` of the entries a, b and c, made on 2 March and filled on 3 March."""
    set_id = create_set(
        site,
        actor,
        name="list",
        version="1",
        owner="",
        role=SetRole.ALERT,
        scheme="vics-us@2.0",
        format="vics",
        source="x",
    )
    entries = tuple(
        KnownEntry(number, md5=bytes([number]) * 16, sha1=bytes([number]) * 20, code="1", source_id=name)
        for number, name in enumerate("abc", 1)
    )
    apply_delta(site, actor, set_id, SetDelta(upserts=entries), "x")
    return Exports(site, actor, tmp_path / "out", set_id)


@dataclass
class Exports:
    site: Site
    actor: Actor
    output: Path
    set_id: int

    def __call__(self, **words: object) -> ExportResult:
        request = ExportRequest("list", self.output, **words)  # type: ignore[arg-type]
        return export_known_set(self.site, self.actor, request, lambda count: None)

    def change(self, act: KnownAct, *names: str) -> None:
        change_known(self.site, self.actor, act, Target("list", None, EntryWords(names)), "wrong file")

    def names(self, format_name: str = "vics") -> list[str]:
        with get_format(format_name).open(self.output, ReadOptions()) as opened:
            return [entry.source_id for entry in opened.entries]

    def events(self) -> list[dict[str, object]]:
        with self.site.database.read() as connection:
            listed = list(audit.list_events(connection))
        return [event.subject for event in listed if event.act == audit.Act.KNOWN_SET_EXPORTED]


def test_an_export_is_whole_recorded_and_for_its_owner_only(exports: Exports) -> None:
    result = exports()
    content = exports.output.read_bytes()
    assert (result.format, result.entries, result.left_out) == ("vics", 3, {})
    assert result.sha256 == hashlib.sha256(content).digest()
    assert result.size_bytes == len(content)
    assert exports.names() == ["a", "b", "c"]
    assert exports.output.stat().st_mode & 0o077 == 0
    (event,) = exports.events()
    assert event == {
        "set": "list",
        "version": "1",
        "format": "vics",
        "file": "out",
        "entries": 3,
        "sha256": result.sha256.hex(),
        "as_of": None,
        "withdrawn": 0,
    }


def test_the_same_set_gives_the_same_bytes(exports: Exports) -> None:
    first = exports(format="csv")
    assert exports(format="csv", replace=True).sha256 == first.sha256


def test_withdrawn_entries_stay_here_and_disputed_ones_are_marked(exports: Exports) -> None:
    exports.change(WITHDRAWN, "a")
    exports.change(DISPUTED, "b")
    result = exports()
    assert (result.entries, result.withdrawn, result.disputed) == (2, 1, 1)
    media = json.loads(exports.output.read_text())["value"]
    assert [(one["MediaID"], one.get("IsDisputed")) for one in media] == [("b", True), ("c", None)]


def test_withdrawn_entries_go_only_where_they_can_be_marked(exports: Exports) -> None:
    exports.change(WITHDRAWN, "a")
    assert exports(withdrawn=True, format="csv").entries == 3
    assert exports.names("csv") == ["b", "c"]
    with pytest.raises(Refused, match="no mark for withdrawn"):
        exports(withdrawn=True, format="icse-csv", replace=True)


def test_a_withdrawn_set_has_nothing_to_write(exports: Exports) -> None:
    change_known(exports.site, exports.actor, WITHDRAWN, Target("list", whole_set=True), "taken back")
    with pytest.raises(WrongUse, match="all 3 entries are withdrawn"):
        exports()
    assert not exports.output.exists()


def test_a_set_is_written_as_it_was_at_a_time(exports: Exports) -> None:
    """Filled on 3 March; on 4 March a is withdrawn; on 5 March b is described anew and d is added."""
    exports.change(WITHDRAWN, "a")
    upserts = (
        KnownEntry(1, md5=b"\x09" * 16, source_id="b"),
        KnownEntry(2, md5=b"\x08" * 16, source_id="d"),
    )
    apply_delta(exports.site, exports.actor, exports.set_id, SetDelta(upserts=upserts), "y")
    found = {}
    for day in (3, 4, 5):
        exports(at=datetime(2026, 3, day, 23, tzinfo=UTC), replace=True)
        found[day] = exports.names()
    assert found == {3: ["a", "b", "c"], 4: ["b", "c"], 5: ["c", "b", "d"]}
    assert exports.events()[0]["as_of"] == "2026-03-03T23:00:00.000000Z"
    with pytest.raises(WrongUse, match="had no entries at 2026-03-01"):
        exports(at=datetime(2026, 3, 1, tzinfo=UTC), replace=True)
    exports(replace=True)
    assert exports.names() == found[5]


def test_a_file_that_is_there_is_not_replaced_unasked(exports: Exports) -> None:
    exports.output.write_text("mine")
    with pytest.raises(WrongUse, match="there already"):
        exports()
    assert exports.output.read_text() == "mine"
    exports(replace=True)
    assert exports.names() == ["a", "b", "c"]


def test_a_file_that_came_meanwhile_is_not_replaced(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    def come_first(connection: object, **words: object) -> None:
        exports.output.write_text("mine")

    monkeypatch.setattr(audit, "append_event", come_first)
    with pytest.raises(WrongUse, match="there already"):
        exports()
    assert exports.output.read_text() == "mine"
    assert list(exports.output.parent.glob(".unfinished-*")) == []


def test_a_file_system_without_links_is_written_to(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*paths: object) -> None:
        raise PermissionError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    exports()
    assert exports.names() == ["a", "b", "c"]


class FullDisk:
    """A writer during which the disk gets full."""

    name = reads = "full"
    title = "a file larger than any disk"
    marks_withdrawn = False

    def write(self, outgoing: OutgoingSet, losses: Losses) -> Iterator[bytes]:
        yield b"begun"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_said_and_leaves_nothing(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    exports.output.write_text("mine")
    monkeypatch.setattr("varde.workflows.export_known_set.choose_writer", lambda *words: FullDisk())
    with pytest.raises(VardeError, match=r"No space left on device; nothing of it was left behind"):
        exports(replace=True)
    assert exports.output.read_text() == "mine"
    assert exports.events() == []
    assert list(exports.output.parent.glob(".unfinished-*")) == []


def test_nothing_is_written_into_exhibits_or_the_site(exports: Exports, tmp_path: Path) -> None:
    (tmp_path / "exhibit").mkdir()
    (tmp_path / "exhibit" / "a").write_text("x")
    create_case(exports.site, exports.actor, name="1", authorisation="w", scheme="vics-us@2.0")
    add_exhibit(exports.site, exports.actor, case_name="1", path=tmp_path / "exhibit", keeping=Keeping.REFERENCE)
    exports.output = tmp_path / "exhibit" / "out"
    with pytest.raises(Refused, match="only read"):
        exports()
    exports.output = exports.site.folder / "varde.db"
    with pytest.raises(Refused, match="the site's own folder"):
        exports(replace=True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"format": "zip"}, "cannot be written as 'zip'"),
        ({"version": "7"}, "no known set"),
        ({"format": "hash-list"}, "several hashes"),
        ({"format": "hash-list", "hash_kind": HashKind.PDQ}, "nothing of list 1 can be written as hash-list"),
        ({"format": "caid-non-rds"}, "means harmless files"),
    ],
)
def test_what_cannot_be_written_is_said_and_leaves_nothing(
    exports: Exports, words: dict[str, object], message: str
) -> None:
    with pytest.raises((WrongUse, NotFound, Refused), match=message):
        exports(**words)
    assert list(exports.output.parent.glob("out*")) == []
    assert exports.events() == []


def test_losses_are_counted_with_the_first_entries(exports: Exports) -> None:
    result = exports(format="hash-list", hash_kind=HashKind.MD5)
    assert result.left_out["SHA-1 digests left out"] == 3
    assert "3 codes left out (of a, b, c)" in result.remarks
    assert exports.output.read_text().splitlines()[0] == "01" * 16


@pytest.mark.parametrize("format_name", ["vics", "csv"])
def test_an_imported_file_comes_back_through_the_database(
    sqlite_site: Site, actor: Actor, tmp_path: Path, format_name: str
) -> None:
    write_vics(tmp_path / "in.json", 1_200, pdq_share=0.5)
    import_known_set(sqlite_site, actor, ImportRequest(tmp_path / "in.json", name="list", version="1"), lambda _: None)
    exports = Exports(sqlite_site, actor, tmp_path / "out", 1)
    assert exports(format=format_name).left_out == {}
    read = []
    for path, name in ((tmp_path / "in.json", "vics"), (tmp_path / "out", format_name)):
        with get_format(name).open(path, ReadOptions()) as opened:
            read.append([{**_describe(entry), "line": 0} for entry in opened.entries])
    assert read[0] == read[1]


def _describe(entry: KnownEntry) -> dict[str, object]:
    fields = {name: getattr(entry, name) for name in KnownEntry.__slots__}
    return fields | {"flags": dict(entry.flags), "state": EntryState.ACTIVE}
