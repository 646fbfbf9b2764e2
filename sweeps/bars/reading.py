"""Reading: one file into validated bars, or into everything that is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sweeps.bars.adjust import adjust, adjustment_problems
from sweeps.bars.errors import Problem
from sweeps.bars.frame import Bars
from sweeps.bars.naming import name_parts
from sweeps.bars.parsing.parsed import ParsedBars, parse
from sweeps.bars.sessions import periods_per_year
from sweeps.bars.sources.raw import RawBars
from sweeps.bars.timeframes import DAY, HOUR, infer, normal, usual_step
from sweeps.bars.validate import check
from sweeps.spec.timeframe import timeframe_micros


@dataclass(frozen=True)
class Wishes:
    """What the user says about files, beside what they tell themselves.

    Attributes:
        symbol: Symbol; None: from a symbol column, else from the file's name.
        timeframe: Timeframe; None: from the file's name, else inferred from the median step.
        tz: Session zone, and zone of times without an offset.
        adjusted: Whether prices are adjusted (by adj_close where there is one); None: as the source does.
    """

    symbol: str | None = None
    timeframe: str | None = None
    tz: str = "UTC"
    adjusted: bool | None = None


@dataclass(frozen=True)
class Reading:
    """What became of one file.

    Attributes:
        bars: Its bars, one a symbol; empty if there is any problem.
        problems: All that is wrong with it.
        ignored: Columns that were left out.
    """

    bars: tuple[Bars, ...]
    problems: tuple[Problem, ...]
    ignored: tuple[str, ...] = ()


def read_bars(raw: RawBars, wishes: Wishes) -> Reading:
    """Parse and validate what a reader found. Pure: nothing is read or written.

    Raises:
        SessionError: If the zone of the wishes is unknown.
        TimeframeError: If their timeframe is none.
    """
    parsing = parse(raw, wishes.tz)
    if parsing.bars is None:
        return Reading((), parsing.problems, parsing.ignored)
    named_symbol, named_timeframe = name_parts(Path(raw.file))
    adjusted = raw.adjusted if wishes.adjusted is None else wishes.adjusted
    timeframe = normal(wishes.timeframe) if wishes.timeframe else named_timeframe
    problems = list(parsing.problems)
    found = []
    parts = dict(_by_symbol(parsing.bars, wishes.symbol, named_symbol))
    if len(parts) > 1 and wishes.symbol is not None:
        reason = f'--symbol "{wishes.symbol}" is not among its symbols: {", ".join(sorted(parts))}'
        problems.append(Problem(raw.file, None, "symbol", reason))
    for symbol, part in parts.items():
        wrong = check(part)
        problems += wrong
        problems += adjustment_problems(part) if adjusted else ()
        held = timeframe or infer(part.time)
        if not parsing.problems and not wrong:
            problems += _spacing(part, symbol, held)
        if not problems and held is not None:
            found.append(
                _bars(adjust(part) if adjusted else part, symbol, held, wishes.tz, adjusted=adjusted)
            )
    problems.sort(key=lambda problem: problem.row or 0)
    return Reading(() if problems else tuple(found), tuple(problems), parsing.ignored)


def _by_symbol(bars: ParsedBars, wanted: str | None, named: str) -> Iterator[tuple[str, ParsedBars]]:
    """Yield each symbol with its rows."""
    if bars.symbols is None:
        yield wanted or named, bars
        return
    symbols = [str(symbol) for symbol in dict.fromkeys(bars.symbols.tolist()) if symbol]
    if wanted is not None and (wanted in symbols or len(symbols) <= 1):
        yield wanted, bars.chosen(bars.symbols == wanted) if wanted in symbols else bars
        return
    for symbol in symbols:
        yield symbol, bars.chosen(bars.symbols == symbol)


def _spacing(bars: ParsedBars, symbol: str, timeframe: str | None) -> Iterator[Problem]:
    """Yield a problem if bars have no timeframe, or usually overlap in the one they are said to have."""
    if timeframe is None:
        reason = f"cannot tell the timeframe of {symbol} from {len(bars.time)} bars; give it with --timeframe"
        yield Problem(bars.file, None, "time", reason)
        return
    step, length = usual_step(bars.time), timeframe_micros(timeframe)
    # A local day lasts 23 hours when clocks are set forward.
    slack = HOUR if length >= DAY else 0
    if step is not None and step + slack < length:
        seconds = step / 1_000_000
        reason = (
            f"bars of {symbol} usually follow after {infer(bars.time) or f'{seconds} s'}, "
            f"sooner than their timeframe {timeframe}; give the right one with --timeframe"
        )
        yield Problem(bars.file, None, "time", reason)


def _bars(part: ParsedBars, symbol: str, timeframe: str, tz: str, *, adjusted: bool) -> Bars:
    return Bars(
        symbol=symbol,
        timeframe=timeframe,
        time=part.time,
        open=part.values["open"],
        high=part.values["high"],
        low=part.values["low"],
        close=part.values["close"],
        volume=part.values["volume"],
        extra=part.extra,
        session_tz=tz,
        periods_per_year=periods_per_year(part.time, timeframe_micros(timeframe), tz),
        adjusted=adjusted,
    ).without_empty_columns()
