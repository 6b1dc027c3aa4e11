from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image
from tests.reference_files import SIZE, make_photo

from varde.camera.residual import Residual, extract_residual
from varde.core.camera import FingerprintKind
from varde.core.errors import NotFound, Unreadable
from varde.core.limits import DecodeLimits
from varde.core.outcome import NotComparable, Reason
from varde.media.pool import Failure, FailureKind
from varde.media.sensor import read_sensor_picture
from varde.pipeline.read_residuals import ResidualReader, SourceReading, advise_on_file
from varde.pipeline.residual_process import ResidualAnswer
from varde.store.settings import DecodeSettings, Settings


@pytest.fixture(scope="module")
def reader() -> Iterator[ResidualReader]:
    with ResidualReader(Settings(decode=DecodeSettings(max_pixels=1_000_000)), processes=2) as open_reader:
        yield open_reader


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
        ResidualAnswer(b"", height_px=300, width_px=300, usable=0.5),  # nothing was written
        ResidualAnswer(b"", height_px=-1, width_px=300, usable=0.5),
        ResidualAnswer(b"", height_px=1 << 20, width_px=1 << 20, usable=0.5),
        ResidualAnswer(b"", height_px=1, width_px=1, usable=7.0),
        ResidualAnswer(b"short", refused=NotComparable(Reason.BLANK, "")),
        ResidualAnswer(b"", facts={"a": "x" * 100_000}, refused=NotComparable(Reason.BLANK, "")),
    ],
)
def test_an_answer_that_cannot_be_true_is_no_residual(reader: ResidualReader, answer: ResidualAnswer) -> None:
    sink = os.memfd_create("empty")
    try:
        record = reader._read_answer("x", sink, msgspec.msgpack.encode(answer))
    finally:
        os.close(sink)
    assert isinstance(record.outcome, NotComparable) and "cannot be true" in record.outcome.detail


def test_numbers_that_are_none_are_refused(reader: ResidualReader) -> None:
    sink = os.memfd_create("nan")
    os.pwrite(sink, np.full(2 * 4, np.nan, np.float32).tobytes() + bytes(4), 0)
    answer = ResidualAnswer(bytes(32), height_px=2, width_px=2, usable=0.5, method=("m", "1"))
    try:
        record = reader._read_answer("x", sink, msgspec.msgpack.encode(answer))
    finally:
        os.close(sink)
    assert isinstance(record.outcome, NotComparable)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(FailureKind.CRASHED, Reason.NOT_DECODED), (FailureKind.OUT_OF_MEMORY, Reason.TOO_LARGE)],
)
def test_a_failed_process_is_a_reason(reader: ResidualReader, kind: FailureKind, reason: Reason) -> None:
    record = reader._read_answer("x", -1, Failure(kind, "ended"))
    assert record.outcome == NotComparable(reason, "ended")


def test_source_that_cannot_be_opened_is_a_reason(reader: ResidualReader) -> None:
    class Gone:
        def open(self) -> object:
            raise Unreadable("vanished", "It is gone.")

    outcome = reader.read(Gone())  # type: ignore[arg-type]
    assert outcome == NotComparable(Reason.NOT_DECODED, "It is gone.")
