"""A real browser without a network: what a page asks for, says, and draws."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_MOST_MS = 300_000  # of one thing that a page is asked: seconds alone, a minute on a busy machine


@dataclass
class Seen:
    """A page as it was opened.

    Attributes:
        page: The page.
        requests: Addresses that it asked for, itself first.
        refused: Why requests failed, such as `csp` where the page's own policy forbids them.
        complaints: What it wrote to the console as an error or warning, or raised.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    refused: list[str | None] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def drawn(self) -> int:
        """Return the number of figures that are drawn, as wide as their places."""
        count: int = self.page.evaluate(
            """() => [...document.querySelectorAll("[data-figure]")].filter((place) => {
                const picture = place.querySelector("svg.main-svg");
                return picture && Math.abs(picture.clientWidth - place.clientWidth) < 2;
            }).length"""
        )
        return count

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        wider: int = self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the machine's Chromium."""
    names = filter(None, (os.environ.get("BROWSER_PATH"), *_NAMES))
    found = next(filter(None, map(shutil.which, names)), None)
    assert found, "no Chrome or Chromium; `make test` installs one where it may"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=list(_QUIET))
        yield running
        running.close()


@contextmanager
def opened(running: Browser, file: Path, width: int = 1400, **options: Any) -> Iterator[Seen]:
    """Open a file in a window without a network."""
    context = running.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
    context.set_default_timeout(_MOST_MS)
    seen = Seen(context.new_page())
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("requestfailed", lambda request: seen.refused.append(request.failure))
    seen.page.on(
        "console", lambda said: said.type in ("error", "warning") and seen.complaints.append(said.text)
    )
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.goto(file.as_uri(), wait_until="load")
    yield seen
    context.close()
