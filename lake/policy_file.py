"""Policy files: TOML into a policy, or refused with every problem at once."""

import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

from lake.policy import DEFAULT_VACUUM_AGE, Age, Details, Keep, Pins, Policy, PolicyError, Problem
from lake.schemas import CUSTOM_METRIC_PREFIX, METRIC_NAMES

Value = TypeVar("Value")

KEYS: Final[Mapping[str, Sequence[str]]] = {
    "keep": ("last", "per"),
    "age": tuple(item.name for item in fields(Age)),
    "details": ("top", "per", "metric", "score", "min_trades", "random"),
    "budget": ("bytes",),
    "pins": ("sweeps", "runs"),
    "compact": ("enabled", "months"),
    "vacuum": ("enabled", "older_than"),
}
"""Every table of a policy file and its keys."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([hdw])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 168}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?i?B)", re.ASCII)
_UNITS = {"B": 1} | {
    f"{sign}{kind}": base**power
    for kind, base in (("B", 1000), ("iB", 1024))
    for power, sign in enumerate("KMGT", start=1)
}


def load_policy(path: Path) -> Policy:
    """Read and validate a policy file.

    Raises:
        PolicyError: If there is no such file, it is not TOML, or anything in it is wrong.
    """
    source = str(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        near = _near(source, [str(other) for other in sorted(path.parent.glob("*.toml"))])
        raise PolicyError(source, (("", f"no such file{near}"),)) from None
    except OSError as error:
        raise PolicyError(source, (("", f"cannot be read: {error.strerror}"),)) from None
    except ValueError as error:  # no UTF-8, or TOML's own
        raise PolicyError(source, (("", f"{error}; fix the TOML: text stands in quotes"),)) from None
    return parse_policy(data, source)


def parse_policy(data: Mapping[str, Any], source: str = "policy") -> Policy:
    """Validate a policy.

    Args:
        data: The document, as TOML gives it.
        source: What errors call it.

    Raises:
        PolicyError: With every problem.
    """
    reading = _Reading(data)
    vacuums = reading.take("vacuum.enabled", _flag, True)  # noqa: FBT003
    policy = Policy(
        source=source,
        keep=_keep(reading),
        age=Age(**{name: reading.take(f"age.{name}", duration) for name in KEYS["age"]}),
        details=_details(reading),
        budget_bytes=reading.take("budget.bytes", _bytes),
        pins=Pins(reading.take("pins.sweeps", _ids) or (), reading.take("pins.runs", _ids) or ()),
        compact=reading.take("compact.enabled", _flag, True),  # noqa: FBT003
        compact_months=reading.take("compact.months", _flag, False),  # noqa: FBT003
        vacuum_age=reading.take("vacuum.older_than", _vacuum_age, Policy.vacuum_age) if vacuums else None,
    )
    if reading.problems:
        raise PolicyError(source, tuple(reading.problems))
    return policy


class _Reading:
    """A document that is read key by key; what is wrong is gathered."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data, self.problems = data, list[Problem]()
        for table, held in data.items():
            if table not in KEYS:
                self.problems.append((table, f"unknown table{_choices(table, list(KEYS))}"))
            elif not isinstance(held, dict):
                self.problems.append((table, f"expected a table, got {held!r}; write [{table}]"))
            else:
                self.problems += [
                    (f"{table}.{key}", f"unknown key{_choices(key, KEYS[table])}")
                    for key in held
                    if key not in KEYS[table]
                ]

    def has(self, table: str) -> bool:
        return isinstance(self.data.get(table), dict)

    def take(self, key: str, read: Callable[[Any], Value], default: Any = None) -> Any:
        table, name = key.split(".")
        held = self.data.get(table)
        if not isinstance(held, dict) or name not in held:
            return default
        try:
            return read(held[name])
        except ValueError as error:
            self.problems.append((key, str(error)))
            return default

    def missing(self, key: str, example: str) -> None:
        if not any(problem[0] == key for problem in self.problems):
            self.problems.append((key, f"missing; write for example `{example}`"))


