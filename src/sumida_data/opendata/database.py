"""The database that analysts open: every table, explained in Japanese."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
from duckdb import DuckDBPyConnection

from sumida_data.frames import arrow_type, to_arrow
from sumida_data.metadata import DataDictionary, Field, Table

_TEXTS = {
    "table_name": ("表", "Table", "表の名前。"),
    "table_title": ("表の題", "Table title", "表の日本語の題。"),
    "column_name": ("列", "Column", "列の名前。"),
    "column_title": ("列の題", "Column title", "列の日本語の題。"),
    "column_title_en": ("列の題(英語)", "Column title in English", "列の英語の題。"),
    "type": ("型", "Type", "値の型。Table Schemaの言葉による。"),
    "unit": ("単位", "Unit", "数の単位。"),
    "description": ("説明", "Description", "値が何を表すか。"),
}
DATA_DICTIONARY = Table(
    name="data_dictionary",
    title="データ辞書",
    title_en="Data dictionary",
    description="1行は、このデータベースの1つの表の1つの列。",
    primary_key=("table_name", "column_name"),
    fields=tuple(
        Field(name=name, title=title, title_en=title_en, description=description)
        for name, (title, title_en, description) in _TEXTS.items()
    ),
)


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
    """Create the tables, with comments, and ``data_dictionary`` in the connection's database.

    Raises:
        KeyError: If a table is not described, or lacks a described column.
    """
    described = [database.dictionary[name] for name in database.tables]
    for table in described:
        frame = database.tables[table.name]
        _create(connection, table, to_arrow(frame[table.column_names]))
    rows = [row for table in [*described, DATA_DICTIONARY] for row in _list_columns(table)]
    _create(connection, DATA_DICTIONARY, pa.Table.from_pylist(rows))


def _create(connection: DuckDBPyConnection, table: Table, rows: pa.Table) -> None:
    schema = pa.schema([(field.name, arrow_type(field)) for field in table.fields])
    connection.from_arrow(rows.cast(schema)).create(table.name)
    comment = _quote(f"{table.title}：{table.description}")
    connection.execute(f'COMMENT ON TABLE "{table.name}" IS {comment}')
    for field in table.fields:
        unit = f"（単位：{field.unit}）" if field.unit else ""
        comment = _quote(f"{field.title}：{field.description}{unit}")
        connection.execute(f'COMMENT ON COLUMN "{table.name}"."{field.name}" IS {comment}')


def _list_columns(table: Table) -> Iterator[dict[str, Any]]:
    for field in table.fields:
        yield {
            "table_name": table.name,
            "table_title": table.title,
            "column_name": field.name,
            "column_title": field.title,
            "column_title_en": field.title_en,
            "type": field.type,
            "unit": field.unit,
            "description": field.description,
        }


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
