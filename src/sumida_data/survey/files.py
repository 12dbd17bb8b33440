"""Received files, those in archives and mails among them, and what is no return at all."""

import io
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from posixpath import splitext
from typing import Self
from zipfile import BadZipFile, ZipFile

from sumida_data.base.characters import show_direction
from sumida_data.survey.findings import Kind

# No workbook of a survey comes near it.
_LARGEST = 256 << 20
# Of one archive or mail: its files, and the bytes of all of them.
_MOST_FILES, _MOST_BYTES = 2_000, 500_000_000
# In a mail of Outlook: the property with an attachment's bytes, and those with its name, the long
# before the short, in Unicode before the sender's code page.
_ATTACHED = "__substg1.0_37010102"
_NAMES = {
    "__substg1.0_3707001F": "utf-16-le",
    "__substg1.0_3707001E": "cp932",
    "__substg1.0_3704001F": "utf-16-le",
    "__substg1.0_3704001E": "cp932",
}
# What is in a workbook, which is an archive too.
_OF_WORKBOOK, _OF_OPEN_DOCUMENT = "[Content_Types].xml", "content.xml"
# An archive in a mail is opened too, and one in that.
_DEPTH = 3
# So say the openers that a file is damaged, or packed in a way that they do not know.
_DAMAGE = (BadZipFile, OSError, NotImplementedError, ArithmeticError, ValueError, EOFError)
# Windows, macOS and mail programs add these; they are not sent on purpose.
_LEFT_BEHIND = re.compile(
    r"(thumbs\.db|desktop\.ini|\.ds_store|\._.*|~\$.*|smime\.p7s)", re.IGNORECASE
)
_DOCUMENT = re.compile(
    r"\.(pdf|docx?|rtf|txt|md|pptx?|msg|jpe?g|png|gif|bmp|tiff?|heic|lnk|url|zip|eml)",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"(^|/)(旧[^/]*|old|bak|backup|archive|バックアップ[^/]*|アーカイブ|控え?|差し?替え?前|不要|没|ボツ|過去分?)/"
    r"|(^|[-_ (\[【/])(旧|old|bak|backup|バックアップ|控え?|下書き|draft|作業[用中]|没"
    r"|(修正|訂正|提出|差し?替え?)前)(?=[-_ )\]】.0-9])|\.(bak|old|orig)$|~$|コピー|\bcopy\b"
)


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
        """Name what is in a folder; a link, a pipe, a device or a huge file is not looked into.

        Such a one has no contents, and says by its rule why it cannot be read.
        """
        name = spell_name(name)
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


def spell_name(name: str) -> str:
    """Return a file's name as text, also where an archive from Windows was unpacked as it came."""
    try:
        spelled = os.fsencode(name).decode()
    except UnicodeDecodeError:
        spelled = os.fsencode(name).decode("cp932", errors="replace")
    # Windows writes が as one character; macOS takes it apart into か and its mark.
    return show_direction(unicodedata.normalize("NFC", spelled))


def is_document(name: str) -> bool:
    """Tell whether a file is a letter, a picture or the like, and no workbook."""
    return _DOCUMENT.fullmatch(splitext(name)[1]) is not None


def is_copy(name: str) -> bool:
    """Tell whether a file is put aside as a copy, such as one in a folder 旧 or with .bak."""
    _, _, path = name.partition("/")
    return _COPY.search(unicodedata.normalize("NFKC", path).lower()) is not None


def open_deliveries(files: Iterable[SourceFile], depth: int = _DEPTH) -> Iterator[SourceFile]:
    """Yield the files, and in place of an archive or a mail the files inside it.

    One that cannot be opened, or holds none, comes as it is, with the kind of finding that says so.
    """
    for file in files:
        path = PurePosixPath(file.name)
        opens = _OPENERS.get(path.suffix.lower())
        if _LEFT_BEHIND.fullmatch(path.name):
            continue
        if opens is None or file.rule_id:
            yield file
        elif depth:
            inside = _open(file, opens)
            yield from open_deliveries(inside, depth - 1) if inside else [file]
        else:
            yield replace(file, rule_id=Kind.NOT_READABLE)


