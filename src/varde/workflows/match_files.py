"""Match files: compare files that belong to no case with all known sets, and keep nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from varde.core.finding import OperatingPoint
from varde.core.issue import Issue
from varde.core.media import MediaKind
from varde.pipeline.examine import Examination, ExamineRequest
from varde.pipeline.examine_files import FileExaminer
from varde.pipeline.lookup import KnownMatch, Lookup
from varde.pipeline.match_content import match_content
from varde.pipeline.matching import describe_matching
from varde.store.site import Site


@dataclass(frozen=True, slots=True)
class MatchedFile:
    """One file and what it was found to be.

    Attributes:
        file: as it was asked for.
        sha256: None where its bytes could not be read.
        matches: of all methods, digests first.
        set_aside: what were matches if no negative set explained them; ``suppressed_by`` names the entry that does.
        leads: known pictures of the same place with other pixels: pointers for a person, never matches.
        not_comparable: method name to the reason why it could say nothing; ``file`` where nothing could be read.
        issues: why it was not, or not fully, examined.
        is_archive: compared as one file: what is in it was not looked at.
    """

    file: str
    sha256: bytes | None
    matches: tuple[KnownMatch, ...]
    set_aside: tuple[KnownMatch, ...]
    leads: tuple[KnownMatch, ...]
    not_comparable: dict[str, str]
    issues: tuple[Issue, ...]
    is_archive: bool = False


def match_files(site: Site, files: Iterable[Path]) -> Iterator[MatchedFile]:
    """Yields what each file was found to be, in the order asked; nothing is recorded of files or answers.

    Args:
        site: whose known sets and settings apply.
        files: read once each, decoded in sandboxed processes.
    """
    lookup = Lookup(site)
    point = describe_matching(site).point
    request = ExamineRequest(0, 0, site.settings.decode.limits(), local_features=True)
    named: list[str] = []

    def note(paths: Iterable[Path]) -> Iterator[Path]:
        for path in paths:
            named.append(str(path))
            yield path

    with FileExaminer(site.settings, request) as examiner:
        for number, examination in enumerate(examiner.examine_all(note(files))):
            yield _match(lookup, point, named[number], examination)


def _match(lookup: Lookup, point: OperatingPoint, file: str, examination: Examination) -> MatchedFile:
    content = examination.content
    if content is None:
        causes = " ".join(issue.cause for issue in examination.issues)
        return MatchedFile(file, None, (), (), (), {"file": causes}, examination.issues)
    if content.media_type.kind is MediaKind.EMPTY:
        return MatchedFile(file, content.digests.sha256, (), (), (), {"file": "It has no bytes."}, examination.issues)
    found = match_content(lookup, content, point)
    return MatchedFile(
        file=file,
        sha256=content.digests.sha256,
        matches=found.matches,
        set_aside=found.set_aside,
        leads=found.leads,
        not_comparable=found.not_comparable or {},
        issues=examination.issues,
        is_archive=content.media_type.kind is MediaKind.ARCHIVE,
    )
