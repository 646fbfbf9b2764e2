"""Columns: from what a file calls them to what we call them."""

import re
from collections.abc import Mapping, Sequence

from lake.schemas import TABLES
from sweeps.bars.frame import VALUES

# The first name that a file has wins; the others stay further columns.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "time": ("datetime", "timestamp", "open_time", "date", "time", "unix", "index_level_0", "index", ""),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c"),
    "volume": ("volume", "v", "vol"),
    "adj_close": ("adj_close", "adjclose", "adjusted_close"),
    "symbol": ("symbol", "ticker"),
}
REQUIRED = ("time", *VALUES)
RESERVED = frozenset(TABLES["bars"].schema.names) - {*REQUIRED, "symbol"}
"""Names that the lake's own bars table uses; a file's columns of these names are ignored."""


def plain(header: str) -> str:
    """Return a header in lower case with one underscore for whatever is no letter or digit."""
    return re.sub(r"[^a-z0-9]+", "_", header.strip().lower()).strip("_")


def canonical(headers: Sequence[str]) -> dict[str, int]:
    """Return the position of every column by its canonical name; a further column has its plain one.

    A later column of a name that is taken is left out; `repeated` names it. Columns without a header are
    left out too, unless one is the only candidate for the time (an index that pandas wrote).
    """
    names = [plain(header) for header in headers]
    positions: dict[str, int] = {}
    for target, aliases in ALIASES.items():
        found = next((names.index(alias) for alias in aliases if alias in names), None)
        if found is not None:
            positions[target] = found
    taken = set(positions.values())
    for position, name in enumerate(names):
        if position not in taken and name and name not in positions and name not in RESERVED:
            positions[name] = position
    return positions


def repeated(headers: Sequence[str]) -> tuple[str, ...]:
    """Return the plain names that more than one column has."""
    names = [plain(header) for header in headers if plain(header)]
    return tuple(sorted({name for name in names if names.count(name) > 1}))
