"""Sweeps that carry over what others computed, and what is asked of them."""

import pandas as pd

from sweeplake.sweep import Sweep
from tests.e2e.stored import metrics_of, stored

SWEEP = """
    name = "reused"
    strategy = "sma_cross"
    symbols = ["AAA", "BBB"]
    timeframe = "1d"
    where = "fast < slow"
    [grid]
    fast = {{ start = 2, stop = {fast}, step = {step} }}
    slow = {{ start = 10, stop = 40, step = 5 }}
    [exits]
    stop_loss = {stop}
    [details]
    n = 4
    {details}
    """


def sweep_of(fast: int = 20, step: int = 2, stop: str = "0.1", details: str = "") -> str:
    return SWEEP.format(fast=fast, step=step, stop=stop, details=details)


def assert_equal(sweep: Sweep, fresh: Sweep) -> None:
    """See that a sweep has what one has that computed everything."""
    pd.testing.assert_frame_equal(metrics_of(sweep), metrics_of(fresh))
    for table in ("details", "trades", "equity"):
        keys = ["run_id", "trade" if table == "trades" else "time" if table == "equity" else "symbol"]
        frames = [
            stored(one.lake, table, one.sweep_id).drop(columns=["sweep_id", "date"]).sort_values(keys)
            for one in (sweep, fresh)
        ]
        pd.testing.assert_frame_equal(*(frame.reset_index(drop=True) for frame in frames))


def counts(sweep: Sweep) -> tuple[int, int]:
    assert sweep.outcome is not None
    assert sweep.outcome.runs == sweep.outcome.computed + sweep.outcome.reused + sweep.outcome.failed
    state = sweep.status()
    assert (state["computed"], state["reused"]) == (sweep.outcome.computed, sweep.outcome.reused)
    return sweep.outcome.computed, sweep.outcome.reused
