"""Signed deltas of known sets, by which one site keeps another in step: a chain of files, each naming the one before.

Format ``varde-site-delta/1``: lines of JSON in UTF-8, each ended by a line feed. The first is the header, the last the
signature, each between says what became of one entry: ``{"entry": {...}}`` as it is now, with ``"disputed": true``
beside it where its members disagree; or ``{"gone": ID}``. Binary values are hexadecimal, local features and the
signature base64; keys are in the order of their declarations, and those with their default are left out.

The delta's digest is the SHA-256 of every byte before the last line. It is what the next delta names as ``previous``,
and what the signature (Ed25519) covers, behind the format's name and a line feed. The signature is verified before
anything else of a delta is looked at. How it travels, and who can read it on the way, is the sites' own affair.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from varde.core.errors import FormatError, IntegrityFailure, Refused
from varde.known.exchanges.site_delta_entries import ChangeLine, DeltaChange, read_change, write_change

KIND = "varde-site-delta/1"
_MOST_LINE_BYTES = 1 << 26
_MOST_HEADER_BYTES = 1 << 16
_MOST_TAIL_BYTES = 1 << 10
_BLOCK_BYTES = 1 << 20
_NO_DELTA = "this is no signed delta of a known set"


class DeltaHeader(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a delta says of itself.

    Attributes:
        kind: the format and its version.
        site: name of the site that made it.
        public_key: raw Ed25519 key of that site, hexadecimal.
        name, version, owner: of the known set.
        scheme: ``name@version`` of its codes, "" where it has none; the codes are opaque.
        from_revision: the revision it changes, 0 for nothing at all.
        to_revision: the revision it leads to.
        previous: digest of the delta before it, hexadecimal; "" for the first.
        stands_for: of a delta that holds everything: digest of the delta that leads to the same revision.
        at: UTC time, ISO 8601.
    """

    kind: str
    site: str
    public_key: str
    name: str
    version: str
    owner: str
    scheme: str
    from_revision: int
    to_revision: int
    at: str
    previous: str = ""
    stands_for: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it holds everything, and what it does not name is gone."""
        return bool(self.stands_for)


class _Tail(msgspec.Struct, frozen=True):
    signature: bytes


def write_delta(
    file: IO[bytes], header: DeltaHeader, changes: Iterable[DeltaChange], sign: Callable[[bytes], bytes]
) -> str:
    """Writes a delta in bounded memory and returns its digest, hexadecimal.

    Args:
        file: open for writing, empty.
        header: the first line.
        changes: each entry once.
        sign: returns the Ed25519 signature of what it is given, by the key that the header names.
    """
    digest = hashlib.sha256()
    encoder = msgspec.json.Encoder()
    for record in _list_records(header, changes):
        line = encoder.encode(record) + b"\n"
        file.write(line)
        digest.update(line)
    file.write(encoder.encode(_Tail(sign(_make_statement(digest.digest())))) + b"\n")
    return digest.hexdigest()


class OpenedDelta:
    """A delta whose signature holds.

    Attributes:
        path: the file.
        header: its first line.
        digest: of the delta, hexadecimal.
    """

    def __init__(self, path: Path, header: DeltaHeader, digest: str, blocks: Sequence[tuple[int, bytes]]) -> None:
        self.path = path
        self.header = header
        self.digest = digest
        self._blocks = blocks

    def list_changes(self) -> Iterator[DeltaChange]:
        """Yields what became of each entry, in bounded memory.

        Raises:
            FormatError: with the line that cannot be read.
            IntegrityFailure: if the file was changed after its signature was verified; no change is yielded.
        """
        decoder = msgspec.json.Decoder(ChangeLine)
        for number, raw in enumerate(self._list_lines(), 1):
            if number > 1:
                yield read_change(decoder, raw, number)

    def _list_lines(self) -> Iterator[bytes]:
        waiting = b""
        with self.path.open("rb") as file:
            for size, expected in self._blocks:
                block = file.read(size)
                if hashlib.sha256(block).digest() != expected:
                    raise IntegrityFailure(f"{self.path} was changed while it was read")
                *lines, waiting = (waiting + block).split(b"\n")
                yield from lines
                if len(waiting) > _MOST_LINE_BYTES:
                    raise FormatError(f"a line is longer than {_MOST_LINE_BYTES >> 20} MiB")


def open_delta(path: Path, trusted: Collection[bytes]) -> OpenedDelta:
    """Returns a delta after its signature was verified; nothing else of it was looked at before but whose it is.

    Args:
        path: the file.
        trusted: raw public keys this site was told to trust.

    Raises:
        FormatError: if it is no delta of this version.
        Refused: if it was signed by a site that is not trusted.
        IntegrityFailure: if it was changed after it was signed, or was signed by another than it says.
    """
    with path.open("rb") as file:
        header = _read_header(file)
        key = bytes.fromhex(header.public_key)
        if key not in trusted:
            raise Refused(
                f"this delta says that it was signed by {header.site[:80]!r}, with the key {describe_key(key)}, "
                "which is not trusted here",
                advice="Compare the key with that site by another way; then `varde exchange trust NAME KEYFILE`.",
            )
        size_bytes, tail = _find_tail(file)
        digest, blocks = _digest(file, size_bytes)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(tail.signature, _make_statement(digest))
    except InvalidSignature:
        raise IntegrityFailure(
            f"the signature of {path.name} does not hold: it was changed after it was signed, or is another site's",
            advice="Ask that site to send it again, and find out where it was changed.",
        ) from None
    return OpenedDelta(path, header, digest.hex(), blocks)


def read_header(path: Path) -> DeltaHeader:
    """Returns what a delta says of itself, not verified: only good for passing over what is not needed.

    Raises:
        FormatError: if it is no delta of this version.
    """
    with path.open("rb") as file:
        return _read_header(file)


def describe_key(key: bytes) -> str:
    """Returns a public key's fingerprint for people to compare: half of its SHA-256, in groups of four digits."""
    text = hashlib.sha256(key).hexdigest()[:32]
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _make_statement(digest: bytes) -> bytes:
    return f"{KIND}\n".encode() + digest


