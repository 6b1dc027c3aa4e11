"""Behaviour of `varde.web.examiner` and `varde.web.hashed` when decoders fail."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import anyio
import pytest
from asking import Client
from served_site import OPERATOR

from varde.core.access import Right
from varde.core.content import Content
from varde.core.digest import Digests
from varde.core.errors import VardeError
from varde.core.limits import DecodeLimits
from varde.core.media import MediaKind, MediaType
from varde.media.pool import Failure, FailureKind
from varde.pipeline.examine import Examination, ExamineRequest
from varde.store.settings import ProcessingSettings, Settings
from varde.store.site import Site
from varde.web.app import create_app
from varde.web.examiner import Examiner
from varde.workflows.manage_tokens import add_token

ONE = Settings(processing=ProcessingSettings(workers=1))


class DyingExaminer:
    """Its decoder dies of every file that it decodes, and of some that it only reads."""

    is_working = True

    def __init__(self, *, reads: bool = True) -> None:
        self.asked: list[ExamineRequest] = []
        self._reads = reads

    async def examine(self, descriptor: int, request: ExamineRequest) -> Examination | Failure:
        self.asked.append(request)
        if request.decode or not self._reads:
            return Failure(FailureKind.CRASHED, "The decoder was ended by SIGSEGV.")
        data = os.pread(descriptor, request.size_bytes, 0)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(descriptor, b"x")  # whoever examines cannot write
        digests = [hashlib.new(name, data).digest() for name in ("md5", "sha1", "sha256")]
        content = Content(Digests(*digests, len(data)), MediaType(MediaKind.PICTURE, "image/jpeg"))
        return Examination(content, (), {})


def ask(site: Site, examiner: DyingExaminer, data: bytes, path: str = "/h/hash") -> tuple[int, dict[str, str], str]:
    secret = add_token(site, OPERATOR, name=os.urandom(4).hex(), rights=list(Right)).secret
    with Client(create_app(site, examiner=examiner)) as client:
        client.headers = {"Authorization": f"Bearer {secret}"}
        said = client.post(path, files={"photo": ("a", data)})
        return said.status_code, said.json(), said.headers.get("varde-not-comparable", "")


def test_a_file_that_kills_its_decoder_still_has_digests(sqlite_site: Site) -> None:
    examiner = DyingExaminer()
    status, signals, lacking = ask(sqlite_site, examiner, b"hostile")
    assert (status, signals["md5"], lacking) == (200, hashlib.md5(b"hostile").hexdigest(), "pdq=decoder_crashed")
    assert [request.decode for request in examiner.asked] == [True, False]


def test_a_file_that_kills_even_reading_is_refused(sqlite_site: Site) -> None:
    status, said, _ = ask(sqlite_site, DyingExaminer(reads=False), b"hostile")
    assert (status, "SIGSEGV" in said["message"]) == (422, True)


def test_nothing_is_decoded_where_only_digests_are_wanted(sqlite_site: Site) -> None:
    examiner = DyingExaminer()
    assert ask(sqlite_site, examiner, b"x", "/h/hash?types=sha256")[0] == 200
    assert [request.decode for request in examiner.asked] == [False]


def examine_together(examiner: Examiner, path: Path, times: int) -> list[Examination | Failure]:
    async def run() -> list[Examination | Failure]:
        found: list[Examination | Failure] = []

        async def one() -> None:
            with path.open("rb") as file:
                request = ExamineRequest(0, path.stat().st_size, DecodeLimits())
                found.append(await examiner.examine(file.fileno(), request))

        async with anyio.create_task_group() as group:
            for _ in range(times):
                group.start_soon(one)
        return found

    return anyio.run(run)


def test_many_files_at_once_are_all_answered(photo_file: Path, photo: bytes) -> None:
    with Examiner(ONE) as examiner:
        answers = examine_together(examiner, photo_file, 12)
        assert examiner.is_working
    assert len(answers) == 12
    assert {one.content.digests.sha256 for one in answers if isinstance(one, Examination) and one.content} == {
        hashlib.sha256(photo).digest()
    }


def test_an_examiner_that_was_closed_refuses_and_says_so(photo_file: Path) -> None:
    with Examiner(ONE) as examiner:
        pass
    assert not examiner.is_working
    with pytest.raises(ExceptionGroup) as refused:
        examine_together(examiner, photo_file, 2)
    assert all(isinstance(error, VardeError) for error in refused.value.exceptions)


def test_descriptors_do_not_pile_up(photo_file: Path) -> None:
    with Examiner(ONE) as examiner:
        examine_together(examiner, photo_file, 2)
        before = len(os.listdir("/proc/self/fd"))
        examine_together(examiner, photo_file, 8)
        assert len(os.listdir("/proc/self/fd")) <= before + 2
