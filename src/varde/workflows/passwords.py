"""Passwords: what is fit to be one, how it is kept, and whether one is right."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from varde.core.errors import WrongUse

LEAST_CHARACTERS: Final = 12
MOST_CHARACTERS: Final = 1_000

_LEAST_BESIDE_NAME = 6
_LEAST_DIFFERENT = 4
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 5, 5
_ENDS = "0123456789!?.,#*+-_ "
_COMMON = frozenset(
    {"password", "passwordpassword", "passwort", "adgangskode", "qwertyuiop", "qwertzuiop", "administrator", "letmein"}
    | {"welcome", "abcdefghijkl", "iloveyou", "changeme", "changemenow", "sunshine", "football", "princess"}
)


def check_password(name: str, password: str) -> None:
    """Does nothing if a password is fit for an account; it may be a sentence, and needs no particular characters.

    Source: NIST SP 800-63B-4, section 3.1.1.2, with 12 characters at least.

    Raises:
        WrongUse: saying why it is not.
    """
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise WrongUse(
            f"a password needs {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters",
            advice="A few words that belong together only for you are easy to keep in mind.",
        )
    folded = _normalise(password).casefold()
    if len(set(folded)) < _LEAST_DIFFERENT or folded.strip(_ENDS) in _COMMON or _is_counting(folded):
        raise WrongUse("this password is among the first that anybody would try", advice="Choose another one.")
    if name.casefold() in folded and len(folded.replace(name.casefold(), "")) < _LEAST_BESIDE_NAME:
        raise WrongUse("this password is little more than the account's name", advice="Choose another one.")


def hash_password(password: str) -> str:
    """Returns what is kept of a password: argon2id, with its parameters and a salt of its own."""
    return _make_hasher().hash(_normalise(password))


def is_right(password_hash: str, password: str) -> bool:
    """Returns whether a password is the one that was hashed."""
    try:
        return _make_hasher().verify(password_hash, _normalise(password))
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Returns whether a password would be hashed differently today."""
    return _make_hasher().check_needs_rehash(password_hash)


def make_one_time_password() -> str:
    """Returns a random password of 120 bits, in groups that can be read out and typed."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


@cache
def make_decoy() -> str:
    """Returns the hash of nobody's password, so that names nobody has take as long as others."""
    return hash_password(secrets.token_urlsafe(32))


def _normalise(password: str) -> str:
    """Returns the same text however a keyboard composed its letters, and something to hash whatever it is."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _is_counting(folded: str) -> bool:
    return folded in "1234567890" * 100 or folded in "0987654321" * 100


@cache
def _make_hasher() -> PasswordHasher:
    """Returns what hashes: argon2id, 64 MiB, three passes, on one processor: the others are left to people.

    Source: RFC 9106, section 4, second recommended option; its four lanes run one after another here.
    """
    return PasswordHasher(time_cost=3, memory_cost=64 << 10, parallelism=1)
