"""`[execution]`: capital, fills, size and costs. Every value may be a list, numbers also a range."""

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from sweeps.spec.axes import AxisSpec, expand, read_axis
from sweeps.spec.errors import AxisError
from sweeps.spec.rules import Scalars
from sweeps.spec.section import Section, axis_of, one_or_list, refused
from sweeps.spec.settings import EXECUTION, SIZING


class Sizing(Section):
    """How large an entry is: `all_in`, or a `fraction` of equity, an amount of `cash`, or `units`."""

    kind: Literal["all_in", "fraction", "cash", "units"] = "all_in"
    value: Annotated[AxisSpec, axis_of(Scalars())] | None = None

    @model_validator(mode="after")
    def _value_suits_kind(self) -> Self:
        if self.kind == "all_in":
            if self.value is not None:
                raise refused((".value", 'kind = "all_in" takes no value; remove it, or choose another kind'))
        elif self.value is None:
            raise refused((".value", f'missing; kind = "{self.kind}" needs a value'))
        else:
            try:
                expand(read_axis(self.value, ".value"), ".value", SIZING[self.kind])
            except AxisError as error:
                raise refused(*error.problems) from None
        return self


SizingChoice = Annotated[
    Annotated[Sizing, Tag("<table>")]
    | Annotated[tuple[Sizing, ...], Tag("<list>"), Field(strict=False, min_length=1)],
    Discriminator(one_or_list, custom_error_type="table_type", custom_error_message="expected a table"),
]


class ExecutionConfig(Section):
    """How signals become fills. Rates and fees as their names say; money in quote currency."""

    initial_capital: Annotated[AxisSpec, axis_of(EXECUTION["initial_capital"])] = 100_000.0
    fill: Annotated[AxisSpec, axis_of(EXECUTION["fill"])] = "next_open"
    direction: Annotated[AxisSpec, axis_of(EXECUTION["direction"])] = "long"
    sizing: SizingChoice = Sizing()
    fee_bps: Annotated[AxisSpec, axis_of(EXECUTION["fee_bps"])] = 0.0
    fee_fixed: Annotated[AxisSpec, axis_of(EXECUTION["fee_fixed"])] = 0.0
    slippage_bps: Annotated[AxisSpec, axis_of(EXECUTION["slippage_bps"])] = 0.0
    borrow_rate: Annotated[AxisSpec, axis_of(EXECUTION["borrow_rate"])] = 0.0
    lot_size: Annotated[AxisSpec, axis_of(EXECUTION["lot_size"])] = 0.0
    risk_free_rate: Annotated[AxisSpec, axis_of(EXECUTION["risk_free_rate"])] = 0.0
    periods_per_year: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
