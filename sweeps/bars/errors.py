"""What can be wrong with bars."""

from collections.abc import Sequence
from dataclasses import dataclass

from sweeps.errors import SweepError, did_you_mean

SHOWN = 20


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a file.

    Attributes:
        file: The file as the user named it.
        row: The file's own line number (row number in Parquet), from 1; None if the whole file is meant.
        column: Column, or "" if the whole row is meant.
        reason: What is wrong and, where it is not obvious, what to do.
    """

    file: str
    row: int | None
    column: str
    reason: str

    def __str__(self) -> str:
        place = self.file if self.row is None else f"{self.file}:{self.row}"
        return f"{place}: {self.column}: {self.reason}" if self.column else f"{place}: {self.reason}"


class BarsInvalidError(SweepError):
    """Files cannot become bars. Every problem of every file is in `problems`; the text shows the first 20."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        hidden = len(self.problems) - len(lines)
        if hidden:
            lines.append(f"... and {hidden} more")
        lines.append("nothing was written; correct the file and ingest it again")
        return "\n".join(lines)


class SymbolError(SweepError):
    """A symbol cannot name a folder of the lake."""

    def __init__(self, symbol: str, reason: str) -> None:
        super().__init__(symbol, reason)
        self.symbol, self.reason = symbol, reason

    def __str__(self) -> str:
        shown = self.symbol if len(self.symbol) <= SHOWN else f"{self.symbol[:SHOWN]}..."
        return f"symbol {shown!r} {self.reason}; give another with --symbol"


class NoBarsError(SweepError):
    """The lake has no bars of a symbol at a timeframe."""

    key = "symbols"

    def __init__(self, symbol: str, timeframe: str, available: Sequence[tuple[str, str]]) -> None:
        super().__init__(symbol, timeframe, tuple(available))
        self.symbol, self.timeframe, self.available = symbol, timeframe, tuple(available)

    def __str__(self) -> str:
        near = did_you_mean(self.symbol, {symbol for symbol, _ in self.available} - {self.symbol})
        held = ", ".join(f"{symbol} {timeframe}" for symbol, timeframe in self.available[:SHOWN])
        more = f" and {len(self.available) - SHOWN} more" if len(self.available) > SHOWN else ""
        there = f"there is {held}{more}" if held else "there are no bars at all"
        return (
            f"no bars of {self.symbol} at {self.timeframe} in the lake{near or ';'} {there}; "
            "bring them in with `sweeplake ingest FILE`"
        )


class MixedBarsError(SweepError):
    """New bars do not fit the ones in the lake: together they would be wrong without anyone noticing."""

    def __init__(self, symbol: str, timeframe: str, what: str, held: str, new: str) -> None:
        super().__init__(symbol, timeframe, what, held, new)
        self.symbol, self.timeframe, self.what, self.held, self.new = symbol, timeframe, what, held, new

    def __str__(self) -> str:
        return (
            f"{self.symbol} {self.timeframe}: {self.what} is {self.held} in the bars so far and {self.new} "
            "in the new ones; ingest both alike, or use --replace to drop what the lake has"
        )


class ResampleError(SweepError):
    """Bars cannot be resampled to this timeframe."""

    def __init__(self, symbol: str, timeframe: str, target: str, reason: str) -> None:
        super().__init__(symbol, timeframe, target, reason)
        self.symbol, self.timeframe, self.target, self.reason = symbol, timeframe, target, reason

    def __str__(self) -> str:
        return f"{self.symbol}: cannot resample {self.timeframe} to {self.target}: {self.reason}"


class SessionError(SweepError):
    """A session's time zone or closing time is not understood."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text, reason)
        self.text, self.reason = text, reason

    def __str__(self) -> str:
        return f'"{self.text}": {self.reason}'


class UnknownSourceError(SweepError):
    """There is no reader of this name."""

    def __init__(self, source: str, sources: Sequence[str]) -> None:
        super().__init__(source, tuple(sources))
        self.source, self.sources = source, tuple(sources)

    def __str__(self) -> str:
        near = did_you_mean(self.source, self.sources)
        return f'unknown source "{self.source}"{near or ";"} there is {", ".join(self.sources)}'


class DemoMissingError(SweepError):
    """The package with the demo's bars is not installed."""

    def __str__(self) -> str:
        return "the demo's bars need bokeh-sampledata: pip install 'sweeplake[demo]'"


class BarsContendedError(SweepError):
    """Other writers kept changing the bars while these were being merged. Nothing was committed."""

    def __init__(self, attempts: int) -> None:
        super().__init__(attempts)
        self.attempts = attempts

    def __str__(self) -> str:
        return (
            f"other writers changed the bars {self.attempts} times in a row; nothing was committed, try again"
        )
