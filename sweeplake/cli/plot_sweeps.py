"""`sweeplake plot` of sweeps."""

from collections.abc import Callable
from typing import Any

import click

from sweeplake.cli.options import lake_option, time_travel
from sweeplake.cli.output import note
from sweeplake.cli.plot import picture_option

_METRIC = click.option(
    "--metric", metavar="M", help="What a run is worth; default: what the sweep's best run is chosen by."
)


def _of_a_sweep(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what every picture of a sweep takes."""
    command = time_travel(command)
    for option in (
        lake_option,
        picture_option,
        click.option(
            "--where", metavar="SQL", help="Only runs that fulfil a condition, e.g. 'num_trades > 20'."
        ),
        click.option("--symbol", metavar="S", help="Only this symbol; else all are taken together."),
    ):
        command = option(command)
    return click.argument("sweep_id")(command)


@click.command("scatter")
@_of_a_sweep
@click.option(
    "--x", default="max_drawdown", show_default=True, metavar="M", help="Metric or parameter across."
)
@click.option("--y", default="sharpe", show_default=True, metavar="M", help="Metric or parameter up.")
@_METRIC
def scatter_command(**asked: Any) -> None:
    """Draw all runs of a sweep by two metrics or parameters."""
    _draw("scatter", **asked)


@click.command("parallel")
@_of_a_sweep
@_METRIC
@click.option("-n", default=200, show_default=True, type=click.IntRange(min=1), help="How many runs.")
def parallel_command(**asked: Any) -> None:
    """Draw the best runs as lines through parameters and metrics."""
    _draw("parallel", **asked)


@click.command("sensitivity")
@_of_a_sweep
@_METRIC
def sensitivity_command(**asked: Any) -> None:
    """Draw a metric at each value of what decides it most."""
    _draw("sensitivity", **asked)


@click.command("distribution")
@_of_a_sweep
@_METRIC
def distribution_command(**asked: Any) -> None:
    """Draw how a metric is spread over all runs, and what luck gives."""
    _draw("distribution", **asked)


@click.command("pareto")
@_of_a_sweep
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    default=("max_drawdown", "sharpe"),
    show_default=True,
    metavar="M",
    help="Two metrics or more; give it once for each.",
)
def pareto_command(**asked: Any) -> None:
    """Draw the runs that no other beats in all of several metrics."""
    _draw("pareto", **asked)


@click.command("walk-forward")
@click.argument("sweep_id")
@picture_option
@lake_option
@time_travel
def walk_forward_command(**asked: Any) -> None:
    """Draw the stitched out-of-sample curves of a walk-forward."""
    _draw("walk_forward", **asked)


SWEEP_PICTURES = (
    scatter_command,
    parallel_command,
    sensitivity_command,
    distribution_command,
    pareto_command,
    walk_forward_command,
)


def _draw(
    picture: str, *, sweep_id: str, output: str, lake_url: str, pin: dict[str, Any], **asked: Any
) -> None:
    """Draw a picture of a sweep into a file."""
    import sweeplake
    from sweeplake.pictures.files import require_form, save

    require_form(output)
    with sweeplake.open(lake_url, **pin) as lake:
        sweep = lake.sweep(sweep_id)
        save(getattr(sweep.plot, picture)(**asked), output)
    note(f"{picture.replace('_', '-')} of {sweep.sweep_id} in {output}")
