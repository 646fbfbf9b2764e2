"""`sweeplake diff`."""

from typing import Any

import click

from sweeplake.cli.options import json_option, lake_option, time_travel
from sweeplake.cli.output import note, print_json
from sweeplake.cli.tables import print_facts, print_table

_MOVES = ("symbol", "params", "before", "after", "change", "run_id_after")


@click.command()
@click.argument("sweep_a")
@click.argument("sweep_b")
@lake_option
@click.option(
    "-n", default=10, show_default=True, type=click.IntRange(min=1), help="Moves, and best runs compared."
)
@click.option(
    "--metric", metavar="M", help="What is compared; default: what the second sweep's best run is chosen by."
)
@json_option
@time_travel
def diff(
    sweep_a: str,
    sweep_b: str,
    lake_url: str,
    pin: dict[str, Any],
    n: int,
    metric: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Print what changed from one sweep to another.

    What was asked otherwise, which runs are in both, how far the metric moved where parameters are equal, and
    whether the best runs stayed the best. One of them may be "latest".
    """
    import sweeplake
    from queries.documents import params_apart
    from queries.judgement.diff import diff as compare
    from queries.judgement.scope import recorded

    with sweeplake.open(lake_url, **pin) as lake:
        before, after = lake.sweep(sweep_a), lake.sweep(sweep_b)
        by = metric or after.metric
        found = compare(lake.catalog, before.sweep_id, after.sweep_id, by, n)
        known = [*recorded(lake.catalog, before.sweep_id), *recorded(lake.catalog, after.sweep_id)]
    inputs, moves = found.inputs.to_pylist(), params_apart(found.moves, known)
    counts = {"runs": found.runs, "cells": found.cells, "best": found.best}
    if as_json:
        compared = {"before": before.sweep_id, "after": after.sweep_id, "metric": by}
        print_json({**compared, "inputs": inputs, **counts, "moves": moves})
        return
    if inputs:
        print_table(inputs, ("key", "change", "before", "after"), "What was asked otherwise")
    else:
        note("both were asked the same")
    click.echo()
    print_facts(found.runs, "Runs")
    click.echo()
    print_facts(found.cells, f"Parameters in common, by {by}")
    click.echo()
    print_facts(found.best, "The best runs")
    if moves:
        click.echo()
        print_table(moves, _MOVES, f"What moved most, by {by}", optional=("after", "before"))
