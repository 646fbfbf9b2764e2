"""Quarantine: a block in a process apart, so that a run that dies, hangs or takes all memory is named.

The process tells each step before it takes it. If it dies, what it was at then is computed once more, alone,
in a process that did nothing else: what dies there again is the culprit, and fails; everything else is
computed by the next process. So nothing is blamed for what another run left behind, and nothing is lost.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sweeps.execution.cells import cells_a_question, strategy_parameters
from sweeps.execution.child import Child, Death
from sweeps.execution.computed import Made
from sweeps.execution.confined import Confinement
from sweeps.execution.details import Details
from sweeps.execution.failures import MEMORY, over_memory
from sweeps.execution.results import Results
from sweeps.execution.steps import Step
from sweeps.spec.grid import IndexArray

PARTS = 16
"""Cells of which one kills, and it is not known which, are computed in so many parts."""


def compute_apart(given: Confinement, indices: IndexArray) -> Made:
    """Return the results of cells, ascending, and their details where they are wanted.

    Cells whose code does harm have failed, by `timeout`, `memory` or `crashed`.

    Raises:
        Exception: What is no run's own failure, such as a strategy that cannot be loaded.
    """
    return _Quarantine(given, indices).made()


@dataclass(frozen=True, eq=False)
class _Piece:
    """Cells that are computed together; alone, if a process died of them or beside them."""

    indices: IndexArray
    alone: bool = False


class _Quarantine:
    """The cells that are not computed yet, in pieces, and what is known of the others."""

    def __init__(self, given: Confinement, indices: IndexArray) -> None:
        self._given, self._indices = given, indices
        self._results, self._details = Results.empty(len(indices)), Details()
        self._left = deque([_Piece(indices)])
        self._a_question = cells_a_question(given.context.grid) if given.asks_sets else 1

    def made(self) -> Made:
        child: Child[Made] | None = None
        try:
            while self._left:
                piece = self._left.popleft()
                if child is not None and (piece.alone or not child.is_alive):
                    child.end()
                    child = None
                child = child or Child(self._given)
                answer = child.ask(piece.indices)
                if isinstance(answer, Death):
                    self._after(answer, piece)
                else:
                    self._take(piece, answer)
        finally:
            if child is not None:
                child.end()
        return self._results, self._details

    def _take(self, piece: _Piece, made: Made) -> None:
        """Keep what was made; cells for which memory did not suffice may have found it full."""
        results, details = made
        self._details.extend(details)
        short_of = {row: failure for row, failure in results.failures.items() if failure.cause == MEMORY}
        most = self._given.limits.memory_bytes
        results.failures.update({row: over_memory(most, failure) for row, failure in short_of.items()})
        self._results.put(self._rows(piece.indices), results)
        rows = sorted(short_of)
        short = piece.indices[rows]
        if len(short) and not (piece.alone and self._is_one_question(piece.indices)):
            self._results.forget(self._rows(short))
            self._compute_alone(short, again=piece.alone)

    def _after(self, death: Death, piece: _Piece) -> None:
        """Blame the cells that killed a process, if it is sure which; compute all others."""
        suspects = self._suspects(death.step, piece.indices)
        named, others = piece.indices[suspects], piece.indices[~suspects]
        if piece.alone and not len(others) and self._is_one_question(named):
            self._results.fail(self._rows(named), death.failure)
        else:
            self._compute_alone(named, again=not len(others))
        if len(others):
            self._left.append(_Piece(others))

    def _compute_alone(self, indices: IndexArray, *, again: bool) -> None:
        """Compute cells apart from all others; in parts, where they were together before."""
        parts = min(PARTS, len(indices)) if again else 1
        self._left.extendleft(_Piece(part, alone=True) for part in np.array_split(indices, parts))

    def _suspects(self, step: Step | None, indices: IndexArray) -> npt.NDArray[np.bool_]:
        """Return which cells a process was at when it died: all, if it told of none."""
        if isinstance(step, Mapping):
            questions, of_cell = np.unique(indices // self._a_question, return_inverse=True)
            first = (questions * self._a_question).tolist()
            asked = [strategy_parameters(self._given.context.grid, index) == step for index in first]
            found = np.array(asked, np.bool_)[of_cell]
        else:
            found = np.isin(indices, () if step is None else step)
        return found if found.any() else np.ones(len(indices), np.bool_)

    def _is_one_question(self, indices: IndexArray) -> bool:
        """Say whether the user's code is asked once for all of some cells, or there is but one."""
        return bool((indices // self._a_question == indices[0] // self._a_question).all())

    def _rows(self, indices: IndexArray) -> IndexArray:
        return np.searchsorted(self._indices, indices)
