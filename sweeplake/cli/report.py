"""`sweeplake report`."""

import sys
from contextlib import redirect_stdout
from typing import Any

import click

from sweeplake.cli.options import lake_option, time_travel
from sweeplake.cli.output import note


@click.command()
@click.argument("run_id")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write to this file: .html.",
)
@lake_option
@time_travel
def report(run_id: str, output: str, lake_url: str, pin: dict[str, Any]) -> None:
    """Write all of a run as one page that needs no network.

    Its metrics, where it comes from, equity, trades and calendar, its drawdowns, its returns by month and
    year, and what its trades came to.
    """
    import sweeplake
    from sweeplake.pictures.files import PAGE_FORMS, require_form

    require_form(output, PAGE_FORMS)
    with sweeplake.open(lake_url, **pin) as lake, redirect_stdout(sys.stderr):  # a strategy may print
        lake.run(run_id).tearsheet(output)
    note(f"report of {run_id} in {output}")
