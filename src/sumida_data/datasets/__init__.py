"""Kedro datasets and catalogue validators of our own."""

from sumida_data.datasets.described_table import DescribedTableValidator
from sumida_data.datasets.duckdb import DuckDBDataset
from sumida_data.datasets.folder import FolderDataset
from sumida_data.datasets.optional_json import OptionalJSONDataset
from sumida_data.datasets.optional_table import OptionalTableDataset
from sumida_data.datasets.register import RegisterDataset
from sumida_data.datasets.target import HistoryDataset, RecordDataset, TargetDataset

__all__ = [
    "DescribedTableValidator",
    "DuckDBDataset",
    "FolderDataset",
    "HistoryDataset",
    "OptionalJSONDataset",
    "OptionalTableDataset",
    "RecordDataset",
    "RegisterDataset",
    "TargetDataset",
]
