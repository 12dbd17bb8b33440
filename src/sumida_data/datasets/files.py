"""Folders of files, registers as Excel leaves them, and what is kept of files opened before.

Kedro's own ``PartitionedDataset`` refuses an empty folder, and a dataset per workbook would make
a run's time quadratic in their number.
"""

import os
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby, starmap
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset, DatasetError
from kedro_datasets.pandas import CSVDataset

from sumida_data.base.disk import (
    OutsideFolderError,
    is_hidden,
    refuse_outside,
    replace_folder,
    restore_folder,
)
from sumida_data.survey.files import SourceFile, open_deliveries
from sumida_data.survey.reading.opened import OpenedFiles
from sumida_data.survey.reading.registers import REGISTERS, ReferenceTableError, read_register


class FolderDataset(AbstractDataset[dict[str, bytes], dict[str, SourceFile]]):
    """Reads a folder as files by name, and writes a folder that holds exactly the files given.

    Loading does not read the files: each is read when its reader asks for it. Hidden files and
    the lock files that Excel leaves beside an open workbook are not listed. Saving writes the
    new folder beside the old one and swaps them, so that a reader never sees half of it.
    """

    def __init__(
        self,
        *,
        path: str,
        by_subfolder: bool = False,
        left_out: Sequence[str] = (),
        opened: bool = False,
        private: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Name the folder.

        Args:
            path: The folder. It need not exist.
            by_subfolder: Whether saving replaces only those folders directly below that the
                new files lie in, and leaves the others as they are.
            left_out: Names of folders in it that are not listed.
            opened: Whether files inside archives and mails are listed in place of these, and
                what Windows and macOS leave behind is not listed.
            private: Whether only the owner of the files may read them.
            metadata: Anything; Kedro does not read it.
        """
        self._path, self._by_subfolder, self._left_out = Path(path), by_subfolder, left_out
        self._opened, self._private, self.metadata = opened, private, metadata
        self._written: list[Path] = []

    def load(self) -> dict[str, SourceFile]:
        """List the files by their path below the folder, in order."""
        restore_folder(self._path)
        listed = {}
        for path in self._path.rglob("*"):
            name = path.relative_to(self._path)
            # A link that leads to a folder, or nowhere, is listed too, so that somebody is told.
            is_file = path.is_symlink() or not path.is_dir()
            if is_file and not is_hidden(path) and not {*self._left_out} & {*name.parent.parts}:
                listed[_spell(name)] = path
        files: Iterable[SourceFile] = starmap(SourceFile.find, sorted(listed.items()))
        return {one.name: one for one in (open_deliveries(files) if self._opened else files)}

    def save(self, data: dict[str, bytes]) -> None:
        """Make the folder, or the folders below it, hold exactly these files.

        Raises:
            DatasetError: If a name leads out of the folder.
        """
        try:
            refuse_outside(data)
        except OutsideFolderError as error:
            raise DatasetError(f"{self._path}: {error}") from error
        if not self._by_subfolder:
            replace_folder(self._path, data, private=self._private)
            return
        self._written.clear()
        for folder, names in groupby(sorted(data), key=lambda name: name.partition("/")[0]):
            files = {name.removeprefix(f"{folder}/"): data[name] for name in names}
            replace_folder(self._path / folder, files, private=self._private)
            self._written.append(self._path / folder)

    @property
    def places(self) -> dict[Path, bool]:
        """Where it is read from or has just been written to, and whether times count there."""
        return dict.fromkeys(self._written or [self._path], self._opened)

    def _exists(self) -> bool:
        return self._path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "by_subfolder": self._by_subfolder}


def _spell(name: Path) -> str:
    """Return the name as text, also where an archive from Windows was unpacked as it came."""
    try:
        # Windows writes が as one character; macOS takes it apart into か and its mark.
        return unicodedata.normalize("NFC", os.fsencode(name.as_posix()).decode())
    except UnicodeDecodeError:
        return os.fsencode(name.as_posix()).decode("cp932", errors="replace")


class RegisterDataset(CSVDataset):  # type: ignore[misc]  # kedro-datasets is untyped
    """Reads a CSV file in UTF-8 or CP932 as text, and says in one line what is wrong with it."""

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


class OpenedFilesDataset(AbstractDataset[None, OpenedFiles]):
    """Gives nodes what opens files, and keeps below a folder what was opened."""

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        """Name the folder, which need not exist."""
        self._path, self.metadata = path, metadata

    def load(self) -> OpenedFiles:
        """Return what opens files."""
        return OpenedFiles(Path(self._path))

    def hash_content(self) -> str:
        """Return always the same: what is kept there decides no result."""
        return ""

    def save(self, data: None) -> None:
        """Refuse: it is written by opening files."""
        del data
        raise DatasetError("What was opened is kept when it is opened.")

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}
