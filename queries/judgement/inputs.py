"""Inputs: what two sweeps were asked with, key by key."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

_SCHEMA = pa.schema([(name, pa.string()) for name in ("key", "change", "before", "after")])
_BARS = ("fingerprint", "first", "bars", "periods_per_year")
"""What of a symbol's bars decides its runs; where their files lie does not."""


def changed_inputs(before: Mapping[str, Any], after: Mapping[str, Any]) -> pa.Table:
    """Return what is not the same in two rows of `sweeps`.

    Returns:
        One row per key in order of its name: key (dotted, as in the configuration; also strategy_code,
        simulation_version, bars.SYMBOL.fingerprint, versions.LIBRARY), change (added, removed or changed),
        before and after as text, NULL where the key was not there.
    """
    old, new = _inputs(before), _inputs(after)
    rows = [
        {"key": key, "change": _change(key, old, new), "before": old.get(key), "after": new.get(key)}
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _inputs(sweep: Mapping[str, Any]) -> dict[str, str]:
    bars = json.loads(sweep["bars"] or "{}")
    document = {
        **json.loads(sweep["config"] or "{}"),
        "strategy_code": sweep["strategy_code"],
        "simulation_version": sweep["simulation_version"],
        "bars": {symbol: {key: read.get(key) for key in _BARS} for symbol, read in bars.items()},
        "versions": json.loads(sweep["versions"] or "{}"),
    }
    return dict(leaves(document))


def leaves(document: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    """Yield dotted keys and their values as text, lists as JSON; what is NULL is not there."""
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{within}{key}.")
        elif value is not None:
            yield f"{within}{key}", value if isinstance(value, str) else json.dumps(value)


def _change(key: str, old: Mapping[str, str], new: Mapping[str, str]) -> str:
    if key not in old:
        return "added"
    return "changed" if key in new else "removed"
