"""Times, as Plotly and people read them: UTC, no longer than they need be."""

import numpy as np
import numpy.typing as npt

_UNITS = (("D", 86_400_000_000), ("m", 60_000_000), ("s", 1_000_000), ("us", 1))


def times(utc: npt.NDArray[np.datetime64]) -> npt.NDArray[np.str_]:
    """Return times as ISO text, shape (n,): days alone if all of them are midnight."""
    found = utc.astype("datetime64[us]")
    since = found.astype(np.int64)
    unit = next(unit for unit, length in _UNITS if not (since % length).any())
    return np.datetime_as_string(found, unit=unit)  # type: ignore[no-any-return, call-overload]
