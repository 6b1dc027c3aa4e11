"""What a note that a decision rests on may be."""

from __future__ import annotations

from typing import Final

from varde.core.errors import WrongUse

MOST_CHARACTERS: Final = 2_000


def check_note(note: str) -> str:
    """Returns a note on one line.

    Raises:
        WrongUse: if it is empty, too long, or holds what cannot be printed.
    """
    note = " ".join(note.split())
    if not note or len(note) > MOST_CHARACTERS or not note.isprintable():
        raise WrongUse(
            f"this needs a note of 1 to {MOST_CHARACTERS:,} printable characters",
            advice="Say in a sentence what it rests on.",
        )
    return note
