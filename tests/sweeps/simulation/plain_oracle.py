"""One backtest in plain Python, written from the semantics page alone. Slow, long-handed, shares no code."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

LONG, SHORT, LEAVE_LONG, LEAVE_SHORT = 1, 2, 4, 8


def is_on(value: float) -> bool:
    return not math.isnan(value)


@dataclass
class Holding:
    direction: str
    quantity: float
    price: float
    fee: float
    bar: int
    base: float
    peak: float
    stops: list[tuple[str, float]]
    borrow: float = 0.0


@dataclass
class PlainRun:
    """One account walking over the bars; `walk` fills trades and equity."""

    bars: Sequence[tuple[float, float, float, float]]
    events: Sequence[int]
    settings: dict[str, Any]
    periods: float
    stop_distance: Sequence[float] | None = None
    atr: Sequence[float] | None = None
    session_last: Sequence[bool] | None = None
    trades: list[dict[str, Any]] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    skipped: int = 0
    ruined: bool = False
    holding: Holding | None = None

    def walk(self) -> "PlainRun":
        self.cash = self.settings["initial_capital"]
        self.fee = self.settings["fee_bps"] / 1e4
        self.slip = self.settings["slippage_bps"] / 1e4
        next_open = self.settings["fill"] == "next_open"
        for i, (open_, high, low, close) in enumerate(self.bars):
            if next_open and i > 0:
                self.obey_exit(self.events[i - 1], i, open_)
                self.obey_entry(self.events[i - 1], i - 1, i, open_)
            closed_by_level = self.check_levels(i, open_, high, low)
            if self.holding and self.holding.direction == "short":
                owed = self.holding.quantity * close * (self.settings["borrow_rate"] / self.periods)
                self.cash -= owed
                self.holding.borrow += owed
            if not next_open:
                self.obey_exit(self.events[i], i, close)
            last_of_session = self.session_last is not None and self.session_last[i]
            if last_of_session and self.holding:
                self.sell_out(i, close, "session_end")
            if not next_open and not closed_by_level and not last_of_session:
                self.obey_entry(self.events[i], i, i, close)
            self.equity.append(self.worth(close))
            if self.equity[-1] <= 0:
                self.ruined = True
                if self.holding:
                    self.write(i, close, 0.0, "ruin")
                self.equity[-1:] = [0.0] * (len(self.bars) - i)
                return self
        if self.holding:
            self.write(len(self.bars) - 1, self.bars[-1][3], 0.0, "end_of_data")
        return self

    def worth(self, price: float) -> float:
        if not self.holding:
            return self.cash
        value = self.holding.quantity * price
        return self.cash + value if self.holding.direction == "long" else self.cash - value

    def obey_exit(self, event: int, bar: int, price: float) -> None:
        held = self.holding
        if held is None:
            return
        leaves = LEAVE_LONG | SHORT if held.direction == "long" else LEAVE_SHORT | LONG
        if event & leaves:
            self.sell_out(bar, price, "signal")
        elif is_on(self.settings["max_bars"]) and bar - held.bar >= self.settings["max_bars"]:
            self.sell_out(bar, price, "max_bars")

    def obey_entry(self, event: int, signal_bar: int, bar: int, market: float) -> None:
        if self.holding or not event & (LONG | SHORT):
            return
        long = bool(event & LONG)
        away = -1 if long else 1
        stops = []
        if is_on(self.settings["stop_loss"]):
            stops.append(("stop_loss", market * (1 + away * self.settings["stop_loss"])))
        if is_on(self.settings["atr_stop_multiple"]):
            atr = self.atr[signal_bar]
            if not math.isfinite(atr) or atr <= 0:
                return
            stops.append(("atr_stop", market + away * self.settings["atr_stop_multiple"] * atr))
        if self.stop_distance is not None:
            distance = self.stop_distance[signal_bar]
            if not math.isfinite(distance) or distance <= 0:
                return
            stops.append(("strategy_stop", market + away * distance))
        price = market * (1 + self.slip) if long else market * (1 - self.slip)
        quantity = self.size(price)
        cost = quantity * price * (1 + self.fee) + self.settings["fee_fixed"]
        if quantity <= 0 or cost > self.cash * (1 + 1e-12):
            self.skipped += 1
            return
        fee = quantity * price * self.fee + self.settings["fee_fixed"]
        self.cash += (-quantity * price if long else quantity * price) - fee
        direction = "long" if long else "short"
        self.holding = Holding(direction, quantity, price, fee, bar, market, market, stops)

    def size(self, price: float) -> float:
        kind, value, fixed = (self.settings[k] for k in ("sizing_kind", "sizing_value", "fee_fixed"))
        with_fee = price * (1 + self.fee)
        quantity = {
            "all_in": (self.cash - fixed) / with_fee,
            "fraction": (value * self.cash - fixed) / with_fee,
            "cash": (value - fixed) / with_fee,
            "units": value,
        }[kind]
        lot = self.settings["lot_size"]
        return math.floor(quantity / lot * (1 + 1e-12)) * lot if lot > 0 else quantity

    def check_levels(self, bar: int, open_: float, high: float, low: float) -> bool:
        held = self.holding
        if held is None:
            return False
        long = held.direction == "long"
        stops = list(held.stops)
        if is_on(self.settings["trailing_stop"]):
            away = -1 if long else 1
            stops.append(("trailing_stop", held.peak * (1 + away * self.settings["trailing_stop"])))
        order = ("stop_loss", "trailing_stop", "atr_stop", "strategy_stop")
        stops.sort(key=lambda stop: (-stop[1] if long else stop[1], order.index(stop[0])))
        if stops:
            reason, level = stops[0]
            if open_ <= level if long else open_ >= level:
                self.sell_out(bar, open_, reason)
                return True
            if low <= level if long else high >= level:
                self.sell_out(bar, level, reason)
                return True
        gain = self.settings["take_profit"]
        if is_on(gain):
            level = held.base * (1 + gain) if long else held.base * (1 - gain)
            if open_ >= level if long else open_ <= level:
                self.sell_out(bar, open_, "take_profit")
                return True
            if high >= level if long else low <= level:
                self.sell_out(bar, level, "take_profit")
                return True
        held.peak = max(held.peak, high) if long else min(held.peak, low)
        return False

    def sell_out(self, bar: int, market: float, reason: str) -> None:
        held = self.holding
        long = held.direction == "long"
        slip = 0.0 if reason == "take_profit" else self.slip
        price = market * (1 - slip) if long else market * (1 + slip)
        fee = held.quantity * price * self.fee + self.settings["fee_fixed"]
        self.cash += (held.quantity * price if long else -held.quantity * price) - fee
        self.write(bar, price, fee, reason)

    def write(self, bar: int, price: float, fee: float, reason: str) -> None:
        held = self.holding
        move = price - held.price if held.direction == "long" else held.price - price
        gross = held.quantity * move
        pnl = gross - held.fee - fee - held.borrow
        self.trades.append(
            {
                "side": 1 if held.direction == "long" else -1,
                "entry_bar": held.bar,
                "exit_bar": bar,
                "entry_price": held.price,
                "exit_price": price,
                "quantity": held.quantity,
                "gross_pnl": gross,
                "pnl": pnl,
                "return": pnl / (held.quantity * held.price),
                "fees": held.fee + fee,
                "borrow_cost": held.borrow,
                "bars_held": bar - held.bar,
                "exit_reason": reason,
                **self.excursion(held, bar, price, reason),
            }
        )
        self.holding = None

    def excursion(self, held: Holding, bar: int, price: float, reason: str) -> dict[str, float]:
        at_open = self.settings["fill"] == "next_open"
        seen: list[float] = []
        for i in range(held.bar, bar + 1):
            open_, high, low, _ = self.bars[i]
            if i == held.bar and not at_open:
                continue
            if i == bar and at_open and reason in ("signal", "max_bars"):
                seen += [open_]
            elif i == bar and (reason.endswith(("_stop", "_loss")) or reason == "take_profit"):
                seen += [open_, price]
            else:
                seen += [high, low]
        sign = 1 if held.direction == "long" else -1
        moves = [sign * (p / held.price - 1) for p in seen] + [0.0]
        return {"mae": min(moves), "mfe": max(moves)}
