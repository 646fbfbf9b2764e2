"""`[sample]`: some of the grid instead of all of it."""

from typing import Annotated, Literal

from pydantic import Field

from sweeps.spec.section import Section


class SampleConfig(Section):
    """`n` distinct runs, after `where`; the same seed always chooses the same."""

    method: Literal["random", "sobol", "latin_hypercube"] = "random"
    n: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
