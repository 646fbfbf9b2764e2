"""Columns: the one home of every name, type, unit and meaning that the lake stores."""

from dataclasses import dataclass

import pyarrow as pa

TEXT = pa.string()
TIME = pa.timestamp("us", "UTC")
DOUBLE = pa.float64()
SINGLE = pa.float32()
INTEGER = pa.int32()
COUNT = pa.int64()
FLAG = pa.bool_()
DATE = pa.date32()
BLOCKS = pa.list_(pa.float32())
NUMBERS = pa.list_(pa.int32())


@dataclass(frozen=True)
class Column:
    """One stored column.

    Attributes:
        name: Column name, as in SQL.
        type: Arrow type in the files.
        unit: What one unit of it is; "" for text and flags.
        meaning: One line for people.
        better: +1 if higher is better, -1 if lower is better, 0 if the column does not rank runs.
    """

    name: str
    type: pa.DataType
    unit: str
    meaning: str
    better: int = 0


def _metric(name: str, unit: str, meaning: str, better: int = 1, kind: pa.DataType = DOUBLE) -> Column:
    return Column(name, kind, unit, meaning, better)


# float32 where nobody needs more digits to tell runs apart: averages and extremes of trades, shares, shapes.
METRICS = (
    _metric("total_return", "fraction", "final equity / initial capital - 1"),
    _metric("cagr", "fraction a year", "(final / initial)^(A / bars) - 1"),
    _metric("volatility", "fraction a year", "std(ddof 1) of bar returns x sqrt(A)", -1),
    _metric("sharpe", "ratio a year", "mean / std(ddof 1) of returns above risk_free_rate x sqrt(A)"),
    _metric("sortino", "ratio a year", "mean / downside deviation over all bars x sqrt(A)"),
    _metric("calmar", "ratio a year", "cagr / max_drawdown"),
    _metric("omega", "ratio", "sum of gains / sum of losses of bar returns, threshold 0"),
    _metric("max_drawdown", "fraction", "deepest peak-to-trough loss, positive", -1),
    _metric("num_trades", "trades", "trades, the open one at the end included", 1, INTEGER),
    _metric("win_rate", "fraction", "trades with a profit after costs / trades"),
    _metric("profit_factor", "ratio", "sum of winning pnl / sum of losing pnl"),
    _metric("expectancy", "fraction", "mean trade return after costs"),
    _metric("expectancy_cash", "quote currency", "mean trade pnl after costs"),
    _metric("avg_win", "fraction", "mean return of winning trades; float32", kind=SINGLE),
    _metric("avg_loss", "fraction", "mean return of losing trades, negative; float32", kind=SINGLE),
    _metric("best_trade", "fraction", "highest trade return; float32", kind=SINGLE),
    _metric("worst_trade", "fraction", "lowest trade return; float32", kind=SINGLE),
    _metric("avg_bars_held", "bars", "mean bars from entry to exit; float32", 0, kind=SINGLE),
    _metric("exposure", "fraction", "share of closes in position; float32", 0, kind=SINGLE),
    _metric("turnover", "a year", "traded notional / mean equity / years; float32", -1, kind=SINGLE),
    _metric("total_fees", "quote currency", "fees of all fills", -1),
    _metric("final_equity", "quote currency", "account value after the last bar"),
    _metric("buy_hold_return", "fraction", "all-in at the window's first fill, marked at the last close", 0),
    _metric("excess_return", "fraction", "total_return - buy_hold_return"),
    _metric("beats_buy_hold", "", "whether total_return is above buy_hold_return", 1, FLAG),
    _metric("skew", "", "population skewness of bar returns; float32", kind=SINGLE),
    _metric("kurtosis", "", "population kurtosis of bar returns, raw (normal = 3); float32", -1, kind=SINGLE),
    _metric("sqn", "", "sqrt(n) x mean / std(ddof 1) of trade returns"),
    _metric("kelly", "fraction", "win_rate - (1 - win_rate) x |avg_loss| / avg_win"),
    _metric("ruined", "", "whether equity fell to zero", -1, FLAG),
    _metric("skipped_entries", "entries", "entries skipped because they exceed free cash", -1, INTEGER),
)

