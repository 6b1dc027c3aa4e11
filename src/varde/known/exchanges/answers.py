"""Reads answers of other organisations' servers, whatever they hold: bounded XML without entities, and JSON."""

from __future__ import annotations

import json
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from varde.core.errors import ExchangeFailure

_DEEPEST = 32
_MOST_ELEMENTS = 2_000_000


def read_xml(data: bytes, host: str) -> Element:
    """Returns the root element, names without their namespaces.

    Args:
        data: a whole document.
        host: who sent it, for the error.

    Raises:
        ExchangeFailure: if it is no XML, is cut off, is nested too deep, has too many elements, or declares a document
            type: entities grow without bound and name files.
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    counted = _Counter()

    def start(name: str, attributes: dict[str, str]) -> None:
        counted.enter()
        builder.start(name.rpartition("}")[2], attributes)

    def end(name: str) -> None:
        counted.depth -= 1
        builder.end(name.rpartition("}")[2])

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, _TooMuch, LookupError, ValueError, AssertionError) as error:
        reason = f": {error}" if isinstance(error, _TooMuch) else ""
        raise ExchangeFailure(f"{host}: its answer is no XML that can be read{reason}") from None


def read_json(data: bytes, host: str) -> dict[str, Any]:
    """Returns the object an answer holds.

    Raises:
        ExchangeFailure: if it is no JSON object, or is nested too deep.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ExchangeFailure(f"{host}: its answer is no JSON object that can be read") from None
    return document


class _TooMuch(Exception):
    """A document that is not read to its end."""


class _Counter:
    def __init__(self) -> None:
        self.depth = self.elements = 0

    def enter(self) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > _DEEPEST:
            raise _TooMuch(f"it is nested more than {_DEEPEST} deep")
        if self.elements > _MOST_ELEMENTS:
            raise _TooMuch(f"it has more than {_MOST_ELEMENTS:,} elements")


def _refuse_doctype(name: str, system: str | None, public: str | None, internal: int) -> None:
    raise _TooMuch("it declares a document type")
