"""`sweeplake pin`, `unpin` and `pins`."""

from dataclasses import asdict

import click

from sweeplake.cli.options import json_option, lake_option
from sweeplake.cli.output import command, note, print_json
from sweeplake.cli.tables import print_table


@click.command()
@click.argument("name", metavar="RUN_ID|SWEEP_ID")
@lake_option
@click.option("--note", "why", default="", metavar="TEXT", help="Why; for whoever reads the pins.")
@json_option
def pin(name: str, lake_url: str, why: str, as_json: bool) -> None:  # noqa: FBT001
    """Protect a sweep or run.

    No policy removes it, and `delete` refuses.
    """
    from lake.lake import open_lake
    from sweeplake.pinned import protect

    made = protect(open_lake(lake_url), name, why)
    if as_json:
        print_json({"pinned": asdict(made)})
    note(f"pinned {made.kind} {name}; to let it go: {command(f'unpin {name}')}")


@click.command()
@click.argument("name", metavar="RUN_ID|SWEEP_ID")
@lake_option
@json_option
def unpin(name: str, lake_url: str, as_json: bool) -> None:  # noqa: FBT001
    """Take a pin away."""
    from lake.lake import open_lake
    from lake.pins import pins as held
    from lake.pins import unpin as remove
    from queries.errors import UnknownNameError

    lake = open_lake(lake_url).require()
    known = {each.id: each for each in held(lake)}
    if name not in known:
        raise UnknownNameError("pin", name, list(known))
    remove(lake, name)
    if as_json:
        print_json({"unpinned": asdict(known[name])})
    note(f"{name} is no longer pinned")


@click.command()
@lake_option
@json_option
def pins(lake_url: str, as_json: bool) -> None:  # noqa: FBT001
    """Print all pins."""
    from lake.lake import open_lake
    from lake.pins import pins as held

    rows = [asdict(each) for each in held(open_lake(lake_url).require())]
    if as_json:
        print_json({"pins": rows})
    elif rows:
        print_table(rows, ("id", "kind", "at", "note"))
    else:
        note(f"nothing is pinned; pin a sweep or run with `{command('pin ID')}`")
