"""A file, or a folder of files, that somebody else keeps up to date: each fetch reads all of it again.

Any known-set format will do, such as the ThreatExchange library's signal files. Entries without an identifier of their
own are told apart by their hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from varde.core.errors import ExchangeFailure, VardeError, WrongUse
from varde.core.known import Flag, KnownEntry, SetDelta
from varde.known.exchange import OPINION_SCHEME, Credential, Feedback, FetchedRange
from varde.known.format import KnownFormat, ReadOptions
from varde.known.registry import choose_format

_PIECE = 20_000
_MOST_FILES = 10_000


class FileApi:
    """Reads files as if they were an exchange."""

    name = "file"
    title = "a file or folder that is kept up to date by others"
    settings: Mapping[str, str] = {
        "path": "the file, or a folder of files",
        "format": "their known-set format; default: found from the content",
        "scheme": "grade scheme of their codes, NAME@VERSION; default: what the files say",
    }
    credential = ()
    optional = ()
    scheme = OPINION_SCHEME

    def check(self, settings: Mapping[str, str]) -> None:
        """Does nothing if the settings can be used; see `ExchangeApi.check`."""
        if not settings.get("path"):
            raise WrongUse("a file exchange needs path=FILE or path=FOLDER")

    def open(self, settings: Mapping[str, str], credential: Credential, *, piece: int = _PIECE) -> FileExchange:
        """Returns the exchange; see `ExchangeApi.open`."""
        self.check(settings)
        return FileExchange(Path(settings["path"]), settings.get("format", ""), settings.get("scheme", ""), piece)


class FileExchange:
    """Files that somebody else keeps up to date."""

    def __init__(self, path: Path, format_name: str, scheme: str, piece: int) -> None:
        self._path = path
        self._format = format_name
        self._scheme = scheme or OPINION_SCHEME
        self._piece = piece

    def needs_all(self, checkpoint: Mapping[str, str], now: datetime) -> bool:
        """Returns True: what is not in the files any more is gone."""
        return True

    def fetch(self, checkpoint: Mapping[str, str], now: datetime, *, everything: bool) -> Iterator[FetchedRange]:
        """Yields every entry of the files; nothing where they are what they were."""
        files = self._list_files()
        digest = _digest(files)
        if checkpoint.get("sha256") == digest:
            return
        waiting: list[KnownEntry] = []
        for path in files:
            for entry in self._read(path):
                waiting.append(entry)
                if len(waiting) >= self._piece:
                    yield _make_range(waiting, dict(checkpoint), path, is_last=False)
                    waiting = []
        if _digest(files) != digest:
            raise ExchangeFailure(f"{self._path}: it was changed while it was read", advice="Fetch again.")
        yield _make_range(waiting, {"sha256": digest}, self._path, is_last=True)

    def prepare_feedback(self, feedback: Feedback) -> Callable[[], None]:
        """Refuses: a file takes no feedback."""
        raise WrongUse("a file takes no feedback", advice="Tell whoever keeps it.")

    def close(self) -> None:
        """Does nothing."""

    def _list_files(self) -> list[Path]:
        if not self._path.exists():
            raise ExchangeFailure(f"{self._path} is not there", advice="Connect the disk or share it lies on.")
        if self._path.is_file():
            return [self._path]
        files = sorted(path for path in self._path.iterdir() if path.is_file() and not path.name.startswith("."))
        if not files or len(files) > _MOST_FILES:
            raise ExchangeFailure(f"{self._path} holds {len(files):,} files", advice=f"1 to {_MOST_FILES:,} are read.")
        return files

    def _read(self, path: Path) -> Iterator[KnownEntry]:
        options = ReadOptions()
        try:
            chosen: KnownFormat = choose_format(path, self._format, options)
            with chosen.open(path, options) as opened:
                key = f"{opened.header.scheme}@{opened.header.scheme_version}" if opened.header.scheme else ""
                if key and key != self._scheme:
                    raise WrongUse(f"{path}: its codes are on {key}, the exchange's on {self._scheme}")
                for entry in opened.entries:
                    yield entry if entry.source_id else replace(entry, source_id=_name(entry))
        except VardeError as error:
            raise ExchangeFailure(f"{path}: {error}", advice=error.advice) from error


def _name(entry: KnownEntry) -> str:
    """Returns an identifier made of what an entry is about, not of what is said of it."""
    parts = [value for value in (entry.md5, entry.sha1, entry.sha256) if value]
    parts += [value for value, _, _ in entry.pdq]
    parts += [f"{one.kind}:{one.value}".encode() for one in entry.carried]
    return "hash:" + hashlib.sha256(b"\0".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()[:32]


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            digest.update(path.name.encode("utf-8", "surrogateescape") + b"\0")
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _make_range(entries: list[KnownEntry], checkpoint: dict[str, str], path: Path, *, is_last: bool) -> FetchedRange:
    disputed = tuple(entry.source_id for entry in entries if (Flag.DISPUTED, True) in entry.flags)
    return FetchedRange(SetDelta(tuple(entries), (), disputed, checkpoint), path.name, is_last)
