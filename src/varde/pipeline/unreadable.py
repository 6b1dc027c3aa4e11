"""Why a file that cannot be read has no noise to compare, in a whole sentence."""

from __future__ import annotations

from typing import Final

from varde.core.errors import Unreadable
from varde.core.issue import IssueCode
from varde.core.outcome import NotComparable, Reason

_REASONS: Final = {IssueCode.TOO_LARGE: Reason.TOO_LARGE, IssueCode.SPECIAL_FILE: Reason.NOT_A_PICTURE}


def refuse_unreadable(error: Unreadable) -> NotComparable:
    """Returns what a reader says of a file, whose causes are often parts of sentences."""
    cause = str(error)
    sentence = cause[:1].upper() + cause[1:] + ("" if cause.endswith((".", "!", "?")) else ".")
    return NotComparable(_REASONS.get(IssueCode(error.issue_code), Reason.NOT_DECODED), sentence)
