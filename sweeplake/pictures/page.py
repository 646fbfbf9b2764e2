"""Page: figures and tables as one HTML file that works without a network.

Plotly is in it, once. A policy in the page forbids every request, and every script but its own, which it
knows by their hashes; names and values come in as text, and stay text.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar, TypeAlias

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.io import to_json
from plotly.offline import get_plotlyjs

from sweeplake.pictures.forms import text
from sweeplake.pictures.theme import DARK, LIGHT

# Plotly compiles the shaders of these, which a policy calls evaluation.
_WEBGL = frozenset({"parcoords", "splom", "scattergl", "scatterpolargl", "scatter3d", "surface", "mesh3d"})


@dataclass(frozen=True)
class Picture:
    """A figure on a page.

    Attributes:
        figure: The figure, in the theme.
        note: A sentence below it.
        titled: Whether its title shows; a section that has this figure alone needs none.
    """

    figure: go.Figure
    note: str = ""
    titled: bool = True
    kind: ClassVar[str] = "picture"


@dataclass(frozen=True)
class Column:
    """A column of a table on a page.

    Attributes:
        name: Its key in a row.
        heading: What people read above it.
        form: How a value of it reads; see `forms`.
    """

    name: str
    heading: str
    form: Callable[[Any], str] = text

    @property
    def is_text(self) -> bool:
        """Whether it has words, not numbers."""
        return self.form is text


@dataclass(frozen=True)
class Table:
    """A table on a page; it says so if it is empty.

    Attributes:
        title: What it tells.
        columns: Its columns, in order.
        rows: Its rows, by name of column.
        note: A sentence below it, such as what was left out.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    note: str = ""
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Facts:
    """Names and values, as text; the headline ones large."""

    facts: Mapping[str, str]
    title: str = ""
    large: bool = False
    kind: ClassVar[str] = "facts"


@dataclass(frozen=True)
class Words:
    """A paragraph."""

    words: str
    kind: ClassVar[str] = "words"


Block: TypeAlias = Picture | Table | Facts | Words


@dataclass(frozen=True)
class Section:
    """A part of a page; tables and facts that follow each other stand side by side where there is room."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Page:
    """What a page shows.

    Attributes:
        title: Its title, also the window's.
        subtitle: A line below it.
        sections: Its parts.
        footer: A line at its end.
    """

    title: str
    subtitle: str = ""
    sections: Sequence[Section] = ()
    footer: str = ""


def html(page: Page) -> str:
    """Return a page as the text of one HTML file, the same for the same page."""
    blocks = [block for section in page.sections for block in section.blocks]
    figures = [_shown(block) for block in blocks if isinstance(block, Picture)]
    scripts = [get_plotlyjs(), _own("page.js")] if figures else []
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page,
            policy=_policy(scripts, figures),
            style=_own("page.css"),
            scripts=scripts,
            figures=[_json(figure.to_plotly_json()) for figure in figures],
            themes=_json({"light": LIGHT.to_plotly_json(), "dark": DARK.to_plotly_json()}),
        )
    )


def _shown(picture: Picture) -> go.Figure:
    if picture.titled:
        return picture.figure
    return go.Figure(picture.figure).update_layout(title=None, margin={"t": 16})


def _policy(scripts: Sequence[str], figures: Sequence[go.Figure]) -> str:
    """Return what the browser may do with a page: run its scripts, show pictures that it has in itself."""
    hashes = [hashlib.sha256(script.encode()).digest() for script in scripts]
    allowed = [f"'sha256-{base64.b64encode(found).decode()}'" for found in hashes]
    if any(trace.type in _WEBGL for figure in figures for trace in figure.data):
        allowed.append("'unsafe-eval'")
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(allowed) or "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data: blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{rule} {value}" for rule, value in rules.items())


def _json(value: Any) -> str:
    """Return JSON that can stand in a script element, whatever text is in it."""
    written: str = to_json(value, validate=False)
    return written.replace("<", r"\u003c")


def _own(name: str) -> str:
    return files("sweeplake.pictures").joinpath("paper", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("sweeplake.pictures", "paper"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
