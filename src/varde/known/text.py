"""Text files of unknown encoding and any size: finding the encoding, and lines that cannot outgrow memory."""

from __future__ import annotations

import codecs
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from varde.core.errors import FormatError

MAX_LINE_CHARS = 1 << 20
_BLOCK_BYTES = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def find_encoding(path: Path) -> str:
    """Returns the encoding of a text file by its Python name, judged from all of its bytes.

    A byte order mark decides (UTF-8 or UTF-16); then UTF-16 without a mark, told by its zero bytes; then UTF-8, if
    every byte of the file fits; else Windows-1252.

    Raises:
        OSError: if the file cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_BLOCK_BYTES)
        guessed = guess_encoding(start)
        if guessed != "utf-8":
            return guessed
        decoder = codecs.getincrementaldecoder("utf-8")()
        block = start
        try:
            while block:
                decoder.decode(block)
                block = file.read(_BLOCK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def guess_encoding(start: bytes) -> str:
    """Returns the encoding that the first bytes speak for: by a mark, by zero bytes, else UTF-8."""
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name
    sample = start[:1024]
    if len(sample) >= 4 and sample.count(0) * 3 >= len(sample):
        return "utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le"
    return "utf-8"


def read_head(path: Path, size_bytes: int = 1 << 16) -> str:
    """Returns the first bytes as text, undecodable ones replaced; "" for anything but a readable regular file."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            start = file.read(size_bytes)
    except OSError:
        return ""
    return start.decode(guess_encoding(start), "replace")


def read_lines(path: Path, encoding: str | None = None) -> Generator[tuple[int, str]]:
    """Yields (one-based number, text with its line end) of every line.

    Args:
        path: a text file.
        encoding: its encoding; None finds it.

    Raises:
        FormatError: for bytes that do not fit the encoding, and lines over `MAX_LINE_CHARS`.
        OSError: if the file cannot be read.
    """
    name = encoding or find_encoding(path)
    number = 0
    try:
        with path.open(encoding=name, newline="\n") as file:
            while line := file.readline(MAX_LINE_CHARS + 1):
                number += 1
                if len(line) > MAX_LINE_CHARS:
                    raise FormatError(f"more than {MAX_LINE_CHARS:,} characters in one line", line=number)
                yield number, line
    except UnicodeError as error:
        # A text file decodes block by block: the defect lies in a line not yet handed out.
        raise FormatError(
            f"bytes that are not {name}",
            line=_find_undecodable_line(path, name),
            advice="Say in which encoding the file is, such as --encoding cp1252.",
        ) from error
    except LookupError as error:
        raise FormatError(
            f"there is no encoding called {name!r}", advice="Name it as Python does, such as --encoding cp1252."
        ) from error


def clean_text(text: str) -> str:
    """Returns the text with what no database stores (half a surrogate pair, zero characters) replaced by U+FFFD."""
    if text.isascii():
        return text.replace("\0", "\ufffd") if "\0" in text else text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "\ufffd")


def drop_comments(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yields the lines, stripped, that are neither blank nor comments (``#``)."""
    for number, line in lines:
        stripped = line.strip().lstrip("\ufeff")
        if stripped and not stripped.startswith("#"):
            yield number, stripped


def _find_undecodable_line(path: Path, encoding: str) -> int:
    """Returns the one-based line of the first bytes that do not decode."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            try:
                line += decoder.decode(block).count("\n")
            except UnicodeError as error:
                if isinstance(error, UnicodeDecodeError):
                    line += error.object[: error.start].decode(encoding, "ignore").count("\n")
                return line
    return line
