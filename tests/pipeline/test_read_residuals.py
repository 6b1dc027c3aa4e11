from __future__ import annotations

import io
import mmap
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image
from tests.reference_files import SIZE, make_photo

from varde.camera.packing import Noise, PackedResidual, pack
from varde.camera.residual import METHOD, Residual, extract_residual
from varde.core.camera import FingerprintKind
from varde.core.errors import NotFound, Unreadable
from varde.core.limits import DecodeLimits
from varde.core.outcome import NotComparable, Reason
from varde.media.pool import Failure, FailureKind
from varde.media.sensor import read_sensor_picture
from varde.pipeline.read_residuals import ReadRecord, ResidualReader, SourceReading, _Sent, advise_on_file
from varde.pipeline.residual_process import ResidualAnswer
from varde.store.settings import DecodeSettings, Settings


@pytest.fixture(scope="module")
def reader() -> Iterator[ResidualReader]:
    with ResidualReader(Settings(decode=DecodeSettings(max_pixels=1_000_000)), processes=2) as open_reader:
        yield open_reader


def _answer(**changes: Any) -> ResidualAnswer:
    honest = ResidualAnswer(bytes(32), FingerprintKind.PHOTO, {}, None, 300, 300, 0.5, (METHOD.name, METHOD.version))
    return replace(honest, **changes)


def _png(pixels: np.ndarray, form: str = "PNG") -> bytes:
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, form)
        return file.getvalue()


def test_what_comes_out_of_the_process_is_what_extraction_gives(reader: ResidualReader, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(make_photo(1, 0, orientation=6))
    found = reader.read(path)
    assert isinstance(found, SourceReading)
    wanted = extract_residual(read_sensor_picture(path.read_bytes(), DecodeLimits()).pixels)
    assert isinstance(wanted, Residual)
    np.testing.assert_allclose(found.residual.values, wanted.values, atol=1e-5)
    np.testing.assert_allclose(found.residual.weights, wanted.weights, rtol=1e-5)
    assert (found.residual.luma == wanted.luma).all() and found.residual.method == wanted.method
    assert (found.name, found.kind, found.size_px) == ("photo.jpg", FingerprintKind.PHOTO, (SIZE + 64, SIZE))
    assert found.facts["orientation"] == "6" and found.facts["make"] == "Maker" and found.facts["layout"] == "stored"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.NOT_A_PICTURE),
        (b"just a text", Reason.NOT_A_PICTURE),
        (b"\xff\xd8\xff\xe0", Reason.NOT_DECODED),
        (_png(np.zeros((1, 1), np.uint8)), Reason.TOO_SMALL),
        (_png(np.random.default_rng(1).integers(30, 200, (255, 300), dtype=np.uint8)), Reason.TOO_SMALL),
        (_png(np.zeros((300, 300), np.uint8)), Reason.TOO_DARK),
        (_png(np.full((300, 300), 255, np.uint8)), Reason.OVEREXPOSED),
        (_png(np.full((300, 300), 128, np.uint8)), Reason.BLANK),
        (_png(np.kron(np.arange(9, dtype=np.uint8).reshape(3, 3) * 20 + 30, np.ones((100, 100), "u1"))), None),
        (_png(np.zeros((1100, 1100), np.uint8)), Reason.TOO_LARGE),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(100), Reason.NOT_DECODED),
    ],
)
def test_what_holds_no_noise_is_refused_with_its_reason(
    reader: ResidualReader, data: bytes, reason: Reason | None
) -> None:
    record = reader.examine(data)
    assert isinstance(record.outcome, NotComparable)
    assert record.outcome.reason is (reason or Reason.NOT_A_PHOTOGRAPH)
    assert len(record.sha256) == 32
    assert advise_on_file(record.outcome.reason)


def test_many_are_read_in_order_by_several_processes(reader: ResidualReader) -> None:
    records = list(reader.examine_all([make_photo(1, 0), b"text", make_photo(1, 1)]))
    alone = [isinstance(each.outcome, Residual) for each in records]
    assert alone == [True, False, True]
    assert records[0].sha256 != records[2].sha256


