"""The engine against the reference loop: random bars, events and settings, any tile, many runs at once."""

from typing import Any

import numpy as np
import pytest

from sweeps.simulation.codes import EXIT_REASONS
from sweeps.simulation.engine import Batch, Engine, new_words
from sweeps.simulation.hopping.coarse import coarse_of
from sweeps.simulation.hopping.desk import new_desk
from sweeps.simulation.hopping.door import Made, run_sets
from sweeps.simulation.hopping.market import market_of
from sweeps.simulation.hopping.notes import new_notes
from sweeps.simulation.hopping.packing import pack_events, pack_flags
from sweeps.simulation.hopping.pooling import POOL_RUNS, pools_of
from sweeps.simulation.hopping.state import H_TRADES, N_STATE
from sweeps.simulation.hopping.trips import new_trips
from sweeps.simulation.kernel import METRIC_NAMES, PriceWindow, SignalSet, simulate, trace
from sweeps.simulation.ledger import (
    N_LEDGER,
    T_ENTRY_BAR,
    T_ENTRY_PRICE,
    T_EXIT_BAR,
    T_EXIT_PRICE,
    T_PNL,
    T_QUANTITY,
    T_REASON,
    T_SIDE,
)
from tests.sweeps.simulation.cases import FREE, OFF, table
from tests.sweeps.simulation.test_kernel_properties import EVENTS, random_bars

PERIODS = 252.0
WITHIN = 1e-9
CASES = 700
CHOICES: dict[str, tuple[Any, ...]] = {
    "fill": ("next_open", "close"),
    "fee_bps": (0.0, 10.0, 2000.0),
    "fee_fixed": (0.0, 0.0, 2.0, 400.0),
    "slippage_bps": (0.0, 25.0),
    "borrow_rate": (0.0, 0.0, 0.01, 0.5, 60.0),
    "lot_size": (0.0, 0.0, 0.5, 4.0),
    "risk_free_rate": (0.0, 0.03),
    "stop_loss": (OFF, 0.03, 0.1),
    "take_profit": (OFF, 0.04, 0.1, 1.5),
    "trailing_stop": (OFF, 0.03, 0.1),
    "atr_stop_multiple": (OFF, 1.0, 2.5),
    "max_bars": (OFF, OFF, 1.0, 2.0, 5.0, 40.0),
}
SIZES = (
    ("all_in", OFF),
    ("all_in", OFF),
    ("fraction", 0.4),
    ("fraction", 1.0),
    ("cash", 700.0),
    ("units", 3.0),
    ("units", 12.0),
)


