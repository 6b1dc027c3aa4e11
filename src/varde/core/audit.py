"""The audit trail's rules: the closed set of acts and the hash chain over events."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

GENESIS = bytes(32)


class Act(StrEnum):
    """Everything that is audited. Each act is described in docs/reference/audit.md."""

    SITE_CREATED = "site_created"
    CASE_CREATED = "case_created"
    EXHIBIT_ADDED = "exhibit_added"
    PROCESSING_STARTED = "processing_started"
    PROCESSING_FINISHED = "processing_finished"
    KNOWN_SET_IMPORTED = "known_set_imported"
    KNOWN_SET_CREATED = "known_set_created"
    KNOWN_SET_CHANGED = "known_set_changed"
    KNOWN_SET_EXPORTED = "known_set_exported"
    KNOWN_WITHDRAWN = "known_withdrawn"
    KNOWN_DISPUTED = "known_disputed"
    KNOWN_REINSTATED = "known_reinstated"
    KNOWN_RELEASED = "known_released"
    HUNT_STARTED = "hunt_started"
    HUNT_FINISHED = "hunt_finished"
    SCHEME_ADDED = "scheme_added"
    GRADE_DECIDED = "grade_decided"
    DECISIONS_IMPORTED = "decisions_imported"
    REPORT_WRITTEN = "report_written"
    ITEM_EXPORTED = "item_exported"
    ALIGNMENT_DRAWN = "alignment_drawn"
    CHECKPOINT_EXPORTED = "checkpoint_exported"
    TOKEN_ADDED = "token_added"  # noqa: S105 - no secret, the name of an act
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    EXCHANGE_ADDED = "exchange_added"
    EXCHANGE_CHANGED = "exchange_changed"
    EXCHANGE_FEEDBACK = "exchange_feedback"
    DELTA_EXPORTED = "delta_exported"
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_CHANGED = "account_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    LOGGED_IN = "logged_in"
    LOGIN_REFUSED = "login_refused"
    LOGGED_OUT = "logged_out"
    CASE_ACCESS_GIVEN = "case_access_given"
    CASE_ACCESS_TAKEN = "case_access_taken"
    APPROVAL_ASKED = "approval_asked"
    APPROVAL_DECIDED = "approval_decided"
    CASES_SEARCHED = "cases_searched"
    ORIGINAL_SHOWN = "original_shown"
    QUEUE_MADE = "queue_made"
    QUEUE_CLOSED = "queue_closed"
    OPINION_GIVEN = "opinion_given"
    ITEM_ESCALATED = "item_escalated"
    OUTCOME_WRITTEN = "outcome_written"
    MODEL_ADDED = "model_added"
    MODEL_CHOSEN = "model_chosen"
    MODEL_REMOVED = "model_removed"
    MODEL_CALIBRATED = "model_calibrated"
    FACES_RE_EMBEDDED = "faces_re_embedded"
    COHORT_ADDED = "cohort_added"
    COHORT_REMOVED = "cohort_removed"
    VICTIM_ADDED = "victim_added"
    VICTIM_ENROLLED = "victim_enrolled"
    VICTIM_CLOSED = "victim_closed"
    ENROLMENT_DELETED = "enrolment_deleted"
    FACES_SEARCHED = "faces_searched"
    FACES_SEARCHED_EVERYWHERE = "faces_searched_everywhere"
    CANDIDATE_JUDGED = "candidate_judged"
    FACE_IDENTIFIED = "face_identified"
    CASES_LINKED = "cases_linked"
    FACE_LEADS_FOUND = "face_leads_found"
    FACE_LEAD_ANSWERED = "face_lead_answered"
    FACE_SEARCHES_DELETED = "face_searches_deleted"
    CLUSTERS_MADE = "clusters_made"
    CLUSTERS_CHANGED = "clusters_changed"
    CLUSTER_NAMED = "cluster_named"
    TRIAL_REPORTED = "trial_reported"
    CAMERA_ENROLLED = "camera_enrolled"
    CAMERA_WITHDRAWN = "camera_withdrawn"
    CAMERA_COMPARED = "camera_compared"
    CAMERA_SEARCHED = "camera_searched"
    CAMERA_CALIBRATED = "camera_calibrated"
    CAMERA_LEADS_FOUND = "camera_leads_found"
    CAMERA_LINK_DECIDED = "camera_link_decided"
    SOURCES_CLUSTERED = "sources_clustered"
    CAMERA_REPORTED = "camera_reported"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One thing somebody did in the system.

    Attributes:
        number: 1, 2, 3 ... without gaps.
        at: UTC time, ISO 8601 with microseconds and ``Z``.
        person: who did it.
        act: what was done.
        subject: flat facts about it; no material, no secrets.
    """

    number: int
    at: str
    person: str
    act: str
    subject: dict[str, str | int | None]


def compute_event_hash(previous: bytes, event: AuditEvent) -> bytes:
    """Returns the SHA-256 that chains an event to the one before it.

    Convention: SHA-256 over the 32 bytes of the previous event's hash followed by the event as JSON in UTF-8 with
    sorted keys and no spaces. The first event follows 32 zero bytes.
    """
    document = {
        "number": event.number,
        "at": event.at,
        "person": event.person,
        "act": event.act,
        "subject": event.subject,
    }
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + canonical.encode("utf-8")).digest()