def test_a_folder_and_a_missing_file(reader: ResidualReader, tmp_path: Path) -> None:
    folder = reader.read(tmp_path)
    assert isinstance(folder, NotComparable) and folder.reason is Reason.NOT_A_PICTURE
    with pytest.raises(NotFound):
        reader.read(tmp_path / "gone.jpg")


@pytest.mark.parametrize(
    "answer",
    [
        _answer(),  # nothing was written
        _answer(height_px=-1),
        _answer(height_px=1 << 20, width_px=1 << 20),
        _answer(height_px=1, width_px=1),
        _answer(usable=7.0),
        _answer(kind=None),
        _answer(sha256=b""),
        _answer(method=("another", "1")),
        _answer(cpu_s=float("nan")),
        ResidualAnswer(b"", facts={"a": msgspec.msgpack.Ext(5, b"x")}, refused=NotComparable(Reason.BLANK, "")),
        ResidualAnswer(b"", facts={"a": [[[[[1]]]]]}, refused=NotComparable(Reason.BLANK, "")),
        ResidualAnswer(b"short", refused=NotComparable(Reason.BLANK, "")),
        ResidualAnswer(b"", facts={"a": "x" * 100_000}, refused=NotComparable(Reason.BLANK, "")),
    ],
)
def test_an_answer_that_cannot_be_true_is_no_residual(reader: ResidualReader, answer: ResidualAnswer) -> None:
    sink = os.memfd_create("empty")
    try:
        record = reader._read_answer(_Sent("x", sink), msgspec.msgpack.encode(answer))
    finally:
        os.close(sink)
    assert isinstance(record.outcome, NotComparable) and "cannot be true" in record.outcome.detail


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_numbers_that_are_none_are_refused(reader: ResidualReader, bad: float) -> None:
    plane = np.zeros(300 * 300, np.float32)
    plane[7] = bad
    sink = os.memfd_create("none")
    os.pwrite(sink, plane.tobytes() + bytes(5 * 300 * 300), 0)
    try:
        record = reader._read_answer(_Sent("x", sink), msgspec.msgpack.encode(_answer()))
    finally:
        os.close(sink)
    assert isinstance(record.outcome, NotComparable) and "cannot be true" in record.outcome.detail


def test_packed_residuals_are_those_of_planes_in_order(reader: ResidualReader) -> None:
    given = [make_photo(1, 0), b"text", make_photo(1, 1)]
    for planes, packed in zip(reader.examine_all(given), reader.examine_packed(given), strict=True):
        assert (planes.sha256, planes.kind, planes.facts) == (packed.sha256, packed.kind, packed.facts)
        if isinstance(planes.outcome, NotComparable) or isinstance(packed.outcome, NotComparable):
            assert planes.outcome == packed.outcome
            continue
        assert packed.outcome.shape == planes.outcome.shape and packed.outcome.usable == planes.outcome.usable
        for rows, part in packed.outcome.bands(1):
            np.testing.assert_allclose(part.values, planes.outcome.values[rows], atol=1e-2)
            np.testing.assert_allclose(part.weights, planes.outcome.weights[rows], rtol=1e-3)
            assert (part.luma == planes.outcome.luma[rows]).all()


def _write_packed(sink: int) -> ResidualAnswer:
    shape = (300, 300)
    plane = np.ones(shape, np.float32)
    scales = pack(Residual(plane, plane, plane.astype(np.uint8), 0.5), lambda band, at: os.pwrite(sink, band, at))
    assert scales is not None
    return _answer(scales=scales)


def test_a_packed_residual_can_no_longer_be_changed_by_whoever_wrote_it(reader: ResidualReader) -> None:
    sink = os.memfd_create("packed", os.MFD_ALLOW_SEALING)
    writer = os.dup(sink)
    try:
        answer = _write_packed(sink)
        record = reader._read_answer(_Sent("x", sink, is_packed=True), msgspec.msgpack.encode(answer))
        assert isinstance(record.outcome, PackedResidual)
        for change in (lambda: os.pwrite(writer, b"x", 0), lambda: os.ftruncate(writer, 0)):
            with pytest.raises(PermissionError):
                change()
    finally:
        os.close(sink)
        os.close(writer)
    assert all((part.values == 1).all() for _, part in record.outcome.bands(1))


