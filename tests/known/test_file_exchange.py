"""Files that somebody else keeps up to date, read as an exchange."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from varde.core.errors import ExchangeFailure, WrongUse
from varde.known.exchange import Credential, Feedback
from varde.known.exchanges.file import FileApi, FileExchange

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def connect(path: Path, piece: int = 10, **settings: str) -> FileExchange:
    return FileApi().open({"path": str(path), **settings}, Credential({}), piece=piece)


def test_whole_file_comes_in_pieces_and_once(tmp_path: Path) -> None:
    path = tmp_path / "signals.txt"
    path.write_text("".join(f"md5 {number:032x}\n" for number in range(25)))
    exchange = connect(path)
    ranges = list(exchange.fetch({}, NOW, everything=True))
    assert [len(found.delta.upserts) for found in ranges] == [10, 10, 5]
    assert [bool(found.delta.checkpoint) for found in ranges] == [False, False, True]
    assert exchange.needs_all({}, NOW)
    assert not list(exchange.fetch(ranges[-1].delta.checkpoint, NOW, everything=True))


def test_same_line_keeps_its_identifier_whatever_is_said_of_it(tmp_path: Path) -> None:
    path = tmp_path / "signals.txt"
    path.write_text(f"md5 {'0a' * 16} POSITIVE_CLASS\n")
    (before,) = list(connect(path).fetch({}, NOW, everything=True))
    path.write_text(f"# moved\nmd5 {'0a' * 16} DISPUTED\n")
    (after,) = list(connect(path).fetch({}, NOW, everything=True))
    assert before.delta.upserts[0].source_id == after.delta.upserts[0].source_id
    assert after.delta.disputes == (after.delta.upserts[0].source_id,)


def test_folder_is_all_its_files(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"md5 {name.encode().hex():0>32}\n")
    (tmp_path / ".hidden").write_text("junk")
    (found,) = list(connect(tmp_path).fetch({}, NOW, everything=True))
    assert len(found.delta.upserts) == 2


@pytest.mark.parametrize("content", [None, "", "md5 zz\n", "\0" * 100])
def test_what_cannot_be_read_is_a_failure(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "signals.txt"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ExchangeFailure):
        list(connect(path).fetch({}, NOW, everything=True))


def test_codes_on_another_scheme_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "signals.txt"
    path.write_text(f"md5 {'0a' * 16} POSITIVE_CLASS\n")
    with pytest.raises(ExchangeFailure, match="on vics-us"):
        list(connect(path, scheme="vics-us@2.0").fetch({}, NOW, everything=True))


def test_file_takes_no_feedback(tmp_path: Path) -> None:
    with pytest.raises(WrongUse):
        connect(tmp_path).prepare_feedback(Feedback("x", affirmative=True))()
    with pytest.raises(WrongUse):
        FileApi().check({})
