"""Numbers on their way to rows."""

import numpy as np
import pyarrow as pa

from sweeps.execution.rows import nullable


def test_what_is_not_a_number_is_null() -> None:
    values = np.array([1.5, np.nan, np.inf, -np.inf])
    assert nullable(values, pa.float64()).to_pylist() == [1.5, None, None, None]
    assert nullable(np.array([1.0, np.nan]), pa.bool_()).to_pylist() == [True, None]


def test_what_a_float32_column_cannot_hold_is_null() -> None:
    values = np.array([0.5, 1e300, np.nan])
    assert nullable(values, pa.float32()).to_pylist() == [0.5, None, None]


def test_counts_are_whole_and_unknown_ones_are_null() -> None:
    assert nullable(np.array([3.0, np.nan]), pa.int32()).to_pylist() == [3, None]
