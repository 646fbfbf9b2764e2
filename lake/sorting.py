"""Sorting: rows of any number in the order of some columns, with bounded memory."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from lake.errors import LakeError

SPILLED_ROWS = 20_000
"""Rows of a sorted run that are in memory while runs are merged."""

Arrange = Callable[[pa.Table], pa.Table]


class NoRoomToSortError(LakeError):
    """What is sorted does not fit into memory, and not into the temporary folder."""

    def __init__(self, folder: str, reason: str) -> None:
        super().__init__(folder, reason)
        self.folder, self.reason = folder, reason

    def __str__(self) -> str:
        return (
            f"cannot sort in the temporary folder {self.folder}: {self.reason}; free some space there, or "
            "set TMPDIR to a folder that has it; the lake is as it was"
        )


class Sorter:
    """Takes rows in any order and returns them sorted; what does not fit lies in local temporary files.

    Use it as a context: the temporary files go with it. Memory is about three times `held_bytes`, or the rows
    that share one value of the first key, if those are more.
    """

    def __init__(self, keys: Sequence[str], held_bytes: int, arrange: Arrange) -> None:
        """Take nothing yet.

        Args:
            keys: Columns to sort by, ascending, NULL last. Of the first, all rows of one value are held.
            held_bytes: Bytes of rows that are held before they are sorted and put aside.
            arrange: What gives all rows the same columns; called on many rows at once.
        """
        self._keys, self._most, self._arrange = tuple(keys), held_bytes, arrange
        self._held: list[pa.Table] = []
        self._size = 0
        self._runs: list[_Run] = []
        self._numbers = count()
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    def add(self, rows: pa.Table) -> None:
        """Take some rows."""
        self._held.append(rows)
        self._size += rows.nbytes
        if self._size >= self._most:
            self._put_aside()

    def pieces(self) -> Iterator[pa.Table]:
        """Yield all rows in order, in pieces of any size; only once."""
        if not self._runs:
            yield self._sorted_held()
            return
        if self._held:
            self._put_aside()
        yield from _merged(self._runs, self._keys, self._arrange)

    def _sorted_held(self) -> pa.Table:
        parts, self._held, self._size = self._held, [], 0
        rows = self._arrange(pa.concat_tables(parts, promote_options="default"))
        parts.clear()
        return sorted_rows(rows, self._keys)

    def _put_aside(self) -> None:
        if not self._runs:
            folder = self._exit.enter_context(tempfile.TemporaryDirectory(prefix="sweeplake-"))
            self._folder = Path(folder)
        rows = self._sorted_held()
        path = str(self._folder / f"{next(self._numbers)}.arrow")
        try:
            with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, rows.schema) as sink:
                sink.write_table(rows, max_chunksize=SPILLED_ROWS)
        except OSError as error:
            raise NoRoomToSortError(str(self._folder.parent), str(error).partition("\n")[0]) from error
        run = _Run(path, self._keys[0])
        self._exit.callback(run.close)
        self._runs.append(run)


def sorted_rows(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Return rows in order, one chunk a column."""
    order = pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in keys])
    columns = [column.combine_chunks().take(order) for column in rows.columns]
    return pa.table(columns, schema=rows.schema)


class _Run:
    """Sorted rows in a file, of which the first few are in memory."""

    def __init__(self, path: str, key: str) -> None:
        self._file = pa.OSFile(path, "rb")
        self._reader = pa.ipc.open_file(self._file)
        self._key, self._next = key, 0
        self.rows: pa.Table = self._reader.schema.empty_table()

    def close(self) -> None:
        self._file.close()

    @property
    def last(self) -> Any:
        """Last key that is in memory; None if it is NULL, after which only NULL can follow."""
        return self.rows.column(self._key)[-1].as_py()

    @property
    def whole(self) -> bool:
        """Whether nothing of it is left in the file."""
        return bool(self._next == self._reader.num_record_batches)

    def read_on(self) -> None:
        """Bring some more rows into memory, if there are any."""
        if self.whole:
            return
        batch = self._reader.get_batch(self._next)
        self._next += 1
        self.rows = pa.concat_tables([self.rows, pa.Table.from_batches([batch])])

    def take_below(self, bound: Any) -> pa.Table:
        """Return, and drop, the rows whose key is below a bound; NULL is not."""
        places = pc.sum(pc.less(self.rows.column(self._key), bound)).as_py() or 0
        taken, self.rows = self.rows.slice(0, places), self.rows.slice(places)
        return taken


def _merged(runs: Sequence[_Run], keys: Sequence[str], arrange: Arrange) -> Iterator[pa.Table]:
    """Yield rows below the least of the keys up to which every run is in memory, then all that are left."""
    for run in runs:
        run.read_on()
    while waiting := [run for run in runs if not run.whole]:
        bound = min((run.last for run in waiting if run.last is not None), default=None)
        if bound is not None:
            rows = pa.concat_tables([run.take_below(bound) for run in runs], promote_options="default")
            if rows.num_rows:
                yield sorted_rows(arrange(rows), keys)
        for run in waiting:
            if run.rows.num_rows < SPILLED_ROWS or run.last in {bound, None}:
                run.read_on()
    yield sorted_rows(arrange(pa.concat_tables([run.rows for run in runs], promote_options="default")), keys)
