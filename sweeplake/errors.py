"""The errors of `sweeplake` itself: what is missing around it."""


class FaceError(Exception):
    """Base of every error that `sweeplake` raises on purpose; the command line exits 2 on it."""


class NoBrowserError(FaceError):
    """There is no browser that could draw a picture into a file.

    Attributes:
        path: Where the environment says that it is; "" if it says nothing.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        where = f"there is no browser at BROWSER_PATH={self.path}" if self.path else "there is none on PATH"
        return (
            f"a picture of this kind is drawn by Chrome or Chromium, and {where}; install one "
            "(apt install chromium), name it in BROWSER_PATH, or write .html, which needs none"
        )


class NotDrawnError(FaceError):
    """A browser could not draw a picture into a file.

    Attributes:
        reason: Why, in its own words.
        browser: What the environment says that it is; "" if it says nothing.
    """

    def __init__(self, reason: str, browser: str = "") -> None:
        super().__init__(reason, browser)
        self.reason, self.browser = reason, browser

    def __str__(self) -> str:
        remedy = "try again"
        if self.browser:
            remedy = f"see that BROWSER_PATH={self.browser} is Chrome or Chromium"
        return f"the browser did not draw the picture ({self.reason}); {remedy}, or write .html"
