"""The areas of the pages, as they stand in the navigation: an area is one line here, and one module beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from varde.core.account import Permission
from varde.web.people import Visitor


@dataclass(frozen=True, slots=True)
class Area:
    """Something to go to from everywhere.

    Attributes:
        path: of its first page.
        permission: what somebody needs to be shown it; None nothing.
    """

    label: str
    path: str
    permission: Permission | None


AREAS: Final = (
    Area("Cases", "/", Permission.VIEW),
    Area("My work", "/queues", Permission.REVIEW),
    Area("Search", "/search", Permission.VIEW),
    Area("Known sets", "/known", Permission.CURATE),
    Area("Audit", "/audit", Permission.AUDIT),
    Area("Administration", "/administration", Permission.ADMINISTER),
    Area("Exposure", "/exposure", Permission.REVIEW),
)


def list_areas(visitor: Visitor | None) -> list[Area]:
    """Returns the areas a visitor may go to; none for nobody."""
    return [a for a in AREAS if visitor is not None and (a.permission is None or visitor.may(a.permission))]
