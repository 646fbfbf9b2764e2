"""Start: what a driver needs to begin a sweep, or to go on with one."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from getpass import getuser
from typing import Any

from lake.lake import Lake
from lake.sweep_log import CANCELLED, REMOVED, new_sweep_id, newest_states
from sweeps.bars.timeframes import normal
from sweeps.errors import SweepError
from sweeps.execution.blocks import without_sample
from sweeps.execution.context import SweepContext, limits_of
from sweeps.execution.finished import Finished
from sweeps.execution.prepare import Prepared
from sweeps.execution.versions import code_versions
from sweeps.simulation.kernel import SIMULATION_VERSION

OWNER_VARIABLE = "SWEEPLAKE_OWNER"
"""Names who starts sweeps, where the account does not: in a container everybody is root."""


class SweepChangedError(SweepError):
    """What a sweep was started on is not there any more as it was."""

    def __init__(self, sweep_id: str, changes: tuple[str, ...]) -> None:
        super().__init__(sweep_id, changes)
        self.sweep_id, self.changes = sweep_id, changes

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id} cannot go on: {'; '.join(self.changes)}; what it committed stays; "
            "start a new sweep for the rest with `sweeplake run`"
        )


class SweepRemovedError(SweepError):
    """The sweep was removed from the lake.

    Attributes:
        sweep_id: The sweep.
        removal: When it went and by which line, as people read it.
    """

    def __init__(self, sweep_id: str, removal: str = "removed") -> None:
        super().__init__(sweep_id, removal)
        self.sweep_id, self.removal = sweep_id, removal

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id} was {self.removal}; `sweeplake undo` brings it back until vacuum; it is "
            "not computed again: start a new one with `sweeplake run`"
        )


@dataclass(frozen=True, eq=False)
class Start:
    """A sweep that a driver can begin, or go on with.

    Attributes:
        prepared: Its inputs.
        context: What its workers are told.
        lineage: What every state of it in the lake says beside counts and status, by column.
        seconds: Wall time that earlier drivers spent.
        read_at: When the state was recorded that it was made of; None for a new sweep.
    """

    prepared: Prepared
    context: SweepContext
    lineage: Mapping[str, Any]
    seconds: float = 0.0
    read_at: datetime | None = None

    @property
    def fresh(self) -> bool:
        """Whether every run is computed, also those that the lake has."""
        return bool(self.lineage["fresh"])

    def is_cancelled_by(self, newest: Mapping[str, Any]) -> bool:
        """Say whether a sweep's newest state is a cancellation that came after this was made."""
        return newest.get("status") == CANCELLED and newest["at"] != self.read_at


def new_start(prepared: Prepared, *, fresh: bool = False) -> Start:
    """Return the start of a new sweep, now; if it is fresh, it computes every run."""
    started_at = datetime.now(UTC)
    context = new_context(prepared, new_sweep_id(started_at), started_at)
    return Start(prepared, context, {**_lineage(prepared, context), "fresh": fresh})


def check_kept(lake: Lake, sweep_id: str) -> Mapping[str, Any]:
    """Return a sweep's newest state, as its owner: it was not removed since its state was read.

    To be called once `recover` is through: a removal that comes later is stopped, as the owner's epoch has
    begun in the table of states.

    Raises:
        SweepRemovedError: If it was.
    """
    newest: Mapping[str, Any] = next((states[-1] for states in newest_states(lake, [sweep_id])), {})
    if newest.get("status") == REMOVED:
        raise SweepRemovedError(sweep_id)
    return newest


def check_journal(start: Start, finished: Finished) -> None:
    """Hold a sample's cells against what is committed: another sample has other cells in it.

    Raises:
        SweepChangedError: If they differ, as another release of NumPy or SciPy may choose others.
    """
    chosen = start.prepared.grid.chosen
    if chosen is None:
        return
    searched = start.prepared.searched
    if sum(int(finished.holds(place, chosen).sum()) for place in searched) != finished.done_at(searched):
        raise SweepChangedError(start.context.sweep_id, ("its [sample] chooses other cells here",))


def new_context(prepared: Prepared, sweep_id: str, started_at: datetime) -> SweepContext:
    """Return what the workers of a prepared sweep are told."""
    return SweepContext(
        sweep_id=sweep_id,
        started_at=started_at,
        strategy=prepared.strategy.source,
        kind=prepared.strategy.kind,
        grid=without_sample(prepared.grid),
        timeframe=normal(prepared.config.timeframe),
        end=prepared.config.end,
        bars=prepared.bars,
        inputs=prepared.inputs,
        columns=prepared.columns,
        keep_details=prepared.config.details.keep == "all",
        keep_block_statistics=prepared.config.details.block_statistics,
        limits=limits_of(prepared.config),
        versions=code_versions(),
    )


def _lineage(prepared: Prepared, context: SweepContext) -> dict[str, Any]:
    """Return what the lake keeps of a sweep, so that it can be run again, resumed and questioned."""
    bars = {
        symbol: {
            "fingerprint": inputs.fingerprint,
            "first": inputs.first,
            "bars": inputs.bars,
            "periods_per_year": inputs.periods_per_year,
            "version": prepared.bars["bars"].version,
            "files": [
                file.path
                for file in prepared.bars["bars"].matching({"symbol": symbol, "timeframe": context.timeframe})
            ],
        }
        for symbol, inputs in prepared.symbols.items()
    }
    return {
        "sweep_id": context.sweep_id,
        "name": prepared.config.name,
        "owner": owner(),
        "strategy": prepared.strategy.name,
        "symbols": list(prepared.symbols),
        "timeframe": context.timeframe,
        "started_at": context.started_at,
        "runs": prepared.runs,
        "simulation_version": SIMULATION_VERSION,
        "strategy_code": prepared.strategy.code,
        "strategy_source": json.dumps(prepared.strategy.source.to_document()),
        "parameters": json.dumps([asdict(column) for column in prepared.columns]),
        "config": json.dumps(prepared.config.to_document()),
        "splits": None if prepared.splits is None else json.dumps(prepared.splits.to_document()),
        "bars": json.dumps(bars),
        "versions": json.dumps(context.versions),
    }


def owner() -> str | None:
    """Return who runs this: `$SWEEPLAKE_OWNER`, else the account; None where that has no name."""
    named = os.environ.get(OWNER_VARIABLE, "").strip()
    try:
        return named or getuser()
    except (ImportError, KeyError, OSError):
        return None
