"""Logins that are going on: how many at once, how often, and those that wait for a one-time code."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from varde.web.lanes import Lane
from varde.web.login_delays import LoginDelays
from varde.workflows.log_in import CodeNeeded

_WAITING = 40
_CODE_WITHIN_S = 300.0
_MOST_CODES = 5
_MOST_PENDING = 1_000


@dataclass(slots=True)
class _Pending:
    needed: CodeNeeded
    ends_at: float
    codes: int = 0


class Logins:
    """Everything about logins that is not in the database.

    Attributes:
        lane: for passwords, one at a time: each takes 64 MiB and all processors for a moment.
        delays: after failures.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Prepares everything; called inside the event loop.

        Args:
            clock: seconds that only grow.
        """
        self.lane = Lane(1, _WAITING)
        self.delays = LoginDelays(clock)
        self._clock = clock
        self._pending: OrderedDict[str, _Pending] = OrderedDict()

    def wait_for_code(self, needed: CodeNeeded) -> str:
        """Returns a secret that stands for a name and a password that were right, for five minutes and five codes."""
        secret = secrets.token_urlsafe(32)
        self._pending[secret] = _Pending(needed, self._clock() + _CODE_WITHIN_S)
        if len(self._pending) > _MOST_PENDING:
            self._pending.popitem(last=False)
        return secret

    def find_pending(self, secret: str) -> CodeNeeded | None:
        """Returns what a secret stands for, and counts a code that is tried with it; None where it is too late."""
        found = self._pending.get(secret)
        if found is None:
            return None
        found.codes += 1
        if found.codes > _MOST_CODES or self._clock() >= found.ends_at:
            self.end_pending(secret)
            return None
        return found.needed

    def end_pending(self, secret: str) -> None:
        """Forgets a secret."""
        self._pending.pop(secret, None)
