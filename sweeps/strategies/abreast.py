"""Blocks abreast: running sums of four neighbouring blocks of a row at a time, one block in each lane.

A running sum is a chain of additions of which each waits three or four cycles for the one before. Blocks do
not wait for each other, and numba finds no vectors across them: four chains written out are stored one
number at a time, which takes as long. So lanes are written as vectors: four numbers of each block are loaded,
and turned, so that a vector holds one number of each. LLVM splits vectors where the machine has shorter ones.
Every sum is added up in the order of its block, so lanes change no digit.

What is needed next is fetched ahead, in the order of addresses: the processor does not foresee four places
that are read and written by turns (periods 75 to 150: 0.65 ms a million values, instead of 1.1).
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic as untyped_intrinsic

intrinsic: Any = untyped_intrinsic

LANES = 4
"""Blocks that are summed at once, and the numbers of each that are loaded at once: turning needs a square."""
NEAR = 160
"""Longest period of which all that is at hand for four blocks fits the nearest cache, 32 KB: means of longer
ones are fetched into the next."""
_LINE = 8
"""Numbers of a line of the cache."""
_ROW = ir.VectorType(ir.DoubleType(), LANES)
_WORD = ir.IntType(64)
_SHORT = ir.IntType(32)


@intrinsic
def sum_behind(_: Any, values: Any, __: Any, ___: Any, tails: Any, means: Any) -> Any:
    """Sum the blocks before four blocks from their ends: ``(values, first, period, tails, means)``.

    ``tails[4 * offset + lane]`` becomes the sum of what stands behind an offset in the block before the one
    of that lane. The four blocks start at ``first``. Nothing is looked at: all must lie within the arrays.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first, period = arguments[1:3]
        source, goal, later = (_data(context, builder, signature, arguments, place) for place in (0, 3, 4))
        blocks = _blocks(builder, builder.sub(first, period), period)
        sums = cgutils.alloca_once_value(builder, ir.Constant(_ROW, None))

        def add(column: Any, offset: Any) -> None:
            total = builder.load(sums)
            builder.store(total, _row_at(builder, goal, _times(builder, offset, LANES)), align=8)
            builder.store(builder.fadd(total, column), sums)

        steps, rest = _split(builder, period)
        with cgutils.for_range(builder, rest) as loop:
            offset = builder.sub(_plus(builder, period, -1), loop.index)
            add(_column(builder, source, _moved(builder, blocks, offset)), offset)
        near = builder.icmp_signed("<=", period, ir.Constant(_WORD, NEAR))
        with cgutils.for_range(builder, steps) as loop:
            soon = builder.add(first, _times(builder, loop.index, LANES * LANES))
            with builder.if_else(near) as (then, otherwise):
                with then:
                    _fetch(builder, later, soon, write=1, distance=3)
                with otherwise:
                    _fetch(builder, later, soon, write=0, distance=2)
            offset = _times(builder, builder.sub(_plus(builder, steps, -1), loop.index), LANES)
            columns = _turned(builder, _load(builder, source, _moved(builder, blocks, offset)))
            for lane in reversed(range(LANES)):
                add(columns[lane], _plus(builder, offset, lane))
        return context.get_dummy_value()

    return types.void(values, types.int64, types.int64, tails, means), generate


