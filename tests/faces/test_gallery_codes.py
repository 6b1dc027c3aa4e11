from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from varde.core.errors import WrongUse
from varde.faces.gallery_codes import check_vectors, decode_vectors, encode_probes, encode_vectors


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 200),
    st.integers(1, 70),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["even", "sparse", "one", "steep"]),
)
def test_no_true_score_is_farther_from_that_of_the_codes_than_the_bound(
    dimensions: int, rows: int, seed: int, kind: str
) -> None:
    generator = np.random.default_rng(seed)
    vectors = generator.standard_normal((rows + 3, dimensions))
    if kind == "sparse":
        vectors[:, 1:] *= generator.random((rows + 3, dimensions - 1)) < 0.1
    elif kind == "one":
        vectors = np.eye(dimensions)[generator.integers(0, dimensions, rows + 3)] * generator.choice([-1, 1])
    elif kind == "steep":
        vectors *= np.exp(-np.arange(dimensions) / 3)
    vectors[~vectors.any(axis=1), 0] = 1
    units = unit(vectors)
    kept, probes = units[3:], units[:3]
    codes, coded = encode_vectors(kept), encode_probes(probes)
    levels = coded.words.view(np.int8)[:, :dimensions].astype(np.float64)
    stood_for = decode_vectors(codes, rows, dimensions)
    near = stood_for @ (2 * coded.factors[:, None].astype(np.float64) * levels).T
    true = kept.astype(np.float64) @ probes.astype(np.float64).T
    reach = np.repeat(codes.residuals, 16)[:rows, None] * coded.spreads + coded.slacks
    assert (np.abs(near - true) <= reach).all()


def test_six_bits_lose_about_a_fortieth_of_a_vector() -> None:
    vectors = unit(np.random.default_rng(1).standard_normal((500, 128)))
    lost = np.linalg.norm(decode_vectors(encode_vectors(vectors), 500, 128) - vectors, axis=1)
    assert 0.02 < lost.mean() < 0.03


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, 2.0, 0.99])
def test_what_is_no_unit_vector_is_refused(value: float) -> None:
    vectors = unit(np.ones((3, 16)))
    vectors[1] *= np.float32(value)
    with pytest.raises(WrongUse, match="vector 1 has length"):
        check_vectors(vectors, 16)


def test_other_shapes_and_types_are_refused() -> None:
    vectors = unit(np.ones((3, 16)))
    for wrong in (vectors[0], vectors[:, :15], vectors.astype(np.float64)):
        with pytest.raises(WrongUse, match="float32"):
            check_vectors(wrong, 16)
