"""The one way to a DuckDB, and what the SQL that an office writes may say there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator

if TYPE_CHECKING:
    # Imported where a database is opened: approving starts without it.
    import duckdb
    import pyarrow as pa

# SQL sees what is registered and nothing else: no file, no network, no variable of Python. An
# extension that is not there would stall 82 seconds on a closed network.
_CLOSED: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "enable_external_access": False,
    "python_enable_replacements": False,
    "memory_limit": "70%",
    # Older tools open the files too.
    "storage_compatibility_version": "v1.2.0",
    "lock_configuration": True,
}
_TABLE_FUNCTIONS = {"unnest", "range", "generate_series"}
_SYSTEM_SCHEMAS = {"information_schema", "pg_catalog"}
_SYSTEM_TABLES = ("duckdb_", "pragma_", "sqlite_", "pg_")
# What DuckDB takes for columns unless there is one, and its shell for a function.
_OF_NOW = {"getenv", "current_user", "session_user", "current_catalog", "current_role"} | {
    *("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp")
}
_SECONDS_ALLOWED = 600


class SqlError(ValueError):
    """SQL that cannot be run; the text, in Japanese, quotes nothing from a table."""


def connect(path: str | Path = ":memory:", *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a database whose SQL reaches no file and no network and changes no setting."""
    import duckdb  # noqa: PLC0415

    return duckdb.connect(path, read_only=read_only, config=_CLOSED)


def select(statement: str, parameters: Mapping[str, Any] = {}, **tables: pa.Table) -> pa.Table:
    """Return what a SELECT over tables gives, which it names."""
    with connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return connection.sql(statement, params=dict(parameters)).to_arrow_table()


def quote(value: Any) -> str:
    """Return a value as an SQL text, which DuckDB takes for a value of the type it is held to."""
    return "'" + str(value).replace("'", "''") + "'"


def quote_name(*names: str) -> str:
    """Return names as SQL writes them, with commas between."""
    return ", ".join('"' + name.replace('"', '""') + '"' for name in names)


def run_query(
    connection: duckdb.DuckDBPyConnection, statement: str, parameters: Mapping[str, Any] = {}
) -> list[tuple[Any, ...]]:
    """Return the rows of a statement that holds a query of the office, within ten minutes.

    Raises a SqlError if it fails or takes longer.
    """
    import duckdb  # noqa: PLC0415

    # These speak of the SQL; the others may quote values of a table.
    errors_of_sql = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
    timer = Timer(_SECONDS_ALLOWED, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        return connection.execute(statement, dict(parameters)).fetchall()
    except duckdb.InterruptException as error:
        raise SqlError(f"{_SECONDS_ALLOWED // 60}分たっても終わりません") from error
    except errors_of_sql as error:
        raise SqlError(_explain(str(error))) from error
    except duckdb.Error as error:
        raise SqlError(f"データに使えない計算があります({type(error).__name__})") from None
    finally:
        timer.cancel()


def write_views(path: Path, folders: Mapping[str, Path], part: str, parts_below: str) -> None:
    """Write a database that holds nothing but views over Parquet files, and macros over parts.

    A view is of all files; ``procedure_of(code)`` looks only into the folder ``part`` and code, as
    ``municipality=131075``, with the folders below it. Only where files may be read can such a
    view be made; whoever opens the database reads them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    import duckdb  # noqa: PLC0415

    # That a code is a text is not to be guessed from its digits.
    options = "hive_partitioning = true, hive_types_autocast = false"
    with duckdb.connect(path) as connection:
        for name, folder in folders.items():
            begin, end = quote(f"{folder.resolve()}/{part}"), quote(parts_below)
            for head, which in (("VIEW {} AS", "'*'"), ("MACRO {}_of(code) AS TABLE", "code")):
                connection.execute(
                    f"CREATE {head.format(name)} "
                    f"FROM read_parquet({begin} || {which} || {end}, {options})"
                )


def _explain(message: str) -> str:
    """Say in Japanese what DuckDB says in English of SQL, by the names that it quotes."""
    names = re.findall(r'(?:"|name )(\w+)', message.partition("LINE")[0])
    wrong, *near = dict.fromkeys(names) or ["引用符や括弧"]
    hint = f"。近い名前は {'、'.join(near)} です" if near else ""
    return f"SQLの {wrong} のあたりが誤っています{hint}"


@lru_cache(maxsize=1024)
def check_select(sql: str) -> str:
    """Return SQL that is a single SELECT over tables, or raise a ValueError that says what it is.

    ``{columns}`` in it is replaced by names of columns.
    """
    parsing = "SELECT json_serialize_sql($sql::VARCHAR)"
    rows = _parser().execute(parsing, {"sql": sql.replace("{columns}", "1")}).fetchall()
    tree = json.loads(rows[0][0])
    if tree["error"] or len(tree["statements"]) != 1:
        is_read = tree.get("error_type") != "parser"
        place = "" if is_read else f"({_explain(tree['error_message'])})"
        raise ValueError(f"1つのSELECT文だけを書けます{place}")
    if refused := sorted({*map(_name_refused, _walk(tree))} - {""}):
        raise ValueError(f"表だけを読めます。{'、'.join(refused)} は使えません")
    return sql


Select = Annotated[str, AfterValidator(check_select)]


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    return connect()


@cache
def _changing_functions() -> frozenset[str]:
    """Return the functions that ask for more than their arguments: clock, chance, settings."""
    asked = "SELECT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
    return frozenset(name for (name,) in _parser().execute(asked).fetchall()) | _OF_NOW


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for one in node.values() if isinstance(node, dict) else node:
        if isinstance(one, dict | list):
            yield from _walk(one)


def _name_refused(node: Mapping[str, Any]) -> str:
    """Name what a node of a parsed query reads beside tables, or return ''."""
    match node:
        case {"type": "SHOW_REF"}:
            return "DESCRIBE・SHOW・SUMMARIZE"
        case {"sample": dict()}:
            return "SAMPLE"
        case {"type": "TABLE_FUNCTION", "function": {"function_name": str(name)}} if (
            name not in _TABLE_FUNCTIONS
        ):
            return name
        case {"type": "BASE_TABLE", "table_name": str(name)} if _is_foreign(node):
            return name
        case {"function_name": str(name)} | {"column_names": [str(name)]} if (
            name.lower() in _changing_functions()
        ):
            return name
    return ""


def _is_foreign(node: Mapping[str, Any]) -> bool:
    name, schema = node["table_name"].lower(), node["schema_name"].lower()
    is_system = schema in _SYSTEM_SCHEMAS or name.startswith(_SYSTEM_TABLES)
    return is_system or not name.isidentifier() or bool(node["catalog_name"])
