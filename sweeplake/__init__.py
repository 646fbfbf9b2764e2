"""sweeplake: parameter sweeps of trading backtests on Dask, into a Delta lake, questioned in SQL.

    import sweeplake as sl

    lake = sl.open("var/lake")
    sl.ingest("AAPL.csv", lake=lake)
    sl.run("configs/sma_cross.toml", lake=lake).best(10)

Names are loaded when they are first used: `from sweeplake import strategy` in a strategy's file costs
nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queries.lookup import Lookup
    from sweeplake.lake import Lake
    from sweeplake.opening import open  # noqa: A004
    from sweeplake.replaying import Replay, replay
    from sweeplake.resuming import cancel, resume
    from sweeplake.running import Plan, ingest, plan, run
    from sweeplake.stored_run import StoredRun
    from sweeplake.sweep import Sweep
    from sweeps.simulation.codes import EXIT_REASONS
    from sweeps.strategies.bar_by_bar import bar_by_bar
    from sweeps.strategies.contract import Above, Backtest, Param, Signals, backtester, strategy

__version__ = "0.1.0"

_HOMES = {
    "Above": "sweeps.strategies.contract",
    "Backtest": "sweeps.strategies.contract",
    "EXIT_REASONS": "sweeps.simulation.codes",
    "Lake": "sweeplake.lake",
    "Lookup": "queries.lookup",
    "Param": "sweeps.strategies.contract",
    "Plan": "sweeplake.running",
    "Replay": "sweeplake.replaying",
    "Signals": "sweeps.strategies.contract",
    "StoredRun": "sweeplake.stored_run",
    "Sweep": "sweeplake.sweep",
    "backtester": "sweeps.strategies.contract",
    "bar_by_bar": "sweeps.strategies.bar_by_bar",
    "cancel": "sweeplake.resuming",
    "ingest": "sweeplake.running",
    "open": "sweeplake.opening",
    "plan": "sweeplake.running",
    "replay": "sweeplake.replaying",
    "resume": "sweeplake.resuming",
    "run": "sweeplake.running",
    "strategy": "sweeps.strategies.contract",
}

__all__ = [
    "EXIT_REASONS",
    "Above",
    "Backtest",
    "Lake",
    "Lookup",
    "Param",
    "Plan",
    "Replay",
    "Signals",
    "StoredRun",
    "Sweep",
    "backtester",
    "bar_by_bar",
    "cancel",
    "ingest",
    "open",
    "plan",
    "replay",
    "resume",
    "run",
    "strategy",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sweeplake' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
