"""Numbers on their way to rows."""

import numpy as np
import pyarrow as pa

from sweeps.execution.rows import nullable


def test_what_is_not_a_number_is_null() -> None:
    values = np.array([1.5, np.nan, np.inf, -np.inf])
    assert nullable(values, pa.float64()).to_pylist() == [1.5, None, None, None]
    assert nullable(np.array([1.0, np.nan]), pa.bool_()).to_pylist() == [True, None]
