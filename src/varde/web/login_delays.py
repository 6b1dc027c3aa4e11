"""Slows guessing down: by account name and by address, with delays that grow and that no stranger can make last."""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

_FORGET_S = 900.0
_MOST_KEPT = 20_000
_MOST_WAIT_S = 60.0
_AUDIT_EVERY_S = 60.0


class _Kind(Enum):
    """What attempts are counted by."""

    NAME = "name"
    CODE = "code"
    BROWSER = "browser"
    ADDRESS = "address"


_FREE: Final = {_Kind.NAME: 5, _Kind.CODE: 5, _Kind.BROWSER: 10, _Kind.ADDRESS: 30}
"""How many attempts need not wait for one another."""


@dataclass(slots=True)
class _Attempts:
    count: int = 0
    next_at: float = 0.0
    last_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that may be made; it counts as failed until it is said to have succeeded."""

    keys: tuple[tuple[_Kind, str], ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """An attempt that may not be made now.

    Attributes:
        seconds: after which it may.
    """

    seconds: int


class LoginDelays:
    """Counts attempts to log in, in memory.

    After a few failures for a name, or from an address, the next attempt has to wait: 1, 2, 4 ... 60 seconds. A browser
    in which somebody logged in before shows that by a cookie, and has a count of its own: whatever strangers do with a
    person's name, or behind the same proxy, the person gets in from there.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Starts with no attempts.

        Args:
            clock: seconds that only grow.
        """
        self._clock = clock
        self._attempts: OrderedDict[tuple[_Kind, str], _Attempts] = OrderedDict()
        self._audited: OrderedDict[str, float] = OrderedDict()
        self._key = secrets.token_bytes(32)

    def begin(self, name: str, address: str, browser: str) -> Attempt | Wait:
        """Returns the attempt, which counts from now on, or how long to wait with it.

        Args:
            name: of the account, as it was typed.
            address: where the request came from.
            browser: what the browser showed of an earlier login; "" nothing.
        """
        return self._begin(self._find_keys(_fold(name), address, browser))

    def begin_code(self, name: str) -> Attempt | Wait:
        """Returns an attempt with a one-time code, of somebody who knows the password, or how long to wait with it."""
        return self._begin(((_Kind.CODE, _fold(name)),))

    def succeed(self, attempt: Attempt) -> None:
        """Takes an attempt back: it was right. The name's, or the browser's, count starts again."""
        for kind, text in attempt.keys:
            found = self._attempts.get((kind, text))
            if found is not None and kind is _Kind.ADDRESS:
                found.count = max(0, found.count - 1)
                found.next_at = 0.0 if found.count < _FREE[kind] else found.next_at
            elif found is not None:
                del self._attempts[kind, text]

    def give_back(self, attempt: Attempt) -> None:
        """Takes an attempt back that was not looked at."""
        for key in attempt.keys:
            found = self._attempts.get(key)
            if found is not None:
                found.count = max(0, found.count - 1)
                found.next_at = 0.0 if found.count < _FREE[key[0]] else found.next_at

    def is_to_be_audited(self, name: str) -> bool:
        """Returns whether a refusal is the first for a name in a minute, and notes it."""
        name, now = _fold(name), self._clock()
        if now - self._audited.get(name, -math.inf) < _AUDIT_EVERY_S:
            return False
        self._audited[name] = now
        self._audited.move_to_end(name)
        if len(self._audited) > _MOST_KEPT:
            self._audited.popitem(last=False)
        return True

    def sign_browser(self, name: str) -> str:
        """Returns what a browser keeps to show that the owner of an account logged in with it."""
        nonce = secrets.token_urlsafe(16)
        return f"{nonce}.{self._sign(_fold(name), nonce)}"

    def _begin(self, keys: tuple[tuple[_Kind, str], ...]) -> Attempt | Wait:
        now = self._clock()
        longest = max(self._find(key, now).next_at for key in keys) - now
        if longest > 0:
            return Wait(max(1, math.ceil(longest)))
        for key in keys:
            self._count(key, now)
        return Attempt(keys)

    def _find_keys(self, name: str, address: str, browser: str) -> tuple[tuple[_Kind, str], ...]:
        nonce, _, signature = browser.partition(".")
        if nonce and hmac.compare_digest(_encode(signature), _encode(self._sign(name, nonce))):
            return ((_Kind.BROWSER, nonce),)
        return ((_Kind.NAME, name), (_Kind.ADDRESS, address))

    def _sign(self, name: str, nonce: str) -> str:
        return hmac.new(self._key, _encode(f"{nonce} {name}"), hashlib.sha256).hexdigest()

    def _find(self, key: tuple[_Kind, str], now: float) -> _Attempts:
        found = self._attempts.get(key)
        if found is not None and now - found.last_at > _FORGET_S:
            del self._attempts[key]
            found = None
        return found or _Attempts()

    def _count(self, key: tuple[_Kind, str], now: float) -> None:
        found = self._attempts[key] = self._find(key, now)
        self._attempts.move_to_end(key)
        found.count += 1
        found.last_at = now
        over = found.count - _FREE[key[0]]
        if over >= 0:
            found.next_at = now + min(2.0 ** min(over, 10), _MOST_WAIT_S)
        if len(self._attempts) > _MOST_KEPT:
            self._attempts.popitem(last=False)


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
