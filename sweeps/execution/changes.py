"""Changes: what of a sweep's inputs is not as in the last one, so that its runs are others."""

import json
from collections.abc import Mapping
from typing import Any

from lake.snapshot import Snapshot
from sweeps.bars.timeframes import normal
from sweeps.execution.prepare import Prepared
from sweeps.simulation.kernel import SIMULATION_VERSION

STRATEGY, BARS, SETTINGS = "strategy", "bars", "settings"
"""Its code, that of its indicators and helpers included; any bar that can be read; everything else."""
_COLUMNS = (
    "sweep_id",
    "at",
    "strategy",
    "symbols",
    "timeframe",
    "simulation_version",
    "strategy_code",
    "config",
    "bars",
)


def changes(prepared: Prepared, snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Return what changed for each symbol since the last sweep of the strategy on it, of the three.

    A symbol without an earlier sweep has no entry.
    """
    found = {}
    wanted = prepared.strategy.name, normal(prepared.config.timeframe)
    states = snapshot.read("sweeps", columns=_COLUMNS).to_pylist()
    earlier = [state for state in states if (state["strategy"], state["timeframe"]) == wanted]
    for state in sorted(earlier, key=lambda state: (state["sweep_id"], state["at"])):
        for symbol, before in json.loads(state["bars"] or "{}").items():
            if symbol in prepared.symbols:
                found[symbol] = tuple(_changed(prepared, symbol, state, before))
    return found


def _changed(prepared: Prepared, symbol: str, state: Mapping[str, Any], bars: Mapping[str, Any]) -> list[str]:
    changed = []
    if state["strategy_code"] != prepared.strategy.code:
        changed.append(STRATEGY)
    if bars["fingerprint"] != prepared.symbols[symbol].fingerprint:
        changed.append(BARS)
    if _settings(prepared, symbol, state, bars):
        changed.append(SETTINGS)
    return changed


def _settings(prepared: Prepared, symbol: str, state: Mapping[str, Any], bars: Mapping[str, Any]) -> bool:
    before, now = json.loads(state["config"]), prepared.config.to_document()
    keys = ("start", "end", "grid", "exits", "execution", "sample", "where", "walk_forward")
    return (
        state["simulation_version"] != SIMULATION_VERSION
        or bars["periods_per_year"] != prepared.symbols[symbol].periods_per_year
        or any(before.get(key) != now.get(key) for key in keys)
    )
