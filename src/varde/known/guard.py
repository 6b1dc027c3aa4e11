"""The guard against loading a list of harmless files as an alert list: thousands of innocent matches in one command."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from varde.core.errors import Refused
from varde.core.known import KnownEntry, SetHeader, SetRole

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BENIGN_WORDS = re.compile(
    r"(?<![a-z])(nsrl|rds(?=[^a-z]|v\d|$)|non[^a-z]?rds|white[^a-z]?list\w*|allow[^a-z]?list\w*|known[^a-z]?good"
    r"|ignor(e|able)[a-z]*|benign|harmless|good[^a-z]?ware|non[^a-z]?pertinent|nicht[^a-z]?relevant|irrelevant)"
)
_NON_PERTINENT = "5"
_UNCATEGORISED = "0"


@dataclass(slots=True)
class CodeCounts:
    """How often each code occurs among the entries of a set; bounded, however many codes a file invents.

    Attributes:
        entries: entries seen.
        codes: entries by code; entries without a code are not in it.
        max_codes: further codes are counted as ``other``.
    """

    entries: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    max_codes: int = 1_000

    def add(self, entry: KnownEntry) -> None:
        """Counts one entry."""
        self.entries += 1
        if entry.code is not None:
            known = entry.code in self.codes or len(self.codes) < self.max_codes
            self.codes[entry.code if known else "other"] += 1


def check_role(
    header: SetHeader,
    role: SetRole,
    *,
    names: Sequence[str] = (),
    statistics: CodeCounts | None = None,
    confirm: bool = False,
) -> None:
    """Refuses a set that means harmless material in the role of an alert list; every other role passes.

    To be called twice: before the entries are read, and with their statistics before they are committed.

    Args:
        header: as the format read it.
        role: the role the set is to be loaded in.
        names: file name and set name.
        statistics: codes of the entries; None before they are read.
        confirm: whether a person has confirmed, for this one import, that it is an alert list after all. It overrides
            suspicions from names and codes. It does not override a format that means *known*.

    Raises:
        Refused: with the reason, and with the way round it where there is one.
    """
    if role is not SetRole.ALERT:
        return
    if header.suggested_role is SetRole.KNOWN:
        raise Refused(
            f"this list must not be loaded as an alert list: {header.warning or 'its format means known files'}",
            advice="Load it with --role known. If the format was mistaken, name the right one with --format NAME; "
            "there is no way to load a list of this format as an alert list.",
        )
    suspicion = _find_suspicion(header, names, statistics)
    if suspicion and not confirm:
        raise Refused(
            f"this may be a list of harmless files: {suspicion}",
            advice="Load it with --role known, or say with --confirm that it really is an alert list; that is audited.",
        )


def _find_suspicion(header: SetHeader, names: Sequence[str], statistics: CodeCounts | None) -> str:
    for name in names:
        word = _BENIGN_WORDS.search(_CAMEL.sub("-", name).lower())
        if word:
            return f"the name {name!r} contains {word.group(1)!r}"
    if statistics is not None and header.scheme.startswith("vics-"):
        graded = set(statistics.codes) - {_UNCATEGORISED}
        if graded == {_NON_PERTINENT}:
            count = statistics.codes[_NON_PERTINENT]
            return (
                f"its only code is {_NON_PERTINENT} (on {count:,} entries), which the US profile uses for non-pertinent"
            )
    return ""
