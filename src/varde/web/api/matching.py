"""``/m``: compare hashes and files with the known sets."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from varde.core.access import Right, Token
from varde.core.digest import DigestAlgorithm
from varde.hashing import pdq
from varde.pipeline.lookup import KnownMatch
from varde.pipeline.match_content import match_content
from varde.web.access import GuardedRoute, find_caller, require
from varde.web.bank_names import BankNames, is_loud
from varde.web.counters import Asked
from varde.web.errors import refuse
from varde.web.hashed import FileQuery, HashedFile, Purpose, hash_file
from varde.web.services import Services, get_services
from varde.web.signal_types import SIGNAL_TYPES, SignalType, get_signal_type

router = APIRouter(prefix="/m", tags=["Matching"], route_class=GuardedRoute)

UNKNOWN_BANKS = "Varde-Unknown-Banks"
"""Header that says how many names in ``banks`` are of no bank."""

Matches = dict[str, list[dict[str, int | str]]]
"""Matches by bank."""

_DIGESTS = frozenset(one.value for one in DigestAlgorithm)


class CoinFlip(BaseModel):
    """What the compatible interface has for skipping banks at random: taken, and of no effect.

    Attributes:
        seed, bypass_coinflip: whatever they say, every bank is compared.
    """

    seed: str | None = None
    bypass_coinflip: bool = False


@router.get("/lookup", dependencies=[require(Right.LOOKUP)])
async def look_up(
    request: Request,
    services: Annotated[Services, Depends(get_services)],
    caller: Annotated[Token, Depends(find_caller)],
    coin_flip: Annotated[CoinFlip, Depends()],
    signal: str | None = None,
    signal_type: str | None = None,
    url: Annotated[str | None, Query(max_length=4096)] = None,
    content_type: str | None = None,
    types: str | None = None,
    banks: str | None = None,
) -> JSONResponse:
    """Look a hash up, or the file at a URL."""
    if url:
        _check_may_hash(caller)
        hashed = await hash_file(request, services, caller, FileQuery(url, content_type, types), Purpose.LOOKUP)
        answer, headers = await _look_file_up(services, caller, hashed, banks)
        return JSONResponse(answer.get(signal_type, {}) if signal_type else answer, headers=headers)
    if not signal or not signal_type:
        raise refuse(400, "Either url, or both signal and signal_type are required.")
    one = get_signal_type(signal_type)
    value = one.parse(signal)
    found, names, headers = await _search(services, caller, one, value, banks)
    return JSONResponse(_group(found, names), headers=headers)


@router.post("/lookup", dependencies=[require(Right.LOOKUP)])
async def look_file_up(
    request: Request,
    services: Annotated[Services, Depends(get_services)],
    caller: Annotated[Token, Depends(find_caller)],
    coin_flip: Annotated[CoinFlip, Depends()],
    types: str | None = None,
    banks: str | None = None,
) -> JSONResponse:
    """Hash an uploaded file and look it up, by every signal type that applies to it."""
    _check_may_hash(caller)
    hashed = await hash_file(request, services, caller, FileQuery(types=types), Purpose.LOOKUP)
    answer, headers = await _look_file_up(services, caller, hashed, banks)
    return JSONResponse(answer, headers=headers)


@router.get("/raw_lookup", dependencies=[require(Right.LOOKUP)])
async def look_up_raw(
    services: Annotated[Services, Depends(get_services)],
    caller: Annotated[Token, Depends(find_caller)],
    signal: str,
    signal_type: str,
    include_distance: bool = False,
    banks: str | None = None,
) -> JSONResponse:
    """Look a hash up; the answer is not grouped by bank."""
    one = get_signal_type(signal_type)
    found, _, headers = await _search(services, caller, one, one.parse(signal), banks)
    matches = [_describe(match) if include_distance else match.entry.entry_id for match in found]
    return JSONResponse({"matches": matches}, headers=headers)


@router.post("/compare", dependencies=[require(Right.LOOKUP)])
async def compare(
    services: Annotated[Services, Depends(get_services)], pairs: Annotated[dict[str, list[str]], Body()]
) -> dict[str, list[Any]]:
    """Compare two hashes of each signal type with each other."""
    answer = {}
    for name, pair in pairs.items():
        one = get_signal_type(name)
        if len(pair) != 2:
            raise refuse(400, "A comparison needs a list of exactly two hashes for each signal type.")
        answer[name] = _compare(one, one.parse(pair[0]), one.parse(pair[1]), services.point.max_distance)
    return answer


@router.get("/index/status", dependencies=[require(Right.STATUS)])
async def show_index_status(
    services: Annotated[Services, Depends(get_services)], signal_type: str | None = None
) -> dict[str, dict[str, Any]]:
    """Show how many hashes of each signal type are compared with, and how new they are."""
    names = [get_signal_type(signal_type).name] if signal_type else list(SIGNAL_TYPES)
    sizes = await services.reading.run(services.measure_indexes)
    built_to = int(sizes.changed_at.timestamp()) if sizes.changed_at else -1
    found = {name: sizes.hashes.get(SIGNAL_TYPES[name].kind, 0) for name in names}
    return {
        name: {"built_to": built_to if size else -1, "present": size > 0, "size": size} for name, size in found.items()
    }


def _check_may_hash(caller: Token) -> None:
    if Right.HASH not in caller.rights:
        raise refuse(403, f"Looking a file up needs the right {Right.HASH.value!r} besides.")


async def _search(
    services: Services, caller: Token, one: SignalType, value: bytes, banks: str | None
) -> tuple[list[KnownMatch], BankNames, dict[str, str]]:
    def search() -> tuple[list[KnownMatch], BankNames, int]:
        if one.algorithm is not None:
            found = services.search.find_digest(one.algorithm, value)
        else:
            found = services.search.find_hashes(np.frombuffer(value, np.uint8).reshape(1, -1), services.point)[0]
        return _filter(services, found, banks)

    services.counters.add(caller.token_id, Asked.LOOKUP)
    matches, names, unknown = await services.searching.run(search)
    return matches, names, {UNKNOWN_BANKS: str(unknown)} if unknown else {}


async def _look_file_up(
    services: Services, caller: Token, hashed: HashedFile, banks: str | None
) -> tuple[dict[str, Matches], dict[str, str]]:
    def search() -> tuple[dict[str, Matches], int]:
        everything = match_content(services.search, hashed.content, services.point).matches
        found, names, unknown = _filter(services, list(everything), banks)
        answer = {one.name: _group(_of_type(services, one, hashed, found), names) for one in hashed.types}
        for method in {match.method for match in found} - _DIGESTS - set(answer) if hashed.is_everything else ():
            answer[method] = _group([match for match in found if match.method == method], names)
        return answer, unknown

    services.counters.add(caller.token_id, Asked.LOOKUP)
    answer, unknown = await services.searching.run(search)
    headers = {UNKNOWN_BANKS: str(unknown)} if unknown else {}
    return {name: answer[name] for name in answer if name not in hashed.reasons}, headers | hashed.headers


def _filter(services: Services, found: list[KnownMatch], banks: str | None) -> tuple[list[KnownMatch], BankNames, int]:
    """Returns the matches with the banks that were asked for: by default those in which a match says something."""
    if not found and not banks:
        return [], BankNames(()), 0
    with services.site.database.read() as connection:
        names = BankNames.read(connection)
    wanted, unknown = names.choose(banks)
    kept = [
        match
        for match in found
        if (is_loud(match.entry.role.value) if wanted is None else match.entry.set_id in wanted)
    ]
    return kept, names, unknown


def _of_type(services: Services, one: SignalType, hashed: HashedFile, found: list[KnownMatch]) -> list[KnownMatch]:
    """Returns the matches of a file that a signal type gives; one whose other digests differ is none."""
    if one.algorithm is None:
        return [match for match in found if match.method == one.name]
    agreeing = {match.entry.entry_id for match in found if match.method in _DIGESTS}
    digest: bytes = getattr(hashed.content.digests, one.algorithm.value)
    return [match for match in services.search.find_digest(one.algorithm, digest) if match.entry.entry_id in agreeing]


def _group(found: list[KnownMatch], names: BankNames) -> Matches:
    answer: Matches = {}
    for match in found:
        answer.setdefault(names.name(match.entry.set_name, match.entry.set_version), []).append(_describe(match))
    return answer


def _describe(match: KnownMatch) -> dict[str, int | str]:
    return {"bank_content_id": match.entry.entry_id, "distance": str(match.distance)}


def _compare(one: SignalType, left: bytes, right: bytes, max_distance: int) -> list[Any]:
    if one.algorithm is not None:
        return [left == right, {}]
    distance = pdq.distance(left, right)
    return [distance <= max_distance, {"distance": distance}]
