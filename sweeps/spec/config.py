"""The configuration of a sweep: one TOML file, read whole or refused with every problem at once."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, PrivateAttr, ValidationError, field_validator
from pydantic import ValidationInfo as Info

from sweeps.spec.axes import AxisSpec
from sweeps.spec.details_config import DetailsConfig
from sweeps.spec.errors import ConfigError
from sweeps.spec.execution_config import ExecutionConfig, Sizing
from sweeps.spec.exits_config import AtrStop, ExitsConfig
from sweeps.spec.explain import problems_of
from sweeps.spec.limits_config import LimitsConfig
from sweeps.spec.rules import Scalars, shown
from sweeps.spec.sample_config import SampleConfig
from sweeps.spec.section import ReadBy, Section, axis_of, checked, refused
from sweeps.spec.timeframe import timeframe_micros
from sweeps.spec.toml import read_toml
from sweeps.spec.walk_forward_config import WalkForwardConfig
from sweeps.spec.where import check_syntax

__all__ = ["ConfigError", "SweepConfig", "load_config", "parse_config"]

_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def _instant(raw: object) -> datetime:
    moment = raw
    if isinstance(raw, str):
        try:
            moment = datetime.fromisoformat(raw)
        except ValueError:
            moment = None
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if not isinstance(moment, datetime):
        raise refused(("", f"expected a date, such as 2001-01-01, got {shown(raw)}"))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _symbols(raw: object) -> object:
    if isinstance(raw, str) and raw != "*":
        raise refused(("", f'expected a list or "*", got {shown(raw)}; write [{shown(raw)}]'))
    if raw == "*":
        return raw
    if not isinstance(raw, (list, tuple)):
        raise refused(("", f'expected a list or "*", got {shown(raw)}'))
    if not raw:
        raise refused(("", 'empty; name at least one symbol, or write "*" for all'))
    problems = [
        (f"[{at}]", f"expected text, got {shown(symbol)}")
        for at, symbol in enumerate(raw)
        if not isinstance(symbol, str) or not symbol.strip()
    ]
    problems += [
        (f"[{at}]", f"{shown(symbol)} appears twice; remove one")
        for at, symbol in enumerate(raw)
        if symbol in raw[:at]
    ]
    if problems:
        raise refused(*problems)
    return tuple(raw)


def _column(raw: str) -> None:
    if not _COLUMN.fullmatch(raw):
        raise ValueError(f"expected a column name of letters, digits and _, got {shown(raw)}")


Instant = Annotated[datetime, ReadBy(_instant)]
Symbols = Annotated[Literal["*"] | tuple[str, ...], ReadBy(_symbols)]
Name = Annotated[str, Field(min_length=1)]
Weight = Annotated[float, Field(allow_inf_nan=False)]
Column = Annotated[str, checked(_column, "a column name")]


class SweepConfig(Section):
    """A sweep as its file describes it; times are UTC, `start` inclusive, `end` exclusive."""

    name: Name
    strategy: Name
    symbols: Symbols
    timeframe: Annotated[str, checked(timeframe_micros, 'a timeframe such as "1d"')]
    start: Instant | None = None
    end: Instant | None = None
    where: Annotated[str, checked(check_syntax, "a condition in quotes")] | None = None
    grid: dict[str, Annotated[AxisSpec, axis_of(Scalars())]] = Field(default_factory=dict)
    sample: SampleConfig | None = None
    walk_forward: WalkForwardConfig | None = None
    execution: ExecutionConfig = ExecutionConfig()
    exits: ExitsConfig = ExitsConfig()
    score: dict[str, Weight] | None = None
    details: DetailsConfig = DetailsConfig()
    limits: LimitsConfig = LimitsConfig()
    columns: dict[str, Column] = Field(default_factory=dict)

    _source: str = PrivateAttr(default="configuration")

    @property
    def source(self) -> str:
        """The file that it was read from, as errors name it."""
        return self._source

    def to_document(self) -> dict[str, Any]:
        """Return the configuration as JSON-able data that `parse_config` reads back to an equal one."""
        return self.model_dump(mode="json", exclude_none=True)

    @field_validator("end")
    @classmethod
    def _end_after_start(cls, end: datetime | None, info: Info) -> datetime | None:
        start = info.data.get("start")
        if start is not None and end is not None and end <= start:
            raise refused(("", f"must be after start, {start:%Y-%m-%d %H:%M}; swap them, or remove one"))
        return end

    @field_validator("score")
    @classmethod
    def _score_weighs_something(cls, score: dict[str, float] | None) -> dict[str, float] | None:
        if score is not None and not score:
            raise refused(("", "empty; weigh at least one metric, or remove [score]"))
        return score


_TABLES: Final[Mapping[str, type[Section]]] = {
    "": SweepConfig,
    "sample": SampleConfig,
    "walk_forward": WalkForwardConfig,
    "execution": ExecutionConfig,
    "execution.sizing": Sizing,
    "exits": ExitsConfig,
    "exits.atr_stop": AtrStop,
    "details": DetailsConfig,
    "limits": LimitsConfig,
}
_EXAMPLES: Final = {
    "name": 'name = "SMA cross on four stocks"',
    "strategy": 'strategy = "sma_cross"',
    "symbols": 'symbols = ["AAPL", "IBM"]',
    "timeframe": 'timeframe = "1d"',
    "sample.n": "n = 1000",
    "exits.atr_stop.multiple": "multiple = 2.0",
}


def parse_config(data: Mapping[str, Any], source: str) -> SweepConfig:
    """Validate a configuration.

    Args:
        data: The document, as TOML or `SweepConfig.to_document` gives it.
        source: What errors call it.

    Raises:
        ConfigError: With every problem.
    """
    try:
        config = SweepConfig.model_validate(dict(data))
    except ValidationError as error:
        raise ConfigError(source, problems_of(error, _TABLES, _EXAMPLES)) from None
    config._source = source  # noqa: SLF001  the one place where a configuration is made
    return config


def load_config(path: Path) -> SweepConfig:
    """Read and validate a configuration file.

    Raises:
        ConfigError: If there is no such file, it is not TOML, or anything in it is wrong.
    """
    return parse_config(read_toml(path, ConfigError), str(path))
