"""Status and summary of sweeps, and one run in full."""

import json

import numpy as np
import pytest

from lake.lake import Lake
from queries.catalog import Catalog
from queries.documents import status_document
from queries.errors import UnknownNameError
from queries.filters import Filters
from queries.search import best
from queries.show import show
from queries.summary import summary
from queries.sweep import status
from tests.queries.conftest import AGAIN, CROSS, MEANREV, put_sweep, run_id


def test_status_is_newest_first(catalog: Catalog) -> None:
    found = status(catalog).to_pylist()
    assert [row["sweep_id"] for row in found] == [AGAIN, MEANREV, CROSS]
    assert [(row["runs"], row["done"], row["failed"], row["detailed"]) for row in found] == [
        (20, 20, 0, 0),
        (50, 50, 0, 0),
        (100, 100, 3, 2),
    ]
    assert status(catalog, CROSS).to_pylist() == found[2:]


def test_a_sweep_without_rows_has_nothing_done(lake: Lake) -> None:
    put_sweep(lake, CROSS, "cross", runs=7)
    document = status_document(status(Catalog(lake)))
    assert (
        json.loads(json.dumps(document))["sweeps"][0] | {"runs": 7, "done": 0, "failed": 0}
        == document["sweeps"][0]
    )


def test_summary_has_counts_quantiles_best_and_failures(catalog: Catalog) -> None:
    found = summary(catalog, CROSS)
    assert found.sweep["status"] == "finished"
    assert found.best == best(catalog, Filters(sweep=CROSS), n=1)
    assert found.failures.to_pylist() == [
        {"cause": "raised", "runs": 2, "error": "first", "params": '{"fast": 1}'},
        {"cause": "not_finite", "runs": 1, "error": "third", "params": '{"fast": 3}'},
    ]
    sharpe = (
        catalog.arrow("select sharpe from metrics where sweep_id = $1", [CROSS])["sharpe"]
        .drop_null()
        .to_numpy()
    )
    row = next(row for row in found.quantiles.to_pylist() if row["metric"] == "sharpe")
    assert row["runs"] == len(sharpe)
    expected = np.quantile(sharpe, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
    names = ("minimum", "p05", "p25", "median", "p75", "p95", "maximum")
    assert [row[name] for name in names] == pytest.approx(expected, rel=1e-12)
    assert row["mean"] == pytest.approx(sharpe.mean())
    assert found.quantiles["metric"].to_pylist()[:2] == ["total_return", "cagr"]


def test_an_unknown_sweep_is_refused_and_named(catalog: Catalog) -> None:
    for ask in (summary, status):
        with pytest.raises(UnknownNameError, match=f'unknown sweep .* did you mean "{MEANREV}"'):
            ask(catalog, MEANREV + "x")


def test_a_run_is_shown_with_its_details(catalog: Catalog) -> None:
    found = show(catalog, run_id("cross", "BTC/USDT", 1))
    assert found.run["symbol"].to_pylist() == ["BTC/USDT"]
    assert found.details is not None
    assert found.details["ulcer_index"].to_pylist() == [0.1]
    assert found.trades is not None
    assert found.trades["trade"].to_pylist() == [1, 2]
    assert found.equity is not None
    assert found.equity["equity"].to_pylist() == [1.0, 2.0]


def test_details_come_from_the_sweep_that_has_them(catalog: Catalog) -> None:
    found = show(catalog, run_id("cross", "007", 3))
    assert found.run["sweep_id"].to_pylist() == [AGAIN]
    assert found.trades is not None
    assert set(found.trades["sweep_id"].to_pylist()) == {CROSS}
    assert show(catalog, run_id("cross", "007", 3), sweep=CROSS).run["sweep_id"].to_pylist() == [CROSS]


def test_half_stored_details_are_absent(catalog: Catalog) -> None:
    found = show(catalog, run_id("cross", "BTC/USDT", 2))
    assert (found.details, found.trades, found.equity) == (None, None, None)


def test_an_unknown_run_is_refused_and_a_near_one_named(catalog: Catalog) -> None:
    known = run_id("cross", "a%b", 0)
    with pytest.raises(UnknownNameError, match=f'unknown run .* did you mean "{known[:31]}'):
        show(catalog, known[:-1])
    with pytest.raises(UnknownNameError, match="unknown run"):
        show(catalog, "nope")
