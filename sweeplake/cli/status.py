"""`sweeplake status` and `summary`."""

from typing import Any

import click

from sweeplake.cli.options import json_option, lake_option, time_travel
from sweeplake.cli.output import command, note, print_json
from sweeplake.cli.runs import print_runs
from sweeplake.cli.tables import print_facts, print_table


@click.command()
@click.argument("sweep_id", required=False)
@lake_option
@json_option
@time_travel
def status(sweep_id: str | None, lake_url: str, pin: dict[str, Any], as_json: bool) -> None:  # noqa: FBT001
    """Print all sweeps, newest first, or one (SWEEP_ID, or latest)."""
    import sweeplake
    from queries.documents import status_document
    from queries.sweep import status as sweep_status

    with sweeplake.open(lake_url, **pin) as lake:
        found = sweep_status(lake.catalog, lake.sweep_id(sweep_id) if sweep_id else None)
    if as_json:
        print_json(status_document(found))
    elif found.num_rows:
        print_table(found.to_pylist(), _COLUMNS, optional=_OPTIONAL)
    else:
        note(f"no sweeps yet; start one with `{command('run CONFIG')}`")


_COLUMNS = (
    "sweep_id",
    "name",
    "status",
    "strategy",
    "runs",
    "done",
    "failed",
    "detailed",
    "seconds",
    "best_sharpe",
)
_OPTIONAL = ("failed", "best_sharpe", "strategy", "seconds", "detailed")


@click.command()
@click.argument("sweep_id")
@lake_option
@json_option
@time_travel
def summary(sweep_id: str, lake_url: str, pin: dict[str, Any], as_json: bool) -> None:  # noqa: FBT001
    """Print what came out of a sweep.

    Its counts, the quantiles of its metrics, its best run, and its failures. SWEEP_ID may be "latest".
    """
    import sweeplake
    from queries.documents import run_documents

    with sweeplake.open(lake_url, **pin) as lake:
        found = lake.sweep(sweep_id).summary()
        best = run_documents(lake.catalog, found.best)
    quantiles, failures = found.quantiles.to_pylist(), found.failures.to_pylist()
    if as_json:
        tables = {"best": best, "quantiles": quantiles, "failures": failures}
        print_json({**found.sweep, "metric": found.metric, **tables})
        return
    print_facts(_facts(found.sweep), title=found.sweep["name"])
    if quantiles:
        click.echo()
        columns = tuple(quantiles[0])
        print_table(quantiles, columns, "Over all runs", optional=_QUANTILES, digits=4, alike=False)
    if best:
        click.echo()
        print_runs(best, title=f"Best by {found.metric}", metric=found.metric)
    if failures:
        click.echo()
        print_table(failures, tuple(failures[0]), title="Failures by cause")
    if best:
        note(f"next: {command('show ' + best[0]['run_id'])}")


_QUANTILES = ("median", "minimum", "maximum", "runs", "p05", "p95", "p25", "p75", "mean")


def _facts(sweep: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sweep.items() if name != "name" and value is not None}
