from __future__ import annotations

import io
import zipfile

import pytest

from varde.testing.encrypted_zip import make_encrypted_zip

MEMBERS = [("a.txt", b"sea and sky"), ("b/ü.bin", bytes(range(256)) * 40), ("empty", b"")]


def test_the_password_opens_every_member() -> None:
    with zipfile.ZipFile(io.BytesIO(make_encrypted_zip(MEMBERS, b"open"))) as archive:
        assert archive.namelist() == [name for name, _ in MEMBERS]
        assert [archive.read(name, b"open") for name, _ in MEMBERS] == [data for _, data in MEMBERS]


def test_nothing_is_read_without_it() -> None:
    with zipfile.ZipFile(io.BytesIO(make_encrypted_zip(MEMBERS, b"open"))) as archive:
        with pytest.raises(RuntimeError, match="password"):
            archive.read("a.txt")
        with pytest.raises((RuntimeError, zipfile.BadZipFile)):
            archive.read("a.txt", b"shut")


def test_the_bytes_do_not_hold_the_text() -> None:
    assert b"sea and sky" not in make_encrypted_zip(MEMBERS, b"open")
