from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.item import Origin
from varde.core.media import MediaKind
from varde.review.time_evidence import list_file_time, list_tag_times, read_time, sort_times

NOON = datetime(2024, 5, 17, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "offset", "hour", "has_zone"),
    [
        ("2024:05:17 12:00:00", "", 12, False),
        ("2024:05:17 12:00:00", "+02:00", 10, True),
        ("2024-05-17T12:00:00Z", "", 12, True),
        ("2024-05-17T12:00:00.000000Z", "", 12, True),
        ("2024-05-17T12:00:00+0200", "", 10, True),
        ("2024-05-17T12:00:00-05:30", "", 17, True),
        ("2024-05-17 12:00", "", 12, False),
    ],
)
def test_times_are_read_as_they_are_written(text: str, offset: str, hour: int, has_zone: bool) -> None:
    at, known = read_time(text, offset)
    assert at is not None
    assert (at.date(), at.hour, known) == (NOON.date(), hour, has_zone)


def test_a_fraction_that_is_kept_apart_counts() -> None:
    assert read_time("2024:05:17 12:00:00", fraction="25")[0] == NOON.replace(microsecond=250_000)
    assert read_time("2024:05:17 12:00:00", fraction="x")[0] == NOON


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0000:00:00 00:00:00",
        "2024:13:01 00:00:00",
        "    :  :     :  :  ",
        "yesterday",
        "2024:05:17 25:00:00",
        "2024",
    ],
)
def test_what_is_no_time_is_said_to_be_none(text: str) -> None:
    assert read_time(text) == (None, False)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_times_beyond_the_calendar_are_none(text: str) -> None:
    assert read_time(text) == (None, False)


@given(st.text(), st.text(), st.text())
def test_no_text_breaks_it(text: str, offset: str, fraction: str) -> None:
    read_time(text, offset, fraction)
    list(list_tag_times({"DateTimeOriginal": text, "OffsetTimeOriginal": offset}, MediaKind.PICTURE))


def test_every_time_names_its_source_and_why_it_may_be_wrong() -> None:
    tags = {
        "DateTimeOriginal": "2024:05:17 12:00:00",
        "OffsetTimeOriginal": "+02:00",
        "DateTime": "2025:01:01 00:00:00",
        "GPSDateStamp": "2024:05:17",
        "GPSTimeStamp": "09:59:58",
        "xmp:CreateDate": "nonsense",
        "Make": "Example",
    }
    times = sort_times([*list_tag_times(tags, MediaKind.PICTURE), *list_file_time("a.jpg", Origin.FILE, NOON)])
    assert [one.what for one in times] == ["satellite fix", "taken", "last changed", "picture changed", "made"]
    assert all(one.source and one.caveat for one in times)
    assert times[1].stated == "2024:05:17 12:00:00 +02:00"
    assert [one.has_zone for one in times] == [True, True, True, False, False]
    assert times[-1].at is None


def test_the_time_of_an_archive_member_is_the_archives_word() -> None:
    (time,) = list_file_time("a.jpg", Origin.ARCHIVE_MEMBER, NOON)
    assert time.source == "the archive that holds a.jpg"
    assert "ZIP has no zone" in time.caveat
    assert list_file_time("a.jpg", Origin.FILE, None) == []


def test_tags_of_a_video_come_from_its_container() -> None:
    tags = {"CreationTime": "2024-05-17T12:00:00Z", "DateTimeOriginal": "2024-05-17T14:00:00+0200"}
    assert {one.source.split()[0] for one in list_tag_times(tags, MediaKind.VIDEO)} == {"container"}
