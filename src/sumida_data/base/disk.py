"""Writing files and folders so that a reader sees the old or the new, never half of either.

What holds the same already is left as it is, so that times of modification tell the truth.
"""

import errno
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import file_digest, sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

# What leads out of a folder or is no name; what no system, or not every one, keeps in a name; dots
# and blanks at the end, which Windows drops; and what it opens as devices whatever their ending.
_UNSAFE = re.compile(
    r'^$|[\x00-\x1f<>:"|?*\\]|[. ]$|'
    r"^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?$",
    re.IGNORECASE,
)
# As much as file systems keep of one name.
_LONGEST_NAME = 255
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
# Begins the hashes in which times count.
_WITH_TIMES = "times:"


class OutsideFolderError(ValueError):
    """A file name that leads out of its folder, or that not every system can keep in it."""


def explain_os_error(error: OSError) -> str:
    """Say in plain words what hinders reading or writing a file."""
    match error:
        case OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EFBIG):
            return "ディスクの空きが足りません。要らないものを消してください。"
        case PermissionError():
            closing = "Excelなどで開いていれば閉じ、権限を確かめてください。"
            return f"{error.filename} を開けないか、書けません。{closing}"
        case FileNotFoundError(filename=str() | Path()):
            return f"{error.filename} がありません。"
    return str(error)


def replace_file(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file beside the old one, see it on the disk, and put it in its place.

    ``private`` says that only its owner may read it.
    """
    if _holds(path, content):
        if private:
            path.chmod(PRIVATE_FILE)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    try:
        aside.touch(PRIVATE_FILE if private else 0o666)
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def refuse_outside(names: Iterable[str]) -> None:
    """Refuse names that lead out of their folder, or that another system takes for more."""
    for name in names:
        for part in name.split("/"):
            if _UNSAFE.search(part) or len(part.encode("utf-8", "surrogatepass")) > _LONGEST_NAME:
                raise OutsideFolderError(f"File name {name[:80]!r} leads out of the folder.")


def replace_folder(
    folder: Path, files: Mapping[str, bytes], like: Path | None = None, *, private: bool = False
) -> None:
    """Make a folder hold exactly these files: the new one is built beside the old and swapped.

    Files that are the same in the folder ``like``, or else in the old one, are shared rather than
    written again. ``private`` says that only its owner may read it.
    """
    refuse_outside(files)
    folder.parent.mkdir(parents=True, exist_ok=True)
    restore_folder(folder)
    same = [_holds(folder / name, content) for name, content in files.items()]
    if all(same) and len(same) == len(_list_files(folder)):
        folder.mkdir(exist_ok=True)
        return
    like = like or folder
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as workshop:
        new, old = Path(workshop) / "new", Path(workshop) / "old"
        new.mkdir(PRIVATE_FOLDER if private else 0o777)
        for name, content in files.items():
            _place_file(new / name, content, like / name, private=private)
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise


def _place_file(path: Path, content: bytes, like: Path, *, private: bool) -> None:
    """Write a file, or give one that holds just this another name, where the file system can."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if _holds(like, content):
        with suppress(OSError):
            os.link(like, path)
            return
    path.touch(PRIVATE_FILE if private else 0o666)
    path.write_bytes(content)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def _list_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


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
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in _list_files(folder)}


def remove_folder(folder: Path) -> None:
    """Remove a folder with all in it, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)


@contextmanager
def hold(path: Path, otherwise: Exception) -> Iterator[None]:
    """Hold a file, which is made if it is not there, or raise what is given if another does.

    A process that is killed holds nothing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            if sys.platform == "win32":
                import msvcrt  # noqa: PLC0415

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl  # noqa: PLC0415

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            # What the system says of it would hide what is given.
            raise otherwise from None
        yield


def list_settings(folder: Path, kind: str) -> list[Path]:
    """Return the YAML files of an environment's folder in which Kedro looks for a kind."""
    found = {*folder.glob(f"{kind}*.y*ml"), *folder.glob(f"{kind}*/**/*.y*ml")}
    return sorted(found.intersection(list_visible(folder)))


def is_hidden(path: Path) -> bool:
    """Tell a hidden file, and the lock file that Excel leaves beside an open workbook."""
    return path.name.startswith((".", "~$"))


def list_visible(folder: Path) -> list[Path]:
    """Return all files below a folder, in order, but those that are hidden or in hidden folders.

    A link that leads to a folder, or nowhere, is listed too, so that it is reported.
    """
    named = {path: path.relative_to(folder) for path in folder.rglob("*")}
    found = {path for path in named if path.is_symlink() or not path.is_dir()}
    return sorted(one for one in found if not any(map(is_hidden, (one, *named[one].parents))))


def hash_files(place: Path) -> dict[Path, str]:
    """Return the SHA-256 of a file, or of all in a folder that ``list_visible`` lists, by path.

    What is no file, or somebody has open, or one may not read, has none: an empty text.
    """
    hashes = dict.fromkeys(list_visible(place) if place.is_dir() else [place], "")
    for path in hashes:
        with suppress(OSError):
            if path.is_file():
                with path.open("rb") as file:
                    hashes[path] = file_digest(file, "sha256").hexdigest()
    return hashes


def hash_place(path: Path, *, times: bool = False) -> str:
    """Return a hash of a file, or of all files below a folder; an empty text if there is none.

    ``times`` says that it matters when each was last written.
    """
    if not path.exists():
        return ""
    entries = [
        (
            one.relative_to(path).as_posix(),
            known,
            one.is_symlink(),
            times and one.lstat().st_mtime_ns,
        )
        for one, known in hash_files(path).items()
    ]
    digest = sha256(repr((path.is_dir(), entries)).encode()).hexdigest()
    return _WITH_TIMES * times + digest


def is_unchanged(path: Path, known: str) -> bool:
    """Tell whether ``hash_place`` still gives what it gave."""
    return hash_place(path, times=known.startswith(_WITH_TIMES)) == known


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return files by path as a ZIP, whose bytes follow from them alone."""
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for path, content in files.items():
            # A file named without a time has that of the first day of ZIP.
            archive.writestr(ZipInfo(path), content, ZIP_DEFLATED)
    return packed.getvalue()
