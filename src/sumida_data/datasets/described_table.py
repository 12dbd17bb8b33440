"""A catalogue validator that keeps a table of the wrong shape from being written."""

from functools import cached_property
from pathlib import Path

import pandas as pd
from kedro.validation.exceptions import CheckFailure, DataValidationError

from sumida_data.base.frames import arrow_schema
from sumida_data.base.metadata import DataDictionary, Table


class DescribedTableValidator:
    """Holds a frame against the description of its table: columns, their order, and types.

    Rules about the data themselves yield findings elsewhere; only a break of the schema, which
    is a mistake of the program, stops the write.
    """

    def __init__(self, *, table: str, filepath: str) -> None:
        """Name the table.

        Args:
            table: Name of the table.
            filepath: The data dictionary as JSON, which the first node writes.
        """
        self._name = table
        self._filepath = Path(filepath)

    @cached_property
    def _table(self) -> Table:
        text = self._filepath.read_text("utf-8")
        return DataDictionary.model_validate_json(text)[self._name]

    def validate(self, data: pd.DataFrame) -> pd.DataFrame:
        """Return the frame unchanged if it fits.

        Raises:
            DataValidationError: If columns or types differ, or a required value is missing.
        """
        failures = [*self._compare_columns(data), *self._find_missing(data)]
        if failures:
            raise DataValidationError(
                f"Table {self._name!r} does not fit its description.", failures=failures
            )
        return data

    def _compare_columns(self, data: pd.DataFrame) -> list[CheckFailure]:
        described = {f.name: str(f.type) for f in arrow_schema(self._table)}
        found = {
            str(name): str(dtype).removesuffix("[pyarrow]") for name, dtype in data.dtypes.items()
        }
        failures = [
            CheckFailure(
                f"column has type {found.get(name)}, described as {described.get(name)}",
                check="column and type as described",
                column=name,
            )
            for name in dict.fromkeys([*described, *found])
            if found.get(name) != described.get(name)
        ]
        if not failures and list(described) != list(found):
            failures = [CheckFailure("columns stand in another order", check="order of columns")]
        return failures

    def _find_missing(self, data: pd.DataFrame) -> list[CheckFailure]:
        required = [f.name for f in self._table.fields if f.required and f.name in data]
        missing = data[required].isna().sum()
        return [
            CheckFailure(
                "a required value is missing",
                check="required",
                column=str(column),
                failure_count=int(count),
            )
            for column, count in missing.items()
            if count
        ]
