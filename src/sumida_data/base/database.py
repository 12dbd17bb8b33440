"""The one way to a DuckDB."""

from pathlib import Path

import duckdb

# An extension that is not there stalls 82 seconds on a closed network.
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def connect(path: str | Path = ":memory:", *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a database that never looks for anything on a network.

    Args:
        path: Its file; without one it is in memory.
        read_only: Whether it may not be written to.
    """
    return duckdb.connect(path, read_only=read_only, config=_OFFLINE)
