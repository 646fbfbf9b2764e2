"""Encoding: what is read back is what was written, quickly or densely."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake.columns import BLOCKS
from lake.encoding import ROW_GROUP_ROWS, encode

ROWS = 3_000


def rows(count: int = ROWS) -> pa.Table:
    """Return columns of every kind, with gaps."""
    random = np.random.default_rng(0)
    noise = random.normal(size=count)
    return pa.table(
        {
            "run_id": [f"{place:032x}" for place in range(count)],
            "sweep_id": pa.repeat("20260102T000000000-abcdef", count),
            "sharpe": pa.array(noise, mask=noise > 2.0),
            "skew": pa.array(noise.astype(np.float32)),
            "num_trades": pa.array(random.integers(0, 40, count), pa.int32()),
            "ruined": pa.array(noise > 1.0),
            "param_stop": pa.array(random.choice([0.1, 0.2], count), mask=noise < -1.0),
            "nothing": pa.nulls(count, pa.float64()),
            "block_sums": pa.array(random.normal(size=(count, 16)).tolist(), BLOCKS),
        }
    )


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("count", [0, 1, ROWS])
def test_rows_come_back_as_they_were(count: int, *, quick: bool) -> None:
    written = rows(count)
    assert pq.read_table(io.BytesIO(encode(written, quick=quick))).equals(written)


def test_dense_files_are_smaller_and_repeating_values_have_a_dictionary() -> None:
    quick, dense = (encode(rows(), quick=quick) for quick in (True, False))
    assert len(dense) < 0.95 * len(quick)
    for data in (quick, dense):
        group = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(0)
        columns = {group.column(place).path_in_schema: group.column(place) for place in range(9)}
        assert columns["param_stop"].has_dictionary_page
        assert not columns["sharpe"].has_dictionary_page
        assert columns["sweep_id"].total_compressed_size < 200


@pytest.mark.parametrize("quick", [True, False])
def test_a_flipped_bit_is_noticed(*, quick: bool) -> None:
    data = bytearray(encode(rows(), quick=quick))
    data[len(data) // 2] ^= 1
    with pytest.raises(OSError, match=r"(?i)crc|checksum|corrupt"):
        pq.ParquetFile(io.BytesIO(bytes(data)), page_checksum_verification=True).read()


def test_row_groups_are_bounded() -> None:
    many = pa.table({"sharpe": np.zeros(2 * ROW_GROUP_ROWS + 1)})
    assert pq.ParquetFile(io.BytesIO(encode(many, quick=True))).metadata.num_row_groups == 3
