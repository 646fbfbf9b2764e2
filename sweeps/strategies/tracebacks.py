"""Tracebacks cut down to the files that their reader wrote."""

import traceback
from collections.abc import Container


def own_traceback(error: BaseException, filenames: Container[str]) -> str:
    """Return an error's traceback with only the frames of the named files; with all if none is of them."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename in filenames]
    lines = traceback.format_list(own or ([] if isinstance(error, SyntaxError) else frames))
    head = ["Traceback (most recent call last):\n"] if lines else []
    return "".join([*head, *lines, *traceback.format_exception_only(error)]).rstrip()
