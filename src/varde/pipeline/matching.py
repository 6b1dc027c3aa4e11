"""Compares contents with known entries: every content with every entry, once for each operating point.

How far was compared is recorded together with the last of the matches, so that new entries meet old contents, new
contents meet all entries, and nothing is left out after an interruption. Searching holds no write lock. Entries are
compared whatever their state: whether a match counts is decided when it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from varde.known.exact import ExactTable
from varde.pipeline import known_digests
from varde.pipeline.compare_features import compare_features
from varde.pipeline.match_features import POINT as FEATURES_POINT
from varde.pipeline.match_hashes import HashMatching, match_hashes
from varde.pipeline.operating_point import pdq_point
from varde.store import comparisons, findings
from varde.store.comparisons import Mark
from varde.store.database import PATIENCE_S
from varde.store.settings import MatchingSettings
from varde.store.site import Site
from varde.store.standing import contents_of_entries
from varde.store.suppression import suppress

_DIGEST_RANGE = 50_000


@dataclass(frozen=True, slots=True)
class MatchCount:
    """What one run of comparing found.

    Attributes:
        by_digest, perceptual, by_features: matches that are new.
        flooded: perceptual matches that were only counted, of entries that match too much.
        degenerate: hashes of contents that say too little to be compared by distance.
        without_features: pictures and videos without local features, where known entries have some.
    """

    by_digest: int = 0
    perceptual: int = 0
    flooded: int = 0
    degenerate: int = 0
    by_features: int = 0
    without_features: int = 0

    def describe(self) -> dict[str, int]:
        """Returns the counts by the names they have in the audit log and in JSON."""
        return {
            "matches_by_digest": self.by_digest,
            "matches_perceptual": self.perceptual,
            "matches_by_features": self.by_features,
            "matches_flooded": self.flooded,
            "degenerate": self.degenerate,
            "without_features": self.without_features,
        }


def match_all(site: Site, at: datetime) -> MatchCount:
    """Brings the matches of all contents with all known entries up to date and returns how many are new.

    Call it while holding the processing lock.

    Args:
        site: whose contents, entries, indexes and settings.
        at: time to record with the matches.
    """
    with site.database.read() as connection:
        newest = comparisons.read_newest(connection)
    by_digest = _match_digests(site, newest, at)
    hashes = match_hashes(site.database, describe_matching(site), newest, at)
    features = compare_features(site, newest, at)
    flooded = hashes.flooded + features.flooded
    return MatchCount(by_digest, hashes.new, flooded, hashes.degenerate, features.new, features.without)


def is_up_to_date(site: Site) -> bool:
    """Returns whether every content has been compared with every known entry."""
    points = (findings.DIGEST_POINT, describe_matching(site).point, FEATURES_POINT)
    with site.database.read() as connection:
        newest = comparisons.read_newest(connection)
        marks = [comparisons.read_mark(connection, point) for point in points]
    return all(mark.content_id >= newest.content_id and mark.entry_id >= newest.entry_id for mark in marks)


def describe_matching(site: Site) -> HashMatching:
    """Returns how a site compares perceptual hashes, by its settings."""
    settings: MatchingSettings = site.settings.matching
    return HashMatching(pdq_point(settings), settings.flood_limit, site.indexes)


def _match_digests(site: Site, newest: Mark, at: datetime) -> int:
    point, found = findings.DIGEST_POINT, 0
    with site.database.read() as connection:
        done = comparisons.read_mark(connection, point)
    table = _open_table(site, done, newest)
    for contents_in, entries_in, mark in _plan_digests(done, newest):
        candidates: range | Sequence[int] = entries_in
        if table and contents_in.start > done.content_id:
            with site.database.read() as connection:
                candidates = known_digests.find_candidates(connection, table, contents_in, newest.entry_id)
        with site.database.write(patience_s=PATIENCE_S) as connection:
            new = findings.match_digests(connection, contents_in, candidates, at)
            if new:
                few_entries = len(entries_in) < len(contents_in)
                suppress(connection, contents_of_entries(entries_in) if few_entries else contents_in)
            comparisons.record_mark(connection, point, mark)
        found += new
    return found


def _open_table(site: Site, done: Mark, newest: Mark) -> ExactTable | None:
    """Returns the table of known digests where new contents are found faster by it."""
    if known_digests.pays(site.indexes, newest.content_id - done.content_id, newest.entry_id):
        return known_digests.open_known_digests(site.database, site.indexes)
    return None


def _plan_digests(done: Mark, newest: Mark) -> Iterator[tuple[range, range, Mark]]:
    """Yields contents, entries and the mark once these are compared: new entries first, then new contents."""
    for first, last in _cut(done.entry_id, newest.entry_id):
        yield range(1, done.content_id + 1), range(first, last + 1), Mark(done.content_id, last)
    for first, last in _cut(done.content_id, newest.content_id):
        yield range(first, last + 1), range(1, newest.entry_id + 1), Mark(last, newest.entry_id)


def _cut(done: int, newest: int) -> Iterator[tuple[int, int]]:
    for first in range(done + 1, newest + 1, _DIGEST_RANGE):
        yield first, min(first + _DIGEST_RANGE - 1, newest)
