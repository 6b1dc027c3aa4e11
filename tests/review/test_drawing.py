"""The draw: stable, uniform, and not to be guessed without its key."""

from __future__ import annotations

import pytest

from varde.review.drawing import compute_position, make_draw

KEY, OTHER = b"k" * 32, b"o" * 32
EXPECTED = 0x07A1E6989A5CD70B


def test_position_is_that_of_the_keyed_hash() -> None:
    """HMAC-SHA-256 of the key 16 x 0x0b and eight zero bytes; computed with OpenSSL's command line."""
    assert compute_position(b"\x0b" * 16, 0) == EXPECTED >> 1


def test_same_item_is_always_drawn_or_never() -> None:
    draw = make_draw(KEY, (), 50)
    assert [draw.takes(item, "1") for item in range(100)] == [draw.takes(item, "2") for item in range(100)]


@pytest.mark.parametrize("percent", [0, 1, 10, 50, 100])
def test_share_is_about_what_was_asked_for(percent: int) -> None:
    draw = make_draw(KEY, (), percent)
    taken = sum(draw.takes(item, "1") for item in range(20_000))
    assert taken == pytest.approx(200 * percent, abs=200 if 0 < percent < 100 else 0)


def test_another_key_draws_others() -> None:
    first, second = make_draw(KEY, (), 50), make_draw(OTHER, (), 50)
    same = sum(first.takes(item, "1") == second.takes(item, "1") for item in range(4000))
    assert 1800 < same < 2200


def test_larger_share_keeps_what_a_smaller_one_drew() -> None:
    small, large = make_draw(KEY, (), 10), make_draw(KEY, (), 20)
    assert all(large.takes(item, "1") for item in range(2000) if small.takes(item, "1"))


def test_codes_are_all_drawn_and_others_by_share() -> None:
    draw = make_draw(KEY, ("3",), 0)
    assert all(draw.takes(item, "3") for item in range(50))
    assert not any(draw.takes(item, "1") for item in range(50))


@pytest.mark.parametrize(("key", "percent"), [(b"short", 10), (KEY, -1), (KEY, 101)])
def test_unfit_draws_are_refused(key: bytes, percent: float) -> None:
    with pytest.raises(ValueError, match=r"key|percent"):
        make_draw(key, (), percent)
