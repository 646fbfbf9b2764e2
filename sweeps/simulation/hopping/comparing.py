"""Comparing: 64 bars at once into one word, a bit a bar, through the widest vectors that the machine has.

numba finds no vectors in a loop of compare, shift and or; written as vectors, LLVM lowers them to what there
is: eight comparisons of AVX-512, sixteen of AVX2, or thirty-two of SSE2 a word. Addresses are those of the
first of 64 values, aligned like one value at least. NaN is above nothing.
"""

from typing import Any

from llvmlite import ir
from numba import types

from sweeps.simulation.hopping.bits import intrinsic
from sweeps.simulation.hopping.lanes import spread

_WORD = ir.IntType(64)
_LANES = 8
"""Values of one comparison; LLVM splits it where vectors are shorter."""
_FLOATS = ir.VectorType(ir.DoubleType(), _LANES)
_CUT_LANES = 32
"""The same, of values a quarter as long."""


def _floats(builder: Any, address: Any, lane: int) -> Any:
    """Load the float64 values from a lane on; vectors may lie across cache lines."""
    place = builder.add(address, ir.Constant(_WORD, lane * 8))
    return builder.load(builder.inttoptr(place, _FLOATS.as_pointer()), align=8)


def _cut(builder: Any, address: Any, lane: int) -> Any:
    """Load the int16 values from a lane on."""
    vector = ir.VectorType(ir.IntType(16), _CUT_LANES)
    place = builder.add(address, ir.Constant(_WORD, lane * 2))
    return builder.load(builder.inttoptr(place, vector.as_pointer()), align=2)


def _gathered(builder: Any, compared: Any, lanes: int = _LANES) -> Any:
    """Return one word of 64 / ``lanes`` comparisons; ``compared(lane)`` makes the one from a lane on."""
    word = ir.Constant(_WORD, 0)
    for lane in range(0, 64, lanes):
        bits = builder.zext(builder.bitcast(compared(lane), ir.IntType(lanes)), _WORD)
        word = builder.or_(word, builder.shl(bits, ir.Constant(_WORD, lane)))
    return word


@intrinsic
def rows_above(_: Any, __: Any, ___: Any) -> Any:
    """Return the word of ``left > right`` of 64 float64 values at one address and at another."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        def compared(lane: int) -> Any:
            left, right = (_floats(builder, one, lane) for one in arguments)
            return builder.fcmp_ordered(">", left, right)

        return _gathered(builder, compared)

    return types.uint64(types.int64, types.int64), generate


@intrinsic
def cut_above(_: Any, __: Any, ___: Any) -> Any:
    """Return the word of ``left > right`` of 64 int16 values at one address and at another."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        def compared(lane: int) -> Any:
            left, right = (_cut(builder, one, lane) for one in arguments)
            return builder.icmp_signed(">", left, right)

        return _gathered(builder, compared, _CUT_LANES)

    return types.uint64(types.int64, types.int64), generate


@intrinsic
def cut_ties(_: Any, __: Any, ___: Any) -> Any:
    """Return the word of ``left == right`` of 64 int16 values at one address and at another."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        def compared(lane: int) -> Any:
            left, right = (_cut(builder, one, lane) for one in arguments)
            return builder.icmp_signed("==", left, right)

        return _gathered(builder, compared, _CUT_LANES)

    return types.uint64(types.int64, types.int64), generate


@intrinsic
def cut_values(_: Any, __: Any, ___: Any, ____: Any, _____: Any) -> Any:
    """Write 64 float64 values as int16: ``(source, goal, middle, scale)``; tell whether any is NaN.

    They are (value - middle) x scale, at most 32767 from 0 and without what is beyond the point.
    """

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        source, goal = arguments[:2]
        middle, scale, most, least = (
            spread(builder, one, _FLOATS)
            for one in (*arguments[2:], *(ir.Constant(ir.DoubleType(), end) for end in (32767.0, -32767.0)))
        )
        gaps = None
        for lane in range(0, 64, _LANES):
            value = _floats(builder, source, lane)
            gap = builder.fcmp_unordered("uno", value, value)
            gaps = gap if gaps is None else builder.or_(gaps, gap)
            steps = builder.fmul(builder.fsub(value, middle), scale)
            steps = builder.select(builder.fcmp_ordered(">", steps, least), steps, least)
            steps = builder.select(builder.fcmp_ordered("<", steps, most), steps, most)
            whole = builder.fptosi(steps, ir.VectorType(ir.IntType(32), _LANES))
            vector = ir.VectorType(ir.IntType(16), _LANES)
            place = builder.inttoptr(builder.add(goal, ir.Constant(_WORD, lane * 2)), vector.as_pointer())
            builder.store(builder.trunc(whole, vector), place).align = 2
        return _any(builder, gaps, _LANES)

    return types.boolean(types.int64, types.int64, types.float64, types.float64), generate


def _any(builder: Any, found: Any, lanes: int) -> Any:
    """Tell whether any of some lanes is set."""
    bits = ir.IntType(lanes)
    return builder.icmp_unsigned("!=", builder.bitcast(found, bits), ir.Constant(bits, 0))


def _against_value(relation: str) -> Any:
    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        address, value = arguments
        level = spread(builder, value, _FLOATS)

        def compared(lane: int) -> Any:
            return builder.fcmp_ordered(relation, _floats(builder, address, lane), level)

        return _gathered(builder, compared)

    return types.uint64(types.int64, types.float64), generate


@intrinsic
def row_above(_: Any, __: Any, ___: Any) -> Any:
    """Return the word of ``row > value`` of 64 float64 values at an address."""
    return _against_value(">")


@intrinsic
def row_below(_: Any, __: Any, ___: Any) -> Any:
    """Return the word of ``row < value`` of 64 float64 values at an address."""
    return _against_value("<")


@intrinsic
def bytes_set(_: Any, __: Any) -> Any:
    """Return the word of ``byte != 0`` of 64 bytes at an address."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        vector = ir.VectorType(ir.IntType(8), 64)
        loaded = builder.load(builder.inttoptr(arguments[0], vector.as_pointer()), align=1)
        return builder.bitcast(builder.icmp_unsigned("!=", loaded, ir.Constant(vector, None)), _WORD)

    return types.uint64(types.int64), generate
