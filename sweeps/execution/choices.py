"""Choices: what each split of a walk-forward chooses, and where it is to be tested."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lake.lake import Lake
from queries.catalog import Catalog
from queries.choices import Training, choices, tested_choices
from sweeps.execution.blocks import Block, most_detailed
from sweeps.execution.context import Place
from sweeps.execution.prepare import Prepared
from sweeps.execution.winners import locate
from sweeps.spec.grid import IndexArray
from sweeps.spec.splits import Splits


@dataclass(frozen=True)
class Chosen:
    """What a walk-forward tests.

    Attributes:
        splits: By place to test at, the numbers of the splits that chose each cell.
    """

    splits: Mapping[Place, Mapping[int, tuple[int, ...]]]

    @property
    def runs(self) -> int:
        """How many runs that are."""
        return sum(len(cells) for cells in self.splits.values())

    def blocks(
        self, prepared: Prepared, done: Callable[[Place, IndexArray], NDArray[np.bool_]], limit: int | None
    ) -> Iterator[Block]:
        """Yield the blocks that compute what is not done of it, so many runs at most."""
        for place, of_cell in self.splits.items():
            cells = np.array(sorted(of_cell), np.int64)
            left = cells[~done(place, cells)][:limit]
            limit = None if limit is None else limit - len(left)
            size = most_detailed(prepared.inputs[place].bars)
            for at in range(0, len(left), size):
                part = left[at : at + size]
                splits = tuple(of_cell[int(cell)] for cell in part)
                yield Block(place, int(part[0]), int(part[-1]) + 1, len(part), part, splits=splits)


def choose(prepared: Prepared, sweep_id: str, lake: Lake) -> Chosen:
    """Return what the splits of a sweep choose from the committed runs of their spans.

    The metrics in the lake are asked, so that a resumed sweep chooses as a whole one does; what was tested
    already stays the choice of its splits, whatever became of the runs that it was chosen from.
    """
    config, splits = prepared.config.walk_forward, prepared.splits
    if config is None or splits is None:
        return Chosen({})
    tested = {split.number: split.test for split in splits.splits}
    choice: dict[tuple[int, str | None], int] = {}
    with Catalog(lake) as catalog:
        best = choices(
            catalog,
            sweep_id,
            _training(prepared, splits),
            metric=config.metric,
            score=prepared.config.score,
            min_trades=config.min_trades,
            per_symbol=bool(config.per),
        )
        before = tested_choices(catalog, sweep_id, per_symbol=bool(config.per))
    for rows in (best, before):
        cells = locate(prepared.grid, prepared.columns, rows).tolist()
        names = zip(rows["split"].to_pylist(), rows["symbol"].to_pylist(), strict=True)
        choice.update(zip(names, cells, strict=True))
    found: defaultdict[Place, defaultdict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for (number, symbol), cell in choice.items():
        for one in [symbol] if symbol else prepared.symbols:
            for span in tested[number]:
                if Place(one, span) in prepared.inputs:
                    found[Place(one, span)][cell].append(number)
    return Chosen(
        {place: {cell: tuple(sorted(of[cell])) for cell in of} for place, of in sorted(found.items())}
    )


def _training(prepared: Prepared, splits: Splits) -> Training:
    rows = [
        (split.number, symbol, span)
        for split in splits.splits
        for symbol in prepared.symbols
        for span in split.train
        if Place(symbol, span) in prepared.inputs
    ]
    return Training([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])
