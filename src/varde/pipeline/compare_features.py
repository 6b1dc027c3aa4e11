"""Compares local features of contents with those of known entries: new entries with earlier contents, then the rest.

Only contents whose local features were computed are compared; the setting `matching.local_features` says when they are.
Same-place leads are not recorded. A step's matches and how far the comparison came are recorded in one transaction.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from varde.core.finding import Match
from varde.core.outcome import NotComparable
from varde.core.signal import LocalFeatures
from varde.known.alignment import Verdict
from varde.pipeline.match_features import POINT, FeatureMatcher, FoundPicture
from varde.store import comparisons, findings, floods, known_history, local_features
from varde.store.comparisons import Mark
from varde.store.database import PATIENCE_S, Database
from varde.store.site import Site
from varde.store.suppression import suppress_in

_STEP = 200


@dataclass(frozen=True, slots=True)
class FeatureCount:
    """What one run of comparing local features found.

    Attributes:
        new: matches recorded that were not there.
        flooded: matches that were only counted.
        without: pictures and videos that were never asked for local features and could not be compared.
    """

    new: int = 0
    flooded: int = 0
    without: int = 0

    def __add__(self, other: FeatureCount) -> FeatureCount:
        """Returns the sums."""
        return FeatureCount(self.new + other.new, self.flooded + other.flooded, self.without + other.without)


def compare_features(site: Site, newest: Mark, at: datetime) -> FeatureCount:
    """Brings the matches by local features up to date with the newest content and entry, and returns what was found.

    Call it while holding the processing lock.
    """
    database = site.database
    with database.read() as connection:
        done = comparisons.read_mark(connection, POINT)
        known = local_features.has_known_features(connection)
    found = FeatureCount()
    if done == newest:
        return found
    compare = _Comparison(site, at)
    if done.entry_id < newest.entry_id:
        goal = Mark(done.content_id, newest.entry_id)
        if known and done.content_id:
            site.indexes.mkdir(mode=0o700, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=site.indexes, prefix="hunt-") as folder:
                matcher = FeatureMatcher(database, Path(folder), after_entry=done.entry_id)
                found += compare.run(matcher, 0, goal, marks_steps=False)
        compare.record(goal)
    if done.content_id < newest.content_id:
        if known:
            matcher = FeatureMatcher(database, site.indexes)
            found += compare.run(matcher, done.content_id, newest, marks_steps=True)
        compare.record(newest)
    if known:
        with database.read() as connection:
            found += FeatureCount(without=local_features.count_without(connection))
    return found


class _Comparison:
    def __init__(self, site: Site, at: datetime) -> None:
        self._database: Database = site.database
        self._flood_limit = site.settings.matching.flood_limit
        self._at = at
        self._counted: Counter[int] = Counter()
        """Matches of each entry that are only counted, until how far the comparison came is recorded."""

    def run(self, matcher: FeatureMatcher, after: int, goal: Mark, *, marks_steps: bool) -> FeatureCount:
        """Compares the contents after a row number; each step of them is recorded by itself where it may be."""
        total = FeatureCount()
        if matcher.is_empty:
            return total
        while True:
            with self._database.read() as connection:
                ids = local_features.list_contents(connection, after, goal.content_id, _STEP)
                features = local_features.read_features(connection, ids)
            if not ids:
                return total
            matches = [match for content_id in ids for match in _match(matcher, content_id, features[content_id])]
            after = ids[-1]
            total += self._record(matches, Mark(after, goal.entry_id) if marks_steps else None)

    def record(self, mark: Mark) -> None:
        """Records how far the comparison came."""
        self._record([], mark)

    def _record(self, matches: Sequence[Match], mark: Mark | None) -> FeatureCount:
        if not matches and mark is None:
            return FeatureCount()
        family = POINT.method.name
        with self._database.write(patience_s=PATIENCE_S) as connection:
            superseded = known_history.find_superseded(connection, {match.entry_id for match in matches})
            counting = [match for match in matches if match.entry_id not in superseded]
            kept, left = floods.keep_within(connection, family, counting, self._flood_limit)
            new = findings.record_matches(connection, kept, self._at)
            suppress_in(connection, [match.content_id for match in kept])
            counted = {entry_id: len(contents) for entry_id, contents in left.items()}
            if mark:
                floods.count_flooded(connection, family, self._counted + Counter(counted), self._at)
                comparisons.record_mark(connection, POINT, mark)
        if mark:
            self._counted.clear()
        else:
            self._counted.update(counted)
        return FeatureCount(new, sum(counted.values()))


def _match(
    matcher: FeatureMatcher, content_id: int, features: tuple[LocalFeatures, ...] | NotComparable
) -> Iterator[Match]:
    if isinstance(features, NotComparable):
        return
    for found in matcher.find(features):
        if found.verdict is Verdict.COPY:
            yield _name(content_id, found)


def _name(content_id: int, found: FoundPicture) -> Match:
    return Match(content_id, found.entry_id, POINT, found.distance, found.offset_s, found.details())
