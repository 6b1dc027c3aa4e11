"""What a format cannot hold, counted while a set is written: nothing is left out in silence."""

from __future__ import annotations

from collections.abc import Collection

from varde.core.known import KnownEntry

_NAMED = 3
_WORDINGS = {
    "md5": "MD5 digests",
    "sha1": "SHA-1 digests",
    "sha256": "SHA-256 digests",
    "pdq": "PDQ hashes",
    "carried": "carried hashes",
    "code": "codes",
    "series": "names of series",
    "flags": "flags",
    "source_id": "identifiers",
    "size_bytes": "sizes",
    "mime": "types",
    "extra": "further fields",
    "local_features": "local features",
    "sampling": "ways of sampling",
}
_ABSENT = (None, "", ())


class Losses:
    """Counts by wording, with the names of the first entries of each."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._names: dict[str, list[str]] = {}

    def count(self, what: str, entry: KnownEntry, times: int = 1) -> None:
        """Counts something that happens to an entry; the wording must come from a small fixed set."""
        self._counts[what] = self._counts.get(what, 0) + times
        names = self._names.setdefault(what, [])
        if len(names) < _NAMED:
            name = entry.source_id or f"line {entry.line}"
            names += [] if name in names else [name]

    def leave_out(self, what: str, entry: KnownEntry, times: int = 1) -> None:
        """Counts things of an entry that the file does not hold, by their noun."""
        self.count(f"{what} left out", entry, times)

    def count_unheld(self, entry: KnownEntry, held: Collection[str]) -> None:
        """Counts whatever an entry has beside the attributes that the format holds."""
        for name, wording in _WORDINGS.items():
            value = getattr(entry, name) if name not in held else None
            if value not in _ABSENT:
                self.leave_out(wording, entry, len(value) if isinstance(value, tuple) else 1)

    def as_counts(self) -> dict[str, int]:
        """Returns the counts by wording, in the order they were first met."""
        return dict(self._counts)

    def write(self) -> list[str]:
        """Returns a line for a person on each: what, how often, of which entries first."""
        return [
            f"{count:,} {what} (of {', '.join(self._names[what])}{' ...' if count > len(self._names[what]) else ''})"
            for what, count in self._counts.items()
        ]
