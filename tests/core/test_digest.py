"""Behaviour of `varde.core.digest`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.digest import DigestAlgorithm, read_digest
from varde.core.errors import WrongUse


@pytest.mark.parametrize("algorithm", DigestAlgorithm)
@given(data=st.data())
def test_the_algorithm_is_told_by_the_length(algorithm: DigestAlgorithm, data: st.DataObject) -> None:
    raw = data.draw(st.binary(min_size=algorithm.length_bytes, max_size=algorithm.length_bytes))
    for text in (raw.hex(), raw.hex().upper(), f"  {raw.hex()}\n"):
        assert read_digest(text) == (algorithm, raw)
        assert read_digest(text, algorithm) == (algorithm, raw)


@pytest.mark.parametrize("text", ["", "zz", "ab" * 15, "ab" * 17, "ab" * 33, "a" * 31, "ab " * 16, "０" * 32, "g" * 64])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(WrongUse):
        read_digest(text)


def test_a_digest_of_another_algorithm_than_stated_is_refused() -> None:
    with pytest.raises(WrongUse, match="32 hexadecimal digits are no SHA256 digest"):
        read_digest("ab" * 16, DigestAlgorithm.SHA256)


def test_long_nonsense_is_not_repeated_in_full() -> None:
    with pytest.raises(WrongUse) as caught:
        read_digest("x" * 10_000)
    assert len(str(caught.value)) < 200
