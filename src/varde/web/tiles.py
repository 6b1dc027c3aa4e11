"""Tiles: what the grid, a stack and a queue show of an item, as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from varde.core.media import MediaKind
from varde.store.tile_facts import TileFacts, load_tile_facts
from varde.web.services import Services


class Tile(BaseModel):
    """An item with the stack it stands for, or a member of a stack for itself."""

    model_config = ConfigDict(frozen=True)

    item_id: int = Field(description="Of the item; of the leader, it names its stack in all requests.")
    name: str
    exhibit: int = Field(description="Number of the exhibit in the case.")
    folder: str = Field(description="Where it lies in the exhibit; empty at the top.")
    kind: MediaKind
    items: int = Field(description="Items in the stack; 1 for a member.")
    undecided: int = Field(description="Those of them without a grade in force.")
    matched: bool = Field(description="Whether one of them has a match that a person has to look at.")
    code: str | None = Field(description="Of the leader's grade in force; always null while one must not know it.")
    mixed: bool = Field(description="Whether its items do not all have the same grade.")
    has_picture: bool
    picture_key: str = Field(description="Part of the addresses of its pictures; empty where it has none.")
    width_px: int | None
    height_px: int | None
    duration_s: float | None
    reasons: list[str] = Field(description="Why it is looked at when it is, the strongest first.")
    held_by_other: bool = Field(description="Whether it is given to somebody else in a queue.")
    distance: int | None = Field(description="Of a member to the leader, in bits; null where the bytes are equal.")


def make_tiles(services: Services, connection: Connection, account_id: int, item_ids: Sequence[int]) -> list[Tile]:
    """Returns the tiles of leaders, each for its stack, in the order given; numbers of no item are left out.

    Args:
        services: for the keys of pictures.
        connection: a read transaction.
        account_id: who looks: codes are hidden where this person must not know them.
        item_ids: leaders; any other item stands for the stack it is in.
    """
    return [_make_tile(services, facts) for facts in load_tile_facts(connection, item_ids, account_id)]


def make_member_tiles(
    services: Services, connection: Connection, account_id: int, members: Sequence[tuple[int, int | None]]
) -> list[Tile]:
    """Returns the tiles of the members of a stack, each for itself alone.

    Args:
        services, connection, account_id: as `make_tiles`.
        members: (item, distance to the leader).
    """
    distances = dict(members)
    found = load_tile_facts(connection, list(distances), account_id)
    return [_make_member(services, facts, distances[facts.item_id]) for facts in found]


def _make_tile(services: Services, facts: TileFacts) -> Tile:
    stack = facts.stack
    is_mixed = bool(stack.codes) and (len(stack.codes) > 1 or stack.undecided > 0)
    return Tile(
        **_describe(services, facts),
        items=stack.items,
        undecided=stack.undecided,
        matched=stack.matched > 0,
        mixed=is_mixed and not facts.is_blind,
        reasons=list(stack.reasons),
        distance=None,
    )


def _make_member(services: Services, facts: TileFacts, distance: int | None) -> Tile:
    return Tile(
        **_describe(services, facts),
        items=1,
        undecided=int(facts.code is None),
        matched=facts.is_matched,
        mixed=False,
        reasons=list(facts.stack.reasons) if facts.item_id == facts.stack.leader_id else [],
        distance=distance,
    )


def _describe(services: Services, facts: TileFacts) -> dict[str, object]:
    has_picture = facts.has_picture and facts.sha256 is not None
    return {
        "item_id": facts.item_id,
        "name": facts.name,
        "exhibit": facts.exhibit,
        "folder": facts.folder,
        "kind": facts.kind,
        "code": None if facts.is_blind else facts.code,
        "has_picture": has_picture,
        "picture_key": services.make_picture_key(facts.sha256) if has_picture and facts.sha256 else "",
        "width_px": facts.width_px,
        "height_px": facts.height_px,
        "duration_s": facts.duration_s,
        "held_by_other": facts.is_held,
    }
