"""Known sets as Project VIC JSON, versions 2.0 and 1.3."""

from __future__ import annotations

from collections.abc import Iterator

from varde.known.losses import Losses
from varde.known.vics_writing import write_vics
from varde.known.writer import OutgoingSet


class Vics2Writer:
    """Project VIC JSON 2.0."""

    name = "vics"
    title = "Project VIC JSON 2.0, hash set"
    reads = "vics"
    marks_withdrawn = True

    def write(self, outgoing: OutgoingSet, losses: Losses) -> Iterator[bytes]:
        """Yields the file; see `KnownWriter.write` and `varde.known.vics_writing`."""
        return write_vics(outgoing, "2.0", losses)


class Vics1Writer:
    """Project VIC JSON 1.3."""

    name = "vics-1.3"
    title = "Project VIC JSON 1.3, hash set"
    reads = "vics"
    marks_withdrawn = True

    def write(self, outgoing: OutgoingSet, losses: Losses) -> Iterator[bytes]:
        """Yields the file; see `KnownWriter.write` and `varde.known.vics_writing`."""
        return write_vics(outgoing, "1.3", losses)
