"""The compiled kernel against plain Python, over random bars, events and settings."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweeps.simulation.kernel import PriceWindow, SignalSet, simulate, trace
from tests.sweeps.simulation.cases import FREE, OFF, named, table
from tests.sweeps.simulation.plain_metrics import plain_metrics
from tests.sweeps.simulation.plain_oracle import PlainRun

PERIODS = 252.0
EVENTS = np.array([0, 0, 0, 1, 2, 4, 8, 5, 10, 12, 9, 6], dtype=np.uint8)
many_examples = settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])


def random_bars(rng: np.random.Generator, count: int, *, coarse: bool) -> np.ndarray:
    """Return (count, 4) prices with gaps; coarse prices are whole numbers, so that levels are hit exactly."""
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.05, count)))
    open_ = close * np.exp(rng.normal(0, 0.05, count))
    high = np.maximum(open_, close) * np.exp(np.abs(rng.normal(0, 0.02, count)))
    low = np.minimum(open_, close) * np.exp(-np.abs(rng.normal(0, 0.02, count)))
    prices = np.column_stack((open_, high, low, close))
    return np.maximum(np.round(prices / 10) * 10, 10.0) if coarse else prices


def off_or(*values: float) -> st.SearchStrategy[float]:
    return st.sampled_from((OFF, *values))


run_settings = st.fixed_dictionaries(
    {
        "fill": st.sampled_from(("next_open", "close")),
        "sizing": st.sampled_from(
            (
                ("all_in", OFF),
                ("fraction", 0.4),
                ("fraction", 1.0),
                ("cash", 700.0),
                ("units", 3.0),
                ("units", 12.0),
            )
        ),
        "fee_bps": st.sampled_from((0.0, 10.0, 2000.0)),
        "fee_fixed": st.sampled_from((0.0, 2.0, 400.0)),
        "slippage_bps": st.sampled_from((0.0, 25.0)),
        "borrow_rate": st.sampled_from((0.0, 0.5, 60.0)),
        "lot_size": st.sampled_from((0.0, 0.5, 1.0, 4.0)),
        "risk_free_rate": st.sampled_from((0.0, 0.03)),
        "stop_loss": off_or(0.03, 0.1),
        "take_profit": off_or(0.04, 0.1, 1.5),
        "trailing_stop": off_or(0.03, 0.1),
        "atr_stop_multiple": off_or(1.0, 2.5),
        "max_bars": off_or(1.0, 2.0, 5.0),
    }
)
shape = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32 - 1),
        "count": st.integers(1, 60),
        "coarse": st.booleans(),
        "distance": st.booleans(),
        "sessions": st.booleans(),
        "busy": st.sampled_from((0.1, 0.5, 1.0)),
    }
)


class Case:
    """One random run, seen by the kernel and by the plain oracle."""

    def __init__(self, shape: dict[str, Any], chosen: dict[str, Any]) -> None:
        rng = np.random.default_rng(shape["seed"])
        count = shape["count"]
        self.bars = random_bars(rng, count, coarse=shape["coarse"])
        self.events = rng.choice(EVENTS, count) * (rng.random(count) < shape["busy"]).astype(np.uint8)
        self.atr = np.where(rng.random(count) < 0.2, np.nan, np.round(rng.uniform(0, 10, count)))
        unknown = rng.random(count) < 0.2
        self.distance = (
            np.where(unknown, np.nan, np.round(rng.uniform(0, 12, count))) if shape["distance"] else None
        )
        self.sessions = rng.random(count) < 0.15 if shape["sessions"] else None
        kind, value = chosen["sizing"]
        rest = {name: value for name, value in chosen.items() if name != "sizing"}
        self.settings = FREE | rest | {"sizing_kind": kind, "sizing_value": value}

    def plain(self) -> PlainRun:
        def listed(values: np.ndarray | None) -> list[Any] | None:
            return None if values is None else values.tolist()

        rows = [tuple(row) for row in self.bars.tolist()]
        ours = (listed(self.distance), listed(self.atr), listed(self.sessions))
        return PlainRun(rows, self.events.tolist(), self.settings, PERIODS, *ours).walk()

    def inputs(self) -> tuple[PriceWindow, SignalSet, np.ndarray]:
        more = {"stop_distance": self.distance, "session_last": self.sessions}
        given_ones = {name: values for name, values in more.items() if values is not None}
        return (
            PriceWindow(*self.bars.T),
            SignalSet(self.events, atr=self.atr, **given_ones),
            table(PERIODS, **self.settings),
        )


@many_examples
@given(shape, run_settings)
def test_the_kernel_equals_plain_python(shape, chosen):
    case = Case(shape, chosen)
    plain = case.plain()
    window, signals, row = case.inputs()
    ours = trace(window, signals, row[0], PERIODS)

    assert ours.status == 0
    assert len(ours.trades["side"]) == len(plain.trades)
    for name, values in ours.trades.items():
        expected = [trade[name] for trade in plain.trades]
        if name in ("side", "entry_bar", "exit_bar", "bars_held", "exit_reason"):
            assert values.tolist() == expected, name
        else:
            np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-9, err_msg=name)
    np.testing.assert_allclose(ours.equity, plain.equity, rtol=1e-11, atol=1e-9)

    # Metrics are of our curve: where equity stands still, the plain one trembles in its last bit.
    plain.equity = ours.equity.tolist()
    for name, value in named(ours.metrics).items():
        assert value == pytest.approx(plain_metrics(plain)[name], rel=1e-8, abs=1e-9, nan_ok=True), name


@many_examples
@given(shape, run_settings)
def test_equity_is_cash_plus_position_and_trades_add_up_to_it(shape, chosen):
    case = Case(shape, chosen)
    window, signals, row = case.inputs()
    run = trace(window, signals, row[0], PERIODS)
    metrics = named(run.metrics)
    if not metrics["ruined"]:
        assert run.trades["pnl"].sum() == pytest.approx(run.equity[-1] - 1000.0, abs=1e-8)
    assert run.trades["fees"].sum() == pytest.approx(metrics["total_fees"])
    assert np.count_nonzero(run.position) == pytest.approx(metrics["exposure"] * len(window))

    closed = np.zeros(len(window))
    for k in range(len(run.trades["side"])):
        trade = {name: values[k] for name, values in run.trades.items()}
        held = run.position[trade["entry_bar"] : trade["exit_bar"]]
        assert (held == trade["side"] * trade["quantity"]).all()
        if trade["exit_reason"] not in ("end_of_data", "ruin"):
            closed[trade["exit_bar"] :] += trade["pnl"]
    still = run.position == 0
    if not metrics["ruined"]:
        # The sum of profits rounds at the capital's size, also where little of the capital is left.
        rounding = 1000.0 * np.finfo(float).eps * len(run.trades["side"])
        np.testing.assert_allclose(run.equity[still], (1000.0 + closed)[still], rtol=1e-11, atol=rounding)


@many_examples
@given(shape, st.lists(run_settings, min_size=1, max_size=5))
def test_a_run_does_not_know_its_neighbours(shape, several):
    cases = [Case(shape, chosen) for chosen in several]
    window, signals, _ = cases[0].inputs()
    rows = np.vstack([case.inputs()[2] for case in cases])
    together = simulate(window, signals, rows, PERIODS)
    for k in range(len(cases)):
        alone = simulate(window, signals, rows[k : k + 1], PERIODS)
        np.testing.assert_array_equal(together.metrics[k], alone.metrics[0])
        np.testing.assert_array_equal(together.block_sums[k], alone.block_sums[0])
        np.testing.assert_array_equal(together.metrics[k], trace(window, signals, rows[k], PERIODS).metrics)


@many_examples
@given(shape, run_settings)
def test_blocks_add_up_to_the_returns(shape, chosen):
    case = Case(shape, chosen)
    window, signals, row = case.inputs()
    run, outcome = trace(window, signals, row[0], PERIODS), simulate(window, signals, row, PERIODS)
    before = np.concatenate(([1000.0], run.equity[:-1]))
    returns = np.divide(run.equity, before, out=np.ones_like(before), where=before > 0) - 1
    count = len(returns)
    for block in range(16):
        part = returns[block * count // 16 : (block + 1) * count // 16]
        assert outcome.block_sums[0, block] == pytest.approx(part.sum(), rel=1e-6, abs=1e-7)
        assert outcome.block_sumsqs[0, block] == pytest.approx((part**2).sum(), rel=1e-6, abs=1e-7)


@many_examples
@given(shape, run_settings, st.integers(1, 59))
def test_a_trade_closed_before_a_cut_does_not_depend_on_what_follows(shape, chosen, cut):
    case = Case(shape, chosen)
    window, signals, row = case.inputs()
    whole = trace(window, signals, row[0], PERIODS)
    short = Case(shape, chosen)
    keep = min(cut, len(window))
    short.bars, short.events, short.atr = short.bars[:keep], short.events[:keep], short.atr[:keep]
    short.distance = None if short.distance is None else short.distance[:keep]
    short.sessions = None if short.sessions is None else short.sessions[:keep]
    window, signals, row = short.inputs()
    early = trace(window, signals, row[0], PERIODS)
    np.testing.assert_array_equal(early.equity, whole.equity[:keep])
    closed = early.trades["exit_reason"] != "end_of_data"
    before = int(closed.sum())
    assert math.isclose(early.trades["pnl"][closed].sum(), whole.trades["pnl"][:before].sum(), abs_tol=1e-9)
