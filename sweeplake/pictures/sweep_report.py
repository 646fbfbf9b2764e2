"""Report: what came out of a sweep, and whether to believe it, as one page."""

import json
import os
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lake.schemas import PARAMETER_PREFIX
from queries.documents import document_metric, params_apart, run_documents, set_documents
from queries.filters import Filters
from queries.judgement.boundary import boundary
from queries.judgement.correlated import correlated
from queries.judgement.plateau import plateau
from queries.judgement.scope import Scope, recorded
from queries.judgement.sensitivity import Sensitivity, sensitivity
from queries.leaderboard import leaderboard
from queries.luck.cscv import sweep_overfitting
from queries.luck.luck import Luck, is_it_luck
from queries.parameters import ParameterColumn
from queries.search import best
from queries.summary import Summary
from queries.sweep import sweep_row
from queries.winners import winners
from sweeplake.pictures import sweep_tables as tables
from sweeplake.pictures.files import save_page
from sweeplake.pictures.forms import count, number, value
from sweeplake.pictures.names import metric_form, metric_name
from sweeplake.pictures.page import Block, Facts, Page, Picture, Section, Words
from sweeplake.pictures.sensitivity import shares, slices

if TYPE_CHECKING:
    from sweeplake.sweep import Sweep

_BEST, _TOGETHER, _NEAR, _EDGES = 20, 20, 10, 3
_PAIRED = 3
"""So many of the parameters that decide most have a heatmap with each other,"""
_MOST_VALUES = 120
"""unless they have more values."""
MOST_RUNS = 1_000_000
"""Of more runs neighbours, ideas and luck are left out: they take minutes and gigabytes."""
MOST_HALVES = 100_000
"""Of more runs the halves of the window are left out, which read all block statistics twice."""


def write_report(sweep: "Sweep", path: str | os.PathLike[str]) -> None:
    """Write what came out of a sweep as one HTML file that needs no network; one that is there is replaced.

    Raises:
        UnknownNameError: If the file's ending is not .html.
        BadValueError: If the file cannot be written.
    """
    save_page(report(sweep), path)


def report(sweep: "Sweep") -> Page:
    """Return what came out of a sweep as a page; nothing is computed again."""
    row, found = sweep_row(sweep.lake.catalog, sweep.sweep_id), sweep.summary()
    scope = Scope(sweep.sweep_id)
    judged = found.best.num_rows > 0
    told = _asked_luck(sweep, found)
    parts = [_glance(sweep, found, row, told), *_walk(sweep, found)]
    if judged:
        matters = sensitivity(sweep.lake.catalog, scope, found.metric)
        parts += [
            _luck(sweep, found, told),
            _best(sweep, found),
            _parameters(sweep, found, matters),
            *_ground(sweep, found),
        ]
    parts.append(_asked(sweep, row, found))
    return Page(
        title=found.sweep["name"] or sweep.sweep_id,
        subtitle=f"{row['strategy']}, {row['timeframe']}, sweep {sweep.sweep_id}",
        sections=tuple(parts),
        footer="Written by sweeplake. Times are UTC, returns are after costs, - is undefined. A run: "
        "sweeplake show RUN.",
    )


def _glance(sweep: "Sweep", found: Summary, row: Mapping[str, Any], luck: Sequence[Luck]) -> Section:
    state = found.sweep
    facts = {
        "Runs": count(state["done"])
        + (f" of {count(state['runs'])}" if state["done"] != state["runs"] else ""),
        "Status": value(state["status"]).replace("_", " "),
        "Failed": count(state["failed"]),
        "Symbols": count(len(row["symbols"] or ())),
        "Computed": count(state["computed"]),
        "Reused": count(state["reused"]),
        "Seconds": number(state["seconds"]),
    }
    catalog = sweep.lake.catalog
    for run in run_documents(catalog, found.best):
        best_value = run["metrics"].get(document_metric(catalog, found.metric))
        facts[f"Best {metric_name(found.metric)}"] = metric_form(found.metric)(best_value)
    said = [Words(item.verdict) for item in luck[-1:]]
    if row["error"]:
        said.append(Words(f"It failed: {row['error']}"))
    tables_ = [tables.quantiles_table(found)] if found.best.num_rows else []
    failed = [tables.failures_table(found)] if found.failures.num_rows else []
    return Section("", (Facts(facts, large=True), *said, *tables_, *failed))


def _walk(sweep: "Sweep", found: Summary) -> list[Section]:
    if not found.tests.num_rows:
        return []
    known = recorded(sweep.lake.catalog, sweep.sweep_id)
    blocks = (
        Picture(sweep.plot.walk_forward()),
        tables.curves_table(found),
        tables.tests_table(found, known),
    )
    return [Section("Walk-forward", blocks)]


