"""A register of the office, as Excel leaves it."""

from pathlib import Path

import pandas as pd
from kedro.io import DatasetError
from kedro_datasets.pandas import CSVDataset

from sumida_data.survey.reading.registers import REGISTERS, ReferenceTableError, read_register


class RegisterDataset(CSVDataset):  # type: ignore[misc]  # kedro-datasets is untyped
    """Reads a CSV file in UTF-8 or CP932 as text, and says in one line what is wrong with it.

    Examples:
        Using the YAML API:

        ```yaml
        departments_csv:
          type: sumida_data.datasets.RegisterDataset
          filepath: data/01_raw/reference/departments.csv
        ```
    """

    def load(self) -> pd.DataFrame:
        """Return the register with all its columns, an empty text where there is no value.

        Raises:
            DatasetError: If it is not there or cannot be read.
        """
        path = Path(self._filepath)
        try:
            rows = read_register(path)
        except ReferenceTableError as error:
            raise DatasetError(str(error)) from error
        # A preview asks for the first rows only.
        shown = rows[: self._load_args.get("nrows")]
        return pd.DataFrame(shown, columns=REGISTERS.get(path.stem), dtype=str)
