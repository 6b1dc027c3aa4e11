"""Takes over the grades of a VICS file: one that Varde wrote, or one that came back from another program."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from varde.core.case import Case
from varde.core.errors import FormatError, WrongUse
from varde.core.known import KnownEntry
from varde.core.locator import escape
from varde.core.scheme import Grade, GradeScheme
from varde.known.format import ReadOptions
from varde.known.registry import get_format
from varde.reports.vics_path import read_path
from varde.store import cases, decisions, item_lists, schemes
from varde.store.site import Site
from varde.workflows.actor import Actor

_EXHIBIT = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class GradeImport:
    """What came of an import of grades.

    Attributes:
        decisions: items that were given a grade.
        unchanged: items that had the same grade already.
        unknown_entries: graded entries for which the case has no item.
        ungraded_entries: entries without a grade on the case's scheme.
    """

    decisions: int
    unchanged: int
    unknown_entries: int
    ungraded_entries: int


def import_grades(site: Site, actor: Actor, *, case_name: str, path: Path) -> GradeImport:
    """Records the grades of a VICS file for the items of a case, found by digests and, where given, places.

    Only grades that differ from the one in force are recorded. All or nothing.

    Raises:
        NotFound: if there is no such case.
        WrongUse: if no entry has a grade on the case's scheme.
        FormatError: with the line of the defect.
    """
    with get_format("vics").open(path, ReadOptions()) as opened, site.database.write() as connection:
        case = cases.get_case(connection, case_name)
        _, scheme = schemes.get_scheme(connection, case.scheme)
        file_scheme = f"{opened.header.scheme}@{opened.header.scheme_version}"
        reader = _GradeReader(connection, case, scheme, file_scheme)
        recorded = decisions.record_decisions(
            connection,
            reader.read(opened.entries),
            case=case.name,
            person=actor.person,
            at=actor.clock(),
            source=escape(os.fsencode(path.name)),
        )
        if not reader.graded:
            raise WrongUse(
                f"no entry of {path.name} has a grade on scheme {scheme.key}; its categories are on {file_scheme}",
                advice="A category means nothing on another scheme: open a case with the file's scheme for it.",
            )
    return GradeImport(len(recorded), reader.unchanged, reader.unknown, reader.ungraded)


class _GradeReader:
    def __init__(self, connection: Connection, case: Case, scheme: GradeScheme, file_scheme: str) -> None:
        self._connection = connection
        self._case = case
        self._scheme = scheme
        self._codes_fit = file_scheme == scheme.key
        self._given: dict[int, tuple[str, int]] = {}
        self.graded = self.unchanged = self.unknown = self.ungraded = 0

    def read(self, entries: Iterator[KnownEntry]) -> Iterator[tuple[int, Grade | None, str]]:
        for entry in entries:
            grade = self._read_grade(entry)
            if grade is None:
                self.ungraded += 1
                continue
            self.graded += 1
            items = self._find_items(entry)
            self.unknown += not items
            for item_id in items:
                self._check_contradiction(item_id, grade, entry.line)
                if self._in_force(item_id) == grade:
                    self.unchanged += 1
                else:
                    yield item_id, grade, ""

    def _read_grade(self, entry: KnownEntry) -> Grade | None:
        code = entry.code if self._codes_fit else None
        tag = dict(entry.extra).get("Tags", "")
        prefix = f"{self._scheme.key}:"
        if code is None and tag.startswith(prefix):
            code = tag.removeprefix(prefix)
        if code is None:
            return None
        if code not in self._scheme.codes:
            raise FormatError(f"scheme {self._scheme.key} has no code {code!r}", line=entry.line)
        return self._scheme.grade(code)

    def _find_items(self, entry: KnownEntry) -> list[int]:
        """Returns the items with the entry's digests; where it names places that are here, only those."""
        found = item_lists.find_by_digests(
            self._connection, self._case.case_id, md5=entry.md5, sha1=entry.sha1, sha256=entry.sha256
        )
        named = _read_places(dict(entry.extra).get("MediaFiles", ""))
        here = [item_id for item_id, exhibit, locator in found if (exhibit, locator) in named]
        return here or [item_id for item_id, _, _ in found]

    def _check_contradiction(self, item_id: int, grade: Grade, line: int) -> None:
        code, earlier = self._given.setdefault(item_id, (grade.code, line))
        if code != grade.code:
            raise FormatError(
                f"it grades item {item_id} {grade.code}, the entry of line {earlier} grades it {code}",
                line=line,
                advice="Decide which is meant: for one content at several places the file must name the places.",
            )

    def _in_force(self, item_id: int) -> Grade | None:
        decided = decisions.read_decisions(self._connection, [item_id])[item_id]
        return decided[-1].grade if decided else None


def _read_places(text: str) -> set[tuple[int, str]]:
    """Returns (exhibit number, locator) of MediaFiles that Varde wrote; those of other programs name no exhibit."""
    try:
        listed = json.loads(text)
    except ValueError:
        return set()
    places = set()
    for place in listed if isinstance(listed, list) else []:
        fields = place if isinstance(place, dict) else {}
        source, folder, name = (fields.get(field, "") for field in ("SourceID", "FilePath", "FileName"))
        if isinstance(folder, str) and isinstance(name, str) and _EXHIBIT.fullmatch(str(source)):
            places.add((int(source), read_path(folder + name)))
    return places
