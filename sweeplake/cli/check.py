"""`sweeplake check`."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sweeplake.cli.options import json_option, lake_option
from sweeplake.cli.output import counted, note, print_json
from sweeplake.cli.tables import print_table

if TYPE_CHECKING:
    from lake.findings import Finding

EXIT_FINDINGS = 1
_COLUMNS = ("kind", "table", "file", "sweeps", "text")
_OPTIONAL = ("sweeps", "table")


@click.command()
@lake_option
@click.option("--deep", is_flag=True, help="Read every byte; else the log, sizes, footers and keys.")
@click.option("--repair", is_flag=True, help="Put right what needs no guess.")
@click.option(
    "--drop-damaged",
    is_flag=True,
    help="With --repair: take missing and damaged files out; their runs count as not computed.",
)
@json_option
def check(
    lake_url: str,
    deep: bool,  # noqa: FBT001
    repair: bool,  # noqa: FBT001
    drop_damaged: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Hold a lake against its own word, and repair it.

    Every committed file is there and as it was written, statistics are those of the rows, run ids are unique
    in their sweep, details are whole, and each table has one log without a gap.

    Exit codes: 0 clean, 1 something is wrong, 2 could not check. What is harmless is told and exits 0.
    """
    import sweeplake
    from sweeplake.checking import check as check_lake

    if drop_damaged and not repair:
        raise click.UsageError("--drop-damaged is a part of --repair; give both")
    with sweeplake.open(lake_url) as lake:
        report = check_lake(lake.tables, deep=deep, repair=repair, drop_damaged=drop_damaged)
    if as_json:
        print_json(
            {
                "clean": report.clean,
                "deep": report.deep,
                "files": report.files,
                "bytes": report.bytes,
                "repaired": list(report.repaired),
                "findings": [finding.to_document() for finding in report.findings],
            }
        )
    else:
        for line in report.repaired:
            note(f"repaired: {line}")
        _print(report.findings)
        read = "every byte" if report.deep else "log, sizes and footers"
        found = counted(len(report.findings), "finding") if report.findings else "all is as it was written"
        note(f"{counted(report.files, 'file')}, {report.bytes / 1e6:,.1f} MB, {read}: {found}")
    if not report.clean:
        sys.exit(EXIT_FINDINGS)


def _print(findings: "Sequence[Finding]") -> None:
    """Print findings as a table, and below what to do, each remedy once."""
    if not findings:
        return
    rows = [{**finding.to_document(), "sweeps": ", ".join(finding.sweeps) or None} for finding in findings]
    print_table(rows, _COLUMNS, optional=_OPTIONAL)
    for remedy in dict.fromkeys(finding.remedy for finding in findings):
        note(f"to do: {remedy}")
