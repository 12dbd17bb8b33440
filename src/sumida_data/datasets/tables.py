"""Tables, models and the analysts' database on disk."""

import io
import json
import logging
import tempfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
from kedro.io import AbstractDataset, DatasetError
from kedro.utils import load_obj
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import ParquetDataset
from pydantic import BaseModel

from sumida_data.base.database import connect
from sumida_data.base.disk import PRIVATE_FILE, replace_file
from sumida_data.base.frames import arrow_schema, build_frame, to_arrow, to_frame
from sumida_data.base.metadata import DataDictionary, Row, Table
from sumida_data.packages.database import Build, Database, read_build, write_tables

_LOGGER = logging.getLogger(__name__)
# What officers wrote, which may be anything.
_AS_WRITTEN = {"raw_text", "value_found"}


class ModelDataset(JSONDataset):  # type: ignore[misc]  # kedro-datasets is untyped
    """Keeps an object of a Pydantic model as JSON; loads None if optional and not there yet."""

    def __init__(self, *, model: str, optional: bool = False, **arguments: Any) -> None:
        """Name the model's class and, as for Kedro's own dataset, the file."""
        super().__init__(**arguments)
        self._model, self._optional = model, optional

    def load(self) -> BaseModel | None:
        """Return the object, or None if there is none and none is needed."""
        if self._optional and not self.exists():
            return None
        loaded: BaseModel = load_obj(self._model).model_validate(super().load())
        return loaded

    def save(self, data: BaseModel) -> None:
        """Write the object."""
        content = json.dumps(data.model_dump(mode="json"), ensure_ascii=False, indent=1)
        replace_file(Path(self._filepath), content.encode())


class TableDataset(ParquetDataset):  # type: ignore[misc]  # kedro-datasets is untyped
    """Keeps a described table as Parquet: takes rows, gives a frame with Arrow-backed columns.

    A table that does not fit its description, which is a mistake of the program, is not written;
    rules about the data themselves yield findings elsewhere. The new file takes the place of the
    old one in one step. The dictionary must be there first: a node that comes before all tables
    takes it as an input and builds its frames.
    """

    def __init__(
        self, *, table: str, dictionary: str, optional: bool = False, **arguments: Any
    ) -> None:
        """Name the table, the file of the data dictionary and, as for Kedro's own, the file.

        One that is optional loads None where there is no file yet.
        """
        super().__init__(load_args={"dtype_backend": "pyarrow"}, **arguments)
        self._table, self._dictionary, self._optional = table, Path(dictionary), optional

    def load(self) -> pd.DataFrame | None:
        """Return the table, or None if there is none and none is needed."""
        return None if self._optional and not self.exists() else super().load()

    def save(self, data: pd.DataFrame | pa.Table | Iterable[Row]) -> None:
        """Write rows, or a table that is one already.

        Raises:
            DatasetError: If columns or types differ, or a required value is missing.
        """
        described = _read_dictionary(self._dictionary, self._dictionary.stat().st_mtime_ns)
        table = described[self._table]
        if isinstance(data, pa.Table):
            frame = to_frame(data)
        else:
            frame = data if isinstance(data, pd.DataFrame) else build_frame(table, data)
        if failures := "; ".join(_find_failures(table, to_arrow(frame))):
            raise DatasetError(f"Table {table.name!r} does not fit its description: {failures}.")
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False, compression="zstd")
        private = any(one.free_text or one.name in _AS_WRITTEN for one in table.fields)
        replace_file(Path(self._filepath), buffer.getvalue(), private=private)


@lru_cache(maxsize=2)
def _read_dictionary(path: Path, _: int) -> DataDictionary:
    return DataDictionary.model_validate_json(path.read_bytes())


def _find_failures(table: Table, found: pa.Table) -> Iterator[str]:
    schemas = (arrow_schema(table), found.schema)
    described, told = (schema.to_string().splitlines() for schema in schemas)
    for one in sorted({*described} ^ {*told}):
        yield f"column {one} is found or described only"
    if sorted(described) == sorted(told) and described != told:
        yield "columns stand in another order"
    required = {one.name for one in table.fields if one.required}
    for name, column in zip(found.column_names, found.columns, strict=True):
        if name in required and column.null_count:
            yield f"{column.null_count} required values of {name} are missing"


class DuckDBDataset(AbstractDataset[Database, duckdb.DuckDBPyConnection]):
    """Writes a whole DuckDB file and opens it read-only.

    The new file is built beside the old one and then takes its place, so that a crash leaves the
    old file and a reader who has it open keeps what he sees. It is written in the format of DuckDB
    1.2, which older tools open too. On Windows nobody may have the old file open.

    A ``.wal`` beside the file is what somebody left who opened it for writing. It belongs to the
    old file and would keep the new one from opening, so it is set aside, and the log says so.

    What the database says of its own changes is kept in a file apart, the state, so that it is
    known even when the database has been deleted.
    """

    def __init__(
        self, *, filepath: str, state: str, metadata: dict[str, Any] | None = None
    ) -> None:
        """Name the files, which need not exist."""
        self._filepath, self._state, self.metadata = Path(filepath), Path(state), metadata

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
                built = read_build(connection)
            if data.private:
                aside.chmod(PRIVATE_FILE)
            self._set_foreign_log_aside()
            aside.replace(self._filepath)
        replace_file(self._state, json.dumps(built, ensure_ascii=False).encode())

    def _read_earlier_build(self) -> Build | None:
        if self._state.is_file():
            build: Build = json.loads(self._state.read_bytes())
            return build
        try:
            with connect(self._filepath, read_only=True) as connection:
                return read_build(connection)
        except duckdb.Error:
            # There is none, or it is no database of ours: all the more reason to write a new one.
            return None

    def _set_foreign_log_aside(self) -> None:
        log = self._filepath.with_name(f"{self._filepath.name}.wal")
        if log.exists():
            aside = log.replace(log.with_name(f"{log.name}.aside"))
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