def _keep(reading: _Reading) -> Keep | None:
    if not reading.has("keep"):
        return None
    last = reading.take("keep.last", _count(1))
    if last is None:
        reading.missing("keep.last", "last = 20")
    return Keep(last or 1, reading.take("keep.per", _one_of("strategy", "owner", "lake"), "lake"))


def _details(reading: _Reading) -> Details | None:
    if not reading.has("details"):
        return None
    top = reading.take("details.top", _count(0))
    if top is None:
        reading.missing("details.top", "top = 50")
    score = reading.take("details.score", _score, {})
    if score and "metric" in reading.data["details"]:
        reading.problems.append(("details.score", "either metric or score ranks; remove one"))
    return Details(
        top=top or 0,
        per=reading.take("details.per", _groups, ("sweep",)),
        metric=reading.take("details.metric", _metric, "sharpe"),
        score=score,
        min_trades=reading.take("details.min_trades", _count(0), 0),
        random=reading.take("details.random", _count(0), 0),
    )


def duration(raw: object) -> timedelta:
    """Return an age such as `12h`, `30d` or `8w`; raise ValueError with the reason."""
    found = _DURATION.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if found is None or float(found[1]) == 0:
        raise ValueError(f'expected an age above zero such as "12h", "30d" or "8w", got {raw!r}')
    try:
        return timedelta(hours=float(found[1]) * _HOURS[found[2]])
    except OverflowError:
        raise ValueError(f"{raw!r} is longer than any lake's life; remove the line") from None


def _vacuum_age(raw: object) -> timedelta:
    age = duration(raw)
    if age < DEFAULT_VACUUM_AGE:
        raise ValueError(f"{raw!r} is below 24h: files that sweeps and readers use may go; give a longer age")
    return age


def _bytes(raw: object) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool) and raw > 0:
        return raw
    found = _SIZE.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if found is None or float(found[1]) == 0:
        raise ValueError(f'expected a size such as "50 GB" or "500 MB", got {raw!r}')
    return int(float(found[1]) * _UNITS[found[2]])


def _count(least: int) -> Callable[[Any], int]:
    def read(raw: Any) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool) or raw < least:
            raise ValueError(f"expected a whole number of at least {least}, got {raw!r}")
        return int(raw)

    return read


def _flag(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise ValueError(f"expected true or false, got {raw!r}")  # noqa: TRY004  one kind of refusal
    return raw


def _one_of(*choices: str) -> Callable[[object], str]:
    def read(raw: object) -> str:
        if raw not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}, got {raw!r}{_near(raw, choices)}")
        return str(raw)

    return read


def _groups(raw: object) -> tuple[str, ...]:
    names = raw if isinstance(raw, list) else [raw]
    if not names or len(set(map(str, names))) != len(names):
        raise ValueError("expected sweep, strategy or symbol, or a list of them, each once")
    return tuple(_one_of("sweep", "strategy", "symbol")(name) for name in names)


def _ids(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list) or not all(isinstance(item, str) and item for item in raw):
        raise ValueError(f"expected a list of ids, got {raw!r}")
    return tuple(raw)


def _metric(raw: object) -> str:
    if not isinstance(raw, str) or not (raw in METRIC_NAMES or raw.startswith(CUSTOM_METRIC_PREFIX)):
        raise ValueError(f"unknown metric {raw!r}{_near(raw, METRIC_NAMES)}")
    return raw


def _score(raw: object) -> dict[str, float]:
    if not isinstance(raw, dict) or not raw:
        raise ValueError("expected weights of metrics, such as { sharpe = 1.0, max_drawdown = -0.5 }")
    for name, weight in raw.items():
        _metric(name)
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not math.isfinite(weight):
            raise ValueError(f"expected a number for {name}, got {weight!r}")
    return {name: float(weight) for name, weight in raw.items()}


def _choices(word: str, known: Sequence[str]) -> str:
    return _near(word, known) or f"; known are {', '.join(known)}"


def _near(word: object, known: Sequence[str]) -> str:
    near = get_close_matches(str(word), known, n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""
