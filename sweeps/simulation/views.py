"""Arrays made of an address and a length inside compiled code; they own nothing and cost nothing to make."""

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array


def _viewing(array: Any) -> Callable[[int, int], Any]:
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


floats_at = _viewing(types.Array(types.float64, 1, "C", readonly=True))
"""Read-only floats."""
integers_at = _viewing(types.Array(types.int64, 1, "C", readonly=True))
"""Read-only whole numbers."""
slots_at = _viewing(types.Array(types.float64, 1, "C"))
"""Floats that may be written."""
