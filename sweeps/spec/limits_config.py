"""`[limits]`: what one run may take; a run that takes more fails alone."""

from typing import Annotated

from pydantic import Field

from sweeps.spec.section import Section

MEGA = 1_000_000


class LimitsConfig(Section):
    """Limits of one run of a user's own strategy; they are no part of what a run is.

    `run_seconds` is the longest that the strategy may be at work without coming back, `memory_mb` what its
    process may take beyond what it had before.
    """

    run_seconds: Annotated[float, Field(gt=0, le=86_400, strict=False)] = 60.0
    memory_mb: Annotated[int, Field(ge=64)] = 4_096
