"""Prepare: everything that is checked and resolved before anything is written or computed."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from lake.evolution import ColumnClashError, missing_columns
from lake.lake import Lake
from lake.schemas import METRIC_NAMES, PARAMETER_PREFIX
from lake.snapshot import Snapshot
from sweeps.bars.errors import NoBarsError
from sweeps.bars.frame import Bars
from sweeps.bars.store import available, load_bars, only
from sweeps.bars.timeframes import normal
from sweeps.execution.context import ParameterColumn, Place, PlaceInputs, limits_of
from sweeps.execution.harmless import harmless
from sweeps.execution.inputs import on_spans, whole_inputs
from sweeps.execution.proof import prove
from sweeps.execution.rows import ARROW_KINDS
from sweeps.spec.binding import bind
from sweeps.spec.config import SweepConfig
from sweeps.spec.errors import ConfigError
from sweeps.spec.grid import Grid
from sweeps.spec.metric_check import check_metrics
from sweeps.spec.sample import sample
from sweeps.spec.splits import OUT_OF_SAMPLE, Splits, split
from sweeps.strategies.contract import Strategy
from sweeps.strategies.evaluate import check_direction
from sweeps.strategies.registry import resolve
from sweeps.strategies.unseen import unseen

CAUTIONED = 4


@dataclass(frozen=True, eq=False)
class Prepared:
    """A sweep that can start: every input is resolved and valid.

    Attributes:
        config: The configuration.
        strategy: The strategy.
        grid: Every run on one symbol.
        bars: The versions of the bars that it reads, its symbols' files only.
        symbols: By symbol, what a run on the whole window reads.
        inputs: By place, what its runs read; the same, unless the window is split.
        splits: How the window is split; None if it is not.
        columns: The settings that are stored with every run.
        runs: Number of runs at all places where the whole grid is computed.
        cautions: What is allowed, and may not be what was meant.
    """

    config: SweepConfig
    strategy: Strategy
    grid: Grid
    bars: Snapshot
    symbols: Mapping[str, PlaceInputs]
    inputs: Mapping[Place, PlaceInputs]
    splits: Splits | None
    columns: tuple[ParameterColumn, ...]
    runs: int
    cautions: tuple[str, ...]

    @property
    def tests(self) -> int:
        """How many choices are tested at most: runs beside those at the places that are searched."""
        splits = () if self.splits is None else self.splits.splits
        return sum(
            Place(symbol, span) in self.inputs for of in splits for span in of.test for symbol in self.symbols
        )

    @property
    def searched(self) -> tuple[Place, ...]:
        """The places where the whole grid is computed; at the others, what was chosen."""
        return tuple(place for place, inputs in self.inputs.items() if inputs.role != OUT_OF_SAMPLE)


def prepare(config: SweepConfig, lake: Lake, base_dir: Path) -> Prepared:
    """Resolve and check a sweep; reads the lake, writes nothing.

    Args:
        config: The configuration.
        lake: The lake with the bars.
        base_dir: The folder that the configuration's own files are beside.

    Raises:
        SweepError: Whatever is wrong with the configuration, the strategy or the bars.
        LakeError: If there is no lake, or a parameter's column clashes with one that exists.
    """
    strategy = resolve(config.strategy, base_dir)
    grid = _grid(config, strategy)
    snapshot = lake.require().snapshot(["bars", "metrics", "sweeps"])
    _check_columns(parameter_columns(config, grid), snapshot)

    def check(readable: Bars) -> None:
        proof = partial(prove, strategy.source, readable, grid, seed=0)
        own_metrics = harmless(strategy.source, readable.symbol, limits_of(config), proof)
        check_metrics(config, (*METRIC_NAMES, *own_metrics))

    return _assembled(config, strategy, grid, snapshot, _symbols(config, snapshot), check)


def prepare_again(
    config: SweepConfig,
    strategy: Strategy,
    bars: Snapshot,
    symbols: Sequence[str],
    splits: Splits | None = None,
) -> Prepared:
    """Return a sweep as it was prepared once; what was checked then is not checked again.

    Args:
        config: The configuration.
        strategy: The strategy.
        bars: The bars that it read.
        symbols: The symbols that it covered, or some of them.
        splits: How its window was split.

    Raises:
        SweepError: If the bars or the grid cannot be made.
    """
    return _assembled(config, strategy, _grid(config, strategy), bars, symbols, splits=splits)


def _grid(config: SweepConfig, strategy: Strategy) -> Grid:
    grid = bind(config, strategy.parameters)
    for direction in _values(grid, "direction"):
        check_direction(strategy, direction)  # type: ignore[arg-type]
    if config.sample is not None:
        grid = sample(grid, config.sample, source=config.source)
    if grid.is_empty():
        raise ConfigError(config.source, (("where", "excludes every cell of the grid; loosen it"),))
    return grid


def _assembled(
    config: SweepConfig,
    strategy: Strategy,
    grid: Grid,
    snapshot: Snapshot,
    symbols: Sequence[str],
    check: Callable[[Bars], None] | None = None,
    splits: Splits | None = None,
) -> Prepared:
    """Return the sweep; the first symbol's bars are checked."""
    whole: dict[str, PlaceInputs] = {}
    adjusted, calendar = [], np.empty(0, np.int64)
    for symbol in symbols:
        readable = load_bars(snapshot, symbol, config.timeframe, end=config.end)
        whole[symbol] = whole_inputs(config, strategy, readable)
        if config.walk_forward is not None and splits is None:
            calendar = np.union1d(calendar, readable.time[whole[symbol].first :])
        if readable.adjusted:
            adjusted.append(symbol)
        if check is not None and len(whole) == 1:
            check(readable)
    if config.walk_forward is not None and splits is None:
        splits = split(config.walk_forward, calendar, config.start, config.end, config.source)
    inputs = {held.place: held for held in whole.values()}
    if splits is not None:
        inputs = on_spans(config, strategy, snapshot, whole, splits)
        _require_testable(config, splits, inputs, symbols)
    prepared = Prepared(
        config=config,
        strategy=strategy,
        grid=grid,
        bars=only(snapshot, symbols, config.timeframe),
        symbols=whole,
        inputs=inputs,
        splits=splits,
        columns=parameter_columns(config, grid),
        runs=0,
        cautions=(
            *cautions(grid, adjusted),
            *_left_out(splits, inputs, symbols),
            *_unseen(strategy),
        ),
    )
    return replace(prepared, runs=grid.count() * len(prepared.searched))


