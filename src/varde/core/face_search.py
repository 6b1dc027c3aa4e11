"""Face search: what is asked, what a search gave, and what people said of it. Leads only: a person identifies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from varde.core.age import AgeBand
from varde.core.face import AgeBracket, Candidate, Face, FaceBox, ProbeRule, SearchScope, Verdict
from varde.core.model import ModelIdentity
from varde.core.outcome import NotComparable, Reason

MOST_PLACES = 20
"""Places of one candidate that are listed; how many more there are is said."""


@dataclass(frozen=True, slots=True)
class ProbePicture:
    """A picture from outside that is searched with.

    Attributes:
        data: its bytes, or the file.
        name: how the person calls it; shown to them and never kept.
        face: which of its faces, 1 is the first by quality and size; None takes that one.
    """

    data: bytes | Path
    name: str
    face: int | None = None


@dataclass(frozen=True, slots=True)
class ProbeItem:
    """An item that is searched with.

    Attributes:
        item_id: its row number.
        face: which of its faces, as of a `ProbePicture`.
    """

    item_id: int
    face: int | None = None


@dataclass(frozen=True, slots=True)
class ProbeFace:
    """A face of an item that is searched with, by its row number."""

    face_id: int


@dataclass(frozen=True, slots=True)
class ProbeExamined:
    """A face of a picture from outside that was examined already, such as by a page on which a person chose it.

    Attributes:
        face: as it was found.
        sha256: of the picture.
        name: as of a `ProbePicture`.
        faces: how many faces the picture has.
        used: which of them this is, 1 is the first by quality and size.
        is_chosen: whether a person chose it.
    """

    face: Face
    sha256: bytes
    name: str = ""
    faces: int = 1
    used: int = 1
    is_chosen: bool = True


@dataclass(frozen=True, slots=True)
class SearchOrder:
    """What somebody wants to be searched.

    Attributes:
        probes: at least one; all of them should show the same person.
        scope: one case or everything.
        case: name of the case that is searched; with everything, of the case that it is searched for.
        purpose, authorisation: needed where everything is searched; the case's own where they are "".
        rule: how several probes are joined.
        case_ids: cases that the person has access to; None for whoever works on the machine itself.
        top_k: most candidates listed.
        far: how often a search of this gallery may list somebody although the person is not in it, 0 to 1; 1 lists
            the closest faces whatever they score.
        fillers: how many faces of the cohort are mixed in to measure the reviewer; 0 for none.
        age_band: of the person searched for, as the one who searches says; None where estimates have to do.
    """

    probes: tuple[ProbePicture | ProbeItem | ProbeFace | ProbeExamined, ...]
    scope: SearchScope
    case: str | None
    purpose: str = ""
    authorisation: str = ""
    rule: ProbeRule = ProbeRule.ANY
    case_ids: frozenset[int] | None = None
    top_k: int = 20
    far: float = 0.05
    fillers: int = 0
    age_band: AgeBand | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe as it was used, or why it was not.

    Attributes:
        position: 0 is the first; its crop is read by it.
        name: how the person called it; "" once the search is read again, since it is not kept.
        source_face_id: row number of the face of an item it is; None for a picture from outside.
        faces: how many faces it has.
        used: which of them was used, 1 is the first by quality and size; 0 for none.
        is_chosen: whether a person chose that face.
        box, landmarks: of the face, as shares of the picture; None and () where none was used.
        quality: 0 to 100.
        size_px: width of the face.
        unused: why it could not be used; None where it was.
        advice: what to do about it, or what to know; "" where there is nothing to say.
    """

    position: int
    name: str
    source_face_id: int | None
    faces: int
    used: int
    is_chosen: bool
    box: FaceBox | None
    landmarks: tuple[tuple[float, float], ...]
    quality: int
    size_px: float
    unused: NotComparable | None
    advice: str


@dataclass(frozen=True, slots=True)
class FacePlace:
    """An item that shows a face."""

    case_id: int
    case: str
    exhibit: int
    item_id: int
    locator: str


