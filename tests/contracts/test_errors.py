"""Errors travel between processes, and say the same on arrival."""

import dataclasses
import pickle
import types
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from lake.errors import LakeError
from queries.errors import QueryError
from sweeplake.errors import FaceError
from sweeps.errors import SweepError
from tests.contracts.source import PACKAGES, modules

BASES = {"lake": LakeError, "queries": QueryError, "sweeplake": FaceError, "sweeps": SweepError}
_PLAIN = {
    str: "text",
    int: 7,
    float: 0.5,
    bool: True,
    object: "anything",
    Any: "anything",
    datetime: datetime(2024, 1, 2, tzinfo=UTC),
    types.NoneType: None,
}


def _classes() -> list[type[Exception]]:
    found = {
        value
        for module in modules()
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, BaseException)
        and value.__module__.partition(".")[0] in PACKAGES
    }
    return sorted(found, key=lambda kind: (kind.__module__, kind.__qualname__))


CLASSES = _classes()


def _made(hint: Any) -> Any:
    """Return a value of a type."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return arguments[0]
    if origin in (Union, types.UnionType):
        return None if types.NoneType in arguments else _made(arguments[0])
    if origin is tuple and arguments[-1] is not Ellipsis:
        return tuple(_made(argument) for argument in arguments)
    if origin in (tuple, list, Sequence, Iterable):
        return (_made(arguments[0]), _made(arguments[0]))
    if origin in (dict, Mapping):
        return {_made(arguments[0]): _made(arguments[1])}
    if hasattr(hint, "_fields"):
        return hint(*map(_made, get_type_hints(hint).values()))
    if dataclasses.is_dataclass(hint):
        return hint(**{name: _made(kind) for name, kind in get_type_hints(hint).items()})
    raise NotImplementedError(hint)


def _raised(kind: type[Exception]) -> Exception:
    if kind.__init__ is Exception.__init__:
        return kind()
    hints = get_type_hints(kind.__init__)
    return kind(*(_made(hint) for name, hint in hints.items() if name != "return"))


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__qualname__)
def test_an_error_survives_pickling(kind: type[Exception]) -> None:
    error = _raised(kind)
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes
    assert type(arrived) is kind
    assert str(arrived) == str(error)
    assert vars(arrived).keys() == vars(error).keys()


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__qualname__)
def test_an_error_has_its_package_s_base_and_speaks(kind: type[Exception]) -> None:
    base = BASES[kind.__module__.partition(".")[0]]
    assert kind.__name__.endswith("Error")
    assert issubclass(kind, base)
    assert kind.__doc__
    if kind is not base and not kind.__subclasses__():
        assert len(str(_raised(kind))) > len("text")


def test_there_are_errors_of_every_package() -> None:
    assert {kind.__module__.partition(".")[0] for kind in CLASSES} == set(BASES)
