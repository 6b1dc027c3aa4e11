"""Makes the stacks of a case that a page meets without any: in the background, once; whoever asked comes again."""

from __future__ import annotations

import threading
from typing import Final

from varde.core.case import Case
from varde.core.errors import SiteBusy, VardeError
from varde.store.site import Site
from varde.web.logs import get_logger
from varde.workflows import review_stacks

_PATIENCE_S: Final = 2.0
"""How long a request waits: the stacks of a small case are made by then."""


class Stackings:
    """Which cases have stacks, as far as this server has seen, and which of them it is making."""

    def __init__(self, site: Site, *, patience_s: float = _PATIENCE_S) -> None:
        """Prepares it; a thread is made when there is something to do."""
        self._site = site
        self._patience_s = patience_s
        self._stacked: set[int] = set()  # a case that has stacks keeps them
        self._making: dict[int, threading.Thread] = {}
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def is_ready(self, case: Case) -> bool:
        """Returns whether a case is known to have stacks, without asking the database."""
        return case.case_id in self._stacked

    def ensure(self, case: Case) -> None:
        """Does nothing if a case has stacks; else waits a little while they are made.

        Raises:
            SiteBusy: if it has none yet; they are being made.
        """
        if self.is_ready(case):
            return
        if not review_stacks.has_stacks(self._site, case):
            self._start(case).join(self._patience_s)
            if not review_stacks.has_stacks(self._site, case):
                raise SiteBusy(
                    f"{case.name} is just being made ready to be looked at", advice="Try again in a few minutes."
                )
        self._stacked.add(case.case_id)

    def _start(self, case: Case) -> threading.Thread:
        """Returns the thread that makes the stacks of a case; there is one at most."""
        with self._lock:
            thread = self._making.get(case.case_id)
            if thread is None:
                # A daemon: what it has made when the server ends stays, and the next time completes it.
                thread = threading.Thread(target=self._make, args=(case,), name="stacks", daemon=True)
                self._making[case.case_id] = thread
                thread.start()
        return thread

    def _make(self, case: Case) -> None:
        try:
            with self._turn:
                review_stacks.ensure_stacks(self._site, case)
        except VardeError as error:
            get_logger().warning("stacks", error=error.code)  # the next request tries again
        finally:
            with self._lock:
                del self._making[case.case_id]
