"""Kept bars: those that a sweep read, whatever the table of bars holds by now."""

import json
from collections.abc import Mapping
from typing import Any

from lake.lake import Lake
from lake.layout import schema_signature
from lake.snapshot import DataFile, Snapshot, TableSnapshot
from sweeps.bars.frame import Bars
from sweeps.bars.store import find_bars


def kept_bars(state: Mapping[str, Any], lake: Lake) -> tuple[Snapshot, list[str]]:
    """Return the bars that a sweep reads, whatever the table holds now, and the files that are gone.

    Args:
        state: Its row of `sweeps`.
        lake: The lake.
    """
    held = lake.snapshot(["bars"])["bars"]
    files, missing = [], []
    for symbol, inputs in json.loads(state["bars"]).items():
        partition = {"symbol": symbol, "timeframe": state["timeframe"]}
        for path in inputs["files"]:
            size = lake.storage.size(f"bars/{path}")
            if size is None:
                missing.append(path)
            else:
                files.append(DataFile(path, size, 0, partition, schema_signature(path), {}, {}))
    table = TableSnapshot("bars", held.version, held.schema, tuple(files))
    return Snapshot(lake.storage, {"bars": table}), missing


def bars_of(state: Mapping[str, Any], symbol: str, lake: Lake) -> Bars | None:
    """Return all bars that a sweep read of one of its symbols, warm-up included; None if a file is gone."""
    bars = json.loads(state["bars"])
    snapshot, missing = kept_bars({**state, "bars": json.dumps({symbol: bars[symbol]})}, lake)
    return None if missing else find_bars(snapshot, symbol, state["timeframe"])
