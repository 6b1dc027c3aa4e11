"""The signal and content types of the interface, by the names programs know them by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from varde.core.digest import DigestAlgorithm
from varde.core.media import MediaKind
from varde.hashing import pdq
from varde.web.errors import refuse

CONTENT_TYPES: Final = {"photo": MediaKind.PICTURE, "video": MediaKind.VIDEO}


@dataclass(frozen=True, slots=True)
class SignalType:
    """A kind of hash that is looked up.

    Attributes:
        content_types: names of what it is computed from.
        algorithm: of the digest; None for PDQ.
    """

    name: str
    content_types: frozenset[str]
    algorithm: DigestAlgorithm | None

    @property
    def kind(self) -> str:
        """What such hashes of known entries are counted as."""
        return self.algorithm.value if self.algorithm else self.name

    def parse(self, text: object) -> bytes:
        """Returns the raw hash.

        Raises:
            HTTPException: 400 if the text is none; the text is not repeated.
        """
        length = self.algorithm.length_bytes if self.algorithm else pdq.HASH_BYTES
        wanted = f"a {self.name} signal is {2 * length} hexadecimal digits"
        if not isinstance(text, str) or len(text) > 4 * length:
            raise refuse(400, f"invalid signal: {wanted}")
        digits = text.strip()
        try:
            raw = bytes.fromhex(digits)
        except ValueError as error:
            raise refuse(400, f"invalid signal: {wanted}") from error
        if len(digits) != 2 * length or len(raw) != length:
            raise refuse(400, f"invalid signal: {wanted}")
        return raw


_PHOTO, _VIDEO = frozenset({"photo"}), frozenset({"video"})

SIGNAL_TYPES: Final = {
    one.name: one
    for one in (
        SignalType("pdq", _PHOTO, None),
        SignalType("md5", _PHOTO, DigestAlgorithm.MD5),
        SignalType("video_md5", _VIDEO, DigestAlgorithm.MD5),
        SignalType("sha1", _PHOTO | _VIDEO, DigestAlgorithm.SHA1),
        SignalType("sha256", _PHOTO | _VIDEO, DigestAlgorithm.SHA256),
    )
}


def get_signal_type(name: str) -> SignalType:
    """Returns the signal type of that name.

    Raises:
        HTTPException: 400 if there is none.
    """
    if name not in SIGNAL_TYPES:
        raise refuse(400, f"No such signal type; there are {', '.join(SIGNAL_TYPES)}.")
    return SIGNAL_TYPES[name]


def choose_signal_types(content_type: str, names: str | None) -> list[SignalType]:
    """Returns the signal types of a content type, or those of them that are named.

    Args:
        content_type: ``photo`` or ``video``.
        names: separated by commas; None for all.

    Raises:
        HTTPException: 400 if a name is unknown, does not apply to the content type, or none is left.
    """
    if content_type not in CONTENT_TYPES:
        raise refuse(400, f"No such content type; there are {', '.join(CONTENT_TYPES)}.")
    fitting = [one for one in SIGNAL_TYPES.values() if content_type in one.content_types]
    if names is None:
        return fitting
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    if not wanted or wanted - {one.name for one in fitting}:
        raise refuse(400, f"A {content_type} has these signal types: {', '.join(one.name for one in fitting)}.")
    return [one for one in fitting if one.name in wanted]
