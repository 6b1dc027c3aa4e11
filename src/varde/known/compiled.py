"""Compiling the inner loops of the indexes with numba, and the machine instructions they need.

Compiled code is kept beside the source, or, where that is read-only, in the user's cache folder (`NUMBA_CACHE_DIR`
overrides); where neither can be written, it is compiled anew in every process, which costs seconds and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])

LANES: Final = 32
"""How many 16-bit values `near_lanes` compares at once; arrays are padded by as many."""

_BITS: Final = 16


def compiled(function: Function) -> Function:
    """Returns the function as machine code, made at its first call; it runs without the interpreter's lock."""
    try:
        return cast(Function, njit(nogil=True, error_model="numpy", cache=True)(function))
    except RuntimeError:  # there is no place to keep compiled code
        return cast(Function, njit(nogil=True, error_model="numpy")(function))


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
    return builder.shuffle_vector(
        one, ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    )


def _declare(builder: Any, wanted: Any, name: str) -> Any:
    return cgutils.get_or_insert_function(builder.module, wanted, name)  # type: ignore[no-untyped-call]
