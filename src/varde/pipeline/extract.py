"""Opens an item again by its locator, members of archives unpacked one level after the other in a decoder process."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

import msgspec

from varde.core.case import Exhibit, Keeping
from varde.core.errors import NotFound, Unreadable
from varde.core.limits import ArchiveLimits
from varde.core.locator import Locator, Segment
from varde.evidence.reading import SliceFile
from varde.evidence.registry import load_readers
from varde.evidence.reopen import copy_member, open_outermost
from varde.evidence.warm_up import warm_up
from varde.media.pool import Failure, Pool, Request
from varde.media.sandbox import SandboxLimits
from varde.store import item_lists, records
from varde.store.site import Site


@dataclass(frozen=True, slots=True)
class ExtractRequest:
    """Which member of the archive in the first descriptor goes to the second one."""

    size_bytes: int
    segment: Segment
    limits: ArchiveLimits
    plugins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extraction:
    """What came of it: ``problem`` is "" where the member was unpacked."""

    problem: str


def prepare() -> Callable[[bytes, list[int]], bytes]:
    """Returns the handler for a decoder process, everything it needs imported and warmed up."""
    warm_up()
    decoder = msgspec.msgpack.Decoder(ExtractRequest)
    encoder = msgspec.msgpack.Encoder()

    def handle(payload: bytes, files: list[int]) -> bytes:
        return encoder.encode(_extract(decoder.decode(payload), files[0], files[1]))

    return handle


@contextmanager
def open_item(site: Site, exhibit: Exhibit, locator: Locator) -> Iterator[BinaryIO]:
    """Gives an item's bytes as a seekable file, valid inside the ``with`` block. The caller verifies the digest.

    Raises:
        NotFound: if the file, an archive or the member is not there any more or cannot be unpacked.
        IntegrityFailure: if the site's copy of it has changed.
    """
    outermost, *members = locator.segments
    with ExitStack() as stack:
        try:
            file = stack.enter_context(_open_outermost(site, exhibit, outermost))
        except Unreadable as error:
            raise NotFound(f"{locator} cannot be opened any more: {error}") from error
        if members:
            pool = stack.enter_context(_start_pool(site))
            for segment in members:
                sink = cast(BinaryIO, stack.enter_context(tempfile.TemporaryFile(dir=site.spool)))
                _unpack_one(pool, site, file, segment, sink)
                file = sink
        file.seek(0)
        yield file


@contextmanager
def _open_outermost(site: Site, exhibit: Exhibit, segment: Segment) -> Iterator[BinaryIO]:
    if exhibit.keeping is Keeping.REFERENCE:
        with open_outermost(exhibit.path, segment) as original, os.fdopen(original.duplicate(), "rb") as file:
            yield file
        return
    locator = str(Locator((segment,)))
    with site.database.read() as connection:
        ids = item_lists.find_by_locator(connection, exhibit.exhibit_id, locator)
        record = next(records.load_records(connection, ids), None)
    if record is None or record.content is None:
        raise NotFound(f"{locator} was never copied into this site")
    with site.contents.verify(record.content.digests.sha256).open("rb") as file:
        yield file


def _start_pool(site: Site) -> Pool:
    memory = site.settings.processing.memory_limit_mib << 20
    largest = site.settings.archive.limits().max_member_bytes
    return Pool("varde.pipeline.extract:prepare", 1, SandboxLimits(memory, write_bytes=largest))


def _unpack_one(pool: Pool, site: Site, file: BinaryIO, segment: Segment, sink: BinaryIO) -> None:
    settings = site.settings
    size = file.seek(0, os.SEEK_END)
    request = ExtractRequest(size, segment, settings.archive.limits(), settings.plugins.evidence)
    files = (os.dup(file.fileno()), os.dup(sink.fileno()))
    payload = msgspec.msgpack.encode(request)
    result = pool.ask(Request(segment, payload, files, settings.processing.expand_time_limit_s))
    problem = result.detail if isinstance(result, Failure) else _read_problem(result)
    if problem:
        raise NotFound(f"{Locator((segment,))} cannot be unpacked any more: {problem}")


def _read_problem(answer: bytes) -> str:
    return msgspec.msgpack.decode(answer, type=Extraction).problem


def _extract(request: ExtractRequest, archive: int, output: int) -> Extraction:
    source = cast(BinaryIO, SliceFile(archive, 0, request.size_bytes))
    with os.fdopen(os.dup(output), "r+b", buffering=0) as sink:
        try:
            copy_member(source, request.segment, cast(BinaryIO, sink), request.limits, load_readers(request.plugins))
        except (NotFound, Unreadable) as error:
            return Extraction(str(error))
    return Extraction("")
