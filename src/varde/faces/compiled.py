"""Compiling inner loops over embeddings with numba; compiled code is kept beside the source if possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Returns the function as machine code, made at its first call; it runs without the interpreter's lock."""
    try:
        return cast(Function, njit(nogil=True, error_model="numpy", cache=True)(function))
    except RuntimeError:  # there is no place to keep compiled code
        return cast(Function, njit(nogil=True, error_model="numpy")(function))
