"""`sweeplake compact`."""

import sys
import time
from datetime import UTC, datetime
from typing import Any

import click

from sweeplake.cli.options import json_option, lake_option
from sweeplake.cli.output import counted, note, print_json
from sweeplake.cli.progress import LINE_SECONDS
from sweeplake.cli.tables import print_table

EXIT_DAMAGED = 1


@click.command()
@lake_option
@click.option("--table", "names", multiple=True, metavar="T", help="Only this table; repeat it.")
@click.option("--months", is_flag=True, help="Also make one partition of the days of each closed month.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be rewritten.")
@json_option
def compact(
    lake_url: str,
    names: tuple[str, ...],
    months: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Rewrite small files as few, sorted and dense ones.

    Rows stay as they are, and so does what open readers see; sweeps may run meanwhile. What is good is not
    touched. The old files lie there until `sweeplake vacuum`. Exits 1 if a damaged file was found: it is
    named, and its partition left as it is.
    """
    import sweeplake
    from lake.compact import compact_table
    from lake.compaction import COMPACTED, CompactionSettings, closed_before, plan_compaction

    unknown = [name for name in names if name not in COMPACTED]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r}: there are {', '.join(COMPACTED)}", param_hint="--table")
    settings = CompactionSettings()
    before = closed_before(datetime.now(UTC)) if months else None
    with sweeplake.open(lake_url) as opened:
        lake = opened.tables.require()
        reports = []
        for name in names or COMPACTED:
            if dry_run:
                snapshot = lake.snapshot([name])[name]
                plan = plan_compaction(snapshot, settings, months_before=before)
                reports.append(_planned(snapshot, plan))
            else:
                done = compact_table(lake, name, settings, months_before=before, observe=_Lines())
                reports.append(_report(done))
    if as_json:
        print_json({"dry_run": dry_run, "tables": reports})
    else:
        _print(reports, dry_run=dry_run)
    damaged = [error for report in reports for error in report["damaged"]]
    for error in damaged:
        note(f"error: {error}")
    if damaged:
        sys.exit(EXIT_DAMAGED)


def _planned(table: Any, plan: Any) -> dict[str, Any]:
    return {
        "table": table.name,
        "files_before": len(table.files),
        "bytes_before": sum(file.size_bytes for file in table.files),
        "partitions": len(plan),
        "rewritten_files": sum(len(rewrite.sources) for rewrite in plan),
        "rewritten_bytes": sum(rewrite.size_bytes for rewrite in plan),
        "damaged": [],
    }


def _report(done: Any) -> dict[str, Any]:
    return {
        "table": done.table,
        "files_before": done.files_before,
        "bytes_before": done.bytes_before,
        "files_after": done.files_after,
        "bytes_after": done.bytes_after,
        "rewritten_files": len(done.rewritten),
        "rewritten_bytes": sum(file.size_bytes for file in done.rewritten),
        "overtaken": done.overtaken,
        "damaged": [str(error) for error in done.damaged],
    }


def _print(reports: list[dict[str, Any]], *, dry_run: bool) -> None:
    touched = [report for report in reports if report["rewritten_files"]]
    if not touched:
        note("nothing needs to be compacted")
        return
    columns = ["table", "files_before", "bytes_before"]
    columns += ["rewritten_files", "rewritten_bytes"] if dry_run else ["files_after", "bytes_after"]
    print_table(touched, columns)
    if dry_run:
        files = sum(report["rewritten_files"] for report in touched)
        note(f"{counted(files, 'file')} would be rewritten; without --dry-run they are")


class _Lines:
    """A line of progress every few seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, progress: Any) -> None:
        now = time.monotonic()
        if now - self._last >= LINE_SECONDS:
            self._last = now
            note(
                f"  {progress.table}: {progress.done:,} of {counted(progress.rewrites, 'partition')}, "
                f"{progress.done_bytes / 1e6:,.0f} of {progress.size_bytes / 1e6:,.0f} MB"
            )
