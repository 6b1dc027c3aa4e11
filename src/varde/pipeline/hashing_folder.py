"""Hashes a folder of pictures as known entries, in the same sandboxed processes and by the same methods as exhibits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from varde.core.errors import Unreadable
from varde.core.item import FoundFile
from varde.core.known import KnownEntry
from varde.core.media import MediaKind
from varde.core.outcome import NotComparable
from varde.evidence.folder import walk
from varde.hashing import pdq
from varde.hashing.video_hash import list_references
from varde.media.pool import Answer, Failure, Pool, Request
from varde.media.sampling import Sampling, SamplingMode
from varde.media.sandbox import SandboxLimits
from varde.pipeline.checking import read_examination
from varde.pipeline.examine import ExamineRequest
from varde.pipeline.machine import count_cores
from varde.pipeline.sources import FileSource
from varde.store.site import Site

_encode = msgspec.msgpack.Encoder().encode


def hash_folder(site: Site, folder: Path, notes: list[str]) -> Iterator[KnownEntry]:
    """Yields one entry for each picture or video of a folder, in no particular order; ``line`` counts files.

    Args:
        site: whose settings apply.
        folder: walked with all below it; archives in it are not opened.
        notes: what was left out and why is added here.
    """
    settings = site.settings.processing
    limits = SandboxLimits(settings.memory_limit_mib << 20)
    found = (file for file in walk(folder) if isinstance(file, FoundFile))
    with Pool("varde.pipeline.examine:prepare", settings.workers or count_cores(), limits) as pool:
        waiting = 0
        line = 0
        more = True
        while more or waiting:
            while more and pool.room > 0:
                file = next(found, None)
                if file is None:
                    more = False
                    break
                line += 1
                waiting += _submit(site, pool, folder, file, line, notes)
            answers = pool.wait(0.2) if waiting else []
            waiting -= len(answers)
            for answer in answers:
                entry = _read_answer(answer, notes)
                if entry:
                    yield entry


def _submit(site: Site, pool: Pool, folder: Path, file: FoundFile, line: int, notes: list[str]) -> int:
    try:
        part = FileSource(folder, file.locator.segments[0], file.size_bytes).open()
    except Unreadable as error:
        notes.append(f"{file.locator}: {error}")
        return 0
    limit_s = site.settings.processing.video_time_limit_s
    sampling = Sampling.within(SamplingMode.ALL, limit_s)
    decode = site.settings.decode.limits()
    request = ExamineRequest(part.offset, part.size_bytes, decode, sampling=sampling, local_features=True)
    key = (line, str(file.locator), part.size_bytes)
    pool.submit(Request(key, _encode(request), (part.descriptor,), limit_s))
    return 1


def _read_answer(answer: Answer, notes: list[str]) -> KnownEntry | None:
    line, locator, part_bytes = answer.key
    examination = read_examination(answer.result, part_bytes)
    if isinstance(examination, Failure):
        notes.append(f"{locator}: {examination.detail}")
        return None
    content = examination.content
    if content is None or content.media_type.kind not in {MediaKind.PICTURE, MediaKind.VIDEO}:
        notes.append(f"{locator}: left out, it is no picture or video")
        return None
    notes.extend(f"{locator}: {issue.cause}" for issue in examination.issues)
    found = [
        hashed
        for signal in content.signals
        if signal.method == pdq.METHOD and not isinstance(signal.outcome, NotComparable)
        for hashed in signal.outcome
    ]
    references = list_references(found) if content.media_type.kind is MediaKind.VIDEO else found
    digests, features = content.digests, content.local_features
    return KnownEntry(
        line=line,
        md5=digests.md5,
        sha1=digests.sha1,
        sha256=digests.sha256,
        pdq=tuple((hashed.value, hashed.quality, hashed.offset_s) for hashed in references),
        source_id=locator,
        size_bytes=digests.size_bytes,
        mime=content.media_type.mime,
        local_features=features if isinstance(features, tuple) else (),
        sampling=content.sampling,
    )
