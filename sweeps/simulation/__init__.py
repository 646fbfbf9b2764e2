"""One backtest: the kernel and its metrics. Pure NumPy and numba."""

from typing import Final

SIMULATION_VERSION: Final = 1
"""Raised whenever a rule of the simulation changes; part of every run's identity."""
