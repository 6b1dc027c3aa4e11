"""What comes out of the decoders that make views: pixels that fit, or a reason; a decoder may say anything."""

from __future__ import annotations

import msgspec
import pytest

from varde.core.errors import VardeError
from varde.core.limits import DecodeLimits
from varde.core.media import MediaKind
from varde.core.review import Reveal
from varde.media.pool import Failure, FailureKind, Pool, Request
from varde.media.sandbox import SandboxLimits
from varde.media.video_views import MOST_SHOWN, ShownFrame, VideoView
from varde.media.views import Bitmap
from varde.pipeline.views import (
    LARGE,
    SMALL,
    Frames,
    OriginalRequest,
    ThumbnailRequest,
    Unseen,
    Veil,
    View,
    read_answer,
)

encode = msgspec.msgpack.encode
PIXEL = Bitmap(1, 1, 3, b"abc")
FRAME = ShownFrame(0.0, PIXEL)


def test_a_sound_answer_is_taken() -> None:
    assert read_answer(encode(View(PIXEL)), View) == View(PIXEL)
    assert read_answer(encode(Veil(b"\x01\x01\x07")), Veil) == Veil(b"\x01\x01\x07")
    frames = Frames(VideoView((FRAME,), 1.0))
    assert read_answer(encode(frames), Frames) == frames


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (View(Bitmap(1, 1, 3, b"ab")), View),
        (View(Bitmap(5000, 1, 1, bytes(5000))), View),
        (View(Bitmap(2**40, 2**40, 1, b"")), View),
        (View(PIXEL), Veil),
        (Veil(b"\x01\x01\x07"), View),
        (Veil(b"\xff\xd8\xff a sharp picture"), Veil),
        (Frames(VideoView((), 1.0)), Frames),
        (Frames(VideoView((FRAME,) * (MOST_SHOWN + 1), 1.0)), Frames),
        (Frames(VideoView((FRAME,), float("nan"))), Frames),
        (Frames(VideoView((ShownFrame(-1.0, PIXEL),), 1.0)), Frames),
        (Frames(VideoView((ShownFrame(0.0, Bitmap(300, 1, 1, bytes(300))),), 1.0)), Frames),
    ],
)
def test_an_answer_that_cannot_be_true_shows_nothing(answer: View | Veil | Frames, wanted: type) -> None:
    assert read_answer(encode(answer), wanted) == Unseen("The decoder's answer cannot be true.")


@pytest.mark.parametrize("result", [b"", b"\xc1", b"\x80", encode({"type": "view"}), encode([1, 2])])
def test_an_answer_that_is_none_shows_nothing(result: bytes) -> None:
    assert isinstance(read_answer(result, View), Unseen)


def test_the_end_of_a_decoder_is_the_reason_why_there_is_nothing() -> None:
    failure = Failure(FailureKind.TIMED_OUT, "It took longer than 10 seconds.")
    assert read_answer(failure, View) == Unseen("It took longer than 10 seconds.")


def test_the_reason_of_a_decoder_is_shown_cleaned_and_cut() -> None:
    unseen = read_answer(encode(Unseen("a\x00b\u202e" + "c" * 5000)), View)
    assert isinstance(unseen, Unseen)
    assert unseen.reason.isprintable()
    assert len(unseen.reason) <= 300


@pytest.mark.parametrize("target", [SMALL, LARGE])
def test_both_kinds_of_decoders_are_locked_down(target: str) -> None:
    with Pool(target, 1, SandboxLimits(4096 << 20)) as pool:
        if target == SMALL:
            result = pool.ask(Request(None, encode(ThumbnailRequest(b"nothing", Reveal.GREY)), (), 10.0))
            assert read_answer(result, View) == Unseen("its thumbnail is damaged")
        else:
            import os

            request = encode(OriginalRequest(4, MediaKind.PICTURE, DecodeLimits()))
            result = pool.ask(Request(None, request, (os.memfd_create("test"),), 10.0))
            assert isinstance(read_answer(result, View), Unseen)
        assert "seccomp" in pool.layers


def test_a_decoder_that_cannot_start_is_an_error() -> None:
    with (
        pytest.raises(VardeError, match="cannot start"),
        Pool("varde.nowhere:prepare", 1, SandboxLimits(1 << 30)) as pool,
    ):
        while True:
            pool.wait(1.0)
