"""Writing files and folders so that a reader sees the old or the new, never half of either."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath


class OutsideFolderError(ValueError):
    """A file name that leads out of its folder."""


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside the old one, see it on the disk, and put it in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files by their paths below a new folder.

    Raises:
        OutsideFolderError: If a path leads out of the folder.
    """
    for name in files:
        if name.startswith("/") or ".." in PurePosixPath(name).parts or "\\" in name:
            raise OutsideFolderError(f"File name {name!r} leads out of the folder {folder}.")
    folder.mkdir(parents=True)
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make a folder hold exactly these files: the new one is built beside the old and swapped."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as workshop:
        new, old = Path(workshop) / "new", Path(workshop) / "old"
        write_folder(new, files)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder by their paths, in order; nothing if there is none."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def remove_folder(folder: Path) -> None:
    """Remove a folder with all in it, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)
