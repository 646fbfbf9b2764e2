"""The command line. Results go to standard output, progress and messages to standard error."""

import os
import sys
import traceback

import click

from lake.errors import LakeError
from queries.errors import QueryError
from sweeplake.cli.find import best, lookup, search
from sweeplake.cli.ingest import ingest
from sweeplake.cli.run import EXIT_INTERRUPTED, plan, run
from sweeplake.cli.show import show
from sweeplake.cli.sql import export, sql
from sweeplake.cli.status import status, summary
from sweeps.errors import SweepError

EXIT_COULD_NOT_RUN = 2
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


class _InOrder(click.Group):
    """Lists its commands in the order of work, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(self.commands)


@click.group(cls=_InOrder, context_settings=_SETTINGS)
@click.version_option(package_name="sweeplake")
def cli() -> None:
    """Parameter sweeps of trading backtests on Dask, into a Delta lake, questioned in SQL.

    \b
    First steps:
      sweeplake ingest --source demo
      sweeplake run configs/sma_cross.toml
      sweeplake best

    Exit codes: 0 done, 1 finished with failed runs, 2 could not run, 130 interrupted.
    """


for command in (ingest, plan, run, status, summary, best, search, lookup, show, sql, export):
    cli.add_command(command)


def main() -> None:
    """Run the command line; bad input is told in one message, without a traceback, and exits 2."""
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_COULD_NOT_RUN)
    except (SweepError, LakeError, QueryError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(EXIT_COULD_NOT_RUN)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception:  # noqa: BLE001  a defect of ours: the traceback is what its report needs
        traceback.print_exc()
        sys.exit(EXIT_COULD_NOT_RUN)
