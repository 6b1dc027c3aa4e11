"""What each audited act means, in plain words for a person who reads the log."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from varde.core.audit import Act

_A = Act

ACT_WORDS: Final[Mapping[Act, str]] = MappingProxyType(
    {
        _A.SITE_CREATED: "made the site",
        _A.CASE_CREATED: "opened a case",
        _A.EXHIBIT_ADDED: "added an exhibit",
        _A.PROCESSING_STARTED: "began to process a case",
        _A.PROCESSING_FINISHED: "finished processing a case",
        _A.KNOWN_SET_IMPORTED: "imported a known set",
        _A.KNOWN_SET_CREATED: "made a known set",
        _A.KNOWN_SET_CHANGED: "took in changes of a known set",
        _A.KNOWN_SET_EXPORTED: "exported a known set",
        _A.KNOWN_WITHDRAWN: "withdrew known material",
        _A.KNOWN_DISPUTED: "disputed known material",
        _A.KNOWN_REINSTATED: "reinstated known material",
        _A.KNOWN_RELEASED: "lifted the quarantine of a known entry",
        _A.HUNT_STARTED: "began to compare earlier items with new entries",
        _A.HUNT_FINISHED: "finished comparing earlier items with new entries",
        _A.SCHEME_ADDED: "added a grade scheme",
        _A.GRADE_DECIDED: "decided on items",
        _A.DECISIONS_IMPORTED: "took decisions over from a file",
        _A.REPORT_WRITTEN: "wrote a report",
        _A.ITEM_EXPORTED: "exported an item",
        _A.ALIGNMENT_DRAWN: "drew where a known picture lies in an item",
        _A.CHECKPOINT_EXPORTED: "exported a checkpoint of this log",
        _A.TOKEN_ADDED: "gave a program a token",
        _A.TOKEN_REVOKED: "took a token back",
        _A.EXCHANGE_ADDED: "recorded an exchange",
        _A.EXCHANGE_CHANGED: "changed an exchange",
        _A.EXCHANGE_FEEDBACK: "told an exchange what is thought of an entry",
        _A.DELTA_EXPORTED: "made a signed delta of a known set",
        _A.ACCOUNT_ADDED: "made an account",
        _A.ACCOUNT_CHANGED: "changed an account",
        _A.PASSWORD_CHANGED: "changed a password",
        _A.LOGGED_IN: "logged in",
        _A.LOGIN_REFUSED: "was not let in",
        _A.LOGGED_OUT: "logged out",
        _A.CASE_ACCESS_GIVEN: "gave access to a case",
        _A.CASE_ACCESS_TAKEN: "took access to a case back",
        _A.APPROVAL_ASKED: "asked for a second person's approval",
        _A.APPROVAL_DECIDED: "approved or refused what somebody asked for",
        _A.CASES_SEARCHED: "searched over several cases",
        _A.ORIGINAL_SHOWN: "looked at an original",
        _A.QUEUE_MADE: "made a queue",
        _A.QUEUE_CLOSED: "closed a queue",
        _A.OPINION_GIVEN: "gave a second opinion",
        _A.ITEM_ESCALATED: "asked a more experienced person to decide",
        _A.OUTCOME_WRITTEN: "wrote an outcome card",
        _A.MODEL_ADDED: "added a pack of models",
        _A.MODEL_CHOSEN: "chose the models that look for faces",
        _A.MODEL_REMOVED: "removed a pack of models",
        _A.MODEL_CALIBRATED: "calibrated a model",
        _A.FACES_RE_EMBEDDED: "embedded stored faces anew",
        _A.COHORT_ADDED: "added faces of a cohort",
        _A.COHORT_REMOVED: "removed faces of a cohort",
        _A.VICTIM_ADDED: "began to look for a victim",
        _A.VICTIM_ENROLLED: "enrolled a victim's face",
        _A.VICTIM_CLOSED: "stopped looking for a victim",
        _A.ENROLMENT_DELETED: "deleted an enrolled face",
        _A.FACES_SEARCHED: "searched a case for a face",
        _A.FACES_SEARCHED_EVERYWHERE: "searched every case for a face",
        _A.CANDIDATE_JUDGED: "judged a candidate",
        _A.FACE_IDENTIFIED: "decided whether a face is a victim's",
        _A.CASES_LINKED: "decided whether cases belong together",
        _A.FACE_LEADS_FOUND: "had faces compared with victims",
        _A.FACE_LEAD_ANSWERED: "answered a lead",
        _A.FACE_SEARCHES_DELETED: "deleted what was searched with",
        _A.CLUSTERS_MADE: "had the faces of a case clustered",
        _A.CLUSTERS_CHANGED: "changed clusters",
        _A.CLUSTER_NAMED: "named a cluster",
        _A.TRIAL_REPORTED: "wrote the report of a trial",
        _A.CAMERA_ENROLLED: "enrolled a camera",
        _A.CAMERA_WITHDRAWN: "withdrew a camera",
        _A.CAMERA_COMPARED: "compared files with a camera",
        _A.CAMERA_SEARCHED: "searched for the camera of a file",
        _A.CAMERA_CALIBRATED: "calibrated the comparison with cameras",
        _A.CAMERA_LEADS_FOUND: "had earlier files compared with cameras",
        _A.CAMERA_LINK_DECIDED: "decided whether a file was taken with a camera",
        _A.SOURCES_CLUSTERED: "had the files of a case clustered by sensor noise",
        _A.CAMERA_REPORTED: "wrote a report on a camera",
    }
)
"""Words by act; every act has some."""


def say_act(act: str) -> str:
    """Returns an act in plain words; one that a newer version recorded as it is written."""
    return ACT_WORDS[Act(act)] if act in set(Act) else act.replace("_", " ")
