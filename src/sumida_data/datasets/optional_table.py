"""A table of an earlier run, which need not have been."""

import pandas as pd
from kedro_datasets.pandas import ParquetDataset


class OptionalTableDataset(ParquetDataset):  # type: ignore[misc]  # kedro-datasets is untyped
    """Reads a Parquet table as pandas' own dataset does, and None where there is no file yet.

    Examples:
        Using the YAML API:

        ```yaml
        known_answers:
          type: sumida_data.datasets.OptionalTableDataset
          filepath: data/03_primary/answer.parquet
          load_args: {dtype_backend: pyarrow}
        ```
    """

    def load(self) -> pd.DataFrame | None:
        """Return the table, or None if there is none."""
        return super().load() if self.exists() else None
