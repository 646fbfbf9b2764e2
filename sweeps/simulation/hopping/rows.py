"""Rows: a row of eight numbers at a time, in one or two of the processor's registers."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic as untyped_intrinsic

intrinsic: Any = untyped_intrinsic

WIDTH = 8
_ROW = ir.VectorType(ir.DoubleType(), WIDTH)


def _row_at(builder: Any, data: Any, place: Any) -> Any:
    """Return the address of a row; ``place`` is that of its first number."""
    return builder.bitcast(builder.gep(data, [place]), _ROW.as_pointer())


def _load(builder: Any, pointer: Any) -> Any:
    loaded = builder.load(pointer)
    loaded.align = 8
    return loaded


@intrinsic
def add_difference(_: Any, target: Any, __: Any, table: Any, ___: Any, ____: Any) -> Any:
    """Add a difference of rows to a row: ``(target, place, table, last, first)``, all float64.

    ``target[place : place + 8] += table[last] - table[first]``; places are not looked at.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        target_type, _, table_type = signature.args[:3]
        goal, at, source, end, start = arguments
        into = context.make_array(target_type)(context, builder, goal).data
        rows = context.make_array(table_type)(context, builder, source).data
        eight = ir.Constant(ir.IntType(64), WIDTH)
        later = _load(builder, _row_at(builder, rows, builder.mul(end, eight)))
        sooner = _load(builder, _row_at(builder, rows, builder.mul(start, eight)))
        goal_row = _row_at(builder, into, at)
        builder.store(builder.fadd(_load(builder, goal_row), builder.fsub(later, sooner)), goal_row).align = 8
        return context.get_dummy_value()

    return types.void(target, types.int64, table, types.int64, types.int64), generate


@intrinsic
def add_up(_: Any, table: Any, __: Any) -> Any:
    """Make the first rows of a float64 table running sums of themselves: ``(table, count)``.

    What is rounded off a sum is kept beside it (Knuth, TAOCP 2, 4.2.2, theorem B). A running sum of equal
    values is rounded each time to the same side: without this, a sum of n of them would be off by n / 2 last
    digits, and a difference of two such by many more of its own.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, count = arguments
        rows = context.make_array(signature.args[0])(context, builder, source).data
        high, low = (cgutils.alloca_once_value(builder, ir.Constant(_ROW, None)) for _ in range(2))
        with cgutils.for_range(builder, count) as loop:
            place = _row_at(builder, rows, builder.mul(loop.index, ir.Constant(loop.index.type, WIDTH)))
            value, total = _load(builder, place), builder.load(high)
            after = builder.fadd(total, value)
            part = builder.fsub(after, total)
            off = builder.fadd(builder.fsub(total, builder.fsub(after, part)), builder.fsub(value, part))
            rest = builder.fadd(builder.load(low), off)
            builder.store(after, high)
            builder.store(rest, low)
            builder.store(builder.fadd(after, rest), place).align = 8
        return context.get_dummy_value()

    return types.void(table, types.int64), generate