def _asked_luck(sweep: "Sweep", found: Summary) -> Sequence[Luck]:
    """Return what is known of luck: with the halves of the window, where they are few enough."""
    if not found.luck or found.sweep["done"] > MOST_HALVES:
        return found.luck
    return is_it_luck(sweep.lake.catalog, sweep.sweep_id, halves=sweep_overfitting)


def _luck(sweep: "Sweep", found: Summary, told: Sequence[Luck]) -> Section:
    spread = Picture(sweep.plot.distribution(found.metric))
    asked = f"sweeplake luck {sweep.sweep_id}"
    if found.sweep["done"] > MOST_RUNS:
        return Section("Is it luck?", (spread, _left_out(found, "Luck", asked)))
    note = f"Trials count as if none were like another; {asked} asks how alike they are."
    if found.sweep["done"] > MOST_HALVES:
        note += " The halves of the window are left out of so many runs; it asks them, too."
    return Section("Is it luck?", (spread, tables.luck_table(told), Words(note)))


def _best(sweep: "Sweep", found: Summary) -> Section:
    catalog, metric = sweep.lake.catalog, found.metric
    runs = run_documents(catalog, best(catalog, Filters(sweep=sweep.sweep_id), metric=metric, n=_BEST))
    known = recorded(catalog, sweep.sweep_id)
    shown = {parameter.name for parameter in known}
    for run in runs:
        run["params"] = {name: held for name, held in run["params"].items() if name in shown}
    blocks: list[Block] = [
        tables.runs_table(f"The best by {metric_name(metric)}", runs, document_metric(catalog, metric)),
        Picture(sweep.plot.parallel(metric)),
        Picture(sweep.plot.pareto()),
    ]
    if len(found.sweep["symbols"] or ()) > 1:
        score = json.loads(sweep_row(catalog, sweep.sweep_id)["config"] or "{}").get("score")
        each = winners(catalog, sweep.sweep_id, n=1, metric=metric, score=score, per=("symbol",))
        sets = set_documents(catalog, leaderboard(catalog, metric=metric, sweep=sweep.sweep_id, n=_BEST))
        blocks += [
            tables.winners_table(params_apart(_own(each, known), known), metric),
            tables.leaderboard_table(sets, metric),
        ]
    return Section("The best runs", tuple(blocks))


def _parameters(sweep: "Sweep", found: Summary, matters: Sensitivity) -> Section:
    metric = found.metric
    blocks: list[Block] = [
        Picture(shares(matters, metric)),
        Picture(slices(matters, metric)),
        tables.sensitivity_table(matters, metric),
    ]
    few = [row for row in matters.axes.to_pylist() if row["values"] <= _MOST_VALUES]
    names = [row["parameter"] for row in few[:_PAIRED]]
    blocks += [Picture(sweep.plot.heatmap(x, y, metric)) for x, y in combinations(names, 2)]
    return Section("What the parameters do", tuple(blocks))


def _ground(sweep: "Sweep", found: Summary) -> list[Section]:
    """Return whether the best runs stand on firm ground."""
    catalog, scope, metric = sweep.lake.catalog, Scope(sweep.sweep_id), found.metric
    edges = tables.boundary_table(boundary(catalog, scope, metric, _EDGES))
    title = "Do the best runs stand on firm ground?"
    if found.sweep["done"] > MOST_RUNS:
        command = f"sweeplake judge {sweep.sweep_id}"
        return [Section(title, (edges, _left_out(found, "Neighbours and ideas", command)))]
    known = recorded(catalog, sweep.sweep_id)
    blocks = (
        tables.plateau_table(params_apart(plateau(catalog, scope, metric, _NEAR), known), metric),
        edges,
        tables.ideas_table(correlated(catalog, scope, metric, _TOGETHER), known, metric),
    )
    return [Section(title, blocks)]


def _asked(sweep: "Sweep", row: Mapping[str, Any], found: Summary) -> Section:
    windows = sweep.lake.catalog.arrow(
        """
        select symbol, min(period_start) as first, max(period_end) as last, max(n_bars) as bars,
            count(*) as runs
        from metrics where sweep_id = $1 group by symbol order by symbol
        """,
        [found.sweep["sweep_id"]],
    ).to_pylist()
    read = json.loads(row["bars"] or "{}")  # a run of a walk-forward has but a span's
    spans = [{**window, "bars": read.get(window["symbol"], window)["bars"]} for window in windows]
    return Section("What was run", (tables.configuration(row), tables.origin(row), tables.bars_table(spans)))


def _left_out(found: Summary, what: str, command: str) -> Words:
    return Words(
        f"{what} of {found.sweep['done']:,} runs are left out here, for time and memory; {command} tells."
    )


def _own(runs: pa.Table, known: Sequence[ParameterColumn]) -> pa.Table:
    """Return rows with the parameters of one strategy alone, in declared order."""
    others = [name for name in runs.column_names if not name.startswith(PARAMETER_PREFIX)]
    return runs.select([*others, *(parameter.column for parameter in known)])
