"""Notes: what a person should know of a file that was nevertheless read, counted instead of repeated."""

from __future__ import annotations

from collections.abc import Sequence

_SHOWN = 3


class Notes:
    """Counts remarks by their wording, with the line of the first of each."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int]] = {}

    def count(self, remark: str, line: int) -> None:
        """Counts one occurrence of a remark; the wording must come from a small fixed set."""
        times, first = self._seen.get(remark, (0, line))
        self._seen[remark] = (times + 1, first)

    def write(self) -> list[str]:
        """Returns the remarks with their counts, in the order they were first met."""
        return [_write(remark, times, first) for remark, (times, first) in self._seen.items()]


def write_nothing_left(format_name: str, notes: Sequence[str]) -> str:
    """Returns what to tell a person whose file was read and gave no entry: why, as far as the notes say."""
    why = [*notes[:_SHOWN], *([f"and {len(notes) - _SHOWN:,} more"] if len(notes) > _SHOWN else [])]
    reasons = f"{'; '.join(why)}. " if why else ""
    if format_name == "folder":
        return f"{reasons}A folder needs pictures that can be read."
    return f"{reasons}It was read as {format_name}; if it is something else, say so with --format NAME."


def _write(remark: str, times: int, first: int) -> str:
    return f"{remark} ({times:,} times, first on line {first:,})" if times > 1 else f"{remark} (on line {first:,})"
