"""Makes a fingerprint from files that people name: read in sandboxed processes once, summed as often as needed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from varde.camera.fingerprint import ReferencesExamined, ReferenceSource, examine_references
from varde.camera.packing import Noise, PackedResidual
from varde.camera.reference_spool import ReferenceSpool
from varde.core.camera import FingerprintKind
from varde.core.errors import ExhibitChanged
from varde.core.outcome import NotComparable, Reason
from varde.pipeline.file_names import name_apart
from varde.pipeline.read_residuals import PackedRecord, ResidualReader
from varde.store.durable import make_folder

MOST_SPOOL_BYTES: Final = 8 << 30
_SHARE_OF_FREE: Final = 2

Read = tuple[ReferenceSource, Noise | NotComparable]
Watch = Callable[[int], None]
"""Called with the number of files that were read."""


@dataclass(frozen=True, slots=True)
class Making:
    """What a fingerprint is made with.

    Attributes:
        reader: reads the files.
        spool: folder for residuals while it is made.
        watch: told of progress.
    """

    reader: ResidualReader
    spool: Path
    watch: Watch = lambda _: None


def make_fingerprint(
    making: Making, paths: Sequence[Path], kind: FingerprintKind | None
) -> tuple[FingerprintKind, ReferencesExamined]:
    """Returns the fingerprint of the camera that files come from, or why there is none, and what became of each file.

    Args:
        making: with what.
        paths: of the files.
        kind: what it is to be made from; None takes that of the first file that can be read. Files of the other kind
            are refused: photographs and videos of one device lie differently on its sensor.

    Raises:
        NotFound: if there is no such file.
        ExhibitChanged: if a file changes meanwhile.
        VardeError: if the process cannot start.
    """
    make_folder(making.spool)
    most = min(MOST_SPOOL_BYTES, shutil.disk_usage(making.spool).free // _SHARE_OF_FREE)
    with ReferenceSpool(making.spool, most) as spool:
        files = _Files(making, paths, spool, kind)
        found = files.find_kind()
        return found, examine_references(files, found)


class _Files:
    """The files as references: read at the first pass, from the spool at later ones."""

    def __init__(
        self, making: Making, paths: Sequence[Path], spool: ReferenceSpool, kind: FingerprintKind | None
    ) -> None:
        self._making = making
        self._paths = paths
        self._names = name_apart(paths)
        self._spool = spool
        self._wanted = kind
        self._seen: list[tuple[ReferenceSource, NotComparable | None]] = []
        self._reading = self._read_first()
        self._ahead: list[Read] = []
        self._is_read = False

    def find_kind(self) -> FingerprintKind:
        """Returns what the fingerprint is made from: what was wanted, or what the first readable file is."""
        while self._wanted is None and (read := next(self._reading, None)):
            self._ahead.append(read)
        return self._wanted or FingerprintKind.PHOTO

    def __call__(self) -> Iterator[Read]:
        if self._is_read:
            return self._read_again()
        self._is_read = True
        return chain(self._ahead, self._reading)

    def _read_first(self) -> Iterator[Read]:
        for number, record in enumerate(self._making.reader.examine_packed(self._paths)):
            source = ReferenceSource(self._names[number], record.sha256, record.facts)
            outcome = self._judge(record)
            refused = outcome if isinstance(outcome, NotComparable) else None
            self._seen.append((source, refused))
            if not isinstance(outcome, NotComparable):
                self._spool.put(number, outcome)
            self._making.watch(number + 1)
            yield source, outcome

    def _read_again(self) -> Iterator[Read]:
        for number, (source, refused) in enumerate(self._seen):
            yield source, refused or self._spool.find(number) or self._reread(number, source)

    def _reread(self, number: int, source: ReferenceSource) -> PackedResidual:
        record = next(self._making.reader.examine_packed(self._paths[number : number + 1]))
        if record.sha256 != source.sha256 or isinstance(record.outcome, NotComparable):
            raise ExhibitChanged(
                f"{source.name} is not what it was when it was first read", advice="Leave the files alone meanwhile."
            )
        return record.outcome

    def _judge(self, record: PackedRecord) -> PackedResidual | NotComparable:
        self._wanted = self._wanted or record.kind
        if isinstance(record.outcome, NotComparable):
            return record.outcome
        if record.kind is not self._wanted:
            return NotComparable(
                Reason.NOT_A_PICTURE, f"It is a {record.kind}; photographs and videos are enrolled apart (--kind)."
            )
        if record.facts.get("truncated"):
            return NotComparable(Reason.NOT_DECODED, "Only a part of it can be decoded; a reference must be whole.")
        return record.outcome
