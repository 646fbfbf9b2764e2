"""Block statistics: as they are stored of one symbol, added up over several."""

from itertools import combinations

import numpy as np
import pytest

from lake.lake import Lake
from queries.catalog import Catalog
from queries.luck.cscv import overfitting, sweep_overfitting
from tests.queries.conftest import put_runs
from tests.queries.luck.conftest import SWEEP, YEAR, noise, put_returns, returns_rows
from tests.queries.luck.test_cscv import stream

STATISTICS = "select * from block_statistics($1, $2) order by setting_hash"


def blocks(returns: np.ndarray) -> np.ndarray:
    return np.add.reduceat(returns, np.arange(16) * returns.shape[1] // 16, axis=1)


def test_of_one_symbol_they_are_the_stored_ones(lake: Lake) -> None:
    returns = noise(1, 4, 100)
    put_returns(lake, {"A": returns, "B": noise(2, 4, 100)})
    found = Catalog(lake).arrow(STATISTICS, [SWEEP, ["A"]])
    assert found["setting_hash"].to_pylist() == [0, 1, 2, 3]
    assert found["block_sums"].to_pylist() == blocks(returns).astype(np.float32).tolist()
    assert found["block_sumsqs"].to_pylist() == blocks(returns**2).astype(np.float32).tolist()


def test_of_several_they_are_added_up_where_all_are_there(lake: Lake) -> None:
    a, b = noise(1, 4, 100), noise(2, 3, 100)
    put_returns(lake, {"A": a, "B": b})
    found = Catalog(lake).arrow(STATISTICS, [SWEEP, ["A", "B"]])
    assert found["setting_hash"].to_pylist() == [0, 1, 2]
    np.testing.assert_allclose(found["block_sums"].to_pylist(), blocks(a[:3] + b), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found["block_sumsqs"].to_pylist(), blocks(a[:3] ** 2 + b**2), rtol=1e-6)


def test_runs_without_them_are_left_out(lake: Lake) -> None:
    rows = returns_rows(noise(1, 2, 100), 1).drop_columns(["block_sums", "block_sumsqs"])
    put_runs(lake, "cross", "A", rows)
    unknown = returns_rows(np.full((2, 100), np.nan), 1, first=2)
    put_runs(lake, "cross", "A", unknown)
    put_runs(lake, "cross", "A", returns_rows(noise(2, 2, 100), 1, first=4))
    assert Catalog(lake).arrow(STATISTICS, [SWEEP, ["A"]])["setting_hash"].to_pylist() == [4, 5]


@pytest.mark.parametrize("symbols", [["A"], ["A", "B"]])
def test_what_a_lake_streams_is_judged_as_what_was_put(lake: Lake, symbols: list[str]) -> None:
    by_symbol = {"A": noise(1, 40, 333), "B": noise(2, 40, 333)}
    put_returns(lake, by_symbol)
    with Catalog(lake) as catalog:
        found = sweep_overfitting(catalog, SWEEP, symbols, 333, YEAR)
    singles = [[blocks(r).astype(np.float32), blocks(r**2).astype(np.float32)] for r in by_symbol.values()]
    sums, squares = np.array(singles[: len(symbols)], np.float64).sum(axis=0)
    expected = overfitting(stream(sums, squares), 333, YEAR, len(symbols))
    assert found == expected


def test_bars_of_symbols_that_are_taken_together_count_as_many(lake: Lake) -> None:
    returns = {"A": noise(1, 8, 64), "B": noise(2, 8, 64)}
    put_returns(lake, returns)
    with Catalog(lake) as catalog:
        found = sweep_overfitting(catalog, SWEEP, ["A", "B"], 64, YEAR)
    cut = np.stack([made.reshape(8, 16, 4) for made in returns.values()], axis=1)
    chosen = []
    for half in combinations(range(16), 8):
        bars, others = (cut[:, :, places].reshape(8, -1) for places in (half, sorted({*range(16)} - {*half})))
        best = np.argmax(bars.mean(axis=1) / bars.std(axis=1, ddof=1))
        chosen.append([made[best].mean() / made[best].std(ddof=1) for made in (bars, others)])
    inside, outside = np.mean(chosen, axis=0) * YEAR**0.5
    assert found
    assert (found.in_sample, found.out_of_sample) == pytest.approx((inside, outside), rel=1e-5)
