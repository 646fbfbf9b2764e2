"""Proof that a strategy takes columns, as it declares."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sweeps.bars.frame import Bars
from sweeps.simulation.hopping.packing import BOTH, KINDS, LONG, LONG_KINDS, words_of
from sweeps.strategies.column_orders import ColumnOrders
from sweeps.strategies.contract import Strategy
from sweeps.strategies.ctrl_c import pass_ctrl_c_on
from sweeps.strategies.errors import ColumnsRefusedError, TooManyRowsError
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.orders import OrderBook
from sweeps.strategies.questions import Questions, exact_column


def prove_columns(strategy: Strategy, bars: Bars, parameter_sets: Sequence[Mapping[str, Any]]) -> None:
    """Return if a strategy that declares columns answers some sets at once as it answers them alone.

    Args:
        strategy: What is put to the proof; one that does not declare columns passes.
        bars: Real bars of one symbol.
        parameter_sets: Values of every parameter by name, for which the strategy works alone.

    Raises:
        ColumnsRefusedError: If it raises when it is asked for all of them at once.
        ColumnsDifferError: If its orders are others then.
    """
    sets = len(parameter_sets)
    if not strategy.columns or sets < 2:
        return
    columns = {name: exact_column([one[name] for one in parameter_sets]) for name in parameter_sets[0]}
    direction, kinds = (BOTH, KINDS) if strategy.short else (LONG, LONG_KINDS)
    asked = Questions(columns, np.full(sets, direction))
    ind = Indicators(bars)
    try:
        ColumnOrders(strategy, ind, 0, asked)
    except TooManyRowsError:
        return
    except BaseException as error:
        pass_ctrl_c_on(error)
        raise ColumnsRefusedError(strategy.name, f"{type(error).__name__}: {error}") from error
    OrderBook(strategy, ind, 0, np.empty((sets, kinds, words_of(len(bars))), np.uint64)).ask(asked)
