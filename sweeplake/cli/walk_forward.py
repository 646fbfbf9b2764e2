"""Walk-forwards on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from sweeplake.cli.tables import print_table

_CURVES = (
    "symbol",
    "path",
    "splits",
    "sharpe",
    "in_sample_sharpe",
    "cagr",
    "in_sample_cagr",
    "efficiency",
    "total_return",
    "max_drawdown",
    "profitable",
    "num_trades",
)
_TESTS = (
    "split",
    "symbol",
    "test_start",
    "test_end",
    "params",
    "in_sample_sharpe",
    "sharpe",
    "total_return",
    "max_drawdown",
    "num_trades",
    "run_id",
)
_SHOWN = 40


def print_curves(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print what the stitched out-of-sample curves came to."""
    columns = tuple(name for name in _CURVES if name != "path" or any(row["path"] > 1 for row in rows))
    print_table(rows, columns, "Out of sample, stitched", optional=_CURVES[3:])


def print_tests(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print what each split chose, and what that came to."""
    shown = [
        {
            **row,
            "test_start": f"{row['test_start']:%Y-%m-%d}",
            "test_end": f"{row['test_end']:%Y-%m-%d}",
            "params": {
                name.removeprefix("param_"): value
                for name, value in row.items()
                if name.startswith("param_") and value is not None
            },
        }
        for row in rows[:_SHOWN]
    ]
    print_table(
        shown, _TESTS, "What each split chose", optional=("sharpe", "in_sample_sharpe", *_TESTS[7:10])
    )
    if len(rows) > _SHOWN:
        click.echo(f"and {len(rows) - _SHOWN:,} more: view walk_forward")