SWEEP_ID = Column("sweep_id", TEXT, "", "the sweep; sorts by start time")
RUN_ID = Column("run_id", TEXT, "", "content address of the run: the same inputs always give the same id")
STRATEGY = Column("strategy", TEXT, "", "strategy name")
SYMBOL = Column("symbol", TEXT, "", "symbol of the bars")
TIMEFRAME = Column("timeframe", TEXT, "", "timeframe of the bars, e.g. 1d")
DAY = Column("date", DATE, "UTC day", "the day the sweep started; a matter of layout, not for filters")

RUN = (
    SWEEP_ID,
    RUN_ID,
    TIMEFRAME,
    Column("role", TEXT, "", "full, in_sample or out_of_sample"),
    Column("span", INTEGER, "", "number of the walk-forward's span that it ran on; NULL if role is full"),
    Column("splits", NUMBERS, "", "numbers of the splits that chose it; NULL unless role is out_of_sample"),
    Column("created_at", TIME, "UTC", "when the run was computed"),
    Column("period_start", TIME, "UTC", "time of the window's first bar"),
    Column("period_end", TIME, "UTC", "time of the window's last bar"),
    Column("n_bars", INTEGER, "bars", "bars in the window"),
    Column("periods_per_year", DOUBLE, "bars a year", "A in the formulas"),
    Column("duration_sec", DOUBLE, "seconds", "compute time: the block's, divided by its runs"),
)
BLOCK_STATISTICS = (
    Column(
        "block_sums",
        BLOCKS,
        "fraction",
        "sum of bar returns in 16 blocks of equal bar count; float32; NULL if switched off",
    ),
    Column(
        "block_sumsqs",
        BLOCKS,
        "fraction^2",
        "sum of squared bar returns in the same blocks; float32; NULL if switched off",
    ),
)
TRADES = (
    SWEEP_ID,
    RUN_ID,
    Column("trade", INTEGER, "", "number of the trade in its run, from 1"),
    Column("side", TEXT, "", "long or short"),
    Column("entry_time", TIME, "UTC", "time of the bar that filled the entry"),
    Column("exit_time", TIME, "UTC", "time of the bar that filled the exit"),
    Column("entry_price", DOUBLE, "quote currency", "fill price, slippage included"),
    Column("exit_price", DOUBLE, "quote currency", "fill price, slippage included"),
    Column("quantity", DOUBLE, "units", "size of the position, positive"),
    Column("gross_pnl", DOUBLE, "quote currency", "profit at fill prices, before fees and borrow"),
    Column("pnl", DOUBLE, "quote currency", "profit after all costs"),
    Column("return", DOUBLE, "fraction", "pnl / entry notional"),
    Column("fees", DOUBLE, "quote currency", "fees of entry and exit"),
    Column("borrow_cost", DOUBLE, "quote currency", "accrued on short notional"),
    Column("bars_held", INTEGER, "bars", "bars from entry to exit"),
    Column("mae", DOUBLE, "fraction", "maximum adverse excursion from the entry price, at most 0"),
    Column("mfe", DOUBLE, "fraction", "maximum favourable excursion from the entry price, at least 0"),
    Column(
        "exit_reason",
        TEXT,
        "",
        "signal, stop_loss, trailing_stop, atr_stop, strategy_stop, take_profit, max_bars, session_end, "
        "ruin or end_of_data",
    ),
    Column("entry_indicators", TEXT, "JSON", "the strategy's named values at the entry signal"),
    Column("exit_indicators", TEXT, "JSON", "the strategy's named values at the exit bar"),
)
EQUITY = (
    SWEEP_ID,
    RUN_ID,
    Column("time", TIME, "UTC", "bar"),
    Column("equity", DOUBLE, "quote currency", "account value at the close"),
    Column("drawdown", DOUBLE, "fraction", "loss from the peak so far, positive"),
    Column("position", DOUBLE, "units", "position at the close, negative when short"),
)
DETAILS = (
    SWEEP_ID,
    RUN_ID,
    Column("trades", INTEGER, "rows", "rows of this run in trades"),
    Column("equity_rows", INTEGER, "rows", "rows of this run in equity"),
    Column("ulcer_index", DOUBLE, "fraction", "root mean square of drawdowns"),
    Column("avg_drawdown", DOUBLE, "fraction", "mean depth of the drawdown episodes"),
    Column("max_drawdown_bars", INTEGER, "bars", "longest time under water"),
    Column("avg_drawdown_bars", DOUBLE, "bars", "mean time under water of the episodes"),
)
_CAUSES = "raised, bad_signals, bad_result, not_finite, timeout, memory, crashed, worker_lost"
FAILURES = (
    SWEEP_ID,
    RUN_ID,
    STRATEGY,
    SYMBOL,
    TIMEFRAME,
    Column("created_at", TIME, "UTC", "when it failed"),
    Column("params", TEXT, "JSON", "the run's parameters"),
    Column("cause", TEXT, "", f"kind of failure: {_CAUSES}"),
    Column("error", TEXT, "", "the error's own message"),
    Column("traceback", TEXT, "", "where it was raised"),
)
SWEEPS = (
    SWEEP_ID,
    Column("at", TIME, "UTC", "when this state was recorded"),
    Column(
        "status",
        TEXT,
        "",
        "running, finished, finished_with_failures, interrupted, cancelled, failed, removed",
    ),
    Column("name", TEXT, "", "the configuration's name"),
    Column("owner", TEXT, "", "who started it"),
    STRATEGY,
    Column("symbols", pa.list_(TEXT), "", "symbols it covers"),
    TIMEFRAME,
    Column("started_at", TIME, "UTC", "start"),
    Column("seconds", DOUBLE, "seconds", "wall time so far"),
    Column("runs", COUNT, "runs", "runs of the whole sweep"),
    Column("computed", COUNT, "runs", "computed by this sweep"),
    Column("reused", COUNT, "runs", "carried over from other sweeps"),
    Column("failed", COUNT, "runs", "in failures"),
    Column("fresh", FLAG, "", "whether it computes every run, also those that the lake had"),
    Column("simulation_version", INTEGER, "", "version of the rules that the numbers follow"),
    Column("strategy_code", TEXT, "", "hash of the strategy's code"),
    Column("strategy_source", TEXT, "JSON", "what is needed to load the strategy again"),
    Column("parameters", TEXT, "JSON", "parameter columns of this sweep: name, column, kind"),
    Column("config", TEXT, "JSON", "the configuration as validated"),
    Column("splits", TEXT, "JSON", "a walk-forward's spans and splits; NULL for other sweeps"),
    Column("bars", TEXT, "JSON", "per symbol: fingerprint, window and files that were read"),
    Column("versions", TEXT, "JSON", "library versions"),
    Column(
        "trials", TEXT, "JSON", "by symbol and over all: trials, mean and variance of their Sharpe ratios"
    ),
    Column("error", TEXT, "", "why it failed"),
)
REMOVALS = (
    SWEEP_ID,
    Column("run_id", TEXT, "", "the run; NULL for the whole sweep"),
    Column("removed_at", TIME, "UTC", "when it was removed"),
    Column("runs", COUNT, "runs", "runs that went"),
    Column("reason", TEXT, "", "the policy's line, or the command"),
    Column("scope", TEXT, "", "what went: sweep, runs, or failures alone"),
)
BARS = (
    Column("time", TIME, "UTC", "open time of the bar"),
    Column("open", DOUBLE, "quote currency", "first price"),
    Column("high", DOUBLE, "quote currency", "highest price"),
    Column("low", DOUBLE, "quote currency", "lowest price"),
    Column("close", DOUBLE, "quote currency", "last price"),
    Column("volume", DOUBLE, "units", "traded volume"),
    Column("adjusted", FLAG, "", "whether prices are adjusted for splits and dividends"),
    Column("session_tz", TEXT, "", "time zone of the trading session"),
    Column("periods_per_year", DOUBLE, "bars a year", "inferred at ingest"),
    Column("fingerprint", TEXT, "", "hash of the symbol's bars"),
    Column("ingested_at", TIME, "UTC", "when the file was written"),
)
