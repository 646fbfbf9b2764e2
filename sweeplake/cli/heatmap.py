"""`sweeplake heatmap`."""

import sys
from pathlib import Path
from typing import Any

import click

from sweeplake.cli.matrix import print_matrix
from sweeplake.cli.options import json_option, lake_option, time_travel
from sweeplake.cli.output import counted, note, print_json
from sweeplake.cli.tables import print_table

AGGREGATES = ("median", "mean", "max", "min", "count", "best")
PICTURES = ("html", "png", "svg", "pdf")
"""What is a picture of the cells; other files have the cells themselves."""


@click.command()
@click.argument("sweep_id")
@lake_option
@click.option("--x", required=True, metavar="P", help="Parameter across: the strategy's, or a swept setting.")
@click.option("--y", metavar="P", help="Parameter down; without it, a slice along x.")
@click.option("--metric", metavar="M", help="What is shown; default: what the sweep's best run is chosen by.")
@click.option(
    "--aggregate",
    type=click.Choice(AGGREGATES),
    default=AGGREGATES[0],
    show_default=True,
    help="How runs of a cell are taken together.",
)
@click.option("--symbol", metavar="S", help="Only this symbol; else all are taken together.")
@click.option("--where", metavar="SQL", help="Only runs that fulfil a condition, e.g. 'num_trades > 20'.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    help="Write cells to a file: .csv, .parquet, .arrow, .json, .xlsx; a picture: .html, .png, .svg, .pdf.",
)
@json_option
@time_travel
def heatmap(
    sweep_id: str,
    lake_url: str,
    pin: dict[str, Any],
    x: str,
    y: str | None,
    metric: str | None,
    aggregate: str,
    output: str | None,
    as_json: bool,  # noqa: FBT001
    **within: str | None,
) -> None:
    """Print a metric over two parameters.

    All else is taken together. SWEEP_ID may be "latest". On a terminal that is wide enough the best cells are
    the brightest; in a pipe, each cell is a line.

    \b
    sweeplake heatmap latest --x fast --y slow --metric calmar --aggregate best
    """
    import sweeplake
    from queries.errors import UnknownNameError
    from queries.export import FORMS, export_file, form_of
    from queries.judgement.heatmap import heatmap as over
    from queries.judgement.scope import Scope

    form = None if output is None else form_of(Path(output))
    if form is not None and form not in (*FORMS, *PICTURES):
        raise UnknownNameError("format", form, list(dict.fromkeys((*FORMS, *PICTURES))))
    with sweeplake.open(lake_url, **pin) as lake:
        sweep = lake.sweep(sweep_id)
        by = metric or sweep.metric
        if output is not None and form in PICTURES:
            from sweeplake.pictures.files import save

            save(sweep.plot.heatmap(x, y, by, aggregate, **within), output)
            note(f"heatmap of {sweep.sweep_id} in {output}")
            return
        found = over(lake.catalog, Scope(sweep.sweep_id, **within), x, y, metric=by, aggregate=aggregate)
    if output is not None:
        note(f"{counted(export_file(found, Path(output)), 'cell')} in {output}")
        return
    rows = found.to_pylist()
    if as_json:
        asked = {"sweep_id": sweep.sweep_id, "x": x, "y": y, "metric": by, "aggregate": aggregate}
        print_json({**asked, "rows": rows})
        return
    title = f"{aggregate} of {by}" + (f", {within['symbol']}" if within["symbol"] else "")
    if (
        y is not None
        and sys.stdout.isatty()
        and print_matrix(rows, x, y, title, lowest=_lowest(by, aggregate))
    ):
        return
    names = _labels({"x": x, "y": y or "", "value": by}, ("runs", "best_run_id"))
    named = [{names[name]: _shown(name, value) for name, value in row.items()} for row in rows]
    print_table(named, [names[name] for name in found.column_names], title, optional=("runs",))


def _labels(given: dict[str, str], own: tuple[str, ...]) -> dict[str, str]:
    """Return a label of its own for each column: one that is called as another tells which it is."""
    called = [*given.values(), *own]
    labels = {name: f"{text} ({name})" if called.count(text) > 1 else text for name, text in given.items()}
    return labels | {name: name for name in own}


def _shown(name: str, value: Any) -> Any:
    return "off" if name in ("x", "y") and value is None else value


def _lowest(metric: str, aggregate: str) -> bool:
    """Return whether the lowest cells are the best ones."""
    from lake.schemas import DIRECTION

    return aggregate != "count" and DIRECTION.get(metric, 1) < 0
