"""Issues: recorded reasons why an item was not, or not fully, examined."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """The step of the pipeline in which something happened."""

    WALK = "walk"
    READ = "read"
    EXPAND = "expand"
    DECODE = "decode"
    METADATA = "metadata"
    FACES = "faces"
    SOURCES = "sources"


class IssueCode(StrEnum):
    """Why something was not, or not fully, examined. Each is described in docs/reference/issues.md."""

    UNREADABLE = "unreadable"
    SYMLINK = "symlink"
    SPECIAL_FILE = "special_file"
    CHANGED_WHILE_READING = "changed_while_reading"
    VANISHED = "vanished"
    DAMAGED = "damaged"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    DECODER_CRASHED = "decoder_crashed"
    DECODER_TIMED_OUT = "decoder_timed_out"
    DECODER_OUT_OF_MEMORY = "decoder_out_of_memory"
    ARCHIVE_DAMAGED = "archive_damaged"
    ARCHIVE_ENCRYPTED = "archive_encrypted"
    ARCHIVE_UNSUPPORTED = "archive_unsupported"
    ARCHIVE_BOMB = "archive_bomb"
    ARCHIVE_TOO_DEEP = "archive_too_deep"
    ARCHIVE_TOO_MANY = "archive_too_many"
    SUSPICIOUS_NAME = "suspicious_name"
    METADATA_DAMAGED = "metadata_damaged"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Issue:
    """A recorded reason why one place was not, or not fully, examined.

    Attributes:
        code: the closed-set reason.
        step: where in the pipeline it was met.
        cause: one plain sentence for a person; never contains pixel data or secrets.
    """

    code: IssueCode
    step: Step
    cause: str
