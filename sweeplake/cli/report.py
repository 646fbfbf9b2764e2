"""`sweeplake report`."""

import sys
from contextlib import redirect_stdout
from typing import Any

import click

from sweeplake.cli.options import OutputFile, lake_option, time_travel
from sweeplake.cli.output import note


@click.command()
@click.argument("name", metavar="RUN_ID|SWEEP_ID")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=OutputFile(),
    help="Write to this file: .html.",
)
@lake_option
@time_travel
def report(name: str, output: str, lake_url: str, pin: dict[str, Any]) -> None:
    """Write all of a run or a sweep as one page that works offline.

    Of a run: its metrics, where it comes from, equity, trades and calendar, its drawdowns, its returns by
    month and year, and what its trades came to. Of a sweep, "latest" among them: what was run, its best runs,
    what the parameters do, and whether it is luck.
    """
    import sweeplake
    from sweeplake.pictures.files import PAGE_FORMS, require_form

    require_form(output, PAGE_FORMS)
    with sweeplake.open(lake_url, **pin) as lake, redirect_stdout(sys.stderr):  # a strategy may print
        if lake.has_sweep(name):
            name = lake.sweep_id(name)
            lake.sweep(name).report(output)
        else:
            lake.run(name).tearsheet(output)
    note(f"report of {name} in {output}")
