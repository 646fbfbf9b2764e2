"""Documents and exports: the shapes that leave the house."""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from queries.catalog import Catalog
from queries.documents import run_documents
from queries.errors import BadValueError, UnknownNameError
from queries.export import Result, export, export_file
from queries.filters import Filters
from queries.lookup import Lookup, lookup
from queries.search import best, search
from tests.queries.conftest import CROSS, SYMBOLS, run_id


def test_a_run_document_has_the_promised_shape(catalog: Catalog) -> None:
    found = lookup(catalog, [Lookup("cross", "a%b", {"fast": 6, "slow": 20})])
    document = json.loads(json.dumps(run_documents(catalog, found)[0], allow_nan=False))
    assert list(document)[:8] == [
        "run_id",
        "sweep_id",
        "strategy",
        "symbol",
        "timeframe",
        "date",
        "params",
        "metrics",
    ]
    assert document["run_id"] == run_id("cross", "a%b", 1)
    assert document["date"] == "2026-01-02T04:04:05.678901+00:00"
    assert document["params"] == {"fast": 6, "slow": 20, "stop_loss": None, "fill": "close"}
    assert isinstance(document["params"]["fast"], int)
    assert "edge" not in document["metrics"]
    assert document["metrics"]["num_trades"] == found["num_trades"][0].as_py()


def test_own_metrics_and_the_score_lose_their_prefix(catalog: Catalog) -> None:
    edge = run_documents(catalog, best(catalog, metric="edge", n=1))[0]
    assert edge["metrics"]["edge"] == 9.0
    assert edge["params"] == {"rsi_period": 11, "smooth": False}
    scored = run_documents(catalog, best(catalog, Filters(sweep=CROSS), metric="composite_score", n=1))[0]
    assert scored["metrics"]["composite_score"] is not None


def exported(rows: Result, form: str) -> bytes:
    sink = io.BytesIO()
    export(rows, form, sink)
    return sink.getvalue()


@pytest.mark.parametrize("form", ["csv", "parquet", "arrow", "json"])
def test_an_export_has_every_row_as_it_is(catalog: Catalog, form: str) -> None:
    text = "select distinct symbol, param_fill, block_sums from metrics where strategy = 'cross' order by all"
    data = exported(catalog.batches(text), form)
    if form == "json":
        symbols = [row["symbol"] for row in json.loads(data)]
    elif form == "csv":
        symbols = pa.csv.read_csv(
            io.BytesIO(data), convert_options=pa.csv.ConvertOptions(column_types={"symbol": pa.string()})
        )["symbol"].to_pylist()
    elif form == "parquet":
        symbols = pq.read_table(io.BytesIO(data))["symbol"].to_pylist()
    else:
        symbols = pa.ipc.open_stream(data).read_all()["symbol"].to_pylist()
    assert symbols == [symbol for symbol in sorted(SYMBOLS) for _ in range(2)]


def test_an_empty_result_exports(catalog: Catalog) -> None:
    empty = search(catalog, Filters(symbol="nope"))
    assert json.loads(exported(empty, "json")) == []
    assert exported(empty, "csv").startswith(b'"run_id","sweep_id"')


def test_a_file_takes_its_form_from_its_name(catalog: Catalog, tmp_path: Path) -> None:
    assert export_file(search(catalog, limit=5), tmp_path / "runs.parquet") == 5
    assert pq.read_table(tmp_path / "runs.parquet").num_rows == 5
    assert [path.name for path in tmp_path.iterdir()] == ["runs.parquet"]


def test_a_form_or_place_that_is_not_there_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown format"):
        export_file(search(catalog), tmp_path / "runs.docx")
    with pytest.raises(BadValueError, match="No such file"):
        export_file(search(catalog), tmp_path / "none" / "runs.csv")
    assert list(tmp_path.iterdir()) == []
