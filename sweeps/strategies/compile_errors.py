"""What numba says of a function that it cannot compile, cut down to the place and the reason."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sweeps.strategies.errors import StrategyError

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_STEP = re.compile(r"Failed in \w+ mode pipeline \(step: .*\)")
_PLACES = (re.compile(r"During: typing of .* at (.+) \((\d+)\)"), re.compile(r'File "(.+)", line (\d+)'))
_LINES_KEPT = 3


class StrategyCompileError(StrategyError):
    """A function that is asked bar by bar cannot be compiled; ``place`` is its file and line."""

    def __init__(self, strategy: str, place: str, reason: str) -> None:
        super().__init__(strategy, place, reason)
        self.strategy, self.place, self.reason = strategy, place, reason

    def __str__(self) -> str:
        return (
            f"strategy {self.strategy} cannot be compiled: {self.place}: {self.reason}; a function that is "
            "asked bar by bar may use what numba compiles: numbers, arrays, NumPy, and functions with @njit"
        )


def compile_error(strategy: str, function: Callable[..., Any], error: Exception) -> StrategyCompileError:
    """Return what was wrong and where, from what numba raised when it compiled a function."""
    text = _COLOURS.sub("", str(error))
    found = next((match for match in (place.search(text) for place in _PLACES) if match), None)
    place = f"{Path(found[1]).name}, line {found[2]}" if found else place_of(function)
    return StrategyCompileError(strategy, place, _reason(text) or type(error).__name__)


def place_of(function: Callable[..., Any]) -> str:
    """Return the file and line at which a function is defined."""
    code = function.__code__
    return f"{Path(code.co_filename).name}, line {code.co_firstlineno}"


def _reason(text: str) -> str:
    """Return the first lines of the innermost message, as one."""
    innermost = _STEP.split(text)[-1]
    lines = []
    for line in map(str.strip, innermost.splitlines()):
        if line.startswith(("During:", "File ", "There are ", "Return of:")):
            break
        if line:
            lines.append(line.removeprefix(">>> "))
    return " ".join(lines[:_LINES_KEPT])
