"""Kedro datasets of our own."""

from sumida_data.datasets.duckdb import DuckDBDataset
from sumida_data.datasets.folder import FolderDataset
from sumida_data.datasets.register import RegisterDataset
from sumida_data.datasets.tables import ModelDataset, TableDataset
from sumida_data.datasets.target import HistoryDataset, RecordDataset, TargetDataset

__all__ = [
    "DuckDBDataset",
    "FolderDataset",
    "HistoryDataset",
    "ModelDataset",
    "RecordDataset",
    "RegisterDataset",
    "TableDataset",
    "TargetDataset",
]
