"""Held: which cells of a grid a lake has runs of, told by run ids and by what their sweeps kept.

Memory is that of `PASS_RUNS` hashes with their cells; a lake that has more runs of a context is gone through
in passes, each a part of the hashes.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lake.columns import NUMBERS
from lake.copying import batches
from lake.snapshot import DataFile, Snapshot
from lake.sources import READERS, DamagedFileError
from sweeps.execution.choices import Chosen
from sweeps.execution.context import Place
from sweeps.execution.prepare import Prepared
from sweeps.spec.grid import IndexArray
from sweeps.spec.identity import HashArray, parameter_hashes

PASS_RUNS = 8_000_000

Done = Callable[[Place, IndexArray], NDArray[np.bool_]]
"""Says of the cells at a place, which ascend, which ones a sweep has already."""


@dataclass(frozen=True, eq=False)
class Held:
    """The cells of a grid that a lake has runs of.

    Attributes:
        hashes: Their parameter hashes, ascending, shape (k,).
        cells: Their raw indices, shape (k,).
        files: The files that have them.
    """

    hashes: HashArray
    cells: IndexArray
    files: tuple[DataFile, ...]


Sources = Mapping[str, Mapping[str, str]]
"""Sweeps whose runs can be carried: by id, the column of each parameter by its name."""


@dataclass(frozen=True, eq=False)
class Search:
    """What is looked for, and where.

    Attributes:
        prepared: The sweep that is to carry runs.
        snapshot: The lake's `metrics` and `sweeps`.
        sources: The sweeps that it can carry from.
        done: What it has already.
        between: Called between files and between parts of the grid; what it raises ends the search.
        chosen: What splits chose, if the tests of that are looked for, and not the whole grid where it is
            searched.
    """

    prepared: Prepared
    snapshot: Snapshot
    sources: Sources
    done: Done
    between: Callable[[], None] = lambda: None
    chosen: Chosen | None = None

    @property
    def places(self) -> tuple[Place, ...]:
        """Where it looks."""
        return self.prepared.searched if self.chosen is None else tuple(self.chosen.splits)

    def cells(self, place: Place) -> Iterator[IndexArray]:
        """Yield what it looks for at a place, ascending, in parts."""
        return self.prepared.grid.chunks() if self.chosen is None else iter((self.chosen.cells(place),))

    def splits(self, place: Place, cells: IndexArray) -> pa.Array:
        """Return which splits chose each of some cells at a place, NULL where none had to, shape (k,)."""
        if self.chosen is None:
            return pa.nulls(len(cells), NUMBERS)
        return pa.array([self.chosen.splits[place][cell] for cell in cells.tolist()], NUMBERS)


def sources_of(snapshot: Snapshot, prepared: Prepared, own: str = "") -> dict[str, Mapping[str, str]]:
    """Return the sweeps whose runs another one can carry: all that kept block statistics, if it does.

    Args:
        snapshot: The lake's `sweeps`.
        prepared: The sweep that is to carry runs.
        own: Its id, whose own runs are none of another.
    """
    found: dict[str, Mapping[str, str]] = {}
    for state in snapshot.read("sweeps", columns=["sweep_id", "parameters", "config"]).to_pylist():
        kept = json.loads(state["config"] or "{}").get("details", {}).get("block_statistics", True)
        if state["sweep_id"] != own and (kept or not prepared.config.details.block_statistics):
            columns = json.loads(state["parameters"] or "[]")
            found[state["sweep_id"]] = {column["name"]: column["column"] for column in columns}
    return found


def nothing(_place: Place, cells: IndexArray) -> NDArray[np.bool_]:
    """Return of each cell that it is not done: the sweep has not begun."""
    return np.zeros(len(cells), np.bool_)


def held_in_passes(search: Search, place: Place) -> Iterator[Held]:
    """Yield what the lake has of the grid at a place, and is not done, in parts that fit into memory."""
    prepared, metrics = search.prepared, search.snapshot["metrics"]
    context = prepared.inputs[place].context
    partition = {"strategy": prepared.strategy.name, "symbol": place.symbol}
    files = [file for file in metrics.matching(partition) if _may_hold(file, context)]
    passes = ceil(sum(file.rows for file in files) / PASS_RUNS)
    for number in range(passes):
        having = _stored(search, files, context, (number, passes))
        cells, hashes = _wanted(search, place, [held for _, held in having])
        holding = tuple(file for file, held in having if (places_of(hashes, held) >= 0).any())
        yield Held(hashes, cells, holding)


def _stored(
    search: Search, files: Sequence[DataFile], context: int, part: tuple[int, int]
) -> list[tuple[DataFile, HashArray]]:
    """Return the files that have runs of a context, with the hashes of these."""
    having = []
    with ThreadPoolExecutor(READERS) as readers:
        all_hashes = readers.map(lambda file: _within(_stored_hashes(search, file, context), part), files)
        for file, hashes in zip(files, all_hashes, strict=True):
            search.between()
            if len(hashes):
                having.append((file, hashes))
    return having


def _wanted(search: Search, place: Place, held: Sequence[HashArray]) -> tuple[IndexArray, HashArray]:
    """Return the cells of a grid that are stored and not done, and their hashes, which ascend."""
    grid = search.prepared.grid
    stored = np.unique(np.concatenate(held)) if held else np.empty(0, np.uint64)
    cells, own = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
    for chunk in search.cells(place) if len(stored) else ():
        search.between()
        left = chunk[~search.done(place, chunk)]
        hashes = parameter_hashes(grid, left)
        there = places_of(stored, hashes) >= 0
        cells.append(left[there])
        own.append(hashes[there])
    hashes = np.concatenate(own)
    order = np.argsort(hashes)
    return np.concatenate(cells)[order], hashes[order]


def _may_hold(file: DataFile, context: int) -> bool:
    prefix, low, high = f"{context:016x}", file.minimum.get("run_id"), file.maximum.get("run_id")
    return low is None or high is None or low[:16] <= prefix <= high[:16]


def _stored_hashes(search: Search, file: DataFile, context: int) -> HashArray:
    """Return the parameter hashes of a file's runs of a context; none of a file that cannot be read."""
    parts = batches(search.snapshot.storage, "metrics", file, ["run_id", "sweep_id"])
    try:
        ids = [part["run_id"].filter(carriable(part, context, search.sources)) for part in parts]
    except DamagedFileError:
        ids = []
    return np.concatenate([np.empty(0, np.uint64), *map(parameter_part, ids)])


