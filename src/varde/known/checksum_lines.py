"""Lines of hash lists: a hash alone, or as the checksum programs of Unix write it, with the name of the file."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEX = r"[0-9a-fA-F]{32,}"
_PLAIN = re.compile(rf"(?P<hash>{_HEX})(?: (?: |\*)?(?P<name>\S.*| .*\S))?")
_TAGGED = re.compile(rf"(?P<algorithm>[A-Za-z][\w-]{{1,15}}) ?\((?P<name>.+)\) ?= ?(?P<hash>{_HEX})")
_ESCAPED = re.compile(r"\\([\\nr])")
_MEANS = {"\\": "\\", "n": "\n", "r": "\r"}


@dataclass(frozen=True, slots=True)
class ChecksumLine:
    """What one line says.

    Attributes:
        hash: hexadecimal digits, 32 or more.
        algorithm: as written by the BSD programs, in small letters without punctuation, such as ``sha256``; "" where
            the line does not say.
        name: of the file; "" where the line has none.
    """

    hash: str
    algorithm: str = ""
    name: str = ""


def read_checksum_line(text: str) -> ChecksumLine | None:
    """Returns what a stripped line says; None where it is no hash of at least 32 digits, with or without a name.

    Understood are ``HASH``, ``HASH  NAME``, ``HASH *NAME`` and ``HASH NAME`` (md5sum and its like), ``MD5 (NAME) =
    HASH`` (BSD, ``--tag``) and ``MD5(NAME)= HASH`` (openssl). A backslash before the line says, as GNU writes it, that
    line ends and backslashes in the name are escaped.
    """
    escaped = text.startswith("\\")
    bare = text[1:] if escaped else text
    match = _PLAIN.fullmatch(bare) or _TAGGED.fullmatch(bare)
    if match is None:
        return None
    parts = match.groupdict()
    name = parts["name"] or ""
    if escaped:
        name = _ESCAPED.sub(lambda found: _MEANS[found[1]], name)
    algorithm = re.sub(r"[\W_]", "", parts.get("algorithm", "")).lower()
    return ChecksumLine(parts["hash"], "sha256" if algorithm == "sha2256" else algorithm, name)
