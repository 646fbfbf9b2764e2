"""Finding a strategy by the reference that a config writes."""

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from sweeps.strategies.bundle import SourceBundle, collect
from sweeps.strategies.contract import Strategy
from sweeps.strategies.errors import BrokenStrategyError, StrategyFileError, UnknownStrategyError
from sweeps.strategies.source import StrategySource
from sweeps.strategies.tracebacks import own_traceback

BUILTIN = ("bollinger_atr", "donchian_breakout", "macd_cross", "rsi_meanrev", "sma_cross")
GROUP = "sweeplake.strategies"


def available() -> tuple[str, ...]:
    """Return the names of built-in and installed strategies, sorted."""
    return tuple(sorted({*BUILTIN, *(point.name for point in entry_points(group=GROUP))}))


def resolve(reference: str, base_dir: Path) -> Strategy:
    """Return the strategy of a reference: a built-in, an installed entry point, or ``file.py:function``.

    A built-in goes before an entry point of the same name. Whatever a user wrote is read as text here, and
    from then on only the text counts.

    Args:
        reference: As the config writes it.
        base_dir: Where relative files lie: the config's folder.

    Raises:
        UnknownStrategyError: If nothing has that name; it names the nearest and lists what there is.
        MissingFunctionError: If the module has no such function.
        StrategyFileError: If the file is not there or no function is named.
        BrokenStrategyError: If the user's module fails to import.
        StrategyDefinitionError: If the function is not a strategy's.
    """
    if reference in BUILTIN:
        return StrategySource(reference, reference).load()
    path, _, function = reference.rpartition(":")
    if reference.endswith(".py"):
        raise StrategyFileError(reference, f'name the function in it: "{reference}:my_function"')
    if path.endswith(".py"):
        return _from_file(reference, base_dir / path, function)
    points = entry_points(group=GROUP, name=reference)
    if points:
        return _from_entry_point(reference, next(iter(points)))
    raise UnknownStrategyError(reference, available())


def _from_file(reference: str, path: Path, function: str) -> Strategy:
    if not path.is_file():
        raise StrategyFileError(reference, f"there is no file {path}; it is looked for beside the config")
    folder = path.parent.resolve()
    bundle = _collected(reference, lambda: collect(folder, path.stem, function))
    return StrategySource(reference, function, bundle).load()


def _from_entry_point(reference: str, point: EntryPoint) -> Strategy:
    top = point.module.partition(".")[0]
    spec = find_spec(top)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py") or "." in point.attr:
        raise StrategyFileError(
            reference,
            f'its entry point "{point.value}" is not a function of a Python module that is installed',
        )
    origin = Path(spec.origin)
    folder = (origin.parent.parent if spec.submodule_search_locations else origin.parent).resolve()
    bundle = _collected(reference, lambda: collect(folder, point.module, point.attr, within=top))
    return StrategySource(reference, point.name, bundle).load()


def _collected(reference: str, collecting: Callable[[], SourceBundle]) -> SourceBundle:
    try:
        return collecting()
    except (SyntaxError, UnicodeDecodeError) as error:
        raise BrokenStrategyError(reference, own_traceback(error, ())) from error
    except FileNotFoundError as error:
        raise StrategyFileError(reference, f"there is no file {error}") from error
