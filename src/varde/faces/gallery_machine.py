"""The machine instructions of the gallery's scan: 16 rows of 6-bit codes against 8-bit probes, 4 dimensions a lane.

Convention: see `varde.faces.gallery_codes` for how codes lie. Three ways to the same whole numbers: AVX-512 VNNI (64
products an instruction), AVX2 (32 products in two instructions), and plain vectors, which any processor has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils

from varde.segments.compiled import machine_code

ROWS: Final = 16
"""Rows of a block: one 32-bit lane each."""

PROBES: Final = 8
"""How many probes are compared with a block at once, where there are more than one."""

STEP: Final = 16
"""Dimensions that three vectors of codes hold."""

STEP_BYTES: Final = 192

VNNI: Final = "vnni"
AVX2: Final = "avx2"
PLAIN: Final = "plain"

_VECTOR: Final = 64
_WORDS: Final = 4
_INT8: Final = ir.IntType(8)
_INT16: Final = ir.IntType(16)
_INT32: Final = ir.IntType(32)
_FLOAT: Final = ir.FloatType()


def choose_instructions(features: str) -> str:
    """Returns which of the three ways a processor has, from the features that LLVM names."""
    if "+avx512vnni" in features and "+avx512bw" in features:
        return VNNI
    return AVX2 if "+avx2" in features else PLAIN


def make_scorer(probes: int, instructions: str | None = None) -> Callable[..., Any]:
    """Returns what compiled functions call to score one block of rows against so many probes.

    Args of the compiled function: codes, flat uint8; where the block begins in them; steps of `STEP` dimensions; words,
    flat int32, of the probes, each four 8-bit values, probe after probe; scales, flat float32; row of the block's first
    scale; factors (float32) and biases (int32) of the probes; scores, flat float32, where 16 scores of each probe go:
    ``scale * factor * (2 * product - bias)``.

    Args:
        probes: how many; it decides the code.
        instructions: one of the three ways; None for the best that the processor has.
    """

    def score(_: Any, *given: Any) -> Any:
        codes, _at, _steps, words, scales, _row, factors, biases, scores = given

        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            arrays = [_pointer(context, builder, signature, args, place) for place in (0, 3, 4, 6, 7, 8)]
            way = instructions or choose_instructions(context.codegen().magic_tuple()[2])
            for part in range(1 if way == VNNI else 2):
                _score_part(builder, _Part(way, part, probes), arrays, args[1], args[2], args[5])
            return context.get_dummy_value()

        arguments = (codes, types.int64, types.int64, words, scales, types.int64, factors, biases, scores)
        return types.void(*arguments), build

    return machine_code(_name_arguments(score))


def _name_arguments(score: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the same with named arguments, as numba wants them."""

    def score_block(
        typing: Any, codes: Any, at: Any, steps: Any, words: Any, scales: Any, row: Any, factors: Any, biases: Any,
        scores: Any,
    ) -> Any:  # fmt: skip
        return score(typing, codes, at, steps, words, scales, row, factors, biases, scores)

    return score_block