@dataclass(frozen=True, slots=True)
class FaceSight:
    """A face of the database and where a person may see it.

    Attributes:
        ordinal: 1, 2, 3 ... within its content.
        offset_s: time of its best frame in a video; None in a picture.
        first_s, last_s, seen_frames: of a track through a video.
        unembedded: why it cannot be compared; None where it can.
        places: items that show it, in cases that the person has access to, at most `MOST_PLACES`.
        more_places: how many more of those there are, counted up to 1,000.
    """

    face_id: int
    content_id: int
    ordinal: int
    box: FaceBox
    landmarks: tuple[tuple[float, float], ...]
    angle: int
    size_px: float
    confidence: float
    quality: int
    offset_s: float | None
    first_s: float | None
    last_s: float | None
    seen_frames: int
    age: AgeBracket | None
    unembedded: Reason | None
    places: tuple[FacePlace, ...]
    more_places: int


class ScoreBand(StrEnum):
    """Roughly where a score lies, for what may not be said more exactly."""

    FAR_ABOVE = "far_above"
    """It would be listed if a hundredth of the false alarms were allowed."""

    ABOVE = "above"
    """It is listed."""

    JUST_BELOW = "just_below"
    """It would be listed if ten times the false alarms were allowed."""

    FAR_BELOW = "far_below"
    """It would not even be listed then."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person said of a candidate, or of a whole list; a later one stands instead of it.

    Attributes:
        rank: of the candidate; None for the list as a whole (`Verdict.NONE_OF_THESE`).
        seconds: how long the person looked, as the page measured it; 0 where nobody measured.
    """

    judgement_id: int
    search_id: int
    rank: int | None
    verdict: Verdict
    note: str
    seconds: int
    at: datetime
    person: str


@dataclass(frozen=True, slots=True)
class ListedCandidate:
    """A candidate with everything to judge it by.

    Attributes:
        candidate: rank, score, likelihood ratio, probability and rival.
        sight: the face and where it is; None for a filler and for an enrolment.
        quality: 0 to 100, of whatever it is.
        rival_face_id: the nearest other person's face; None where there is none that the person may see.
        not_calibrated: why it has no probability; None where it has one.
        victim_face_id, victim: an enrolment and its victim's alias; None and "" where it is none.
        is_filler: whether it is a face of the cohort, mixed in to measure the reviewer. To be told to nobody before
            the search is closed.
        judgement: what the latest person said of it; None while nobody did.
        victim_case: the victim's case; "" where it is no enrolment.
    """

    candidate: Candidate
    sight: FaceSight | None
    quality: int
    rival_face_id: int | None
    not_calibrated: NotComparable | None
    victim_face_id: int | None
    victim: str
    is_filler: bool
    judgement: Judgement | None
    victim_case: str = ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Candidates in a case that a person has no access to: whom to ask, and nothing of what is there.

    Attributes:
        contacts: account names of who leads that case, or has access to it, or else administers access.
        faces: how many contents and victims of it are a candidate.
        band: where the best score lies.
    """

    contacts: tuple[str, ...]
    faces: int
    band: ScoreBand


class EmptyReason(StrEnum):
    """Why a list has no candidate."""

    NO_FACE_IN_PROBE = "no_face_in_probe"
    PROBE_NOT_COMPARABLE = "probe_not_comparable"
    PROBE_UNREADABLE = "probe_unreadable"
    NO_FACES_IN_SCOPE = "no_faces_in_scope"
    NOTHING_EXAMINED = "nothing_examined"
    BELOW_THRESHOLD = "below_threshold"
    ONLY_ELSEWHERE = "only_elsewhere"


@dataclass(frozen=True, slots=True)
class EmptyList:
    """Why a list has no candidate, and what to do about it."""

    reason: EmptyReason
    detail: str
    advice: str


@dataclass(frozen=True, slots=True)
class FaceSearch:
    """A search that was made: its candidates are leads, and none of them may be the person.

    Attributes:
        case_id, case: that was searched, or searched for; None and "" for a search of everything for no case.
        model: whose embeddings were compared.
        calibration: where likelihood ratios come from, in words; why there are none where there are none.
        threshold: least score of a candidate.
        far: how often a search of such a gallery lists somebody although the person is not in it, by the calibration.
        prior: probability before looking that any one candidate is the person, which `Candidate.probability` rests on.
        age_band: of the person searched for, as the one who searched said; None where nobody did.
        is_normalised: whether scores were normalised against a cohort.
        gallery_faces: faces of items that were searched; enrolments of victims are not among them.
        not_examined: items of the scope in which nobody looked for faces yet.
        candidates: closest first.
        elsewhere: candidates in cases that the person has no access to.
        withheld: candidates that the search had and the reader has no access to any more.
        empty: why there is no candidate; None where there is one.
        notes: what to know before judging, a sentence each.
        none_of_these: that somebody said so of the whole list; None while nobody did.
        closed_at: UTC; None while it can be judged.
    """

    search_id: int
    scope: SearchScope
    rule: ProbeRule
    case_id: int | None
    case: str
    purpose: str
    authorisation: str
    searched_at: datetime
    person: str
    model: ModelIdentity
    calibration: str
    threshold: float
    far: float
    prior: float
    age_band: AgeBand | None
    is_normalised: bool
    gallery_faces: int
    not_examined: int
    probes: tuple[Probe, ...]
    candidates: tuple[ListedCandidate, ...]
    elsewhere: tuple[Elsewhere, ...]
    withheld: int
    empty: EmptyList | None
    notes: tuple[str, ...]
    none_of_these: Judgement | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Victim:
    """A person who is looked for, known by an alias within one case.

    Attributes:
        authorisation, purpose: what looking for the person rests on.
        faces: enrolments.
        retain_until: UTC; enrolments are deleted then. None where nobody set an end.
        closed_at: UTC; nobody looks for the person since then. None while somebody does.
    """

    victim_id: int
    case_id: int
    case: str
    alias: str
    authorisation: str
    purpose: str
    faces: int
    added_at: datetime
    added_by: str
    retain_until: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A face by which a victim is looked for: a copy of its own, so that deleting it leaves nothing.

    Attributes:
        source_face_id: face of an item that it was copied from; None for a picture from outside.
        source_sha256: of the item's content or the picture.
    """

    enrolment_id: int
    victim_id: int
    source_face_id: int | None
    source_sha256: bytes
    quality: int
    enrolled_at: datetime
    enrolled_by: str


