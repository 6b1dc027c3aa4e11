"""Turns pages of the grid of a large case in a real browser: `benchmarks/browser_grid.py SITE --pages 60`.

SITE is made by `benchmarks/large_case.py`; an account is added to it. Needs Playwright for Python and Chromium.
"""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from varde.core.account import Role
from varde.store import accounts, case_access, cases, sessions
from varde.store.site import Site, open_site
from varde.workflows.actor import now

SIZES = ((1280, 800), (1920, 1080))
READING_MS = 700
WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.longTasks.push(Math.round(task.duration));
}).observe({ type: 'longtask', buffered: true });
"""
TURN = """(key) => new Promise((resolve) => {
  const focused = () => document.querySelector('.tile.is-focused')?.dataset.item;
  const before = focused();
  const began = performance.now();
  let turned = 0;
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  const look = () => {
    if (!turned && focused() !== before) turned = performance.now() - began;
    const isReady = turned && !document.querySelector('.has-picture:not(.has-failed) img:not(.is-loaded)');
    if (isReady || performance.now() - began > 20000) resolve([turned, performance.now() - began]);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("--case", default="large")
    parser.add_argument("--pages", type=int, default=60)
    options = parser.parse_args()
    site = open_site(options.site)
    case_id, secret = start_session(site, options.case)
    site.close()
    with serve(options.site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for width, height in SIZES:
            context = browser.new_context(
                base_url=address, viewport={"width": width, "height": height}, bypass_csp=True
            )
            context.add_cookies([{"name": "varde", "value": secret, "url": address}])
            found = measure(browser, context.new_page(), case_id, options.pages)
            print(json.dumps({"window": f"{width} x {height}", **found}), flush=True)
            context.close()
        browser.close()


def measure(browser: Browser, page: Page, case_id: int, pages: int) -> dict[str, Any]:
    """Returns figures of one window."""
    page.add_init_script(WATCH)
    devtools = page.context.new_cdp_session(page)
    page.goto(f"/cases/{case_id}/grid?open=&order=relevance")
    page.wait_for_selector(".tile.is-focused")
    first_ms = page.evaluate("performance.now()")
    page.wait_for_timeout(3000)
    loading = page.evaluate("longTasks.splice(0)")
    heap_before = read_heap(devtools)
    browser.start_tracing(page=page, categories=["toplevel", "disabled-by-default-devtools.timeline"])
    reading = turn(page, "PageDown", pages, READING_MS)
    rushing = turn(page, "PageDown", pages, 0)
    back = turn(page, "PageUp", pages, 0)
    cpu_ms = read_tasks(json.loads(browser.stop_tracing()))
    tasks = page.evaluate("longTasks")
    return {
        "tiles on a page": page.locator(".tile:not(.is-empty)").count(),
        "first tiles, ms": round(first_ms),
        "long tasks while loading, ms": loading,
        "turn while reading, ms": summarise([turned for turned, _ in reading]),
        "with all pictures": summarise([ready for _, ready in reading]),
        "turn as fast as keys, ms": summarise([turned for turned, _ in rushing]),
        "turn back, ms": summarise([turned for turned, _ in back]),
        "long tasks on page turns": len(tasks),
        "longest task on a page turn, ms": max(tasks, default=0),
        "longest in CPU time, ms": round(max(cpu_ms), 1),
        "over 50 ms in CPU time": sum(ms > 50 for ms in cpu_ms),
        "elements": page.evaluate("document.querySelectorAll('*').length"),
        "heap before and after, MB": [heap_before, read_heap(devtools)],
    }


def turn(page: Page, key: str, pages: int, wait_ms: int) -> list[tuple[float, float]]:
    """Returns, for each page turned, the time until its tiles stand and until its pictures do."""
    done = []
    for _ in range(pages):
        done.append(page.evaluate(TURN, key))
        page.wait_for_timeout(wait_ms)
    return done


def read_tasks(trace: dict[str, Any]) -> list[float]:
    """Returns the CPU milliseconds of every task on pages' main threads, without what else runs here."""
    events = trace["traceEvents"]
    main = {
        (event["pid"], event["tid"])
        for event in events
        if event.get("name") == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return [
        event.get("tdur", 0) / 1000
        for event in events
        if event.get("name") in ("RunTask", "ThreadControllerImpl::RunTask") and (event["pid"], event["tid"]) in main
    ] or [0.0]


def read_heap(devtools: CDPSession) -> float:
    """Returns the JavaScript heap in use after a collection."""
    devtools.send("HeapProfiler.collectGarbage")
    devtools.send("Performance.enable")
    metrics = {metric["name"]: metric["value"] for metric in devtools.send("Performance.getMetrics")["metrics"]}
    return round(metrics["JSHeapUsedSize"] / 1e6, 1)


def summarise(values: list[float]) -> dict[str, int]:
    """Returns median, 95th percentile and maximum."""
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered)),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))]),
        "max": round(ordered[-1]),
    }


def start_session(site: Site, case_name: str) -> tuple[int, str]:
    """Returns the number of the case and the secret of a session of somebody who has access to it."""
    at, name = now(), f"browser-{secrets.token_hex(4)}"
    secret = secrets.token_urlsafe(32)
    with site.database.write() as connection:
        case = cases.get_case(connection, case_name)
        account = accounts.add_account(
            connection,
            name=name,
            full_name="",
            roles=(Role.EXAMINER,),
            password_hash="",
            must_change_password=False,
            person="benchmark",
            at=at,
        )
        case_access.give_access(connection, case.case_id, account.account_id, person="benchmark", at=at)
        digest = sessions.compute_session_digest(secret)
        sessions.start_session(connection, account.account_id, digest=digest, at=at, ends_at=at + timedelta(hours=1))
    return case.case_id, secret


@contextmanager
def serve(site: Path) -> Iterator[str]:
    """Serves a site in a process of its own, and gives its address."""
    command = [sys.executable, "-m", "varde.cli.main", "serve", "--site", str(site), "--port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        said = ""
        while "}" not in said:
            line = process.stdout.readline()
            if not line:
                raise SystemExit("varde serve ended")
            said += line
        yield json.loads(said)["address"]
    finally:
        process.terminate()
        process.wait(60)


if __name__ == "__main__":
    main()
