"""The database that analysts open: every table, explained in Japanese."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
from duckdb import DuckDBPyConnection

from sumida_data.frames import arrow_schema, to_arrow
from sumida_data.metadata import DataDictionary, Table
from sumida_data.opendata.dictionary import CODE_LIST, DATA_DICTIONARY, list_codes, list_columns


@dataclass(frozen=True, slots=True)
class Database:
    """What a database is to hold.

    Attributes:
        tables: The tables by name.
        dictionary: Descriptions of these tables, and of others.
    """

    tables: Mapping[str, pd.DataFrame]
    dictionary: DataDictionary


def write_tables(connection: DuckDBPyConnection, database: Database) -> None:
    """Create the tables, with comments, ``data_dictionary`` and ``code_list``.

    Raises:
        KeyError: If a table is not described, or lacks a described column.
    """
    described = [database.dictionary[name] for name in database.tables]
    for table in described:
        frame = database.tables[table.name]
        _create(connection, table, to_arrow(frame[table.column_names]))
    explained = [*described, CODE_LIST, DATA_DICTIONARY]
    _create_from_rows(connection, CODE_LIST, list_codes(described))
    _create_from_rows(connection, DATA_DICTIONARY, list_columns(explained))


def _create_from_rows(
    connection: DuckDBPyConnection, table: Table, rows: Iterable[dict[str, Any]]
) -> None:
    _create(connection, table, pa.Table.from_pylist(list(rows), schema=arrow_schema(table)))


def _create(connection: DuckDBPyConnection, table: Table, rows: pa.Table) -> None:
    connection.from_arrow(rows.cast(arrow_schema(table))).create(table.name)
    comment = _quote(f"{table.title}：{table.description}")
    connection.execute(f'COMMENT ON TABLE "{table.name}" IS {comment}')
    for field in table.fields:
        unit = f"（単位：{field.unit}）" if field.unit else ""
        comment = _quote(f"{field.title}：{field.description}{unit}")
        connection.execute(f'COMMENT ON COLUMN "{table.name}"."{field.name}" IS {comment}')


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
