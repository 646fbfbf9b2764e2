"""`sweeplake replay`."""

import sys
from contextlib import redirect_stdout

import click

from sweeplake.cli.options import json_option, lake_option
from sweeplake.cli.output import counted, note, print_json

EXIT_DIFFERENT = 1


@click.command()
@click.argument("run_ids", metavar="RUN_ID...", nargs=-1, required=True)
@lake_option
@json_option
def replay(run_ids: tuple[str, ...], lake_url: str, as_json: bool) -> None:  # noqa: FBT001
    """Compute stored runs again, and compare them.

    Metrics and trades are held against what is stored. A run is computed from what its sweep was started on:
    bars, strategy and settings as the lake has them.

    Exit codes: 0 all are identical, 1 one differs, or an input of it is not there as it was.
    """
    import sweeplake

    with redirect_stdout(sys.stderr):  # results alone are on standard output, whatever a strategy prints
        found = sweeplake.replay(run_ids, lake=lake_url)
    if as_json:
        print_json({"runs": [item.to_document() for item in found]})
    else:
        for item in found:
            if item.identical is None:
                note(f"run {item.run_id} cannot be computed again: {'; '.join(item.changed)}")
            for what in item.differences:
                note(f"run {item.run_id}: {what}")
        for what in dict.fromkeys(what for item in found for what in item.since):
            note(f"since then {what}: a new sweep would compute other runs")
        same = [item for item in found if item.identical]
        traded = sum(item.with_trades for item in same)
        note(f"{counted(len(same), 'run')} of {len(found):,} identical, {traded:,} with trades and equity")
    if not all(item.identical for item in found):
        sys.exit(EXIT_DIFFERENT)
