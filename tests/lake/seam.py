"""The seam between the lake and its storage, watched: something happens before and after every call of it."""

import itertools
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from lake.storage import Storage


class KilledError(BaseException):
    """Stands for the death of a process: nothing of ours catches it."""


@contextmanager
def watched(happen: Callable[[], None]) -> Iterator[None]:
    """Call something before and after every put, commits among them, and deletion that this thread makes."""
    mine, inside = threading.current_thread(), []

    def around(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            tick()
            answer = real(*arguments)
            tick()
            return answer

        return call

    def tick() -> None:
        if threading.current_thread() is mine and not inside:
            inside.append(True)
            try:
                happen()
            finally:
                inside.pop()

    with pytest.MonkeyPatch.context() as patch:
        for name in ("put", "put_if_absent", "delete"):
            patch.setattr(Storage, name, around(getattr(Storage, name)))
        yield


class At:
    """Does something at one of the calls, counted from 1."""

    def __init__(self, place: int, act: Callable[[], None]) -> None:
        self.place, self.act, self.calls = place, act, 0

    def __call__(self) -> None:
        self.calls += 1
        if self.calls == self.place:
            self.act()

    @property
    def reached(self) -> bool:
        return self.calls >= self.place


class Death:
    """Kills at a call, and at every one after it: a dead process writes nothing more."""

    def __init__(self, place: int) -> None:
        self.place, self.calls = place, 0

    def __call__(self) -> None:
        self.calls += 1
        if self.calls >= self.place:
            raise KilledError

    @property
    def reached(self) -> bool:
        return self.calls >= self.place


def strided(stride: int) -> pytest.MarkDecorator:
    """Let a test die at one of every so many moments, given as `stride`; in a soak at every one."""
    lengths = [pytest.param(stride, id="some"), pytest.param(1, id="every", marks=pytest.mark.soak)]
    return pytest.mark.parametrize("stride", lengths)


def deaths(
    folder: Path | str, copies: Path, act: Callable[[Path], object], stride: int = 1
) -> Iterator[Path]:
    """Yield copies of a lake, in each of which an act died at another of its calls, every so many of them.

    It ends with the first place that the act does not reach.
    """
    for place in itertools.count(1, stride):
        copy, death = Path(shutil.copytree(folder, copies / str(place))), Death(place)
        with suppress(KilledError), watched(death):
            act(copy)
        if not death.reached:
            return
        yield copy
