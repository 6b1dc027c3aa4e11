"""Varde's own readers, whatever is installed, and short forms for the tests of this folder."""

from __future__ import annotations

import io
from dataclasses import dataclass

from varde.core.issue import IssueCode
from varde.core.limits import ArchiveLimits
from varde.evidence.expand import Expansion, expand
from varde.evidence.rar import READER as RAR
from varde.evidence.sevenzip import READER as SEVENZIP
from varde.evidence.single import READER as SINGLE
from varde.evidence.tar import READER as TAR
from varde.evidence.zip import READER as ZIP

READERS = (RAR, SEVENZIP, SINGLE, TAR, ZIP)


@dataclass
class Expanded:
    """An expansion with its spool, in forms that are easy to compare."""

    expansion: Expansion
    spool: bytes

    @property
    def contents(self) -> dict[bytes, bytes | None]:
        """Bytes by name, repeated names with their occurrence."""
        found = {}
        for member in self.expansion.members:
            name = member.name if member.occurrence == 1 else member.name + b"#%d" % member.occurrence
            start = member.offset
            found[name] = None if member.size_bytes is None else self.spool[start : start + member.size_bytes]
        return found

    @property
    def codes(self) -> list[tuple[bytes | None, IssueCode]]:
        """Name (None for the archive) and code of each issue."""
        return [(place.name if place else None, issue.code) for place, issue in self.expansion.issues]

    @property
    def causes(self) -> str:
        """All causes, one a line."""
        return "\n".join(issue.cause for _, issue in self.expansion.issues)


def unpack(data: bytes, mime: str = "application/zip", limits: ArchiveLimits | None = None, start: int = 0) -> Expanded:
    """Returns the expansion of an archive held in memory."""
    spool = io.BytesIO()
    result = expand(io.BytesIO(data), mime, spool, limits or ArchiveLimits(), start=start, readers=READERS)
    return Expanded(result, spool.getvalue())
