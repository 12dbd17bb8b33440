"""Data frames with described types.

Every table in memory is a pandas frame whose columns are Arrow-backed, so that an integer with gaps
stays an integer, 59.3 stays 59.3 and a day has no clock time.
"""

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from io import BytesIO
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sumida_data.base.metadata import Field, Table

# Wide enough for any figure of a ward, and exact to the four decimals that indicator_value has.
DECIMAL = pa.decimal128(18, 4)

_ARROW_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "yearmonth": pa.string(),
    "integer": pa.int64(),
    "number": DECIMAL,
    "date": pa.date32(),
    "boolean": pa.bool_(),
}


def arrow_type(field: Field) -> pa.DataType:
    """Return the Arrow type of a field."""
    return _ARROW_TYPES[field.type]


def arrow_schema(table: Table) -> pa.Schema:
    """Return the Arrow schema of a table; that a value is required is for checks to say."""
    return pa.schema([pa.field(field.name, arrow_type(field)) for field in table.fields])


def build_frame(table: Table, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Make a frame of the table's columns from rows; a missing key becomes a missing value."""
    return to_frame(pa.Table.from_pylist(list(rows), schema=arrow_schema(table)))


def build_frame_of_tuples(table: Table, rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    """Make a frame from rows that hold the table's columns in their order."""
    schema = arrow_schema(table)
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return to_frame(pa.Table.from_arrays(arrays, schema=schema))


def join_frames(*frames: pd.DataFrame) -> pd.DataFrame:
    """Return frames of the same columns as one, in their order."""
    return to_frame(pa.concat_tables(map(to_arrow, frames)).combine_chunks())


def change_texts(column: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """Return a column of texts, changed by what is given for each text in it."""
    new = {text: change(text) for text in column.dropna().unique()}
    if all(text == changed for text, changed in new.items()):
        return column
    changed: pd.Series = column.map(new, na_action="ignore").astype(column.dtype)
    return changed


def read_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the frame's rows with Python values; a missing value is None."""
    rows: list[dict[str, Any]] = to_arrow(frame).to_pylist()
    return rows


def to_frame(data: pa.Table) -> pd.DataFrame:
    """Return the Arrow table as a frame with Arrow-backed columns."""
    frame: pd.DataFrame = data.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """Return the frame as an Arrow table without its index."""
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)


def write_parquet(table: pa.Table) -> bytes:
    """Return a table as Parquet."""
    buffer = BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def hash_rows(rows: pa.Table) -> str:
    """Return a hash of a table's columns, types and rows, as they are in memory."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows.combine_chunks())
    return sha256(sink.getvalue()).hexdigest()
