"""A DuckDB file as one dataset."""

import json
import logging
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
from kedro.io import AbstractDataset

from sumida_data.base.database import connect
from sumida_data.base.disk import PRIVATE_FILE, replace_file
from sumida_data.packages.database import (
    Database,
    EarlierBuild,
    read_earlier_build,
    write_tables,
)

_LOGGER = logging.getLogger(__name__)


class DuckDBDataset(AbstractDataset[Database, duckdb.DuckDBPyConnection]):
    """Writes a whole DuckDB file and opens it read-only.

    The new file is built beside the old one and then takes its place, so that a crash leaves the
    old file and a reader who has it open keeps what he sees. It is written in the format of DuckDB
    1.2, which older tools open too. On Windows nobody may have the old file open.

    A ``.wal`` beside the file is what somebody left who opened it for writing. It belongs to the
    old file and would keep the new one from opening, so it is set aside, and the log says so.

    What the database says of its own changes is kept in a file apart, so that it is known even
    when the database has been deleted.

    Examples:
        Using the YAML API:

        ```yaml
        database:
          type: sumida_data.datasets.DuckDBDataset
          filepath: data/sumida.duckdb
          state: data/state/database.json
        ```
    """

    def __init__(
        self, *, filepath: str, state: str, metadata: dict[str, Any] | None = None
    ) -> None:
        """Name the files, which need not exist.

        Args:
            filepath: The database.
            state: What is remembered of its columns and their changes.
            metadata: Anything; Kedro does not read it.
        """
        self._filepath = Path(filepath)
        self._state = Path(state)
        self.metadata = metadata

    def load(self) -> duckdb.DuckDBPyConnection:
        """Open the file read-only; the caller closes the connection.

        Within one process DuckDB shows the file as it was while an older connection stays open.
        """
        return connect(self._filepath, read_only=True)

    def save(self, data: Database) -> None:
        """Write the tables as a new file and put it in the place of the old one."""
        self._filepath.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._filepath.parent, prefix=".") as folder:
            aside = Path(folder) / self._filepath.name
            with connect(aside) as connection:
                write_tables(connection, data, self._read_earlier_build())
                connection.execute("CHECKPOINT")
                built = read_earlier_build(connection)
            if data.private:
                aside.chmod(PRIVATE_FILE)
            self._set_foreign_log_aside()
            aside.replace(self._filepath)
        replace_file(self._state, json.dumps(asdict(built), ensure_ascii=False).encode())

    def _read_earlier_build(self) -> EarlierBuild | None:
        if self._state.is_file():
            return EarlierBuild(**json.loads(self._state.read_bytes()))
        try:
            with connect(self._filepath, read_only=True) as connection:
                return read_earlier_build(connection)
        except duckdb.Error:
            # There is none, or it is no database of ours: all the more reason to write a new one.
            return None

    def _set_foreign_log_aside(self) -> None:
        log = self._filepath.with_name(f"{self._filepath.name}.wal")
        if not log.exists():
            return
        aside = log.with_name(f"{log.name}.aside")
        log.replace(aside)
        _LOGGER.warning(
            "%s は書き込み用に開かれていました。書きかけの内容は %s に移しました。"
            "このファイルは読み取り専用で開いてください。",
            self._filepath,
            aside,
        )

    @property
    def places(self) -> dict[Path, bool]:
        """Its files, in which times do not count."""
        return dict.fromkeys((self._filepath, self._state), False)

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
