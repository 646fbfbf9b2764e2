"""`sweeplake ingest`."""

from dataclasses import asdict
from typing import Any

import click

from queries.values import shown
from sweeplake.cli.options import json_option, lake_option
from sweeplake.cli.output import command, counted, note, print_json
from sweeplake.cli.tables import print_table


@click.command()
@click.argument("files", nargs=-1)
@lake_option
@click.option(
    "--symbol", metavar="S", help="Symbol of all files; else a symbol column, else the file's name."
)
@click.option("--timeframe", metavar="TF", help="Timeframe, e.g. 1d or 15m; else from the name or the times.")
@click.option("--source", metavar="KIND", help="csv, yfinance, binance, parquet or demo; else by content.")
@click.option(
    "--tz", default="UTC", show_default=True, help="Session time zone; times without one are read in it."
)
@click.option("--resample", metavar="TF", help="Also store bars of this coarser timeframe.")
@click.option(
    "--adjusted/--unadjusted", default=None, help="Whether prices are adjusted; else as the source does."
)
@click.option("--replace", is_flag=True, help="Drop the bars that the lake has of these symbols first.")
@json_option
def ingest(
    files: tuple[str, ...],
    lake_url: str,
    symbol: str | None,
    timeframe: str | None,
    source: str | None,
    tz: str,
    resample: str | None,
    adjusted: bool | None,  # noqa: FBT001  click passes by name
    replace: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Bring bars into the lake, validated.

    All FILES are read and checked first; then all are written, or none.

    \b
    sweeplake ingest AAPL.csv MSFT.csv --timeframe 1d
    sweeplake ingest BTCUSDT-1h-2024-01.csv --source binance
    sweeplake ingest --source demo
    """
    import sweeplake

    if not files and source != "demo":
        raise click.UsageError("name at least one FILE, or take the demo bars with --source demo")
    reports = sweeplake.ingest(
        files,
        lake=lake_url,
        symbol=symbol,
        timeframe=timeframe,
        source=source,
        tz=tz,
        resample_to=resample,
        adjusted=adjusted,
        replace=replace,
    )
    if as_json:
        print_json({"rows": [asdict(report) for report in reports]})
        return
    rows = [vars(report) | {"gaps": report.gaps.count} for report in reports]
    print_table(rows, _COLUMNS, optional=_OPTIONAL)
    for report in reports:
        if report.gaps.count:
            note(f"{report.symbol}: {_told(report.gaps)}")
        if report.ignored:
            note(f"{report.symbol}: columns that are no numbers were left out: {', '.join(report.ignored)}")
    if all(report.unchanged for report in reports):
        note("the lake had all of it; nothing was written")
    else:
        note(f"next: {command('run CONFIG')}")


def _told(gaps: Any) -> str:
    gap, bar = counted(gaps.count, "gap"), counted(gaps.missing, "bar")
    return f"{gap}, {bar} missing; the longest lasts {shown(gaps.longest)}, after {shown(gaps.after)}"


_COLUMNS = ("symbol", "timeframe", "bars", "added", "changed", "first", "last", "gaps", "fingerprint")
_OPTIONAL = ("first", "last", "gaps", "added", "changed", "timeframe", "fingerprint")
