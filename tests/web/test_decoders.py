"""Decoder processes for many requests: room, refusals, ends that nobody foresaw."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import msgspec
import pytest
from fastapi import HTTPException

from varde.core.errors import VardeError
from varde.core.review import Reveal
from varde.media.pool import Failure
from varde.media.sandbox import SandboxLimits
from varde.media.video_views import ShownFrame, VideoView
from varde.media.views import Bitmap
from varde.pipeline.views import SMALL, ThumbnailRequest, Unseen, View, read_answer
from varde.web.decoders import Decoders
from varde.web.sheets import Sheets

LIMITS = SandboxLimits(1 << 30)
PAYLOAD = msgspec.msgpack.encode(ThumbnailRequest(b"nothing", Reveal.GREY))
NOTHING = Unseen("its thumbnail is damaged")


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    with Decoders(SMALL, 1, LIMITS, waiting=50) as decoders:
        yield decoders


def test_many_requests_are_answered_each_with_its_own_answer(decoders: Decoders) -> None:
    asked = [decoders.ask(PAYLOAD, limit_s=10.0) for _ in range(40)]
    assert {read_answer(one.result(30), View) for one in asked} == {NOTHING}


def test_more_than_may_wait_are_told_to_come_again(decoders: Decoders) -> None:
    decoders.ask(PAYLOAD, limit_s=10.0).result(30)
    os.kill(decoders.pids[0], signal.SIGSTOP)
    try:
        asked = [decoders.ask(PAYLOAD, limit_s=10.0) for _ in range(50)]
        with pytest.raises(HTTPException) as refused:
            decoders.ask(PAYLOAD, limit_s=10.0)
    finally:
        os.kill(decoders.pids[0], signal.SIGCONT)
    assert refused.value.status_code == 503
    assert all(one.result(30) for one in asked)
    decoders.ask(PAYLOAD, limit_s=10.0).result(30)


def test_who_goes_away_is_forgotten_and_others_are_answered(decoders: Decoders) -> None:
    decoders.ask(PAYLOAD, limit_s=10.0).result(30)
    os.kill(decoders.pids[0], signal.SIGSTOP)
    asked = [decoders.ask(PAYLOAD, limit_s=10.0) for _ in range(20)]
    gone = [one for one in asked if one.cancel()]
    os.kill(decoders.pids[0], signal.SIGCONT)
    assert gone
    assert all(one.result(30) for one in asked if one not in gone)
    assert read_answer(decoders.ask(PAYLOAD, limit_s=10.0).result(30), View) == NOTHING


def test_decoders_that_cannot_start_are_an_error() -> None:
    with Decoders("varde.web.nothing:here", 1, LIMITS, waiting=1) as broken, pytest.raises(VardeError, match="start"):
        broken.ask(PAYLOAD, limit_s=1.0).result(60)


def test_what_waits_when_the_server_stops_is_told_so() -> None:
    with Decoders(SMALL, 1, LIMITS, waiting=9) as decoders:
        decoders.ask(PAYLOAD, limit_s=10.0).result(30)
        os.kill(decoders.pids[0], signal.SIGSTOP)
        asked = [decoders.ask(PAYLOAD, limit_s=60.0) for _ in range(9)]
        time.sleep(0.05)
    for one in asked:
        with pytest.raises(VardeError, match="stopping"):
            one.result(5)
    with pytest.raises(HTTPException):
        decoders.ask(PAYLOAD, limit_s=1.0)


def test_a_decoder_that_is_killed_while_it_waits_costs_nothing(decoders: Decoders) -> None:
    decoders.ask(PAYLOAD, limit_s=10.0).result(30)
    os.kill(decoders.pids[0], signal.SIGKILL)
    assert not isinstance(decoders.ask(PAYLOAD, limit_s=10.0).result(30), Failure)


def make_video(frames: int, side: int) -> VideoView:
    picture = Bitmap(side, side, 3, bytes(3 * side * side))
    return VideoView(tuple(ShownFrame(float(at), picture) for at in range(frames)), float(frames))


def test_sheets_keep_what_was_shown_last_within_their_bytes() -> None:
    sheets = Sheets(3 * 3 * 100)
    videos = {bytes([at]) * 32: make_video(1, 10) for at in range(5)}
    for sha256, video in videos.items():
        sheets.keep(sha256, video)
        assert sheets.find(b"\x00" * 32) is not None, "looked at again and again"
        assert sheets.size_bytes <= 900
    kept = [at for at in range(5) if sheets.find(bytes([at]) * 32)]
    assert kept == [0, 3, 4]
    sheets.keep(b"z" * 32, make_video(2, 100))
    assert sheets.find(b"z" * 32) is None, "larger than all of it"
    sheets.keep(b"\x04" * 32, make_video(1, 10))
    assert sheets.size_bytes == 900
