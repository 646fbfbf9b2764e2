"""Arrays made of an address and a length inside compiled code: they own nothing and cost nothing to make."""

from collections.abc import Callable
from typing import Any, Final

from numba import types
from numba.core import cgutils
from numba.core.datamodel.models import ArrayModel
from numba.extending import intrinsic, lower_cast, register_model
from numba.np.arrayobj import make_array, populate_array


class BorrowedArray(types.Array):
    """An array that somebody else keeps alive, so that compiled code counts no references to it.

    Counting takes longer than a strategy's own few lines: three quarters of the time of a call.
    """

    def __init__(self, dtype: Any, *, readonly: bool) -> None:
        access = "read-only" if readonly else "mutable"
        super().__init__(dtype, 1, "C", readonly=readonly, name=f"borrowed({dtype}, {access})")


@register_model(BorrowedArray)
class _BorrowedModel(ArrayModel):
    """The layout of an array, without what is counted."""

    def traverse(self, builder: Any) -> list[Any]:  # noqa: ARG002  as numba calls it
        return []

    def inner_models(self) -> list[Any]:
        return []


@lower_cast(BorrowedArray, types.Array)
def _as_array(context: Any, builder: Any, source: Any, target: Any, value: Any) -> Any:  # noqa: ARG001
    return value


FLOATS: Final = BorrowedArray(types.float64, readonly=True)
INTEGERS: Final = BorrowedArray(types.int64, readonly=True)
SLOTS: Final = BorrowedArray(types.float64, readonly=False)


def _viewing(array: BorrowedArray) -> Callable[[int, int], Any]:
    """Return a compiled function (address, length) -> array of a type, shape (length,)."""

    @intrinsic
    def view(typing_context: Any, address: Any, length: Any) -> Any:  # noqa: ARG001  as numba calls it
        def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
            address, length = arguments
            item = context.get_data_type(array.dtype)
            size = context.get_constant(types.intp, context.get_abi_sizeof(item))
            made = make_array(array)(context, builder)
            populate_array(
                made,
                data=builder.inttoptr(address, item.as_pointer()),
                shape=cgutils.pack_array(builder, [length]),
                strides=cgutils.pack_array(builder, [size]),
                itemsize=size,
                meminfo=None,
            )
            return made._getvalue()  # noqa: SLF001  numba's own way to read a struct

        return array(types.int64, types.int64), generate

    viewing: Any = view
    return viewing


floats_at = _viewing(FLOATS)
"""Read-only floats."""
integers_at = _viewing(INTEGERS)
"""Read-only whole numbers."""
slots_at = _viewing(SLOTS)
"""Floats that may be written."""
