"""Tables of a sweep's report."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from queries.judgement.correlated import Correlated
from queries.judgement.inputs import leaves
from queries.judgement.sensitivity import Sensitivity
from queries.luck.luck import Luck
from queries.parameters import ParameterColumn
from queries.summary import Summary
from sweeplake.pictures.forms import count, day, number, percent, value
from sweeplake.pictures.names import metric_form, metric_name
from sweeplake.pictures.page import Column, Facts, Table
from sweeplake.pictures.quantities import OFF, setting, settings

MAIN = ("sharpe", "total_return", "max_drawdown", "num_trades")
_SYMBOLS = 200
_TESTS = 200
_CONFIG = (
    "grid",
    "where",
    "start",
    "end",
    "sample",
    "walk_forward",
    "execution",
    "exits",
    "score",
    "details",
)
_RUN, _SETTINGS = Column("run_id", "Run"), Column("settings", "Parameters")
_QUANTILES = {"minimum": "Lowest", "p05": "5%", "p25": "25%", "median": "Median", "p75": "75%", "p95": "95%"}


def configuration(row: Mapping[str, Any]) -> Facts:
    """Return what the sweep was asked to do, key by key; an exit that is off is left out."""
    config = json.loads(row["config"] or "{}")
    asked = {key: config[key] for key in _CONFIG if config.get(key) is not None}
    told = {key: held for key, held in leaves(asked) if held != OFF}
    return Facts(told, "Configuration")


def origin(row: Mapping[str, Any]) -> Facts:
    """Return what the sweep was computed by."""
    versions = json.loads(row["versions"] or "{}")
    facts = {
        "Sweep": row["sweep_id"],
        "Owner": value(row["owner"]),
        "Started": f"{row['started_at']:%Y-%m-%d %H:%M} UTC",
        "Strategy": value(row["strategy"]),
        "Code": value(row["strategy_code"]),
        "Rules of simulation": f"version {row['simulation_version']}",
    }
    return Facts(facts | {name: str(held) for name, held in versions.items()}, "Where it comes from")


def bars_table(windows: Sequence[Mapping[str, Any]]) -> Table:
    """Return the window of each symbol."""
    columns = (
        Column("symbol", "Symbol"),
        Column("first", "First bar", day),
        Column("last", "Last bar", day),
        Column("bars", "Bars", count),
        Column("runs", "Runs", count),
    )
    return _cut("Bars", columns, windows, _SYMBOLS)


def quantiles_table(found: Summary) -> Table:
    """Return the quantiles of the main metrics; each row reads in its own unit."""
    rows = [
        {
            "metric": metric_name(row["metric"]),
            "runs": count(row["runs"]),
            **{name: metric_form(row["metric"])(row[name]) for name in (*_QUANTILES, "maximum", "mean")},
        }
        for row in found.quantiles.to_pylist()
        if row["runs"]
    ]
    numbers = {"runs": "Runs", **_QUANTILES, "maximum": "Highest", "mean": "Mean"}
    columns = (Column("metric", "Metric"), *(Column(name, told, str) for name, told in numbers.items()))
    return Table("Over all runs", columns, rows)


def failures_table(found: Summary) -> Table:
    """Return failures by cause, each with an example."""
    columns = (
        Column("cause", "Cause"),
        Column("runs", "Runs", count),
        Column("error", "For example"),
        Column("params", "With"),
    )
    return Table("Failures", columns, found.failures.to_pylist())


def runs_table(title: str, runs: Sequence[Mapping[str, Any]], metric: str, note: str = "") -> Table:
    """Return documents of runs, what they are ranked by first."""
    names = (metric, *(name for name in MAIN if name != metric))
    columns = (
        Column("symbol", "Symbol"),
        _SETTINGS,
        *(Column(name, metric_name(name), metric_form(name)) for name in names),
        _RUN,
    )
    return Table(
        title, columns, [{**dict.fromkeys(names), **run["metrics"], **_set(run)} for run in runs], note
    )


def winners_table(best: Sequence[Mapping[str, Any]], metric: str) -> Table:
    """Return the best run of each symbol."""
    columns = (
        Column("symbol", "Symbol"),
        _SETTINGS,
        Column("value", metric_name(metric), metric_form(metric)),
        _RUN,
    )
    return _cut("The best of each symbol", columns, list(map(_set, best)), _SYMBOLS)


def leaderboard_table(sets: Sequence[Mapping[str, Any]], metric: str) -> Table:
    """Return the best parameter sets over all symbols."""
    form = metric_form(metric)
    columns = (
        _SETTINGS,
        Column("mean", "Mean", form),
        Column("worst", "Worst", form),
        Column("best", "Best", form),
        Column("profitable", "Symbols with a gain", percent),
        Column("symbols", "Symbols", count),
        Column("num_trades", "Trades", count),
        Column("best_run", "Best run"),
    )
    return Table(
        f"Parameter sets over all symbols, by mean {metric_name(metric)}", columns, list(map(_set, sets))
    )


def luck_table(found: Sequence[Luck]) -> Table:
    """Return what is known of luck, by symbol and over all."""
    rows = [
        {
            **vars(item),
            "symbol": item.symbol or f"all {len(item.symbols)} symbols",
            "pbo": None if item.overfitting is None else item.overfitting.pbo,
        }
        for item in found
    ]
    columns = (
        Column("symbol", "Symbol"),
        Column("trials", "Trials", count),
        Column("sharpe", "Best Sharpe ratio", number),
        Column("expected_sharpe", "Expected of luck", number),
        Column("psr", "Probability above 0", percent),
        Column("dsr", "Probability above luck", percent),
        Column("pbo", "Overfitting", percent),
        Column("n_bars", "Bars", count),
        Column("least_bars", "Bars needed", count),
    )
    return _cut("Of each symbol", columns, rows, _SYMBOLS)


def sensitivity_table(found: Sensitivity, metric: str) -> Table:
    """Return what decides the metric, with the best value of each parameter."""
    form = metric_form(metric)
    rows = [{**row, "best_value": row["best_value"] or OFF} for row in found.axes.to_pylist() if row["runs"]]
    columns = (
        Column("parameter", "Parameter"),
        Column("values", "Values", count),
        Column("eta_squared", "Share of the variance", percent),
        Column("spread", "Highest mean less the lowest", form),
        Column("best_value", "Best value"),
        Column("best_mean", "Mean there", form),
    )
    return Table("What decides", columns, rows)


def plateau_table(runs: Sequence[Mapping[str, Any]], metric: str) -> Table:
    """Return the best runs with their neighbours."""
    form = metric_form(metric)
    columns = (
        Column("symbol", "Symbol"),
        _SETTINGS,
        Column("value", metric_name(metric), form),
        Column("score", "Score", number),
        Column("median", "Median of its neighbours", form),
        Column("worst", "Worst of them", form),
        Column("neighbours", "Neighbours", count),
        _RUN,
    )
    note = "Score 1 is a plateau; at 0 and below the run is a lone peak among ordinary neighbours."
    return Table("The best runs and their neighbours", columns, list(map(_set, runs)), note)


def boundary_table(found: pa.Table) -> Table:
    """Return where the best runs lie at an edge of the grid."""
    columns = (
        Column("place", "Place", count),
        Column("symbol", "Symbol"),
        Column("parameter", "Parameter"),
        Column("edge", "Edge"),
        Column("value", "Value", setting),
        Column("values", "Values tried", count),
        _RUN,
    )
    note = "What lies beyond was not asked; widen the grid there."
    return Table("Best runs at the edge of the grid", columns, found.to_pylist(), note)


def ideas_table(found: Correlated, known: Sequence[ParameterColumn], metric: str) -> Table:
    """Return the best runs as ideas."""
    names = {parameter.column: parameter.name for parameter in known}
    first = {
        row["run_id"]: {names[column]: held for column, held in row.items() if column in names}
        for row in found.runs.to_pylist()
    }
    rows = [_set({**row, "params": first[row["best_run_id"]]}) for row in found.ideas.to_pylist()]
    columns = (
        Column("idea", "Idea", count),
        Column("runs", "Runs", count),
        Column("value", f"Best {metric_name(metric)}", metric_form(metric)),
        _SETTINGS,
        Column("best_run_id", "Best run"),
    )
    title = f"The best {found.runs.num_rows} runs are {found.ideas.num_rows} ideas"
    return Table(title, columns, rows, f"Runs whose returns correlate by 0.9 or more, by {found.source}.")


def curves_table(found: Summary) -> Table:
    """Return what the stitched curves came to."""
    columns = (
        Column("symbol", "Symbol"),
        Column("path", "Path", count),
        Column("splits", "Splits", count),
        *(Column(name, metric_name(name), metric_form(name)) for name in ("sharpe", "total_return", "cagr")),
        Column("max_drawdown", "Max drawdown", percent),
        Column("in_sample_sharpe", "Sharpe ratio in sample", number),
        Column("efficiency", "Efficiency", number),
        Column("profitable", "Spans with a gain", percent),
        Column("num_trades", "Trades", count),
    )
    return _cut("Out of sample, stitched", columns, found.out_of_sample.to_pylist(), _SYMBOLS)


def tests_table(found: Summary, known: Sequence[ParameterColumn]) -> Table:
    """Return what each split chose, and what that came to."""
    varied = [parameter for parameter in known if parameter.column in found.tests.column_names]
    rows = [
        _set({**row, "params": {one.name: one.cast(row[one.column]) for one in varied}})
        for row in found.tests.slice(0, _TESTS + 1).to_pylist()
    ]
    columns = (
        Column("split", "Split", count),
        Column("symbol", "Symbol"),
        Column("test_start", "From", day),
        Column("test_end", "To", day),
        Column("settings", "Chosen"),
        Column("in_sample_sharpe", "Sharpe ratio in sample", number),
        Column("sharpe", "out of sample", number),
        Column("total_return", "Total return", percent),
        Column("max_drawdown", "Max drawdown", percent),
        _RUN,
    )
    return _cut("What each split chose", columns, rows, _TESTS)


def _set(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its parameters that are on as text."""
    on = {name: held for name, held in row["params"].items() if held is not None}
    return {**row, "settings": settings(on) or None}


def _cut(title: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], most: int) -> Table:
    """Return a table of the first rows, and say so if there are more."""
    note = f"The first {most:,} rows." if len(rows) > most else ""
    return Table(title, columns, rows[:most], note)
