"""The site's signing key, and audit checkpoints signed with it (Ed25519)."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from varde.core.errors import FormatError, IntegrityFailure
from varde.store.audit import AuditHead
from varde.store.types import write_utc

_KIND = "varde-audit-checkpoint/1"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement of how the audit log ended at a point in time.

    Attributes:
        site: the site's name.
        at: UTC time of signing, ISO 8601.
        head: the event that was last.
        public_key: raw 32 bytes.
    """

    site: str
    at: str
    head: AuditHead
    public_key: bytes


def create_key(path: Path) -> bytes:
    """Writes a new private key (PKCS #8 PEM, readable by the owner only) and returns the raw public key."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    return key.public_key().public_bytes_raw()


def check_key(path: Path, expected: bytes) -> None:
    """Does nothing if a private key is there and belongs to the site's public key.

    Raises:
        IntegrityFailure: if it is lost, cannot be read, or is another site's.
    """
    if _read_key(path).public_key().public_bytes_raw() != expected:
        raise IntegrityFailure(f"{path} is not the key this site was made with", advice="Restore it from a backup.")


def sign(path: Path, statement: bytes) -> bytes:
    """Returns the Ed25519 signature of a statement by the site's key.

    Raises:
        IntegrityFailure: if the key is gone or no Ed25519 key.
    """
    return _read_key(path).sign(statement)


def write_public_key(raw: bytes) -> str:
    """Returns a public key as others keep it: PEM text (SubjectPublicKeyInfo)."""
    key = Ed25519PublicKey.from_public_bytes(raw)
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def read_public_key(text: str) -> bytes:
    """Returns the raw 32 bytes of a public key in PEM.

    Raises:
        FormatError: if it is no Ed25519 public key.
    """
    try:
        key = serialization.load_pem_public_key(text.encode("ascii"))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise FormatError("this is no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise FormatError("this is a public key of another kind than Ed25519")
    return key.public_bytes_raw()


def write_checkpoint(key_path: Path, site: str, head: AuditHead, at: datetime) -> str:
    """Returns the JSON text of a checkpoint: the statement, its signature and the public key.

    Convention: the signature covers the ``statement`` string byte for byte, so that no canonical form is needed.

    Raises:
        IntegrityFailure: if the key is gone or no Ed25519 key.
    """
    key = _read_key(key_path)
    statement = json.dumps(
        {
            "kind": _KIND,
            "site": site,
            "at": write_utc(at),
            "event_number": head.number,
            "event_hash": head.event_hash.hex(),
        },
        sort_keys=True,
    )
    document = {
        "statement": statement,
        "signature": base64.b64encode(key.sign(statement.encode())).decode(),
        "public_key": base64.b64encode(key.public_key().public_bytes_raw()).decode(),
    }
    return json.dumps(document, indent=2) + "\n"


def read_checkpoint(text: str, expected_key: bytes) -> Checkpoint:
    """Returns a checkpoint whose signature holds.

    Args:
        text: the JSON document.
        expected_key: the raw public key of the site, kept apart from the document.

    Raises:
        FormatError: if it is no checkpoint.
        IntegrityFailure: if it was signed by another key or changed afterwards.
    """
    try:
        document = json.loads(text)
        signature = base64.b64decode(document["signature"], validate=True)
        public_key = base64.b64decode(document["public_key"], validate=True)
        raw = document["statement"].encode()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"this is no audit checkpoint: {error}") from error
    if public_key != expected_key:
        raise IntegrityFailure(
            "the checkpoint was signed with another key than this site's",
            advice="Check that it belongs to this site, and that the site was not made anew since.",
        )
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, raw)
    except InvalidSignature as error:
        raise IntegrityFailure("the checkpoint was changed after it was signed") from error
    return _read_statement(raw, public_key)


def _read_statement(raw: bytes, public_key: bytes) -> Checkpoint:
    try:
        statement = json.loads(raw)
        if statement["kind"] != _KIND:
            raise ValueError("it is of another kind")
        head = AuditHead(int(statement["event_number"]), bytes.fromhex(statement["event_hash"]))
        return Checkpoint(str(statement["site"]), str(statement["at"]), head, public_key)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"this is no audit checkpoint: {error}") from error


def _read_key(path: Path) -> Ed25519PrivateKey:
    advice = "Restore it from a backup of the site's keys folder."
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise IntegrityFailure(f"the site's key {path} cannot be read: {error}", advice=advice) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise IntegrityFailure(f"{path} holds no Ed25519 key", advice=advice)
    return key