def _require_testable(
    config: SweepConfig, splits: Splits, inputs: Mapping[Place, PlaceInputs], symbols: Sequence[str]
) -> None:
    """Return if any split can choose and test on any symbol: the calendar is that of all of them."""
    for cut in splits.splits:
        for symbol in symbols:
            if all(any((symbol, span) in inputs for span in of) for of in (cut.train, cut.test)):
                return
    reason = "no symbol has bars both to choose on and to test on, in any split; lengthen train and test"
    raise ConfigError(config.source, (("walk_forward.train", reason),))


def _left_out(
    splits: Splits | None, inputs: Mapping[Place, PlaceInputs], symbols: Sequence[str]
) -> tuple[str, ...]:
    """Return what to tell of symbols that have no bars on some spans."""
    spans = () if splits is None else splits.spans
    lacking = [symbol for symbol in symbols if any((symbol, span.number) not in inputs for span in spans)]
    if not lacking:
        return ()
    named = ", ".join(lacking[:CAUTIONED]) + (", ..." if len(lacking) > CAUTIONED else "")
    return (f"{named}: without bars on some spans of the walk-forward, and left out there",)


def _unseen(strategy: Strategy) -> tuple[str, ...]:
    """Return what to tell of a user's strategy that reads what its runs are not known by."""
    bundle = strategy.source.bundle
    found = () if bundle is None else unseen(bundle)
    if not found:
        return ()
    named = ", ".join(found[:CAUTIONED]) + (", ..." if len(found) > CAUTIONED else "")
    remedy = "give --fresh after such a change, or write the values into the source or the grid"
    return (
        f"a change of what the strategy reads by name is not seen, and runs are reused ({named}): {remedy}",
    )


def parameter_columns(config: SweepConfig, grid: Grid) -> tuple[ParameterColumn, ...]:
    """Return the settings stored with every run: strategy parameters, exits that are on, and swept ones."""
    swept = set(grid.swept_names)
    columns = []
    for axis in grid.axes:
        for name, kind in zip(axis.names, axis.kinds, strict=True):
            used = axis.section == "exits" and any(value is not None for value in axis.column(name))
            if axis.section == "strategy" or used or name in swept:
                column = f"{PARAMETER_PREFIX}{config.columns.get(name, name)}"
                columns.append(ParameterColumn(name, column, kind, axis.section))
    return tuple(columns)


def cautions(grid: Grid, adjusted: Sequence[str]) -> tuple[str, ...]:
    """Return what to tell of a sweep that may not mean what it says: amounts of money on adjusted prices."""
    if not adjusted:
        return ()
    symbols = ", ".join(adjusted[:CAUTIONED]) + (", ..." if len(adjusted) > CAUTIONED else "")
    found = []
    kinds = {str(kind) for kind in _values(grid, "sizing_kind")} & {"cash", "units"}
    if kinds:
        found.append(f"execution.sizing in {' and '.join(sorted(kinds))}")
    if any(_values(grid, "fee_fixed")):
        found.append("execution.fee_fixed")
    return tuple(
        f"{what} on adjusted prices ({symbols}): early prices are not those that were paid" for what in found
    )


def _values(grid: Grid, name: str) -> Sequence[object]:
    axis = next(axis for axis in grid.axes if name in axis.names)
    return axis.column(name)


def _check_columns(columns: Sequence[ParameterColumn], snapshot: Snapshot) -> None:
    further = {column.column: str(ARROW_KINDS[column.kind]) for column in columns}
    try:
        missing_columns("metrics", snapshot["metrics"].schema, further)
    except ColumnClashError as clash:
        owners = _owners(clash.existing, snapshot)
        raise ColumnClashError(
            clash.table, clash.column, clash.wanted, clash.existing, clash.existing_type, owners
        ) from None


def _owners(column: str, snapshot: Snapshot) -> str:
    """Return the strategies whose sweeps stored a parameter column."""
    states = snapshot.read("sweeps", columns=["strategy", "parameters"]).to_pylist()
    owners = {
        state["strategy"]
        for state in states
        if any(held["column"] == column for held in json.loads(state["parameters"] or "[]"))
    }
    return f"strategy {', '.join(sorted(owners))}" if owners else ""


def _symbols(config: SweepConfig, snapshot: Snapshot) -> tuple[str, ...]:
    held = [(item.symbol, item.timeframe) for item in available(snapshot)]
    timeframe = normal(config.timeframe)
    there = sorted(symbol for symbol, length in held if length == timeframe)
    wanted = there or ["*"] if config.symbols == "*" else config.symbols
    for symbol in wanted:
        if symbol not in there:
            raise NoBarsError(symbol, timeframe, held)
    return tuple(wanted)
