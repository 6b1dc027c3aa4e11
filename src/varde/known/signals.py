"""Named hashes as lists carry them: which are compared here, which are only carried, and how they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from varde.core.digest import DigestAlgorithm, read_digest
from varde.core.errors import WrongUse
from varde.core.known import CarriedHash
from varde.known.text import clean_text

ASSUMED_QUALITY = 100
"""The quality of a PDQ hash whose source states none: lists are made of hashes that passed the quality rule."""

MAX_CARRIED_CHARS = 1 << 20
_DIGEST_NAMES = {"md5": "md5", "videomd5": "md5", "sha1": "sha1", "sha256": "sha256"}
_PDQ_NAMES = frozenset(("pdq", "imagepdq", "pdqhash", "vpdq"))
_PDQ = re.compile(r"(?P<hash>[0-9a-fA-F]{64})(?:,(?P<quality>\d{1,3})(?:,(?P<offset>\d{1,7}(?:\.\d{1,40})?))?)?")
_PHOTODNA = re.compile(r"[A-Za-z0-9+/]{192}|[0-9a-fA-F]{288}")


@dataclass(slots=True)
class Hashes:
    """The hashes of one entry while it is being read.

    Attributes:
        md5, sha1, sha256: raw digests.
        pdq: (raw hash, quality, offset in seconds) of pictures and video frames.
        carried: hashes that are stored and handed on but never compared here.
    """

    md5: bytes | None = None
    sha1: bytes | None = None
    sha256: bytes | None = None
    pdq: list[tuple[bytes, int, float | None]] = field(default_factory=list)
    carried: list[CarriedHash] = field(default_factory=list)

    @staticmethod
    def is_plausible(carried: CarriedHash) -> bool:
        """Returns whether a carried hash has the form of its kind, as far as the form is known here."""
        return carried.kind != "photodna" or _PHOTODNA.fullmatch(carried.value) is not None


def add_hash(hashes: Hashes, name: str, value: str) -> None:
    """Adds a hash by the name its source gives it; names not known here are carried.

    Args:
        hashes: receives it.
        name: such as ``PhotoDNA``, ``SHA-256``, ``pdq``, ``video_md5``; case and punctuation do not matter.
        value: its text; a PDQ hash may be followed by ``,quality`` and ``,seconds``.

    Raises:
        WrongUse: if the text is no hash of that name, or contradicts a digest that is already there.
    """
    kind = fold_name(name)
    text = value.strip()
    digest = _DIGEST_NAMES.get(kind)
    if digest is not None:
        raw = read_digest(text, DigestAlgorithm(digest))[1]
        if getattr(hashes, digest) not in (None, raw):
            raise WrongUse(f"two different {digest.upper()} for one entry")
        setattr(hashes, digest, raw)
    elif kind in _PDQ_NAMES:
        hashes.pdq.append(read_pdq(text))
    elif len(text) > MAX_CARRIED_CHARS:
        raise WrongUse(f"a {name[:40]} value of more than {MAX_CARRIED_CHARS:,} characters")
    else:
        hashes.carried.append(CarriedHash(clean_text(kind or name.casefold()), clean_text(text)))


def fold_name(name: str) -> str:
    """Returns the name of a hash in small letters and digits only, as names are compared here."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def is_compared(name: str) -> bool:
    """Returns whether `add_hash` takes a hash of that name for one that is compared here, not carried."""
    kind = fold_name(name)
    return kind in _DIGEST_NAMES or kind in _PDQ_NAMES


def read_pdq(text: str) -> tuple[bytes, int, float | None]:
    """Returns (raw hash, quality, offset in seconds) of ``hex``, ``hex,quality`` or ``hex,quality,seconds``.

    Raises:
        WrongUse: if the text is none of these.
    """
    match = _PDQ.fullmatch(text.strip())
    if match is None:
        raise WrongUse(f"not a PDQ hash of 64 hexadecimal digits: {text[:80]!r}")
    quality = int(match["quality"]) if match["quality"] else ASSUMED_QUALITY
    if quality > 100:
        raise WrongUse(f"a PDQ quality is at most 100, not {quality}")
    return bytes.fromhex(match["hash"]), quality, float(match["offset"]) if match["offset"] else None


def write_pdq(value: bytes, quality: int, offset_s: float | None) -> str:
    """Returns the shortest text that `read_pdq` reads as this hash.

    Args:
        value: 32 bytes.
        quality: 0 to 100; 100 alone is left out, as lists mean it where they state none.
        offset_s: from the start of a video in seconds, below 10,000,000; None for a picture.
    """
    if offset_s is not None:
        return f"{value.hex()},{quality},{Decimal(repr(offset_s)):f}"
    return value.hex() if quality == ASSUMED_QUALITY else f"{value.hex()},{quality}"