def carriable(rows: pa.Table | pa.RecordBatch, context: int, sources: Sources) -> pa.Array:
    """Return which rows are runs of a context in one of some sweeps, shape (rows,)."""
    of_context = pc.starts_with(rows["run_id"], f"{context:016x}")
    of_sweeps = pc.is_in(rows["sweep_id"], value_set=pa.array(sorted(sources), pa.string()))
    return pc.and_(of_context, of_sweeps)


def parameter_part(run_ids: pa.Array | pa.ChunkedArray) -> HashArray:
    """Return the second halves of run ids as numbers, shape (k,)."""
    ids = run_ids.combine_chunks() if isinstance(run_ids, pa.ChunkedArray) else run_ids
    one = pa.ListArray.from_arrays(pa.array([0, len(ids)], pa.int32()), ids)
    text = pc.binary_join(one, "")[0].as_py()
    return np.frombuffer(bytes.fromhex(text), ">u8").reshape(-1, 2)[:, 1].astype(np.uint64)


def _within(hashes: HashArray, part: tuple[int, int]) -> HashArray:
    number, parts = part
    if parts == 1:
        return hashes
    width = 2**64 // parts + 1
    low, high = np.uint64(number * width), np.uint64(min((number + 1) * width - 1, 2**64 - 1))
    return hashes[(hashes >= low) & (hashes <= high)]


def places_of(held: HashArray, hashes: HashArray) -> IndexArray:
    """Return where each hash is among some that ascend, -1 where it is not, shape (k,)."""
    if not len(held):
        return np.full(len(hashes), -1, np.int64)
    at = np.minimum(np.searchsorted(held, hashes), len(held) - 1)
    return np.where(held[at] == hashes, at, -1)
