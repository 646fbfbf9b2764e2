"""Every execution and exit setting, in axis order, with what its values may be."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sweeps.spec.rules import Numbers, Rule, SessionEnds, one_of

SIZING_KINDS: Final = ("all_in", "fraction", "cash", "units")

_SHARE = "write 5 % as 0.05"
_BPS = "a basis point is 0.0001"
_STOP = Numbers(above=0, below=1, off=True, remedy=_SHARE)

EXECUTION: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "initial_capital": Numbers(above=0),
        "fill": one_of(("next_open", "close")),
        "direction": one_of(("long", "short", "both")),
        "fee_bps": Numbers(at_least=0, below=10_000, remedy=_BPS),
        "fee_fixed": Numbers(at_least=0),
        "slippage_bps": Numbers(at_least=0, below=10_000, remedy=_BPS),
        "borrow_rate": Numbers(at_least=0, remedy="a fraction a year; " + _SHARE),
        "lot_size": Numbers(at_least=0, remedy="0 allows fractions"),
        "risk_free_rate": Numbers(above=-1, remedy="a fraction a year; " + _SHARE),
    }
)
"""The scalar settings of `[execution]`; the sizing axis stands before `fee_bps`."""

SIZING: Final[Mapping[str, Numbers]] = MappingProxyType(
    {
        "fraction": Numbers(above=0, at_most=1, remedy="half of the equity is 0.5"),
        "cash": Numbers(above=0),
        "units": Numbers(above=0),
    }
)
"""What `sizing.value` may be, by kind; `all_in` has no value."""

EXITS: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "stop_loss": _STOP,
        "take_profit": Numbers(above=0, off=True),
        "trailing_stop": _STOP,
        "max_bars": Numbers(whole=True, at_least=1, off=True),
        "session_end": SessionEnds(),
    }
)
"""The scalar settings of `[exits]`; the ATR stop's axis stands before `max_bars`."""

ATR_MULTIPLE: Final = Numbers(above=0, off=True)
ATR_PERIOD: Final = Numbers(whole=True, at_least=1, at_most=100_000)

SIZING_NAMES: Final = ("sizing_kind", "sizing_value")
ATR_NAMES: Final = ("atr_stop_multiple", "atr_stop_period")

SETTING_NAMES: Final = (*EXECUTION, *SIZING_NAMES, *EXITS, *ATR_NAMES)
"""Names that no strategy parameter may have."""
