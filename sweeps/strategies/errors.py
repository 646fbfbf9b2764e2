"""What can be wrong with a strategy: every error here is bad input, named and with its remedy."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sweeps.errors import SweepError, did_you_mean


class StrategyError(SweepError):
    """Base of every error about a strategy."""

    key = "strategy"


class StrategyDefinitionError(StrategyError):
    """A function cannot be a strategy as it is declared."""

    def __init__(self, strategy: str, reason: str) -> None:
        super().__init__(strategy, reason)
        self.strategy, self.reason = strategy, reason

    def __str__(self) -> str:
        return f"strategy {self.strategy}: {self.reason}"


class UnknownStrategyError(StrategyError):
    """A reference names no strategy; ``available`` are those that there are."""

    def __init__(self, reference: str, available: Iterable[str]) -> None:
        self.reference, self.available = reference, tuple(available)
        super().__init__(reference, self.available)

    def __str__(self) -> str:
        near, known = did_you_mean(self.reference, self.available), ", ".join(self.available)
        remedy = 'your own is "file.py:function" beside the config'
        return f'unknown strategy "{self.reference}"{near}; there is {known}; {remedy}'


class MissingFunctionError(StrategyError):
    """A module has no such function; ``available`` are those that it has."""

    def __init__(self, reference: str, function: str, available: Iterable[str]) -> None:
        self.reference, self.function, self.available = reference, function, tuple(available)
        super().__init__(reference, function, self.available)

    def __str__(self) -> str:
        near, there = did_you_mean(self.function, self.available), ", ".join(self.available) or "none"
        return f'strategy "{self.reference}": it has no function "{self.function}"{near}; it has {there}'


class StrategyFileError(StrategyError):
    """A reference to a user's file cannot be followed."""

    def __init__(self, reference: str, reason: str) -> None:
        super().__init__(reference, reason)
        self.reference, self.reason = reference, reason

    def __str__(self) -> str:
        return f'strategy "{self.reference}": {self.reason}'


class BrokenStrategyError(StrategyError):
    """A user's file fails to import; ``own_traceback`` holds only the frames of their own files."""

    def __init__(self, reference: str, own_traceback: str) -> None:
        super().__init__(reference, own_traceback)
        self.reference, self.own_traceback = reference, own_traceback

    def __str__(self) -> str:
        return f'strategy "{self.reference}" fails to import:\n{self.own_traceback}'


class ShortSideError(StrategyError):
    """A direction needs a short side that the strategy does not declare."""

    key = ""

    def __init__(self, strategy: str, direction: str) -> None:
        super().__init__(strategy, direction)
        self.strategy, self.direction = strategy, direction

    def __str__(self) -> str:
        return (
            f'execution.direction: "{self.direction}" needs a short side, which strategy {self.strategy} '
            'does not declare; use direction = "long", or mark the function with @strategy(short=True)'
        )


class SignalError(StrategyError):
    """What a strategy returned is not a signal."""

    def __init__(self, strategy: str, reason: str) -> None:
        super().__init__(strategy, reason)
        self.strategy, self.reason = strategy, reason

    def __str__(self) -> str:
        return f"strategy {self.strategy or '(unnamed)'} returned a bad signal: {self.reason}"


class ColumnsError(StrategyError, TypeError):
    """A strategy does with a column of parameters what columns mode does not allow."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"columns mode: {self.reason}; with columns=True a strategy may compare rows and columns by "
            "Above, return rows x a column as stop_distance, and calculate with columns alone; for anything "
            "else take columns=True away"
        )


class ColumnsRefusedError(StrategyError):
    """A strategy declares columns and raises when it is called with them."""

    def __init__(self, strategy: str, reason: str) -> None:
        super().__init__(strategy, reason)
        self.strategy, self.reason = strategy, reason

    def __str__(self) -> str:
        return (
            f"strategy {self.strategy} declares columns=True, works for single parameter sets, and fails "
            f"when it is asked for several at once ({self.reason}); mend it, or take columns=True away"
        )


class TooManyRowsError(StrategyError):
    """The distinct rows of some parameter sets do not fit in memory at once; those of fewer sets do."""

    def __init__(self, rows: int, sets: int) -> None:
        super().__init__(rows, sets)
        self.rows, self.sets = rows, sets

    def __str__(self) -> str:
        return f"{self.rows} rows of {self.sets} parameter sets do not fit in memory at once; ask for fewer"


class ColumnsDifferError(StrategyError):
    """A strategy that declares columns answers otherwise when it is asked one parameter set at a time."""

    def __init__(self, strategy: str, parameters: Mapping[str, object], difference: str) -> None:
        super().__init__(strategy, dict(parameters), difference)
        self.strategy, self.parameters, self.difference = strategy, dict(parameters), difference

    def __str__(self) -> str:
        return (
            f"strategy {self.strategy} declares columns=True, but {self.difference} when it is asked for one "
            f"parameter set alone{_with(self.parameters)}; make each set depend on its own values only, or "
            "take columns=True away"
        )


class BacktestError(StrategyError):
    """What a user's backtester returned is not a backtest."""

    def __init__(self, strategy: str, reason: str) -> None:
        super().__init__(strategy, reason)
        self.strategy, self.reason = strategy, reason

    def __str__(self) -> str:
        return f"backtester {self.strategy} returned a bad result: {self.reason}"


class LookaheadError(StrategyError):
    """A signal changed when bars after it were removed: the strategy looks ahead.

    Attributes:
        bar: Time of the first bar whose signal changed.
        last: Time of the last bar that was left when it changed.
    """

    def __init__(
        self, strategy: str, parameters: Mapping[str, object], symbol: str, bar: datetime, last: datetime
    ) -> None:
        super().__init__(strategy, dict(parameters), symbol, bar, last)
        self.strategy, self.parameters, self.symbol = strategy, dict(parameters), symbol
        self.bar, self.last = bar, last

    def __str__(self) -> str:
        return (
            f"strategy {self.strategy} looks ahead: its signal at bar {_time(self.bar)} of {self.symbol} "
            f"changes when the bars after {_time(self.last)} are removed{_with(self.parameters)}; "
            "a signal may use bars up to and including its own, nothing later"
        )


class UnprovenCausalityError(StrategyError):
    """No truncation could be tried, because the strategy raised on every shorter history."""

    def __init__(self, strategy: str, parameters: Mapping[str, object], symbol: str, error: str) -> None:
        super().__init__(strategy, dict(parameters), symbol, error)
        self.strategy, self.parameters, self.symbol, self.error = strategy, dict(parameters), symbol, error

    def __str__(self) -> str:
        return (
            f"strategy {self.strategy} cannot be shown to be free of look-ahead: it works on all bars of "
            f"{self.symbol} but raises on every shorter history{_with(self.parameters)} ({self.error}); "
            "make it work on fewer bars"
        )


def _time(moment: datetime) -> str:
    return moment.date().isoformat() if moment.time() == moment.min.time() else moment.isoformat(sep=" ")


def _with(parameters: Mapping[str, object]) -> str:
    named: Sequence[str] = [f"{name} = {value}" for name, value in parameters.items()]
    return f" ({', '.join(named)})" if named else ""
