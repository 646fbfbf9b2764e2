"""Choices: what each split of a walk-forward chooses, and where it is to be tested."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lake.lake import Lake
from queries.catalog import Catalog
from queries.choices import Training, choices, tested_choices
from sweeps.execution.blocks import Block, most_detailed
from sweeps.execution.context import Place
from sweeps.execution.prepare import Prepared
from sweeps.execution.winners import locate
from sweeps.spec.grid import IndexArray
from sweeps.spec.walk_forward_config import WalkForwardConfig

Chooser: TypeAlias = tuple[int, str | None]
"""Who chooses: the number of a split, and the symbol, None for all together."""


@dataclass(frozen=True)
class Chosen:
    """What a walk-forward tests.

    Attributes:
        splits: By place to test at, the numbers of the splits that chose each cell.
    """

    splits: Mapping[Place, Mapping[int, tuple[int, ...]]]

    def cells(self, place: Place) -> IndexArray:
        """Return the cells that are tested at a place, ascending, shape (k,)."""
        return np.array(sorted(self.splits[place]), np.int64)

    @property
    def runs(self) -> int:
        """How many runs that are."""
        return sum(len(cells) for cells in self.splits.values())

    def blocks(
        self, prepared: Prepared, done: Callable[[Place, IndexArray], NDArray[np.bool_]], limit: int | None
    ) -> Iterator[Block]:
        """Yield the blocks that compute what is not done of it, so many runs at most."""
        for place, of_cell in self.splits.items():
            cells = self.cells(place)
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
    config = prepared.config.walk_forward
    if config is None:
        return Chosen({})
    with Catalog(lake) as catalog:
        best = best_in_sample(prepared, config, catalog, sweep_id)
        before = tested_choices(catalog, sweep_id, per_symbol=bool(config.per))
    choice: dict[Chooser, int] = {}
    for rows in (best, before):
        choice |= zip(choosers(rows), locate(prepared.grid, prepared.columns, rows).tolist(), strict=True)
    return where_tested(prepared, choice)


def best_in_sample(
    prepared: Prepared, config: WalkForwardConfig, catalog: Catalog, source: str | pa.Table
) -> pa.Table:
    """Return the best parameters of each split, as `queries.choices` does.

    Args:
        prepared: The sweep.
        config: How it chooses.
        catalog: Where the runs are.
        source: Which runs these are.
    """
    return choices(
        catalog,
        source,
        _training(prepared),
        metric=config.metric,
        score=prepared.config.score,
        min_trades=config.min_trades,
        per_symbol=bool(config.per),
    )


def choosers(rows: pa.Table) -> Iterator[Chooser]:
    """Yield who made each of some choices."""
    return zip(rows["split"].to_pylist(), rows["symbol"].to_pylist(), strict=True)


def where_tested(prepared: Prepared, choice: Mapping[Chooser, int]) -> Chosen:
    """Return where the cells that splits chose are to be tested."""
    splits = () if prepared.splits is None else prepared.splits.splits
    tested = {split.number: split.test for split in splits}
    found: defaultdict[Place, defaultdict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for (number, symbol), cell in choice.items():
        for one in [symbol] if symbol else prepared.symbols:
            for span in tested[number]:
                if Place(one, span) in prepared.inputs:
                    found[Place(one, span)][cell].append(number)
    return Chosen(
        {place: {cell: tuple(sorted(of[cell])) for cell in of} for place, of in sorted(found.items())}
    )


def _training(prepared: Prepared) -> Training:
    splits = () if prepared.splits is None else prepared.splits.splits
    rows = [
        (split.number, symbol, f"{prepared.inputs[Place(symbol, span)].context:016x}")
        for split in splits
        for symbol in prepared.symbols
        for span in split.train
        if Place(symbol, span) in prepared.inputs
    ]
    return Training([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])
