"""Bits: one bar one bit, so that a search for the next event looks at 64 bars at a time."""

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.extending import intrinsic as untyped_intrinsic

from sweeps.simulation.hopping.compiling import inlined

Words = npt.NDArray[np.uint64]

intrinsic: Any = untyped_intrinsic

U = np.uint64
"""Places in hot paths are unsigned: for others numba asks on every access whether they count from the end."""
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONE = np.uint64(1)
_TOP = np.uint64(63)


@intrinsic
def trailing_zeros(_: Any, __: Any) -> Any:
    """Return the place of the lowest set bit of a word; a word of 0 has none, and must not be asked."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


@intrinsic
def leading_zeros(_: Any, __: Any) -> Any:
    """Return the number of zeros above the highest set bit of a word that is not 0."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


@intrinsic
def bits_set(_: Any, __: Any) -> Any:
    """Return how many bits of a word are set."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


def _loaded(kind: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = context.get_value_type(signature.return_type)
        return builder.load(builder.inttoptr(arguments[0], held.as_pointer()))

    return kind(types.int64), generate


@intrinsic
def float_at(_: Any, __: Any) -> Any:
    """Return the float64 value at an address."""
    return _loaded(types.float64)


@intrinsic
def byte_at(_: Any, __: Any) -> Any:
    """Return the byte at an address."""
    return _loaded(types.uint8)


@intrinsic
def int_at(_: Any, __: Any) -> Any:
    """Return the whole number at an address."""
    return _loaded(types.int64)


@intrinsic
def word_at(_: Any, __: Any) -> Any:
    """Return the word at an address."""
    return _loaded(types.uint64)


@inlined
def highest_bit(number: int) -> int:
    """Return the place of the highest set bit of a positive number."""
    return 63 - leading_zeros(np.uint64(number))


@inlined
def next_bit(words: Words, start: int, end: int) -> int:
    """Return the first set bit in [start, end); ``end`` if there is none."""
    if start >= end:
        return end
    place = start >> 6
    word = words[U(place)] & (ALL << np.uint64(start & 63))
    while word == 0:
        place += 1
        if place << 6 >= end:
            return end
        word = words[U(place)]
    found = (place << 6) + trailing_zeros(word)
    return min(found, end)
