"""A public target, its record, and all records, as Kedro datasets."""

from datetime import date
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError
from kedro.utils import load_obj

from sumida_data.catalogue.history import TargetHistory, read_histories
from sumida_data.catalogue.publication import Publication, TargetRecord, publish, read_target_record
from sumida_data.catalogue.record import Record
from sumida_data.catalogue.target import Target, TargetError, TargetState, observe


class TargetDataset(AbstractDataset[Publication, TargetState]):
    """Shows what stands in a public target, and publishes there what was approved.

    Examples:
        Using the YAML API:

        ```yaml
        public_target:
          type: sumida_data.datasets.TargetDataset
          target:
            class: sumida_data.catalogue.folder.FolderTarget
            path: data/06_catalog/public
            record: data/06_catalog/record/folder
        ```
    """

    def __init__(
        self,
        *,
        target: dict[str, Any],
        credentials: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Name the target.

        Args:
            target: ``class``, a class of targets, and its arguments. ``record``, the folder of
                the target's record, is one of them.
            credentials: More of its arguments, such as a token.
            metadata: Anything; Kedro does not read it.
        """
        self._arguments = {key: value for key, value in target.items() if key != "class"}
        self._class = target["class"]
        self._credentials = credentials or {}
        self.metadata = metadata

    @property
    def target(self) -> Target:
        """The target itself."""
        target: Target = load_obj(self._class)(**self._arguments, **self._credentials)
        return target

    @property
    def record(self) -> Record:
        """Its record."""
        return Record(Path(self._arguments["record"]))

    def load(self) -> TargetState:
        """Look at the target.

        Raises:
            DatasetError: If it cannot be read.
        """
        try:
            return observe(self.target, date.today())
        except TargetError as error:
            raise DatasetError(str(error)) from error

    def save(self, data: Publication) -> None:
        """Publish, read every byte back, and write it down.

        Raises:
            DatasetError: If it could not be done; the text says what to do.
        """
        try:
            publish(self.target, self.record, data)
        except TargetError as error:
            raise DatasetError(str(error)) from error

    def _describe(self) -> dict[str, Any]:
        return {"class": self._class, **self._arguments}


class RecordDataset(AbstractDataset[None, TargetRecord]):
    """Reads what was approved and published, and what is under way, in the record of a target.

    Examples:
        Using the YAML API:

        ```yaml
        target_record:
          type: sumida_data.datasets.RecordDataset
          path: data/06_catalog/record/folder
        ```
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        """Name the folder.

        Args:
            path: The record. It need not exist.
            metadata: Anything; Kedro does not read it.
        """
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> TargetRecord:
        """Read the record."""
        return read_target_record(Record(self._path))

    def save(self, data: None) -> None:
        """Refuse: only a publication writes the record."""
        del data
        raise DatasetError("A record is written by publishing.")

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


class HistoryDataset(AbstractDataset[None, list[TargetHistory]]):
    """Reads what was ever published, to any target.

    Examples:
        Using the YAML API:

        ```yaml
        publication_history:
          type: sumida_data.datasets.HistoryDataset
          path: data/06_catalog/record
        ```
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        """Name the folder.

        Args:
            path: The folder that has a record for each target. It need not exist.
            metadata: Anything; Kedro does not read it.
        """
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> list[TargetHistory]:
        """Read the records."""
        return read_histories(self._path)

    def save(self, data: None) -> None:
        """Refuse: only a publication writes the record."""
        del data
        raise DatasetError("A record is written by publishing.")

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
