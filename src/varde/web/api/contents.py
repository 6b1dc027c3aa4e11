"""``/c/bank/<name>/content``: entries of known sets as contents of banks."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Query, Request
from pydantic import BaseModel, Field

from varde.core.access import Right, Token
from varde.core.known import EntryState, KnownAct, KnownEntry, SetDelta
from varde.store.find_known import EntryWords
from varde.store.known_entries import StoredEntry, find_by_source_id, load_entries
from varde.store.known_sets import KnownSet
from varde.web.access import GuardedRoute, find_actor, find_caller, require
from varde.web.api.banks import FORMAT, REASON, find_bank
from varde.web.bank_entries import MOST_NOTE, SOURCE, Metadata, describe_file, describe_hashes, show_entry, write_extra
from varde.web.errors import refuse
from varde.web.hashed import FileQuery, Purpose, hash_file
from varde.web.services import Services, get_services
from varde.web.signal_types import get_signal_type
from varde.workflows import update_known_set
from varde.workflows.actor import Actor
from varde.workflows.withdraw_known import Target, change_known

router = APIRouter(prefix="/c", tags=["Bank Content"], route_class=GuardedRoute)

_MOST_ID = 2**62
_ONLY_NOW = (
    "A content counts or it does not: disable_until_ts can be 0 (withdrawn) or 1 (in force). The note of such a change "
    "is kept as its reason; a note alone cannot be changed."
)
_NOT_OURS = (
    "Contents cannot be added to this bank: it is a list of {owner}, which came as {format}. "
    "Make a bank of your own for them."
)


class ContentUpdate(BaseModel):
    """What is to become of a content.

    Attributes:
        disable_until_ts: 0 withdraws it, 1 takes it back in.
        note: the reason.
    """

    disable_until_ts: int | None = None
    note: Annotated[str | None, Field(max_length=MOST_NOTE)] = None


@router.post("/bank/{bank_name}/content", dependencies=[require(Right.CURATE)])
async def add_content(
    request: Request,
    bank_name: str,
    services: Annotated[Services, Depends(get_services)],
    caller: Annotated[Token, Depends(find_caller)],
    actor: Annotated[Actor, Depends(find_actor)],
    url: Annotated[str | None, Query(max_length=4096)] = None,
    content_type: str | None = None,
    types: str | None = None,
) -> dict[str, Any]:
    """Hash a file and add it to a bank."""
    bank = await services.reading.run(_find_own_bank, services, bank_name)
    texts = await _read_texts(request) if url else {}
    hashed = await hash_file(request, services, caller, FileQuery(url, content_type, types), Purpose.KNOWN)
    entry = describe_file(hashed, texts or hashed.texts)
    content_id = await services.change(_add, services, actor, bank, entry)
    return {"id": content_id, "signals": dict(hashed.signals)}


@router.post("/bank/{bank_name}/signal", dependencies=[require(Right.CURATE)])
async def add_signals(
    bank_name: str,
    signals: Annotated[dict[str, str | None], Body()],
    services: Annotated[Services, Depends(get_services)],
    actor: Annotated[Actor, Depends(find_actor)],
) -> dict[str, Any]:
    """Add hashes of one content to a bank."""
    bank = await services.reading.run(_find_own_bank, services, bank_name)
    note = signals.pop("note", None)
    if not signals:
        raise refuse(400, "No signals given")
    raw = {name: get_signal_type(name).parse(text) for name, text in signals.items()}
    entry = describe_hashes(raw, write_extra(Metadata(), note))
    content_id = await services.change(_add, services, actor, bank, entry)
    return {"id": content_id, "signals": {name: value.hex() for name, value in raw.items()}}


@router.get("/bank/{bank_name}/content/{content_id}", dependencies=[require(Right.CURATE)])
async def show_content(
    bank_name: str,
    content_id: int,
    services: Annotated[Services, Depends(get_services)],
    include_signals: bool = False,
    include_metadata: bool = True,
) -> dict[str, Any]:
    """Show a content of a bank."""
    bank, stored = await services.reading.run(_find_content, services, bank_name, content_id)
    return show_entry(bank_name, bank, stored, with_signals=include_signals, with_metadata=include_metadata)


@router.put("/bank/{bank_name}/content/{content_id}", dependencies=[require(Right.CURATE)])
async def update_content(
    bank_name: str,
    content_id: int,
    update: ContentUpdate,
    services: Annotated[Services, Depends(get_services)],
    actor: Annotated[Actor, Depends(find_actor)],
) -> dict[str, Any]:
    """Withdraw a content, or take it back in."""
    if update.disable_until_ts not in (0, 1):
        raise refuse(400, _ONLY_NOW)
    act = KnownAct.REINSTATED if update.disable_until_ts else KnownAct.WITHDRAWN
    await services.change(_change, services, actor, bank_name, content_id, act, update.note or REASON)
    bank, stored = await services.reading.run(_find_content, services, bank_name, content_id)
    return show_entry(bank_name, bank, stored, with_signals=False, with_metadata=True)


@router.delete("/bank/{bank_name}/content/{content_id}", dependencies=[require(Right.CURATE)])
async def delete_content(
    bank_name: str,
    content_id: int,
    services: Annotated[Services, Depends(get_services)],
    actor: Annotated[Actor, Depends(find_actor)],
) -> dict[str, int]:
    """Withdraw a content: it matches no more; nothing of it is lost."""
    await services.reading.run(find_bank, services, bank_name)
    try:
        deleted = await services.change(_change, services, actor, bank_name, content_id, KnownAct.WITHDRAWN, REASON)
    except HTTPException as error:
        if error.status_code != 404:
            raise
        deleted = 0
    return {"deleted": deleted}


def _find_own_bank(services: Services, name: str) -> KnownSet:
    bank = find_bank(services, name)
    if bank.format != FORMAT:
        raise refuse(403, _NOT_OURS.format(owner=bank.owner or "another authority", format=bank.format))
    return bank


def _find_content(services: Services, bank_name: str, content_id: int) -> tuple[KnownSet, StoredEntry]:
    bank = find_bank(services, bank_name)
    with services.site.database.read() as connection:
        found = load_entries(connection, [content_id]) if 0 < content_id <= _MOST_ID else []
    if not found or found[0].set_id != bank.set_id:
        raise refuse(404, f"content '{content_id}' not found")
    return bank, found[0]


def _change(services: Services, actor: Actor, bank_name: str, content_id: int, act: KnownAct, reason: str) -> int:
    """Returns how many contents were changed: one, or none if it was so already."""
    bank, stored = _find_content(services, bank_name, content_id)
    if (act is KnownAct.WITHDRAWN) is (stored.state is EntryState.WITHDRAWN):
        return 0
    target = Target(set_name=bank.name, set_version=bank.version, words=EntryWords(rows=(content_id,)))
    return len(change_known(services.site, actor, act, target, reason).changed)


def _add(services: Services, actor: Actor, bank: KnownSet, entry: KnownEntry) -> int:
    """Returns the row number of an entry that was added."""
    update_known_set.apply_delta(services.site, actor, bank.set_id, SetDelta(upserts=(entry,)), SOURCE)
    with services.site.database.read() as connection:
        return find_by_source_id(connection, bank.set_id, [entry.source_id])[entry.source_id][0].entry_id


async def _read_texts(request: Request) -> dict[str, str]:
    """Returns metadata and note of a JSON body, as a form would hold them."""
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        return {}
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise refuse(400, "The request's body is no JSON.") from error
    if not isinstance(body, dict):
        raise refuse(400, "The request's body is no JSON object.")
    texts = {"metadata": json.dumps(body["metadata"])} if body.get("metadata") is not None else {}
    return texts | ({"note": body["note"]} if isinstance(body.get("note"), str) else {})
