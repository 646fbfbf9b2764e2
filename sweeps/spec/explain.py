"""From pydantic's errors to sentences that a user can act on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from sweeps.errors import did_you_mean
from sweeps.spec.errors import Problem
from sweeps.spec.rules import shown
from sweeps.spec.section import REFUSED

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "table_type": "a table",
    "tuple_type": "a list",
    "finite_number": "a finite number",
}
_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}


def problems_of(
    error: ValidationError, tables: Mapping[str, type[BaseModel]], examples: Mapping[str, str]
) -> tuple[Problem, ...]:
    """Return every problem of a refused document, each once, in the document's order.

    Args:
        error: What pydantic raised.
        tables: The model of every table by its key path; the document itself under ``""``.
        examples: What to write for a required key.
    """
    problems = [problem for line in error.errors() for problem in _explained(line, tables, examples)]
    return tuple(dict.fromkeys(problems))


def key_path(loc: Sequence[str | int]) -> str:
    """Return a location as `grid.fast[2]`; tags of unions (`<list>`) do not show."""
    path = ""
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        elif not part.startswith("<"):
            path += f".{part}" if path else part
    return path


def _explained(
    line: Any, tables: Mapping[str, type[BaseModel]], examples: Mapping[str, str]
) -> Iterator[Problem]:
    key, kind, got = key_path(line["loc"]), line["type"], line["input"]
    context = line.get("ctx", {})
    if kind == REFUSED:
        for suffix, reason in context["problems"]:
            yield key + suffix, reason
    elif kind == "extra_forbidden":
        yield key, _unknown(line["loc"], tables)
    elif kind == "missing":
        example = examples.get(key)
        yield key, f"missing; write for example `{example}`" if example else "missing"
    elif kind == "literal_error":
        yield key, _not_a_choice(context["expected"], got)
    elif kind in _WANTED:
        yield key, f"expected {_WANTED[kind]}, got {shown(got)}"
    elif kind in _BOUNDS:
        word, name = _BOUNDS[kind]
        yield key, f"must be {word} {context[name]:g}, got {shown(got)}"
    elif kind in ("too_short", "string_too_short"):
        yield key, "empty; give at least one " + ("value" if kind == "too_short" else "character")
    else:
        yield key, f"{line['msg']}, got {shown(got)}"


def _unknown(loc: Sequence[str | int], tables: Mapping[str, type[BaseModel]]) -> str:
    name = str(loc[-1])
    table = key_path([part for part in loc[:-1] if isinstance(part, str)])
    for home, model in tables.items():
        if name in model.model_fields and home != table:
            where = f"in [{home}]" if home else "at the top of the file, before the first [table]"
            return f"unknown key here; it stands {where}"
    known = list(tables[table].model_fields)
    remedy = did_you_mean(name, known) or f"; known are {', '.join(known)}"
    return "unknown key" + remedy


def _not_a_choice(expected: str, got: object) -> str:
    choices = [choice.strip(" '") for choice in expected.replace(" or ", ",").split(",")]
    wanted = ", ".join(map(shown, choices))
    near = did_you_mean(got, choices) if isinstance(got, str) else ""
    return f"expected {'one of ' if len(choices) > 1 else ''}{wanted}, got {shown(got)}{near}"
