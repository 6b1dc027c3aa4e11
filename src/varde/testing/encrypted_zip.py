"""Makes ZIP archives with members under a password, which Python's own library reads but does not write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

from varde.testing.archives import Content

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_ENCRYPTED = 1
_UTF_8 = 1 << 11
_DOS_TIME, _DOS_DATE = 2 << 11 | 2 << 5 | 1, 40 << 9 | 2 << 5 | 2
_TABLE = [zlib.crc32(bytes([byte]), 0xFFFFFFFF) ^ 0xFFFFFFFF for byte in range(256)]


def make_encrypted_zip(members: Iterable[Content], password: bytes) -> bytes:
    """Returns a ZIP archive whose members are stored under a password (the traditional cipher, which is weak).

    Args:
        members: name and bytes.
        password: opens them again, in any program that reads ZIP archives.

    Source: APPNOTE.TXT 6.3.x, section 6.1 (traditional PKWARE encryption) and 4.3 (layout).
    """
    body, directory, count = bytearray(), bytearray(), 0
    for name, data in members:
        stored_name, checksum = name.encode(), zlib.crc32(data)
        packed = _encrypt(data, checksum, password)
        shared = (_ENCRYPTED | _UTF_8, 0, _DOS_TIME, _DOS_DATE, checksum, len(packed), len(data), len(stored_name))
        directory += _CENTRAL.pack(b"PK\1\2", 20, 20, *shared, 0, 0, 0, 0, 0, len(body)) + stored_name
        body += _LOCAL.pack(b"PK\3\4", 20, *shared, 0) + stored_name + packed
        count += 1
    end = _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)


def _encrypt(data: bytes, checksum: int, password: bytes) -> bytes:
    # 1. Three keys are stirred by the password. 2. Twelve bytes, the last one of the checksum, go before the data.
    keys = (0x12345678, 0x23456789, 0x34567890)
    for byte in password:
        keys = _stir(keys, byte)
    encrypted = bytearray()
    for byte in b"varde-zip-h" + bytes([checksum >> 24]) + data:
        mask = keys[2] & 0xFFFF | 2
        encrypted.append(byte ^ (mask * (mask ^ 1) >> 8 & 0xFF))
        keys = _stir(keys, byte)
    return bytes(encrypted)


def _stir(keys: tuple[int, int, int], byte: int) -> tuple[int, int, int]:
    first = _step(keys[0], byte)
    second = ((keys[1] + (first & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
    return first, second, _step(keys[2], second >> 24)


def _step(checksum: int, byte: int) -> int:
    """Returns one step of CRC-32 without the inversions that zlib puts around it."""
    return _TABLE[(checksum ^ byte) & 0xFF] ^ checksum >> 8
