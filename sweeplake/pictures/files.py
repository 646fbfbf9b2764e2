"""Files: a figure as a page that needs no network, or as a picture that a browser draws."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import plotly.graph_objects as go

from queries.errors import UnknownNameError
from queries.files import whole
from sweeplake.errors import NoBrowserError, NotDrawnError
from sweeplake.pictures.page import Page, Picture, Section, html
from sweeplake.pictures.theme import HEIGHT, title_of

WIDTH = 1200
"""Pixels of a page or screen that a picture is laid out for."""
SCALE = 2.0
"""Pixels of a PNG for each of those."""


def save(figure: go.Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure to a file, whole or not at all; a file that is there is replaced.

    Args:
        figure: The figure.
        path: The file; its ending tells the form: .html, .png, .svg or .pdf.

    Raises:
        UnknownNameError: If there is no such form.
        NoBrowserError: If it has to be drawn, and there is no browser.
        NotDrawnError: If the browser failed.
        BadValueError: If the file cannot be written.
    """
    form = require_form(path)
    content = _FORMS[form](figure, form)
    whole(Path(path), lambda sink: sink.write(content))


def save_page(page: Page, path: str | os.PathLike[str]) -> None:
    """Write a page to a file, whole or not at all; a file that is there is replaced.

    Raises:
        UnknownNameError: If its ending is not .html.
        BadValueError: If the file cannot be written.
    """
    require_form(path, PAGE_FORMS)
    content = html(page).encode()
    whole(Path(path), lambda sink: sink.write(content))


def require_form(path: str | os.PathLike[str], forms: Sequence[str] | None = None) -> str:
    """Return the form that a file's ending tells, before anything is computed for it.

    Args:
        path: The file.
        forms: What it may be; None is any that a picture has.

    Raises:
        UnknownNameError: If there is no such form.
    """
    form = Path(path).suffix.removeprefix(".").lower()
    known = FORMS if forms is None else forms
    if form not in known:
        raise UnknownNameError("picture format", form, known)
    return form


def _page(figure: go.Figure, form: str) -> bytes:  # noqa: ARG001  the one form that is no picture
    title = title_of(figure)
    return html(Page(title, sections=(Section("", (Picture(figure),)),))).encode()


def _drawn(figure: go.Figure, form: str) -> bytes:
    """Return a figure as a browser draws it. Nothing is fetched: the formulas that would need it are off."""
    import kaleido
    from kaleido.errors import BrowserClosedError, BrowserFailedError, ChromeNotFoundError, KaleidoError

    size = {"width": figure.layout.width or WIDTH, "height": figure.layout.height or HEIGHT}
    scale = SCALE if form == "png" else 1.0
    try:
        found: bytes = kaleido.calc_fig_sync(
            figure.to_plotly_json(), opts={"format": form, "scale": scale, **size}, kopts={"mathjax": False}
        )
    except ChromeNotFoundError as error:
        raise NoBrowserError(os.environ.get("BROWSER_PATH", "")) from error
    except (BrowserClosedError, BrowserFailedError, KaleidoError, TimeoutError) as error:
        told = " ".join(" ".join(map(str, error.args)).split()) or type(error).__name__
        raise NotDrawnError(told, os.environ.get("BROWSER_PATH", "")) from error
    return found


_FORMS: dict[str, Callable[[go.Figure, str], bytes]] = {
    "html": _page,
    "png": _drawn,
    "svg": _drawn,
    "pdf": _drawn,
}
FORMS = tuple(_FORMS)
PAGE_FORMS = ("html",)
