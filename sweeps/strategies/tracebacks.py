"""Tracebacks cut down to the files that their reader wrote."""

import traceback
from collections.abc import Collection


def own_traceback(error: BaseException, filenames: Collection[str]) -> str:
    """Return an error's traceback with only the frames of the named files; only its message if none is.

    With no files named, as for a strategy that is built in, every frame stays: the defect is ours.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not filenames or frame.filename in filenames]
    if isinstance(error, SyntaxError) and not filenames:
        own = []  # it names its own place
    lines = traceback.format_list(own)
    head = ["Traceback (most recent call last):\n"] if lines else []
    return "".join([*head, *lines, *traceback.format_exception_only(error)]).rstrip()
