"""Every reader of Varde's own under the public conformance suite."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Sequence

import py7zr
import pytest

from varde.evidence import sevenzip, single, tar
from varde.evidence.zip import READER as ZIP_READER
from varde.testing.archives import Content, make_7z, make_streamed_zip, make_tar, make_zip
from varde.testing.evidence_conformance import ArchiveReaderConformance


class TestZip(ArchiveReaderConformance):
    reader = ZIP_READER
    mime = "application/zip"

    def make(self, members: Sequence[Content]) -> bytes:
        return make_zip(members)


class TestStoredZip(TestZip):
    def make(self, members: Sequence[Content]) -> bytes:
        return make_zip(members, zipfile.ZIP_STORED)


class TestBzip2Zip(TestZip):
    def make(self, members: Sequence[Content]) -> bytes:
        return make_zip(members, zipfile.ZIP_BZIP2)


class TestLzmaZip(TestZip):
    def make(self, members: Sequence[Content]) -> bytes:
        return make_zip(members, zipfile.ZIP_LZMA)


class TestStreamedZip(TestZip):
    def make(self, members: Sequence[Content]) -> bytes:
        return make_streamed_zip(members)


class TestPlainTar(ArchiveReaderConformance):
    reader = tar.READER
    mime = "application/x-tar"
    layout = tarfile.PAX_FORMAT
    packing = ""

    def make(self, members: Sequence[Content]) -> bytes:
        return make_tar(members, self.packing, self.layout)


class TestGnuTar(TestPlainTar):
    layout = tarfile.GNU_FORMAT


class TestUstar(TestPlainTar):
    layout = tarfile.USTAR_FORMAT


class TestGzippedTar(TestPlainTar):
    mime = "application/gzip"
    packing = "gz"


class TestBzippedTar(TestPlainTar):
    mime = "application/x-bzip2"
    packing = "bz2"


class TestXzTar(TestPlainTar):
    mime = "application/x-xz"
    packing = "xz"


class TestGzip(ArchiveReaderConformance):
    reader = single.READER
    mime = "application/gzip"
    max_members = 1
    keeps_names = False

    def make(self, members: Sequence[Content]) -> bytes:
        return gzip.compress(members[0][1], mtime=0)


class TestBzip2(TestGzip):
    mime = "application/x-bzip2"

    def make(self, members: Sequence[Content]) -> bytes:
        return bz2.compress(members[0][1])


class TestXz(TestGzip):
    mime = "application/x-xz"

    def make(self, members: Sequence[Content]) -> bytes:
        return lzma.compress(members[0][1])


class TestSevenZip(ArchiveReaderConformance):
    reader = sevenzip.READER
    mime = "application/x-7z-compressed"

    def make(self, members: Sequence[Content]) -> bytes:
        return make_7z(members, [{"id": py7zr.FILTER_LZMA2, "preset": 1}])


class TestStoredSevenZip(TestSevenZip):
    def make(self, members: Sequence[Content]) -> bytes:
        return make_7z(members, [{"id": py7zr.FILTER_COPY}])


class TestBcjLzmaSevenZip(TestSevenZip):
    def make(self, members: Sequence[Content]) -> bytes:
        return make_7z(members, [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA, "preset": 1}])


@pytest.mark.parametrize("suite", [TestZip, TestGzippedTar, TestGzip, TestSevenZip])
def test_readers_do_not_claim_each_other(suite: type[ArchiveReaderConformance]) -> None:
    readers = (ZIP_READER, tar.READER, single.READER, sevenzip.READER)
    data = suite().make([("one", b"content")])
    assert [reader for reader in readers if reader.detect(io.BytesIO(data))] == [suite.reader]
