"""Values of a policy file: each function reads one, or raises ValueError with the reason and the remedy."""

import json
import math
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from lake.ages import EXAMPLES, parse_age
from lake.policy import DEFAULT_VACUUM_AGE
from lake.schemas import CUSTOM_METRIC_PREFIX, METRIC_NAMES
from sweeps.errors import did_you_mean

METRIC_LIST = "sweeplake sql 'select metric from metric_columns'"
"""The command that lists the metrics of a lake, a backtester's own among them."""

MOST_COUNTED = 2**31 - 1
"""The highest count, as counts are columns of 32 bits."""

MOST_BYTES = 2**63 - 1
"""The largest size, as sizes are numbers of 64 bits."""

_LETTERS_SHOWN = 60
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", re.ASCII)
_UNITS = {"B": 1} | {
    f"{sign}{kind}": base**power
    for kind, base in (("B", 1000), ("iB", 1024))
    for power, sign in enumerate("KMGT", start=1)
}


def duration(raw: object) -> timedelta:
    """Return an age above zero, such as `90m`, `12h`, `30d` or `8w`."""
    if not isinstance(raw, str):
        raise ValueError(f"expected an age such as {EXAMPLES}, got {as_toml(raw)}")  # noqa: TRY004  one kind
    try:
        age = parse_age(raw)
    except ValueError as error:
        raise ValueError(f"{as_toml(raw)}: {error}") from None
    if not age:
        raise ValueError(f"expected an age above zero such as {EXAMPLES}, got {as_toml(raw)}")
    return age


def vacuum_age(raw: object) -> timedelta:
    """Return an age of at least 24 hours."""
    age = duration(raw)
    if age < DEFAULT_VACUUM_AGE:
        reason = "is below 24h: files that sweeps and readers use may go; give a longer age"
        raise ValueError(f"{as_toml(raw)} {reason}")
    return age


def size(raw: object) -> int:
    """Return bytes, at least one: a whole number, or a text such as `50 GB` or `2 TiB`."""
    if isinstance(raw, int) and not isinstance(raw, bool) and raw > 0:
        return _fitting(raw, raw)
    found = _SIZE.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if found is None or found[2] not in _UNITS or not Decimal(found[1]):
        near = _unit_like(found[2]) if found is not None and found[2] not in _UNITS else ""
        raise ValueError(f'expected a size such as "50 GB" or "500 MB", got {as_toml(raw)}{near}')
    return _fitting(int(Decimal(found[1]) * _UNITS[found[2]]), raw)


def count(least: int) -> Callable[[Any], int]:
    """Return what reads a whole number of at least so many."""

    def read(raw: Any) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= MOST_COUNTED:
            span = f"of at least {least} and at most {MOST_COUNTED}"
            raise ValueError(f"expected a whole number {span}, got {as_toml(raw)}")
        return int(raw)

    return read


def flag(raw: object) -> bool:
    """Return true or false."""
    if not isinstance(raw, bool):
        raise ValueError(f"expected true or false, got {as_toml(raw)}")  # noqa: TRY004  one kind of refusal
    return raw


def one_of(*choices: str) -> Callable[[object], str]:
    """Return what reads one of some words."""

    def read(raw: object) -> str:
        if raw not in choices:
            raise ValueError(
                f"expected one of {', '.join(choices)}, got {as_toml(raw)}{did_you_mean(str(raw), choices)}"
            )
        return str(raw)

    return read


def groups(raw: object) -> tuple[str, ...]:
    """Return what makes a group: one name, or some, each once."""
    names = raw if isinstance(raw, list) else [raw]
    if not names or len(set(map(str, names))) != len(names):
        raise ValueError("expected sweep, strategy or symbol, or a list of them, each once")
    return tuple(one_of("sweep", "strategy", "symbol")(name) for name in names)


def ids(raw: object) -> tuple[str, ...]:
    """Return ids of sweeps or runs."""
    if not isinstance(raw, list) or not all(isinstance(item, str) and item for item in raw):
        raise ValueError(f"expected a list of ids, got {as_toml(raw)}")
    return tuple(raw)


def metric(raw: object) -> str:
    """Return the name of a metric; whether a lake has a backtester's own is told when it is asked."""
    if not isinstance(raw, str) or not (raw in METRIC_NAMES or raw.startswith(CUSTOM_METRIC_PREFIX)):
        remedy = did_you_mean(str(raw), METRIC_NAMES) or (
            f"; a backtester's own begins with {CUSTOM_METRIC_PREFIX}; `{METRIC_LIST}` lists all"
        )
        raise ValueError(f"unknown metric {as_toml(raw)}{remedy}")
    return raw


def score(raw: object) -> dict[str, float]:
    """Return weights of metrics."""
    if not isinstance(raw, dict) or not raw:
        raise ValueError("expected weights of metrics, such as { sharpe = 1.0, max_drawdown = -0.5 }")
    for name, weight in raw.items():
        metric(name)
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not _is_finite(weight):
            raise ValueError(f"expected a finite number such as -0.5 for {name}, got {as_toml(weight)}")
    return {name: float(weight) for name, weight in raw.items()}


def as_toml(raw: object) -> str:
    """Return a value as a policy file writes it; of a long text or number its beginning."""
    if isinstance(raw, bool):
        return str(raw).lower()
    if isinstance(raw, str):
        cut = raw if len(raw) <= _LETTERS_SHOWN else f"{raw[:_LETTERS_SHOWN]}..."
        return json.dumps(cut, ensure_ascii=False)
    if isinstance(raw, int) and abs(raw) >= 10**_LETTERS_SHOWN:
        return f"a number of more than {_LETTERS_SHOWN} digits"
    if isinstance(raw, list):
        return f"[{', '.join(map(as_toml, raw))}]"
    if isinstance(raw, dict):
        return f"{{ {', '.join(f'{key} = {as_toml(value)}' for key, value in raw.items())} }}"
    return str(raw)


def _fitting(size_bytes: int, raw: object) -> int:
    """Return a size that is one."""
    if size_bytes < 1:
        raise ValueError(f'{as_toml(raw)} is below one byte; give a size such as "50 GB" or "500 MB"')
    if size_bytes > MOST_BYTES:
        raise ValueError(f"{as_toml(raw)} is above {MOST_BYTES} bytes; give a smaller size, or leave it out")
    return size_bytes


def _is_finite(weight: float) -> bool:
    try:
        return math.isfinite(weight)
    except OverflowError:  # a whole number that no float holds
        return False


def _unit_like(word: str) -> str:
    """Return the question whether a unit was meant that differs in its case, or lacks its B."""
    by_case = {unit.lower(): unit for unit in _UNITS}
    unit = by_case.get(word.lower()) or by_case.get(f"{word.lower()}b")
    return f'; did you mean "{unit}"?' if unit else f"; units are {', '.join(_UNITS)}"
