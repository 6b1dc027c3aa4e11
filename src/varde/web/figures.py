"""Keeps the figures of cases that were counted, since counting a large case takes longer than a page may."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from varde.core.case import Case
from varde.core.errors import VardeError
from varde.store.case_figures import read_newest
from varde.store.site import Site
from varde.web.logs import get_logger
from varde.workflows.actor import Actor
from varde.workflows.count_case import CaseFigures, count_case

_KEPT = 32
_PATIENCE_S = 1.0
_REST = 10.0


@dataclass(slots=True)
class _Counted:
    """What is known of a case, and whether it is being counted.

    Attributes:
        newest: what was newest when it was counted.
        not_before: of the monotonic clock; until then it is not counted again, though something changed.
    """

    newest: tuple[int, ...] = ()
    figures: CaseFigures | None = None
    not_before: float = 0.0
    is_counting: bool = False
    done: threading.Event = field(default_factory=threading.Event)


class FiguresCache:
    """The figures of the cases that were looked at last; counted in the background, one case at a time."""

    def __init__(self, site: Site, clock: Callable[[], float] = time.monotonic) -> None:
        self._site = site
        self._clock = clock
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._cases: OrderedDict[int, _Counted] = OrderedDict()

    def find(self, case: Case, actor: Actor, patience_s: float = _PATIENCE_S) -> CaseFigures | None:
        """Returns the figures of a case, which may lag behind its newest decision; None until they were first counted.

        Args:
            case: that the asker has access to.
            actor: whose clock says when it was counted.
            patience_s: how long to wait for figures that are being counted.
        """
        with self._site.database.read() as connection:
            newest = read_newest(connection, case.case_id)
        with self._lock:
            counted = self._cases.setdefault(case.case_id, _Counted())
            self._cases.move_to_end(case.case_id)
            while len(self._cases) > _KEPT:
                self._cases.popitem(last=False)
            is_due = counted.newest != newest and self._clock() >= counted.not_before
            if is_due and not counted.is_counting:
                counted.is_counting = True
                counted.done.clear()
                # A daemon: a server that is told to stop does not wait for it.
                work = threading.Thread(target=self._count, args=(case, actor, counted, newest), daemon=True)
                work.start()
        if counted.is_counting:
            counted.done.wait(patience_s)
        return counted.figures

    def _count(self, case: Case, actor: Actor, counted: _Counted, newest: tuple[int, ...]) -> None:
        with self._turn:
            start = self._clock()
            try:
                counted.figures, counted.newest = count_case(self._site, actor, case), newest
            except VardeError as error:
                get_logger().error("figures", error=error.code)
            finally:
                counted.not_before = self._clock() + _REST * (self._clock() - start)
                counted.is_counting = False
                counted.done.set()
