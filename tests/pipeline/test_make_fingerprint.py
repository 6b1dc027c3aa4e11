from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import cast

import pytest
from tests.reference_files import make_photo

from varde.camera.fingerprint import Fingerprint
from varde.camera.residual import Residual, extract_residual
from varde.core.camera import FingerprintKind, ReferenceState
from varde.core.errors import ExhibitChanged
from varde.core.limits import DecodeLimits
from varde.core.outcome import NotComparable, Reason
from varde.media.sensor import read_sensor_picture
from varde.pipeline import make_fingerprint as module
from varde.pipeline.make_fingerprint import Making, make_fingerprint
from varde.pipeline.read_residuals import ResidualReader, SourceRecord


class _Reader:
    """Gives the residuals of synthetic photographs by name; counts how often each is read."""

    def __init__(self, change: Callable[[SourceRecord], SourceRecord] = lambda record: record) -> None:
        self.read: list[str] = []
        self._change = change

    def examine(self, path: Path) -> SourceRecord:
        self.read.append(path.name)
        seed, number = (int(part) for part in path.stem.split("-"))
        outcome = extract_residual(read_sensor_picture(make_photo(seed, number), DecodeLimits()).pixels)
        kind = FingerprintKind.VIDEO if path.suffix == ".mp4" else FingerprintKind.PHOTO
        record = SourceRecord(path.name, bytes([seed, number]) * 16, kind, {}, outcome)
        return self._change(record) if self.read.count(path.name) > 1 else record

    def examine_packed(self, paths: Iterable[Path]) -> Iterator[SourceRecord]:
        return (self.examine(path) for path in paths)


def _make(reader: _Reader, folder: Path) -> Making:
    return Making(cast(ResidualReader, reader), folder / "spool")


_PATHS = [Path(f"1-{number}.jpg") for number in range(3)] + [Path("2-0.jpg")]


def test_each_file_is_read_once(tmp_path: Path) -> None:
    reader, done = _Reader(), list[int]()
    making = Making(cast(ResidualReader, reader), tmp_path / "spool", done.append)
    kind, examined = make_fingerprint(making, _PATHS, None)
    assert kind is FingerprintKind.PHOTO
    assert isinstance(examined.outcome, Fingerprint) and examined.outcome.used == 3
    assert reader.read == [path.name for path in _PATHS] and done == [1, 2, 3, 4]


def test_without_room_files_are_read_again_and_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, spooled = make_fingerprint(_make(_Reader(), tmp_path), _PATHS, None)
    monkeypatch.setattr(module, "MOST_SPOOL_BYTES", 0)
    reader = _Reader()
    _, reread = make_fingerprint(_make(reader, tmp_path), _PATHS, None)
    assert len(reader.read) > len(_PATHS)
    assert [each.state for each in reread.references] == [each.state for each in spooled.references]
    for one, other in zip(reread.references, spooled.references, strict=True):
        assert one.pce == pytest.approx(other.pce, rel=0.02, abs=0.1)


def test_a_file_that_changes_meanwhile_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SPOOL_BYTES", 0)

    def change(record: SourceRecord) -> SourceRecord:
        return SourceRecord(record.name, b"x" * 32, record.kind, {}, record.outcome)

    with pytest.raises(ExhibitChanged, match=r"1-0\.jpg"):
        make_fingerprint(_make(_Reader(change), tmp_path), _PATHS, None)


def test_the_first_file_decides_and_the_other_kind_is_refused(tmp_path: Path) -> None:
    kind, examined = make_fingerprint(_make(_Reader(), tmp_path), [Path("1-9.mp4"), *_PATHS[:3]], None)
    assert kind is FingerprintKind.VIDEO
    assert [each.state for each in examined.references[1:]] == [ReferenceState.REFUSED] * 3
    kind, examined = make_fingerprint(_make(_Reader(), tmp_path), [Path("1-9.mp4"), *_PATHS[:3]], FingerprintKind.PHOTO)
    assert isinstance(examined.outcome, Fingerprint)
    refused = examined.references[0].refused
    assert refused and refused.reason is Reason.NOT_A_PICTURE and "enrolled apart" in refused.detail


def test_a_cut_reference_is_refused(tmp_path: Path) -> None:
    class Cutting(_Reader):
        def examine(self, path: Path) -> SourceRecord:
            found = super().examine(path)
            facts: dict[str, object] = {"truncated": True} if path.name == "1-0.jpg" else {}
            return SourceRecord(found.name, found.sha256, found.kind, facts, found.outcome)

    _, examined = make_fingerprint(_make(Cutting(), tmp_path), _PATHS, None)
    assert examined.references[0].refused and "whole" in examined.references[0].refused.detail
    assert isinstance(examined.outcome, NotComparable) and examined.outcome.reason is Reason.TOO_FEW_REFERENCES
    assert isinstance(_Reader().examine(_PATHS[0]).outcome, Residual)
