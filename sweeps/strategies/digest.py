"""Hashes of source text: what makes changed code another run."""

from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from importlib.resources import files

INDICATOR_MODULES = ("abreast", "indicators", "long_rows", "memo", "smoothing", "windows")


def digest(texts: Mapping[str, str]) -> str:
    """Return 32 hex characters over named texts, whatever their order and line ends."""
    hashed = blake2b(digest_size=16)
    for name, text in sorted(texts.items()):
        for part in (name.encode(), text.replace("\r\n", "\n").encode()):
            hashed.update(len(part).to_bytes(8, "little"))
            hashed.update(part)
    return hashed.hexdigest()


def builtin_code(name: str) -> str:
    """Return the code hash of a built-in: its module and what computes indicators."""
    return digest({name: _text("builtin", name), **_indicator_texts()})


def bundle_code(bundle_digest: str) -> str:
    """Return the code hash of a bundle: its texts and what computes indicators."""
    return digest({"": bundle_digest, **_indicator_texts()})


@cache
def _indicator_texts() -> Mapping[str, str]:
    return {f"sweeps.strategies.{name}": _text(name) for name in INDICATOR_MODULES}


def _text(*parts: str) -> str:
    return files("sweeps.strategies").joinpath(*parts[:-1], f"{parts[-1]}.py").read_text(encoding="utf-8")
