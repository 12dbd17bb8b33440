"""Kedro datasets of our own."""

from sumida_data.datasets.duckdb import DuckDBDataset
from sumida_data.datasets.folder import FolderDataset
from sumida_data.datasets.opened import OpenedFilesDataset
from sumida_data.datasets.register import RegisterDataset
from sumida_data.datasets.tables import ModelDataset, TableDataset
from sumida_data.datasets.target import RecordDataset, TargetDataset

__all__ = [
    "DuckDBDataset",
    "FolderDataset",
    "ModelDataset",
    "OpenedFilesDataset",
    "RecordDataset",
    "RegisterDataset",
    "TableDataset",
    "TargetDataset",
]
