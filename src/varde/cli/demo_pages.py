"""Serves the pages of the demo's site: visits them as a browser does, and leaves them open for a person."""

from __future__ import annotations

import importlib
import os
import sys
import threading
import webbrowser
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from varde.store.site import Site
from varde.workflows.demo import LOG, DemoAccount
from varde.workflows.visit_pages import Visit, visit_pages

_SERVER = "varde.web.server"
"""Named, not imported: command line and interface are independent of each other."""


def serve_demo(
    site: Site, folder: Path, account: DemoAccount, visited: Callable[[str, Visit], None], *, stay: bool
) -> None:
    """Serves the demo's pages on a free port of this machine, and visits them.

    Args:
        site: of the demo.
        folder: of the demo; the log of the server goes into it.
        account: to visit them with.
        visited: called with the address of the case's page and what was seen there, in another thread.
        stay: leave the pages open afterwards, until Ctrl-C.

    Raises:
        VardeError: if the pages do not answer as they should.
    """
    server: Any = importlib.import_module(_SERVER)
    stop = threading.Event()
    visits: list[Future[None]] = []

    def visit(address: str) -> None:
        seen = visit_pages(address, name=account.name, password=account.password, case_id=account.case_id)
        visited(f"{address}/cases/{account.case_id}", seen)

    def end(done: Future[None]) -> None:
        if done.exception() or not stay:
            stop.set()

    def started(address: str) -> None:
        visits.append(pool.submit(visit, address))
        visits[0].add_done_callback(end)

    with (folder / LOG).open("w", encoding="utf-8", buffering=1) as log, ThreadPoolExecutor(1) as pool:
        server.serve(site, server.ServeOptions(port=0, log=log), started, stop)
    visits[0].result()


def is_watched() -> bool:
    """Returns whether a person sits in front of this program."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def open_browser(page: str) -> None:
    """Opens a page in the person's browser, where there is a screen for one."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(page)
