"""Pruning: which files may hold what is asked for, by the statistics that the log keeps of them. Pure.

A file without statistics of a column may hold anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lake.snapshot import DataFile

WITHIN = """
metrics.strategy between list_min($strategies::varchar[]) and list_max($strategies::varchar[])
and metrics.symbol between list_min($symbols::varchar[]) and list_max($symbols::varchar[])
"""
"""What rows of some places fulfil, by their `places`. Files are chosen; of a copy it tells where to look."""
_PARTITIONS = ("strategy", "symbol")
_LEAST = {"min_sharpe": "sharpe", "min_trades": "num_trades", "since": "created_at"}
_MOST = {"max_drawdown": "max_drawdown", "until": "created_at"}
_SEVERAL = ""
"""Stands for more than one sweep."""
_ROUNDING = 1e-9
"""A sum of bounds may differ from the sum of a row's values in its last digits, but not by so much of it."""


def passing(files: Iterable[DataFile], values: Mapping[str, Any]) -> list[DataFile]:
    """Return the files that may hold a run that passes some filters, named as in `Filters.values`."""
    given = {name: value for name, value in values.items() if value is not None}
    least = [(column, given[name]) for name, column in _LEAST.items() if name in given]
    most = [(column, given[name]) for name, column in _MOST.items() if name in given]
    places = [(name, given[name]) for name in _PARTITIONS if name in given]
    return [
        file
        for file in files
        if all(file.partition[name] == wanted for name, wanted in places)
        and ("sweep" not in given or _spans(file, "sweep_id", given["sweep"]))
        and all(_reaches(file, column, wanted, highest=True) for column, wanted in least)
        and all(_reaches(file, column, wanted, highest=False) for column, wanted in most)
    ]


def holding(files: Iterable[DataFile], run_ids: Sequence[str]) -> list[DataFile]:
    """Return the files that may hold one of some runs."""
    wanted = sorted(run_ids)
    return [file for file in files if _may_hold(file, wanted)]


def places(files: Iterable[DataFile]) -> dict[str, list[str]]:
    """Return the strategies and the symbols of some files, as `WITHIN` binds them."""
    found = {(file.partition["strategy"], file.partition["symbol"]) for file in files}
    return {
        "strategies": sorted({strategy for strategy, _ in found}),
        "symbols": sorted({symbol for _, symbol in found}),
    }


def is_once(files: Iterable[DataFile], among: Iterable[DataFile]) -> bool:
    """Return whether the log tells that every run and role of some files is there once among all of them.

    Runs of one sweep are; those of several sweeps are if no id of one lies within the bounds of the other.
    """
    spans = [
        (*(_bound(file, "run_id", highest=end) for end in (False, True)), _sweep(file)) for file in among
    ]
    if any(None in span for span in spans):
        return False
    wanted = {(_bound(file, "run_id", highest=False), _sweep(file)) for file in files}
    reach, sweep, is_wanted = "", "", False
    for low, high, own in sorted(spans):
        if low > reach:
            sweep, is_wanted = own, False
        is_wanted = is_wanted or (low, own) in wanted
        if own != sweep:
            sweep = _SEVERAL
        if is_wanted and sweep == _SEVERAL:
            return False
        reach = max(reach, high)
    return True


def furthest(file: DataFile, terms: Mapping[str, float], *, highest: bool) -> Any:
    """Return a value that no weighted sum of a file's metrics lies beyond; None if that is not known.

    Args:
        file: The file.
        terms: Weights by column; a single one may be of any type, and its weight is 1.
        highest: Whether the bound lies above, not below.
    """
    bounds = [_bound(file, name, highest=highest == (weight > 0)) for name, weight in terms.items()]
    if any(bound is None for bound in bounds):
        return None
    if len(bounds) == 1 and set(terms.values()) == {1.0}:
        return bounds[0]
    parts = [weight * float(bound) for weight, bound in zip(terms.values(), bounds, strict=True)]
    slack = _ROUNDING * sum(map(abs, parts))
    return sum(parts) + (slack if highest else -slack)


def _reaches(file: DataFile, column: str, wanted: Any, *, highest: bool) -> bool:
    """Return whether a value of a file may be as high, or as low, as one that is wanted."""
    bound = _bound(file, column, highest=highest)
    return bound is None or not (bound < wanted if highest else bound > wanted)


def _may_hold(file: DataFile, wanted: Sequence[str]) -> bool:
    low, high = _ends(file, "run_id")
    return low is None or high is None or any(low <= run_id <= high for run_id in wanted)


def _sweep(file: DataFile) -> str | None:
    """Return the sweep that all runs of a file are of, as far as the log tells."""
    first, last = _ends(file, "sweep_id")
    return first if first == last else None


def _spans(file: DataFile, column: str, value: str) -> bool:
    low, high = _ends(file, column)
    return low is None or high is None or bool(low <= value <= high)


def _ends(file: DataFile, column: str) -> tuple[Any, Any]:
    return _bound(file, column, highest=False), _bound(file, column, highest=True)


def _bound(file: DataFile, column: str, *, highest: bool) -> Any:
    return (file.maximum if highest else file.minimum).get(column)
