"""Kedro datasets of our own; the catalogue in conf/base shows how each is used."""

from sumida_data.datasets.files import FolderDataset, OpenedFilesDataset, RegisterDataset
from sumida_data.datasets.tables import DuckDBDataset, ModelDataset, TableDataset
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
