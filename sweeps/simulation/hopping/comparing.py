"""Comparing: 64 bars at once into one word, a bit a bar, through the widest vectors that the machine has.

numba finds no vectors in a loop of compare, shift and or; written as vectors, LLVM lowers them to what there
is: eight comparisons of AVX-512, sixteen of AVX2, or thirty-two of SSE2 a word. Addresses are those of the
first of 64 values, aligned like one value at least. NaN is above nothing.
"""

from typing import Any

from llvmlite import ir
from numba import types

from sweeps.simulation.hopping.bits import intrinsic

_WORD = ir.IntType(64)
_LANES = 8
"""Values of one comparison; LLVM splits it where vectors are shorter."""
_SINGLES = 16
"""The same, of values half as long."""


def _floats(builder: Any, address: Any, lane: int) -> Any:
    """Load the float64 values from a lane on; vectors may lie across cache lines."""
    place = builder.add(address, ir.Constant(_WORD, lane * 8))
    vector = ir.VectorType(ir.DoubleType(), _LANES)
    return builder.load(builder.inttoptr(place, vector.as_pointer()), align=8)


def _singles(builder: Any, address: Any, lane: int) -> Any:
    """Load the float32 values from a lane on."""
    place = builder.add(address, ir.Constant(_WORD, lane * 4))
    vector = ir.VectorType(ir.FloatType(), _SINGLES)
    return builder.load(builder.inttoptr(place, vector.as_pointer()), align=4)


def _spread(builder: Any, value: Any) -> Any:
    """Return a vector that holds one value in every lane."""
    vector = ir.VectorType(ir.DoubleType(), _LANES)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), _LANES), [0] * _LANES)
    return builder.shuffle_vector(first, first, everywhere)


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


def _of_singles(relation: str) -> Any:
    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        def compared(lane: int) -> Any:
            left, right = (_singles(builder, one, lane) for one in arguments)
            return builder.fcmp_ordered(relation, left, right)

        return _gathered(builder, compared, _SINGLES)

    return types.uint64(types.int64, types.int64), generate


@intrinsic
def singles_above(_: Any, __: Any, ___: Any) -> Any:
    """Return the word of ``left > right`` of 64 float32 values at one address and at another."""
    return _of_singles(">")


@intrinsic
def singles_equal(_: Any, __: Any, ___: Any) -> Any:
    """Return the word of ``left == right`` of 64 float32 values at one address and at another."""
    return _of_singles("==")


def _against_value(relation: str) -> Any:
    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        address, value = arguments
        level = _spread(builder, value)

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
