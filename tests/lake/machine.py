"""A lake against a dictionary: append, compact, remove, undo, vacuum, in any order, each dying at any moment.

What died is done again, as its owner would: sweeps resume, removals are finished, maintenance is repeated.
After each step the lake holds exactly what the dictionary says, and between death and repetition no half run.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lake.choices import Choice
from lake.compact import compact_table
from lake.compaction import CompactionSettings
from lake.copying import counter
from lake.journal import Batch, Journal
from lake.lake import open_lake
from lake.ownership import claim
from lake.recovery import recover
from lake.removal import plan_removal
from lake.removal_log import RemovalRecord, records
from lake.remove import finish_removals, remove
from lake.schemas import COMMIT_ORDER
from lake.snapshot import Snapshot
from lake.undo import undo
from lake.vacuum import vacuum, vacuum_plan
from lake.writer import write_rows
from tests.lake.seam import KilledError
from tests.lake.small import put_sweep, run_rows

SWEEPS = ("20260102-a", "20260103-b")
DAYS = ("2026-01-02", "2026-01-09", "2026-02-03")
TINY = CompactionSettings(target_bytes=20_000, held_bytes=30_000)
LATER = date(2026, 6, 1)
deaths = st.one_of(st.none(), st.integers(1, 40))
Key = tuple[str, str]


class LakeMachine(RuleBasedStateMachine):
    """The lake, and what it must hold: runs by sweep and id, and whether their details are stored."""

    def place(self) -> str:
        """Return the address of a lake that is not there yet."""
        raise NotImplementedError

    def die(self, moment: int, work: Callable[[], Any]) -> Any:
        """Do something, and die at a moment of it, counted from 1.

        Raises:
            KilledError: If it came so far.
        """
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        self.lake = open_lake(self.place())
        self.model: dict[Key, bool] = {}
        self.removed: list[tuple[RemovalRecord, dict[Key, bool]]] = []
        self.pinned: tuple[Snapshot, dict[Key, bool]] | None = None
        self.runs = 0
        self.lives = dict.fromkeys(SWEEPS, 0)
        for sweep in SWEEPS:
            self._start(sweep)

    def _start(self, sweep: str) -> None:
        """Begin another sweep in the place of a removed one, which nobody goes on with."""
        self.lives[sweep] += 1
        put_sweep(self.lake, f"{sweep}{self.lives[sweep]}", status="interrupted")  # its journal stays

    @rule(sweep=st.sampled_from(SWEEPS), count=st.integers(1, 4), detailed=st.integers(0, 4), death=deaths)
    def append(self, sweep: str, count: int, detailed: int, death: int | None) -> None:
        sweep = f"{sweep}{self.lives[sweep]}"
        keys = [(sweep, f"{self.runs + place:08x}") for place in range(count)]
        self.runs += count
        fresh = {key: place < detailed for place, key in enumerate(keys)}
        self._step(lambda: self._drive(sweep, fresh), death)
        self.model |= fresh

    @rule(table=st.sampled_from(COMMIT_ORDER), months=st.booleans(), death=deaths)
    def compact(self, table: str, *, months: bool, death: int | None) -> None:
        before = LATER if months else None
        self._step(lambda: compact_table(self.lake, table, TINY, months_before=before), death)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), scope=st.sampled_from(["sweep", "runs", "details"]), death=deaths)
    def take_out(self, data: Any, scope: Any, death: int | None) -> None:
        key = data.draw(st.sampled_from(sorted(self.model)))
        choice = (
            Choice("line", scope, frozenset({key[0]}))
            if scope == "sweep"
            else Choice("line", scope, runs={key[0]: pa.array([key[1]])})
        )
        gone = {held for held in self.model if held == key or (scope == "sweep" and held[0] == key[0])}
        before, known = dict(self.model), {record.id for record in records(self.lake)}
        if scope == "details":
            self.model[key] = False
        else:
            self.model = {held: kept for held, kept in self.model.items() if held not in gone}
        self._step(lambda: self._remove(choice), death)
        self.removed += [(record, before) for record in records(self.lake) if record.id not in known]
        if scope == "sweep":
            self._start(key[0].rstrip("0123456789"))

    @precondition(lambda self: self.removed)
    @rule(death=deaths)
    def undo_last(self, death: int | None) -> None:
        record, before = self.removed.pop()
        self._step(lambda: undo(self.lake, record), death)
        self.model |= before

    @rule()
    def read_later(self) -> None:
        self.pinned = self.lake.snapshot(COMMIT_ORDER), dict(self.model)

    @rule(death=deaths)
    def vacuum(self, death: int | None) -> None:
        def clean() -> None:
            for _ in vacuum(self.lake, vacuum_plan(self.lake, timedelta(0), force=True)):
                pass

        self._step(clean, death)
        self.pinned, self.removed = None, []

    @invariant()
    def the_lake_is_what_the_model_says(self) -> None:
        if not hasattr(self, "lake"):
            return
        assert _seen(self.lake.snapshot(COMMIT_ORDER)) == _expected(self.model)
        if self.pinned is not None:
            assert _seen(self.pinned[0]) == _expected(self.pinned[1])

    def _step(self, work: Callable[[], Any], death: int | None) -> Any:
        """Do something; where it dies, see that no run is half there, and do it again."""
        if death is None:
            return work()
        try:
            return self.die(death, work)
        except KilledError:
            self.lake = open_lake(self.lake.url)  # what the dead knew is gone
            _assert_details_whole(self.lake.snapshot(COMMIT_ORDER))
        finish_removals(self.lake)
        return work()

    def _drive(self, sweep: str, fresh: dict[Key, bool]) -> None:
        """Own the sweep, finish what a dead driver put down, and commit what is not there."""
        done: set[Any] = set()
        with claim(self.lake, sweep, take_over=True) as ownership:
            journal = Journal(self.lake, sweep, ownership.epoch)
            recover(journal, lambda block: done.add(block["first"]))
            first = min(key[1] for key in fresh)
            if first not in done:
                files = []
                for table in ("trades", "equity", "metrics", "details"):
                    keys = [key for key, kept in fresh.items() if kept or table == "metrics"]
                    if keys:
                        place = {"strategy": "s", "symbol": "X", "date": DAYS[self.runs % len(DAYS)]}
                        rows = run_rows(table, keys, {key[1]: float(int(key[1], 16)) for key in keys})
                        files.append(write_rows(self.lake.storage, table, rows, place, quick=True))
                journal.commit(Batch(ownership.epoch, 1, ({"first": first},), tuple(files)))

    def _remove(self, choice: Choice) -> RemovalRecord | None:
        snapshot = self.lake.snapshot(COMMIT_ORDER)
        removal = plan_removal(datetime.now(UTC), [choice], {}, snapshot, counter(self.lake.storage))
        return remove(self.lake, removal)


def _seen(snapshot: Snapshot) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of each table, sorted: keys, and what tells one row of a run from another."""
    further = {"metrics": "sharpe", "trades": "trade", "equity": "time", "details": "equity_rows"}
    return {
        table: sorted(
            tuple(row.values())
            for row in snapshot.read(table, columns=["sweep_id", "run_id", name]).to_pylist()
        )
        for table, name in further.items()
    }


def _expected(model: dict[Key, bool]) -> dict[str, list[tuple[Any, ...]]]:
    start = datetime(2026, 1, 2, tzinfo=UTC)
    kept = [key for key, detailed in model.items() if detailed]
    return {
        "metrics": sorted((*key, float(int(key[1], 16))) for key in model),
        "trades": sorted((*key, trade) for key in kept for trade in (1, 2)),
        "equity": sorted((*key, start + timedelta(days=day)) for key in kept for day in range(3)),
        "details": sorted((*key, 3) for key in kept),
    }


def _assert_details_whole(snapshot: Snapshot) -> None:
    seen = _seen(snapshot)
    for sweep, run, _ in seen["details"]:
        assert len([row for row in seen["trades"] if row[:2] == (sweep, run)]) == 2
        assert len([row for row in seen["equity"] if row[:2] == (sweep, run)]) == 3
        assert [row for row in seen["metrics"] if row[:2] == (sweep, run)]
