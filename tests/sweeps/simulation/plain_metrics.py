"""Every metric in plain Python, one at a time, from a plain run. Shares no code with the kernel."""

import math
import statistics

from tests.sweeps.simulation.plain_oracle import PlainRun

NAN = float("nan")


def divide(a: float, b: float) -> float:
    return a / b if b else NAN


def plain_metrics(run: PlainRun) -> dict[str, float]:
    """Return the metrics of a run that has walked; NaN is undefined."""
    settings, equity, periods = run.settings, run.equity, run.periods
    start, n = settings["initial_capital"], len(run.equity)
    before = [start, *equity[:-1]]
    returns = [now / was - 1 if was > 0 else 0.0 for now, was in zip(equity, before, strict=True)]
    risk_free = (1 + settings["risk_free_rate"]) ** (1 / periods) - 1
    excess = math.fsum(returns) / n - risk_free
    std = deviation(returns)
    downside = math.sqrt(math.fsum(min(r - risk_free, 0) ** 2 for r in returns) / n) if n > 1 else NAN
    drawdown = max(1 - now / max(start, *equity[: i + 1]) for i, now in enumerate(equity))
    cagr = (equity[-1] / start) ** (periods / n) - 1
    hold = buy_and_hold(run)
    total = equity[-1] / start - 1
    return {
        "total_return": total,
        "cagr": cagr,
        "volatility": std * math.sqrt(periods),
        "sharpe": divide(excess, std) * math.sqrt(periods),
        "sortino": divide(excess, downside) * math.sqrt(periods),
        "calmar": divide(cagr, drawdown),
        "omega": divide(math.fsum(max(r, 0) for r in returns), -math.fsum(min(r, 0) for r in returns)),
        "max_drawdown": drawdown,
        "exposure": closes_in_position(run) / n,
        "turnover": divide(traded(run), math.fsum(equity) / n) / (n / periods),
        "final_equity": equity[-1],
        "buy_hold_return": hold,
        "excess_return": total - hold,
        "beats_buy_hold": NAN if math.isnan(hold) else float(total - hold > 1e-12 * max(1.0, abs(hold))),
        "skew": moment(returns, 3),
        "kurtosis": moment(returns, 4),
        "ruined": float(run.ruined),
        "skipped_entries": float(run.skipped),
        **of_trades(run),
    }


def deviation(values: list[float]) -> float:
    """Return the standard deviation (ddof 1); 0 if it is the rounding of equal values."""
    if len(values) < 2:
        return NAN
    std = statistics.stdev(values)
    return 0.0 if std <= 1e-12 * abs(statistics.fmean(values)) else std


def moment(values: list[float], order: int) -> float:
    if len(values) > 1 and deviation(values) == 0:
        return NAN
    mean = math.fsum(values) / len(values)
    variance = math.fsum((v - mean) ** 2 for v in values) / len(values)
    return divide(math.fsum((v - mean) ** order for v in values) / len(values), variance ** (order / 2))


def closes_in_position(run: PlainRun) -> int:
    return sum(t["bars_held"] + (t["exit_reason"] == "end_of_data") for t in run.trades)


def traded(run: PlainRun) -> float:
    marks = ("end_of_data", "ruin")
    bought = math.fsum(t["quantity"] * t["entry_price"] for t in run.trades)
    return bought + math.fsum(
        t["quantity"] * t["exit_price"] for t in run.trades if t["exit_reason"] not in marks
    )


def buy_and_hold(run: PlainRun) -> float:
    if run.settings["fill"] == "next_open" and len(run.bars) < 2:
        return NAN
    free = {"sizing_kind": "all_in", "sizing_value": NAN, "stop_loss": NAN, "take_profit": NAN}
    free |= {"trailing_stop": NAN, "atr_stop_multiple": NAN, "max_bars": NAN}
    holder = PlainRun(run.bars, [1] + [0] * (len(run.bars) - 1), run.settings | free, run.periods).walk()
    return holder.equity[-1] / run.settings["initial_capital"] - 1


def of_trades(run: PlainRun) -> dict[str, float]:
    trades, count = run.trades, len(run.trades)
    gains = [t["return"] for t in trades]
    wins = [t for t in trades if t["pnl"] > 0]
    losses = [t for t in trades if t["pnl"] < 0]
    avg_win = statistics.fmean(t["return"] for t in wins) if wins else NAN
    avg_loss = statistics.fmean(t["return"] for t in losses) if losses else NAN
    rate = divide(len(wins), count)
    mean = statistics.fmean(gains) if gains else NAN
    spread = deviation(gains)
    return {
        "num_trades": float(count),
        "win_rate": rate,
        "profit_factor": divide(math.fsum(t["pnl"] for t in wins), -math.fsum(t["pnl"] for t in losses)),
        "expectancy": mean,
        "expectancy_cash": divide(math.fsum(t["pnl"] for t in trades), count),
        "avg_win": avg_win,
        "avg_loss": avg_loss,
        "best_trade": max(gains, default=NAN),
        "worst_trade": min(gains, default=NAN),
        "avg_bars_held": divide(sum(t["bars_held"] for t in trades), count),
        "total_fees": math.fsum(t["fees"] for t in trades),
        "sqn": divide(math.sqrt(count) * mean, spread),
        "kelly": rate - (1 - rate) * abs(avg_loss) / avg_win if wins and losses else NAN,
    }