@pytest.mark.parametrize(
    "change",
    [
        {"scales": ()},
        {"scales": ((1.0, 0),)},
        {"height_px": 400, "scales": ((1.0, 0),) * 25},  # fewer bytes were written
        *({"scales": (bad, *((1.0, 0),) * 18)} for bad in ((-1.0, 0), (float("nan"), 0), (1e30, 0), (1.0, 1 << 19))),
        *({"scales": (bad, *((1.0, 0),) * 18)} for bad in ((1.0, 1 << 30), (1.0, -(1 << 40)))),
    ],
)
def test_a_packed_answer_that_cannot_be_true_is_no_residual(reader: ResidualReader, change: dict[str, Any]) -> None:
    sink = os.memfd_create("packed", os.MFD_ALLOW_SEALING)
    try:
        answer = replace(_write_packed(sink), **change)
        record = reader._read_answer(_Sent("x", sink, is_packed=True), msgspec.msgpack.encode(answer))
        assert isinstance(record.outcome, NotComparable) and "cannot be true" in record.outcome.detail
    finally:
        os.close(sink)


def test_a_residual_that_may_still_change_is_refused(reader: ResidualReader) -> None:
    sink = os.memfd_create("packed", os.MFD_ALLOW_SEALING)
    answer = _write_packed(sink)
    try:
        with mmap.mmap(sink, 100):  # a way to change it that no seal takes away
            record = reader._read_answer(_Sent("x", sink, is_packed=True), msgspec.msgpack.encode(answer))
    finally:
        os.close(sink)
    assert isinstance(record.outcome, NotComparable) and "may still change" in record.outcome.detail


def test_an_answer_nested_without_end_is_refused(reader: ResidualReader) -> None:
    record = reader._read_answer(_Sent("x", -1), b"\x91" * 100_000)
    assert isinstance(record.outcome, NotComparable)


def test_words_of_a_process_are_fit_to_be_stored_and_shown(reader: ResidualReader) -> None:
    refused = NotComparable(Reason.BLANK, "It \x1b[31mis\0 " + "long " * 1_000)
    answer = ResidualAnswer(bytes(32), facts={"make": "a\0b", "z": [float("nan"), 1.5]}, refused=refused)
    record = reader._read_answer(_Sent("x", -1), msgspec.msgpack.encode(answer))
    assert isinstance(record.outcome, NotComparable) and record.outcome.detail.isprintable()
    assert len(record.outcome.detail) <= 500 and record.facts == {"make": "a\\x00b", "z": [None, 1.5]}


def test_a_process_that_tells_the_digest_of_other_bytes_is_not_believed(
    reader: ResidualReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = reader._read_answer

    def lie(sent: _Sent, result: bytes | Failure) -> ReadRecord[Noise]:
        return replace(told(sent, result), sha256=b"\1" * 32)

    monkeypatch.setattr(reader, "_read_answer", lie)
    record = reader.examine(b"just a text")
    assert record.sha256 == b"" and isinstance(record.outcome, NotComparable)
    assert record.outcome.reason is Reason.NOT_DECODED


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(FailureKind.CRASHED, Reason.NOT_DECODED), (FailureKind.OUT_OF_MEMORY, Reason.TOO_LARGE)],
)
def test_a_failed_process_is_a_reason(reader: ResidualReader, kind: FailureKind, reason: Reason) -> None:
    record = reader._read_answer(_Sent("x", -1), Failure(kind, "ended"))
    assert record.outcome == NotComparable(reason, "ended")


def test_source_that_cannot_be_opened_is_a_reason(reader: ResidualReader) -> None:
    class Gone:
        def open(self) -> object:
            raise Unreadable("vanished", "It is gone.")

    outcome = reader.read(Gone())  # type: ignore[arg-type]
    assert outcome == NotComparable(Reason.NOT_DECODED, "It is gone.")
