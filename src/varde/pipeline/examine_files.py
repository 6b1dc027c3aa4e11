"""Examines single files that belong to no case, in the same sandboxed processes and by the same methods as exhibits."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from varde.core.errors import NotFound, Unreadable
from varde.core.issue import Issue, IssueCode, Step
from varde.core.locator import Segment
from varde.core.model import ModelTask
from varde.media.pool import Answer, Failure, Pool, Request
from varde.media.sandbox import SandboxLimits
from varde.models.pack import Pack
from varde.pipeline.checking import read_examination
from varde.pipeline.examine import TARGET, Examination, ExamineRequest
from varde.pipeline.machine import count_cores
from varde.pipeline.sources import FileSource, OpenPart
from varde.pipeline.tasks import FAILURE_CODES
from varde.store.settings import Settings

_encode = msgspec.msgpack.Encoder().encode
_WAIT_S = 0.2


class FileExaminer:
    """A pool of decoder processes for files named one by one. Use as a context manager; one thread at a time."""

    def __init__(
        self,
        settings: Settings,
        request: ExamineRequest | None = None,
        *,
        workers: int = 0,
        pack: Pack | None = None,
    ) -> None:
        """Starts the processes.

        Args:
            settings: limits and number of processes.
            request: which signals are wanted; its part is set for each file.
            workers: number of processes; 0 takes the settings'.
            pack: of the models that look for faces, where the request wants them.
        """
        self._processing = settings.processing
        self._request = request or ExamineRequest(0, 0, settings.decode.limits())
        limits = SandboxLimits(settings.processing.memory_limit_mib << 20)
        self._dimensions = int(pack.get(ModelTask.FACE_EMBED).output["dimensions"]) if pack else None
        target = f"{TARGET}:{pack.folder}" if pack else TARGET
        self._pool = Pool(target, workers or settings.processing.workers or count_cores(), limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def examine(self, path: Path) -> Examination:
        """Returns what came of one file; what went wrong is an issue of it."""
        return next(iter(self.examine_all([path])))

    def examine_all(self, paths: Iterable[Path]) -> Iterator[Examination]:
        """Yields what came of each file, in the order asked; at most a few more than processes are in memory."""
        wanted = enumerate(paths)
        done: dict[int, Examination] = {}
        sizes: dict[int, int] = {}
        asked = answered = 0
        more = True
        while more or answered < asked:
            # A slow file holds back the answers after it: no more of them than this are kept.
            while more and self._pool.room > 0 and asked - answered < 8 * max(2, len(self._pool.pids)):
                number, path = next(wanted, (0, None))
                if path is None:
                    more = False
                    break
                asked += 1
                self._submit(number, path, sizes, done)
            if sizes:
                for answer in self._pool.wait(_WAIT_S):
                    done[answer.key] = _read_answer(answer, sizes.pop(answer.key), self._dimensions)
            while answered in done:
                yield done.pop(answered)
                answered += 1

    def _submit(self, number: int, path: Path, sizes: dict[int, int], done: dict[int, Examination]) -> None:
        try:
            part = _open(path)
        except Unreadable as error:
            done[number] = _fail(IssueCode(error.issue_code), str(error))
            return
        except NotFound as error:
            done[number] = _fail(IssueCode.VANISHED, str(error))
            return
        sizes[number] = part.size_bytes
        request = replace(self._request, offset=part.offset, size_bytes=part.size_bytes)
        self._pool.submit(
            Request(number, _encode(request), (part.descriptor,), self._processing.limit_s(part.size_bytes))
        )


def _open(path: Path) -> OpenPart:
    """Returns the file, opened; a link is followed, as a person who names one expects."""
    real = Path(os.path.realpath(path))
    if not real.exists():
        raise NotFound("There is no such file.")
    if real.is_dir():
        raise Unreadable(IssueCode.SPECIAL_FILE, "It is a folder; name the files in it.")
    return FileSource(real, Segment(os.fsencode(real.name))).open()


def _read_answer(answer: Answer, part_bytes: int, dimensions: int | None) -> Examination:
    result = read_examination(answer.result, part_bytes, dimensions)
    if isinstance(result, Failure):
        return _fail(FAILURE_CODES[result.kind], result.detail)
    return result


def _fail(code: IssueCode, cause: str) -> Examination:
    return Examination(None, (Issue(code, Step.READ, cause),), {})
