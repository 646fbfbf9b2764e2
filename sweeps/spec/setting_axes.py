"""The axes of the execution and exit settings: all of them, swept or not, so that identity sees all."""

from collections.abc import Iterator

from sweeps.spec.axes import Axis, AxisSpec, Section, expand, repeated
from sweeps.spec.errors import AxisError
from sweeps.spec.execution_config import ExecutionConfig, Sizing
from sweeps.spec.exits_config import AtrStop, ExitsConfig
from sweeps.spec.rules import Kind, Rule, Value
from sweeps.spec.settings import ATR_MULTIPLE, ATR_NAMES, ATR_PERIOD, EXECUTION, EXITS, SIZING, SIZING_NAMES

_SIZING_KINDS: tuple[Kind, ...] = ("text", "float")
_ATR_KINDS: tuple[Kind, ...] = ("float", "int")


def setting_axes(execution: ExecutionConfig, exits: ExitsConfig) -> list[Axis]:
    """Return one axis per setting, execution first; sizing and the ATR stop are axes of two settings.

    Raises:
        AxisError: If a sizing or an ATR stop repeats; other values were checked when the models were made.
    """
    return [*_execution_axes(execution), *_exit_axes(exits)]


def setting_kinds() -> dict[str, Kind]:
    """Return the declared type of every setting."""
    kinds: dict[str, Kind] = {name: rule.kind for name, rule in (*EXECUTION.items(), *EXITS.items())}
    kinds.update(zip(SIZING_NAMES, _SIZING_KINDS, strict=True))
    kinds.update(zip(ATR_NAMES, _ATR_KINDS, strict=True))
    return kinds


def _execution_axes(config: ExecutionConfig) -> Iterator[Axis]:
    for name, rule in EXECUTION.items():
        if name == "fee_bps":
            yield _compound(SIZING_NAMES, _sizing_rows(config.sizing), "execution", _SIZING_KINDS)
        yield _single(name, getattr(config, name), "execution", rule)


def _exit_axes(config: ExitsConfig) -> Iterator[Axis]:
    for name, rule in EXITS.items():
        if name == "max_bars":
            yield _compound(ATR_NAMES, _atr_rows(config.atr_stop), "exits", _ATR_KINDS)
        yield _single(name, getattr(config, name), "exits", rule)


def _single(name: str, spec: AxisSpec, section: Section, rule: Rule) -> Axis:
    values = expand(spec, f"{section}.{name}", rule)
    return Axis((name,), tuple((value,) for value in values), section, (rule.kind,))


def _compound(
    names: tuple[str, ...], rows: list[tuple[Value, ...]], section: Section, kinds: tuple[Kind, ...]
) -> Axis:
    key = f"{section}.{names[0].rpartition('_')[0]}"
    problems = repeated(rows, key)
    if problems:
        raise AxisError(tuple(problems))
    return Axis(names, tuple(rows), section, kinds)


def _sizing_rows(choice: Sizing | tuple[Sizing, ...]) -> list[tuple[Value, ...]]:
    rows: list[tuple[Value, ...]] = []
    for sizing in choice if isinstance(choice, tuple) else (choice,):
        if sizing.value is None:
            rows.append((sizing.kind, None))
        else:
            values = expand(sizing.value, "execution.sizing.value", SIZING[sizing.kind])
            rows += [(sizing.kind, value) for value in values]
    return rows


def _atr_rows(choice: AtrStop | str | tuple[AtrStop | str, ...]) -> list[tuple[Value, ...]]:
    """Return (multiple, period) pairs; off is one pair whatever the periods."""
    rows: list[tuple[Value, ...]] = []
    for stop in choice if isinstance(choice, tuple) else (choice,):
        if not isinstance(stop, AtrStop):
            rows.append((None, None))
            continue
        multiples = expand(stop.multiple, "exits.atr_stop.multiple", ATR_MULTIPLE)
        periods = expand(stop.period, "exits.atr_stop.period", ATR_PERIOD)
        for multiple in multiples:
            rows += [(None, None)] if multiple is None else [(multiple, period) for period in periods]
    return rows