@machine_code
def mark_scores(_: Any, scores: Any, place: Any, least: Any) -> Any:
    """Returns a uint32 whose bit i says whether `scores[place + i]` is at least `least`, of 16."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = ir.VectorType(_FLOAT, ROWS)
        data = builder.gep(context.make_array(signature.args[0])(context, builder, args[0]).data, [args[1]])
        found = builder.load(builder.bitcast(data, vector.as_pointer()), align=4)
        marks = builder.fcmp_ordered(">=", found, _splat(builder, args[2], vector))
        return builder.zext(builder.bitcast(marks, _INT16), _INT32)

    return types.uint32(scores, types.int64, types.float32), build


class _Part:
    """One way of computing, for all rows of a block or half of them."""

    def __init__(self, way: str, part: int, probes: int) -> None:
        self.way = way
        self.probes = probes
        self.bytes = _VECTOR if way == VNNI else _VECTOR // 2
        self.lanes = self.bytes // _WORDS
        self.first = part * self.lanes
        self.codes = ir.VectorType(_INT8, self.bytes)
        self.sums = ir.VectorType(_INT32, self.lanes)
        self.chains = _WORDS if probes == 1 else 1  # else each sum waits for the one before it


def _score_part(builder: Any, part: _Part, arrays: list[Any], at: Any, steps: Any, row: Any) -> None:
    codes, words, scales, factors, biases, scores = arrays
    zero = ir.Constant(part.sums, [0] * part.lanes)
    sums = [_reserve(builder, part.sums) for _ in range(part.probes * part.chains)]
    for place in sums:
        builder.store(zero, place)
    per_probe = builder.mul(steps, steps.type(_WORDS))
    with cgutils.for_range(builder, steps) as loop:
        begin = builder.add(at, builder.mul(loop.index, steps.type(STEP_BYTES)))
        unpacked = _unpack(builder, part, codes, begin)
        word = builder.mul(loop.index, steps.type(_WORDS))
        for probe in range(part.probes):
            first = builder.add(word, builder.mul(per_probe, steps.type(probe)))
            given = [builder.load(builder.gep(words, [builder.add(first, steps.type(each))])) for each in range(_WORDS)]
            own = sums[probe * part.chains : (probe + 1) * part.chains]
            _add_products(builder, part, own, unpacked, given)
    scale = _load(builder, scales, builder.add(row, row.type(part.first)), ir.VectorType(_FLOAT, part.lanes))
    for probe in range(part.probes):
        own = sums[probe * part.chains : (probe + 1) * part.chains]
        total = builder.load(own[0])
        for each in own[1:]:
            total = builder.add(total, builder.load(each))
        score = _finish(builder, part, total, scale, factors, biases, probe)
        place = builder.gep(scores, [ir.IntType(64)(probe * ROWS + part.first)])
        builder.store(score, builder.bitcast(place, score.type.as_pointer()), align=4)


def _unpack(builder: Any, part: _Part, codes: Any, begin: Any) -> list[Any]:
    """Returns four vectors of 6-bit codes from three of bytes."""
    first, second, third = (
        _load(builder, codes, builder.add(begin, begin.type(each * _VECTOR + part.first * _WORDS)), part.codes)
        for each in range(3)
    )

    def every(value: int) -> Any:
        return ir.Constant(part.codes, [value] * part.bytes)

    low = builder.lshr(first, every(6))
    middle = builder.and_(builder.lshr(second, every(4)), every(0x0C))
    high = builder.and_(builder.lshr(third, every(2)), every(0x30))
    whole = [builder.and_(each, every(0x3F)) for each in (first, second, third)]
    return [*whole, builder.or_(builder.or_(low, middle), high)]


def _add_products(builder: Any, part: _Part, sums: list[Any], codes: list[Any], words: list[Any]) -> None:
    """Adds to the sums of a probe what its four words and four vectors of codes give."""
    if part.way == AVX2:
        for each in (0, 2):  # 4 * 63 * 127 fits into 16 bits
            pairs = [_multiply_pairs(builder, part, codes[each + one], words[each + one]) for one in (0, 1)]
            total = _widen_pairs(builder, part, builder.add(*pairs))
            place = sums[each % len(sums)]
            builder.store(builder.add(builder.load(place), total), place)
        return
    multiply = _multiply_vnni if part.way == VNNI else _multiply_plain
    for each in range(_WORDS):
        place = sums[each % len(sums)]
        builder.store(multiply(builder, part, builder.load(place), codes[each], words[each]), place)


def _multiply_vnni(builder: Any, part: _Part, total: Any, codes: Any, word: Any) -> Any:
    function = _declare(builder, part.sums, [part.sums] * 3, "llvm.x86.avx512.vpdpbusd.512")
    return builder.call(function, [total, builder.bitcast(codes, part.sums), _splat(builder, word, part.sums)])


def _multiply_pairs(builder: Any, part: _Part, codes: Any, word: Any) -> Any:
    pairs = ir.VectorType(_INT16, part.bytes // 2)
    function = _declare(builder, pairs, [part.codes] * 2, "llvm.x86.avx2.pmadd.ub.sw")
    return builder.call(function, [codes, builder.bitcast(_splat(builder, word, part.sums), part.codes)])


def _widen_pairs(builder: Any, part: _Part, pairs: Any) -> Any:
    function = _declare(builder, part.sums, [pairs.type] * 2, "llvm.x86.avx2.pmadd.wd")
    return builder.call(function, [pairs, ir.Constant(pairs.type, [1] * pairs.type.count)])


def _multiply_plain(builder: Any, part: _Part, total: Any, codes: Any, word: Any) -> Any:
    values = builder.bitcast(word, ir.VectorType(_INT8, _WORDS))
    for each in range(_WORDS):
        lanes = builder.zext(_pick(builder, codes, list(range(each, part.bytes, _WORDS))), part.sums)
        value = builder.sext(builder.extract_element(values, _INT32(each)), _INT32)
        total = builder.add(total, builder.mul(lanes, _splat(builder, value, part.sums)))
    return total


def _finish(builder: Any, part: _Part, total: Any, scale: Any, factors: Any, biases: Any, probe: int) -> Any:
    number = ir.IntType(64)(probe)
    bias = _splat(builder, builder.load(builder.gep(biases, [number])), part.sums)
    factor = _splat(builder, builder.load(builder.gep(factors, [number])), scale.type)
    whole = builder.sub(builder.add(total, total), bias)
    return builder.fmul(builder.fmul(builder.sitofp(whole, scale.type), factor), scale)


def _reserve(builder: Any, vector: Any) -> Any:
    return cgutils.alloca_once(builder, vector)  # type: ignore[no-untyped-call]


def _pointer(context: Any, builder: Any, signature: Any, args: Any, place: int) -> Any:
    return context.make_array(signature.args[place])(context, builder, args[place]).data


def _load(builder: Any, array: Any, position: Any, vector: Any) -> Any:
    place = builder.bitcast(builder.gep(array, [position]), vector.as_pointer())
    return builder.load(place, align=1 if vector.element == _INT8 else 4)


def _splat(builder: Any, value: Any, vector: Any) -> Any:
    """Returns a vector of equal lanes."""
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, _INT32(0))
    return _pick(builder, one, [0] * vector.count)


def _pick(builder: Any, vector: Any, lanes: list[int]) -> Any:
    """Returns the vector of these lanes of a vector."""
    mask = ir.Constant(ir.VectorType(_INT32, len(lanes)), lanes)
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), mask)


def _declare(builder: Any, returned: Any, given: list[Any], name: str) -> Any:
    return cgutils.get_or_insert_function(builder.module, ir.FunctionType(returned, given), name)  # type: ignore[no-untyped-call]
