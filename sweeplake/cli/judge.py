"""`sweeplake judge`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from sweeplake.cli.options import json_option, lake_option, time_travel
from sweeplake.cli.output import command, counted, note, print_json
from sweeplake.cli.tables import print_table

if TYPE_CHECKING:
    from queries.catalog import Catalog
    from queries.judgement.scope import Scope

_TOGETHER = 20
"""So many of the best runs are asked how alike they are."""
_SENSITIVITY = ("parameter", "values", "eta_squared", "spread", "best_value", "best_mean")
_NEIGHBOURS = ("neighbours", "median", "worst", "mean")
_IDEA = ("idea", "runs", "value", "params", "best_run_id")


@click.command()
@click.argument("sweep_id")
@lake_option
@click.option("-n", default=3, show_default=True, type=click.IntRange(min=1), help="Runs of each table.")
@click.option(
    "--metric", metavar="M", help="What a run is worth; default: what the sweep's best run is chosen by."
)
@click.option("--symbol", metavar="S", help="Only this symbol.")
@click.option("--where", metavar="SQL", help="Only runs that fulfil a condition, e.g. 'num_trades > 20'.")
@json_option
@time_travel
def judge(
    sweep_id: str,
    lake_url: str,
    pin: dict[str, Any],
    n: int,
    metric: str | None,
    as_json: bool,  # noqa: FBT001
    **within: str | None,
) -> None:
    """Print whether a sweep's best runs can be trusted.

    Which parameters matter, whether the best run lies at the edge of the grid, how good the neighbours of the
    best runs are, which runs no neighbour beats, and how many ideas the best ones are. SWEEP_ID may be
    "latest".
    """
    import sweeplake
    from queries.judgement.scope import Scope

    with sweeplake.open(lake_url, **pin) as lake:
        sweep = lake.sweep(sweep_id)
        by = metric or sweep.metric
        found = _judgement(lake.catalog, Scope(sweep.sweep_id, **within), by, n)
    if as_json:
        print_json({"sweep_id": sweep.sweep_id, "metric": by, **found})
    elif found["plateau"]:
        _print(found, by)
    else:
        note(f"no run of role full that was asked for has {by}")


def _judgement(catalog: "Catalog", scope: "Scope", metric: str, n: int) -> dict[str, Any]:
    """Return all answers as rows."""
    from queries.documents import params_apart
    from queries.judgement.boundary import boundary
    from queries.judgement.correlated import correlated
    from queries.judgement.plateau import local_maxima, plateau, plateaus
    from queries.judgement.scope import recorded
    from queries.judgement.sensitivity import sensitivity

    known = recorded(catalog, str(scope.sweep))
    matters = sensitivity(catalog, scope, metric)
    alike = correlated(catalog, scope, metric, _TOGETHER)
    return {
        "sensitivity": matters.axes.to_pylist(),
        "slices": matters.slices.to_pylist(),
        "boundary": boundary(catalog, scope, metric).to_pylist(),
        "plateau": params_apart(plateau(catalog, scope, metric, n), known),
        "plateaus": params_apart(plateaus(catalog, scope, metric, n), known),
        "local_maxima": params_apart(local_maxima(catalog, scope, metric, n), known),
        "correlated": {
            "source": alike.source,
            "ideas": alike.ideas.to_pylist(),
            "runs": params_apart(alike.runs, known),
        },
    }


def _print(found: Mapping[str, Any], metric: str) -> None:
    if found["sensitivity"]:
        rows = [{**row, "best_value": row["best_value"] or "off"} for row in found["sensitivity"]]
        title = f"What decides {metric}: eta_squared is the share of its variance"
        print_table(rows, _SENSITIVITY, title, optional=("eta_squared", "best_value", "spread"))
        click.echo()
    runs = ("place", "symbol", "params", metric)
    _print_runs(
        found["plateau"],
        (*runs, "score", *_NEIGHBOURS, "run_id"),
        "The best runs and their neighbours: score 1 is a plateau, 0 and below a lone peak",
    )
    _print_runs(found["plateaus"], (*runs, "smoothed", "neighbours", "run_id"), "The highest plateaus")
    _print_runs(found["local_maxima"], (*runs, "neighbours", "run_id"), "Runs that no neighbour beats")
    alike = found["correlated"]
    first = {run["run_id"]: run["params"] for run in alike["runs"]}
    ideas = [{**idea, "params": first[idea["best_run_id"]]} for idea in alike["ideas"]]
    told = f"The best {counted(len(alike['runs']), 'run')} are {counted(len(ideas), 'idea')}"
    print_table(ideas, _IDEA, f"{told} (by {alike['source']})", optional=("value", "params"))
    for edge in found["boundary"]:
        tried = f"{edge['parameter']} = {edge['value']:g} is the {edge['edge']} of {edge['values']} values"
        note(f"the best run lies at the edge of the grid: {tried}; widen it there")
    note(f"next: {command('show ' + found['plateau'][0]['run_id'])}")


def _print_runs(runs: Sequence[Mapping[str, Any]], columns: tuple[str, ...], title: str) -> None:
    """Print runs under the metric's own name, a word after it where another column has it."""
    metric, others = columns[3], (*columns[:3], *columns[4:])
    label = f"{metric} (metric)" if metric in others else metric
    rows = [{**run, label: run["value"]} for run in runs]
    columns = (*columns[:3], label, *columns[4:])
    print_table(rows, columns, title, optional=tuple(name for name in _NEIGHBOURS if name in columns))
    click.echo()
