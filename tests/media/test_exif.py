from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varde.media.exif import read_exif

ASCII, SHORT, LONG, RATIONAL = 2, 3, 4, 5


def make_block(
    *entries: tuple[int, int, int, bytes], order: str = ">", stated: int | None = None, at: int = 8
) -> bytes:
    """One directory that lies `at` this byte of its block; values longer than four bytes follow it."""
    count = len(entries)
    mark = b"MM\0*" if order == ">" else b"II*\0"
    head = mark + struct.pack(order + "IH", at, count if stated is None else stated)
    place = at + 2 + 12 * count + 4
    directory = values = b""
    for tag, kind, length, value in entries:
        if len(value) > 4:
            directory += struct.pack(order + "HHII", tag, kind, length, place + len(values))
            values += value
        else:
            directory += struct.pack(order + "HHI", tag, kind, length) + value.ljust(4, b"\0")
    return head + directory + bytes(4) + values


@pytest.mark.parametrize("order", ["<", ">"])
def test_text_and_numbers_in_both_byte_orders(order: str) -> None:
    block = make_block(
        (0x010F, ASCII, 8, b"Example\0"),
        (0x0110, ASCII, 3, b"X1\0"),
        (0x0112, SHORT, 1, struct.pack(order + "H", 6)),
        order=order,
    )
    reading = read_exif(block)
    assert reading.tags == {"Make": "Example", "Model": "X1", "Orientation": "6"}
    assert reading.damage == []


def test_sub_directories_are_followed_once() -> None:
    block = bytearray(make_block((0x8769, LONG, 1, struct.pack(">I", 8)), (0x829A, RATIONAL, 1, bytes(8))))
    assert read_exif(bytes(block)).damage == []


def test_a_zero_denominator_means_not_known() -> None:
    values = [(0x829D, RATIONAL, 1, struct.pack(">II", 28, 0)), (0x920A, RATIONAL, 1, struct.pack(">II", 70, 2))]
    block = make_block((0x8769, LONG, 1, struct.pack(">I", 26)))
    reading = read_exif(block + make_block(*values, at=26)[8:])
    assert reading.tags == {"FocalLength": "35"}
    assert reading.damage == []


def test_a_value_beyond_the_block_is_damage_and_the_rest_is_read() -> None:
    block = make_block((0x0110, ASCII, 3, b"X1\0"), (0x010F, ASCII, 900, b"Example\0"))
    reading = read_exif(block)
    assert reading.tags == {"Model": "X1"}
    assert reading.damage == ["Make cannot be read: type 2, 900 values at byte 38"]


def test_a_directory_that_claims_too_much_is_read_as_far_as_it_goes() -> None:
    reading = read_exif(make_block((0x0110, ASCII, 3, b"X1\0"), stated=60_000))
    assert reading.tags == {"Model": "X1"}
    assert "cut after" in reading.damage[0]


def test_text_stored_as_a_number_is_damage() -> None:
    reading = read_exif(make_block((0x010F, SHORT, 1, b"\0\5")))
    assert reading.damage == ["Make should be text and is of type 3"]


def test_a_directory_beyond_the_block_is_damage() -> None:
    assert read_exif(b"MM\0*\x7f\xff\xff\xff").damage == ["a directory lies beyond the block, at byte 2147483647"]


@pytest.mark.parametrize("block", [b"", b"II", b"XX*\0\0\0\0\x08"])
def test_no_byte_order_is_damage(block: bytes) -> None:
    assert read_exif(block).damage == ["the EXIF block has no byte order mark"]


@given(st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]), st.binary(max_size=300))
@settings(max_examples=300)
def test_any_block_gives_a_reading(head: bytes, rest: bytes) -> None:
    reading = read_exif(head + rest)
    assert all(value.isprintable() and value for value in reading.tags.values())
