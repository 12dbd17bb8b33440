"""The one way to a DuckDB, and what the SQL that an office writes may say."""

import json
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from threading import Timer
from typing import Annotated, Any, Final

import duckdb
from pydantic import AfterValidator

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
_SECONDS_ALLOWED = 600
_TABLE_FUNCTIONS = {"unnest", "range", "generate_series"}
_SYSTEM_SCHEMAS = {"information_schema", "pg_catalog"}
_SYSTEM_TABLES = ("duckdb_", "pragma_", "sqlite_", "pg_")
_SETTINGS = {"current_setting", "getvariable", "getenv"}
# These speak of the SQL; the others may quote what stands in a table.
_ERRORS_OF_SQL = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)


class SqlError(ValueError):
    """SQL that cannot be run; the text, in Japanese, quotes nothing that stands in a table."""


def connect(path: str | Path = ":memory:", *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a database whose SQL reaches no file and no network and changes no setting.

    Args:
        path: Its file; without one it is in memory.
        read_only: Whether it may not be written to.
    """
    return duckdb.connect(path, read_only=read_only, config=_CLOSED)


def run_query(
    connection: duckdb.DuckDBPyConnection, statement: str, parameters: Mapping[str, Any] = {}
) -> list[tuple[Any, ...]]:
    """Return the rows of a statement that holds a query of the office, within ten minutes.

    Raises:
        SqlError: If it fails or takes longer.
    """
    timer = Timer(_SECONDS_ALLOWED, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        return connection.execute(statement, dict(parameters)).fetchall()
    except duckdb.InterruptException as error:
        raise SqlError(f"{_SECONDS_ALLOWED // 60}分たっても終わりません") from error
    except _ERRORS_OF_SQL as error:
        raise SqlError(str(error)) from error
    except duckdb.Error as error:
        raise SqlError(f"データに使えない計算があります({type(error).__name__})") from None
    finally:
        timer.cancel()


@lru_cache(maxsize=1024)
def check_select(sql: str) -> str:
    """Return SQL that is a single SELECT over tables and nothing else.

    Args:
        sql: The SQL; ``{columns}`` in it stands for names of columns.

    Raises:
        ValueError: If it is anything else; the text says in Japanese what it may not name.
    """
    text = sql.replace("{columns}", "1")
    ((parsed,),) = (
        _parser().execute("SELECT json_serialize_sql($sql::VARCHAR)", {"sql": text}).fetchall()
    )
    tree = json.loads(parsed)
    if tree["error"] or len(tree["statements"]) != 1:
        reason = f"({tree['error_message']})" if tree.get("error_type") == "parser" else ""
        raise ValueError(f"1つのSELECT文だけを書けます{reason}")
    if refused := sorted({*map(_name_refused, _walk(tree))} - {""}):
        raise ValueError(f"表だけを読めます。{'、'.join(refused)} は使えません")
    return sql


Select = Annotated[str, AfterValidator(check_select)]


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    return connect()


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
        case {"type": "TABLE_FUNCTION", "function": {"function_name": str(name)}}:
            return "" if name in _TABLE_FUNCTIONS else name
        case {"type": "BASE_TABLE", "table_name": str(name)}:
            return name if _is_no_table(node) else ""
        case {"function_name": str(name)}:
            return name if name in _SETTINGS else ""
    return ""


def _is_no_table(node: Mapping[str, str]) -> bool:
    name = node["table_name"]
    is_of_system = node["schema_name"] in _SYSTEM_SCHEMAS or name.startswith(_SYSTEM_TABLES)
    return is_of_system or bool(node["catalog_name"]) or not name.isidentifier()