def _open(
    file: SourceFile, opens: Callable[[bytes], Iterable[tuple[str, bytes]]]
) -> list[SourceFile]:
    """Return the files inside one, or the one itself with why it cannot be opened."""
    try:
        content = file.read()
    except OSError:
        return []
    try:
        return list(_place_inside(file, opens(content)))
    except UnusableFileError as error:
        rule_id = error.rule_id
    except _DAMAGE:
        rule_id = Kind.NOT_READABLE
    except RuntimeError:
        # So says zipfile of a password.
        rule_id = Kind.ENCRYPTED
    return [replace(file, rule_id=rule_id)]


def _place_inside(file: SourceFile, members: Iterable[tuple[str, bytes]]) -> Iterator[SourceFile]:
    taken = set()
    for number, (member, content) in enumerate(members, start=1):
        parts = (part for part in member.replace("\\", "/").split("/") if part.strip("."))
        name = spell_name("/".join(parts))
        name = f"{number}_{name}" if name in taken or not name else name
        taken.add(name)
        yield replace(file, name=f"{file.name}/{name}", content=content)


def _open_archive(content: bytes) -> Iterator[tuple[str, bytes]]:
    with ZipFile(io.BytesIO(content)) as archive:
        parts = [part for part in archive.filelist if not part.is_dir()]
        if len(parts) > _MOST_FILES:
            raise UnusableFileError(Kind.TOO_LARGE)
        if {_OF_WORKBOOK, _OF_OPEN_DOCUMENT} & {*archive.namelist()}:
            # A workbook that was named .zip.
            yield "調査票.xlsx", content
            return
        left = _MOST_BYTES
        for part in parts:
            with archive.open(part) as stream:
                # What a part says of its size need not be true.
                unpacked = stream.read(left + 1)
            left -= len(unpacked)
            if left < 0:
                raise UnusableFileError(Kind.TOO_LARGE)
            name = part.filename
            # macOS writes names in UTF-8 and Windows in CP932 without saying so.
            for encoding in () if part.flag_bits & 0x800 else ("cp932", "utf-8"):
                with suppress(UnicodeError):
                    name = part.filename.encode("cp437").decode(encoding)
            yield name, unpacked


def _open_tape(content: bytes) -> Iterator[tuple[str, bytes]]:
    import tarfile  # noqa: PLC0415

    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            left = _MOST_BYTES
            for number, part in enumerate(archive):
                stream = archive.extractfile(part) if part.isreg() else None
                left -= part.size
                if number >= _MOST_FILES or left < 0:
                    raise UnusableFileError(Kind.TOO_LARGE)
                if stream is not None:
                    yield part.name, stream.read()
    except tarfile.TarError as error:
        raise UnusableFileError(Kind.NOT_READABLE) from error


def _open_mail(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what is attached to a mail, and to mails that are attached to it."""
    # Most files are workbooks: what only mails need is imported with the first of them.
    from email import message_from_bytes, policy  # noqa: PLC0415

    message = message_from_bytes(content, policy=policy.default)
    for number, part in enumerate(message.walk(), start=1):
        attached, name = part.get_payload(decode=True), part.get_filename()
        kind, is_attached = part.get_content_maintype(), part.is_attachment()
        # The letter itself is a text without a name, and a picture may be in it.
        is_letter = not is_attached and (kind == "image" or (kind == "text" and name is None))
        if isinstance(attached, bytes) and not is_letter:
            yield (name or f"添付{number}").replace("/", "_"), attached


def _open_outlook_mail(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what is attached to a mail, and to mails that are attached to it."""
    from olefile.olefile import OleFileIO  # noqa: PLC0415

    with OleFileIO(io.BytesIO(content)) as mail:
        attached = [path[:-1] for path in mail.listdir() if path[-1] == _ATTACHED]
        size = sum(mail.get_size([*path, _ATTACHED]) for path in attached)
        if len(attached) > _MOST_FILES or size > _MOST_BYTES:
            raise UnusableFileError(Kind.TOO_LARGE)
        for number, path in enumerate(attached, start=1):
            key = next((one for one in _NAMES if mail.exists([*path, one])), None)
            name = f"添付{number}"
            if key is not None:
                raw = mail.openstream([*path, key]).read()
                name = raw.decode(_NAMES[key], "replace").strip("\0")
            yield name.replace("/", "_"), mail.openstream([*path, _ATTACHED]).read()


_OPENERS = {".zip": _open_archive, ".eml": _open_mail, ".msg": _open_outlook_mail}
_OPENERS |= dict.fromkeys((".tar", ".tgz", ".gz"), _open_tape)
