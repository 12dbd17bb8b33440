"""The one way to a DuckDB."""

from collections.abc import Mapping
from pathlib import Path
from threading import Timer
from typing import Any, Final

import duckdb

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


def write_views(path: Path, files: Mapping[str, Path]) -> None:
    """Write a database that holds nothing but views over Parquet files, given as patterns.

    Only where files may be read can such a view be made; whoever opens the database reads them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with duckdb.connect(path) as connection:
        for name, pattern in files.items():
            text = str(pattern.resolve()).replace("'", "''")
            connection.execute(
                f'CREATE VIEW "{name}" AS '
                f"FROM read_parquet('{text}', hive_partitioning = true, union_by_name = true)"
            )
