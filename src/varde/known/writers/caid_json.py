"""Known files as NIST's "CAID Non-RDS" list: VICS 1.2 JSON that every reader takes for harmless files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from varde.core.errors import Refused
from varde.core.known import EntryState, KnownEntry, SetRole
from varde.known.losses import Losses
from varde.known.vics_writing import write_vics
from varde.known.writer import Entries, OutgoingSet

_ADVICE = "Write it in another format, such as --format vics."


class CaidNonRdsWriter:
    """NIST "CAID Non-RDS" JSON: known files that nobody classified."""

    name = "caid-non-rds"
    title = "NIST CAID Non-RDS JSON, a list of harmless files"
    reads = "caid-non-rds"
    marks_withdrawn = False

    def write(self, outgoing: OutgoingSet, losses: Losses) -> Iterator[bytes]:
        """Yields the file; see `KnownWriter.write`.

        Raises:
            Refused: if the set's role is another than *known*, or an entry is graded: it would be taken for harmless.
        """
        if outgoing.role is not SetRole.KNOWN:
            raise Refused(
                f"a CAID Non-RDS list means harmless files, and {outgoing.name} has the role {outgoing.role.value}",
                advice=_ADVICE,
            )
        return write_vics(
            replace(outgoing, scheme="", entries=lambda: _refuse_graded(outgoing.entries())), "1.2", losses
        )


def _refuse_graded(entries: Entries) -> Entries:
    for entry, state in entries:
        if _is_graded(entry) or state is EntryState.DISPUTED:
            raise Refused(
                f"a CAID Non-RDS list means harmless files, and entry {entry.source_id or entry.line} is graded",
                advice=_ADVICE,
            )
        yield entry, state


def _is_graded(entry: KnownEntry) -> bool:
    return entry.code is not None or bool(entry.series or entry.flags)
