"""Kedro datasets of our own."""

from sumida_data.datasets.folder import FolderDataset

__all__ = ["FolderDataset"]
