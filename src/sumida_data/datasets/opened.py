"""What is kept of files that were opened before, as a Kedro dataset."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from sumida_data.survey.reading.opened import OpenedFiles


class OpenedFilesDataset(AbstractDataset[None, OpenedFiles]):
    """Gives nodes what opens files, and keeps what they open below a folder.

    Examples:
        Using the YAML API:

        ```yaml
        opened_files:
          type: sumida_data.datasets.OpenedFilesDataset
          path: data/state/readings
        ```
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        """Name the folder, which need not exist."""
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> OpenedFiles:
        """Return what opens files."""
        return OpenedFiles(self._path)

    def hash_content(self) -> str:
        """Return always the same: what is kept there decides no result."""
        return ""

    def save(self, data: None) -> None:
        """Refuse: it is written by opening files."""
        del data
        raise DatasetError("What was opened is kept when it is opened.")

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
