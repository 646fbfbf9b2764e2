"""The grids that are measured, all with fills at the close and fees."""

from typing import Any

COSTS = {"fill": "close", "fee_bps": 5.0}
CROSS = {"fast": {"start": 1, "stop": 199, "step": 1}, "slow": {"start": 2, "stop": 200, "step": 1}}
FEW = {"fast": {"start": 5, "stop": 50, "step": 5}, "slow": {"start": 60, "stop": 250, "step": 10}}
MANY_EXITS = {
    "stop_loss": {"start": 0.01, "stop": 0.1, "step": 0.01},
    "take_profit": {"start": 0.02, "stop": 0.2, "step": 0.02},
}
RSI = {
    "rsi_period": {"start": 2, "stop": 31, "step": 1},
    "oversold": {"start": 15, "stop": 40, "step": 1},
    "overbought": {"start": 60, "stop": 85, "step": 1},
}
BOLLINGER = {
    "window": {"start": 10, "stop": 200, "step": 2},
    "entry_z": {"start": 1.0, "stop": 3.0, "step": 0.01},
    "k_sl": [1000.0],
}
CASES: dict[str, dict[str, Any]] = {
    "SMA cross, signals only": {"strategy": "sma_cross", "grid": CROSS, "where": "fast < slow"},
    "SMA cross, stop and target": {
        "strategy": "sma_cross",
        "grid": CROSS,
        "where": "fast < slow",
        "exits": {"stop_loss": 0.05, "take_profit": 0.1},
    },
    "SMA cross, trailing stop and target": {
        "strategy": "sma_cross",
        "grid": CROSS,
        "where": "fast < slow",
        "exits": {"trailing_stop": 0.05, "take_profit": 0.1},
    },
    "SMA cross, long and short": {
        "strategy": "sma_cross",
        "grid": CROSS,
        "where": "fast < slow",
        "execution": {"direction": "both"},
    },
    "200 crosses x 10 stops x 10 targets": {"strategy": "sma_cross", "grid": FEW, "exits": MANY_EXITS},
    "RSI mean reversion": {"strategy": "rsi_meanrev", "grid": RSI},
    "Bollinger bands": {"strategy": "bollinger_atr", "grid": BOLLINGER},
}
MILLION = {
    "strategy": "sma_cross",
    "grid": {
        "fast": {"start": 10, "stop": 240, "step": 10},
        "slow": {"start": 10, "stop": 240, "step": 10},
    },
    "where": "fast < slow",
}
"""276 crosses of 24 averages, for a million bars."""


def document_of(case: dict[str, Any], symbol: str = "X") -> dict[str, Any]:
    """Return a case as a configuration."""
    execution = COSTS | case.get("execution", {})
    return {"name": "benchmark", "symbols": [symbol], "timeframe": "1h", **case, "execution": execution}
