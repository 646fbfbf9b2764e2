"""Scope: which runs are judged, by which metric, and along which axes of their grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from queries.catalog import Catalog
from queries.errors import BadValueError, UnknownNameError
from queries.given import require_texts
from queries.parameters import ParameterColumn, by_strategy, from_schema
from queries.predicate import asked_where, predicate
from queries.ranking import COMPOSITE, Ranking, by_metric, ranking
from queries.removed import raise_if_removed
from queries.sweep import sweep_row
from queries.text import quoted

_ORDERED = ("int", "float")


@dataclass(frozen=True)
class Scope:
    """The runs that are judged, of role full; None asks for nothing.

    Attributes:
        sweep: Sweep id. Without one they are the strategy's runs of all sweeps, each run_id once: of the
            rows that pass, the latest sweep's.
        strategy: Strategy name; needed without a sweep.
        symbol: Symbol.
        timeframe: Timeframe.
        where: SQL condition on the columns of metrics.
    """

    sweep: str | None = None
    strategy: str | None = None
    symbol: str | None = None
    timeframe: str | None = None
    where: str | None = None


@dataclass(frozen=True)
class Axis:
    """A parameter that takes more than one value in the runs that are judged.

    Attributes:
        parameter: The parameter.
        values: Count of its distinct values, off not among them.
        has_off: Whether it is off in some run, which is a value of its own.
    """

    parameter: ParameterColumn
    values: int
    has_off: bool

    @property
    def is_ordered(self) -> bool:
        """Whether its values are numbers, so that one lies next to another; off lies next to none."""
        return self.parameter.kind in _ORDERED

    @property
    def size(self) -> int:
        """Count of its values, off among them."""
        return self.values + self.has_off


@dataclass(frozen=True)
class Judged:
    """A scope whose names and conditions are checked; `judged` makes it.

    Attributes:
        catalog: Where the runs are.
        scope: Which they are; its strategy is the sweep's if there is one.
        order: What a run is worth, and which end of it is the good one.
        parameters: Parameters that the runs may differ in.
        condition: The scope's `where` as checked SQL.
    """

    catalog: Catalog
    scope: Scope
    order: Ranking
    parameters: Sequence[ParameterColumn]
    condition: str

    @property
    def sign(self) -> int:
        """What makes the metric's best value the highest: 1, or -1 where the lowest is the best."""
        return 1 if self.order.descending else -1

    def runs(self, columns: Sequence[str] = ()) -> str:
        """Return the SELECT of one row per run: sweep_id, run_id, symbol, value, worth, and named columns.

        `value` is the metric as DOUBLE, `worth` is it times `sign`; both NULL where it is undefined.
        """
        value = f"cast({self.order.expression} as double)"
        once = "order by sweep_id desc, created_at desc"
        # A sweep has each run once in a role: the window, which holds all rows, is for many sweeps alone.
        newest = f"qualify row_number() over (partition by run_id {once}) = 1" if not self.scope.sweep else ""
        return f"""
            select sweep_id, run_id, symbol, {value} as value, {self.sign:d} * value as worth
                {"".join(f", {quoted(column)}" for column in columns)}
            from metrics
            where role = 'full'
                and ($sweep is null or sweep_id = $sweep)
                and ($strategy is null or strategy = $strategy)
                and ($symbol is null or symbol = $symbol)
                and ($timeframe is null or timeframe = $timeframe)
                and {self.condition}
            {newest}
        """  # noqa: S608

    def ask(self, text: str, **values: Any) -> pa.Table:
        """Return the rows of a query that reads `runs`; values are bound by name.

        Raises:
            RefusedSqlError: If the scope's `where` cannot be computed of some run.
        """
        with asked_where(self.scope.where):
            return self.catalog.arrow(text, {**self._bound(), **values})

    def stream(self, text: str) -> pa.RecordBatchReader:
        """Return the rows of a query that reads `runs` as a stream, for more than memory holds.

        Raises:
            RefusedSqlError: As `ask`.
        """
        with asked_where(self.scope.where):
            return self.catalog.batches(text, self._bound())

    def axes(self) -> list[Axis]:
        """Return the parameters with more than one value, in declared order."""
        columns = [quoted(parameter.column) for parameter in self.parameters]
        counts = "".join(
            f", count(distinct {column}) as values_{place}, count(*) > count({column}) as off_{place}"
            for place, column in enumerate(columns)
        )
        held = [parameter.column for parameter in self.parameters]
        found = self.ask(f"select count(*) as runs {counts} from ({self.runs(held)})").to_pylist()[0]  # noqa: S608
        axes = [
            Axis(parameter, found[f"values_{place}"], found[f"off_{place}"])
            for place, parameter in enumerate(self.parameters)
        ]
        return [axis for axis in axes if axis.size > 1]

    def _bound(self) -> dict[str, Any]:
        named = {name: value for name, value in vars(self.scope).items() if name != "where"}
        return {**named, **self.order.weights}


