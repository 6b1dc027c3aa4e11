"""What is or was wrong with the site's indexes. They heal by themselves; a disk that rots does not, and must be told.

An index that is found damaged is filled again from the database. What was wrong stays beside it, in
``<index>.damage.txt``, until a person has read and deleted it; `varde doctor` shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from varde.core.errors import IntegrityFailure, WrongUse
from varde.store.durable import write_durably

_NOTE: Final = ".damage.txt"


class _Verifiable(Protocol):
    def verify(self) -> int: ...


def note_damage(place: Path, damage: IntegrityFailure) -> None:
    """Keeps what was wrong with the index in a folder, for the next person who asks.

    Raises:
        OSError: if it cannot be written.
    """
    write_durably(place.with_name(place.name + _NOTE), f"{damage}\n".encode())


def find_index_faults(folder: Path) -> list[str]:
    """Returns a sentence for each index that is damaged now, after reading all of it, and for each that was.

    Args:
        folder: where the site's indexes lie; it need not exist.
    """
    places = sorted(path.parent for path in folder.glob("*/manifest.json"))
    found = [fault for place in places if (fault := _verify(place))]
    return found + read_damage(folder)


def read_damage(folder: Path) -> list[str]:
    """Returns a sentence for each index that was found damaged and made again, until a person deletes its note.

    Args:
        folder: where the site's indexes lie; it need not exist.
    """
    advice = "it was made again since: look whether the disk fails, then delete"
    notes = sorted(folder.glob(f"*{_NOTE}"))
    return [f"{note.read_text('utf-8', 'replace').strip()}; {advice} {note}" for note in notes]


def _verify(place: Path) -> str:
    kind = next((open_ for name, open_ in _load_kinds().items() if place.name.startswith(name)), None)
    try:
        if kind:
            kind(place).verify()
    except (IntegrityFailure, WrongUse) as error:
        return f"{error}; it is made again when it is needed: look whether the disk fails"
    return ""


def _load_kinds() -> dict[str, Callable[[Path], _Verifiable]]:
    """Loads what opens an index, which takes a second: not where there is none to be opened."""
    from varde.camera.fingerprint_index import open_segments as open_fingerprints
    from varde.faces.gallery_pieces import open_segments
    from varde.known.exact import ExactTable
    from varde.known.local_index import LocalIndex
    from varde.known.perceptual import PerceptualIndex
    from varde.known.probe_column import ProbeColumn

    return {
        "cameras-": open_fingerprints,
        "contents-pdq": ProbeColumn,
        "faces-": open_segments,
        "known-digests": ExactTable,
        "known-local-features": LocalIndex,
        "known-pdq": PerceptualIndex,
    }
