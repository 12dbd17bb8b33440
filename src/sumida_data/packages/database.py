"""The database that analysts open: every table, explained in Japanese."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
from duckdb import DuckDBPyConnection

import sumida_data
from sumida_data.base.frames import arrow_schema, to_arrow
from sumida_data.base.metadata import DataDictionary, Row, Table
from sumida_data.packages.models import (
    CODE_LIST,
    DATA_DICTIONARY,
    Macro,
    View,
    Views,
    describe_views,
    list_codes,
    list_columns,
)

SCHEMA_CHANGE = "schema_change"
DATABASE_BUILD = "database_build"
# The tables that are not made before, but here, of all the others.
MADE_HERE = (CODE_LIST, DATA_DICTIONARY, SCHEMA_CHANGE, DATABASE_BUILD)


@dataclass(frozen=True, slots=True)
class Database:
    """What a database is to hold: tables by name, their descriptions, and questions to them.

    Attributes:
        private: Whether it holds personal data, so that only its owner may read the file.
    """

    tables: Mapping[str, pd.DataFrame]
    dictionary: DataDictionary
    views: Views
    private: bool = False


@dataclass(frozen=True, slots=True)
class EarlierBuild:
    """What the database before this one said of itself: its dictionary and ``schema_change``."""

    columns: list[Row]
    changes: list[Row]


def write_tables(
    connection: DuckDBPyConnection, database: Database, earlier: EarlierBuild | None = None
) -> None:
    """Create tables, views and macros, with comments, in the connection's database.

    Beside them stand ``data_dictionary``, ``code_list``, ``database_build`` with the id of the run,
    and ``schema_change``: every column that came, went or changed its type since the first build.

    Raises:
        KeyError: If a table is not described, or lacks a described column.
    """
    dictionary = database.dictionary
    described = [dictionary[name] for name in database.tables]
    for table in described:
        _create(connection, table, to_arrow(database.tables[table.name][table.column_names]))
    run_id = _identify(connection, described)
    views = list(describe_views(database.views, dictionary))
    shown = [*described, *views, *(dictionary[name] for name in MADE_HERE)]
    columns = list(list_columns(shown))
    rows: dict[str, list[Row]] = {
        CODE_LIST: list(list_codes(shown)),
        DATA_DICTIONARY: columns,
        SCHEMA_CHANGE: list_schema_changes(earlier, columns, run_id),
        DATABASE_BUILD: [{"run_id": run_id, "software_version": sumida_data.__version__}],
    }
    for name in MADE_HERE:
        table = dictionary[name]
        _create(connection, table, pa.Table.from_pylist(rows[name], schema=arrow_schema(table)))
    for view, table in zip(database.views.views, views, strict=True):
        _create_view(connection, view, table)
    for macro in database.views.macros:
        _create_macro(connection, macro)
    for schema, names in database.views.schemas.items():
        connection.execute(f'CREATE SCHEMA "{schema}"')
        for name in filter({*database.tables, *MADE_HERE}.__contains__, names):
            connection.execute(f'CREATE VIEW "{schema}"."{name}" AS FROM main."{name}"')


def read_earlier_build(connection: DuckDBPyConnection) -> EarlierBuild:
    """Return what the database of an earlier run says of itself."""
    known = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    columns, changes = (
        connection.table(name).to_arrow_table().to_pylist() if (name,) in known else []
        for name in (DATA_DICTIONARY, SCHEMA_CHANGE)
    )
    return EarlierBuild(columns, changes)


def list_schema_changes(
    earlier: EarlierBuild | None, columns: Iterable[Row], run_id: str
) -> list[Row]:
    """Return the changes known so far and those that this run brings.

    Args:
        earlier: The database before this one, or None if this is the first.
        columns: The data dictionary of this run.
        run_id: Id of this run.
    """
    if earlier is None:
        return []
    before, now = (
        {(row["table_name"], row["column_name"]): row["type"] for row in rows}
        for rows in (earlier.columns, columns)
    )
    changes = [
        {
            "table_name": key[0],
            "column_name": key[1],
            "schema_change": _name_change(before.get(key), now.get(key)),
            "type_before": before.get(key),
            "type_after": now.get(key),
            "run_id": run_id,
        }
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
    ]
    return earlier.changes + changes


def _name_change(before: str | None, after: str | None) -> str:
    return "added" if before is None else "removed" if after is None else "retyped"


def _identify(connection: DuckDBPyConnection, tables: Iterable[Table]) -> str:
    """Return an id that stays the same as long as every row of every table does."""
    digest = hashlib.sha256(sumida_data.__version__.encode())
    for table in tables:
        query = f'SELECT count(*), bit_xor(hash(t)) FROM "{table.name}" AS t'  # noqa: S608  # checked name
        [content] = connection.execute(query).fetchall()
        digest.update(f"{table.name}{content}".encode())
    return digest.hexdigest()[:12]


def _create(connection: DuckDBPyConnection, table: Table, rows: pa.Table) -> None:
    connection.from_arrow(rows.cast(arrow_schema(table))).create(table.name)
    _comment(connection, "TABLE", table)


def _create_view(connection: DuckDBPyConnection, view: View, table: Table) -> None:
    connection.execute(f'CREATE VIEW "{view.name}" AS {view.statement}')
    _comment(connection, "VIEW", table)


def _create_macro(connection: DuckDBPyConnection, macro: Macro) -> None:
    blanks = ", ".join(macro.parameters)
    connection.execute(f'CREATE MACRO "{macro.name}"({blanks}) AS TABLE {macro.query}')
    comment = _quote(f"{macro.title}：{macro.description}例：{macro.example}")
    connection.execute(f'COMMENT ON MACRO TABLE "{macro.name}" IS {comment}')


def _comment(connection: DuckDBPyConnection, kind: str, table: Table) -> None:
    comment = _quote(f"{table.title}：{table.description}")
    connection.execute(f'COMMENT ON {kind} "{table.name}" IS {comment}')
    for field in table.fields:
        unit = f"（単位：{field.unit}）" if field.unit else ""
        comment = _quote(f"{field.title}：{field.description}{unit}")
        connection.execute(f'COMMENT ON COLUMN "{table.name}"."{field.name}" IS {comment}')


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
