"""What was made of files before, kept under what decides it, so that it is not made twice.

What is kept of a file is its cells, whichever folder it was in. It is kept under the hash of its
contents and of the code that opens files, and locked with another hash of its contents: only who
has the file can read it, and without the file it cannot be read. So nothing of a person outlives
the return that says it. What was damaged does not open, and is made anew. The descriptions by
which a command checks are kept in the same way, under the contents of all their files.
"""

import io
import pickle  # what it may make is listed below
import shutil
import zlib
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256, shake_256
from pathlib import Path
from typing import Any

from sumida_data.base.fingerprint import hash_code
from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.reading.workbook import Workbook, open_workbook

# All that the cells of a file, what is known of them, and descriptions are made of.
_MADE_OF = {
    module: names.split()
    for module, names in {
        "datetime": "date datetime time timedelta",
        "builtins": "set",
        "sumida_data.base.metadata": "Code",
        "sumida_data.survey.departments": "Department",
        "sumida_data.survey.findings": "FindingRule FindingRules Kind",
        "sumida_data.survey.form": "Condition Contradiction Form FormField SurveySheet Wave Waves",
        "sumida_data.survey.reading.registers": "MappedHeading",
        "sumida_data.survey.reading.second_look": "SecondLook",
        "sumida_data.survey.reading.workbook": "Workbook Sheet",
    }.items()
}
_MARK = 32


@dataclass(frozen=True)
class OpenedFiles:
    """Opens files, and keeps what it has opened if it is given a folder."""

    folder: Path | None = None

    def open(self, content: bytes, name: str) -> Workbook:
        """Return a file as a workbook, as ``open_workbook`` does, without opening it again."""
        if self.folder is None:
            return open_workbook(content, name)
        is_csv = name.lower().endswith(".csv")
        name_kept = sha256(content + b"\0csv" * is_csv).hexdigest()
        found = recall(self.folder, name_kept, content)
        if found is None:
            try:
                found = open_workbook(content, name)
            except UnusableFileError as error:
                found = (error.rule_id, error.words)
            keep(self.folder, name_kept, content, found)
        if isinstance(found, Workbook):
            return found
        rule_id, words = found
        raise UnusableFileError(rule_id, **words)


def keep(folder: Path, name: str, content: bytes, made: object) -> None:
    """Keep what was made of contents, by this code, in a folder under a name."""
    place = folder / _hash_readers() / name
    plain = zlib.compress(pickle.dumps(made, pickle.HIGHEST_PROTOCOL), 1)
    aside = place.with_name(f".{place.name}")
    # Where nothing can be written, files are opened every time.
    with suppress(OSError):
        if not place.parent.exists():
            for old in folder.glob("*"):
                # Other code opened these.
                shutil.rmtree(old, ignore_errors=True)
            place.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        aside.touch(0o600)
        aside.write_bytes(_lock(sha256(plain).digest() + plain, content))
        aside.replace(place)


def recall(folder: Path, name: str, content: bytes) -> Any:
    """Return what is kept there of these contents; None if there is nothing or it does not open."""
    try:
        opened = _lock((folder / _hash_readers() / name).read_bytes(), content)
        if sha256(opened[_MARK:]).digest() != opened[:_MARK]:
            return None
        return _Unpickler(io.BytesIO(zlib.decompress(opened[_MARK:]))).load()
    except (OSError, zlib.error, pickle.UnpicklingError):
        return None


def _lock(text: bytes, content: bytes) -> bytes:
    """Lock or unlock a text with a file; only who has all of the file can do so."""
    stream = shake_256(sha256(b"key\0" + content).digest()).digest(len(text))
    return (int.from_bytes(text) ^ int.from_bytes(stream)).to_bytes(len(text))


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> Any:
        if name not in _MADE_OF.get(module, ()):
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)


def _hash_readers() -> str:
    return hash_code("base", "survey", "survey/reading")[:16]
