"""Rows: a row of eight numbers at a time, in one or two of the processor's registers."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic as untyped_intrinsic

intrinsic: Any = untyped_intrinsic

WIDTH = 8


@intrinsic
def add_difference(_: Any, target: Any, __: Any, table: Any, ___: Any, ____: Any) -> Any:
    """Add a difference of rows to a row: ``(target, place, table, last, first)``, all float64.

    ``target[place : place + 8] += table[last] - table[first]``; places are not looked at.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        target_type, _, table_type = signature.args[:3]
        goal, at, source, end, start = arguments
        row = ir.VectorType(ir.DoubleType(), WIDTH).as_pointer()
        into = context.make_array(target_type)(context, builder, goal).data
        rows = context.make_array(table_type)(context, builder, source).data
        eight = ir.Constant(ir.IntType(64), WIDTH)

        def row_at(data: Any, number: Any) -> Any:
            return builder.bitcast(builder.gep(data, [number]), row)

        def load(pointer: Any) -> Any:
            loaded = builder.load(pointer)
            loaded.align = 8
            return loaded

        later = load(row_at(rows, builder.mul(end, eight)))
        sooner = load(row_at(rows, builder.mul(start, eight)))
        goal_row = row_at(into, at)
        builder.store(builder.fadd(load(goal_row), builder.fsub(later, sooner)), goal_row).align = 8
        return context.get_dummy_value()

    return types.void(target, types.int64, table, types.int64, types.int64), generate
