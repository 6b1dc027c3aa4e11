"""``varde match``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from varde.cli import output
from varde.cli.index_damage import say_damage
from varde.cli.options import Session, with_session
from varde.core.finding import describe_how
from varde.pipeline.lookup import KnownMatch
from varde.workflows.match_files import MatchedFile, match_files


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@with_session
def match(session: Session, files: tuple[Path, ...]) -> None:
    """Compare each FILE with all known sets, by every method, and keep nothing of it.

    Exact digests, then perceptual hashes (also turned, mirrored, without a border or in part), then local features;
    videos by the order of their frames. What could not be compared is said with its reason.

    \b
    Examples:
      varde match suspicious.jpg
      varde match --json *.jpg
    """
    site = session.open()
    found = match_files(site, files)
    tally = _Tally()
    if session.as_json:
        output.write_json_list(_describe(one) for one in tally.count(found))
    else:
        for one in tally.count(found):
            _print(one)
    output.say(
        f"{output.count(tally.files, 'file')}, {tally.matched:,} with a match, {tally.refused:,} not comparable."
    )
    if tally.archives:
        archives = output.count(tally.archives, "archive")
        output.say(f"Note: {archives} compared as a whole; to look inside, add it to a case as an exhibit")
    say_damage(site)
    if tally.refused:
        raise click.exceptions.Exit(1)


class _Tally:
    def __init__(self) -> None:
        self.files = self.matched = self.refused = self.archives = 0

    def count(self, found: Iterator[MatchedFile]) -> Iterator[MatchedFile]:
        for one in found:
            self.files += 1
            self.matched += bool(one.matches)
            self.archives += one.is_archive
            self.refused += _find_refusal(one) is not None
            yield one


def _find_refusal(one: MatchedFile) -> str | None:
    """Returns why a method, or all of them, could compare nothing of a file; None where each could."""
    if not one.not_comparable:
        return None
    return "; ".join(f"{method}: {reason}" for method, reason in one.not_comparable.items())


def _describe(one: MatchedFile) -> dict[str, Any]:
    document: dict[str, Any] = {
        "file": one.file,
        "sha256": one.sha256.hex() if one.sha256 else None,
        "matches": [_describe_match(match) for match in one.matches],
    }
    if one.set_aside:
        document["set_aside"] = [_describe_match(match) for match in one.set_aside]
    if one.leads:
        document["leads"] = [_describe_match(lead) for lead in one.leads]
    refusal = _find_refusal(one)
    if refusal is not None:
        document["not_comparable"] = refusal
    if one.issues:
        document["issues"] = [{"code": issue.code.value, "cause": issue.cause} for issue in one.issues]
    return document


def _describe_match(match: KnownMatch) -> dict[str, Any]:
    entry = match.entry
    return {
        "set": entry.set_name,
        "version": entry.set_version,
        "role": entry.role.value,
        "entry": entry.name,
        "state": entry.state.value,
        "code": entry.code,
        "scheme": entry.scheme or None,
        "series": entry.series,
        "flags": entry.flags,
        "method": match.method,
        "operating_point": str(match.point),
        "distance": match.distance,
        **match.details,
    }


def _print(one: MatchedFile) -> None:
    shown = (("match", one.matches), ("set aside", one.set_aside), ("lead", one.leads))
    lines = [(word, _say_match(match)) for word, matches in shown for match in matches]
    refusal = _find_refusal(one)
    if refusal is not None:
        lines.append(("not comparable", refusal))
    elif not one.matches:
        lines.append(("no match", ""))
    lines += [("issue", issue.cause) for issue in one.issues if issue.cause not in (refusal or "")]
    for word, text in lines:
        print("\t".join(output.to_plain(part) for part in (one.file, word, text)))


def _say_match(match: KnownMatch) -> str:
    entry = match.entry
    code = f", code {entry.code} on {entry.scheme or 'no scheme'}" if entry.code is not None else ""
    state = "" if entry.state.value == "active" else f" [{entry.state.value}]"
    offset_s, by, how = match.details.get("offset_s"), match.details.get("suppressed_by"), describe_how(match.details)
    details = f" at {offset_s:.1f} s" if isinstance(offset_s, float) else ""
    details += (f", {how}" if how else "") + (f", suppressed by {by}" if by else "")
    where = f"{entry.set_name} {entry.set_version} ({entry.role.value}), entry {entry.name}{state}{code}"
    return f"{where}; {match.method}, distance {match.distance}{details} ({match.point})"
