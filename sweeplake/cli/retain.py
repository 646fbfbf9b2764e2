"""`sweeplake retain`, `delete` and `undo`."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from sweeplake.cli.options import json_option, lake_option
from sweeplake.cli.output import command, note, print_json
from sweeplake.cli.tables import print_table

_MEGA = 1e6
_WHY_UNDONE = "what it names is pinned, or was gone on with, or its undo was begun"
_SWEEPS_SHOWN = 10
_COLUMNS = ("line", "of sweeps", "runs", "details", "files", "rewritten", "rows", "MB freed")

policy_option = click.option(
    "--policy", "policy_file", required=True, type=click.Path(), help="The policy, a TOML file."
)


@click.command()
@policy_option
@lake_option
@click.option("--apply", "applied", is_flag=True, help="Remove it; else it is only told.")
@json_option
def retain(policy_file: str, lake_url: str, applied: bool, as_json: bool) -> None:  # noqa: FBT001
    """Tell what a policy removes, line by line; with --apply, remove it.

    What was removed can be brought back with `sweeplake undo`, until vacuum takes the files.
    """
    from lake.lake import open_lake
    from sweeplake.maintain import dry_run
    from sweeplake.maintain import retain as apply
    from sweeps.retention.policy_file import load_policy

    policy = load_policy(Path(policy_file))
    lake = open_lake(lake_url)
    report = (apply if applied else dry_run)(lake, policy, ids=as_json)
    if as_json:
        print_json(report)
    else:
        print_removal(report)


@click.command()
@click.argument("name", metavar="RUN_ID|SWEEP_ID")
@lake_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete(name: str, lake_url: str, yes: bool, as_json: bool) -> None:  # noqa: FBT001
    """Delete one sweep, or one run from every sweep that has it.

    It tells what goes, and asks. `sweeplake undo` brings it back, until vacuum takes the files.
    """
    from lake.lake import open_lake
    from lake.pending import unfinished
    from lake.remove import finish_removals, remove
    from queries.errors import RemovedError
    from sweeplake.maintain import ended_document, pending_document
    from sweeplake.retention import plan_deletion

    lake = open_lake(lake_url)
    try:
        planned = plan_deletion(lake, name)
    except RemovedError:
        if not any(name in record.whole for record in unfinished(lake)):
            raise
        _confirm(name, yes=yes)  # its deletion was cut off
        ended = finish_removals(lake)
        if not any(name in record.whole for record in ended if not record.undone):
            raise
        _tell_ended(ended_document(ended), as_json=as_json)
        return
    if not as_json:
        held = {"pending": pending_document(lake), **planned.to_document()}
        print_removal({"applied": False, **held}, asked=True)
    _confirm(name, yes=yes)
    ended = finish_removals(lake)
    if ended or not yes:  # somebody may have gone on with it while it was asked
        planned = plan_deletion(lake, name)
    record = remove(lake, planned)
    if as_json:
        told = {"applied": True, "removal": record and record.id, **ended_document(ended)}
        print_json({**planned.to_document(), **told})
    else:
        _print_ended(ended_document(ended))
        note("nothing of it was left" if record is None else f"deleted; to bring it back: {command('undo')}")


@click.command()
@lake_option
@click.option("--to", metavar="TIME", help="Undo every removal after this time (ISO 8601, UTC).")
@json_option
def undo(lake_url: str, to: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Bring back what the last removal took out.

    Of `retain`, `delete` or `maintain`.

    Exactly its rows come back, and what was appended since stays. It works until vacuum takes the files.
    """
    from lake.lake import open_lake
    from lake.undo import undo as bring_back
    from lake.undoable import require_undoable, to_undo

    lake = open_lake(lake_url).require()
    records = to_undo(lake, _time(to) if to else None)
    require_undoable(lake, records)
    done = []
    for record in records:
        undone = bring_back(lake, record)
        done.append({"removal": undone.id, "rows": dict(undone.rows)})
        if as_json:
            continue
        lines = ", ".join(dict.fromkeys(choice.line for choice in record.choices))
        back = ", ".join(f"{rows:,} of {table}" for table, rows in undone.rows.items()) or "no rows were gone"
        click.echo(f"undid the removal of {record.at:%Y-%m-%d %H:%M:%S} ({lines}): {back}")
    if as_json:
        print_json({"undone": done})


def print_removal(report: dict[str, Any], *, asked: bool = False) -> None:
    """Print what goes, or went, line by line."""
    lines = [
        {**line, "of sweeps": len(line["sweeps"]), "MB freed": line["bytes"] / _MEGA}
        for line in report["lines"]
    ]
    for warning in report.get("warnings", ()):
        note(f"warning: {warning}")
    if lines:
        print_table(lines, _COLUMNS, optional=("rows", "rewritten", "files"))
        for line in lines:
            part = [sweep for sweep in line["sweeps"] if sweep not in set(line["gone"])]
            _print_sweeps(f"{line['line']}: sweeps that go", line["gone"])
            _print_sweeps(f"{line['line']}: sweeps of which something goes", part)
    for held in report.get("pending", ()):
        _print_pending(held)
    _print_ended(report)
    freed = f"{report['bytes'] / _MEGA:,.1f} MB"
    if not lines or (report["applied"] and report["removal"] is None):
        note("no line names anything that goes")
    elif report["applied"]:
        note(f"removed; vacuum frees {freed}; to bring it back before that: {command('undo')}")
    elif not asked:
        note(f"a dry run: nothing was removed; --apply removes it ({freed} once vacuum has been)")


def _print_pending(held: dict[str, Any]) -> None:
    """Print what is left of a removal that was cut off, and what becomes of it first."""
    if held["waits_for"]:
        note(f"removal {held['removal']} was cut off, and cannot come to its end now: {held['waits_for']}")
        return
    if held["then"] == "undone":
        note(f"removal {held['removal']} was cut off, and is undone first: {_WHY_UNDONE}")
        return
    note(f"removal {held['removal']} was cut off, and is finished first; `sweeplake undo` gives it up")
    for line in held["lines"]:
        counts = ", ".join(f"{line[key]:,} {key}" for key in ("runs", "details", "rows"))
        _print_sweeps(f"{line['line']}: {counts} are left of it to go, of sweeps", line["sweeps"])


def _confirm(name: str, *, yes: bool) -> None:
    """Ask whether something shall be deleted, unless that was said."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"nobody can be asked here; add --yes to delete {name}")
    click.confirm(f"delete {name}?", abort=True, err=True)


def _tell_ended(ended: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json({"applied": True, "removal": None, **ended})
    else:
        _print_ended(ended)


def _print_ended(report: dict[str, Any]) -> None:
    for removal in report.get("finished", ()):
        note(f"finished removal {removal}, which was cut off")
    for removal in report.get("undone", ()):
        note(f"undid removal {removal}, which was cut off: {_WHY_UNDONE}")


def _print_sweeps(title: str, sweeps: Sequence[str]) -> None:
    """Print ids of sweeps, one a line, or the first of many."""
    if sweeps:
        click.echo(title)
    for sweep in sweeps[:_SWEEPS_SHOWN]:
        click.echo(f"  {sweep}")
    if len(sweeps) > _SWEEPS_SHOWN:
        click.echo(f"  and {len(sweeps) - _SWEEPS_SHOWN:,} more; --json has all")


def _time(text: str) -> datetime:
    from datetime import UTC

    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        reason = f"{text!r}: write a time such as 2026-01-31T12:00"
        raise click.BadParameter(reason, param_hint="--to") from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
