"""Compares one content with all known sets by every method there is, without recording anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from varde.core.content import Content
from varde.core.finding import OperatingPoint
from varde.core.known import EntryState, SetRole
from varde.core.media import MediaKind
from varde.core.outcome import NotComparable
from varde.core.signal import LocalFeatures, PerceptualHash
from varde.hashing import local_features
from varde.hashing.variants import VARIANTS, read_variants
from varde.known.alignment import Verdict
from varde.pipeline.known_index import LAST_POSITION, POSITION_BITS
from varde.pipeline.lookup import KnownMatch, Lookup, counts
from varde.pipeline.match_features import POINT as FEATURES_POINT
from varde.pipeline.match_features import FoundPicture
from varde.pipeline.match_videos import FoundVideo, FrameHit, make_frames, match_frames, match_times, video_point
from varde.store.findings import DIGEST_POINT
from varde.store.standing import QUIET_ROLES

_VISUAL = frozenset({MediaKind.PICTURE, MediaKind.VIDEO})
_Found = FrameHit | FoundVideo | FoundPicture | tuple[FoundVideo, FoundPicture]
"""By its hash: a frame or picture, a video; by features: a picture, a video."""


@dataclass(frozen=True, slots=True)
class ContentMatches:
    """What a content was found to be.

    Attributes:
        matches: digests first, then by method and distance; one for each entry and method.
        set_aside: what were matches if no negative set explained them; ``suppressed_by`` names the entry that does.
        leads: known pictures of the same place or object with other pixels: pointers for a person, never matches.
        not_comparable: method name to the reason why it could say nothing; a method that compared is not in it.
    """

    matches: tuple[KnownMatch, ...] = ()
    set_aside: tuple[KnownMatch, ...] = ()
    leads: tuple[KnownMatch, ...] = ()
    not_comparable: dict[str, str] | None = None


def match_content(lookup: Lookup, content: Content, point: OperatingPoint) -> ContentMatches:
    """Returns every known entry that a content matches, and which methods could not compare it.

    Args:
        lookup: the known sets.
        content: with the signals to compare.
        point: of the comparison of perceptual hashes.
    """
    matches = lookup.find_digests(content.digests)
    if content.media_type.kind not in _VISUAL:
        return ContentMatches(tuple(matches), not_comparable={})
    comparison = _Comparison(lookup, content, point)
    matches += comparison.match_hashes()
    found = comparison.match_features()
    matches += [match for match in found if match.details.get("verdict") != Verdict.SAME_PLACE.value]
    leads = [match for match in found if match.details.get("verdict") == Verdict.SAME_PLACE.value]
    standing, set_aside = _suppress(matches)
    return ContentMatches(tuple(standing), tuple(set_aside), tuple(leads), comparison.not_comparable)


class _Comparison:
    """One content on its way through the methods."""

    def __init__(self, lookup: Lookup, content: Content, point: OperatingPoint) -> None:
        self._lookup = lookup
        self._content = content
        self._point = point
        self._hashes = self._read_hashes()
        self.not_comparable: dict[str, str] = {}

    def match_hashes(self) -> list[KnownMatch]:
        """Returns the matches of frame and picture hashes, and of the videos these make."""
        hits = list(self._find_hits())
        videos = self._match_videos(hits)
        entries = {match.entry.entry_id for match in videos}
        return self._match_pictures(hits, entries) + videos

    def match_features(self) -> list[KnownMatch]:
        """Returns the matches and leads of local features."""
        name, features = local_features.METHOD.name, self._content.local_features
        matcher = self._lookup.features
        if matcher.is_empty:
            return []  # nothing to compare with is not the content's fault
        if features is None or isinstance(features, NotComparable):
            self.not_comparable[name] = features.detail if features else "no local features were computed"
            return []
        if self._content.media_type.kind is MediaKind.VIDEO:
            return self._match_feature_frames(features)
        return self._name((found.entry_id, found) for found in matcher.find(features))

    def _match_feature_frames(self, features: Sequence[LocalFeatures]) -> list[KnownMatch]:
        """Known pictures in the frames of a video, and known videos by the times of their frames."""
        found = list(self._lookup.features.find_frames(features))
        copies = [each for each in found if each.verdict is Verdict.COPY]
        times = [
            (each.entry_id, each.offset_s, each.known_offset_s)
            for each in copies
            if each.offset_s is not None and each.known_offset_s is not None
        ]
        query = make_frames(self._hashes, self._get_duration())
        with self._lookup.read() as connection:
            videos = list(match_times(connection, query, times, self._point)) if len(query) else []
        closest = {each.entry_id: each for each in sorted(copies, key=lambda each: -each.distance)}
        of_videos = {entry_id for entry_id, _, _ in times}
        stills = [(entry_id, each) for entry_id, each in closest.items() if entry_id not in of_videos]
        return self._name([*stills, *((each.entry_id, (each, closest[each.entry_id])) for each in videos)])

    def _read_hashes(self) -> tuple[PerceptualHash, ...]:
        for signal in self._content.signals:
            if signal.method == self._point.method and not isinstance(signal.outcome, NotComparable):
                return signal.outcome
        return ()

    def _get_duration(self) -> float | None:
        return self._content.facts.duration_s if self._content.facts else None

    def _find_hits(self) -> Iterator[FrameHit]:
        values, frames, variants = _list_probes(self._hashes, self._point.min_quality)
        if not len(values):
            self.not_comparable[self._point.method.name] = self._explain_nothing()
            return
        rows, names, distances = self._lookup.search(values, self._point)
        for row, name, distance in zip(rows.tolist(), names.tolist(), distances.tolist(), strict=True):
            yield FrameHit(name >> POSITION_BITS, frames[row], name & LAST_POSITION, distance, variants[row])

    def _explain_nothing(self) -> str:
        if self._hashes:
            best = max(found.quality for found in self._hashes)
            return f"quality {best} is below {self._point.min_quality}: too little structure to compare"
        for signal in self._content.signals:
            if signal.method == self._point.method and isinstance(signal.outcome, NotComparable):
                return signal.outcome.detail
        return "no hash was computed"

    def _match_pictures(self, hits: Sequence[FrameHit], without: set[int]) -> list[KnownMatch]:
        if self._content.media_type.kind is MediaKind.VIDEO:
            return []
        closest: dict[int, FrameHit] = {}
        for hit in hits:
            if hit.entry_id not in closest or hit.distance < closest[hit.entry_id].distance:
                closest[hit.entry_id] = hit
        kept = {entry_id: hit for entry_id, hit in closest.items() if entry_id not in without}
        return self._name(kept.items())

    def _match_videos(self, hits: Sequence[FrameHit]) -> list[KnownMatch]:
        if not hits:
            return []
        query = make_frames(self._hashes, self._get_duration())
        with self._lookup.read() as connection:
            found = list(match_frames(connection, query, hits, self._point))
        return self._name((each.entry_id, each) for each in found)

    def _name(self, found: Iterable[tuple[int, _Found]]) -> list[KnownMatch]:
        """Returns matches with their entries, the closest first; entries that do not count are left out."""
        listed = list(found)
        facts = self._lookup.load_facts(entry_id for entry_id, _ in listed)
        matches = []
        for entry_id, each in listed:
            entry = facts.get(entry_id)
            if entry and counts(entry):
                point, distance, details = self._describe(each)
                matches.append(KnownMatch(entry, point.method.name, point, distance, details))
        return sorted(matches, key=lambda match: (match.method, match.distance, match.entry.entry_id))

    def _describe(self, found: _Found) -> tuple[OperatingPoint, int, dict[str, object]]:
        if isinstance(found, tuple):
            video, picture = found
            facts = {**picture.details(), **video.match.details(), "verdict": picture.verdict.value}
            return FEATURES_POINT, picture.distance, facts
        if isinstance(found, FoundVideo):
            return video_point(self._point), found.match.distance, found.match.details()
        if isinstance(found, FoundPicture):
            offset = {"offset_s": found.offset_s} if found.offset_s is not None else {}
            return FEATURES_POINT, found.distance, {**found.details(), **offset, "verdict": found.verdict.value}
        offset_s = self._hashes[found.frame].offset_s
        details: dict[str, object] = {"variant": VARIANTS[found.variant]} if found.variant else {}
        return self._point, found.distance, details if offset_s is None else {**details, "offset_s": offset_s}


def _list_probes(hashes: Sequence[PerceptualHash], min_quality: int) -> tuple[NDArray[np.uint8], list[int], list[int]]:
    """Returns what to search with: (N, 32) values, the frame each is of, and its variant."""
    values, frames, variants = list[bytes](), list[int](), list[int]()
    for frame, found in enumerate(hashes):
        codes, others = read_variants(found.variants)
        own = [found.value] if found.quality >= min_quality else []
        values += [*own, *(other.tobytes() for other in others)]
        variants += [*([0] * len(own)), *codes.tolist()]
        frames += [frame] * (len(values) - len(frames))
    return np.frombuffer(b"".join(values), np.uint8).reshape(-1, 32), frames, variants


def _suppress(matches: Sequence[KnownMatch]) -> tuple[list[KnownMatch], list[KnownMatch]]:
    """Returns the matches that stand, and those that a set of harmless look-alikes explains at least as closely.

    The rule of `varde.store.suppression`: an exact match is never explained away, a disputed entry explains nothing.
    """
    active = [match for match in matches if match.entry.state is EntryState.ACTIVE]
    harmless = [match for match in active if match.entry.role is SetRole.NEGATIVE]
    standing, set_aside = [], []
    for match in matches:
        by = _find_explanation(harmless, match)
        if by is None:
            standing.append(match)
        else:
            named = f"{by.entry.set_name} {by.entry.set_version}, entry {by.entry.name}"
            set_aside.append(replace(match, details={**match.details, "suppressed_by": named}))
    return standing, set_aside


def _find_explanation(harmless: Iterable[KnownMatch], match: KnownMatch) -> KnownMatch | None:
    """Returns the negative match that explains one: an exact one first, then the closest, then the oldest."""
    if _is_exact(match) or match.entry.role.value in QUIET_ROLES:
        return None
    as_close = [each for each in harmless if _is_exact(each) or _is_as_close(each, match)]
    return min(as_close, key=lambda each: (not _is_exact(each), each.distance, each.entry.entry_id), default=None)


def _is_exact(match: KnownMatch) -> bool:
    return match.point.method == DIGEST_POINT.method


def _is_as_close(harmless: KnownMatch, match: KnownMatch) -> bool:
    return harmless.method == match.method and harmless.distance <= match.distance
