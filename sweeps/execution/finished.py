"""Finished blocks: what of a sweep is committed, as its journal says."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sweeps.execution.blocks import Ranges


class Finished:
    """The blocks of one sweep that are committed, or about to be, over all of its drivers.

    Attributes:
        computed: Committed runs with a result.
        failed: Committed runs without one.
    """

    def __init__(self) -> None:
        self.computed = 0
        self.failed = 0
        self._taken: defaultdict[tuple[str, str], set[tuple[int, int]]] = defaultdict(set)

    def take(self, block: Mapping[str, Any]) -> bool:
        """Take a block; return False if it was taken before: a task ran twice, or its receipt is late.

        Args:
            block: The journal's document of it.
        """
        taken = self._taken[block["phase"], block["symbol"]]
        bounds = block["lo"], block["hi"]
        if bounds in taken:
            return False
        taken.add(bounds)
        return True

    def count(self, block: Mapping[str, Any]) -> None:
        """Count the runs of a block that is committed."""
        if block["phase"] == "runs":
            self.computed += block["runs"] - block["failed"]
            self.failed += block["failed"]

    def restore(self, block: Mapping[str, Any]) -> None:
        """Take and count a block that an earlier driver committed.

        Details that were chosen when all metrics were in are not taken: which of them are there the table
        tells, for a policy may have taken some since.
        """
        if block["phase"] != "details" and self.take(block):
            self.count(block)

    def ranges(self) -> Ranges:
        """Return which runs need not be computed any more."""
        return {symbol: sorted(bounds) for (phase, symbol), bounds in self._taken.items() if phase == "runs"}
