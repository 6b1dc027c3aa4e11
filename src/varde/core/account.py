"""People who work with a site: accounts, their roles, and what a role permits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class Permission(StrEnum):
    """What a person may do. Where it is about a case, access to that case is needed as well."""

    VIEW = "view"
    """See the cases one has access to, and what is in them."""

    REVIEW = "review"
    """Grade items, work in queues and give second opinions."""

    LEAD = "lead"
    """Open cases, add people to them, make queues, see agreement, write outcome cards and reports, settle."""

    SEARCH_CASES = "search_cases"
    """Search over several cases at once, with a purpose and an authorisation."""

    SEARCH_FACES = "search_faces"
    """Search for a face in a case one has access to, enrol victims, judge candidates; with `search_cases` in all."""

    IDENTIFY = "identify"
    """Decide that a face is a victim's, and that cases belong together."""

    COMPARE_CAMERAS = "compare_cameras"
    """Enrol cameras, compare files with them, search and cluster by sensor noise in cases one has access to."""

    LINK_CAMERAS = "link_cameras"
    """Decide that a file was taken with a camera, or was not."""

    SEE_SUMS = "see_sums"
    """See the unit's exposure as sums, never one person's."""

    CURATE = "curate"
    """Import, withdraw, dispute and export known sets."""

    ADMINISTER = "administer"
    """Manage accounts, case access and tokens; gives no access to material."""

    AUDIT = "audit"
    """Read and verify the audit log; gives no access to material."""


class Role(StrEnum):
    """What a person is here. One person may have several."""

    EXAMINER = "examiner"
    INVESTIGATOR = "investigator"
    SUPERVISOR = "supervisor"
    SET_MANAGER = "set_manager"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


_P = Permission
_INVESTIGATOR: frozenset[Permission] = frozenset(
    {
        _P.VIEW,
        _P.REVIEW,
        _P.LEAD,
        _P.SEARCH_CASES,
        _P.SEARCH_FACES,
        _P.IDENTIFY,
        _P.COMPARE_CAMERAS,
        _P.LINK_CAMERAS,
    }
)
PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.EXAMINER: frozenset({_P.VIEW, _P.REVIEW, _P.COMPARE_CAMERAS}),
        Role.INVESTIGATOR: _INVESTIGATOR,
        Role.SUPERVISOR: _INVESTIGATOR | {_P.SEE_SUMS},
        Role.SET_MANAGER: frozenset({_P.CURATE}),
        Role.ADMINISTRATOR: frozenset({_P.ADMINISTER}),
        Role.AUDITOR: frozenset({_P.AUDIT}),
    }
)
"""What each role permits."""


def find_permissions(roles: Iterable[Role]) -> frozenset[Permission]:
    """Returns everything that somebody with these roles may do."""
    return frozenset[Permission]().union(*(PERMISSIONS[role] for role in roles))


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may log in.

    Attributes:
        account_id: its row number.
        name: what the person logs in with and is recorded as; unique for ever, since the audit log names it.
        full_name: as others know the person; "" where not given.
        disabled_at: UTC; None while the person may log in.
        must_change_password: whether somebody else knows the password.
        has_second_factor: whether a one-time code is asked for too.
        opted_out_at: UTC since when the person does not review, for which nobody is given a reason; None while they do.
        preferences: what the person chose for the pages, as plain data.
    """

    account_id: int
    name: str
    full_name: str
    roles: frozenset[Role]
    disabled_at: datetime | None
    must_change_password: bool
    has_second_factor: bool
    opted_out_at: datetime | None
    created_at: datetime
    created_by: str
    preferences: Mapping[str, object]

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the person may do."""
        return find_permissions(self.roles)
