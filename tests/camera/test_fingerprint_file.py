from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from reference_sets import examine, list_items

from varde.camera.fingerprint import Fingerprint
from varde.camera.fingerprint_file import read_fingerprint, to_halves, write_fingerprint
from varde.core.errors import IntegrityFailure


@pytest.fixture(scope="module")
def made() -> Fingerprint:
    outcome = examine([*list_items(1, range(4)), *list_items(2, [0])]).outcome
    assert isinstance(outcome, Fingerprint)
    return outcome


def test_what_is_read_is_what_was_written(made: Fingerprint, tmp_path: Path) -> None:
    path = tmp_path / "a.fingerprint"
    digest = write_fingerprint(path, made)
    assert digest == hashlib.sha256(path.read_bytes()).digest()
    found = read_fingerprint(path, digest)
    assert (found.kind, found.references, found.method, found.facts) == (
        made.kind,
        made.references,
        made.method,
        made.facts,
    )
    assert np.corrcoef(found.values.ravel(), made.values.ravel())[0, 1] > 1 - 1e-6
    assert list(tmp_path.iterdir()) == [path]


def test_one_flipped_bit_is_an_integrity_failure(made: Fingerprint, tmp_path: Path) -> None:
    path = tmp_path / "a.fingerprint"
    digest = write_fingerprint(path, made)
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityFailure, match="damaged") as caught:
        read_fingerprint(path, digest)
    assert "backup" in caught.value.advice


@pytest.mark.parametrize("size", [0, 10, 5000])
def test_a_cut_file_is_an_integrity_failure_even_unverified(made: Fingerprint, tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.fingerprint"
    digest = write_fingerprint(path, made)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(IntegrityFailure):
        read_fingerprint(path, digest, verify=False)


def test_a_missing_file_is_an_integrity_failure(tmp_path: Path) -> None:
    for verify in (True, False):
        with pytest.raises(IntegrityFailure, match="not there"):
            read_fingerprint(tmp_path / "none", bytes(32), verify=verify)


def test_a_file_that_cannot_be_written_leaves_nothing(made: Fingerprint, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write_fingerprint(tmp_path / "away" / "a.fingerprint", made)
    assert not list(tmp_path.iterdir())


def test_halves_beyond_the_range_are_the_largest() -> None:
    halves = to_halves(np.array([[1e9, -1e9, 0.5]], np.float32)).view(np.float16)
    assert halves.tolist() == [[65504.0, -65504.0, 0.5]]
