"""The command line. Results go to standard output, progress and messages to standard error."""

import os
import sys
from typing import Any

import click

from sweeplake.cli.cache import cache
from sweeplake.cli.check import check
from sweeplake.cli.compact import compact
from sweeplake.cli.ctrl_c import hear_it_again
from sweeplake.cli.diff import diff
from sweeplake.cli.export import export
from sweeplake.cli.find import best, lookup, search
from sweeplake.cli.heatmap import heatmap
from sweeplake.cli.history import history
from sweeplake.cli.ingest import ingest
from sweeplake.cli.judge import judge
from sweeplake.cli.leaderboard import leaderboard
from sweeplake.cli.luck import luck
from sweeplake.cli.maintain import maintain
from sweeplake.cli.pins import pin, pins, unpin
from sweeplake.cli.plot import plot
from sweeplake.cli.plot_sweeps import SWEEP_PICTURES
from sweeplake.cli.replay import replay
from sweeplake.cli.report import report
from sweeplake.cli.retain import delete, retain, undo
from sweeplake.cli.run import cancel, plan, resume, run
from sweeplake.cli.show import show
from sweeplake.cli.sql import sql
from sweeplake.cli.status import status, summary
from sweeplake.cli.storage import storage
from sweeplake.cli.telling import told
from sweeplake.cli.vacuum import vacuum

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


class _InOrder(click.Group):
    """Lists its commands in the order of work, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a reader that leaves early, as `head` does, is no error (click would exit 1).

        An error is told here, where it is known which lake was named.
        """
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None
        except click.exceptions.Exit:
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  whatever it is, it is told
            sys.exit(told(error))
        return result


@click.group(cls=_InOrder, context_settings=_SETTINGS)
@click.version_option(package_name="sweeplake", prog_name="sweeplake")
def cli() -> None:
    """Parameter sweeps of trading backtests on Dask, into a Delta lake, questioned in SQL.

    \b
    First steps:
      sweeplake ingest --source demo
      sweeplake run configs/sma_cross.toml
      sweeplake best

    Exit codes: 0 done, 1 finished with failed runs, 2 could not run, 130 interrupted.
    """


_SWEEPS = (ingest, plan, run, resume, cancel, status, summary)
_JUDGEMENTS = (judge, luck, heatmap, diff)
_QUESTIONS = (
    best,
    leaderboard,
    search,
    lookup,
    show,
    plot,
    report,
    replay,
    sql,
    export,
    cache,
    storage,
    history,
)
_MAINTENANCE = (maintain, compact, retain, delete, undo, pin, unpin, pins, vacuum, check)
for command in (*_SWEEPS, *_JUDGEMENTS, *_QUESTIONS, *_MAINTENANCE):
    cli.add_command(command)
for picture in SWEEP_PICTURES:
    plot.add_command(picture)


def main() -> None:
    """Run the command line; bad input is told in one message, without a traceback, and exits 2."""
    hear_it_again()
    try:
        cli.main(standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  the last place that can tell of it
        sys.exit(told(error))
