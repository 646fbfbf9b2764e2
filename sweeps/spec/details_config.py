"""`[details]`: whose trades and equity curves are kept, and block statistics of all."""

from typing import Annotated, Literal

from pydantic import Field

from sweeps.spec.section import Section


class DetailsConfig(Section):
    """Keep the details of the best `n` runs of each group that `per` names; `per = []` is the whole sweep.

    `block_statistics` are kept with every run, for checks of overfitting.
    """

    keep: Literal["none", "top", "all"] = "top"
    n: Annotated[int, Field(ge=1)] = 50
    metric: Annotated[str, Field(min_length=1)] = "sharpe"
    min_trades: Annotated[int, Field(ge=0)] = 1
    per: Annotated[tuple[Literal["strategy", "symbol", "timeframe"], ...], Field(strict=False)] = (
        "strategy",
        "symbol",
    )
    block_statistics: bool = True
