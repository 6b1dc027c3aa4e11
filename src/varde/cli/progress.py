"""Shows how far a run is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from varde.cli import output
from varde.pipeline.run import Progress

_LINE_EVERY_S = 15.0
_REDRAW_EVERY_S = 0.2
_LINKING = {"linking": "Comparing the noise of sensors", "reading": "Reading pictures again"}


class ProgressDisplay:
    """Use as a context manager; hand its `update` to a run."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._stage = ("", 0)
        self._since = self._shown = time.monotonic()

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TextColumn("{task.fields[rate]}"),
            )
            self._bar = Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def update(self, progress: Progress) -> None:
        """Takes where the run is now."""
        now = time.monotonic()
        stage = (progress.stage, progress.exhibit)
        if stage != self._stage:
            self._stage, self._since, self._shown = stage, now, now
            if self._bar:
                for task in self._bar.task_ids:
                    self._bar.remove_task(task)
                self._bar.add_task(_describe(progress), total=None, rate="")
            else:
                output.say(f"{_describe(progress)} ...")
        if self._bar:
            if now - self._shown >= _REDRAW_EVERY_S:
                self._shown = now
                self._bar.update(
                    self._bar.task_ids[0],
                    completed=progress.done,
                    total=progress.total or None,
                    rate=self._describe_rate(progress, now),
                )
        elif now - self._shown >= _LINE_EVERY_S:
            self._shown = now
            of_total = f" of {progress.total}" if progress.total else ""
            output.say(
                f"{_describe(progress)}: {progress.done}{of_total} {self._describe_rate(progress, now)}".rstrip()
            )

    def _describe_rate(self, progress: Progress, now: float) -> str:
        elapsed = now - self._since
        if elapsed < 1 or not progress.done:
            return ""
        per_s = progress.done / elapsed
        rate = f"{per_s:,.0f}/s, {progress.done_bytes / elapsed / 1e6:,.1f} MB/s"
        left = f", about {_describe_time((progress.total - progress.done) / per_s)} left" if progress.total else ""
        issues = f", {progress.with_issues} with issues" if progress.with_issues else ""
        return f"{rate}{'' if self._bar else left}{issues}"


def _describe(progress: Progress) -> str:
    if progress.stage == "stacking":
        return "Stacking what is alike"
    if progress.stage in _LINKING:
        return _LINKING[progress.stage]
    stage = progress.stage.capitalize()
    return f"{stage} exhibit {progress.exhibit}" if progress.exhibit else f"{stage} with known sets"


def _describe_time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
