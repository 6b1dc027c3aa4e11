"""Behaviour of `varde.core.errors`: one tree, stable codes."""

from __future__ import annotations

from collections.abc import Iterator

from varde.core import errors
from varde.core.errors import FormatError, NotFound, VardeError, WrongUse


def _tree(root: type[VardeError]) -> Iterator[type[VardeError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [error.code for error in _tree(VardeError) if error.__module__ == errors.__name__]
    assert len(codes) == len(set(codes))
    assert all(code == code.lower() and code.isidentifier() for code in codes)


def test_what_is_missing_is_a_kind_of_wrong_use() -> None:
    assert issubclass(NotFound, WrongUse)


def test_a_format_error_names_its_line() -> None:
    assert str(FormatError("not a digest", line=7)) == "line 7: not a digest"
    assert str(FormatError("no header")) == "no header"
    assert FormatError("no header").line is None


def test_advice_is_empty_unless_given() -> None:
    assert VardeError("x").advice == ""
    assert VardeError("x", advice="Do y.").advice == "Do y."
