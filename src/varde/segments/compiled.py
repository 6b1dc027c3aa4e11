"""Compiling the inner loops of the indexes with numba, and the machine instructions they need.

Compiled code is kept beside the source, or, where that is read-only, in the user's cache folder (`NUMBA_CACHE_DIR`
overrides); where neither can be written or read, by whom or when ever, as in a locked-down process or on a full disk,
it is compiled anew in every process, which costs seconds and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.core.caching import FunctionCache
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])

LANES: Final = 32
"""How many 16-bit values `near_lanes` compares at once; arrays are padded by as many."""

HASHES: Final = 8
"""How many 256-bit hashes `near_hashes` compares at once."""

_BITS: Final = 16
_WORDS: Final = 4


def compiled(function: Function) -> Function:
    """Returns the function as machine code, made at its first call; it runs without the interpreter's lock."""
    made = cast(Any, njit(nogil=True, error_model="numpy")(function))
    with suppress(RuntimeError):  # there is no place to keep compiled code
        # What `cache=True` sets raises whatever the file system says.
        made._cache = _Kept(function)  # type: ignore[no-untyped-call]
    return cast(Function, made)


class _Kept(FunctionCache):
    """Compiled code of a function, kept where that can be done."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        with suppress(OSError):
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(OSError):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


def machine_code(builder: Callable[..., Any]) -> Callable[..., Any]:
    """Returns what compiled functions call to have `builder` write its instructions there."""
    return cast(Callable[..., Any], intrinsic(builder))


@machine_code
def near_lanes(_: Any, array: Any, position: Any, value: Any, limit: Any) -> Any:
    """Returns a uint32 whose bit i says whether `array[position + i]` differs from `value` in at most `limit` bits.

    Args of the compiled function: (K,) uint16 with 32 values from `position` on; position; value; limit, 0 to 16.
    """
    if array.dtype != types.uint16:
        raise TypeError("near_lanes compares uint16")

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = ir.VectorType(ir.IntType(_BITS), LANES)
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), vector.as_pointer())
        lanes = builder.load(place, align=2)
        count = _declare(builder, ir.FunctionType(vector, [vector]), f"llvm.ctpop.v{LANES}i{_BITS}")
        bits = builder.call(count, [builder.xor(lanes, _splat(builder, args[2], vector))])
        near = builder.icmp_unsigned("<=", bits, _splat(builder, args[3], vector))
        return builder.bitcast(near, ir.IntType(LANES))

    return types.uint32(array, types.int64, types.uint16, types.uint16), build


@machine_code
def near_hashes(_: Any, array: Any, position: Any, word0: Any, word1: Any, word2: Any, word3: Any, limit: Any) -> Any:
    """Returns a uint32 whose bit i says whether the i-th of 8 hashes of 4 words differs in at most `limit` bits.

    Args of the compiled function: flat (4 K,) uint64 with 32 words from `position` on; position; the words of the hash
    to compare with; limit.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word, count = ir.IntType(64), HASHES * _WORDS
        vector = ir.VectorType(word, count)
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), vector.as_pointer())
        hashes = builder.load(place, align=8)
        four = ir.Constant(ir.VectorType(word, _WORDS), ir.Undefined)
        for each in range(_WORDS):
            four = builder.insert_element(four, args[2 + each], ir.IntType(32)(each))
        probe = _pick(builder, four, [lane % _WORDS for lane in range(count)])
        counts = _declare(builder, ir.FunctionType(vector, [vector]), f"llvm.ctpop.v{count}i64")
        bits = builder.call(counts, [builder.xor(hashes, probe)])
        parts = [_pick(builder, bits, list(range(each, count, _WORDS))) for each in range(_WORDS)]
        distances = builder.add(builder.add(parts[0], parts[1]), builder.add(parts[2], parts[3]))
        near = builder.icmp_unsigned("<=", distances, _splat(builder, args[6], ir.VectorType(word, HASHES)))
        return builder.zext(builder.bitcast(near, ir.IntType(HASHES)), ir.IntType(32))

    words = [types.uint64] * _WORDS
    return types.uint32(array, types.int64, *words, types.int64), build


@machine_code
def prefetch(_: Any, array: Any, position: Any) -> Any:
    """Asks the processor to bring `array[position]` of a flat array near; a hint, harmless outside the array."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        place = builder.bitcast(builder.gep(data, [args[1]]), pointer)
        wanted = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        function = _declare(builder, wanted, "llvm.prefetch.p0")
        builder.call(function, [place, number(0), number(3), number(1)])  # for reading, near, data
        return context.get_dummy_value()

    return types.void(array, types.int64), build


@machine_code
def count_bits(_: Any, value: Any) -> Any:
    """Returns the number of set bits of a uint64."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), build


@machine_code
def lowest_bit(_: Any, value: Any) -> Any:
    """Returns the position of the lowest set bit of a uint32 that is not 0."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.zext(builder.cttz(args[0], ir.IntType(1)(1)), ir.IntType(64))

    return types.int64(types.uint32), build


def _splat(builder: Any, value: Any, vector: Any) -> Any:
    """Returns a vector of equal lanes."""
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.IntType(32)(0))
    return _pick(builder, one, [0] * vector.count)


def _pick(builder: Any, vector: Any, lanes: list[int]) -> Any:
    """Returns the vector of these lanes of a vector."""
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes)
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), mask)


def _declare(builder: Any, wanted: Any, name: str) -> Any:
    return cgutils.get_or_insert_function(builder.module, wanted, name)  # type: ignore[no-untyped-call]
