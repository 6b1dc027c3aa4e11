"""Byte sequences at fixed places that name a format by themselves."""

from __future__ import annotations

from dataclasses import dataclass

from varde.core.media import MediaKind, MediaType


@dataclass(frozen=True, slots=True)
class Signature:
    """A format that is known by bytes at a fixed place.

    Attributes:
        offset: where the bytes stand.
        magic: long enough not to be met by chance.
        media_type: what it is then.
    """

    offset: int
    magic: bytes
    media_type: MediaType


def picture(mime: str) -> MediaType:
    """Returns the type of a picture."""
    return MediaType(MediaKind.PICTURE, mime)


def video(mime: str) -> MediaType:
    """Returns the type of a video."""
    return MediaType(MediaKind.VIDEO, mime)


def archive(mime: str) -> MediaType:
    """Returns the type of an archive."""
    return MediaType(MediaKind.ARCHIVE, mime)


def other(mime: str) -> MediaType:
    """Returns the type of anything that is only digested."""
    return MediaType(MediaKind.OTHER, mime)


# Longer or more particular ones stand before shorter ones. Camera raw formats are pictures although no decoder here
# reads them all: what was not examined must show as an issue.
SIGNATURES: tuple[Signature, ...] = (
    Signature(0, b"\xff\xd8\xff", picture("image/jpeg")),
    Signature(0, b"\x89PNG\r\n\x1a\n", picture("image/png")),
    Signature(0, b"GIF87a", picture("image/gif")),
    Signature(0, b"GIF89a", picture("image/gif")),
    Signature(8, b"CR\x02\x00", picture("image/x-canon-cr2")),
    Signature(0, b"II*\x00", picture("image/tiff")),
    Signature(0, b"MM\x00*", picture("image/tiff")),
    Signature(0, b"II+\x00\x08\x00\x00\x00", picture("image/tiff")),
    Signature(0, b"MM\x00+\x00\x08\x00\x00", picture("image/tiff")),
    Signature(0, b"IIU\x00", picture("image/x-panasonic-rw2")),
    Signature(0, b"IIRO", picture("image/x-olympus-orf")),
    Signature(0, b"IIRS", picture("image/x-olympus-orf")),
    Signature(0, b"MMOR", picture("image/x-olympus-orf")),
    Signature(0, b"FUJIFILMCCD-RAW", picture("image/x-fuji-raf")),
    Signature(0, b"FOVb", picture("image/x-sigma-x3f")),
    Signature(6, b"HEAPCCDR", picture("image/x-canon-crw")),
    Signature(0, b"\x00MRM", picture("image/x-minolta-mrw")),
    Signature(0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", picture("image/jp2")),
    Signature(0, b"\xff\x4f\xff\x51", picture("image/j2c")),
    Signature(0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", picture("image/jxl")),
    Signature(0, b"8BPS\x00\x01", picture("image/vnd.adobe.photoshop")),
    Signature(0, b"8BPS\x00\x02", picture("image/vnd.adobe.photoshop")),
    Signature(0, b"qoif", picture("image/qoi")),
    Signature(0, b"DDS \x7c\x00\x00\x00", picture("image/vnd-ms.dds")),
    Signature(0, b"icns", picture("image/x-icns")),
    Signature(0, b"gimp xcf ", picture("image/x-xcf")),
    Signature(0, b"\x01\xda\x00\x01", picture("image/x-sgi")),
    Signature(0, b"\x01\xda\x01\x01", picture("image/x-sgi")),
    Signature(0, b"FLV\x01", video("video/x-flv")),
    Signature(0, b".RMF\x00\x00", video("application/vnd.rn-realmedia")),
    Signature(0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", video("application/mxf")),
    Signature(0, b"DKIF\x00\x00\x20\x00", video("video/x-ivf")),
    Signature(0, b"YUV4MPEG2 ", video("video/x-yuv4mpeg")),
    Signature(0, b"\xb7\xd8\x00\x20\x37\x49\xda\x11", video("video/x-ms-wtv")),
    Signature(0, b"\x00\x00\x01\xb3", video("video/mpeg")),
    Signature(0, b"\x00\x00\x00\x01\x67", video("video/h264")),
    Signature(0, b"\x00\x00\x00\x01\x27", video("video/h264")),
    Signature(0, b"\x00\x00\x00\x01\x40\x01", video("video/h265")),
    Signature(0, b"\x1f\x07\x00\x3f", video("video/dv")),
    Signature(0, b"\x1f\x8b\x08", archive("application/gzip")),
    Signature(0, b"\xfd7zXZ\x00", archive("application/x-xz")),
    Signature(0, b"7z\xbc\xaf\x27\x1c", archive("application/x-7z-compressed")),
    Signature(0, b"Rar!\x1a\x07\x00", archive("application/vnd.rar")),
    Signature(0, b"Rar!\x1a\x07\x01\x00", archive("application/vnd.rar")),
    Signature(0, b"\x28\xb5\x2f\xfd", archive("application/zstd")),
    Signature(0, b"\x04\x22\x4d\x18", archive("application/x-lz4")),
    Signature(0, b"\x1f\x9d\x90", archive("application/x-compress")),
    Signature(0, b"MSCF\x00\x00\x00\x00", archive("application/vnd.ms-cab-compressed")),
    Signature(257, b"ustar\x0000", archive("application/x-tar")),
    Signature(257, b"ustar  \x00", archive("application/x-tar")),
    Signature(0, b"%PDF-", other("application/pdf")),
    Signature(0, b"SQLite format 3\x00", other("application/vnd.sqlite3")),
    Signature(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", other("application/x-ole-storage")),
    Signature(0, b"CMMM", other("application/x-windows-thumbcache")),
    Signature(0, b"\x7fELF", other("application/x-elf")),
    Signature(0, b"\xca\xfe\xba\xbe", other("application/java-vm")),
    Signature(0, b"\xcf\xfa\xed\xfe", other("application/x-mach-binary")),
    Signature(0, b"dex\n03", other("application/x-dex")),
    Signature(0, b"ID3", other("audio/mpeg")),
    Signature(0, b"fLaC", other("audio/flac")),
    Signature(0, b"#!AMR", other("audio/amr")),
    Signature(0, b"MThd\x00\x00\x00\x06", other("audio/midi")),
    Signature(8, b"AIFF", other("audio/aiff")),
    Signature(0, b"{\\rtf", other("application/rtf")),
    Signature(0, b"%!PS", other("application/postscript")),
    Signature(0, b"\xc5\xd0\xd3\xc6", other("application/postscript")),
    Signature(0, b"AT&TFORM", other("image/vnd.djvu")),
    Signature(0, b"\xd7\xcd\xc6\x9a", other("image/wmf")),
    Signature(40, b" EMF", other("image/emf")),
    Signature(0, b"EVF\x09\x0d\x0a\xff\x00", other("application/x-ewf")),
    Signature(0, b"regf", other("application/x-windows-registry")),
    Signature(0, b"ElfFile\x00", other("application/x-windows-evtx")),
    Signature(0, b"L\x00\x00\x00\x01\x14\x02\x00", other("application/x-ms-shortcut")),
    Signature(0, b"!BDN", other("application/vnd.ms-outlook-pst")),
    Signature(0, b"bplist00", other("application/x-bplist")),
    Signature(0, b"!<arch>\n", other("application/x-archive")),
    Signature(0, b"wOFF", other("font/woff")),
    Signature(0, b"wOF2", other("font/woff2")),
    Signature(0, b"OTTO\x00", other("font/otf")),
    Signature(0, b"\x00\x01\x00\x00\x00", other("font/ttf")),
    Signature(32769, b"CD001", other("application/x-iso9660-image")),
)
