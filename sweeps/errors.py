"""The errors of `sweeps`: every one is bad input, found before anything is written."""

from collections.abc import Iterable
from difflib import get_close_matches


class SweepError(Exception):
    """Base of every error that `sweeps` raises on purpose; the command line exits 2 on it.

    Attributes:
        key: Where in a configuration the remedy lies; "" if it is not there, or if the text names it itself.
    """

    key = ""


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Return `; did you mean "x"?` for the nearest candidate, or an empty string if none is near."""
    near = get_close_matches(word, list(candidates), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""
