"""Compiling: how the functions of this package are compiled."""

from typing import Any

import numba

njit: Any = numba.njit
"""As numba has it; its declared types know nothing of `_nrt`."""

_INSIDE = {"error_model": "numpy", "_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""Without reference counts, which numba would take for every array of a tuple on every call.

And without a way in from outside, which takes a fifth of all compiling: what is called from Python is a
`door`, for a call of any other function from there ends the process.
"""

inlined = njit(**_INSIDE, forceinline=True)
"""Inlined into the door: a call that hands over a dozen arrays costs more than most of these bodies."""

called = njit(**_INSIDE)
"""Called: long loops, whose call costs nothing beside them."""

vectored = njit(**_INSIDE, fastmath={"reassoc", "nsz", "contract"})
"""Called, and free to reorder sums, so that they go through vectors; nothing but sums may be in it."""

ordered = njit(**_INSIDE, fastmath={"nnan", "nsz"})
"""Called, and told that there is no NaN, so that the largest and the smallest go through vectors."""
