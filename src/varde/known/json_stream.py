"""A JSON document of any size, read value by value in bounded memory, with the line of every value.

The document's outer levels are walked here; each inner value is decoded whole by the standard library's C decoder: as
fast as an event parser in C (benchmarks/known_import.py), and it says exactly where a value or a defect is.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from varde.core.errors import FormatError
from varde.known.text import guess_encoding

MAX_VALUE_CHARS = 16 << 20
_BLOCK_BYTES = 1 << 18
_UNFINISHED = frozenset(("", ".", "e", "E", "e+", "e-", "E+", "E-"))
"""What may be left of the buffer after a number that goes on in the next block; "" after any value."""

_SPACE = re.compile(r"[ \t\r\n]*")


class ValueTooLarge(FormatError):
    """One value is larger than it may be."""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


_DECODE = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode


class JsonStream:
    """A cursor over the document. Close it after use."""

    def __init__(self, path: Path) -> None:
        """Opens the file; UTF-8 with or without a byte order mark, or UTF-16 with one."""
        self._file = path.open("rb")
        start = self._file.read(_BLOCK_BYTES)
        name = guess_encoding(start)
        self._encoding = "utf-8-sig" if name == "utf-8" else name
        self._decoder = codecs.getincrementaldecoder(self._encoding)()
        self._ended = False
        self._buffer = ""
        self._at = 0
        self._counted = 0
        self._line = 1
        self._last = 0
        try:
            self._append(start)
        except FormatError:
            self.close()
            raise

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    @property
    def line(self) -> int:
        """One-based line of the cursor."""
        return self._line_at(self._at)

    def peek(self) -> str:
        """Returns the next character that is not white space without passing it, "" at the end of the document."""
        char = self._buffer[self._at : self._at + 1]
        if char > " ":
            return char
        while True:
            self._at = self._skip_space(self._at)
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if self._ended:
                return ""
            self._refill()

    def take(self, char: str) -> None:
        """Passes a character that must come next.

        Raises:
            FormatError: if another comes, or the document ends.
        """
        found = self.peek()
        if found != char:
            self.fail(f"{char!r} expected, " + (f"{found!r} found" if found else "but the file ends"))
        self._at += 1

    def read_value(self, max_chars: int = MAX_VALUE_CHARS) -> object:
        """Returns the next value, decoded, and passes it.

        Raises:
            ValueTooLarge: if it is larger than that; the cursor stays before it.
            FormatError: if it is no JSON.
        """
        self.peek()
        self._last = self._at
        before: tuple[str, int] | None = None
        while True:
            defect: tuple[str, int]
            try:
                value, end = _DECODE(self._buffer, self._at)
            except json.JSONDecodeError as error:
                defect = (error.msg, error.pos)
            except RecursionError:
                self.fail("values nested too deeply")
            except ValueError as error:
                self.fail(str(error) if "JSON" in str(error) else "a number of too many digits")
            else:
                if self._ended or self._buffer[end : end + 3] not in _UNFINISHED:
                    self._at = end
                    return value
                defect = ("Unterminated", end)
            # Whatever cannot be mended by reading on is a defect: it has been met before, with less of the file.
            at = (defect[0], defect[1] - self._at)
            if self._ended or (at == before and not defect[0].startswith("Unterminated")):
                self.fail(_say(defect[0], ended=self._ended and defect[1] >= len(self._buffer.rstrip())), defect[1])
            if len(self._buffer) - self._at > max_chars:
                raise ValueTooLarge(f"a value of more than {max_chars:,} characters", line=self.line)
            before = at
            self._refill()
            self._last = self._at

    def object_keys(self) -> Iterator[str]:
        """Yields the keys of the object that comes next; the caller passes each key's value before going on.

        Raises:
            FormatError: if no well-formed object comes.
        """
        self.take("{")
        if self.peek() == "}":
            self.take("}")
            return
        while True:
            if self.peek() != '"':
                self.take('"')
            yield str(self._read_key())
            if self.peek() == "}":
                break
            self.take(",")
        self.take("}")

    def array_elements(self) -> Iterator[int]:
        """Yields the line of each element of the array that comes next; the caller passes each element before going on.

        Raises:
            FormatError: if no well-formed array comes.
        """
        self.take("[")
        if self.peek() == "]":
            self.take("]")
            return
        while True:
            self.peek()
            yield self._line_at(self._at)
            if self.peek() == "]":
                break
            self.take(",")
        self.take("]")

    def rewind(self) -> None:
        """Goes back before the value that `read_value` returned last."""
        self._at = self._last

    def line_of_field(self, name: str) -> int:
        """Returns the line of a field of the object `read_value` returned last; the object's own if it has none."""
        at = self._last
        found = self._line_at(at)
        at = self._skip_space(at + 1)
        while self._buffer[at] == '"':
            key, end = _DECODE(self._buffer, at)
            if key == name:
                found = self._line_at(at)
            at = self._skip_space(self._skip_space(end) + 1)
            at = self._skip_space(_DECODE(self._buffer, at)[1])
            at = self._skip_space(at + 1) if self._buffer[at] == "," else at
        return found

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        """Raises FormatError with the line of a place in the buffer, by default of the cursor."""
        raise FormatError(f"not well-formed JSON: {message}", line=self._line_at(self._at if at is None else at))

    def _read_key(self) -> object:
        key = self.read_value()
        self.take(":")
        return key

    def _skip_space(self, at: int) -> int:
        match = _SPACE.match(self._buffer, at)
        return match.end() if match else at

    def _line_at(self, at: int) -> int:
        if at >= self._counted:
            self._line += self._buffer.count("\n", self._counted, at)
            self._counted = at
            return self._line
        return self._line - self._buffer.count("\n", at, self._counted)

    def _refill(self) -> None:
        """Drops what has been passed and appends at least as much as is left, so that retries cost linear time."""
        self._line_at(self._at)
        left = len(self._buffer) - self._at
        self._append(self._file.read(max(_BLOCK_BYTES, left)))

    def _append(self, block: bytes) -> None:
        self._line_at(self._at)
        try:
            text = self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            lines = self._buffer.count("\n", self._at) + error.object[: error.start].count(b"\n")
            raise FormatError(f"bytes that are not {self._encoding}", line=self._line + lines) from error
        self._ended = not block
        self._buffer = self._buffer[self._at :] + text
        self._counted = 0
        self._at = 0


def _say(message: str, *, ended: bool) -> str:
    """Returns the decoder's message for a person."""
    if ended or message.startswith("Unterminated"):
        return "the file ends in the middle of a value"
    return (message[0].lower() + message[1:]).removesuffix(" at")
