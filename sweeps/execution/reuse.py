"""Reuse: runs that the lake has already, from whatever sweep, are carried into a new one and not computed.

A run is known by its run_id: its context tells the files that may have it, and its parameter hash the cell
of the grid. The values of its parameters are compared too. What is carried is a row of `metrics` like any
other, under the new sweep's id and with the parameter columns that this one stores; `created_at` and
`duration_sec` tell of the run as it was computed. Files are read as a rewrite reads them: held against
their hashes first. One that is gone or damaged is passed over, and its runs are computed.

Memory is that of what `held` finds at a time, and of one file's rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lake.schemas import CUSTOM_METRIC_PREFIX, TABLES
from lake.snapshot import DataFile, Snapshot
from lake.sources import DamagedFileError, verified_rows
from lake.storage import Storage
from sweeps.errors import SweepError
from sweeps.execution.blocks import place_document
from sweeps.execution.cell_set import encode_cells
from sweeps.execution.choices import Chosen
from sweeps.execution.context import Place, SweepContext
from sweeps.execution.held import (
    Held,
    Search,
    Sources,
    carriable,
    held_in_passes,
    nothing,
    parameter_part,
    places_of,
    sources_of,
)
from sweeps.execution.prepare import Prepared
from sweeps.execution.rows import parameter_arrays
from sweeps.spec.grid import IndexArray
from sweeps.spec.identity import HashArray

CARRIED_ROWS = 200_000
"""Rows that are held before they become a file: some 70 MB."""
_BLOCKS = ("block_sums", "block_sumsqs")


class RunClashError(SweepError):
    """A stored run has the id of another one."""

    def __init__(self, run_id: str, sweep_id: str, parameter: str) -> None:
        super().__init__(run_id, sweep_id, parameter)
        self.run_id, self.sweep_id, self.parameter = run_id, sweep_id, parameter

    def __str__(self) -> str:
        return (
            f"run {self.run_id} of sweep {self.sweep_id} has another value of {self.parameter} than a run of "
            "the same id here: one was changed, or their hashes collide; --fresh computes all runs again"
        )


@dataclass(frozen=True, eq=False)
class Carried:
    """Some runs at one place that are ready to be written into a sweep.

    Attributes:
        place: The place.
        cells: Their raw indices, ascending, shape (k,).
        rows: Their rows of `metrics`, partition columns aside, k of them.
    """

    place: Place
    cells: IndexArray
    rows: pa.Table

    def to_document(self) -> dict[str, Any]:
        """Return what the journal keeps of them."""
        return {
            "phase": "reused",
            **place_document(self.place),
            "lo": int(self.cells[0]),
            "hi": int(self.cells[-1]) + 1,
            "runs": len(self.cells),
            "failed": 0,
            "cells": encode_cells(self.cells),
        }


def may_reuse(prepared: Prepared) -> bool:
    """Return whether runs can be carried: not where trades and equity of every run are asked for."""
    return prepared.config.details.keep != "all"


def reusable(prepared: Prepared, snapshot: Snapshot, chosen: Chosen | None = None) -> dict[Place, int]:
    """Return how many runs the lake has of each place, by their ids; nothing but these is read.

    Args:
        prepared: The sweep.
        snapshot: The lake's `metrics` and `sweeps`.
        chosen: What splits choose: its tests are counted, and not what it is chosen from.
    """
    search = Search(prepared, snapshot, sources_of(snapshot, prepared), nothing, chosen=chosen)
    if not may_reuse(prepared):
        return dict.fromkeys(search.places, 0)
    return {place: sum(len(held.cells) for held in held_in_passes(search, place)) for place in search.places}


def without_blocks(prepared: Prepared, snapshot: Snapshot, held: int) -> tuple[str, ...]:
    """Return a caution if the lake has runs that a sweep would carry over if it wanted no block statistics.

    Args:
        prepared: The sweep.
        snapshot: The lake's `metrics` and `sweeps`.
        held: How many runs it does carry over.
    """
    if not prepared.config.details.block_statistics:
        return ()
    details = prepared.config.details.model_copy(update={"block_statistics": False})
    content = replace(prepared, config=prepared.config.model_copy(update={"details": details}))
    if sources_of(snapshot, content).keys() == sources_of(snapshot, prepared).keys():
        return ()
    more = sum(reusable(content, snapshot).values()) - held
    told = f"runs that the lake has without block statistics ({more:,}) are computed again"
    return (f"{told}, for `details.block_statistics` wants them",) if more else ()


def carried(search: Search, context: SweepContext) -> Iterator[Carried]:
    """Yield the runs of a sweep that the lake has, each once, some `CARRIED_ROWS` at a time.

    Args:
        search: What is looked for.
        context: What the sweep's workers are told.

    Raises:
        RunClashError: If a run that is stored has the id of another.
    """
    if not may_reuse(search.prepared):
        return
    for place in search.places:
        for held in held_in_passes(search, place):
            yield from _gathered(place, _rows(search, held, place, context))


def _rows(
    search: Search, held: Held, place: Place, context: SweepContext
) -> Iterator[tuple[IndexArray, pa.Table]]:
    """Yield cells and the rows that they get, each cell once."""
    taken, inputs = np.zeros(len(held.cells), np.bool_), context.inputs[place]
    for part in _sound_rows(search.snapshot.storage, held.files):
        search.between()
        own = part.filter(carriable(part, inputs.context, search.sources))
        places, rows = _first_of_each(own, held.hashes, taken)
        cells = held.cells[places]
        parameters = parameter_arrays(search.prepared.grid, context.columns, cells)
        names = {column.name: parameters[column.column] for column in context.columns}
        _require_same(rows, names, search.sources)
        taken[places] = True
        of_sweep = {**parameters, "splits": search.splits(place, cells)}
        yield cells, _renamed(rows, of_sweep, place, context)


def _sound_rows(storage: Storage, files: Sequence[DataFile]) -> Iterator[pa.Table]:
    """Yield the rows of files; one that is gone or damaged is passed over: `check` tells of it."""
    left = list(files)
    while left:
        try:
            yield from verified_rows(storage, "metrics", left)
        except DamagedFileError as error:
            left = left[1 + next(at for at, file in enumerate(left) if file.path == error.path) :]
        else:
            return


def _first_of_each(
    rows: pa.Table, hashes: HashArray, taken: NDArray[np.bool_]
) -> tuple[IndexArray, pa.Table]:
    """Return the places among some hashes of runs that are not taken yet, and a row for each."""
    places = places_of(hashes, parameter_part(rows["run_id"]))
    wanted = np.flatnonzero(places >= 0)
    wanted = wanted[~taken[places[wanted]]]
    distinct, first = np.unique(places[wanted], return_index=True)
    return distinct, rows.take(pa.array(wanted[first]))


def _require_same(rows: pa.Table, parameters: Mapping[str, pa.Array], sources: Sources) -> None:
    """Return if the parameters of rows, by name, are those that are wanted.

    Raises:
        RunClashError: If they are not.
    """
    for sweep_id in pc.unique(rows["sweep_id"]).to_pylist():
        own = pc.equal(rows["sweep_id"], sweep_id).combine_chunks()
        for name, column in sources[sweep_id].items():
            if name not in parameters:  # a setting that is the same in all of this sweep's runs
                continue
            wanted = parameters[name].filter(own)
            stored = rows.filter(own)[column].combine_chunks() if column in rows.column_names else None
            if stored is None:
                stored = pa.nulls(len(wanted), wanted.type)
            both_off = pc.and_(pc.is_null(stored), pc.is_null(wanted))
            equal = pc.fill_null(pc.equal(stored, wanted.cast(stored.type)), fill_value=False)
            clashes = pc.invert(pc.or_(equal, both_off))
            if pc.any(clashes).as_py():
                raise RunClashError(rows.filter(own)["run_id"].filter(clashes)[0].as_py(), sweep_id, name)


def _renamed(
    rows: pa.Table, of_sweep: Mapping[str, pa.Array], place: Place, context: SweepContext
) -> pa.Table:
    """Return rows of other sweeps as this one stores them, some columns of its own in place of theirs."""
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        name: rows[name]
        for name in rows.column_names
        if name in TABLES["metrics"].file_schema.names
        or (name.startswith(CUSTOM_METRIC_PREFIX) and rows[name].null_count < rows.num_rows)
    }
    columns["sweep_id"] = pa.repeat(pa.scalar(context.sweep_id), rows.num_rows)
    columns["span"] = pa.repeat(pa.scalar(place.span, pa.int32()), rows.num_rows)
    for name in () if context.keep_block_statistics else _BLOCKS:
        columns.pop(name, None)
    return pa.table({**columns, **of_sweep})


def _gathered(place: Place, found: Iterator[tuple[IndexArray, pa.Table]]) -> Iterator[Carried]:
    waiting: list[tuple[IndexArray, pa.Table]] = []
    for cells, rows in found:
        if len(cells):
            waiting.append((cells, rows))
        if sum(len(cells) for cells, _ in waiting) >= CARRIED_ROWS:
            yield _joined(place, waiting)
            waiting = []
    if waiting:
        yield _joined(place, waiting)


def _joined(place: Place, parts: Sequence[tuple[IndexArray, pa.Table]]) -> Carried:
    rows = pa.concat_tables([rows for _, rows in parts], promote_options="default")
    return Carried(place, np.sort(np.concatenate([cells for cells, _ in parts])), rows)