@dataclass(frozen=True, slots=True)
class FaceLead:
    """A face that is close to an enrolled victim's: found by comparing new with old, for a person to answer.

    Attributes:
        sight: the face; None where the reader has no access to any case that shows it.
        victim: None where the reader has no access to its case.
        contacts: whom to ask about the side that is None.
        band: where the score lies.
        score: None for whoever sees only one side.
        verdict: what a person answered; None while nobody did.
    """

    lead_id: int
    victim: Victim | None
    sight: FaceSight | None
    contacts: tuple[str, ...]
    band: ScoreBand
    score: float | None
    log10_lr: float | None
    model: ModelIdentity
    found_at: datetime
    verdict: Verdict | None
    answered_at: datetime | None
    answered_by: str


@dataclass(frozen=True, slots=True)
class Identification:
    """A person's decision whether a face is a victim's; a later one stands instead of it.

    Attributes:
        search_id: the search it came from; None where it came from elsewhere.
        verdict: `Verdict.SAME`, or what revokes it.
    """

    identification_id: int
    victim_id: int
    face_id: int
    search_id: int | None
    verdict: Verdict
    note: str
    at: datetime
    person: str


@dataclass(frozen=True, slots=True)
class CaseLink:
    """A person's decision whether two cases belong together; a later one stands instead of it."""

    link_id: int
    case_id: int
    case: str
    other_case_id: int
    other_case: str
    victim_id: int | None
    is_linked: bool
    note: str
    at: datetime
    person: str


def order_faces(faces: Iterable[Face]) -> tuple[Face, ...]:
    """Returns the faces of a probe as they are numbered: those that can be compared first, then by quality and size."""
    return tuple(
        sorted(faces, key=lambda face: (isinstance(face.embedding, NotComparable), -face.quality, -face.size_px))
    )