@intrinsic
def average_ahead(_: Any, values: Any, __: Any, ___: Any, tails: Any, means: Any) -> Any:
    """Write the means of four blocks: ``(values, first, period, tails, means)``, of which tails are made.

    Each is the sum of its block up to it, and of what stands behind its offset in the block before, divided.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first, period = arguments[1:3]
        source, behind, goal = (_data(context, builder, signature, arguments, place) for place in (0, 3, 4))
        blocks = _blocks(builder, first, period)
        next_four = builder.add(first, _times(builder, period, LANES))
        sums = cgutils.alloca_once_value(builder, ir.Constant(_ROW, None))
        divisor = _spread(builder, builder.sitofp(period, ir.DoubleType()))

        def mean(column: Any, offset: Any) -> Any:
            total = builder.fadd(builder.load(sums), column)
            builder.store(total, sums)
            tail = builder.load(_row_at(builder, behind, _times(builder, offset, LANES)), align=8)
            return builder.fdiv(builder.fadd(tail, total), divisor)

        steps, rest = _split(builder, period)
        with cgutils.for_range(builder, steps) as loop:
            soon = builder.add(next_four, _times(builder, loop.index, LANES * LANES))
            _fetch(builder, source, soon, write=0, distance=3)
            offset = _times(builder, loop.index, LANES)
            places = _moved(builder, blocks, offset)
            columns = _turned(builder, _load(builder, source, places))
            made = [mean(column, _plus(builder, offset, lane)) for lane, column in enumerate(columns)]
            for row, place in zip(_turned(builder, made), places, strict=True):
                builder.store(row, _row_at(builder, goal, place), align=8)
        with cgutils.for_range(builder, rest) as loop:
            offset = builder.add(_times(builder, steps, LANES), loop.index)
            places = _moved(builder, blocks, offset)
            column = mean(_column(builder, source, places), offset)
            for lane, place in enumerate(places):
                number = builder.extract_element(column, ir.Constant(_SHORT, lane))
                builder.store(number, builder.gep(goal, [place]))
        return context.get_dummy_value()

    return types.void(values, types.int64, types.int64, tails, means), generate


def _data(context: Any, builder: Any, signature: Any, arguments: Any, place: int) -> Any:
    """Return the address of an array's first number.

    Raises:
        TypeError: If it is not float64 without gaps: it would be read as what it is not.
    """
    array = signature.args[place]
    if array.dtype != types.float64 or array.layout != "C":
        raise TypeError(f"blocks abreast: expected float64 numbers side by side, got {array}")
    return context.make_array(array)(context, builder, arguments[place]).data


def _plus(builder: Any, number: Any, other: int) -> Any:
    return builder.add(number, ir.Constant(_WORD, other))


def _times(builder: Any, number: Any, other: int) -> Any:
    return builder.mul(number, ir.Constant(_WORD, other))


def _split(builder: Any, period: Any) -> tuple[Any, Any]:
    """Return how often four numbers are loaded of a block, and how many numbers are left at its end."""
    lanes = ir.Constant(_WORD, LANES)
    return builder.udiv(period, lanes), builder.urem(period, lanes)


def _blocks(builder: Any, first: Any, period: Any) -> list[Any]:
    """Return where each of four blocks starts."""
    return [builder.add(first, _times(builder, period, lane)) for lane in range(LANES)]


def _moved(builder: Any, blocks: list[Any], offset: Any) -> list[Any]:
    return [builder.add(block, offset) for block in blocks]


def _row_at(builder: Any, data: Any, place: Any) -> Any:
    return builder.bitcast(builder.gep(data, [place]), _ROW.as_pointer())


def _load(builder: Any, data: Any, places: list[Any]) -> list[Any]:
    """Load four numbers from each of four places on."""
    return [builder.load(_row_at(builder, data, place), align=8) for place in places]


def _column(builder: Any, data: Any, places: list[Any]) -> Any:
    """Load one number from each of four places."""
    column = ir.Constant(_ROW, ir.Undefined)
    for lane, place in enumerate(places):
        number = builder.load(builder.gep(data, [place]))
        column = builder.insert_element(column, number, ir.Constant(_SHORT, lane))
    return column


def _spread(builder: Any, number: Any) -> Any:
    """Return a vector that holds one number in every lane."""
    first = builder.insert_element(ir.Constant(_ROW, ir.Undefined), number, ir.Constant(_SHORT, 0))
    return _picked(builder, first, first, [0] * LANES)


def _picked(builder: Any, left: Any, right: Any, lanes: list[int]) -> Any:
    """Return some lanes of two vectors; those of the right one are counted on from the left one's."""
    return builder.shuffle_vector(left, right, ir.Constant(ir.VectorType(_SHORT, LANES), lanes))


def _turned(builder: Any, rows: list[Any]) -> list[Any]:
    """Return the columns of four rows of four numbers."""
    pairs = [
        (_picked(builder, rows[0], rows[1], lanes), _picked(builder, rows[2], rows[3], lanes))
        for lanes in ([0, 4, 2, 6], [1, 5, 3, 7])
    ]
    return [
        _picked(builder, upper, lower, lanes)
        for lanes in ([0, 1, 4, 5], [2, 3, 6, 7])
        for upper, lower in pairs
    ]


def _fetch(builder: Any, data: Any, place: Any, *, write: int, distance: int) -> None:
    """Have the lines of one step brought near, 3 the nearest; places may lie beyond the array."""
    pointer = ir.IntType(8).as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [pointer, _SHORT, _SHORT, _SHORT])
    prefetch = builder.module.declare_intrinsic("llvm.prefetch", [pointer], kind)
    for ahead in range(0, LANES * LANES, _LINE):
        address = builder.bitcast(builder.gep(data, [_plus(builder, place, ahead)]), pointer)
        builder.call(prefetch, [address, *(ir.Constant(_SHORT, number) for number in (write, distance, 1))])
