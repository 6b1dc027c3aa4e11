"""Behaviour of `varde.reports.wording`."""

from __future__ import annotations

import pytest

from varde.core.issue import IssueCode, Step
from varde.core.item import Origin
from varde.core.known import SetRole
from varde.core.media import MediaKind
from varde.core.outcome import Reason
from varde.reports import wording


@pytest.mark.parametrize(
    ("words", "closed_set"),
    [
        (wording.ISSUE_SENTENCES, IssueCode),
        (wording.STEP_NAMES, Step),
        (wording.REASON_SENTENCES, Reason),
        (wording.KIND_NAMES, MediaKind),
        (wording.ORIGIN_NAMES, Origin),
        (wording.ROLE_SENTENCES, SetRole),
    ],
)
def test_every_member_of_a_closed_set_has_its_words(words: dict, closed_set: type) -> None:
    assert set(words) == set(closed_set)
    assert all(words.values())


def test_every_digest_and_pdq_has_stated_limits() -> None:
    for name in ("md5", "sha1", "sha256", "pdq"):
        assert wording.method_limits(name)
    assert wording.method_limits("something else") == ()


def test_no_sentence_speaks_of_guilt() -> None:
    sentences = [*wording.STATEMENTS, *wording.ISSUE_SENTENCES.values(), *wording.REASON_SENTENCES.values()]
    sentences += [limit for limits in wording.METHOD_LIMITS.values() for limit in limits]
    for word in ("guilt", "suspect", "offender", "illegal", "criminal", "perpetrator"):
        assert not any(word in sentence.lower() for sentence in sentences)
