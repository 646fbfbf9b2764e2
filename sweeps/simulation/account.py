"""The account as a strategy sees it that is asked bar by bar."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sweeps.simulation.codes import STAY
from sweeps.simulation.ledger import T_EXIT_BAR, T_PNL, T_REASON, T_RETURN
from sweeps.simulation.position import Position

Floats = npt.NDArray[np.float64]


class Account(NamedTuple):
    """What is known of a run when its strategy is asked; bars are counted as ``t`` counts them.

    Attributes:
        side: 1 long, -1 short, 0 flat. Returning it changes nothing.
        quantity: Units held, >= 0.
        entry_price: Price of the entry's fill, slippage inside; NaN while flat.
        entry_bar: Bar of the entry's fill; -1 while flat.
        equity: Account value at this close, quote currency.
        trades: Trades closed so far.
        last_pnl: Profit of the last closed trade after costs, quote currency; NaN before the first.
        last_return: The same over its entry notional, fraction; NaN before the first.
        last_exit_bar: Bar of its exit; -1 before the first.
        last_reason: Place of its reason in ``EXIT_REASONS``; -1 before the first.
    """

    side: int
    quantity: float
    entry_price: float
    entry_bar: int
    equity: float
    trades: int
    last_pnl: float
    last_return: float
    last_exit_bar: int
    last_reason: int


ACCOUNT_SLOTS: Final = len(Account._fields)


@njit(error_model="numpy")
def forget_account(account: Floats) -> None:
    """Make a row of ACCOUNT_SLOTS floats the account of no run."""
    account[:] = np.nan


@njit(error_model="numpy")
def note_account(
    account: Floats, position: Position, equity: float, ledger: Floats, trades: int, first: int
) -> None:
    """Write an `Account` into a row of ACCOUNT_SLOTS floats; ``first`` is what the window's bar 0 is called.

    Between entries and exits only the equity changes: the rest is written when the side or the trades did,
    which makes a run faster by a third. A new run begins by `forget_account`.
    """
    account[4] = equity
    if account[5] == trades and account[0] == position.side:
        return
    held = position.side != 0.0
    account[0] = position.side
    account[1] = position.quantity
    account[2] = position.entry_price if held else np.nan
    account[3] = position.entry_bar + first if held else -1.0
    account[5] = trades
    if trades == 0:
        account[6] = account[7] = np.nan
        account[8] = -1.0
        account[9] = STAY
    else:
        last = ledger[trades - 1]
        account[6] = last[T_PNL]
        account[7] = last[T_RETURN]
        account[8] = last[T_EXIT_BAR] + first
        account[9] = last[T_REASON]
