"""Policy files: TOML into a policy, or refused with every problem at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, TypeVar

from lake.policy import Age, Details, Keep, Pins, Policy
from sweeps.errors import did_you_mean
from sweeps.retention.policy_values import (
    as_toml,
    count,
    duration,
    flag,
    groups,
    ids,
    metric,
    one_of,
    score,
    size,
    vacuum_age,
)
from sweeps.spec.errors import DocumentError, Problem
from sweeps.spec.toml import read_toml

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


class PolicyError(DocumentError):
    """A policy that cannot be applied, or not to this lake."""


def load_policy(path: Path) -> Policy:
    """Read and validate a policy file.

    Raises:
        PolicyError: If there is no such file, it is not TOML, or anything in it is wrong.
    """
    return parse_policy(read_toml(path, PolicyError), str(path))


def parse_policy(data: Mapping[str, Any], source: str = "policy") -> Policy:
    """Validate a policy.

    Args:
        data: The document, as TOML gives it.
        source: What errors call it.

    Raises:
        PolicyError: With every problem.
    """
    reading = _Reading(data)
    vacuums = reading.take("vacuum.enabled", flag, True)  # noqa: FBT003
    policy = Policy(
        source=source,
        keep=_keep(reading),
        age=Age(**{name: reading.take(f"age.{name}", duration) for name in KEYS["age"]}),
        details=_details(reading),
        budget_bytes=_budget(reading),
        pins=Pins(reading.take("pins.sweeps", ids) or (), reading.take("pins.runs", ids) or ()),
        compact=reading.take("compact.enabled", flag, True),  # noqa: FBT003
        compact_months=reading.take("compact.months", flag, False),  # noqa: FBT003
        vacuum_age=reading.take("vacuum.older_than", vacuum_age, Policy.vacuum_age) if vacuums else None,
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
                self.problems.append((table, f"expected a table, got {as_toml(held)}; write [{table}]"))
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
    last = reading.take("keep.last", count(1))
    if last is None:
        reading.missing("keep.last", "last = 20")
    return Keep(last or 1, reading.take("keep.per", one_of("strategy", "owner", "lake"), "lake"))


def _details(reading: _Reading) -> Details | None:
    if not reading.has("details"):
        return None
    top = reading.take("details.top", count(0))
    if top is None:
        reading.missing("details.top", "top = 50")
    weights = reading.take("details.score", score, {})
    if weights and "metric" in reading.data["details"]:
        reading.problems.append(("details.score", "either metric or score ranks; remove one"))
    return Details(
        top=top or 0,
        per=reading.take("details.per", groups, ("sweep",)),
        metric=reading.take("details.metric", metric, "sharpe"),
        score=weights,
        min_trades=reading.take("details.min_trades", count(0), 0),
        random=reading.take("details.random", count(0), 0),
    )


def _budget(reading: _Reading) -> int | None:
    held: int | None = reading.take("budget.bytes", size)
    if held is None and reading.has("budget"):
        reading.missing("budget.bytes", 'bytes = "50 GB"')
    return held


def _choices(word: str, known: Sequence[str]) -> str:
    return did_you_mean(word, known) or f"; known are {', '.join(known)}"
