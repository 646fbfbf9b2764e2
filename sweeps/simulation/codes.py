"""The numbers that stand for events, reasons, fills and sizes inside the compiled loop."""

from typing import Final

ENTER_LONG: Final = 1
ENTER_SHORT: Final = 2
EXIT_LONG: Final = 4
EXIT_SHORT: Final = 8

FILL_NEXT_OPEN: Final = 0
FILL_CLOSE: Final = 1
FILLS: Final = ("next_open", "close")

SIZE_ALL_IN: Final = 0
SIZE_FRACTION: Final = 1
SIZE_CASH: Final = 2
SIZE_UNITS: Final = 3
SIZING_KINDS: Final = ("all_in", "fraction", "cash", "units")

STAY: Final = -1
SIGNAL: Final = 0
STOP_LOSS: Final = 1
TRAILING_STOP: Final = 2
ATR_STOP: Final = 3
STRATEGY_STOP: Final = 4
TAKE_PROFIT: Final = 5
MAX_BARS: Final = 6
SESSION_END: Final = 7
RUIN: Final = 8
END_OF_DATA: Final = 9
EXIT_REASONS: Final = (
    "signal",
    "stop_loss",
    "trailing_stop",
    "atr_stop",
    "strategy_stop",
    "take_profit",
    "max_bars",
    "session_end",
    "ruin",
    "end_of_data",
)

STATUS_OK: Final = 0
STATUS_BAD_EQUITY: Final = 1
STATUS_BAD_FILL: Final = 2
STATUS_TEXTS: Final = (
    "ok",
    "equity became infinite or not a number",
    "an order's quantity became infinite or not a number",
)
