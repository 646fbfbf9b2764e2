"""Packed bits are NumPy's comparisons, on vectors of any width and at any place in memory."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sweeps.simulation.hopping.conditions import (
    ABOVE,
    BELOW,
    BITS,
    BYTES,
    NEVER,
    ROWS,
    conditions,
)
from sweeps.simulation.hopping.lines import address
from sweeps.simulation.hopping.packing import pack_conditions, pack_flags, pack_row, words_of


def bits_of(row: np.ndarray, bars: int) -> np.ndarray:
    return np.unpackbits(row.view(np.uint8), bitorder="little").astype(bool)[:bars]


def rows(seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return two rows with equal, missing and infinite values, one of them off the vectors' alignment."""
    rng = np.random.default_rng(seed)
    left, right = np.empty(count + 1)[1:], np.empty(count)
    for row in (left, right):
        row[:] = rng.integers(-2, 3, count)
        row[rng.random(count) < 0.1] = np.nan
        row[rng.random(count) < 0.05] = np.inf
        row[rng.random(count) < 0.05] = -0.0
    return left, right, rng.random(count) < 0.3


@pytest.mark.parametrize("count", [1, 7, 63, 64, 65, 128, 1023, 1024, 1025, 2500])
@pytest.mark.parametrize("seed", range(5))
def test_a_condition_is_the_comparison_that_it_stands_for(seed: int, count: int) -> None:
    left, right, flags = rows(seed, count)
    asked = conditions((6,))
    asked.kind[:] = ROWS, ABOVE, BELOW, BYTES, NEVER, BITS
    packed = np.empty((1, words_of(count)), np.uint64)
    pack_row(flags, 0, packed, 0)
    asked.left[:] = (*[address(left)] * 3, address(flags), 0, address(packed))
    asked.right[0] = address(right)
    asked.value[1:3] = 1.0, 0.0
    bits = np.full((6, words_of(count)), 2**64 - 1, np.uint64)
    pack_conditions(asked, count, bits)
    expected = (left > right, left > 1.0, left < 0.0, flags, np.zeros(count, bool), flags)
    for row, wanted in zip(bits, expected, strict=True):
        np.testing.assert_array_equal(bits_of(row, count), wanted)
        assert not np.unpackbits(row.view(np.uint8), bitorder="little")[count:].any()


def test_flags_may_lie_apart() -> None:
    flags = np.random.default_rng(1).random(400) < 0.5
    row = np.empty(words_of(200), np.uint64)
    pack_flags(flags[::2], row)
    np.testing.assert_array_equal(bits_of(row, 200), flags[::2])


def test_a_machine_without_wide_vectors_packs_the_same(tmp_path: Path) -> None:
    here = Path(__file__)
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", str(here), "-q", "--override-ini", "addopts="]
    chosen = ["--import-mode=importlib", "-p", "no:cacheprovider", "-k", "comparison or apart"]
    done = subprocess.run(
        [*command, *chosen],
        env=os.environ | plain,
        cwd=here.parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
