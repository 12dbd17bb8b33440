"""What the SQL that an office writes may say: it reads tables and has no power."""

import json
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLE_FUNCTIONS = {"unnest", "range", "generate_series"}
_SYSTEM_SCHEMAS = {"information_schema", "pg_catalog"}
_SYSTEM_TABLES = ("duckdb_", "pragma_", "sqlite_", "pg_")
_SETTINGS = {"current_setting", "getvariable", "getenv"}


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
def _parser() -> "DuckDBPyConnection":
    # Imported here because models with queries are read where no DuckDB is needed.
    from sumida_data.base.database import connect  # noqa: PLC0415

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
