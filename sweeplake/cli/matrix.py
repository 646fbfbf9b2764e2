"""Matrices: a heatmap on a terminal, its best cells the brightest."""

import shutil
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from queries.values import column, shown

_DIGITS = 3
# Viridis at even steps, by S. van der Walt and N. Smith: brighter is higher, also without colour vision.
_COLOURS = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
_DARK = 0.6
"""Above it the ground is so bright that black reads best."""


def print_matrix(
    rows: Sequence[Mapping[str, Any]], x: str, y: str, title: str, *, lowest: bool = False
) -> bool:
    """Print cells as a matrix, x across and y down, if the terminal is wide enough for it.

    Args:
        rows: Cells with x, y and value, in order of x and y; None is off, or undefined.
        x: Name of the parameter across.
        y: Name of the parameter down.
        title: A line above.
        lowest: Whether the lowest values are the best, and so the brightest.

    Returns:
        Whether it was printed.
    """
    across = list(dict.fromkeys(row["x"] for row in rows))
    down = sorted({row["y"] for row in rows}, key=lambda value: (value is not None, value))
    texts = column([row["value"] for row in rows], _DIGITS)
    cells = {(row["x"], row["y"]): text for row, text in zip(rows, texts, strict=True)}
    names = [_name(value) for value in across]
    labels = [_name(value) for value in down]
    wide = max((len(text) for text in (*names, *cells.values())), default=0) + 2
    margin = max((len(text) for text in (y, *labels)), default=0)
    if not rows or margin + wide * len(across) > shutil.get_terminal_size().columns:
        return False
    shades = _shades([row["value"] for row in rows], lowest=lowest)
    brightness = dict(zip(cells, shades, strict=True))
    _draw(
        title,
        x,
        y,
        names,
        labels,
        wide,
        margin,
        [[(cells.get((one, other), ""), brightness.get((one, other))) for one in across] for other in down],
    )
    return True


def _draw(
    title: str,
    x: str,
    y: str,
    names: Sequence[str],
    labels: Sequence[str],
    wide: int,
    margin: int,
    cells: Sequence[Sequence[tuple[str, float | None]]],
) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, markup=False, emoji=False)
    console.print(Text(title, style="bold"))
    console.print(Text(" " * margin + f"  {x}"))
    console.print(Text(y.ljust(margin) + "".join(name.rjust(wide - 1) + " " for name in names)))
    for label, line in zip(labels, cells, strict=True):
        text = Text(label.rjust(margin))
        for cell, shade in line:
            text.append(cell.rjust(wide - 1) + " ", style="" if shade is None else _style(shade))
        console.print(text, soft_wrap=True)


def _name(value: object) -> str:
    return "off" if value is None else shown(value)


def _shades(values: Sequence[float | None], *, lowest: bool) -> list[float | None]:
    """Return how good each value is among all, from 0 to 1; 1 where all are equal, None where undefined."""
    held = [value for value in values if value is not None]
    low, high = min(held, default=0.0), max(held, default=0.0)
    worst, best = (high, low) if lowest else (low, high)
    return [
        None if value is None else 1.0 if best == worst else (value - worst) / (best - worst)
        for value in values
    ]


def _style(shade: float) -> str:
    """Return the colours of a cell, between the two that it lies between."""
    steps = list(pairwise(_COLOURS))
    place = min(int(shade * len(steps)), len(steps) - 1)
    part = shade * len(steps) - place
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(*steps[place], strict=True))
    return f"{'black' if shade > _DARK else 'white'} on rgb({red},{green},{blue})"
