import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from varde.core.errors import FormatError
from varde.known import json_stream
from varde.known.json_stream import JsonStream, ValueTooLarge


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every value crosses block boundaries."""
    monkeypatch.setattr(json_stream, "_BLOCK_BYTES", 16)


def read(path: Path, content: bytes) -> list[tuple[int, object]]:
    path.write_bytes(content)
    stream = JsonStream(path)
    try:
        values = [(line, stream.read_value()) for line in stream.array_elements()]
        assert stream.peek() == ""
        return values
    finally:
        stream.close()


def test_values_come_with_their_lines(tmp_path: Path) -> None:
    content = b'[{"a": 1,\n\n"b": [1, 2]},\r\n 3,\n\n"four"]\n'
    assert read(tmp_path / "a", content) == [(1, {"a": 1, "b": [1, 2]}), (4, 3), (6, "four")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_with_a_mark(tmp_path: Path, encoding: str) -> None:
    assert read(tmp_path / "a", '["åäö €",\n"x"]'.encode(encoding)) == [(1, "åäö €"), (2, "x")]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"[1,\n2\n3]", 3),
        (b'[{"a": 1,\n"b" 2},\n{"b":3}]', 2),
        (b'[{"a": 1,\n\n"b": tru},\n{"b":3}]', 3),
        (b'[{"a":\n"a\tb"}]', 2),
        (b'[{"a":\n"b', 2),
        (b"[1,\n", 2),
        (b'[1,\n"\xff"]', 2),
        (b"[1,\nNaN]", 2),
        (b"[1,\n" + b"9" * 5_000 + b"]", 2),
        (b"[1,\n" + b"[" * 200_000, 2),
        (b"[1}", 1),
        (b"", 1),
        (b"{}", 1),
    ],
)
def test_defects_are_named_with_their_line(tmp_path: Path, content: bytes, line: int) -> None:
    with pytest.raises(FormatError) as caught:
        read(tmp_path / "a", content)
    assert caught.value.line == line, caught.value


def test_the_line_of_a_field_is_its_own_not_that_of_a_nested_namesake(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b'[{"x": {"MD5": 1},\n "y": "\\"MD5\\"",\n "MD5": 2,\n "z": 3}]')
    stream = JsonStream(path)
    for _ in stream.array_elements():
        stream.read_value()
        assert stream.line_of_field("MD5") == 3
        assert stream.line_of_field("absent") == 1
    stream.close()


def test_a_value_over_the_limit_is_refused_and_not_passed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b'["' + b"x" * 5_000 + b'", 1]')
    stream = JsonStream(path)
    for _ in stream.array_elements():
        with pytest.raises(ValueTooLarge):
            stream.read_value(1_000)
        assert stream.read_value() == "x" * 5_000
        break
    stream.close()


def test_rewinding_reads_the_same_value_again(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b'[{"a": 1,\n "b": 2}]')
    stream = JsonStream(path)
    for _ in stream.array_elements():
        first = stream.read_value()
        stream.rewind()
        assert stream.line == 1
        assert {key: stream.read_value() for key in stream.object_keys()} == first
    stream.close()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=20,
)


@given(values=st.lists(_JSON, max_size=8), indent=st.sampled_from([None, 0, 3]), ascii_only=st.booleans())
@settings(max_examples=200)
def test_agrees_with_the_standard_library(
    tmp_path_factory: pytest.TempPathFactory, values: list[object], indent: int | None, ascii_only: bool
) -> None:
    json_stream._BLOCK_BYTES = 16
    text = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    path = tmp_path_factory.mktemp("json") / "a"
    assert [value for _, value in read(path, text)] == values
