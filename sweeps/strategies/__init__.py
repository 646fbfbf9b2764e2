"""Strategies: their contract, the built-in ones, the user's own."""

from sweeps.strategies.contract import Backtest, Param, Parameter, Signals, Strategy, backtester, strategy

__all__ = ["Backtest", "Param", "Parameter", "Signals", "Strategy", "backtester", "strategy"]
