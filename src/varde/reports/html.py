"""Writes a case as one self-contained HTML file for the screen and for paper: no script, no outside resource."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from varde.core.decision import Decision
from varde.core.errors import IntegrityFailure
from varde.core.outcome import NotComparable
from varde.reports import camera_words, wording
from varde.reports.content import (
    QUIET_ROLES,
    ReportIssue,
    ReportItem,
    ReportMatch,
    ReportOptions,
    ReportSource,
    Written,
)
from varde.reports.head import ReportHead
from varde.reports.output import open_output, read_written
from varde.reports.text import css_string, show, show_bytes, show_count, show_time, write_time

if TYPE_CHECKING:
    from jinja2 import Environment

_PICTURE_STARTS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}


@dataclass(frozen=True, slots=True)
class Card:
    """One item as it is shown.

    Attributes:
        heading: the group it opens, "" where it belongs to the group of the card before.
        picture: a ``data:`` address, "" where no picture is shown.
        matches: the matches that are shown, closest first.
        more_matches: how many further ones there are.
        set_aside: matches that are none any more, as far as they are shown.
        more_set_aside: how many further ones there are.
    """

    item: ReportItem
    heading: str
    picture: str
    picture_size: tuple[int, int]
    matches: tuple[ReportMatch, ...]
    more_matches: int
    set_aside: tuple[ReportMatch, ...] = ()
    more_set_aside: int = 0

    @property
    def history(self) -> tuple[Decision, ...]:
        """The decisions that are no longer in force, and the acts that withdrew them, oldest first."""
        return tuple(decision for decision in self.item.decisions if decision is not self.item.decision)


def write(source: ReportSource, folder: Path, options: ReportOptions) -> Written:
    """Writes ``report.html``. Items are streamed; only the options' limits bound its size.

    Returns:
        The file and the counts ``shown_items``, ``more_items`` (decided or matched, beyond the limit),
        ``shown_issues``, ``more_issues``, ``other_items`` and ``pictures``.

    Raises:
        OSError: if the folder cannot be written to.
        IntegrityFailure: if a thumbnail to be shown is neither JPEG nor PNG, or the issues are not as many as the head
            of the report says.
    """
    path = folder / "report.html"
    pages = _Pages(source, options)
    template = make_environment().get_template("report.html.jinja")
    style = _read_style(source.head)
    with open_output(path) as file:
        for chunk in template.generate(
            head=source.head,
            pages=pages,
            options=options,
            style=style,
            policy=make_policy(style),
            words=wording,
            camera_words=camera_words,
        ):
            file.write(chunk)
        pages.check()
    return Written((read_written(path),), pages.counts)


class _Pages:
    """The parts of the report that are streamed while it is being written, and what was counted on the way."""

    def __init__(self, source: ReportSource, options: ReportOptions) -> None:
        self._source = source
        self._options = options
        names = ("shown_items", "more_items", "shown_issues", "more_issues", "other_items", "pictures")
        self.counts = dict.fromkeys(names, 0)

    def cards(self) -> Iterator[Card]:
        """Streams the decided or matched items up to the limit and counts the rest."""
        group: str | None = None
        for item in self._source.notable():
            if self.counts["shown_items"] >= self._options.max_shown_items:
                self.counts["more_items"] += 1
                continue
            self.counts["shown_items"] += 1
            heading = _group_heading(item) if item.grade_key != group else ""
            group = item.grade_key
            yield self._card(item, heading)

    def issues(self) -> Iterator[ReportIssue]:
        """Streams the issues up to the limit and counts the rest."""
        for issue in self._source.issues():
            shown = self.counts["shown_issues"] < self._options.max_shown_issues
            self.counts["shown_issues" if shown else "more_issues"] += 1
            if shown:
                yield issue

    def others(self) -> Iterator[ReportItem]:
        """Streams items that are neither decided nor matched, up to the limit."""
        for item in self._source.items():
            if self.counts["other_items"] >= self._options.max_other_items:
                return
            if not item.is_notable:
                self.counts["other_items"] += 1
                yield item

    def check(self) -> None:
        """Raises `IntegrityFailure` if the issues that were streamed are not as many as the summary says."""
        streamed = self.counts["shown_issues"] + self.counts["more_issues"] or sum(1 for _ in self._source.issues())
        if streamed != self._source.head.counts.issues_total:
            raise IntegrityFailure(
                f"the report's summary counts {self._source.head.counts.issues_total} issues, but {streamed} were read",
                advice="The case changed while the report was written. Write it again when nothing works on it.",
            )

    def _card(self, item: ReportItem, heading: str) -> Card:
        matches = [match for match in item.matches if match.role not in QUIET_ROLES] or list(item.matches)
        shown = tuple(matches[: self._options.max_shown_matches])
        picture, size = self._picture(item)
        aside = item.set_aside[: self._options.max_shown_matches]
        more = (len(item.matches) - len(shown), len(item.set_aside) - len(aside))
        return Card(item, heading, picture, size, shown, more[0], aside, more[1])

    def _picture(self, item: ReportItem) -> tuple[str, tuple[int, int]]:
        """Returns the rendered thumbnail as a ``data:`` address with its size in pixels."""
        view = self._options.thumbnails
        thumbnail = self._source.thumbnail(item) if view else None
        if view is None or thumbnail is None:
            return "", (0, 0)
        rendered = view.render(thumbnail)
        self.counts["pictures"] += 1
        return _data_address(rendered.data, item), (rendered.width_px, rendered.height_px)


def _data_address(data: bytes, item: ReportItem) -> str:
    for start, mime in _PICTURE_STARTS.items():
        if data.startswith(start):
            return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"
    raise IntegrityFailure(f"the thumbnail of item {item.item_id} is neither JPEG nor PNG")


def _group_heading(item: ReportItem) -> str:
    grade = item.decision.grade if item.decision else None
    return f"Decided {grade.code} on {grade.scheme}, version {grade.version}" if grade else "No decision in force"


def _read_style(head: ReportHead) -> str:
    """Returns the style sheet, with the running header of printed pages."""
    style = Path(__file__).with_name("templates").joinpath("report.css").read_text(encoding="utf-8")
    left = css_string(f"{head.case.name} \u00b7 report {head.report_id}")
    right = css_string(show_time(head.written_at))
    return style + f"@page {{ @top-left {{ content: {left} }} @top-right {{ content: {right} }} }}\n"


def make_policy(style: str) -> str:
    """Returns the content security policy: nothing but this very style sheet and pictures inside the file."""
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def make_environment() -> Environment:
    """Returns what fills templates: every value is escaped, and hostile text made visible first."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_show_hostile,
    )
    environment.filters |= {
        "count": show_count,
        "bytes": show_bytes,
        "time": show_time,
        "machine_time": write_time,
        "style": _trust_style,
    }
    environment.tests["not_comparable"] = lambda outcome: isinstance(outcome, NotComparable)
    return environment


def _trust_style(style: str) -> object:
    """Returns our own style sheet unescaped; `css_string` has made the case's name in it harmless."""
    from markupsafe import Markup

    return Markup(style)  # noqa: S704


def _show_hostile(value: object) -> object:
    """Makes what cannot be seen visible in every value the template writes, before it is escaped."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return show(value, keep="\n")
    return value
