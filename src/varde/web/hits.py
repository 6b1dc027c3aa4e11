"""Hits of a search as a page shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from varde.core.case import Case
from varde.store.hit_facts import HitFacts, load_hit_facts


@dataclass(frozen=True, slots=True)
class FoundItem:
    """An item that was found, before it is looked up.

    Attributes:
        reasons: why, in plain words.
        distance: from what was searched with; None where by no distance.
    """

    case_id: int
    item_id: int
    reasons: tuple[str, ...]
    distance: int | None = None


@dataclass(frozen=True, slots=True)
class ShownHit:
    """A hit with all that is shown of it.

    Attributes:
        picture: path of its small picture at its least revealing; "" where it has none.
    """

    case: Case
    facts: HitFacts
    reasons: tuple[str, ...]
    distance: int | None
    picture: str


def show_hits(
    connection: Connection, found: Sequence[FoundItem], cases: dict[int, Case], make_key: Callable[[bytes], str]
) -> list[ShownHit]:
    """Returns hits in their order, each with its case; those of cases not given are left out.

    Args:
        connection: the site's.
        found: what was found.
        cases: by row number, those whose items may be shown.
        make_key: gives the key of a content's pictures by its SHA-256.
    """
    facts = load_hit_facts(connection, [one.item_id for one in found])
    shown = []
    for one in found:
        item, case = facts.get(one.item_id), cases.get(one.case_id)
        if item is None or case is None:
            continue
        has_picture = item.has_picture and item.sha256 is not None
        picture = f"/items/{item.item_id}/picture/0?k={make_key(item.sha256)}" if has_picture and item.sha256 else ""
        shown.append(ShownHit(case, item, one.reasons, one.distance, picture))
    return shown
