"""Parameters: which column holds which parameter of which strategy, as the sweeps recorded it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pyarrow as pa

from lake.schemas import PARAMETER_PREFIX
from queries.errors import BadValueError, UnknownNameError

Value = int | float | bool | str | None
"""A parameter's value; None means off."""

_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True)
class ParameterColumn:
    """One parameter of a strategy and the metrics column that holds it.

    Attributes:
        name: Name as in the configuration.
        column: Column of `metrics`.
        kind: int, float, bool or text.
        section: strategy, execution or exits.
    """

    name: str
    column: str
    kind: str
    section: str = "strategy"

    def cast(self, stored: Value) -> Value:
        """Return a stored value as the strategy sees it: integers are stored as DOUBLE."""
        return int(stored) if self.kind == "int" and stored is not None else stored

    def parse(self, given: Value) -> Value:
        """Return a value of the column's type from one that may be text, as typed on a command line.

        Raises:
            BadValueError: If it is no value of this kind.
        """
        if given is None or given == "off":
            return None
        if self.kind == "text":
            return str(given)
        if self.kind == "bool":
            flag = given if isinstance(given, bool) else _FLAGS.get(str(given).lower())
            if flag is None:
                raise BadValueError(self.name, given, "expected true or false")
            return flag
        try:
            return float(given)
        except (ValueError, TypeError, OverflowError) as error:
            raise BadValueError(self.name, given, 'expected a number or "off"') from error


def by_strategy(sweeps: Iterable[Mapping[str, Any]], schema: pa.Schema) -> dict[str, list[ParameterColumn]]:
    """Return each strategy's parameter columns in declared order, the newest sweep's word first.

    What was a whole number in some sweeps and any number in others is one of any kind. Where sweeps put a
    parameter into another column, the newest one's has its name, and the others are called as they are.

    Args:
        sweeps: Rows with `strategy` and `parameters` (JSON), newest first.
        schema: Schema of metrics; parameters whose column nobody has written yet are left out.
    """
    found: dict[str, dict[str, ParameterColumn]] = {}
    for row in sweeps:
        known = found.setdefault(row["strategy"], {})
        for item in json.loads(row["parameters"] or "[]"):
            name, column, kind = item["name"], item["column"], item["kind"]
            if column in known:
                if {known[column].kind, kind} == {"int", "float"}:
                    known[column] = replace(known[column], kind="float")
            elif column in schema.names:
                taken = {parameter.name for parameter in known.values()}
                free = next(free for free in _names(name, column) if free not in taken)
                known[column] = ParameterColumn(free, column, kind, item.get("section", "strategy"))
    return {strategy: list(known.values()) for strategy, known in found.items()}


def from_schema(schema: pa.Schema) -> list[ParameterColumn]:
    """Return every parameter column of metrics, for strategies whose sweeps recorded nothing."""
    return [
        ParameterColumn(item.name.removeprefix(PARAMETER_PREFIX), item.name, _kind(item.type))
        for item in schema
        if item.name.startswith(PARAMETER_PREFIX)
    ]


def shown(parameters: Sequence[ParameterColumn], schema: pa.Schema) -> dict[str, ParameterColumn]:
    """Return parameters of one strategy by what its view and its conditions call them, in declared order.

    That is their names. One that is called as a column of metrics is called by its prefix as well; so is then
    one whose name that is. SQL does not tell names by case.
    """
    taken = {name.casefold() for name in schema.names if not name.startswith(PARAMETER_PREFIX)}
    names = {}
    for parameter in sorted(parameters, key=lambda parameter: len(parameter.name)):
        free = (name for name in _names(parameter.name, parameter.column) if name.casefold() not in taken)
        names[parameter.column] = name = next(free)
        taken.add(name.casefold())
    return {names[parameter.column]: parameter for parameter in parameters}


def find(parameters: Sequence[ParameterColumn], name: str) -> ParameterColumn:
    """Return the parameter of this name or, if there is none, of this column name.

    Raises:
        UnknownNameError: If there is none.
    """
    for named in ("name", "column"):
        for parameter in parameters:
            if name == getattr(parameter, named):
                return parameter
    raise UnknownNameError("parameter", name, [parameter.name for parameter in parameters])


def _names(name: str, column: str) -> Iterator[str]:
    yield from (name, column)
    yield from (f"{column}_{number}" for number in count(2))


def _kind(arrow: pa.DataType) -> str:
    if pa.types.is_boolean(arrow):
        return "bool"
    return "float" if pa.types.is_floating(arrow) else "text"
