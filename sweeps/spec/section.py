"""What every table of the configuration shares: frozen, nothing unknown, nothing coerced."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from sweeps.errors import SweepError
from sweeps.spec.axes import AxisSpec, expand, read_axis
from sweeps.spec.errors import AxisError, Problem
from sweeps.spec.rules import Rule, shown

REFUSED = "refused"
"""The type of our own pydantic errors; their context holds problems with keys relative to the field."""


class Section(BaseModel):
    """A frozen table of the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class ReadBy:
    """Annotates a field that one function reads whole; it is written back as it stands."""

    read: Callable[[object], Any]

    def __get_pydantic_core_schema__(self, _source: Any, _handler: Any) -> CoreSchema:
        """Tell pydantic to call `read` and nothing else."""
        return core_schema.no_info_plain_validator_function(self.read)


def refused(*problems: Problem) -> PydanticCustomError:
    """Return the error that carries problems through pydantic; keys are relative: ``, `[2]` or `.step`."""
    return PydanticCustomError(REFUSED, "refused", {"problems": problems})


def axis_of(rule: Rule) -> ReadBy:
    """Return the validator of a field that may be a scalar, a list or a range: then it is an axis."""

    def validate(raw: object) -> AxisSpec:
        try:
            spec = read_axis(raw, "")
            expand(spec, "", rule)
        except AxisError as error:
            raise refused(*error.problems) from None
        return spec

    return ReadBy(validate)


def one_or_list(raw: object) -> str:
    """Tag what may be "off", a table, or a list of these; the tags never show in a key."""
    if isinstance(raw, str):
        return "<word>"
    return "<list>" if isinstance(raw, (list, tuple)) else "<table>"


def checked(check: Callable[[Any], Any], wanted: str) -> ReadBy:
    """Return the validator of one text field, by a function that raises on what it cannot take."""

    def validate(raw: object) -> Any:
        if not isinstance(raw, str):
            raise refused(("", f"expected {wanted}, got {shown(raw)}"))
        try:
            check(raw)
        except (SweepError, ValueError) as error:
            raise refused(("", str(error))) from None
        return raw

    return ReadBy(validate)
