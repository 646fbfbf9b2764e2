"""Sensitivity: how much of a metric each parameter decides."""

from typing import NamedTuple

import pyarrow as pa

from queries import html
from queries.catalog import Catalog
from queries.judgement.scope import Axis, Judged, Scope, judged, shown

_AXES = pa.schema(
    [
        ("parameter", pa.string()),
        ("section", pa.string()),
        ("kind", pa.string()),
        ("values", pa.int64()),
        ("runs", pa.int64()),
        ("eta_squared", pa.float64()),
        ("spread", pa.float64()),
        ("best_value", pa.string()),
        ("best_mean", pa.float64()),
    ]
)
_SLICES = pa.schema(
    [("parameter", pa.string()), ("place", pa.int64()), ("value", pa.string()), ("runs", pa.int64())]
    + [(name, pa.float64()) for name in ("mean", "p05", "p25", "median", "p75", "p95")]
)


class Sensitivity(NamedTuple):
    """What the parameters of a sweep do to a metric.

    Attributes:
        axes: One row per parameter with more than one value, what decides most first: parameter, section,
            kind, values (off is one), runs (that have the metric), eta_squared, spread (highest less lowest
            mean), best_value and best_mean (the value with the best mean). NULL where no run has the metric;
            a best_value of NULL beside a best_mean is off.
        slices: One row per parameter and value, in order of value, off first: parameter, place (from 1),
            value (text, NULL is off), runs (that have the metric), mean, p05, p25, median, p75, p95 in the
            metric's unit.
    """

    axes: pa.Table
    slices: pa.Table

    def __repr__(self) -> str:
        return f"Sensitivity({', '.join(self.axes['parameter'].to_pylist())})"

    def _repr_html_(self) -> str:
        title = html.title("What decides it: eta_squared is the share of its variance")
        return html.fragment(
            title, html.table(self.axes, _AXES.names, most=40), html.table(self.slices, most=40)
        )


def sensitivity(catalog: Catalog, scope: Scope, metric: str = "sharpe") -> Sensitivity:
    """Return how much of a metric's variance each parameter explains, and the metric at each of its values.

    `eta_squared` is the share of the sum of squares that lies between the values of a parameter, as in a
    one-way analysis of variance: sum of n_i (mean_i - mean)^2 / sum of (value - mean)^2, in [0, 1]; NULL
    where the metric does not vary. After R. A. Fisher; see J. Cohen, Eta-squared and partial eta-squared in
    fixed factor ANOVA designs, Educational and Psychological Measurement 33, 1973. What two parameters do
    only together is in neither's share.

    Args:
        catalog: Where the runs are. Each parameter is a scan of its own: one column of doubles is held.
        scope: Which runs.
        metric: A metric in its natural direction, or composite_score of the sweep.

    Raises:
        QueryError: As `judged`.
    """
    runs = judged(catalog, scope, metric)
    slices = [(axis, _slices(runs, axis)) for axis in runs.axes()]
    axes = sorted((_axis(runs, axis, held) for axis, held in slices), key=_decides)
    order = [row["parameter"] for row in axes]
    held = sorted(slices, key=lambda pair: order.index(pair[0].parameter.name))
    tables = [rows.select(_SLICES.names).cast(_SLICES) for _, rows in held]
    return Sensitivity(
        pa.Table.from_pylist(axes, schema=_AXES), pa.concat_tables([_SLICES.empty_table(), *tables])
    )


def _slices(runs: Judged, axis: Axis) -> pa.Table:
    return runs.ask(
        f"""
        with slices as (
            select {shown(axis.parameter)} as held, count(value) as runs, avg(value) as mean,
                var_pop(value) as variance,
                min(value) as lowest, max(value) as highest,
                quantile_cont(value, [0.05, 0.25, 0.5, 0.75, 0.95]) as quantiles
            from ({runs.runs([axis.parameter.column])}) group by held
        )
        select $parameter as parameter, row_number() over (order by held nulls first) as place,
            cast(held as varchar) as value, runs, mean, variance, lowest, highest,
            quantiles[1] as p05, quantiles[2] as p25, quantiles[3] as median,
            quantiles[4] as p75, quantiles[5] as p95
        from slices order by place
        """,  # noqa: S608
        parameter=axis.parameter.name,
    )


def _axis(runs: Judged, axis: Axis, slices: pa.Table) -> dict[str, object]:
    """Return the row of one parameter, from its slices."""
    held = [row for row in slices.to_pylist() if row["runs"]]
    count = sum(row["runs"] for row in held)
    row = {
        "parameter": axis.parameter.name,
        "section": axis.parameter.section,
        "kind": axis.parameter.kind,
        "values": axis.size,
        "runs": count,
    }
    if not held:
        return row
    mean = sum(row["runs"] * row["mean"] for row in held) / count
    between = sum(row["runs"] * (row["mean"] - mean) ** 2 for row in held)
    total = between + sum(row["runs"] * row["variance"] for row in held)
    means = [row["mean"] for row in held]
    varies = min(row["lowest"] for row in held) < max(row["highest"] for row in held)
    best = max(held, key=lambda row: runs.sign * row["mean"])
    return row | {
        "eta_squared": between / total if varies else None,
        "spread": max(means) - min(means),
        "best_value": best["value"],
        "best_mean": best["mean"],
    }


def _decides(row: dict[str, object]) -> float:
    share = row.get("eta_squared")
    return -share if isinstance(share, float) else 1.0
