"""Top: the first runs of an order, found in the few files that may have them.

Every step is exact. The n-th best value of one sweep and role, whose runs are distinct, is a bound that the
n best of all reach: files that do not reach it need not be read, and rows that do not reach it need not be
sorted. Of runs that reach it in any sweep the latest one's rows count; should one of those lie below it
(metrics of a run may differ in their last digits), the bound has promised too much, and all is sorted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lake.snapshot import DataFile
from queries.catalog import Catalog
from queries.filters import Filters
from queries.pruning import WITHIN, furthest, holding, is_once, passing, places
from queries.ranking import COMPOSITE, Ranking
from queries.whole import KEY

FEW_ROWS, FEW_FILES = 20_000, 16
"""So many rows of so many files are sorted as they are; of any number of files where all are wanted."""
LARGEST_HEAP = 10_000
"""So many of the best are found by their n-th best value; more are sorted."""
READ_ONCE = 51
"""For fewer of the first rows DuckDB reads files twice; where few rows reach a bound, once is faster."""
FIRST_FILES, GROWTH = 2, 8
"""A bound is looked for in so many files, those that reach furthest, then in so many times more."""
_COLUMNS = "metrics.* exclude (block_sums, block_sumsqs)"
_FILTERS = """
strategy := $strategy, symbol := $symbol, timeframe := $timeframe, sweep := $sweep, role := $role,
min_sharpe := $min_sharpe, max_drawdown := $max_drawdown, min_trades := $min_trades,
since := $since, until := $until
"""
_LATEST = """
qualify row_number() over (
    partition by metrics.run_id order by metrics.sweep_id desc, metrics.created_at desc, metrics.role asc
) = 1
"""


@dataclass(frozen=True)
class Top:
    """A search whose names and conditions are checked.

    Attributes:
        catalog: Where to look.
        filters: What a run must fulfil.
        order: The order.
        condition: SQL over the columns of metrics, that of `filters.where` among it.
        descending: Whether the highest come first.
        limit: Rows to return; 0 for all.
    """

    catalog: Catalog
    filters: Filters
    order: Ranking
    condition: str
    descending: bool
    limit: int

    def rows(self) -> pa.Table:
        """Return the rows in order; `rank_value` and the columns of metrics but the block statistics."""
        files = passing(self.catalog.files("metrics"), self.filters.values())
        rows = sum(file.rows for file in files)
        is_bounded = 0 < self.limit <= min(LARGEST_HEAP, rows)
        if self.catalog.is_distinct:
            return self._at_once(files, "")
        if rows <= FEW_ROWS and (len(files) <= FEW_FILES or not is_bounded):
            return self._at_once(files, "" if self._are_once(files, files) else _LATEST)
        found = self._nearest(files) if is_bounded else None
        return self._sorted(files) if found is None else found

    def _are_once(self, files: Sequence[DataFile], among: Sequence[DataFile]) -> bool:
        """Return whether no run of some files is there twice among all that pass."""
        if self.filters.role is None:
            return False
        return self.filters.sweep is not None or is_once(files, among)

    def _at_once(
        self, files: Sequence[DataFile], latest: str, also: str = "true", most: int = 0, **values: Any
    ) -> pa.Table:
        """Return the rows by one scan; `latest` takes one of each run, where it may be there twice."""
        direction = "desc" if self.descending else "asc"
        text = f"""
            {self._passing(also)} {latest}
            order by {self.order.expression} {direction} nulls last, metrics.run_id
            limit {most or self.limit or "null"}
        """
        rank, whole = self.order.expression, self.catalog.whole
        if whole is None:
            return self._ask(files, f"select {rank} as rank_value, {_COLUMNS} {text}", **values)
        catalog, bound = self._asked(files, values)
        is_score = self.order.column == COMPOSITE
        found = catalog.tuples(f"select {KEY}, {rank if is_score else 'null'} {text}", bound)
        rows = whole.of(row[:3] for row in found)
        scores = pa.array([score for *_, score in found], pa.float64())
        return rows.append_column("rank_value", scores if is_score else rows[self.order.column])

    def _nearest(self, files: Sequence[DataFile]) -> pa.Table | None:
        """Return the rows, if a bound leads to them."""
        reach = [(file, furthest(file, self.order.terms, highest=self.descending)) for file in files]
        bound = self._bound(reach)
        if bound is None:
            return None
        reaching = [file for file, value in reach if value is None or self._reaches(value, bound)]
        reaches = f"({self.order.expression}) {'>=' if self.descending else '<='} $bound"
        if self._are_once(reaching, files):
            most = max(self.limit, READ_ONCE)
            return self._at_once(reaching, "", reaches, most, bound=bound).slice(0, self.limit)
        asked = f"select distinct metrics.run_id {self._passing(reaches)}"
        runs = self._ask(reaching, asked, bound=bound)["run_id"].to_pylist()
        if len(runs) > LARGEST_HEAP + self.limit:  # ties
            return None
        found = self._at_once(holding(files, runs), _LATEST, "run_id in (select unnest($runs))", runs=runs)
        last = found["rank_value"][-1].as_py() if found.num_rows == self.limit else None
        return found if last is not None and self._reaches(last, bound) else None

    def _bound(self, reach: Sequence[tuple[DataFile, Any]]) -> Any:
        """Return a value that the best of all reach; None if no sweep has so many runs in the files.

        Those files are asked first that may hold the best; where it is not known how far one reaches, it may.
        """
        known = [(file, value) for file, value in reach if value is not None]
        known.sort(key=lambda pair: pair[1], reverse=self.descending)
        count, ordered = FIRST_FILES, [file for file, value in reach if value is None]
        ordered += [file for file, _ in known]
        while True:
            bound = self._bound_in(ordered[:count])
            if bound is not None or count >= len(ordered):
                return bound
            count *= GROWTH

    def _bound_in(self, files: Sequence[DataFile]) -> Any:
        heap, fold, last = ("max", "max", "list_min") if self.descending else ("min", "min", "list_max")
        found = self._ask(
            files,
            f"""
            select {fold}({last}(nearest)) as bound
            from (
                select {heap}({self.order.expression}, {self.limit:d}) as nearest
                {self._passing(WITHIN)}
                group by metrics.sweep_id, metrics.role
            )
            where len(nearest) = {self.limit:d}
            """,  # noqa: S608
            **places(files),
        )
        return found["bound"][0].as_py()

    def _reaches(self, value: Any, bound: Any) -> bool:
        return bool(value >= bound if self.descending else value <= bound)

    def _sorted(self, files: Sequence[DataFile]) -> pa.Table:
        """Return the rows by sorting all that pass."""
        return self._ask(
            files,
            f"""
            select * from search_runs(
                {self.order.expression}, {_FILTERS}, predicate := ({self.condition}),
                descending := {self.descending}, n := {self.limit or "null"}
            )
            """,  # noqa: S608
        )

    def _passing(self, also: str) -> str:
        """Return FROM and WHERE of the rows that pass, and fulfil one more condition."""
        metrics = self.catalog.metrics
        return f"""
            from {metrics.text} as metrics
            where {metrics.condition} and passes({_FILTERS}, predicate := ({self.condition} and {also}))
        """

    def _ask(self, files: Sequence[DataFile], text: str, **values: Any) -> pa.Table:
        catalog, bound = self._asked(files, values)
        ask = catalog.few if 0 < self.limit <= LARGEST_HEAP else catalog.arrow
        return ask(text, bound)

    def _asked(
        self, files: Sequence[DataFile], values: Mapping[str, Any]
    ) -> tuple[Catalog, Mapping[str, Any]]:
        """Return who answers from some files, and the values that a text binds."""
        bound = {**self.filters.values(), **self.order.weights, **values}
        return self.catalog.narrowed("metrics", files), bound
