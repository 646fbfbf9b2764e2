"""`sweeplake plan`, `run` and `resume`."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from shlex import quote
from typing import Any

import click

from sweeplake.cli.options import json_option, lake_option
from sweeplake.cli.output import command, counted, note, print_json
from sweeplake.cli.progress import progress
from sweeplake.cli.runs import print_runs
from sweeplake.cli.tables import print_facts, print_table
from sweeplake.cli.walk_forward import print_curves

EXIT_FAILED_RUNS = 1
EXIT_INTERRUPTED = 130
CANCELLED = "cancelled"
_NAMED = 4
_BROKEN_OFF = ("interrupted", CANCELLED)


scheduler_option = click.option(
    "--scheduler", metavar="ADDRESS", help="A running Dask scheduler, e.g. tcp://host:8786."
)
fresh_option = click.option("--fresh", is_flag=True, help="Compute every run, also those that the lake has.")


@click.command()
@click.argument("config", type=click.Path())
@lake_option
@click.option("--workers", type=click.IntRange(min=1), help="Workers to reckon with; else one a core.")
@scheduler_option
@fresh_option
@json_option
def plan(
    config: str,
    lake_url: str,
    scheduler: str | None,
    workers: int | None,
    fresh: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Tell what a sweep would do and cost; it runs nothing.

    A sample of the sweep of CONFIG is computed to know its cost: here, or on the cluster that --scheduler
    names, whose threads it is then reckoned for. Nothing is written.
    """
    import sweeplake

    _require_one(scheduler, workers)
    with redirect_stdout(sys.stderr):  # results alone are on standard output, whatever a strategy prints
        reckoned = sweeplake.plan(config, lake=lake_url, client=scheduler, workers=workers, fresh=fresh)
    if as_json:
        print_json(reckoned.to_document())
        return
    cost = reckoned.estimate
    print_facts(
        {
            "runs": f"{reckoned.runs:,}",
            "reused": f"{reckoned.reused:,}",
            "to compute": f"{reckoned.to_compute:,}{_undecided(reckoned)}",
            "blocks": f"{reckoned.blocks:,}",
            "time": f"{cost.seconds:,.1f} s ({cost.runs_per_second:,.0f} runs/s a worker, measured)",
            "engine": cost.engine,
            "memory": f"{cost.memory_bytes / 1e6:,.0f} MB, driver and workers",
            "lake": f"{cost.lake_bytes / 1e6:,.1f} MB before compaction",
        }
    )
    by_change: dict[str, list[str]] = {}
    for symbol, what in reckoned.changed.items():
        by_change.setdefault(" and ".join(what), []).append(symbol)
    for text, symbols in by_change.items():
        more = f" and {len(symbols) - _NAMED:,} more" if len(symbols) > _NAMED else ""
        named = ", ".join(symbols[:_NAMED]) + more
        note(f"nothing is reused on {named}: {text} changed since this strategy's last sweep there")
    for caution in reckoned.cautions:
        note(f"caution: {caution}")
    note(f"next: {command(f'run {quote(config)}')}")


