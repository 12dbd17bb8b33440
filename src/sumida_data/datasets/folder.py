"""A folder of files as one dataset.

Kedro's own ``PartitionedDataset`` refuses an empty folder, and a dataset per workbook would make
a run's time quadratic in their number.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from sumida_data.survey.files import SourceFile


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
        ```
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        """Name the folder.

        Args:
            path: The folder. It need not exist.
            metadata: Anything; Kedro does not read it.
        """
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> dict[str, SourceFile]:
        """List the files by their path below the folder, in order."""
        found = (path for path in self._path.rglob("*") if path.is_file() and not _hidden(path))
        files = ((path.relative_to(self._path).as_posix(), path) for path in found)
        return {name: SourceFile(name, path) for name, path in sorted(files)}

    def save(self, data: dict[str, bytes]) -> None:
        """Make the folder hold exactly these files.

        Raises:
            DatasetError: If a name leads out of the folder.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=self._path.parent, prefix=f".{self._path.name}-"))
        for name, content in data.items():
            target = aside / name
            if not target.resolve().is_relative_to(aside.resolve()):
                shutil.rmtree(aside)
                raise DatasetError(f"File name {name!r} leads out of the folder {self._path}.")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        aside.chmod(0o755)
        self._swap(aside)

    def _swap(self, aside: Path) -> None:
        old = aside.with_name(f"{aside.name}-old")
        if self._path.exists():
            self._path.rename(old)
        aside.rename(self._path)
        shutil.rmtree(old, ignore_errors=True)

    def _exists(self) -> bool:
        return self._path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def _hidden(path: Path) -> bool:
    return path.name.startswith((".", "~$"))
