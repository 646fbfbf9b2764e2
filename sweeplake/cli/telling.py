"""Telling of what went wrong: in one message, without a traceback where it is no defect of ours."""

import errno
import traceback

import click

from lake.errors import LakeError
from queries.errors import QueryError
from queries.interruption import is_interrupt
from sweeplake.cli.output import note
from sweeplake.cli.run import EXIT_INTERRUPTED
from sweeplake.errors import FaceError
from sweeps.errors import SweepError

EXIT_COULD_NOT_RUN = 2
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def told(error: BaseException) -> int:
    """Tell an error on standard error and return the exit code."""
    if isinstance(error, click.Abort) or is_interrupt(error):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
    elif isinstance(error, click.ClickException):
        context = error.ctx if isinstance(error, click.UsageError) else None
        remedy = f"\nsee: {context.command_path} --help" if context else ""
        click.echo(f"error: {error.format_message()}{remedy}", err=True)
    elif isinstance(error, (SweepError, LakeError, QueryError, FaceError)):
        places = getattr(error, "__notes__", ())  # the file and key that it is about
        note(f"error: {': '.join((*places, str(error)))}")
    elif isinstance(error, OSError) and error.filename is not None:
        remedy = "see that it can be read and written, or give another place"
        click.echo(f"error: {error.filename}: {error.strerror}; {remedy}", err=True)
    elif isinstance(error, OSError) and error.errno in _FULL:  # of an open file, as standard output is
        remedy = "see that there is room where standard output goes, or write to another place"
        click.echo(f"error: {error.strerror}; {remedy}", err=True)
    else:  # a defect of ours: the traceback is what its report needs
        traceback.print_exception(error)
        click.echo("this is a defect of sweeplake; please report it with the lines above", err=True)
    return EXIT_COULD_NOT_RUN