def _list_records(header: DeltaHeader, changes: Iterable[DeltaChange]) -> Iterator[msgspec.Struct]:
    yield header
    for change in changes:
        yield write_change(change)


def _read_header(file: IO[bytes]) -> DeltaHeader:
    raw = file.readline(_MOST_HEADER_BYTES)
    try:
        header = msgspec.json.decode(raw, type=DeltaHeader)
        if header.kind != KIND:
            raise ValueError(f"it is of the kind {header.kind[:80]!r}, not {KIND}")
        if not 0 <= header.from_revision < header.to_revision < 1 << 62:
            raise ValueError("its revisions are out of order")
        keys = (header.public_key, header.previous, header.stands_for)
        if len(bytes.fromhex(keys[0])) != 32 or any(len(bytes.fromhex(key)) not in (0, 32) for key in keys[1:]):
            raise ValueError("a key or digest in it has not 32 bytes")
        follows = bool(header.previous)
        if follows != bool(header.from_revision) or (header.is_whole and follows):
            raise ValueError("it does not say which delta it follows")
    except ValueError as error:
        raise FormatError(f"{_NO_DELTA}: {error}", line=1) from error
    return header


def _find_tail(file: IO[bytes]) -> tuple[int, _Tail]:
    """Returns how many bytes the signature covers, and the last line."""
    size = file.seek(0, 2)
    start = file.seek(max(0, size - _MOST_TAIL_BYTES))
    data = file.read()
    cut = data.rstrip(b"\n").rfind(b"\n") + 1
    try:
        if not data.endswith(b"\n") or not cut:
            raise ValueError("it ends in the middle")
        return start + cut, msgspec.json.decode(data[cut:], type=_Tail)
    except ValueError as error:
        raise FormatError(f"{_NO_DELTA}: it has no signature at its end: {error}") from error


def _digest(file: IO[bytes], size_bytes: int) -> tuple[bytes, list[tuple[int, bytes]]]:
    """Returns the digest of the first bytes, and size and digest of each block of them."""
    digest, blocks = hashlib.sha256(), []
    file.seek(0)
    while size_bytes > 0 and (block := file.read(min(size_bytes, _BLOCK_BYTES))):
        digest.update(block)
        blocks.append((len(block), hashlib.sha256(block).digest()))
        size_bytes -= len(block)
    return digest.digest(), blocks
