"""The ledger: one row of numbers per trade, written by the loop, read by metrics and trace."""

from typing import Final, NamedTuple

T_SIDE: Final = 0
T_ENTRY_BAR: Final = 1
T_EXIT_BAR: Final = 2
T_ENTRY_PRICE: Final = 3
T_EXIT_PRICE: Final = 4
T_QUANTITY: Final = 5
T_GROSS_PNL: Final = 6
T_PNL: Final = 7
T_RETURN: Final = 8
T_FEES: Final = 9
T_BORROW_COST: Final = 10
T_REASON: Final = 11
N_LEDGER: Final = 12


class Trade(NamedTuple):
    """One row of the ledger by name, in the order of the T_ numbers; ``gain`` is the return."""

    side: float
    entry_bar: float
    exit_bar: float
    entry_price: float
    exit_price: float
    quantity: float
    gross_pnl: float
    pnl: float
    gain: float
    fees: float
    borrow_cost: float
    reason: float
