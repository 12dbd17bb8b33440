"""The database that analysts open: every table, explained in Japanese."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pandas as pd
import pyarrow as pa
from duckdb import DuckDBPyConnection

import sumida_data
from sumida_data.base.database import quote
from sumida_data.base.frames import arrow_schema, to_arrow
from sumida_data.base.metadata import DataDictionary, Row, Table
from sumida_data.packages import models
from sumida_data.packages.models import CODE_LIST, DATA_DICTIONARY, Views

SCHEMA_CHANGE = "schema_change"
DATABASE_BUILD = "database_build"
RUN_RECORD = "run_record"
# The tables that are not made before, but here, of all the others.
MADE_HERE = (CODE_LIST, DATA_DICTIONARY, SCHEMA_CHANGE, DATABASE_BUILD, RUN_RECORD)
_RECEIVED = "data/01_raw/survey"
# What of a record analysts see, by what it is called there; who ran it stays in the record.
_OF_RUN = ("finished", "pipelines", "parameters_given", "environment", "exit_code", "code_sha256")
_PARTS = (
    *("inputs", "settings", "locks", "versions"),
    *("findings", "failed_checks", "figures", "outputs"),
)
# What a database says of itself: its data dictionary, and the changes of its columns so far.
Build = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Database:
    """What a database is to hold: tables by name, their descriptions, and questions to them.

    If it holds personal data it is private, so that only its owner may read the file.
    """

    tables: Mapping[str, pd.DataFrame]
    dictionary: DataDictionary
    views: Views
    private: bool = False


def write_tables(
    connection: DuckDBPyConnection,
    database: Database,
    earlier: Build | None = None,
    runs: Iterable[Mapping[str, Any]] = (),
) -> Build:
    """Create tables, views and macros, with comments, and return what the database says of itself.

    Beside them are ``data_dictionary``, ``code_list``, ``database_build`` with the id of the run,
    ``schema_change``: every column that came, went or changed its type since the first build, and
    ``run_record`` of the records of runs so far.

    Raises a KeyError if a table is not described, or lacks a described column.
    """
    dictionary = database.dictionary
    described = [dictionary[name] for name in database.tables]
    digest = hashlib.sha256(sumida_data.__version__.encode())
    # As one, it is written to the disk once.
    connection.begin()
    for table in described:
        _create(connection, table, to_arrow(database.tables[table.name][table.column_names]))
        query = f'SELECT count(*), bit_xor(hash(t)) FROM "{table.name}" AS t'  # noqa: S608  # checked name
        [content] = connection.execute(query).fetchall()
        digest.update(f"{table.name}{content}".encode())
    # It stays the same as long as every row of every table does.
    run_id = digest.hexdigest()[:12]
    views = list(models.describe_views(database.views, dictionary))
    shown = [*described, *views, *(dictionary[name] for name in MADE_HERE)]
    rows = models.explain_tables(shown)
    columns = rows[DATA_DICTIONARY]
    rows[SCHEMA_CHANGE] = _list_schema_changes(earlier, columns, run_id) if earlier else []
    rows[DATABASE_BUILD] = [{"run_id": run_id, "software_version": sumida_data.__version__}]
    rows[RUN_RECORD] = [row for record in runs for row in _list_record(record)]
    for name in MADE_HERE:
        made = pa.Table.from_pylist(rows[name], schema=arrow_schema(dictionary[name]))
        _create(connection, dictionary[name], made)
    for statement in _list_statements(database, views):
        connection.execute(statement)
    connection.commit()
    return {"columns": columns, "changes": rows[SCHEMA_CHANGE]}


def _list_record(record: Mapping[str, Any]) -> Iterator[Row]:
    """Yield what a record says of its run, one entry a row."""
    rows = {("run", name): record.get(name) for name in _OF_RUN}
    for title in _PARTS:
        part, entries = title.removesuffix("s"), record.get(title, {}).items()
        rows |= {(part, _mask(name, value)): value for name, value in entries}
    for stage, one in record.get("stages", {}).items():
        rows |= {("stage", f"{stage} {name}"): one[name] for name in ("seconds", "in", "out")}
    for (part, name), value in rows.items():
        said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield {"run_started": record["started"], "part": part, "name": name, "value": said}


def _mask(name: str, value: Any) -> str:
    """Return the path of a received file without its name, which may be that of a person."""
    path = PurePosixPath(name)
    received = path.is_relative_to(_RECEIVED)
    return str(path.with_name(f"{value[:12]}{path.suffix}")) if received else name


def _list_schema_changes(earlier: Build, columns: list[Row], run_id: str) -> list[Row]:
    """Return the changes known so far and those that this run brings."""
    before, now = (
        {(row["table_name"], row["column_name"]): row["type"] for row in rows}
        for rows in (earlier["columns"], columns)
    )
    changes = []
    for key in sorted(before.keys() | now.keys()):
        if before.get(key) != now.get(key):
            kind = "added" if key not in before else "retyped" if key in now else "removed"
            change = {"table_name": key[0], "column_name": key[1], "schema_change": kind}
            types = {"type_before": before.get(key), "type_after": now.get(key)}
            changes.append(change | types | {"run_id": run_id})
    return earlier["changes"] + changes


def _create(connection: DuckDBPyConnection, table: Table, rows: pa.Table) -> None:
    connection.from_arrow(rows.cast(arrow_schema(table))).create(table.name)
    for statement in _comment("TABLE", table):
        connection.execute(statement)


def _list_statements(database: Database, views: Iterable[Table]) -> Iterator[str]:
    """Yield what defines the views, the macros, and the schemas with the tables by their use."""
    for view, table in zip(database.views.views, views, strict=True):
        yield f'CREATE VIEW "{view.name}" AS {view.statement}'
        yield from _comment("VIEW", table)
    for macro in database.views.macros:
        blanks = ", ".join(macro.parameters)
        yield f'CREATE MACRO "{macro.name}"({blanks}) AS TABLE {macro.query}'
        comment = quote(f"{macro.title}：{macro.description}例：{macro.example}")
        yield f'COMMENT ON MACRO TABLE "{macro.name}" IS {comment}'
    for schema, names in database.views.schemas.items():
        yield f'CREATE SCHEMA "{schema}"'
        for name in filter({*database.tables, *MADE_HERE}.__contains__, names):
            yield f'CREATE VIEW "{schema}"."{name}" AS FROM main."{name}"'
            yield from _comment("VIEW", database.dictionary[name], schema)


def _comment(kind: str, table: Table, schema: str = "main") -> Iterator[str]:
    place = f'"{schema}"."{table.name}"'
    # As constraints, keys of text would more than double the size of the file.
    key = f"（主キー：{'、'.join(table.primary_key)}）" if table.primary_key else ""
    yield f"COMMENT ON {kind} {place} IS {quote(f'{table.title}：{table.description}{key}')}"
    for field in table.fields:
        unit = f"（単位：{field.unit}）" if field.unit else ""
        comment = quote(f"{field.title}：{field.description}{unit}")
        yield f'COMMENT ON COLUMN {place}."{field.name}" IS {comment}'
