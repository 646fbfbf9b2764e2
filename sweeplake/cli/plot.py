"""`sweeplake plot`."""

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import click

from sweeplake.cli.options import OutputFile, lake_option, time_travel
from sweeplake.cli.output import note


@click.group()
def plot() -> None:
    """Draw a picture of a run or a sweep into a file.

    Its ending tells the form: .html is a page that needs no network; .png, .svg and .pdf are drawn by Chrome
    or Chromium.
    """


def picture_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that names the file of a picture."""
    return click.option(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        type=OutputFile(),
        help="Write to this file: .html, .png, .svg or .pdf.",
    )(command)


@plot.command("equity")
@click.argument("run_id")
@picture_option
@lake_option
@time_travel
def equity_command(run_id: str, output: str, lake_url: str, pin: dict[str, Any]) -> None:
    """Draw a run's equity, drawdown and position.

    Beside its equity stands what buying and holding would have come to.
    """
    _draw("equity", run_id, output, lake_url, pin)


@plot.command("trades")
@click.argument("run_id")
@picture_option
@lake_option
@time_travel
def trades_command(run_id: str, output: str, lake_url: str, pin: dict[str, Any]) -> None:
    """Draw a run's trades on the price.

    A triangle up is a long entry, one down a short one, a dot an exit; the colour tells what came of it.
    """
    _draw("trades", run_id, output, lake_url, pin)


@plot.command("calendar")
@click.argument("run_id")
@picture_option
@lake_option
@time_travel
def calendar_command(run_id: str, output: str, lake_url: str, pin: dict[str, Any]) -> None:
    """Draw a run's returns of each day, month and year as a calendar."""
    _draw("calendar", run_id, output, lake_url, pin)


def _draw(picture: str, run_id: str, output: str, lake_url: str, pin: dict[str, Any]) -> None:
    """Draw a picture of a run or a sweep into a file."""
    import sweeplake
    from sweeplake.pictures.files import require_form, save

    require_form(output)
    with sweeplake.open(lake_url, **pin) as lake, redirect_stdout(sys.stderr):  # a strategy may print
        save(getattr(lake.run(run_id).plot, picture)(), output)
    note(f"{picture} of {run_id} in {output}")
