"""Demo: the real daily stocks of bokeh-sampledata, 2000 to 2013, unadjusted with an adjusted close."""

from importlib import import_module

import numpy as np
import pyarrow as pa

from sweeps.bars.errors import DemoMissingError
from sweeps.bars.sources.raw import RawBars
from sweeps.errors import did_you_mean

DEMO_SYMBOLS = ("AAPL", "IBM", "MSFT", "GOOG")
"""What the demo ingests when nothing is named; FB (196 bars) comes when asked for."""

ALL_SYMBOLS = (*DEMO_SYMBOLS, "FB")


def read_demo(symbol: str) -> RawBars:
    """Return one stock's daily bars; prices are to be adjusted by adj_close / close.

    Raises:
        DemoMissingError: If bokeh-sampledata is not installed.
    """
    file = f"demo {symbol}"
    if symbol not in ALL_SYMBOLS:
        reason = f"no such stock{did_you_mean(symbol, ALL_SYMBOLS) or ';'} there is {', '.join(ALL_SYMBOLS)}"
        return RawBars.unreadable(file, reason)
    try:
        stocks = import_module("bokeh_sampledata.stocks")
    except ModuleNotFoundError as error:
        raise DemoMissingError from error
    stock = getattr(stocks, symbol)
    names = {"time": "date"} | {
        name: name for name in ("open", "high", "low", "close", "volume", "adj_close")
    }
    cells = {name: pa.array(stock[key]) for name, key in names.items()}
    cells["symbol"] = pa.array([symbol] * len(stock["date"]))
    return RawBars(file, cells, np.arange(1, len(stock["date"]) + 1), tuple(stock), adjusted=True)
