"""From a configuration and a strategy's declared parameters to the grid."""

from collections.abc import Sequence
from typing import Protocol

from sweeps.errors import did_you_mean
from sweeps.spec.axes import Axis, expand
from sweeps.spec.config import SweepConfig
from sweeps.spec.errors import AxisError, ConfigError, Problem, WhereError
from sweeps.spec.grid import Grid
from sweeps.spec.rules import Booleans, Kind, Numbers, Rule, Texts, Value
from sweeps.spec.setting_axes import setting_axes, setting_kinds
from sweeps.spec.settings import EXECUTION, SETTING_NAMES
from sweeps.spec.where import Predicate, parse

MOST_CELLS = 2**62
"""A raw index is a signed 64-bit number."""


class Parameter(Protocol):
    """What a strategy declares of one parameter."""

    @property
    def name(self) -> str:
        """Its name in the strategy's signature and in `[grid]`."""

    @property
    def kind(self) -> Kind:
        """The type that its values are cast to."""

    @property
    def default(self) -> Value:
        """Its value when `[grid]` does not name it; None: it must be named."""

    @property
    def low(self) -> int | float | None:
        """The least number that it takes."""

    @property
    def high(self) -> int | float | None:
        """The largest number that it takes."""

    @property
    def choices(self) -> Sequence[Value] | None:
        """The only texts that it takes; None or empty: any."""


def bind(config: SweepConfig, parameters: Sequence[Parameter]) -> Grid:
    """Return the grid of a sweep: every setting is an axis, of one value if it is not swept.

    Axes stand slowest first: the strategy's parameters as declared, then execution, then exits, so that runs
    with the same signals are neighbours.

    Args:
        config: What to sweep.
        parameters: What the strategy declares.

    Returns:
        The grid, filtered by `where`; `[sample]` is not applied.

    Raises:
        ConfigError: With every problem: unknown or missing parameters, values of another type or out of
            bounds, names that clash with settings, a bad `where`, or one that excludes every run.
    """
    problems = [*_name_problems(config, parameters), *_column_problems(config, parameters)]
    axes: list[Axis] = []
    for parameter in parameters:
        try:
            axes.append(_parameter_axis(config, parameter))
        except AxisError as error:
            problems += error.problems
    try:
        axes += setting_axes(config.execution, config.exits)
    except AxisError as error:
        problems += error.problems
    predicate: Predicate | None = None
    try:
        predicate = _predicate(config, parameters)
    except WhereError as error:
        problems.append(("where", str(error)))
    if problems:
        raise ConfigError(config.source, tuple(problems))
    return _checked(Grid(tuple(axes), predicate), config)


def _checked(grid: Grid, config: SweepConfig) -> Grid:
    if grid.raw_size > MOST_CELLS:
        reason = f"makes {grid.raw_size:.1e} combinations, more than {MOST_CELLS:.1e}; sweep less at a time"
        raise ConfigError(config.source, (("grid", reason),))
    if grid.is_empty():
        reason = f"excludes every one of the {grid.raw_size:,} combinations; loosen it, or widen [grid]"
        raise ConfigError(config.source, (("where", f"`{config.where}` {reason}"),))
    return grid


def _parameter_axis(config: SweepConfig, parameter: Parameter) -> Axis:
    name, rule = parameter.name, _rule(parameter)
    key = f"grid.{name}"
    if name in config.grid:
        values = expand(config.grid[name], key, rule)
    elif parameter.default is None:
        raise AxisError(((key, f'missing; "{name}" has no default, so give it at least one value'),))
    else:
        try:
            values = (rule.check(parameter.default),)
        except ValueError as error:
            raise AxisError((("strategy", f'the default of its parameter "{name}" {error}'),)) from None
    return Axis((name,), tuple((value,) for value in values), "strategy", (rule.kind,))


def _rule(parameter: Parameter) -> Rule:
    if parameter.kind == "bool":
        return Booleans()
    if parameter.kind == "text":
        return Texts(tuple(map(str, parameter.choices or ())))
    return Numbers(whole=parameter.kind == "int", at_least=parameter.low, at_most=parameter.high)


def _name_problems(config: SweepConfig, parameters: Sequence[Parameter]) -> list[Problem]:
    settings = {name.lower() for name in SETTING_NAMES}
    names = [parameter.name for parameter in parameters]
    problems: list[Problem] = [
        ("strategy", f'its parameter "{name}" has the name of a setting; rename the parameter')
        for name in names
        if name.lower() in settings
    ]
    problems += [
        (f"grid.{name}", _unknown(name, names, config.strategy)) for name in config.grid if name not in names
    ]
    return problems


def _unknown(name: str, names: Sequence[str], strategy: str) -> str:
    reason = f'{strategy} has no parameter "{name}"'
    if name in SETTING_NAMES:
        section = "execution" if name in EXECUTION or name.startswith("sizing") else "exits"
        return f"{reason}; it is a setting, and stands in [{section}]"
    if name in SweepConfig.model_fields:
        return f"{reason}; the key `{name}` stands at the top of the file, before the first [table]"
    return reason + (did_you_mean(name, names) or f"; it has {', '.join(names) or 'none'}")


def _column_problems(config: SweepConfig, parameters: Sequence[Parameter]) -> list[Problem]:
    names = (*(parameter.name for parameter in parameters), *SETTING_NAMES)
    problems: list[Problem] = []
    owners: dict[str, str] = {}
    for name in sorted(names, key=lambda name: name in config.columns):  # the renamed give way
        column = config.columns.get(name, name)
        owner = owners.setdefault(column.lower(), name)
        if owner != name:
            problems.append((f"columns.{name}", f'"{column}" is the column of {owner}; choose another'))
    problems += [
        (f"columns.{name}", f'there is no parameter or setting "{name}"{did_you_mean(name, names)}')
        for name in config.columns
        if name not in names
    ]
    return problems


def _predicate(config: SweepConfig, parameters: Sequence[Parameter]) -> Predicate | None:
    if config.where is None:
        return None
    kinds: dict[str, Kind] = {parameter.name: parameter.kind for parameter in parameters}
    kinds.update(setting_kinds())
    return parse(config.where, kinds)
