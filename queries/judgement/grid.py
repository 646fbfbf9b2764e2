"""Grid: judged runs as cells with a place on every axis, and what lies around each, as SQL.

Two cells are neighbours if they are at most one step apart on every ordered axis (Chebyshev distance 1),
counted in the values that the axis has, and equal in all else: symbol and bars, texts, flags. Off is one step
from nothing. A box is a cell with its neighbours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from queries.judgement.scope import Axis, Judged, shown
from queries.text import quoted

_OFF = -2  # two steps from the place nearest to it: the first is 1, and what is searched reaches to 0


@dataclass(frozen=True)
class Grid:
    """The cells of judged runs, one a run.

    Attributes:
        judged: The runs.
        axes: What they differ in.
    """

    judged: Judged
    axes: Sequence[Axis]

    @cached_property
    def ordered(self) -> list[str]:
        """Columns of places on axes along which there are steps, the longest axis first."""
        places = [place for place, axis in enumerate(self.axes) if axis.is_ordered]
        return [f"place_{place}" for place in sorted(places, key=lambda place: -self.axes[place].size)]

    @cached_property
    def equal(self) -> list[str]:
        """Columns in which neighbours are equal: texts, flags, and what the ids of runs begin with."""
        texts = [f"place_{place}" for place, axis in enumerate(self.axes) if not axis.is_ordered]
        return ["context", *texts]

    def cells(self) -> str:
        """Return common table expressions up to `cells`: run_id, symbol, worth, and a column a place."""
        columns = [axis.parameter.column for axis in self.axes]
        keys = {f"place_{place}": f"runs.{quoted(column)}" for place, column in enumerate(columns)}
        keys["context"] = "left(runs.run_id, 16)"
        values = ", ".join(
            f"""{name}_values as materialized (
                select held, cast(row_number() over (order by held) as integer) as place
                from (select distinct {key} as held from runs where {key} is not null)
            )"""  # noqa: S608
            for name, key in keys.items()
        )
        places = ", ".join(f"coalesce({name}_values.place, {_OFF}) as {name}" for name in keys)
        joins = " ".join(
            f"left join {name}_values on {name}_values.held = {key}" for name, key in keys.items()
        )
        return f"""
            runs as materialized ({self.judged.runs(columns)}),
            {values},
            cells as materialized (select runs.run_id, runs.worth, {places} from runs {joins})
        """  # noqa: S608

    def boxes(self) -> str:
        """Return common table expressions from `cells` up to `boxes`: run_id, worth, and what its box holds.

        That is `cells` (count), `valued` (those that have the metric), `total` (sum of worth) and `highest`,
        the cell's own among them. Of two ways that find the same the one that makes fewer rows is taken.
        """
        runs = self.judged.ask(f"select count(*) as runs from ({self.judged.runs()})")["runs"][0].as_py()  # noqa: S608
        sizes = {f"place_{place}": axis.size for place, axis in enumerate(self.axes)}
        keys: list[str] = []
        while len(keys) < len(self.ordered) and math.prod(sizes[name] for name in keys) < runs:
            keys.append(self.ordered[len(keys)])
        alike = max(1, runs // math.prod(sizes[name] for name in keys))
        volume = math.prod(sizes[name] for name in self.ordered)
        summed = 3 * len(self.ordered) * min(volume, 3 ** len(self.ordered) * runs)
        return self._summed() if summed <= 3 ** len(keys) * runs * alike else self._joined(keys)

    def _summed(self) -> str:
        """Return `boxes` as sums of slices, axis by axis: the way for full grids.

        Each pass spreads what was gathered over three places and adds it up, so that k axes take 3k rows a
        cell, not 3^k. It spreads over cells that do not exist, too, because ways around them lead through.
        """
        names = [*self.equal, *self.ordered]
        passes = [
            f"""pass_0 as (
                select {", ".join(names)}, cast(count(*) as integer) as cells,
                    cast(count(worth) as integer) as valued, sum(worth) as total, max(worth) as highest
                from cells group by all
            )"""  # noqa: S608
        ]
        passes += [
            f"""pass_{number} as (
                select {"".join(f"{other}, " for other in names if other != name)} {name} + step as {name},
                    cast(sum(cells) as integer) as cells, cast(sum(valued) as integer) as valued,
                    sum(total) as total, max(highest) as highest
                from pass_{number - 1}, (select unnest([-1, 0, 1]) as step)
                group by all
            )"""  # noqa: S608
            for number, name in enumerate(self.ordered, 1)
        ]
        return f"""{", ".join(passes)}, boxes as (
            select cells.run_id, cells.worth, box.cells, box.valued, box.total, box.highest
            from cells inner join pass_{len(self.ordered)} as box using ({", ".join(names)})
        )"""  # noqa: S608

    def _joined(self, keys: Sequence[str]) -> str:
        """Return `boxes` as joins of cells with cells: the way for grids of which few cells exist.

        A cell looks at three places on each of the key axes, and of what it finds there at the others.
        """
        spread = ", ".join(f"cells.{name} + step_{name} as key_{name}" for name in keys)
        steps = "".join(f", (select unnest([-1, 0, 1]) as step_{name})" for name in keys)
        same = "".join(f" and spread.key_{name} = near.{name}" for name in keys)
        return f"""spread as (
            select cells.* {"," if keys else ""} {spread} from cells {steps}
        ),
        boxes as (
            select spread.run_id, any_value(spread.worth) as worth, count(*) as cells,
                count(near.worth) as valued, sum(near.worth) as total, max(near.worth) as highest
            from spread inner join cells as near on {self.near("spread", "near")} {same}
            group by spread.run_id
        )"""  # noqa: S608

    def near(self, left: str, right: str) -> str:
        """Return the condition that two rows of cells are in each other's box."""
        same = [f"{left}.{name} = {right}.{name}" for name in self.equal]
        steps = [f"abs({left}.{name} - {right}.{name}) <= 1" for name in self.ordered]
        return " and ".join([*same, *steps])

    def values(self) -> str:
        """Return the columns that results show of `runs`: the metric, and the parameters that vary."""
        values = "".join(
            f", {shown(axis.parameter)} as {quoted(axis.parameter.column)}" for axis in self.axes
        )
        return f"runs.run_id, runs.sweep_id, runs.symbol, runs.value {values}"

    def ask(self, expressions: str, select: str, **values: int) -> pa.Table:
        """Return the rows of a SELECT over `runs`, `cells` and further expressions."""
        return self.judged.ask(f"with {self.cells()}, {expressions} {select}", **values)


def grid(judged: Judged) -> Grid:
    """Return the grid of judged runs."""
    return Grid(judged, judged.axes())
