"""A folder of files as one dataset.

Kedro's own ``PartitionedDataset`` refuses an empty folder, and a dataset per workbook would make
a run's time quadratic in their number.
"""

import os
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from sumida_data.base.disk import (
    OutsideFolderError,
    is_hidden,
    refuse_outside,
    replace_folder,
    restore_folder,
)
from sumida_data.survey.files import SourceFile, normal_name, open_deliveries


class FolderDataset(AbstractDataset[dict[str, bytes], dict[str, SourceFile]]):
    """Reads a folder as files by name, and writes a folder that holds exactly the files given.

    Loading does not read the files: each is read when its reader asks for it. Hidden files and
    the lock files that Excel leaves beside an open workbook are not listed. Saving writes the
    new folder beside the old one and swaps them, so that a reader never sees half of it.

    Examples:
        Using the YAML API:

        ```yaml
        survey_returns:
          type: sumida_data.datasets.FolderDataset
          path: data/01_raw/survey

        progress_report:
          type: sumida_data.datasets.FolderDataset
          path: data/08_reporting
          by_subfolder: true
        ```
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
        self._path = Path(path)
        self._private = private
        self._left_out = frozenset(left_out)
        self._opened = opened
        self._by_subfolder = by_subfolder
        self._written: list[Path] = []
        self.metadata = metadata

    def load(self) -> dict[str, SourceFile]:
        """List the files by their path below the folder, in order."""
        restore_folder(self._path)
        found = (path for path in self._path.rglob("*") if _is_file(path) and not is_hidden(path))
        files = ((path.relative_to(self._path), path) for path in found)
        listed = {
            _spell(name): path
            for name, path in files
            if self._left_out.isdisjoint(name.parent.parts)
        }
        sources: Iterable[SourceFile] = (
            SourceFile.find(name, listed[name]) for name in sorted(listed)
        )
        if self._opened:
            sources = open_deliveries(sources)
        return {one.name: one for one in sources}

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


def _is_file(path: Path) -> bool:
    # A link that leads to a folder, or nowhere, is listed too, so that somebody is told of it.
    return path.is_symlink() or not path.is_dir()


def _spell(name: Path) -> str:
    """Return the name as text, also where an archive from Windows was unpacked as it came."""
    try:
        return normal_name(os.fsencode(name.as_posix()).decode())
    except UnicodeDecodeError:
        return os.fsencode(name.as_posix()).decode("cp932", errors="replace")
