"""Contents of banks as known entries, and known entries as contents of banks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from varde.core.known import EntryState, KnownEntry
from varde.core.media import MediaKind
from varde.core.outcome import NotComparable
from varde.hashing import pdq
from varde.hashing.video_hash import list_references
from varde.store.known_entries import StoredEntry
from varde.store.known_sets import KnownSet
from varde.store.types import make_storable
from varde.web.bank_names import describe_bank
from varde.web.errors import refuse
from varde.web.hashed import HashedFile
from varde.web.signal_types import get_signal_type

SOURCE: Final = "interface"
"""What revisions and sets that came through the interface name as their source."""

MOST_NOTE: Final = 255
_BEST_QUALITY = 100
"""Of a hash that came without one, as everywhere."""


class Metadata(BaseModel):
    """What a program wants to keep beside a content."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    content_id: Annotated[str | None, Field(max_length=1000)] = None
    content_uri: Annotated[str | None, Field(max_length=4000)] = None
    json_data: Annotated[dict[str, Any] | None, Field(alias="json")] = None


def describe_file(hashed: HashedFile, texts: Mapping[str, str]) -> KnownEntry:
    """Returns an entry with everything that was computed of the signal types that were asked for."""
    content = hashed.content
    raw = {name: get_signal_type(name).parse(text) for name, text in hashed.signals.items()}
    entry = describe_hashes(raw, write_extra(_read_metadata(texts.get("metadata")), texts.get("note")))
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


def describe_hashes(raw: Mapping[str, bytes], extra: tuple[tuple[str, str], ...]) -> KnownEntry:
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


def _read_metadata(text: str | None) -> Metadata:
    if text is None:
        return Metadata()
    try:
        return Metadata.model_validate_json(text)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise refuse(400, f"Invalid metadata: {problems}") from error


def write_extra(metadata: Metadata, note: str | None) -> tuple[tuple[str, str], ...]:
    """Returns what is kept beside the hashes, as text; nothing of it is interpreted.

    Raises:
        HTTPException: 400 if the note is too long, or the metadata holds numbers that JSON has none for.
    """
    if note and len(note) > MOST_NOTE:
        raise refuse(400, f"note must be at most {MOST_NOTE} characters")
    try:
        text = None if metadata.json_data is None else json.dumps(metadata.json_data, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise refuse(400, "Invalid metadata: json holds a number that is none in JSON.") from error
    written = {
        "content_id": metadata.content_id,
        "content_uri": metadata.content_uri,
        "json": text,
        "note": note,
    }
    return tuple((name, make_storable(text)) for name, text in written.items() if text)


def show_entry(
    bank_name: str, bank: KnownSet, stored: StoredEntry, *, with_signals: bool, with_metadata: bool
) -> dict[str, Any]:
    """Returns an entry as the interface shows a content of a bank."""
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
