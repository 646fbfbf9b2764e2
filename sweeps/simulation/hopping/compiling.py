"""Compiling: how the functions of this package are compiled."""

from typing import Any

import numba

njit: Any = numba.njit
"""As numba has it; its declared types know nothing of `_nrt`."""

inlined = njit(error_model="numpy", _nrt=False, forceinline=True)
"""Inlined into the door: a call that hands over a dozen arrays costs more than most of these bodies.

Without reference counts, which numba would take for every array of a tuple on every call.
"""

called = njit(error_model="numpy", _nrt=False)
"""Called: long loops, whose call costs nothing beside them."""

vectored = njit(error_model="numpy", _nrt=False, fastmath={"reassoc", "nsz", "contract"})
"""Called, and free to reorder sums, so that they go through vectors; nothing but sums may be in it."""

ordered = njit(error_model="numpy", _nrt=False, fastmath={"nnan", "nsz"})
"""Called, and told that there is no NaN, so that the largest and the smallest go through vectors."""
