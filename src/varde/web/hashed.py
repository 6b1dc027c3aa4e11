"""Has a file examined in the sandbox, and says what its signals are in the interface's terms."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from enum import Enum

from fastapi import Request

from varde.core.access import Token
from varde.core.content import Content
from varde.core.outcome import NotComparable
from varde.core.signal import PerceptualHash
from varde.hashing import pdq
from varde.media.pool import Failure
from varde.media.sampling import DEFAULT_SAMPLING, Sampling, SamplingMode
from varde.pipeline.examine import ExamineRequest
from varde.web.counters import Asked
from varde.web.errors import refuse
from varde.web.fetching import fetch_file
from varde.web.services import Services
from varde.web.signal_types import CONTENT_TYPES, SignalType, choose_signal_types
from varde.web.uploads import Upload, receive_upload

NOT_COMPARABLE = "Varde-Not-Comparable"
"""Header that names signal types which could not be computed, each with its reason."""


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file's signals.

    Attributes:
        content: everything that was computed.
        types: the signal types that were asked for.
        signals: text of each that could be computed.
        reasons: why the others could not.
        texts: other fields of the form it came in.
        is_everything: whether no signal types were named.
    """

    content: Content
    types: tuple[SignalType, ...]
    signals: Mapping[str, str]
    reasons: Mapping[str, str]
    texts: Mapping[str, str]
    is_everything: bool

    @property
    def headers(self) -> dict[str, str]:
        """Headers that say what could not be computed; none where everything could."""
        return {NOT_COMPARABLE: ", ".join(f"{k}={v}" for k, v in self.reasons.items())} if self.reasons else {}


@dataclass(frozen=True, slots=True)
class FileQuery:
    """What a request says about the file it wants hashed.

    Attributes:
        url: where to fetch it from; None where it is in the body.
        content_type: ``photo`` or ``video``; None takes what the server of the URL says.
        types: names of signal types, separated by commas; None for all.
    """

    url: str | None = None
    content_type: str | None = None
    types: str | None = None


class Purpose(Enum):
    """What a file is hashed for, which decides how much is computed."""

    HASH = "hash"
    """To tell its signals: nothing that is not told is computed."""

    LOOKUP = "lookup"
    """To be compared, by every method the site has unless signal types were named."""

    KNOWN = "known"
    """To be compared with: local features too, and of a video every frame."""


async def hash_file(
    request: Request, services: Services, caller: Token, query: FileQuery, purpose: Purpose
) -> HashedFile:
    """Returns the signals of the file of a request: fetched if it names a URL, else uploaded with it.

    Raises:
        HTTPException: 400 for a request that does not fit, 403 if nothing is fetched from there, 422 if nothing of
            what was asked for can be computed, 503 with ``Retry-After`` if there is too much to do.
    """
    async with services.uploads.take(), _get_file(request, services, query) as upload:
        types = choose_signal_types(upload.content_type, query.types)
        services.counters.add(caller.token_id, Asked.HASH)
        wanted = _choose(services, upload, types, query, purpose)
        content, failure = await _examine(services, upload, wanted)
        return _describe(content, failure, upload, types, services, is_everything=query.types is None)


def _choose(
    services: Services, upload: Upload, types: list[SignalType], query: FileQuery, purpose: Purpose
) -> ExamineRequest:
    """Returns what has to be computed; a file of which only digests are wanted is not even decoded."""
    settings = services.site.settings
    is_everything = query.types is None and purpose is not Purpose.HASH
    is_known = purpose is Purpose.KNOWN
    limit_s = settings.processing.limit_s(upload.size_bytes)
    return ExamineRequest(
        0,
        upload.size_bytes,
        settings.decode.limits(),
        decode=is_everything or any(one.algorithm is None for one in types),
        sampling=Sampling.within(SamplingMode.ALL, limit_s) if is_known else DEFAULT_SAMPLING,
        local_features=is_everything,
    )


async def _examine(services: Services, upload: Upload, wanted: ExamineRequest) -> tuple[Content, Failure | None]:
    """Returns what came of it and what ended a first attempt; then only digests and type are taken."""
    result = await services.examiner.examine(upload.descriptor, wanted)
    failure = result if isinstance(result, Failure) else None
    if failure is not None and wanted.decode:
        result = await services.examiner.examine(upload.descriptor, replace(wanted, decode=False))
    if isinstance(result, Failure):
        raise refuse(422, f"The file could not be examined: {result.detail}")
    if result.content is None:
        raise refuse(422, "The file could not be read.")
    return result.content, failure


@asynccontextmanager
async def _get_file(request: Request, services: Services, query: FileQuery) -> AsyncIterator[Upload]:
    if query.url:
        async with fetch_file(services, query.url, query.content_type) as upload:
            yield upload
        return
    async with receive_upload(request, services.site.spool) as upload:
        yield upload


def _describe(
    content: Content,
    failure: Failure | None,
    upload: Upload,
    types: list[SignalType],
    services: Services,
    *,
    is_everything: bool,
) -> HashedFile:
    if not upload.size_bytes:
        raise refuse(422, "The file is empty.")
    kind = content.media_type.kind
    if kind in CONTENT_TYPES.values() and kind is not CONTENT_TYPES[upload.content_type]:
        raise refuse(400, f"The file is no {upload.content_type}: by its bytes it is a {kind.value}.")
    signals: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for one in types:
        if one.algorithm is not None:
            signals[one.name] = getattr(content.digests, one.algorithm.value).hex()
            continue
        least = services.site.settings.matching.pdq_min_quality
        found = find_pdq(content, least) if failure is None else f"decoder_{failure.kind.value}"
        if isinstance(found, str):
            reasons[one.name] = found
        else:
            signals[one.name] = found.value.hex()
    if not signals:
        raise refuse(
            422, f"Nothing that was asked for can be computed: {', '.join(f'{k}: {v}' for k, v in reasons.items())}."
        )
    return HashedFile(content, tuple(types), signals, reasons, upload.texts, is_everything)


def find_pdq(content: Content, min_quality: int) -> PerceptualHash | str:
    """Returns the PDQ hash of a picture (of its first frame), or the reason why it has none."""
    for signal in content.signals:
        if signal.method == pdq.METHOD:
            if isinstance(signal.outcome, NotComparable):
                return signal.outcome.reason.value
            first = signal.outcome[0]
            return first if first.quality >= min_quality else "quality_too_low"
    return "not_a_picture"
