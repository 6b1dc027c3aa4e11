from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.media.container_tags import read_container_tags


def test_names_are_those_of_the_picture_tags() -> None:
    tags = dict(read_container_tags({"COM.ANDROID.MANUFACTURER": "Example", "com.apple.quicktime.model": "X1"}))
    assert tags == {"Make": "Example", "Model": "X1"}


def test_the_container_counts_before_the_stream() -> None:
    assert read_container_tags({"encoder": "a"}, {"encoder": "b"}) == (("Software", "a"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+40.6894-074.0447/", {"GPSLatitude": "40.6894000", "GPSLongitude": "-74.0447000"}),
        ("+00.0000+000.0000+010.5/", {"GPSLatitude": "0.0000000", "GPSLongitude": "0.0000000", "GPSAltitude": "10.5"}),
        ("+99.0+000.0/", {}),
        ("somewhere", {}),
    ],
)
def test_positions_are_read_only_where_they_are_positions(text: str, expected: dict[str, str]) -> None:
    assert dict(read_container_tags({"location": text})) == expected


@given(st.dictionaries(st.sampled_from(["location", "date", "title", "creation_time"]), st.text()))
def test_any_text_gives_clean_tags(source: dict[str, str]) -> None:
    assert all(value.isprintable() for _, value in read_container_tags(source))
