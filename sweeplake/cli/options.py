"""Options that several commands share."""

from collections.abc import Callable
from typing import Any

import click

from sweeplake.addresses import DEFAULT_LAKE, LAKE_VARIABLE

lake_option = click.option(
    "--lake",
    "lake_url",
    envvar=LAKE_VARIABLE,
    default=DEFAULT_LAKE,
    show_default=True,
    show_envvar=True,
    metavar="URL",
    help="The lake: a folder, file://... or s3://bucket/prefix.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")


def run_filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the filters that every question about runs takes."""
    for option in (
        click.option("--sweep", metavar="ID", help='Only this sweep; "latest" is the newest.'),
        click.option("--symbol", metavar="S", help="Only this symbol."),
        click.option("--strategy", metavar="S", help="Only this strategy."),
    ):
        command = option(command)
    return command