def _undecided(plan: Any) -> str:
    """Return what is to be said of tests that depend on what is computed first."""
    return f" at most: {plan.undecided:,} test what is yet to be chosen" if plan.undecided else ""


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where a sweep is computed."""
    for option in (
        click.option(
            "--workers",
            type=click.IntRange(min=1),
            help="Processes of the embedded cluster; else one a core.",
        ),
        scheduler_option,
    ):
        command = option(command)
    return command


def budget_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say when to stop."""
    for option in (
        click.option("--max-failures", type=click.IntRange(min=0), help="Stop once more runs fail."),
        click.option(
            "--max-seconds",
            type=click.FloatRange(min=0, min_open=True),
            help="Stop after so long; what is computed is committed.",
        ),
        click.option("--max-runs", type=click.IntRange(min=1), help="Compute so many runs at most."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("config", type=click.Path())
@lake_option
@cluster_options
@budget_options
@fresh_option
@click.option("--profile", is_flag=True, help="Tell where each second went.")
@json_option
def run(
    config: str,
    lake_url: str,
    scheduler: str | None,
    workers: int | None,
    fresh: bool,  # noqa: FBT001
    profile: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    **budget: Any,
) -> None:
    """Run a sweep on Dask into the lake.

    CONFIG is a TOML file. Everything is checked before anything is computed; Ctrl-C commits what is done.
    Runs that the lake has already, of any sweep, are carried over and not computed, unless --fresh is given.
    """
    import sweeplake

    with _under_way(scheduler, workers) as observer:
        sweep = sweeplake.run(
            config,
            lake=lake_url,
            client=scheduler,
            workers=workers,
            observer=observer,
            fresh=fresh,
            **budget,
        )
    if profile and not as_json:
        _print_profile(sweep.outcome)
    _report(sweep, as_json=as_json, profile=profile)


@click.command()
@click.argument("sweep_id")
@lake_option
@cluster_options
@budget_options
@click.option("--take-over", is_flag=True, help="Also while another driver of it is alive; that one stops.")
@json_option
def resume(
    sweep_id: str,
    lake_url: str,
    scheduler: str | None,
    workers: int | None,
    take_over: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
    **budget: Any,
) -> None:
    """Go on with a sweep that was interrupted or whose driver died.

    SWEEP_ID may be "latest". What is committed is not computed again; a finished sweep is only reported.
    """
    import sweeplake

    with _under_way(scheduler, workers) as observer:
        sweep = sweeplake.resume(
            sweep_id,
            lake=lake_url,
            client=scheduler,
            workers=workers,
            take_over=take_over,
            observer=observer,
            **budget,
        )
    _report(sweep, as_json=as_json)


@click.command()
@click.argument("sweep_id")
@lake_option
@json_option
def cancel(sweep_id: str, lake_url: str, as_json: bool) -> None:  # noqa: FBT001
    """Stop a sweep that runs in another process.

    SWEEP_ID may be "latest". What is computed is committed and stays, and `resume` goes on with it. A sweep
    whose driver died ends, too, half a minute after its last sign of life.
    """
    import sweeplake

    outcome: Any = sweeplake.cancel(sweep_id, lake=lake_url).outcome
    if as_json:
        print_json({key: value for key, value in asdict(outcome).items() if key != "profile"})
        return
    how = outcome.status.replace("_", " ")
    if outcome.status != CANCELLED:
        note(f"sweep {outcome.sweep_id} had ended before: {how}")
        return
    done = f"{outcome.done:,} of {counted(outcome.runs, 'run')} are committed"
    note(f"sweep {outcome.sweep_id} is {how}; {done}. To go on: {command(f'resume {outcome.sweep_id}')}")


@contextmanager
def _under_way(scheduler: str | None, workers: int | None) -> Iterator[Any]:
    """Yield what draws a sweep's progress; SIGTERM is Ctrl-C, and a strategy's prints are no results."""
    _require_one(scheduler, workers)
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with progress() as observer, redirect_stdout(sys.stderr):
            yield observer
    finally:
        signal.signal(signal.SIGTERM, before)


def _require_one(scheduler: str | None, workers: int | None) -> None:
    if scheduler and workers:
        raise click.UsageError("--scheduler has its own workers; leave --workers out")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _print_profile(outcome: Any) -> None:
    profile = outcome.profile
    of_workers = {**profile.worker, "idle": profile.idle}
    of_driver = {**profile.driver, "other": outcome.seconds - sum(profile.driver.values())}
    first = "-" if profile.first_block is None else f"{profile.first_block:,.2f} s"
    print_facts(
        {
            "first block": f"{first} after the start",
            **{f"worker: {stage}": f"{seconds:,.2f} s" for stage, seconds in of_workers.items()},
            **{f"driver: {stage}": f"{seconds:,.2f} s" for stage, seconds in of_driver.items()},
            "driver: memory": f"{profile.driver_bytes / 1e6:,.0f} MB at most",
            "worker: memory": f"{profile.worker_bytes / 1e6:,.0f} MB at most",
        },
        f"Where {outcome.seconds:,.1f} s went, {counted(profile.workers, 'worker')}",
    )


def _report(sweep: Any, *, as_json: bool, profile: bool = False) -> None:
    from queries.documents import document_metric, run_documents
    from queries.filters import Filters
    from queries.search import best
    from queries.summary import failures_by_cause
    from queries.walk_forward import out_of_sample

    outcome, catalog, metric = sweep.outcome, sweep.lake.catalog, sweep.metric
    runs = run_documents(catalog, best(catalog, Filters(sweep=sweep.sweep_id), metric=metric, n=10))
    curves = [] if runs else out_of_sample(catalog, sweep.sweep_id).to_pylist()
    failures = failures_by_cause(catalog, sweep.sweep_id).to_pylist() if outcome.failed else []
    if as_json:
        document = asdict(outcome)
        spent = document.pop("profile")
        first = {"profile": spent} if profile else {}
        last = {"out_of_sample": curves, "failures": failures}
        told = {name: rows for name, rows in last.items() if rows}
        print_json({**document, **first, "best": runs, **told})
    elif curves:
        print_curves(curves)
    elif runs:
        print_runs(runs, title=f"Best by {metric}", metric=document_metric(catalog, metric))
    if failures and not as_json:
        click.echo()
        print_table(failures, tuple(failures[0]), title="Failures by cause")
    if outcome.status in _BROKEN_OFF:
        resume = command(f"resume {sweep.sweep_id}")
        note(f"{outcome.status}; what was computed is committed. To go on: {resume}")
        sys.exit(EXIT_INTERRUPTED)
    summary = command(f"summary {sweep.sweep_id}")
    if outcome.failed:
        note(f"{counted(outcome.failed, 'run')} failed; see: {summary}")
        sys.exit(EXIT_FAILED_RUNS)
    if (runs or curves) and not as_json:
        note(f"next: {summary}" + (f"\n      {command('show ' + runs[0]['run_id'])}" if runs else ""))
