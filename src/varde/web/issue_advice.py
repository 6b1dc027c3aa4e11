"""What a person can do about each kind of issue, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from varde.core.issue import IssueCode

_C = IssueCode

ISSUE_ADVICE: Final[Mapping[IssueCode, str]] = MappingProxyType(
    {
        _C.UNREADABLE: "Look whether the copy is whole and may be read by whoever processes; then process again.",
        _C.SYMLINK: "Nothing to do: what it points to is examined where it lies, if that is in an exhibit.",
        _C.SPECIAL_FILE: "Nothing to do: it holds nothing.",
        _C.CHANGED_WHILE_READING: "Find out who writes to the exhibit; keep it read-only, and process again.",
        _C.VANISHED: "Find out who writes to the exhibit; keep it read-only, and process again.",
        _C.DAMAGED: "Try another tool on the file; its digests were compared.",
        _C.TRUNCATED: "Look for another copy of it; what is there was compared.",
        _C.EMPTY: "Nothing to do.",
        _C.TOO_LARGE: "Raise the limits in the settings for this exhibit, and process again.",
        _C.UNSUPPORTED: "Look at it with another tool; its digests were compared.",
        _C.DECODER_CRASHED: "Look at it with another tool, with care: a file that ends decoders may be made to.",
        _C.DECODER_TIMED_OUT: "Raise the time limit in the settings, and process again.",
        _C.DECODER_OUT_OF_MEMORY: "Raise the memory limit in the settings, and process again.",
        _C.ARCHIVE_DAMAGED: "Try to repair it with another tool, and add what comes out as an exhibit.",
        _C.ARCHIVE_ENCRYPTED: "Find the password, unpack it elsewhere, and add what comes out as an exhibit.",
        _C.ARCHIVE_UNSUPPORTED: "Unpack it with another tool, and add what comes out as an exhibit.",
        _C.ARCHIVE_BOMB: "Unpack it elsewhere, with care, and add what comes out as an exhibit.",
        _C.ARCHIVE_TOO_DEEP: "Raise the depth in the settings, and process again.",
        _C.ARCHIVE_TOO_MANY: "Raise the number of members in the settings, and process again.",
        _C.SUSPICIOUS_NAME: "Nothing to do: it was examined; the name is only text here.",
        _C.METADATA_DAMAGED: "Read the metadata with another tool, if it matters; the content was examined.",
        _C.INTERNAL: "Report it to whoever keeps this site: it is a fault of the program.",
    }
)
"""Advice by code; every code has one."""
