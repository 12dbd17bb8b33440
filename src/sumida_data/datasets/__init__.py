"""Kedro datasets and catalogue validators of our own."""

from sumida_data.datasets.described_table import DescribedTableValidator
from sumida_data.datasets.duckdb import DuckDBDataset
from sumida_data.datasets.folder import FolderDataset
from sumida_data.datasets.optional_table import OptionalTableDataset

__all__ = ["DescribedTableValidator", "DuckDBDataset", "FolderDataset", "OptionalTableDataset"]
