"""Inner loop over the signs of many pictures against many: four rows at a time against one, in vectors of 512 bits."""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils

from varde.segments.compiled import compiled, machine_code

Array = Any
Whole = Any

_LANES: Final = 8
_ROWS: Final = 4
_STEP: Final = 512
"""Words of each row that are compared before the next ones: 4 KiB, so that a block of rows stays in the cache."""


@machine_code
def _count_four(_: Any, rows: Any, place: Any, stride: Any, others: Any, other: Any, words: Any) -> Any:
    """Returns how many bits of four rows differ from one other over so many words.

    Args of the compiled function: flat uint64 of the rows; first word of the first; words from one to the next; flat
    uint64 of the others; first word of the one; how many words, a multiple of 8 and not 0.
    """

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        vector = ir.VectorType(word, _LANES)
        first = context.make_array(signature.args[0])(context, builder, args[0]).data
        second = context.make_array(signature.args[3])(context, builder, args[3]).data
        count = _declare(builder, ir.FunctionType(vector, [vector]), f"llvm.ctpop.v{_LANES}i64")
        total = _declare(builder, ir.FunctionType(word, [vector]), f"llvm.vector.reduce.add.v{_LANES}i64")
        before = builder.block
        loop, after = builder.append_basic_block("count"), builder.append_basic_block("counted")
        builder.branch(loop)
        builder.position_at_end(loop)
        at = builder.phi(word)
        at.add_incoming(word(0), before)
        sums = [builder.phi(vector) for _ in range(_ROWS)]
        wanted = _load(builder, second, builder.add(args[4], at), vector)
        grown = []
        for row, earlier in enumerate(sums):
            start = builder.add(args[1], builder.mul(args[2], word(row)))
            found = _load(builder, first, builder.add(start, at), vector)
            grown.append(builder.add(earlier, builder.call(count, [builder.xor(found, wanted)])))
        further = builder.add(at, word(_LANES))
        at.add_incoming(further, loop)
        for earlier, later in zip(sums, grown, strict=True):
            earlier.add_incoming(ir.Constant(vector, [0] * _LANES), before)
            earlier.add_incoming(later, loop)
        builder.cbranch(builder.icmp_signed("<", further, args[5]), loop, after)
        builder.position_at_end(after)
        return context.make_tuple(builder, signature.return_type, [builder.call(total, [each]) for each in grown])

    whole = types.int64
    return types.UniTuple(whole, _ROWS)(  # type: ignore[no-untyped-call]
        rows, whole, whole, others, whole, whole
    ), build


@compiled
def count_tiles(rows: Array, others: Array, words: Whole, differing: Array) -> None:
    """Adds how many bits of every row differ from every other's.

    Args:
        rows: flat uint64, the rows one after another; as many as a multiple of 4, whatever the last ones hold.
        others: flat uint64, (M * words,).
        words: of each, a multiple of 8.
        differing: (N, M) int32, in and out.
    """
    count, many = differing.shape
    for start in range(0, words, _STEP):
        length = min(_STEP, words - start)
        for first in range(0, count, _ROWS):
            for other in range(many):
                found = _count_four(rows, first * words + start, words, others, other * words + start, length)
                for each in range(min(_ROWS, count - first)):
                    differing[first + each, other] += found[each]


def _load(builder: Any, data: Any, place: Any, vector: Any) -> Any:
    return builder.load(builder.bitcast(builder.gep(data, [place]), vector.as_pointer()), align=8)


def _declare(builder: Any, wanted: Any, name: str) -> Any:
    return cgutils.get_or_insert_function(builder.module, wanted, name)  # type: ignore[no-untyped-call]
