"""Options that several commands share."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import click

from sweeplake.addresses import DEFAULT_LAKE, LAKE_VARIABLE
from sweeplake.cli.output import remember_lake

lake_option = click.option(
    "--lake",
    "lake_url",
    envvar=LAKE_VARIABLE,
    default=DEFAULT_LAKE,
    show_default=True,
    show_envvar=True,
    metavar="URL",
    callback=remember_lake,
    help="The lake: a folder, file://... or s3://bucket/prefix.",
)
FORMS = ("csv", "parquet", "arrow", "json", "xlsx", "html")
ROLES = ("full", "in_sample", "out_of_sample", "any")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")


class Age(click.ParamType[timedelta]):
    """A length of time: 90m, 24h, 7d, 2w.

    Attributes:
        least: The shortest that is taken.
    """

    name = "age"

    def __init__(self, least: timedelta = timedelta()) -> None:
        self.least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return the length that a text names."""
        if isinstance(value, timedelta):
            return value
        from lake.ages import parse_age

        try:
            age = parse_age(value)
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)
        if age < self.least:
            least = f"{self.least.total_seconds() / 60:g}m"
            self.fail(f"{value!r} is below {least}; give {least} or longer, e.g. 15m or 1h", param, ctx)
        return age


class OutputFile(click.Path):
    """A file to write; its folder is looked for before anything is computed for it.

    Attributes:
        forms: What it may end in; None is anything.
    """

    def __init__(self, forms: Sequence[str] | None = None) -> None:
        super().__init__(dir_okay=False)
        self.forms = forms

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the file's name.

        Raises:
            BadValueError: If its folder is not there.
            UnknownNameError: If it does not end in a form.
        """
        from queries.errors import UnknownNameError
        from queries.files import require_folder

        found = str(super().convert(value, param, ctx))
        form = Path(found).suffix.removeprefix(".").lower()
        if self.forms is not None and form not in self.forms:
            raise UnknownNameError("format", form, self.forms)
        require_folder(Path(found))
        return found


output_option = click.option(
    "-o",
    "--output",
    type=OutputFile(FORMS),
    help="Write all columns to a file: .csv, .parquet, .arrow, .json, .xlsx or .html.",
)


def run_filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the filters that every question about runs takes."""
    for option in (
        click.option(
            "--role",
            type=click.Choice(ROLES),
            default=ROLES[0],
            show_default=True,
            help="Which runs of a walk-forward; others are full.",
        ),
        click.option("--sweep", metavar="ID", help='Only this sweep; "latest" is the newest.'),
        click.option("--symbol", metavar="S", help="Only this symbol."),
        click.option("--strategy", metavar="S", help="Only this strategy."),
    ):
        command = option(command)
    return command


def time_travel(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that read the lake as it was; the command gets them as one mapping, `pin`.

    It goes nearest to the function.
    """

    @wraps(command)
    def pinned(*args: Any, version: int | None, as_of: str | None, **options: Any) -> Any:
        if version is not None and as_of is not None:
            raise click.UsageError("--version and --as-of both name a moment; give one")
        return command(*args, pin={"version": version, "as_of": as_of}, **options)

    for option in (
        click.option(
            "--as-of", metavar="TIME", help="Read the lake as it was then, e.g. 2026-01-31T12:00Z (UTC)."
        ),
        click.option("--version", type=int, metavar="N", help="Read it at this version; see `history`."),
    ):
        pinned = option(pinned)
    return pinned
