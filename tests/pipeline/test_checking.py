from dataclasses import replace

import numpy as np
import pytest

from varde.core.content import Content
from varde.core.digest import Digests
from varde.core.issue import Issue, IssueCode, Step
from varde.core.item import FoundMember
from varde.core.limits import MOST_FRAMES
from varde.core.media import Facts, MediaKind, MediaType
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import LocalFeatures, Method, PerceptualHash, Signal
from varde.evidence.expand import Expansion
from varde.hashing.local_features import compute_local_features
from varde.pipeline.checking import ImpossibleAnswer, check_examination, check_expansion
from varde.pipeline.examine import Examination

DIGESTS = Digests(bytes(16), bytes(20), bytes(32), 100)
HASH = PerceptualHash(bytes(32), 100)
PDQ = Method("pdq", "1")
HONEST = Content(DIGESTS, MediaType(MediaKind.PICTURE, "image/jpeg"), Facts(4, 3), None, (Signal(PDQ, (HASH,)),))
MEMBER = FoundMember(b"a", 1, 5, 0, 10, None)


def test_an_honest_examination_passes() -> None:
    check_examination(Examination(HONEST, (), {}), 100)
    check_examination(Examination(None, (), {}), 100)


@pytest.mark.parametrize(
    "lie",
    [
        replace(HONEST, digests=replace(DIGESTS, sha256=bytes(31))),
        replace(HONEST, digests=replace(DIGESTS, size_bytes=99)),
        replace(HONEST, signals=(Signal(PDQ, (HASH,)), Signal(PDQ, (HASH,)))),
        replace(HONEST, signals=(Signal(PDQ, ()),)),
        replace(HONEST, signals=(Signal(PDQ, (HASH,) * (MOST_FRAMES + 1)),)),
        replace(HONEST, signals=(Signal(Method("unheard of", "1"), (HASH,)),)),
        replace(HONEST, sampling="1/s\0"),
        replace(HONEST, sampling="s" * 101),
        replace(HONEST, media_type=MediaType(MediaKind.PICTURE, "image/\0jpeg")),
        replace(HONEST, media_type=MediaType(MediaKind.PICTURE, "i" * 101)),
        replace(HONEST, signals=(Signal(PDQ, (replace(HASH, value=bytes(31)),)),)),
        replace(HONEST, signals=(Signal(PDQ, (replace(HASH, quality=101),)),)),
        replace(HONEST, signals=(Signal(PDQ, (replace(HASH, offset_s=float("nan")),)),)),
        replace(HONEST, signals=(Signal(PDQ, (replace(HASH, variants=bytes(33)),)),)),
        replace(HONEST, signals=(Signal(PDQ, (replace(HASH, variants=b"x"),)),)),
        replace(HONEST, facts=Facts(2**63, 3)),
        replace(HONEST, facts=Facts(4, 3, duration_s=float("inf"))),
        replace(HONEST, facts=Facts(4, 3, metadata=(("x", "y" * (5 << 20)),))),
    ],
)
def test_an_examination_that_cannot_be_true_is_refused(lie: Content) -> None:
    with pytest.raises(ImpossibleAnswer):
        check_examination(Examination(lie, (), {}), 100)


@pytest.mark.parametrize(
    "lie",
    [
        Examination(HONEST, (Issue(IssueCode.EMPTY, Step.READ, "x"),) * 1_001, {}),
        Examination(HONEST, (), {"decode": float("nan")}),
        Examination(HONEST, (), {"decode\0": 1.0}),
        Examination(None, (), {str(number): 1.0 for number in range(21)}),
    ],
)
def test_what_comes_beside_a_content_must_be_possible_too(lie: Examination) -> None:
    with pytest.raises(ImpossibleAnswer):
        check_examination(lie, 100)


def test_an_honest_expansion_passes() -> None:
    check_expansion(Expansion((MEMBER,), (), 6, 10), 5, 10)
    check_expansion(Expansion((replace(MEMBER, size_bytes=None),), (), None, 10), 5, 0)


@pytest.mark.parametrize(
    "lie",
    [
        Expansion((), (), 5, 0),
        Expansion((), (), 4, 0),
        Expansion((replace(MEMBER, ordinal=4),), (), 6, 0),
        Expansion((MEMBER, MEMBER), (), 7, 0),
        Expansion((replace(MEMBER, ordinal=6),), (), 6, 0),
        Expansion((replace(MEMBER, offset=-1),), (), 6, 0),
        Expansion((replace(MEMBER, size_bytes=11),), (), 6, 0),
        Expansion((), (), 6, -1),
    ],
)
def test_an_expansion_that_cannot_be_true_is_refused(lie: Expansion) -> None:
    with pytest.raises(ImpossibleAnswer):
        check_expansion(lie, 5, 10)


FEATURES = compute_local_features(np.random.default_rng(0).integers(0, 256, (120, 160), np.uint8))


def test_honest_local_features_pass() -> None:
    check_examination(Examination(replace(HONEST, local_features=(FEATURES,)), (), {}), 100)
    refused = NotComparable(Reason.TOO_SMALL, "small")
    check_examination(Examination(replace(HONEST, local_features=refused), (), {}), 100)


@pytest.mark.parametrize(
    "lies",
    [
        (),
        (FEATURES,) * 33,
        (replace(FEATURES, data=b"x"),),
        (replace(FEATURES, data=FEATURES.data + b"x"),),
        (replace(FEATURES, points=FEATURES.points - 1),),
        (replace(FEATURES, offset_s=-1.0),),
    ],
)
def test_local_features_that_cannot_be_true_are_refused(lies: tuple[LocalFeatures, ...]) -> None:
    with pytest.raises(ImpossibleAnswer):
        check_examination(Examination(replace(HONEST, local_features=lies), (), {}), 100)
