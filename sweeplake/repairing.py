"""Repairing a lake: its logs, then its files, then its rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from lake.check import Checked, check_files, damage_found
from lake.commits import SweepTakenOverError
from lake.documents import DocumentDamagedError
from lake.findings import Finding
from lake.lake import Lake
from lake.log_repair import restore_checkpoint, set_aside_cut_entry
from lake.losing import drop_lost
from lake.ownership import SweepOwnedError
from lake.owning import Owned, own
from lake.recovery import BatchTornError
from lake.removal_log import named_sweeps
from lake.repair import drop_runs, rebuild_statistics
from lake.schemas import TABLES
from lake.snapshot import DataFile
from lake.sources import DamagedFileError
from lake.unsettled import behind, has_journal
from queries.catalog import Catalog
from queries.check import broken_details, leftovers
from queries.errors import QueryError
from sweeplake.settling import settle_all

_REFUSED = (SweepOwnedError, SweepTakenOverError, BatchTornError, DocumentDamagedError)
"""What is in the way of a repair, of which nothing is taken out then; each says what to do."""


class Repair:
    """One pass over a lake that puts right what can be put right without guessing.

    Attributes:
        lines: What was done, and what was left, one line each.
        damaged: Files that were to be written anew and are not what was written; they were left.
    """

    def __init__(self, lake: Lake, *, deep: bool, drop_damaged: bool) -> None:
        self.lines: list[str] = []
        self.damaged: list[Finding] = []
        self._lake, self._deep, self._drop_damaged = lake, deep, drop_damaged

    def run(self) -> None:
        """Repair logs, then files, then rows; no more where a log lost what cannot be committed again yet."""
        was_cut = self._drop_damaged and self._set_aside()
        for table in TABLES:
            if restore_checkpoint(self._lake.storage, table):
                self.lines.append(f"{table}: made a new checkpoint")
        if was_cut:
            settled = settle_all(self._lake)
            self.lines += settled.done
            if settled.left:
                self.lines += settled.left
                return
        before = check_files(self._lake, deep=self._deep)
        if before.blind:  # nothing can be judged, and nothing is taken out
            return
        self._rebuild_statistics(before)
        try:
            self._drop_lost(before)
            self._drop_rows(frozenset() if self._drop_damaged else before.touched, careful=was_cut)
        except DamagedFileError as error:
            self._tell(before, error)
        except _REFUSED as error:  # what was repaired until then is told, and the check tells what was not
            self.lines.append(f"left the rest as it is: {error}")

    def _set_aside(self) -> bool:
        """Take cut entries out of the logs; return whether there were any."""
        found = [set_aside_cut_entry(self._lake.storage, table) for table in TABLES]
        for table, entry in zip(TABLES, found, strict=True):
            if entry:
                text = (
                    f"{table}: took the cut entry {entry} out of the log; what is left of it is in _damaged/"
                )
                self.lines.append(text)
        return any(found)

    def _rebuild_statistics(self, checked: Checked) -> None:
        for table, files in checked.wrong.items():
            if count := self._rebuilt(checked, table, files):
                self.lines.append(f"{table}: wrote the statistics of {count:,} files anew")

    def _rebuilt(self, checked: Checked, table: str, files: Sequence[DataFile]) -> int:
        """Return the files whose statistics are right now; those that are damaged are left, and told."""
        while files:
            try:
                return rebuild_statistics(self._lake, table, files)
            except DamagedFileError as error:
                self._tell(checked, error)
                files = [file for file in files if file.path != error.path]
        return 0

    def _drop_lost(self, checked: Checked) -> None:
        lost = checked.lost if self._drop_damaged else {}
        dropped = drop_lost(self._lake, lost, checked.sweeps)
        if dropped.finished:
            self.lines.append(f"finished {dropped.finished} repairs that were cut off")
        if dropped.files:
            self.lines.append(f"took out {dropped.files:,} files that were missing or damaged")
        if dropped.whole:
            self.lines.append(f"left {dropped.whole:,} files that are whole now")
        self.lines += [
            f"`sweeplake resume {sweep}` computes what went of it again" for sweep in dropped.sweeps
        ]

    def _drop_rows(self, unsure: frozenset[str], *, careful: bool) -> None:
        """Drop what is not whole; not of sweeps that tell too little, or that `resume` makes whole.

        Trades and equity that no details name stay where a removal names their sweep: it may be at work, or
        an undo, which commits their details last. The removals are asked after the rows, so that none is
        missed: only an undo of one that was known by then gives such rows details.

        Args:
            unsure: Sweeps whose files are damaged.
            careful: Whether a log was just repaired: then nothing of a sweep without a journal goes either.
        """
        checked = check_files(self._lake)
        unsure |= checked.touched
        concerned = {row["sweep_id"] for rows in _wrong_rows(checked) for row in rows} - unsure
        unsure |= {
            sweep
            for sweep in concerned
            if behind(self._lake, sweep) or (careful and not has_journal(self._lake, sweep))
        }
        owned = dict[str, Owned]()
        for sweep in sorted(concerned - unsure):
            try:
                owned |= own(self._lake, [sweep])
            except SweepOwnedError as error:
                self.lines.append(f"left the rows of sweep {sweep} as they are: {error}")
                unsure |= {sweep}
        if concerned <= unsure:
            return
        fences = [held.fence for held in owned.values()]
        broken, left = _wrong_rows(check_files(self._lake))  # nobody can add to them any more
        mine = frozenset(concerned - unsure)
        removed = named_sweeps(self._lake)
        if pairs := _pairs(broken, mine - removed):
            note = "repair: details that were not whole"
            drop_runs(self._lake, ("details", "equity", "trades"), pairs, note, fences)
            self.lines.append(f"dropped the details of {pairs.num_rows:,} runs that were not whole")
        if kept := {row["sweep_id"] for row in left} & removed & mine:
            self.lines.append(
                f"left the rows of {len(kept):,} sweeps that no details name: `sweeplake undo` may need them"
            )
        if pairs := _pairs(left, mine - removed):
            note = "repair: rows that no details name"
            rows = drop_runs(self._lake, ("equity", "trades"), pairs, note, fences)
            self.lines.append(f"dropped {rows:,} rows that no details name")

    def _tell(self, checked: Checked, error: DamagedFileError) -> None:
        self.lines.append(
            f"left {error.table}/{error.path} as it is, and what was to be taken out of it: {error.reason}"
        )
        self.damaged.append(damage_found(self._lake, checked, error))


_Rows = Sequence[Mapping[str, Any]]


def _wrong_rows(checked: Checked) -> tuple[_Rows, _Rows]:
    """Return the details that are not whole, and the rows that none name; none if rows cannot be read."""
    try:
        with Catalog(checked.sound) as catalog:
            return broken_details(catalog), leftovers(catalog, checked.sweeps)
    except (QueryError, OSError):
        return [], []  # the check that follows tells it


def _pairs(rows: _Rows, sweeps: frozenset[str]) -> pa.Table | None:
    keys = [{name: row[name] for name in ("sweep_id", "run_id")} for row in rows if row["sweep_id"] in sweeps]
    return pa.Table.from_pylist(keys) if keys else None
