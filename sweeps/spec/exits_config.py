"""`[exits]`: what closes a position besides its strategy. Values may be lists or ranges; "off" is without."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from sweeps.spec.axes import AxisSpec
from sweeps.spec.section import Section, axis_of, one_or_list
from sweeps.spec.settings import ATR_MULTIPLE, ATR_PERIOD, EXITS

Off = Literal["off"]


class AtrStop(Section):
    """A stop that is `multiple` times the average true range of `period` bars away."""

    multiple: Annotated[AxisSpec, axis_of(ATR_MULTIPLE)]
    period: Annotated[AxisSpec, axis_of(ATR_PERIOD)] = 14


_AtrStopItem = Annotated[
    Annotated[AtrStop, Tag("<table>")] | Annotated[Off, Tag("<word>")], Discriminator(one_or_list)
]
AtrStopChoice = Annotated[
    Annotated[AtrStop, Tag("<table>")]
    | Annotated[Off, Tag("<word>")]
    | Annotated[tuple[_AtrStopItem, ...], Tag("<list>"), Field(strict=False, min_length=1)],
    Discriminator(one_or_list),
]


class ExitsConfig(Section):
    """Distances are fractions of the entry price; all off unless asked for."""

    stop_loss: Annotated[AxisSpec, axis_of(EXITS["stop_loss"])] = "off"
    take_profit: Annotated[AxisSpec, axis_of(EXITS["take_profit"])] = "off"
    trailing_stop: Annotated[AxisSpec, axis_of(EXITS["trailing_stop"])] = "off"
    atr_stop: AtrStopChoice = "off"
    max_bars: Annotated[AxisSpec, axis_of(EXITS["max_bars"])] = "off"
    session_end: Annotated[AxisSpec, axis_of(EXITS["session_end"])] = "off"