class Case:
    """Random bars, one random signal set, and some random settings on it."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.count = int(rng.choice([1, 2, 3, 17, 40, 63, 64, 65, 150, 400, 900]))
        bars = random_bars(rng, self.count, coarse=bool(rng.random() < 0.4))
        if rng.random() < 0.5:  # calmer, with longer trades
            bars = 100 * (random_bars(rng, self.count, coarse=False) / 100) ** 0.2
            bars[:, 1], bars[:, 2] = bars.max(axis=1), bars.min(axis=1)
        self.window = PriceWindow(*bars.T)
        busy = rng.choice([0.01, 0.05, 0.1, 0.5, 1.0])
        self.events = rng.choice(EVENTS, self.count) * (rng.random(self.count) < busy).astype(np.uint8)
        unknown = rng.random((2, self.count)) < 0.2
        self.atr = np.where(unknown[0], np.nan, np.round(rng.uniform(0, 10, self.count)))
        self.distance = np.where(unknown[1], np.nan, np.round(rng.uniform(0, 12, self.count)))
        self.sessions = rng.random(self.count) < 0.15
        self.has_distance, self.has_sessions = rng.random(2) < 0.4
        self.tile = int(rng.choice([self.count + 1, 1, 7, 16, 64]))
        rows = []
        for _ in range(3):
            kind, value = SIZES[rng.integers(len(SIZES))]
            picked = {name: values[rng.integers(len(values))] for name, values in CHOICES.items()}
            rows.append(table(PERIODS, **(FREE | picked | {"sizing_kind": kind, "sizing_value": value})))
        self.settings = np.vstack(rows)

    def signals(self) -> SignalSet:
        more: dict[str, Any] = {}
        if self.has_distance:
            more["stop_distance"] = self.distance
        if self.has_sessions:
            more["session_last"] = self.sessions
        return SignalSet(self.events, atr=self.atr, **more)

    def batch(self) -> Batch:
        runs = len(self.settings)
        words = new_words(1, 4, self.count)
        pack_events(self.events, words[0])
        sessions = new_words(1, 1, self.count)[0]
        pack_flags(self.sessions, sessions[0])
        more = {"stop_distance": self.distance[None] / 4} if self.has_distance else {}
        return Batch(
            words,
            np.zeros(runs, np.int64),
            np.zeros(runs, np.int64),
            np.full(runs, 0 if self.has_sessions else -1),
            np.full(1, 0 if self.has_distance else -1),
            stop_scale=np.full(1, 4.0),
            atr=self.atr[None],
            session_last=sessions,
            **more,
        )


def assert_metrics_equal(ours: np.ndarray, loop: np.ndarray, where: str) -> None:
    undefined = np.isnan(ours)
    assert np.array_equal(undefined, np.isnan(loop)), (
        where,
        METRIC_NAMES[(undefined != np.isnan(loop)).argmax()],
    )
    off = np.abs(ours - loop) / np.maximum(1.0, np.abs(loop))
    worst = int(np.nanargmax(np.where(undefined, -1.0, off)))
    assert not off[~undefined].max() > WITHIN, (where, METRIC_NAMES[worst], ours[worst], loop[worst])


@pytest.mark.parametrize("start", range(0, CASES, 100))
def test_every_metric_equals_the_loop(start: int) -> None:
    looped = runs = 0
    for seed in range(start, start + 100):
        case = Case(seed)
        ours = Engine(case.window).simulate(case.batch(), case.settings, PERIODS, tile=case.tile)
        loop = simulate(case.window, case.signals(), case.settings, PERIODS)
        assert ours.status.tolist() == loop.status.tolist(), seed
        for k in range(len(case.settings)):
            assert_metrics_equal(ours.metrics[k], loop.metrics[k], f"seed {seed}, run {k}")
        np.testing.assert_allclose(ours.block_sums, loop.block_sums, rtol=1e-5, atol=1e-13)
        np.testing.assert_allclose(ours.block_sumsqs, loop.block_sumsqs, rtol=1e-5, atol=1e-13)
        looped, runs = looped + ours.looped, runs + len(case.settings)
    assert looped < 0.1 * runs, "hopping is compared, not the loop with itself"


@pytest.mark.parametrize("seed", range(12))
def test_long_windows_with_long_trades_equal_the_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = 3_000
    close = 100 * np.exp(np.cumsum(rng.normal(0.0004, 0.02, count)))
    open_ = close * np.exp(rng.normal(0, 0.01, count))
    high, low = np.maximum(open_, close) * 1.005, np.minimum(open_, close) * 0.995
    window = PriceWindow(open_, high, low, close)
    sets, runs = 6, []
    words = new_words(sets, 4, count)
    events = np.zeros((sets, count), np.uint8)
    for k in range(sets):
        turns = np.sort(rng.choice(count, int(rng.choice([4, 30, 200])), replace=False))
        events[k, turns] = rng.choice([1, 2, 4, 8], len(turns))
        pack_events(events[k], words[k])
    for borrow_rate in (0.0, 0.01, 0.3):
        for size in (("all_in", OFF), ("fraction", 0.5)):
            for trailing_stop in (OFF, 0.2):
                chosen = {"fill": "close" if seed % 2 else "next_open", "fee_bps": 5.0, "slippage_bps": 2.0}
                chosen |= {"borrow_rate": borrow_rate, "trailing_stop": trailing_stop}
                chosen |= {"sizing_kind": size[0], "sizing_value": size[1]}
                runs.append(table(PERIODS, **(FREE | chosen)))
    rows, none = np.vstack(runs), np.full(sets * len(runs), -1)
    set_of_run = np.repeat(np.arange(sets), len(runs))
    batch = Batch(words, set_of_run, none, none, np.full(sets, -1))
    ours = Engine(window).simulate(batch, np.tile(rows, (sets, 1)), PERIODS, tile=[count, 512][seed % 2])
    for k in range(sets):
        loop = simulate(window, SignalSet(events[k]), rows, PERIODS)
        for run in range(len(rows)):
            where = f"seed {seed}, set {k}, run {run}"
            assert_metrics_equal(ours.metrics[k * len(rows) + run], loop.metrics[run], where)


SHARED = (
    {"stop_loss": 0.04, "take_profit": 0.06},
    {"trailing_stop": 0.05, "take_profit": 0.08},
    {"trailing_stop": 0.05, "stop_loss": 0.05},
    {"atr_stop_multiple": 2.0, "trailing_stop": 0.09},
    {"atr_stop_multiple": 2.0, "stop_loss": 0.03, "take_profit": 0.03, "max_bars": 9.0},
)


@pytest.mark.parametrize("fill", ["close", "next_open"])
@pytest.mark.parametrize("seed", range(8))
def test_levels_that_many_runs_share_equal_the_loop(seed: int, fill: str) -> None:
    rng = np.random.default_rng(seed)
    count, sets = 1_100, 6 * POOL_RUNS
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.012, count)))
    close = np.maximum(np.round(close), 1.0) if seed % 3 == 0 else close
    open_ = np.r_[close[0], close[:-1]] * np.exp(rng.normal(0, 0.003 * (seed % 2), count))
    window = PriceWindow(open_, np.maximum(open_, close) * 1.004, np.minimum(open_, close) * 0.996, close)
    events = np.zeros((sets, count), np.uint8)
    words = new_words(sets, 4, count)
    for k in range(sets):
        turns = np.sort(rng.choice(count, int(rng.choice([15, 60, 250])), replace=False))
        events[k, turns] = rng.choice([1, 2, 4, 8], len(turns))
        pack_events(events[k], words[k])
    atr, distance = rng.uniform(0.5, 3.0, (2, count))
    rows = np.vstack([table(PERIODS, **(FREE | {"fill": fill, "fee_bps": 3.0} | more)) for more in SHARED])
    settings = np.tile(rows, (sets, 1))
    own, factor = np.arange(sets) % 3 - 1, np.tile([1.0, 2.5, 2.5, 0.0, np.nan, 1e308], sets // 6)
    runs = len(settings)
    batch = Batch(
        words,
        np.repeat(np.arange(sets), len(rows)),
        np.zeros(runs, np.int64),
        np.full(runs, -1),
        own,
        np.stack([distance, 2 * distance]),
        factor,
        atr[None],
    )
    tile = [None, 64, 333][seed % 3]
    pools = pools_of(settings, batch.reads, count)
    assert min(pools.stop_of_run.max(), pools.target_of_run.max(), pools.trailing_of_run.max()) >= 0
    ours = Engine(window).simulate(batch, settings, PERIODS, tile=tile)
    assert ours.looped < 0.1 * runs
    for k in range(sets):
        with np.errstate(over="ignore"):
            mine = factor[k] * ((1 + own[k]) * distance)
        more = {} if own[k] < 0 else {"stop_distance": mine}
        loop = simulate(window, SignalSet(events[k], atr=atr, **more), rows, PERIODS)
        for run in range(len(rows)):
            where = f"seed {seed}, set {k}, run {run}"
            assert_metrics_equal(ours.metrics[k * len(rows) + run], loop.metrics[run], where)


@pytest.mark.parametrize("start", range(10_000, 10_000 + CASES, 100))
def test_every_trade_equals_the_loop(start: int) -> None:
    for seed in range(start, start + 100):
        case = Case(seed)
        batch, row = case.batch(), case.settings[:1]
        one = batch.rows(np.zeros(1, np.int64))
        state, ledger = np.empty((1, N_STATE)), np.zeros((case.count + 2, N_LEDGER))
        engine = Engine(case.window)
        whole = case.tile >= case.count
        market = engine._market(float(row[0, 9])) if whole else market_of(case.window, case.tile)
        made = Made(
            np.empty((1, len(METRIC_NAMES))),
            np.empty((1, 16), np.float32),
            np.empty((1, 16), np.float32),
            np.empty(1, np.bool_),
        )
        pools = pools_of(row, one.reads, min(case.tile, case.count))
        notes, trips = new_notes(min(case.tile, case.count)), new_trips(case.tile, 1)
        desk, coarse = new_desk(4, case.tile), coarse_of(np.zeros(0, np.int64), case.tile)
        run_sets(
            market, one.reads, pools, row, PERIODS, whole,
            state, notes, trips, desk, coarse, ledger, made,
        )  # fmt: skip
        loop = trace(case.window, case.signals(), row[0], PERIODS).trades
        trades = ledger[: int(state[0, H_TRADES])]
        for name, column in (("entry_bar", T_ENTRY_BAR), ("exit_bar", T_EXIT_BAR), ("side", T_SIDE)):
            assert trades[:, column].tolist() == loop[name].tolist(), (seed, name)
        assert [EXIT_REASONS[int(code)] for code in trades[:, T_REASON]] == loop["exit_reason"].tolist(), seed
        for name, column in (
            ("entry_price", T_ENTRY_PRICE),
            ("exit_price", T_EXIT_PRICE),
            ("quantity", T_QUANTITY),
            ("pnl", T_PNL),
        ):
            np.testing.assert_allclose(trades[:, column], loop[name], rtol=1e-9, atol=1e-9, err_msg=str(seed))


def test_runs_do_not_touch_each_other() -> None:
    case = Case(5)
    engine = Engine(case.window)
    together = engine.simulate(case.batch(), case.settings, PERIODS)
    for k in range(len(case.settings)):
        alone = engine.simulate(case.batch().rows(np.array([k])), case.settings[k : k + 1], PERIODS)
        assert np.array_equal(alone.metrics[0], together.metrics[k], equal_nan=True)


def test_a_run_whose_sums_drown_in_the_windows_goes_through_the_loop() -> None:
    close = np.r_[np.full(400, 100.0), 1e6 * (1 + np.arange(200) % 2)]
    close[50:60] *= 1 + 1e-7 * np.arange(10)
    window = PriceWindow(close, close, close, close)
    events = np.zeros(600, np.uint8)
    events[20], events[90] = 1, 4
    words = new_words(1, 2, 600)
    pack_events(events, words[0])
    none = np.full(1, -1)
    row = table(PERIODS)
    ours = Engine(window).simulate(Batch(words, np.zeros(1, np.int64), none, none, none), row, PERIODS)
    assert ours.looped == 1
    loop = simulate(window, SignalSet(events), row, PERIODS)
    assert np.array_equal(ours.metrics, loop.metrics, equal_nan=True)
