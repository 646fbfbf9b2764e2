"""One backtest: the kernel and its metrics. Pure NumPy and numba."""
