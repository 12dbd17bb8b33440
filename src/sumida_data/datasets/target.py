"""A public target and its record as Kedro datasets; conf/base/catalog_publish.yml names them."""

from datetime import date
from pathlib import Path
from typing import Any, Literal

from kedro.io import AbstractDataset, DatasetError
from kedro.utils import load_obj

from sumida_data.catalogue.history import read_histories
from sumida_data.catalogue.publication import PlannedPublication, publish
from sumida_data.catalogue.record import TargetRecord
from sumida_data.catalogue.target import PublicTarget, TargetError, TargetState
from sumida_data.survey.files import SourceFile


class TargetDataset(AbstractDataset[PlannedPublication, TargetState]):
    """Shows what a public target holds, and publishes there what was approved."""

    def __init__(
        self,
        *,
        target: dict[str, Any],
        credentials: dict[str, Any] | None = None,
        metadata: Any = None,
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
        self._observed: TargetState | None = None
        self.metadata = metadata

    @property
    def target(self) -> PublicTarget:
        """The target itself."""
        target: PublicTarget = load_obj(self._class)(**self._arguments, **self._credentials)
        return target

    @property
    def record(self) -> TargetRecord:
        """Its record."""
        return TargetRecord(Path(self._arguments["record"]))

    def load(self) -> TargetState:
        """Look at the target."""
        try:
            return self._observed or self.target.observe(date.today())
        except TargetError as error:
            raise DatasetError(str(error)) from error

    @property
    def places(self) -> dict[Path, bool]:
        """The folders it is read from, in which times do not count; none for a target elsewhere."""
        path = self._arguments.get("path")
        return dict.fromkeys(map(Path, (path, self._arguments["record"])), False) if path else {}

    def hash_content(self) -> str:
        """Return the hash of all that a target elsewhere holds; it is looked at once for all."""
        self._observed = self.load()
        return self._observed.sha256

    def save(self, data: PlannedPublication) -> None:
        """Publish, read every byte back, and write it down."""
        try:
            publish(self.target, self.record, data)
        except TargetError as error:
            raise DatasetError(str(error)) from error

    def _describe(self) -> dict[str, Any]:
        return {"class": self._class, **self._arguments}


class RecordDataset(AbstractDataset[None, Any]):
    """Reads the record of a target, or the records of all; only publishing writes it."""

    def __init__(
        self, *, path: str, read: Literal["state", "packages", "histories"], metadata: Any = None
    ) -> None:
        """Name the folder.

        Args:
            path: The record of a target, or the folder with those of all. It need not exist.
            read: ``state``, what was approved and published and what is under way; ``packages``,
                the files of the packages that are public now, as ``FolderDataset`` gives them;
                or ``histories``, what was ever published to any target.
            metadata: Anything; Kedro does not read it.
        """
        self._path = Path(path)
        self._part = read
        self.metadata = metadata

    def load(self) -> Any:
        """Read the record; a DatasetError says that what was published is not kept."""
        record = TargetRecord(self._path)
        try:
            if self._part == "packages":
                public, locate = record.read_public_hashes(), record.locate_content
                return {name: SourceFile(name, locate(public[name])) for name in sorted(public)}
        except TargetError as error:
            raise DatasetError(str(error)) from error
        return record.read() if self._part == "state" else read_histories(self._path)

    def save(self, data: None) -> None:
        """Refuse: only a publication writes the record."""
        del data
        raise DatasetError("A record is written by publishing.")

    @property
    def places(self) -> dict[Path, bool]:
        """The folder, in which times do not count."""
        return {self._path: False}

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
