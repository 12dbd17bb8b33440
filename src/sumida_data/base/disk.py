"""Writing files and folders so that a reader sees the old or the new, never half of either."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

# Windows opens these as devices whatever their ending, and drops dots and blanks at the end.
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE
)
_NEVER_IN_A_NAME = re.compile(r'[\x00-\x1f<>:"|?*\\]|[. ]$')
# As much as file systems keep of one name.
_LONGEST_NAME = 255


class OutsideFolderError(ValueError):
    """A file name that leads out of its folder, or that not every system can keep in it."""


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


def refuse_outside(names: Iterable[str]) -> None:
    """Refuse names of files that lead out of their folder, or that another system takes for more.

    Raises:
        OutsideFolderError: If one does.
    """
    for name in names:
        if name.startswith("/") or not name or any(map(_is_unsafe, name.split("/"))):
            raise OutsideFolderError(f"File name {name[:80]!r} leads out of the folder.")


def _is_unsafe(part: str) -> bool:
    too_long = len(part.encode("utf-8", "surrogatepass")) > _LONGEST_NAME
    return (
        part in {"", ".", ".."}
        or too_long
        or _NEVER_IN_A_NAME.search(part) is not None
        or _DEVICE.fullmatch(part) is not None
    )


def replace_folder(folder: Path, files: Mapping[str, bytes], like: Path | None = None) -> None:
    """Make a folder hold exactly these files: the new one is built beside the old and swapped.

    Args:
        folder: The folder.
        files: Contents by path.
        like: A folder whose files are shared rather than written again, where they are the same.

    Raises:
        OutsideFolderError: If the path of a file leads out of the folder.
    """
    refuse_outside(files)
    folder.parent.mkdir(parents=True, exist_ok=True)
    restore_folder(folder)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as workshop:
        new, old = Path(workshop) / "new", Path(workshop) / "old"
        new.mkdir()
        for name, content in files.items():
            target = new / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if like is None or not _share_file(like / name, target, content):
                target.write_bytes(content)
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise


def _share_file(path: Path, other: Path, content: bytes) -> bool:
    """Give a file that holds just this content another name, where the file system can."""
    try:
        same = path.read_bytes() == content
        if same:
            os.link(path, other)
    except OSError:
        return False
    return same


def restore_folder(folder: Path) -> None:
    """Put back a folder that a process was about to replace when it was killed."""
    if folder.exists():
        return
    for old in sorted(folder.parent.glob(f".{folder.name}-*/old")):
        old.rename(folder)
        remove_folder(old.parent)
        return


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder by their paths, in order; nothing if there is none."""
    restore_folder(folder)
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def remove_folder(folder: Path) -> None:
    """Remove a folder with all in it, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)


@contextmanager
def hold(path: Path, otherwise: Exception) -> Iterator[None]:
    """Hold a file, which is made if it is not there; a process that is killed holds nothing.

    Args:
        path: The file.
        otherwise: What is raised if another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            _lock_file(file)
        except OSError as error:
            raise otherwise from error
        yield


def _lock_file(file: IO[str]) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
