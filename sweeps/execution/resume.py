"""Resume: a sweep as its state in the lake describes it, ready to go on where its journal ends."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from lake.lake import Lake
from lake.ownership import newest_owner
from lake.schemas import TABLES
from lake.sweep_log import FINISHED, FINISHED_WITH_FAILURES, REMOVED
from sweeps.bars.kept import kept_bars
from sweeps.errors import SweepError
from sweeps.execution.outcome import Outcome
from sweeps.execution.prepare import Prepared, prepare_again
from sweeps.execution.start import Start, SweepChangedError, SweepRemovedError, new_context
from sweeps.simulation.kernel import SIMULATION_VERSION
from sweeps.spec.config import parse_config
from sweeps.spec.splits import Splits
from sweeps.strategies.source import StrategySource

COUNTED = ("at", "status", "seconds", "computed", "reused", "failed", "trials", "error")
"""Columns of `sweeps` that differ from state to state; the others are the sweep's lineage."""
COMPARED = ("fingerprint", "first", "bars", "periods_per_year")
"""What of a symbol's bars must be as it was."""


class SweepIncompleteError(SweepError):
    """A finished sweep lacks runs, and nothing tells any more which ones."""

    def __init__(self, sweep_id: str, found: int, told: int, reason: str) -> None:
        super().__init__(sweep_id, found, told, reason)
        self.sweep_id, self.found, self.told, self.reason = sweep_id, found, told, reason

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id} finished with {self.told:,} runs, of which {self.found:,} are there, and "
            f"{self.reason}: `sweeplake delete {self.sweep_id}` and run it again"
        )


def ended(state: Mapping[str, Any]) -> Outcome | None:
    """Return how a sweep ended, if there is nothing left to do; else None.

    Args:
        state: The sweep's newest row of `sweeps`; empty if it has none.
    """
    return outcome_of(state) if state.get("status") in (FINISHED, FINISHED_WITH_FAILURES) else None


def outcome_of(state: Mapping[str, Any]) -> Outcome:
    """Return a sweep's newest state as what its driver returned."""
    counts = {name: state[name] for name in ("runs", "computed", "reused", "failed", "seconds")}
    return Outcome(state["sweep_id"], state["status"], **counts)


def restore(state: Mapping[str, Any], lake: Lake) -> Start:
    """Return a sweep from what the lake stores of it: configuration, strategy, bars.

    Args:
        state: The sweep's newest row of `sweeps`.
        lake: The lake.

    Raises:
        SweepRemovedError: If it was removed.
        SweepChangedError: If what it was started on cannot be had as it was; it tells what changed.
        SweepError: If the stored configuration or strategy cannot be read by this release.
    """
    if state["status"] == REMOVED:
        raise SweepRemovedError(state["sweep_id"])
    has_journal = newest_owner(lake, state["sweep_id"]) is not None
    return revived(state, lake, [] if has_journal else ["its journal is gone, which tells what is computed"])


def revived(state: Mapping[str, Any], lake: Lake, changes: Sequence[str] = ()) -> Start:
    """Return a sweep as it was started, whatever became of it since, to compute any of its runs again.

    Args:
        state: A row of `sweeps`; without `runs` if it is narrowed to some symbols.
        lake: The lake.
        changes: What is known to be in the way already.

    Raises:
        SweepChangedError: If what it was started on cannot be had as it was; it tells what changed.
        SweepError: If the stored configuration or strategy cannot be read by this release.
    """
    sweep_id, changes = state["sweep_id"], list(changes)
    config = parse_config(json.loads(state["config"]), f"sweep {sweep_id}")
    strategy = StrategySource.from_document(json.loads(state["strategy_source"])).load()
    if state["simulation_version"] != SIMULATION_VERSION:
        version = state["simulation_version"]
        changes.append(f"it follows the rules of simulation version {version}, here is {SIMULATION_VERSION}")
    if state["strategy_code"] != strategy.code:
        changes.append(f"the code of strategy {strategy.name} or of its indicators is another one here")
    bars, missing = kept_bars(state, lake)
    changes += [f"the bars file {path} is gone" for path in missing]
    if changes:
        raise SweepChangedError(sweep_id, tuple(changes))
    splits = None if state["splits"] is None else Splits.from_document(json.loads(state["splits"]))
    prepared = prepare_again(config, strategy, bars, state["symbols"], splits)
    changes = _differences(prepared, state)
    if changes:
        raise SweepChangedError(sweep_id, tuple(changes))
    context = new_context(prepared, sweep_id, state["started_at"].astimezone(UTC))
    lineage = {name: state[name] for name in TABLES["sweeps"].schema.names if name not in COUNTED}
    return Start(prepared, context, lineage, seconds=state["seconds"] or 0.0, read_at=state["at"])


def _differences(prepared: Prepared, state: Mapping[str, Any]) -> list[str]:
    """Return what of a sweep's inputs is not as it was."""
    changes = []
    for symbol, before in json.loads(state["bars"]).items():
        inputs = prepared.symbols[symbol]
        for name in COMPARED:
            now = getattr(inputs, name)
            if now != before[name]:
                changes.append(f"{name} of the bars of {symbol} was {before[name]} and is {now}")
    runs = prepared.runs if state["runs"] is None or prepared.splits is not None else state["runs"]
    if prepared.runs != runs:
        changes.append(f"it has {runs:,} runs, its configuration makes {prepared.runs:,} here")
    return changes
