"""Lanes: eight numbers at once, one of each of eight runs, in the processor's vectors.

Compiled functions reckon with them as with numbers: ``+ - * /`` and comparisons take two of them, or one and
a float. Each lane is computed as a number alone would be, to the last bit (but for what is `fused`).
"""

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic as untyped_intrinsic
from numba.extending import lower_builtin, models, register_model, type_callable

intrinsic: Any = untyped_intrinsic

WIDTH = 8
"""Lanes of one vector; LLVM splits it where the processor's are shorter."""

_FLOATS = ir.VectorType(ir.DoubleType(), WIDTH)
_WHOLES = ir.VectorType(ir.IntType(64), WIDTH)
_FLAGS = ir.VectorType(ir.IntType(1), WIDTH)


class _Lanes(types.Type):
    """Eight float64."""


class _Wholes(types.Type):
    """Eight int64."""


class _Flags(types.Type):
    """Eight booleans."""


LANES, WHOLES, FLAGS = _Lanes("Lanes"), _Wholes("Wholes"), _Flags("Flags")


def _modelled(kind: type, held: Any) -> None:
    class Model(models.PrimitiveModel):
        def __init__(self, manager: Any, fe_type: Any) -> None:
            super().__init__(manager, fe_type, held)  # type: ignore[no-untyped-call]

    register_model(kind)(Model)


for _kind, _held in ((_Lanes, _FLOATS), (_Wholes, _WHOLES), (_Flags, _FLAGS)):
    _modelled(_kind, _held)


def spread(builder: Any, value: Any, vector: Any) -> Any:
    """Return a vector that holds one value in every lane."""
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, first, everywhere)


def _as_vector(builder: Any, kind: Any, value: Any, vector: Any) -> Any:
    return value if kind in (LANES, WHOLES, FLAGS) else spread(builder, value, vector)


