"""Replaying runs: what is stored of each, computed again."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from queries.errors import BadValueError
from queries.show import StoredRun as Stored
from queries.show import show
from queries.sweep import sweep_row
from sweeplake.opening import held
from sweeps.errors import SweepError

if TYPE_CHECKING:
    from sweeplake.lake import Lake
    from sweeplake.running import LakeSource
    from sweeps.execution.context import Place
    from sweeps.execution.replay import Again


@dataclass(frozen=True)
class Replay:
    """How a stored run compares with what its inputs give now.

    Attributes:
        run_id: The run.
        sweep_id: The sweep whose inputs it was computed from again, the latest that has it.
        identical: Whether metrics are equal (to 1e-9 of their size, to 1e-6 in columns of four bytes) and
            stored trades and equity to the bit; None if it could not be computed again.
        differences: What is not equal.
        changed: What of its inputs is not there as it was, so that it could not be computed again.
        since: What a new sweep would find changed; the run was replayed on what it had.
        with_trades: Whether trades and equity were compared, too.
    """

    run_id: str
    sweep_id: str
    identical: bool | None
    differences: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    with_trades: bool = False

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "run_id": self.run_id,
            "sweep_id": self.sweep_id,
            "identical": self.identical,
            "differences": list(self.differences),
            "changed": list(self.changed),
            "since": list(self.since),
            "with_trades": self.with_trades,
        }


def replay(run_ids: Sequence[str], *, lake: "LakeSource" = None) -> list[Replay]:
    """Compute stored runs again from what their sweeps were started on, and compare; nothing is written.

    Args:
        run_ids: The runs; those of one sweep and symbol are computed together.
        lake: Their lake.

    Returns:
        One comparison a run, in order.

    Raises:
        UnknownNameError: If there is no such run.
        RemovedError: If one was removed.
        LakeError: If the lake is missing.
    """
    opened = held(lake)
    stored = {run_id: show(opened.catalog, run_id) for run_id in run_ids}
    found = {item.run_id: item for group in _groups(stored) for item in _replayed(opened, stored, group)}
    return [found[run_id] for run_id in run_ids]


def again(lake: "Lake", stored: Stored) -> "Again":
    """Return one run computed again, with trades and equity.

    Raises:
        BadValueError: If it cannot be, as what its sweep was started on is not there as it was.
    """
    from sweeps.execution.context import Place
    from sweeps.execution.replay import compute_again, revived_on

    row = stored.run.select(["run_id", "sweep_id", "symbol", "span"]).to_pylist()[0]
    try:
        start = revived_on(sweep_row(lake.catalog, row["sweep_id"]), row["symbol"], lake.tables)
        found = compute_again(start, Place(row["symbol"], row["span"]), stored.run)[row["run_id"]]
        why = found.error and f"it fails now: {found.error}"
    except (SweepError, KeyError) as error:
        why = "; ".join(_changes(error))
    if why:
        reason = f"its trades and equity are not stored, and cannot be computed again: {why}"
        raise BadValueError("run_id", row["run_id"], reason)
    return found


_Group = tuple[str, "Place", list[str]]
"""Sweep, place and runs."""


def _groups(stored: Mapping[str, Stored]) -> Iterator[_Group]:
    from sweeps.execution.blocks import most_detailed
    from sweeps.execution.context import Place

    found: dict[tuple[str, Place, int], list[str]] = defaultdict(list)
    for run_id, run in stored.items():
        row = run.run.select(["sweep_id", "symbol", "span", "n_bars"]).to_pylist()[0]
        found[row["sweep_id"], Place(row["symbol"], row["span"]), row["n_bars"]].append(run_id)
    for (sweep_id, place, bars), run_ids in found.items():
        size = most_detailed(bars)
        for at in range(0, len(run_ids), size):
            yield sweep_id, place, run_ids[at : at + size]


def _replayed(lake: "Lake", stored: Mapping[str, Stored], group: _Group) -> Iterator[Replay]:
    from sweeps.bars.errors import NoBarsError
    from sweeps.execution.replay import compute_again, corrected, differences, revived_on

    sweep_id, place, run_ids = group
    symbol = place.symbol
    rows = pa.concat_tables([stored[run_id].run for run_id in run_ids], promote_options="default")
    try:
        start = revived_on(sweep_row(lake.catalog, sweep_id), symbol, lake.tables)
        computed = compute_again(start, place, rows)
    except (SweepError, KeyError) as error:
        yield from (Replay(run_id, sweep_id, None, changed=_changes(error)) for run_id in run_ids)
        return
    try:
        since = (f"bars of {symbol} were corrected",) if corrected(start, symbol, lake.tables) else ()
    except NoBarsError:
        since = (f"bars of {symbol} are gone",)
    for run_id in run_ids:
        unequal = differences(stored[run_id], computed[run_id])
        with_trades = stored[run_id].trades is not None
        yield Replay(run_id, sweep_id, not unequal, unequal, since=since, with_trades=with_trades)


def _changes(error: Exception) -> tuple[str, ...]:
    """Return why runs cannot be computed again, a line each."""
    from sweeps.execution.start import SweepChangedError

    if isinstance(error, SweepChangedError):
        return error.changes
    if isinstance(error, KeyError):
        return (f"its sweep has no such cell: {error}",)
    return (" ".join(str(error).split()),)
