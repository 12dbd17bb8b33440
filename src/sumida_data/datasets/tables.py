"""Tables and models on disk, which know what they hold."""

import io
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from kedro.io import DatasetError
from kedro.utils import load_obj
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import ParquetDataset
from pydantic import BaseModel

from sumida_data.base.disk import replace_file
from sumida_data.base.frames import arrow_schema, build_frame, to_frame
from sumida_data.base.metadata import DataDictionary, Row, Table

# What officers wrote, which may be anything.
_AS_WRITTEN = {"raw_text", "value_found"}


class ModelDataset(JSONDataset):  # type: ignore[misc]  # kedro-datasets is untyped
    """Keeps an object of a Pydantic model as JSON.

    Examples:
        Using the YAML API:

        ```yaml
        data_dictionary:
          type: sumida_data.datasets.ModelDataset
          model: sumida_data.base.metadata.DataDictionary
          filepath: data/03_primary/data_dictionary.json
        ```
    """

    def __init__(self, *, model: str, optional: bool = False, **arguments: Any) -> None:
        """Name model and file.

        Args:
            model: The model's class.
            optional: Whether None is loaded where there is no file yet.
            arguments: As of Kedro's own dataset.
        """
        super().__init__(**arguments)
        self._model = model
        self._optional = optional

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

    Examples:
        Using the YAML API:

        ```yaml
        "{table}#primary":
          type: sumida_data.datasets.TableDataset
          table: "{table}"
          dictionary: data/03_primary/data_dictionary.json
          filepath: data/03_primary/{table}.parquet
        ```
    """

    def __init__(
        self, *, table: str, dictionary: str, optional: bool = False, **arguments: Any
    ) -> None:
        """Name table and files.

        Args:
            table: Name of the table.
            dictionary: The data dictionary as JSON, which the first node writes.
            optional: Whether None is loaded where there is no file yet.
            arguments: As of Kedro's own dataset.
        """
        super().__init__(load_args={"dtype_backend": "pyarrow"}, **arguments)
        self._table = table
        self._dictionary = Path(dictionary)
        self._optional = optional

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
        frame = data if isinstance(data, pd.DataFrame) else _make_frame(table, data)
        if failures := [*_compare_columns(table, frame), *_find_missing(table, frame)]:
            raise DatasetError(
                f"Table {self._table!r} does not fit its description: {'; '.join(failures)}."
            )
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False, compression="zstd")
        private = any(one.free_text or one.name in _AS_WRITTEN for one in table.fields)
        replace_file(Path(self._filepath), buffer.getvalue(), private=private)


@lru_cache(maxsize=2)
def _read_dictionary(path: Path, _: int) -> DataDictionary:
    return DataDictionary.model_validate_json(path.read_bytes())


def _make_frame(table: Table, data: pa.Table | Iterable[Row]) -> pd.DataFrame:
    return to_frame(data) if isinstance(data, pa.Table) else build_frame(table, data)


def _compare_columns(table: Table, frame: pd.DataFrame) -> list[str]:
    described: Mapping[str, str] = {f.name: str(f.type) for f in arrow_schema(table)}
    found = {
        str(name): str(dtype).removesuffix("[pyarrow]") for name, dtype in frame.dtypes.items()
    }
    failures = [
        f"column {name} has type {found.get(name)}, described as {described.get(name)}"
        for name in dict.fromkeys([*described, *found])
        if found.get(name) != described.get(name)
    ]
    if not failures and list(described) != list(found):
        return ["columns stand in another order"]
    return failures


def _find_missing(table: Table, frame: pd.DataFrame) -> list[str]:
    required = [field.name for field in table.fields if field.required and field.name in frame]
    missing = frame[required].isna().sum()
    return [
        f"{count} required values of {name} are missing" for name, count in missing.items() if count
    ]
