from __future__ import annotations

from pathlib import Path

import numpy as np
from reference_sets import SIZE, take

from varde.camera.packing import PIXEL_BYTES
from varde.camera.reference_spool import ReferenceSpool
from varde.camera.residual import Residual


def test_residuals_come_back_by_their_number(tmp_path: Path) -> None:
    with ReferenceSpool(tmp_path, 1 << 30) as spool:
        assert spool.put(0, take(1, 0)) and spool.put(7, take(1, 1))
        found = spool.find(7)
        assert found is not None
        for rows, part in found.bands(1):
            np.testing.assert_allclose(part.values, take(1, 1).values[rows], rtol=1e-3, atol=1e-2)
            np.testing.assert_allclose(part.weights, take(1, 1).weights[rows], rtol=1e-3)
            assert (part.luma == take(1, 1).luma[rows]).all()
        assert spool.find(3) is None


def test_its_file_has_no_name(tmp_path: Path) -> None:
    with ReferenceSpool(tmp_path, 1 << 30) as spool:
        spool.put(0, take(1, 0))
        assert not list(tmp_path.iterdir())


def test_what_does_not_fit_is_not_kept(tmp_path: Path) -> None:
    with ReferenceSpool(tmp_path, PIXEL_BYTES * SIZE * SIZE) as spool:
        assert spool.put(0, take(1, 0))
        assert not spool.put(1, take(1, 1))
        assert spool.find(0) is not None and spool.find(1) is None


def test_a_full_disk_counts_as_no_room(tmp_path: Path) -> None:
    with ReferenceSpool(tmp_path, 1 << 30) as spool:
        spool._file.close()
        spool._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115 - what writes to a full disk
        assert not spool.put(0, take(1, 0))
        assert not spool.put(1, take(1, 1))
        assert spool.find(0) is None


def test_what_is_no_number_is_not_kept(tmp_path: Path) -> None:
    small = np.ones((8, 8), np.float32)
    with ReferenceSpool(tmp_path, 1 << 20) as spool:
        assert spool.put(0, Residual(small, small, small.astype(np.uint8), 1.0))
        assert not spool.put(1, Residual(small * np.float32(np.inf), small, small.astype(np.uint8), 1.0))
        assert spool.put(2, Residual(2 * small, small, small.astype(np.uint8), 1.0))
        last = spool.find(2)
        assert spool.find(1) is None and last is not None and last.unpack_band(0).values.max() == 2
