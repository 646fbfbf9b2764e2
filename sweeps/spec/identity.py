"""Identity: the same inputs always give the same run_id, whatever the order in which they are named."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweeps.spec.axes import Axis
from sweeps.spec.grid import Grid, IndexArray
from sweeps.spec.rules import Kind, Value

HashArray = NDArray[np.uint64]

RUN_ID_CHARACTERS = 32


def context_hash(
    *,
    simulation_version: int,
    strategy: str,
    code: str,
    symbol: str,
    timeframe: str,
    role: str,
    start: datetime | None,
    end: datetime | None,
    periods_per_year: float,
    bars_fingerprint: str,
) -> int:
    """Return the 64-bit hash of what all runs of one symbol in a sweep share.

    Args:
        simulation_version: The kernel's version.
        strategy: Its name.
        code: The hash of its sources.
        symbol: As the lake names it.
        timeframe: As the configuration writes it.
        role: full, in_sample or out_of_sample: a run has one of these, whatever sweep it is in.
        start: First bar's time, inclusive, with a zone; None: from the first bar.
        end: Exclusive, with a zone; None: to the last bar.
        periods_per_year: What annualises.
        bars_fingerprint: Of every bar that can be read, warm-up included.

    Returns:
        An unsigned 64-bit integer.
    """
    facts = {
        "simulation_version": simulation_version,
        "strategy": strategy,
        "code": code,
        "symbol": symbol,
        "timeframe": timeframe,
        "role": role,
        "start": _instant(start),
        "end": _instant(end),
        "periods_per_year": float(periods_per_year).hex(),
        "bars_fingerprint": bars_fingerprint,
    }
    return _hash64(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode())


def parameter_hashes(grid: Grid, indices: IndexArray) -> HashArray:
    """Return the 64-bit parameter hash of each cell, shape (cells,).

    Each name and typed value hashes to 64 bits (BLAKE2b); a cell's hash is their wrapping sum, mixed by
    splitmix64. A sum knows no order, so neither does the hash; constant settings cost nothing per cell.
    """
    total = np.zeros(len(indices), dtype=np.uint64)
    for at, axis in enumerate(grid.axes):
        table = _axis_hashes(axis)
        total += table[grid.positions_on(at, indices)] if len(table) > 1 else table[0]
    return _splitmix64(total)


def run_ids(context: int, hashes: HashArray) -> NDArray[np.str_]:
    """Return run ids of 32 lower-case hex characters, the context's 16 then the parameters' 16."""
    return np.frombuffer(run_id_text(context, hashes), dtype=f"S{RUN_ID_CHARACTERS}").astype(np.str_)


def run_id_text(context: int, hashes: HashArray) -> bytes:
    """Return run ids one after the other, without separators."""
    pairs = np.empty((len(hashes), 2), dtype=">u8")
    pairs[:, 0] = context
    pairs[:, 1] = hashes
    return pairs.tobytes().hex().encode("ascii")


def value_hash(name: str, kind: Kind, value: Value) -> int:
    """Return the 64-bit hash of one setting; 5 and 5.0 of one declared kind are the same setting."""
    named = name.encode()
    return _hash64(len(named).to_bytes(4, "big") + named + _canonical(kind, value))


def _canonical(kind: Kind, value: Value) -> bytes:
    if value is None:
        return b"off"
    if kind == "text":
        return b"t" + str(value).encode()
    if kind == "bool":
        return b"b1" if value else b"b0"
    if kind == "int":
        return b"i%d" % int(value)
    return b"f" + (float(value) + 0.0).hex().encode()  # + 0.0: minus zero is zero


def _axis_hashes(axis: Axis) -> HashArray:
    sums = (
        sum(value_hash(*setting) for setting in zip(axis.names, axis.kinds, row, strict=True)) % 2**64
        for row in axis.rows
    )
    return np.fromiter(sums, dtype=np.uint64, count=len(axis))


def _splitmix64(state: HashArray) -> HashArray:
    """Mix each hash (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators")."""
    mixed: Any = state + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)


def _hash64(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")
