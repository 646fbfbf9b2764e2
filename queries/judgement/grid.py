"""Grid: judged runs as cells with a place on every axis, and what lies around each, as SQL.

Two cells are neighbours if they are at most one step apart on every ordered axis (Chebyshev distance 1),
counted in the values that the axis has, and equal in all else: symbol and bars, texts, flags. Off is one step
from nothing. A box is a cell with its neighbours.
"""

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
        the cell's own among them. A box is the sum of its slices, axis by axis: each pass spreads what was
        gathered over three places and adds it up, so that a grid of k axes takes 3k rows a cell, not 3^k. It
        spreads over cells that do not exist, too, because ways around them lead through; where a grid is
        so thin that they would be the most, those that no cell agrees with so far are left out.
        """
        names = [*self.equal, *self.ordered]
        passes = [
            f"""pass_0 as (
                select {", ".join(names)}, cast(count(*) as integer) as cells,
                    cast(count(worth) as integer) as valued, sum(worth) as total, max(worth) as highest
                from cells group by all
            )"""  # noqa: S608
        ]
        runs = self.judged.ask(f"select count(*) as runs from ({self.judged.runs()})")["runs"][0].as_py()  # noqa: S608
        sizes = {f"place_{place}": axis.size for place, axis in enumerate(self.axes)}
        room = 1
        for number, name in enumerate(self.ordered, 1):
            room *= sizes[name]
            done, last = self.ordered[:number], number == len(self.ordered)
            rest = "".join(f"{other}, " for other in names if other != name)
            passes.append(
                f"""spread_{number} as (
                    select {rest} {name} + step as {name}, cells, valued, total, highest
                    from pass_{number - 1}, (select unnest([-1, 0, 1]) as step)
                ),
                pass_{number} as (
                    select {", ".join(names)}, cast(sum(cells) as integer) as cells,
                        cast(sum(valued) as integer) as valued, sum(total) as total, max(highest) as highest
                    from spread_{number} {_agreeing([*self.equal, *done]) if room > runs and not last else ""}
                    group by all
                )"""  # noqa: S608
            )
        return ", ".join(
            [
                *passes,
                f"""boxes as (
                    select cells.run_id, cells.worth, box.cells, box.valued, box.total, box.highest
                    from cells inner join pass_{len(self.ordered)} as box using ({", ".join(names)})
                )""",  # noqa: S608
            ]
        )

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


def _agreeing(names: Sequence[str]) -> str:
    key = ", ".join(names)
    return f"semi join (select distinct {key} from cells) as agreeing using ({key})"  # noqa: S608
