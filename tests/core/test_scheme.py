"""Behaviour of `varde.core.scheme`."""

from __future__ import annotations

import pytest

from varde.core.errors import WrongUse
from varde.core.scheme import Grade, GradeScheme

SCHEME = GradeScheme("unit4", "2026", ("red", "amber", "green"))


def test_a_grade_never_travels_without_its_scheme() -> None:
    assert SCHEME.grade("red") == Grade("unit4", "2026", "red")
    assert str(SCHEME.grade("red")) == "unit4@2026:red"
    assert SCHEME.key == "unit4@2026"


@pytest.mark.parametrize("code", ["blue", "RED", "", " red", "0"])
def test_a_code_of_another_scheme_is_refused_with_those_that_exist(code: str) -> None:
    with pytest.raises(WrongUse, match="scheme unit4@2026 has no code") as caught:
        SCHEME.grade(code)
    assert "red, amber, green" in caught.value.advice


def test_versions_are_different_schemes() -> None:
    assert SCHEME.grade("red") != GradeScheme("unit4", "2027", SCHEME.codes).grade("red")
