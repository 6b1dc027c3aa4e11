"""Behaviour of `varde.store.keys`: a checkpoint holds only as it was signed, by this site."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from stored import AT

from varde.core.errors import FormatError, IntegrityFailure
from varde.store import keys
from varde.store.audit import AuditHead

HEAD = AuditHead(17, bytes(range(32)))


@pytest.fixture
def key_path(tmp_path: Path) -> Path:
    keys.create_key(tmp_path / "site.pem")
    return tmp_path / "site.pem"


@pytest.fixture
def text(key_path: Path) -> str:
    return keys.write_checkpoint(key_path, "Unit 4", HEAD, AT)


def public_key(text: str) -> bytes:
    return base64.b64decode(json.loads(text)["public_key"])


def change(text: str, **fields: Any) -> str:
    return json.dumps(json.loads(text) | fields)


def test_a_checkpoint_comes_back_as_it_was_signed(text: str) -> None:
    found = keys.read_checkpoint(text, public_key(text))
    assert (found.site, found.at, found.head) == ("Unit 4", "2026-10-01T12:30:00.000000Z", HEAD)


def test_the_key_is_for_its_owner_only(key_path: Path) -> None:
    assert key_path.stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE KEY" in key_path.read_bytes()


def test_an_existing_key_is_never_overwritten(key_path: Path) -> None:
    before = key_path.read_bytes()
    with pytest.raises(FileExistsError):
        keys.create_key(key_path)
    assert key_path.read_bytes() == before


def test_the_signature_can_be_checked_without_varde(text: str) -> None:
    document = json.loads(text)
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(document["public_key"]))
    key.verify(base64.b64decode(document["signature"]), document["statement"].encode())


@pytest.mark.parametrize(("old", "new"), [("17", "16"), ("Unit 4", "Unit 5"), ("2026", "2025"), ("000102", "000103")])
def test_a_changed_statement_is_noticed(text: str, old: str, new: str) -> None:
    statement = json.loads(text)["statement"]
    assert old in statement
    with pytest.raises(IntegrityFailure, match="changed after it was signed"):
        keys.read_checkpoint(change(text, statement=statement.replace(old, new)), public_key(text))


@pytest.mark.parametrize("signature", [bytes(64), b"", bytes(63), bytes(65)])
def test_a_wrong_signature_is_noticed(text: str, signature: bytes) -> None:
    changed = change(text, signature=base64.b64encode(signature).decode())
    with pytest.raises(IntegrityFailure, match="changed after it was signed"):
        keys.read_checkpoint(changed, public_key(text))


def test_a_checkpoint_of_another_site_is_noticed(tmp_path: Path, text: str) -> None:
    keys.create_key(tmp_path / "other.pem")
    other = keys.write_checkpoint(tmp_path / "other.pem", "Unit 4", HEAD, AT)
    with pytest.raises(IntegrityFailure, match="another key than this site's"):
        keys.read_checkpoint(other, public_key(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "1",
        "null",
        "{}",
        "not JSON",
        '{"statement": 1, "signature": "", "public_key": ""}',
        '{"statement": "x"}',
    ],
)
def test_anything_else_is_no_checkpoint(text: str) -> None:
    with pytest.raises(FormatError, match="no audit checkpoint"):
        keys.read_checkpoint(text, bytes(32))


@pytest.mark.parametrize("statement", ["[]", '{"kind": "other"}', "{", '{"kind": "varde-audit-checkpoint/1"}'])
def test_a_signed_text_of_another_kind_is_no_checkpoint(key_path: Path, text: str, statement: str) -> None:
    key = keys._read_key(key_path)
    signature = base64.b64encode(key.sign(statement.encode())).decode()
    with pytest.raises(FormatError, match="no audit checkpoint"):
        keys.read_checkpoint(change(text, statement=statement, signature=signature), public_key(text))


@pytest.mark.parametrize("data", [None, b"", b"no key", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_lost_or_damaged_key_is_said(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "lost.pem"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(IntegrityFailure, match=r"key .* cannot be read") as caught:
        keys.write_checkpoint(path, "Unit 4", HEAD, AT)
    assert "backup" in caught.value.advice