def judged(catalog: Catalog, scope: Scope, metric: str) -> Judged:
    """Return a scope with its names resolved.

    Args:
        catalog: Where the runs are.
        scope: Which runs.
        metric: What a run is worth: a metric in its natural direction, or composite_score of the sweep.

    Raises:
        UnknownNameError: If there is no such sweep, strategy, symbol or metric, or no such column in
            `where`.
        RemovedError: If the sweep was removed.
        BadValueError: If neither a sweep nor a strategy is named, or the sweep has no [score].
        RefusedSqlError: If `where` is more than a condition.
    """
    require_texts(list(vars(scope).items()))
    if scope.sweep is None and scope.strategy is None:
        raise BadValueError("sweep", None, "name a sweep, or a strategy for its runs of all sweeps")
    if scope.sweep is not None:
        row = sweep_row(catalog, scope.sweep)
        strategy, symbols = scope.strategy or str(row["strategy"]), row["symbols"] or ()
        parameters = recorded(catalog, scope.sweep)
    else:
        strategy, symbols = str(scope.strategy), ()
        parameters = catalog.parameters(strategy)
    if strategy not in catalog.strategies:
        raise UnknownNameError("strategy", strategy, catalog.strategies)
    if scope.symbol is not None and scope.symbol not in symbols:
        _require_stored(catalog, scope.sweep, strategy, scope.symbol)
    order = (
        ranking(catalog, metric, scope.sweep) if metric == COMPOSITE else by_metric(catalog.schema, metric)
    )
    condition = "true" if scope.where is None else predicate(catalog, scope.where, strategy)
    whole = Scope(scope.sweep, strategy, scope.symbol, scope.timeframe, scope.where)
    return Judged(catalog, whole, order, parameters, condition)


def _require_stored(catalog: Catalog, sweep: str | None, strategy: str, symbol: str) -> None:
    """Return if some run is on a symbol; a sweep knows those that it asked for without any."""
    rows = catalog.rows(
        """
        select distinct symbol from metrics
        where strategy = $1 and ($2 is null or sweep_id = $2) order by symbol
        """,
        [strategy, sweep],
    )
    known = [row["symbol"] for row in rows]
    if symbol not in known:
        raise UnknownNameError("symbol", symbol, known)


def recorded(catalog: Catalog, sweep: str) -> Sequence[ParameterColumn]:
    """Return the parameters that a sweep stores with its runs; all columns of metrics if it recorded none.

    Raises:
        UnknownNameError: If there is no such sweep.
        RemovedError: If it was removed.
    """
    row = sweep_row(catalog, sweep)
    raise_if_removed(catalog, sweep)
    return by_strategy([row], catalog.schema)[row["strategy"]] or from_schema(catalog.schema)


def shown(parameter: ParameterColumn) -> str:
    """Return the SQL of a parameter's value in its own kind: integers are stored as DOUBLE."""
    column = quoted(parameter.column)
    return f"cast({column} as bigint)" if parameter.kind == "int" else column
