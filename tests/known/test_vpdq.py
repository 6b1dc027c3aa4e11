from __future__ import annotations

from pathlib import Path

import pytest

from varde.core.signal import PerceptualHash
from varde.hashing.video_hash import write_vpdq_lines, write_vpdq_signal
from varde.known.format import ReadOptions
from varde.known.formats.vpdq import VpdqFormat
from varde.known.registry import detect_format
from varde.testing.known_conformance import KnownFormatConformance

CLIPS = Path(__file__).parents[3] / "shared" / "data" / "video"


class TestVpdq(KnownFormatConformance):
    known_format = VpdqFormat()


def make_frames(count: int, gap_s: float) -> list[PerceptualHash]:
    return [PerceptualHash(bytes([number]) * 32, 100, number * gap_s) for number in range(count)]


def test_what_we_write_is_recognised_and_read(tmp_path: Path) -> None:
    frames = make_frames(5, 1.0)
    for name, text in (("lines", write_vpdq_lines(frames)), ("signal", write_vpdq_signal(frames))):
        (tmp_path / name).write_text(text)
        chosen = detect_format(tmp_path / name)
        assert chosen.name == "vpdq"
        with chosen.open(tmp_path / name, ReadOptions()) as opened:
            (entry,) = opened.entries
        assert entry.pdq == tuple((frame.value, frame.quality, frame.offset_s) for frame in frames)
        assert entry.sampling == "1/s"


def test_a_file_of_comments_has_no_entries_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("# nothing\n\n[]\n")
    with VpdqFormat().open(tmp_path / "empty", ReadOptions()) as opened:
        assert list(opened.entries) == []
    assert opened.notes == ["the file holds no entries"]


@pytest.mark.parametrize(
    "text", ["", "0c" * 32, "a,b,c,d\n", "[1, 2]", '{"value": []}', "MD5,SHA1,pdq\n", "vpdq " + "0c" * 32]
)
def test_other_files_are_not_taken_for_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "other").write_text(text)
    assert not VpdqFormat().detect(tmp_path / "other")


@pytest.mark.shared_data
@pytest.mark.skipif(not CLIPS.is_dir(), reason="no ../shared/data/video beside the repository")
def test_published_files_are_read_whole() -> None:
    for path in sorted(CLIPS.glob("*.vpdq.txt")):
        assert detect_format(path).name == "vpdq"
        with VpdqFormat().open(path, ReadOptions()) as opened:
            (entry,) = opened.entries
        assert len(entry.pdq) == len(path.read_text().splitlines())
        assert entry.sampling == "all"
