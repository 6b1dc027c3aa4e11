"""Behaviour of `varde.pipeline.unreadable`."""

from __future__ import annotations

import pytest

from varde.core.errors import Unreadable
from varde.core.issue import IssueCode
from varde.core.outcome import Reason
from varde.pipeline.unreadable import refuse_unreadable


@pytest.mark.parametrize(
    ("code", "cause", "reason", "sentence"),
    [
        (IssueCode.DAMAGED, "no frame could be decoded", Reason.NOT_DECODED, "No frame could be decoded."),
        (IssueCode.UNSUPPORTED, "It is odd.", Reason.NOT_DECODED, "It is odd."),
        (IssueCode.TOO_LARGE, "9 x 9 pixels, the limit is 8", Reason.TOO_LARGE, "9 x 9 pixels, the limit is 8."),
        (IssueCode.SPECIAL_FILE, "It is a folder.", Reason.NOT_A_PICTURE, "It is a folder."),
    ],
)
def test_causes_become_sentences(code: IssueCode, cause: str, reason: Reason, sentence: str) -> None:
    refused = refuse_unreadable(Unreadable(code, cause))
    assert (refused.reason, refused.detail) == (reason, sentence)
