"""Received files."""

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sumida_data.survey.findings import Kind

# No workbook of a survey comes near it.
_LARGEST = 256 << 20


class UnusableFileError(Exception):
    """A file that cannot be read as a table; the finding rule says why, in these words."""

    def __init__(self, rule_id: str, detail: str = "", **words: str) -> None:
        super().__init__(f"{rule_id}: {detail}")
        self.rule_id = rule_id
        self.words = words


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it arrived, named from its folder on: ``FY2022Q3/1203_税務課.xlsx``.

    One that came in an archive or a mail has the path of that, and its own content; the rule says
    why it is known beforehand that it cannot be read.
    """

    name: str
    path: Path
    content: bytes | None = None
    rule_id: str | None = None

    @classmethod
    def find(cls, name: str, path: Path) -> Self:
        """Name what lies in a folder; a link, a pipe, a device or a huge file is not looked into.

        Such a one has no contents, and says by its rule why it cannot be read.
        """
        state = path.lstat()
        if not stat.S_ISREG(state.st_mode):
            return cls(name, path, b"", Kind.NOT_READABLE)
        if state.st_size > _LARGEST:
            return cls(name, path, b"", Kind.TOO_LARGE)
        return cls(name, path)

    def read(self) -> bytes:
        """Return the contents."""
        return self.path.read_bytes() if self.content is None else self.content

    @property
    def arrived_at(self) -> int:
        """When it was last written, in nanoseconds; it only decides between equal answers' days."""
        return self.path.lstat().st_mtime_ns
