"""What the fast reader of spreadsheets does not tell of a sheet.

It gives an empty text for an error cell and for a formula that was never calculated, says nothing
of hidden rows and of comments, and reserves memory for every cell up to the farthest one. The
parts of an .xlsx are therefore searched as bytes, which costs a fraction of reading them, and only
those where something was found are parsed. In an .ods, merged and repeated cells are looked for
too: a few bytes may stand for millions of cells.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from struct import unpack_from
from typing import Literal
from xml.etree.ElementTree import Element, iterparse
from zipfile import ZIP_DEFLATED, ZipFile
from zlib import MAX_WBITS, decompress

from sumida_data.survey.files import UnusableFileError

Doubt = Literal["error", "not_calculated"]
Cell = tuple[int, int]

# A survey workbook has some ten sheets of some hundred rows; what is larger by far is not one.
MAX_CELLS = 300_000

_FORMULA_WITHOUT_VALUE = re.compile(
    rb"f\b[^>]*+>\s*+<(?:/(?:\w+:)?c>|(?:\w+:)?v\s*/>|(?:\w+:)?v>\s*<)"
)
_HIDDEN_ROW = re.compile(rb'hidden="(?:1|true)"[^>/]*+>')
# An element that ends in /> has no content. A cell may leave its place to its row.
_PLACELESS = rb'"[^>/]*+>\s*+<(?:\w+:)?c(?: (?!r=)|>)'
_FAR_PLACE = re.compile(rb'r="(?:[A-Z]{3}|[A-Z]{0,2}\d{5})')
_CELL = re.compile(rb'r="(?:([A-Z]+)(\d+)"[^>/]*+>|(\d+)' + _PLACELESS + rb")")
# In front of a part: a header, in it the lengths of the name and of what else follows it.
_LOCAL_HEADER, _LENGTHS = 30, 26
_SHEET_PARTS = "xl/worksheets/"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(slots=True)
class SecondLook:
    """What else there is to know of a sheet; cells are (row, column) counted from 0.

    Attributes:
        doubts: Cells whose value cannot be read, and why.
        hidden_rows: Rows that a person does not see.
        comments: Cells that have a comment.
        merged: Merged ranges, where the fast reader does not give them.
    """

    doubts: dict[Cell, Doubt] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    comments: set[Cell] = field(default_factory=set)
    merged: list[tuple[Cell, Cell]] = field(default_factory=list)


def look_into_workbook(archive: ZipFile, content: bytes) -> dict[str, SecondLook] | None:
    """Look for what the fast reader does not tell of the sheets of an .xlsx.

    Args:
        archive: The file.
        content: Its bytes.

    Returns:
        What was found by name of the sheet, or None if the sheets are kept in another way.

    Raises:
        UnusableFileError: If a cell with content lies so far out that a sheet is too large.
    """
    names = archive.namelist()
    parts = [name for name in names if name.startswith(_SHEET_PARTS) and name.endswith(".xml")]
    if not parts or "xl/workbook.xml" not in names:
        return None
    suspects = {part for part in parts if _is_suspect(unpack(archive, content, part))}
    has_comments = any("comments" in name for name in names)
    if not suspects and not has_comments:
        return {}
    looks = {}
    for name, part in _sheet_parts(archive):
        look = _parse_sheet(archive, part) if part in suspects else SecondLook()
        if has_comments:
            look.comments.update(_find_comments(archive, part))
        looks[name] = look
    return looks


def refuse_large_sheet(rows: int, columns: int) -> None:
    """Refuse a sheet of more cells than any survey has.

    Raises:
        UnusableFileError: If it has.
    """
    if rows * columns > MAX_CELLS:
        raise UnusableFileError("F105", f"{rows} x {columns}")


def unpack(archive: ZipFile, content: bytes, part: str) -> bytes:
    """Return a part in half the time that the archive takes, without computing its check sum.

    Args:
        archive: The archive; the sizes that it states have been found true.
        content: Its bytes.
        part: The name of the part.

    Raises:
        zlib.error: If the part is damaged.
    """
    info = archive.getinfo(part)
    if info.compress_type != ZIP_DEFLATED:
        return archive.read(part)
    lengths = unpack_from("<HH", content, info.header_offset + _LENGTHS)
    start = info.header_offset + _LOCAL_HEADER + sum(lengths)
    packed = memoryview(content)[start : start + info.compress_size]
    return decompress(packed, -MAX_WBITS, info.file_size)


def iterate_elements(archive: ZipFile, part: str) -> Iterator[Element]:
    """Yield the elements of an XML part as each of them ends."""
    with archive.open(part) as stream:
        # Expat refuses entities that grow, and the size of a part is limited.
        for _, element in iterparse(stream):  # noqa: S314
            yield element


def _is_suspect(xml: bytes) -> bool:
    if _FAR_PLACE.search(xml):
        _refuse_far_cells(xml)
    return (
        b't="e"' in xml
        or (b'hidden="' in xml and _HIDDEN_ROW.search(xml) is not None)
        or _FORMULA_WITHOUT_VALUE.search(xml) is not None
    )


def _refuse_far_cells(xml: bytes) -> None:
    rows = columns = 1
    for match in _CELL.finditer(xml):
        letters, row, placeless_row = match.groups(b"")
        rows = max(rows, int(row or placeless_row))
        columns = max(columns, _column_number(letters.decode()) + 1)
        refuse_large_sheet(rows, columns)


def _sheet_parts(archive: ZipFile) -> Iterator[tuple[str, str]]:
    targets = dict(_relations(archive, "xl/_rels/workbook.xml.rels"))
    for sheet in _elements(archive, "xl/workbook.xml", "sheet"):
        target = targets.get(sheet.get(_ID, ""), "")
        yield sheet.get("name", ""), target.lstrip("/") if target[:1] == "/" else f"xl/{target}"


def _elements(archive: ZipFile, part: str, name: str) -> Iterator[Element]:
    return (one for one in iterate_elements(archive, part) if one.tag.endswith(f"}}{name}"))


def _relations(archive: ZipFile, part: str) -> Iterator[tuple[str, str]]:
    for relation in _elements(archive, part, "Relationship"):
        yield relation.get("Id", ""), relation.get("Target", "")


def _parse_sheet(archive: ZipFile, part: str) -> SecondLook:
    look = SecondLook()
    number = -1
    for element in iterate_elements(archive, part):
        if element.tag.endswith("}row"):
            number = int(element.get("r", number + 2)) - 1
            if element.get("hidden") in {"1", "true"}:
                look.hidden_rows.add(number)
            look.doubts.update(_doubts_of_row(number, element))
            element.clear()
    return look


def _doubts_of_row(number: int, row: Element) -> Iterator[tuple[Cell, Doubt]]:
    column = -1
    for cell in row.iterfind("{*}c"):
        address = cell.get("r")
        column = _column_number(address.rstrip("0123456789")) if address else column + 1
        value = cell.find("{*}v")
        if cell.get("t") == "e":
            yield (number, column), "error"
        elif cell.find("{*}f") is None or (value is not None and cell.get("t") == "str"):
            continue
        elif value is None or not value.text:
            yield (number, column), "not_calculated"


def _find_comments(archive: ZipFile, part: str) -> Iterator[Cell]:
    folder, _, name = part.rpartition("/")
    relations = f"{folder}/_rels/{name}.rels"
    if relations not in archive.namelist():
        return
    for _, target in _relations(archive, relations):
        comments = f"xl/{target.removeprefix('../')}".replace("xl//xl/", "xl/")
        if "comments" in target and comments in archive.namelist():
            for comment in _elements(archive, comments, "comment"):
                yield _parse_address(comment.get("ref", "A1"))


def _parse_address(address: str) -> Cell:
    letters = address.rstrip("0123456789")
    return int(address.removeprefix(letters)) - 1, _column_number(letters)


@lru_cache(maxsize=1024)
def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


CONTENT = "content.xml"

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_MANIFEST = "META-INF/manifest.xml"
_ERROR = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_ERROR_TEXTS = ("#", "Err:")


def look_into_open_document(archive: ZipFile) -> dict[str, SecondLook]:
    """Look for what the fast reader does not tell of the sheets of an .ods.

    Returns:
        What was found by name of the sheet.

    Raises:
        UnusableFileError: If it is encrypted, or repeated cells make a sheet too large.
    """
    if _MANIFEST in archive.namelist() and b"encryption-data" in archive.read(_MANIFEST):
        raise UnusableFileError("F102")
    looks = {}
    look, row = SecondLook(), 0
    for element in iterate_elements(archive, CONTENT):
        if element.tag == f"{_TABLE}table-row":
            row += _look_into_row(element, row, look)
            element.clear()
        elif element.tag == f"{_TABLE}table":
            looks[element.get(f"{_TABLE}name", "")] = look
            look, row = SecondLook(), 0
    return looks


def _look_into_row(element: Element, row: int, look: SecondLook) -> int:
    """Look into a row and return how often it is repeated."""
    rows = int(element.get(f"{_TABLE}number-rows-repeated", 1))
    column = 0
    for cell in element:
        columns = int(cell.get(f"{_TABLE}number-columns-repeated", 1))
        if len(cell) or cell.get(f"{_TABLE}formula"):
            refuse_large_sheet(row + rows, column + columns)
            _look_into_cell(cell, (row, column), look)
            if element.get(f"{_TABLE}visibility") in {"collapse", "filter"}:
                look.hidden_rows.update(range(row, row + rows))
        column += columns
    return rows


def _look_into_cell(cell: Element, address: Cell, look: SecondLook) -> None:
    text = cell.findtext(f"{_TEXT}p")
    if cell.get(f"{_TABLE}formula"):
        if cell.get(_ERROR) == "error" or (text or "").startswith(_ERROR_TEXTS):
            look.doubts[address] = "error"
        elif text is None and not cell.get(f"{_OFFICE}value-type"):
            look.doubts[address] = "not_calculated"
    if cell.find(f"{_OFFICE}annotation") is not None:
        look.comments.add(address)
    rows = int(cell.get(f"{_TABLE}number-rows-spanned", 1))
    columns = int(cell.get(f"{_TABLE}number-columns-spanned", 1))
    if rows * columns > 1:
        last = (address[0] + rows - 1, address[1] + columns - 1)
        look.merged.append((address, last))