def _operation(symbol: Any, lanes: Any, one: type, vector: Any, result: Any, make: Any) -> None:
    """Give a symbol a meaning for two vectors, and for one and a number."""

    def typer(_: Any) -> Any:
        def told(left: Any, right: Any) -> Any:
            kinds = (left, right)
            fits = lanes in kinds and all(kind == lanes or isinstance(kind, one) for kind in kinds)
            return result if fits else None

        return told

    type_callable(symbol)(typer)

    def generate(_: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        both = zip(signature.args, arguments, strict=True)
        return make(builder, *(_as_vector(builder, kind, value, vector) for kind, value in both))

    for kinds in ((type(lanes), type(lanes)), (type(lanes), one), (one, type(lanes))):
        lower_builtin(symbol, *kinds)(generate)


for _symbol, _name in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _operation(
        _symbol, LANES, types.Float, _FLOATS, LANES,
        lambda builder, left, right, name=_name: getattr(builder, name)(left, right),
    )  # fmt: skip
for _symbol, _sign in ((operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">=")):
    _operation(
        _symbol, LANES, types.Float, _FLOATS, FLAGS,
        lambda builder, left, right, sign=_sign: builder.fcmp_ordered(sign, left, right),
    )  # fmt: skip
for _symbol, _name in (
    (operator.add, "add"),
    (operator.sub, "sub"),
    (operator.mul, "mul"),
    (operator.lshift, "shl"),
    (operator.rshift, "ashr"),
):
    _operation(
        _symbol, WHOLES, types.Integer, _WHOLES, WHOLES,
        lambda builder, left, right, name=_name: getattr(builder, name)(left, right),
    )  # fmt: skip
_operation(
    operator.gt, WHOLES, types.Integer, _WHOLES, FLAGS,
    lambda builder, left, right: builder.icmp_signed(">", left, right),
)  # fmt: skip
for _symbol, _name in ((operator.and_, "and_"), (operator.or_, "or_")):
    _operation(
        _symbol, FLAGS, _Flags, _FLAGS, FLAGS,
        lambda builder, left, right, name=_name: getattr(builder, name)(left, right),
    )  # fmt: skip


@intrinsic
def neither(_: Any, __: Any) -> Any:
    """Return the opposite of flags."""
    return FLAGS(FLAGS), lambda _, builder, __, arguments: builder.not_(arguments[0])


@intrinsic
def where(_: Any, __: Any, then: Any, ___: Any) -> Any:
    """Return ``then`` in lanes that are flagged, and the third in the others: ``(flags, then, other)``."""
    return then(FLAGS, then, then), lambda _, builder, __, arguments: builder.select(*arguments)


def _extreme(sign: str) -> Any:
    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.select(builder.fcmp_ordered(sign, *arguments), *arguments)

    return LANES(LANES, LANES), generate


@intrinsic
def larger(_: Any, __: Any, ___: Any) -> Any:
    """Return the larger of two numbers, lane by lane."""
    return _extreme(">")


@intrinsic
def smaller(_: Any, __: Any, ___: Any) -> Any:
    """Return the smaller of two numbers, lane by lane."""
    return _extreme("<")


@intrinsic
def fused(_: Any, __: Any, ___: Any, ____: Any) -> Any:
    """Return left x right + more, rounded once where the processor can: ``(left, right, more)``."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        product = builder.fmul(arguments[0], arguments[1], flags=("contract",))
        return builder.fadd(product, arguments[2], flags=("contract",))

    return LANES(LANES, LANES, LANES), generate


@intrinsic
def any_of(_: Any, __: Any) -> Any:
    """Tell whether any lane is flagged."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        bits = ir.IntType(WIDTH)
        return builder.icmp_unsigned("!=", builder.bitcast(arguments[0], bits), ir.Constant(bits, 0))

    return types.boolean(FLAGS), generate


@intrinsic
def in_bits(_: Any, __: Any) -> Any:
    """Return flags as bits of a number, the first lane lowest."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.zext(builder.bitcast(arguments[0], ir.IntType(WIDTH)), ir.IntType(64))

    return types.int64(FLAGS), generate


@intrinsic
def everywhere(_: Any, number: Any) -> Any:
    """Return a number in every lane."""
    whole = isinstance(number, types.Integer)
    kind, vector = (WHOLES, _WHOLES) if whole else (LANES, _FLOATS)
    taken = types.int64 if whole else types.float64
    return kind(taken), lambda _, builder, __, arguments: spread(builder, arguments[0], vector)


@intrinsic
def places(_: Any) -> Any:
    """Return 0 to 7, each lane its place."""
    kind = ir.IntType(64)
    return WHOLES(), lambda *_: ir.Constant(_WHOLES, [ir.Constant(kind, lane) for lane in range(WIDTH)])


@intrinsic
def sum_of(_: Any, __: Any) -> Any:
    """Return the sum of all lanes: of halves, of their halves, and of theirs."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        lanes, count = arguments[0], WIDTH
        while count > 1:
            count //= 2
            halves = (
                ir.Constant(ir.VectorType(ir.IntType(32), count), list(range(first, first + count)))
                for first in (0, count)
            )
            low, high = (builder.shuffle_vector(lanes, lanes, half) for half in halves)
            lanes = builder.fadd(low, high)
        return builder.extract_element(lanes, ir.Constant(ir.IntType(32), 0))

    return types.float64(LANES), generate


@intrinsic
def as_floats(_: Any, __: Any) -> Any:
    """Return whole numbers as floats."""
    return LANES(WHOLES), lambda _, builder, __, arguments: builder.sitofp(arguments[0], _FLOATS)


@intrinsic
def highest_bits(_: Any, __: Any) -> Any:
    """Return the places of the highest set bits of positive numbers."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        name = f"llvm.ctlz.v{WIDTH}i64"
        count = builder.module.declare_intrinsic(
            name, fnty=ir.FunctionType(_WHOLES, [_WHOLES, ir.IntType(1)])
        )
        zeros = builder.call(count, [arguments[0], ir.Constant(ir.IntType(1), 1)])
        return builder.sub(spread(builder, ir.Constant(ir.IntType(64), 63), _WHOLES), zeros)

    return WHOLES(WHOLES), generate


def _at(context: Any, builder: Any, kind: Any, arguments: Any, vector: Any) -> Any:
    """Return the address of eight values; the first arguments are an array and a place in it."""
    array, place = arguments[:2]
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [place]), vector.as_pointer())


def _in_line(array: Any, kind: Any) -> bool:
    """Tell whether values of an array type lie side by side; numba refuses a call for which they do not."""
    return bool(array.layout == "C" and array.dtype == kind)


def _loaded(array: Any, result: Any, vector: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loaded = builder.load(_at(context, builder, signature.args[0], arguments, vector))
        loaded.align = 8
        return loaded

    return result(array, types.int64), generate


@intrinsic
def floats_at(_: Any, array: Any, __: Any) -> Any:
    """Return eight values of a contiguous float64 array from a place on, which is not looked at."""
    return _loaded(array, LANES, _FLOATS) if _in_line(array, types.float64) else None


@intrinsic
def wholes_at(_: Any, array: Any, __: Any) -> Any:
    """Return eight values of a contiguous int64 array from a place on, which is not looked at."""
    return _loaded(array, WHOLES, _WHOLES) if _in_line(array, types.int64) else None


@intrinsic
def put(_: Any, array: Any, __: Any, ___: Any) -> Any:
    """Write eight values into a contiguous float64 array from a place on: ``(array, place, lanes)``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _at(context, builder, signature.args[0], arguments, _FLOATS)
        builder.store(arguments[2], place).align = 8
        return context.get_dummy_value()

    return (types.void(array, types.int64, LANES), generate) if _in_line(array, types.float64) else None


@intrinsic
def gathered(_: Any, array: Any, places: Any) -> Any:
    """Return the values of a contiguous float64 array at eight places, which are not looked at."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        values = ir.Constant(_FLOATS, ir.Undefined)
        for lane in range(WIDTH):
            at = ir.Constant(ir.IntType(32), lane)
            place = builder.gep(data, [builder.extract_element(arguments[1], at)])
            values = builder.insert_element(values, builder.load(place), at)
        return values

    return (LANES(array, places), generate) if _in_line(array, types.float64) else None
