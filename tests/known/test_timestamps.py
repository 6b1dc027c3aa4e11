import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.known.timestamps import Timestamp, Zone, read_timestamp


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z"),
        ("2020-01-02 03:04:05Z", "2020-01-02T03:04:05Z"),
        ("2020-01-02T03:04:05-05:00", "2020-01-02T08:04:05Z"),
        ("2020-01-01T01:00:00+0200", "2019-12-31T23:00:00Z"),
        ("2020-01-01T01:00+2", "2019-12-31T23:00:00Z"),
        ("2020-01-02T03:04:05.1234567Z", "2020-01-02T03:04:05.1234567Z"),
        ("2020-01-02T03:04:05.1234567-05:00", "2020-01-02T08:04:05.1234567Z"),
        ("/Date(0)/", "1970-01-01T00:00:00Z"),
        ("/Date(1500)/", "1970-01-01T00:00:01.500Z"),
        ("/Date(-1)/", "1969-12-31T23:59:59.999Z"),
        ("/Date(1500+0200)/", "1970-01-01T00:00:01.500Z"),
    ],
)
def test_every_notation_becomes_utc_without_losing_a_digit(text: str, expected: str) -> None:
    assert read_timestamp(text) == Timestamp(expected, Zone.UTC)


def test_an_offset_beside_z_is_believed_and_named_a_contradiction() -> None:
    assert read_timestamp("2020-01-02T10:00:00+3:00Z") == Timestamp("2020-01-02T07:00:00Z", Zone.CONTRADICTED)


def test_a_time_without_a_zone_is_not_taken_for_utc() -> None:
    assert read_timestamp("2020-01-02T10:00:00") == Timestamp("2020-01-02T10:00:00", Zone.NONE)


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2020-13-01T00:00:00Z",
        "0001-01-01T00:00:00+05:00",
        "/Date(999999999999999)/",
        "9999-12-31T23:00:00-5Z",
    ],
)
def test_what_cannot_be_read_is_kept_as_it_is(text: str) -> None:
    assert read_timestamp(text) == Timestamp(text, Zone.UNREADABLE)


@given(st.datetimes(timezones=st.timezones()))
def test_agrees_with_the_standard_library(moment: object) -> None:
    from datetime import UTC, datetime

    assert isinstance(moment, datetime)
    if moment.utcoffset() is None or moment.utcoffset().total_seconds() % 60:
        return
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        return
    read = read_timestamp(moment.isoformat())
    assert read.zone is Zone.UTC
    assert datetime.fromisoformat(read.text) == utc


@given(st.text(max_size=60))
def test_never_raises(text: str) -> None:
    read_timestamp(text)
