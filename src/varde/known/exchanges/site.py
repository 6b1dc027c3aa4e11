"""Another site's signed deltas in a folder they are put into: each is applied behind the one it names, or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from varde.core.errors import ExchangeFailure, IntegrityFailure, Refused, WrongUse
from varde.core.known import SetDelta
from varde.known.exchange import Credential, Feedback, FetchedRange
from varde.known.exchanges.site_delta import DeltaHeader, OpenedDelta, open_delta, read_header
from varde.known.exchanges.site_delta_entries import DeltaChange

PATTERN = "*.delta"
_PIECE = 20_000
_MOST_FILES = 100_000


class SiteApi:
    """Reads signed deltas as an exchange."""

    name = "site"
    title = "signed deltas of another Varde site"
    settings: Mapping[str, str] = {
        "path": f"folder into which its deltas ({PATTERN}) are put; without it they are imported one by one",
        "keys": "public keys that are trusted, hexadecimal with commas between; `varde exchange trust` adds them",
        "scheme": "grade scheme of its codes, NAME@VERSION",
    }
    credential = ()
    optional = ()
    scheme = ""

    def check(self, settings: Mapping[str, str]) -> None:
        """Does nothing if the settings can be used; see `ExchangeApi.check`."""
        read_keys(settings)

    def open(self, settings: Mapping[str, str], credential: Credential, *, piece: int = _PIECE) -> SiteExchange:
        """Returns the exchange; see `ExchangeApi.open`."""
        path = settings.get("path")
        return SiteExchange(Path(path) if path else None, read_keys(settings), settings.get("scheme", ""), piece)


def read_keys(settings: Mapping[str, str]) -> tuple[bytes, ...]:
    """Returns the raw public keys that are trusted.

    Raises:
        WrongUse: if one is none.
    """
    try:
        keys = tuple(bytes.fromhex(word) for word in settings.get("keys", "").split(",") if word)
    except ValueError:
        keys = (b"",)
    if any(len(key) != 32 for key in keys):
        raise WrongUse("a public key is 64 hexadecimal digits")
    return keys


class SiteExchange:
    """The deltas of one known set of another site."""

    def __init__(self, path: Path | None, keys: tuple[bytes, ...], scheme: str, piece: int) -> None:
        self._path = path
        self._keys = keys
        self._scheme = scheme
        self._piece = piece
        self._opened: list[OpenedDelta] | None = None

    def needs_all(self, checkpoint: Mapping[str, str], now: datetime) -> bool:
        """Returns whether the next delta that can be applied is one that holds everything."""
        deltas = self._open_all(checkpoint)
        return _find_next(deltas, checkpoint) is None and _find_whole(deltas, checkpoint) is not None

    def fetch(self, checkpoint: Mapping[str, str], now: datetime, *, everything: bool) -> Iterator[FetchedRange]:
        """Yields what the deltas behind the checkpoint hold; see `OpenedExchange.fetch`.

        A delta that is applied already, or is contained in what is here, is passed over.

        Raises:
            Refused: if one is missing in between, or a delta is not from a trusted site or is of another set.
            IntegrityFailure: if a delta was changed, or does not belong to the history that is here.
            FormatError: if a file is no delta.
        """
        deltas = self._open_all(checkpoint)
        if everything:
            whole = _find_whole(deltas, checkpoint)
            if whole is None:
                raise ExchangeFailure(
                    "there is no newer delta that holds everything", advice="Ask that site for one: --full."
                )
            yield from self._read(whole, dict(checkpoint), is_last=True)
            return
        reached = dict(checkpoint)
        while following := _find_next(deltas, reached):
            ending = _make_checkpoint(following)
            is_last = _find_next(deltas, ending) is None
            yield from self._read(following, reached, is_last=is_last)
            reached = ending
        _check_left(deltas, reached)

    def prepare_feedback(self, feedback: Feedback) -> Callable[[], None]:
        """Refuses: deltas travel one way."""
        raise WrongUse("deltas of a site take no feedback", advice="Tell the people of that site.")

    def close(self) -> None:
        """Does nothing."""

    def _open_all(self, checkpoint: Mapping[str, str]) -> list[OpenedDelta]:
        """Returns every delta there is that is not older than the checkpoint, its signature verified."""
        if self._opened is None:
            reached = int(checkpoint.get("revision", 0))
            files = [path for path in self._list_files() if read_header(path).to_revision >= reached]
            self._opened = [open_delta(path, self._keys) for path in files]
            for delta in self._opened:
                self._check(delta.header, checkpoint)
        return self._opened

    def _list_files(self) -> list[Path]:
        if self._path is None:
            raise WrongUse("this exchange has no folder", advice="Import its deltas: varde exchange import NAME FILE")
        if self._path.is_file():
            return [self._path]
        if not self._path.is_dir():
            raise ExchangeFailure(f"{self._path} is not there", advice="Connect the disk or share it lies on.")
        files = sorted(path for path in self._path.glob(PATTERN) if path.is_file())
        if len(files) > _MOST_FILES:
            raise ExchangeFailure(f"{self._path} holds {len(files):,} deltas", advice="Take away what is applied.")
        return files

    def _check(self, header: DeltaHeader, checkpoint: Mapping[str, str]) -> None:
        if header.scheme != self._scheme:
            raise Refused(
                f"its codes are on the scheme {header.scheme or '(none)'}, this exchange was set up for "
                f"{self._scheme or '(none)'}",
                advice="A code means nothing on another scheme: add an exchange for it with --scheme NAME@VERSION.",
            )
        if checkpoint and header.name != checkpoint["set"]:
            raise Refused(f"it is of the set {header.name!r}, this exchange is of {checkpoint['set']!r}")

    def _read(self, delta: OpenedDelta, before: dict[str, str], *, is_last: bool) -> Iterator[FetchedRange]:
        waiting: list[DeltaChange] = []
        reached = f"revision {delta.header.to_revision:,} of {delta.header.name}"
        for change in delta.list_changes():
            waiting.append(change)
            if len(waiting) >= self._piece:
                yield FetchedRange(_make_delta(waiting, before), reached)
                waiting = []
        yield FetchedRange(_make_delta(waiting, _make_checkpoint(delta)), reached, is_last)


def _make_checkpoint(delta: OpenedDelta) -> dict[str, str]:
    header = delta.header
    digest = header.stands_for or delta.digest
    return {"revision": str(header.to_revision), "digest": digest, "set": header.name}


def _find_next(deltas: list[OpenedDelta], reached: Mapping[str, str]) -> OpenedDelta | None:
    revision, digest = int(reached.get("revision", 0)), reached.get("digest", "")
    for delta in deltas:
        header = delta.header
        if not header.is_whole and header.from_revision == revision:
            if header.previous != digest:
                raise IntegrityFailure(
                    f"{delta.path.name} begins at revision {revision}, but not at the one that is here: "
                    "its history is another",
                    advice="Ask that site for a delta that holds everything, and why its history changed.",
                )
            return delta
    return None


def _find_whole(deltas: list[OpenedDelta], reached: Mapping[str, str]) -> OpenedDelta | None:
    revision = int(reached.get("revision", 0))
    newer = [delta for delta in deltas if delta.header.is_whole and delta.header.to_revision > revision]
    return max(newer, key=lambda delta: delta.header.to_revision, default=None)


def _check_left(deltas: list[OpenedDelta], reached: Mapping[str, str]) -> None:
    """Refuses what is left over: a delta behind a gap, or another one for the revision that is here."""
    revision = int(reached.get("revision", 0))
    for delta in deltas:
        header = delta.header
        if header.to_revision == revision and (header.stands_for or delta.digest) != reached.get("digest"):
            raise IntegrityFailure(
                f"{delta.path.name} leads to revision {revision} as well, but is not what is here: "
                "its history is another",
                advice="Ask that site for a delta that holds everything, and why its history changed.",
            )
        if not header.is_whole and header.from_revision > revision:
            raise Refused(
                f"a delta is missing in between: here is revision {revision}, {delta.path.name} begins at "
                f"{header.from_revision}",
                advice="Ask that site for the missing ones (--revision), or for one that holds everything (--full).",
            )


def _make_delta(changes: list[DeltaChange], checkpoint: dict[str, str]) -> SetDelta:
    return SetDelta(
        upserts=tuple(change.entry for change in changes if change.entry is not None),
        removals=tuple(change.source_id for change in changes if change.entry is None),
        disputes=tuple(change.source_id for change in changes if change.is_disputed),
        checkpoint=checkpoint,
    )
