"""What came in: files inside archives and mails, whose they are, and what is no return at all."""

import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from olefile.olefile import OleFileError, OleFileIO

from sumida_data.survey.departments import Department
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import Kind
from sumida_data.survey.reading.text import fold

# Windows and macOS leave these behind; nobody sends them.
_LEFT_BEHIND = re.compile(r"(thumbs\.db|desktop\.ini|\.ds_store|\._.*|~\$.*)", re.IGNORECASE)
_DOCUMENT = re.compile(
    r"\.(pdf|docx?|rtf|txt|md|pptx?|msg|jpe?g|png|gif|bmp|tiff?|heic|lnk|url|zip|eml)",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"(^|/)(旧[^/]*|old|bak|backup|バックアップ[^/]*|控え?)/|\.(bak|old|orig)$|~$|コピー|\bcopy\b"
)
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
# An archive in a mail is opened too.
_DEPTH = 2


class _TooMuchError(Exception):
    """An archive that holds more than a quarter's returns."""


def open_deliveries(files: Iterable[SourceFile], depth: int = _DEPTH) -> Iterator[SourceFile]:
    """Yield the files, and in place of an archive or a mail the files inside it.

    One that cannot be opened, or holds none, comes as it is, with the kind of finding that says so.
    """
    for file in files:
        name = PurePosixPath(file.name).name
        opens = _OPENERS.get(PurePosixPath(name).suffix.lower())
        if _LEFT_BEHIND.fullmatch(name):
            continue
        if opens is None or not depth:
            yield file
            continue
        try:
            inside = list(_place_inside(file, opens(file.read())))
        except _TooMuchError:
            inside = [replace(file, rule_id=Kind.TOO_LARGE)]
        except (
            BadZipFile,
            OleFileError,
            NotImplementedError,
            ArithmeticError,
            ValueError,
            EOFError,
        ):
            inside = [replace(file, rule_id=Kind.NOT_READABLE)]
        except OSError:
            inside = []
        except RuntimeError:
            # So says zipfile of a password.
            inside = [replace(file, rule_id=Kind.ENCRYPTED)]
        yield from open_deliveries(inside, depth - 1) if inside else [file]


def normal_name(name: str) -> str:
    """Return a name as Windows writes it; macOS takes が apart into か and its mark."""
    return unicodedata.normalize("NFC", name)


def is_document(name: str) -> bool:
    """Tell whether a file is a letter, a picture or the like, and no workbook."""
    return _DOCUMENT.fullmatch(PurePosixPath(name).suffix) is not None


def is_copy(name: str) -> bool:
    """Tell whether a file is put aside as a copy, such as one in a folder 旧 or with .bak."""
    _, _, path = name.partition("/")
    return _COPY.search(unicodedata.normalize("NFKC", path).lower()) is not None


def find_owner(texts: Iterable[str], departments: Mapping[str, Department]) -> str | None:
    """Return the code of the one department that texts name by code or name, or None."""
    texts = list(texts)
    plain = unicodedata.normalize("NFKC", "\n".join(texts))
    codes = set(re.findall(r"\d+", plain)) & departments.keys()
    folded = "\n".join(map(fold, texts))
    sections = {code: fold(one.section) for code, one in departments.items()}
    named = {code: section for code, section in sections.items() if section in folded}
    # Of 国保税務課 and 税務課, which it holds, the longer name is meant.
    whole = {
        code
        for code, section in named.items()
        if not any(section in other != section for other in named.values())
    }
    found = codes & whole if codes and whole else codes | whole
    return next(iter(found)) if len(found) == 1 else None


def _place_inside(file: SourceFile, members: Iterable[tuple[str, bytes]]) -> Iterator[SourceFile]:
    taken = set()
    for number, (member, content) in enumerate(members, start=1):
        parts = (part for part in member.replace("\\", "/").split("/") if part.strip("."))
        name = normal_name("/".join(parts))
        name = f"{number}_{name}" if name in taken or not name else name
        taken.add(name)
        yield replace(file, name=f"{file.name}/{name}", content=content)


def _open_archive(content: bytes) -> Iterator[tuple[str, bytes]]:
    with ZipFile(io.BytesIO(content)) as archive:
        parts = [part for part in archive.filelist if not part.is_dir()]
        if len(parts) > _MOST_FILES:
            raise _TooMuchError
        left = _MOST_BYTES
        for part in parts:
            with archive.open(part) as stream:
                # What a part says of its size need not be true.
                unpacked = stream.read(left + 1)
            left -= len(unpacked)
            if left < 0:
                raise _TooMuchError
            yield _spell(part), unpacked


def _spell(part: ZipInfo) -> str:
    """Return the name of a part; Windows writes it in CP932 without saying so."""
    if part.flag_bits & 0x800:
        return part.filename
    try:
        return part.filename.encode("cp437").decode("cp932")
    except UnicodeError:
        return part.filename


def _open_mail(content: bytes) -> Iterator[tuple[str, bytes]]:
    message = message_from_bytes(content, policy=policy.default)
    for number, part in enumerate(message.iter_attachments(), start=1):
        attached = part.get_payload(decode=True)
        if isinstance(attached, bytes):
            name = (part.get_filename() or f"添付{number}").replace("/", "_")
            yield name, attached


def _open_outlook_mail(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what is attached to a mail, and to mails that are attached to it."""
    with OleFileIO(io.BytesIO(content)) as mail:
        attached = [path[:-1] for path in mail.listdir() if path[-1] == _ATTACHED]
        size = sum(mail.get_size([*path, _ATTACHED]) for path in attached)
        if len(attached) > _MOST_FILES or size > _MOST_BYTES:
            raise _TooMuchError
        for number, path in enumerate(attached, start=1):
            found = ((key, code) for key, code in _NAMES.items() if mail.exists([*path, key]))
            for key, code in found:
                name = mail.openstream([*path, key]).read().decode(code, "replace").strip("\0")
                break
            else:
                name = f"添付{number}"
            yield name.replace("/", "_"), mail.openstream([*path, _ATTACHED]).read()


_OPENERS = {".zip": _open_archive, ".eml": _open_mail, ".msg": _open_outlook_mail}
