"""How the specification says no: every problem at once, each with its file, key, reason and remedy."""

from sweeps.errors import SweepError

Problem = tuple[str, str]
"""The key path that is wrong (`grid.fast[2]`; empty: the whole file) and why, with the remedy."""


class DocumentError(SweepError):
    """A TOML document that cannot be used.

    Attributes:
        source: The file, as the user named it.
        problems: Every problem found, in the order of the file's sections.
    """

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(source, problems)
        self.source, self.problems = source, problems

    def __str__(self) -> str:
        return "\n".join(
            f"{self.source}: {key}: {reason}" if key else f"{self.source}: {reason}"
            for key, reason in self.problems
        )


class ConfigError(DocumentError):
    """A configuration that cannot be run."""


class AxisError(SweepError):
    """Values that cannot become an axis; keys are paths such as `grid.fast[2]`."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(f"{key}: {reason}" if key else reason for key, reason in self.problems)


class WhereError(SweepError):
    """A `where` that is not a safe condition over the sweep's parameters."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text, reason)
        self.text, self.reason = text, reason

    def __str__(self) -> str:
        return f"{self.reason} (in `{self.text}`)"


class TimeframeError(SweepError):
    """A timeframe that is not a whole number of seconds, minutes, hours, days or weeks."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f'expected a timeframe such as "1d", "4h", "15m", "30s" or "1w", got "{self.text}"'
