"""Budget: what one driver of a sweep may spend before it stops; `resume` goes on with another."""

from dataclasses import dataclass

from sweeps.errors import SweepError


class BadBudgetError(SweepError):
    """A budget that cannot be kept."""

    def __init__(self, name: str, value: float | None) -> None:
        super().__init__(name, value)
        self.name, self.value = name, value

    def __str__(self) -> str:
        kind = "a positive number" if self.name == "max_seconds" else "a whole number, and positive"
        return f"{self.name} = {self.value!r}: give {kind}, or None for no limit"


class BudgetSpentError(SweepError):
    """A driver's budget is spent; what it computed is committed."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"the budget of {self.what} is spent"


class TooManyFailuresError(SweepError):
    """More runs failed than were allowed to: the sweep is hopeless as it is."""

    def __init__(self, sweep_id: str, failed: int, allowed: int) -> None:
        super().__init__(sweep_id, failed, allowed)
        self.sweep_id, self.failed, self.allowed = sweep_id, failed, allowed

    def __str__(self) -> str:
        return (
            f"sweep {self.sweep_id} does not go on: {self.failed:,} runs failed, {self.allowed:,} were "
            f"allowed; what is computed is committed. `sweeplake summary {self.sweep_id}` tells the causes; "
            f"mend them and start a new sweep, or go on: `sweeplake resume {self.sweep_id}` with a higher "
            "--max-failures, or without it: then nothing limits them"
        )


@dataclass(frozen=True)
class Budget:
    """What one driver may spend; None is no limit.

    Attributes:
        runs: Runs that it computes at most, failed ones included, those that are carried over not.
        seconds: Wall time of the driver, from when it has its cluster; the end of what is being computed then
            is not awaited.
        failures: Runs of the sweep that may fail, those of earlier drivers included.
    """

    runs: int | None = None
    seconds: float | None = None
    failures: int | None = None

    def __post_init__(self) -> None:
        """See that it can be kept.

        Raises:
            BadBudgetError: If it cannot.
        """
        for name, value, is_good in (
            ("max_runs", self.runs, _is_count(self.runs, 1)),
            ("max_seconds", self.seconds, _is_positive(self.seconds)),
            ("max_failures", self.failures, _is_count(self.failures, 0)),
        ):
            if not is_good:
                raise BadBudgetError(name, value)

    def check_time(self, seconds: float) -> None:
        """Return if there is time left.

        Raises:
            BudgetSpentError: If there is none.
        """
        if self.seconds is not None and seconds >= self.seconds:
            raise BudgetSpentError(f"{self.seconds:,.10g} s")

    def check_failures(self, sweep_id: str, failed: int) -> None:
        """Return if so many runs may fail.

        Raises:
            TooManyFailuresError: If they may not.
        """
        if self.failures is not None and failed > self.failures:
            raise TooManyFailuresError(sweep_id, failed, self.failures)

    def left(self, computed: int) -> int | None:
        """Return how many runs may be computed yet, after so many; None is no limit."""
        return None if self.runs is None else max(0, self.runs - computed)

    def check_runs(self, left: int) -> None:
        """Return if no runs are left, once all that were allowed are computed.

        Raises:
            BudgetSpentError: If some are.
        """
        if self.runs is not None and left:
            raise BudgetSpentError(f"{self.runs:,} runs")


def _is_count(value: object, least: int) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= least)


def _is_positive(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value > 0)


UNLIMITED = Budget()
