"""`sweeplake status` and `summary`."""

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from sweeplake.cli.luck import print_verdicts
from sweeplake.cli.options import json_option, lake_option, time_travel
from sweeplake.cli.output import command, note, print_json
from sweeplake.cli.runs import print_runs
from sweeplake.cli.tables import print_facts, print_table
from sweeplake.cli.walk_forward import print_curves, print_tests

if TYPE_CHECKING:
    from sweeplake.lake import Lake

RUNNING = "running"
WATCH_SECONDS = 2.0
MINUTE = 60.0


@click.command()
@click.argument("sweep_id", required=False)
@lake_option
@click.option("--watch", is_flag=True, help="Print it again and again until none has a driver that lives.")
@json_option
@time_travel
def status(
    sweep_id: str | None,
    lake_url: str,
    pin: dict[str, Any],
    watch: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Print all sweeps, newest first, or one (SWEEP_ID, or latest).

    Of those that run, wherever that is, it tells runs a second and the time left, from the lake alone.
    """
    import sweeplake
    from sweeplake.watching import sweeps_now

    if watch and (as_json or any(value is not None for value in pin.values())):
        raise click.UsageError("--watch looks again and again; leave out --json, --version and --as-of")
    with sweeplake.open(lake_url, **pin) as lake:
        chosen = lake.sweep_id(sweep_id) if sweep_id else None
        rows = sweeps_now(lake, chosen)
        if as_json:
            print_json({"sweeps": rows})
        elif not rows:
            note(f"no sweeps yet; start one with `{command('run CONFIG')}`")
        elif watch:
            _watch(lake, chosen, rows)
        else:
            _print(rows)


def _watch(lake: "Lake", sweep_id: str | None, rows: list[dict[str, Any]]) -> None:
    """Print sweeps until no driver of them is left: in place on a terminal, in a pipe what changed."""
    from sweeplake.watching import is_lost, sweeps_now

    told: dict[str, dict[str, Any]] = {}
    while True:
        if sys.stdout.isatty():
            click.clear()
            _print(rows)
        else:
            news = {row["sweep_id"]: _news(row, is_lost=is_lost(row["silent_seconds"])) for row in rows}
            if changed := [row for row in rows if told.get(row["sweep_id"]) != news[row["sweep_id"]]]:
                _print(changed)
            told = news
        if not any(row["status"] == RUNNING and not is_lost(row["silent_seconds"]) for row in rows):
            return
        time.sleep(WATCH_SECONDS)
        rows = sweeps_now(lake.refresh(), sweep_id)


def _news(row: dict[str, Any], *, is_lost: bool) -> dict[str, Any]:
    """Return what is told again if it changes: not what changes with time alone."""
    return {**row, "rate": None, "eta_seconds": None, "silent_seconds": None, "is_lost": is_lost}


def _print(rows: list[dict[str, Any]]) -> None:
    running = any(row["status"] == RUNNING for row in rows)
    columns = (*_COLUMNS, *_RUNNING_COLUMNS) if running else _COLUMNS
    print_table(rows, columns, optional=_OPTIONAL)
    for row in rows:
        _tell_life(row["sweep_id"], row["silent_seconds"])


def _tell_life(sweep_id: str, silent: float | None) -> None:
    """Tell when the driver of a sweep that runs was heard of last, and what to do if it is lost."""
    from sweeplake.watching import is_lost

    if silent is None:
        return
    ago = f"{silent:,.0f} s" if silent < 2 * MINUTE else f"{silent / MINUTE:,.0f} min"
    if not is_lost(silent):
        note(f"{sweep_id}: last sign of life of its driver {ago} ago")
    else:
        remedy = command(f"resume {sweep_id}")
        note(f"{sweep_id}: nothing heard of its driver for {ago}, it is lost; go on: {remedy}")


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
_RUNNING_COLUMNS = ("rate", "eta_seconds")
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
    from queries.documents import document_metric, run_documents
    from sweeplake.watching import silence

    with sweeplake.open(lake_url, **pin) as lake:
        found = lake.sweep(sweep_id).summary()
        best = run_documents(lake.catalog, found.best)
        ranked = document_metric(lake.catalog, found.metric) if best else None
        silent = silence(lake, found.sweep)
    quantiles, failures = found.quantiles.to_pylist(), found.failures.to_pylist()
    curves, tests = found.out_of_sample.to_pylist(), found.tests.to_pylist()
    if as_json:
        tables = {"best": best, "quantiles": quantiles, "failures": failures}
        walk = {"out_of_sample": curves, "walk_forward": tests} if tests else {}
        luck = {"luck": [item.to_document() for item in found.luck]}
        life = {} if silent is None else {"silent_seconds": silent}
        print_json({**found.sweep, **life, "metric": found.metric, **tables, **walk, **luck})
        return
    _tell_life(found.sweep["sweep_id"], silent)
    print_facts(_facts(found.sweep), title=found.sweep["name"])
    if tests:
        click.echo()
        print_curves(curves)
        click.echo()
        print_tests(tests)
    elif quantiles:
        click.echo()
        columns = tuple(quantiles[0])
        print_table(quantiles, columns, "Over all runs", optional=_QUANTILES, digits=4, alike=False)
    if best:
        click.echo()
        print_runs(best, title=f"Best by {found.metric}", metric=ranked)
    if found.luck:
        click.echo()
        print_verdicts(found.luck[-1:])
    if failures:
        click.echo()
        print_table(failures, tuple(failures[0]), title="Failures by cause")
    if best:
        note(f"next: {command('show ' + best[0]['run_id'])}")
    if found.is_luck_untold:
        note(f"whether the best run is luck: {command('luck ' + found.sweep['sweep_id'])}")


_QUANTILES = ("median", "minimum", "maximum", "runs", "p05", "p95", "p25", "p75", "mean")


def _facts(sweep: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sweep.items() if name != "name" and value is not None}
