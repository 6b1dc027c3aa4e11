"""``/c/bank/<name>/content``: entries of known sets as contents of banks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from varde.core.access import Right, Token
from varde.core.known import EntryState, KnownAct, KnownEntry, SetDelta
from varde.core.media import MediaKind
from varde.core.outcome import NotComparable
from varde.hashing import pdq
from varde.hashing.video_hash import list_references
from varde.store.find_known import EntryWords
from varde.store.known_entries import StoredEntry, find_by_source_id, load_entries
from varde.store.known_sets import KnownSet
from varde.store.types import make_storable
from varde.web.access import GuardedRoute, find_actor, find_caller, require
from varde.web.api.banks import FORMAT, REASON, SOURCE, find_bank
from varde.web.bank_names import describe_bank
from varde.web.errors import refuse
from varde.web.hashed import FileQuery, HashedFile, Purpose, hash_file
from varde.web.services import Services, get_services
from varde.web.signal_types import get_signal_type
from varde.workflows import update_known_set
from varde.workflows.actor import Actor
from varde.workflows.withdraw_known import Target, change_known

router = APIRouter(prefix="/c", tags=["Bank Content"], route_class=GuardedRoute)

_MOST_NOTE = 255
_MOST_ID = 2**62
_BEST_QUALITY = 100
"""Of a hash that came without one, as everywhere."""

_ONLY_NOW = (
    "A content counts or it does not: disable_until_ts can be 0 (withdrawn) or 1 (in force). The note of such a change "
    "is kept as its reason; a note alone cannot be changed."
)
_NOT_OURS = (
    "Contents cannot be added to this bank: it is a list of {owner}, which came as {format}. "
    "Make a bank of your own for them."
)


class Metadata(BaseModel):
    """What a program wants to keep beside a content."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    content_id: Annotated[str | None, Field(max_length=1000)] = None
    content_uri: Annotated[str | None, Field(max_length=4000)] = None
    json_data: Annotated[dict[str, Any] | None, Field(alias="json")] = None


class ContentUpdate(BaseModel):
    """What is to become of a content.

    Attributes:
        disable_until_ts: 0 withdraws it, 1 takes it back in.
        note: the reason.
    """

    disable_until_ts: int | None = None
    note: Annotated[str | None, Field(max_length=_MOST_NOTE)] = None


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
    entry = _describe_file(hashed, texts or hashed.texts)
    content_id = await services.changing.run(_add, services, actor, bank, entry)
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
    entry = _describe_hashes(raw, _write_extra(Metadata(), note))
    content_id = await services.changing.run(_add, services, actor, bank, entry)
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
    return _show(bank_name, bank, stored, with_signals=include_signals, with_metadata=include_metadata)


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
    await services.changing.run(_change, services, actor, bank_name, content_id, act, update.note or REASON)
    bank, stored = await services.reading.run(_find_content, services, bank_name, content_id)
    return _show(bank_name, bank, stored, with_signals=False, with_metadata=True)


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
        deleted = await services.changing.run(
            _change, services, actor, bank_name, content_id, KnownAct.WITHDRAWN, REASON
        )
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


def _describe_file(hashed: HashedFile, texts: Mapping[str, str]) -> KnownEntry:
    """Returns an entry with everything that was computed of the signal types that were asked for."""
    content = hashed.content
    raw = {name: get_signal_type(name).parse(text) for name, text in hashed.signals.items()}
    entry = _describe_hashes(raw, _write_extra(_read_metadata(texts.get("metadata")), texts.get("note")))
    entry = replace(entry, size_bytes=content.digests.size_bytes, mime=content.media_type.mime)
    if not hashed.is_everything and "pdq" not in raw:
        return entry
    found = [
        one
        for signal in content.signals
        if signal.method == pdq.METHOD and not isinstance(signal.outcome, NotComparable)
        for one in signal.outcome
    ]
    references = list_references(found) if content.media_type.kind is MediaKind.VIDEO else found
    features = content.local_features
    return replace(
        entry,
        pdq=tuple((one.value, one.quality, one.offset_s) for one in references),
        local_features=features if isinstance(features, tuple) else (),
        sampling=content.sampling,
    )


def _describe_hashes(raw: Mapping[str, bytes], extra: tuple[tuple[str, str], ...]) -> KnownEntry:
    """Returns an entry with an identifier of its own, so that no other of the bank is superseded by it."""
    by_kind = {get_signal_type(name).kind: value for name, value in raw.items()}
    return KnownEntry(
        line=1,
        md5=by_kind.get("md5"),
        sha1=by_kind.get("sha1"),
        sha256=by_kind.get("sha256"),
        pdq=((by_kind["pdq"], _BEST_QUALITY, None),) if "pdq" in by_kind else (),
        source_id=f"{SOURCE}-{uuid.uuid4().hex}",
        extra=extra,
    )


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


def _read_metadata(text: str | None) -> Metadata:
    if text is None:
        return Metadata()
    try:
        return Metadata.model_validate_json(text)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise refuse(400, f"Invalid metadata: {problems}") from error


def _write_extra(metadata: Metadata, note: str | None) -> tuple[tuple[str, str], ...]:
    """Returns what is kept beside the hashes, as text; nothing of it is interpreted."""
    if note and len(note) > _MOST_NOTE:
        raise refuse(400, f"note must be at most {_MOST_NOTE} characters")
    written = {
        "content_id": metadata.content_id,
        "content_uri": metadata.content_uri,
        "json": json.dumps(metadata.json_data, sort_keys=True) if metadata.json_data is not None else None,
        "note": note,
    }
    return tuple((name, make_storable(text)) for name, text in written.items() if text)


def _show(
    bank_name: str, bank: KnownSet, stored: StoredEntry, *, with_signals: bool, with_metadata: bool
) -> dict[str, Any]:
    entry, extra = stored.entry, dict(stored.entry.extra)
    answer: dict[str, Any] = {
        "id": stored.entry_id,
        "disable_until_ts": 0 if stored.state is EntryState.WITHDRAWN else 1,
        "original_media_uri": None,
        "bank": describe_bank(bank_name, bank),
    }
    if with_signals:
        answer["signals"] = _show_signals(entry)
    metadata = {name: extra[name] for name in ("content_id", "content_uri") if name in extra}
    if with_metadata and (metadata or "json" in extra):
        answer["metadata"] = metadata | ({"json": json.loads(extra["json"])} if "json" in extra else {})
    return answer | ({"note": extra["note"]} if "note" in extra else {})


def _show_signals(entry: KnownEntry) -> dict[str, str]:
    digests = {"md5": entry.md5, "sha1": entry.sha1, "sha256": entry.sha256}
    found = {name: value.hex() for name, value in digests.items() if value is not None}
    if entry.mime.startswith("video/") and "md5" in found:
        found["video_md5"] = found.pop("md5")
    if entry.pdq and entry.pdq[0][2] is None:
        found["pdq"] = entry.pdq[0][0].hex()
    return found
