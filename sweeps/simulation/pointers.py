"""The compiled function of a strategy as an address, and back inside compiled code.

Called through its address, any function of the signature `ASK` can be run by code that was compiled before
it, and what it raises arrives there as an exception. numba does both by itself when a function is given as
an argument, but takes 60 us to do so, as long as a short backtest.
"""

from collections.abc import Callable
from typing import Any, Final

from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

ASK: Final = types.int64(types.int64, types.uint64, types.uint64, types.uint64)
"""What is asked: (bar, address of the account, of the memory, of the inputs' addresses) -> wish."""

_FUNCTION: Final = types.FunctionType(ASK)


def compiled_address(function: Any) -> tuple[Any, int]:
    """Return a function compiled for `ASK`, and where its machine code lies while that lives."""
    compiled: Any = njit(ASK)(function)
    made = compiled.overloads[ASK.args]
    return compiled, made.library.get_pointer_to_function(made.fndesc.llvm_func_name)


@intrinsic
def _asking_at(typing_context: Any, address: Any) -> Any:  # noqa: ARG001  as numba calls it

    def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        made = cgutils.create_struct_proxy(_FUNCTION)(context, builder)
        made.jit_addr = builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))
        return made._getvalue()  # noqa: SLF001  numba's own way to read a struct

    return _FUNCTION(types.int64), generate


_made: Any = _asking_at
asking_at: Callable[[int], Any] = _made
"""Return the function of an address, to be called inside compiled code."""
