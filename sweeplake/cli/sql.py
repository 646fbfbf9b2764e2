"""`sweeplake sql`."""

import sys
from typing import Any

import click

from sweeplake.cli.answers import answer, chosen_form, refuse_terminal
from sweeplake.cli.options import FORMS, OutputFile, lake_option, time_travel
from sweeplake.cli.watching import Seconds, watched

WATCH_SECONDS = 2.0
_WATCHED = (None, "table", "json")


@click.command()
@click.argument("query", required=False)
@lake_option
@click.option(
    "--format", "form", type=click.Choice(("table", *FORMS)), help="Default: by the file's name, else table."
)
@click.option("-o", "--output", type=OutputFile(), help="Write to a file.")
@click.option(
    "--watch",
    type=Seconds(),
    is_flag=False,
    flag_value=WATCH_SECONDS,
    metavar="[SECONDS]",
    help="Ask again and again, by default every 2 seconds, what the lake has by then.",
)
@time_travel
def sql(
    query: str | None,
    lake_url: str,
    pin: dict[str, Any],
    form: str | None,
    output: str | None,
    watch: float | None,
) -> None:
    """Answer one SELECT over the lake's views.

    It reads the lake's snapshot and nothing else; the views are in docs/sql.md. Without QUERY it is a prompt
    on a terminal, and answers what it reads from a pipe.

    \b
    sweeplake sql 'select symbol, count(*), max(sharpe) from metrics group by symbol'
    sweeplake sql 'from sweep_summary' --watch
    """
    import sweeplake

    if query is None and (watch is not None or output is not None):
        raise click.UsageError("--watch and --output are of one query; give it, e.g. 'from sweep_summary'")
    if watch is not None and (output is not None or form not in _WATCHED):
        raise click.UsageError("--watch prints a table, or with --format json a line each time")
    if watch is not None and any(value is not None for value in pin.values()):
        raise click.UsageError("--watch looks again and again; leave out --version and --as-of")
    chosen = chosen_form(form, output)
    if output is None and chosen is not None:
        refuse_terminal(chosen)
    with sweeplake.open(lake_url, **pin) as lake:
        if query is None:
            _converse(lake, form or "table")
        elif watch is not None:
            watched(lake, query, form or "table", watch)
        else:
            from queries.confine import ConfinedCatalog

            with ConfinedCatalog(lake.snapshot()) as catalog:
                answer(catalog.batches(query), chosen, output)


def _converse(lake: Any, form: str) -> None:
    """Answer what is typed at a prompt, or what standard input has."""
    from sweeplake.cli.shell.shell import Shell

    with Shell(lake, form) as shell:
        if sys.stdin.isatty() and sys.stdout.isatty():
            from sweeplake.cli.shell.prompt import prompt

            prompt(shell)
        else:  # what is not UTF-8 comes as it is, and is refused with the statement that it is in
            with open(sys.stdin.fileno(), encoding="utf-8", errors="surrogateescape", closefd=False) as lines:
                shell.read(lines)
