"""Opening a received file as sheets of cells, whatever it turns out to be.

Spreadsheets are read with python-calamine, which is fast and knows .xlsx, .xlsm, .xls and .ods;
what it leaves out is found by a second look into the file (`survey.reading.second_look`).
"""

import csv
import io
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from sumida_data.base.xlsx import SAMPLE_MARK
from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.findings import Kind
from sumida_data.survey.reading.looks import Cell, CellRange, find_conditioned
from sumida_data.survey.reading.open_document import CONTENT, look_into_open_document
from sumida_data.survey.reading.second_look import (
    UNPACKED,
    WORKBOOK,
    Parts,
    SecondLook,
    look_into_workbook,
    refuse_large_sheet,
)

CellValue = str | int | float | bool | date | datetime | time | timedelta

# What unpacks to more is no survey; pictures do not count.
MAX_UNPACKED_BYTES = 100_000_000

# How much smaller Deflate can make a part at most: small ones cannot hide much.
_MOST_PACKED = 1032
_CHUNK = 1 << 20

_ZIP_MAGIC = b"PK\x03\x04"
_COMPOUND_FILE_MAGIC = b"\xd0\xcf\x11\xe0"
_BOOK_STREAM, _LETTER_STREAM = (one.encode("utf-16-le") for one in ("Workbook", "WordDocument"))
# The stream of an encrypted .xlsx; the record after the first one of an encrypted .xls.
_PASSWORD = re.compile(
    re.escape("EncryptedPackage".encode("utf-16-le")) + rb"|\x09\x08\x10\x00.{16}\x2f\x00",
    re.DOTALL,
)
# A text of more lines has lost its closing quotation mark.
_MOST_LINES = 100
_BEFORE_TEXT = b"\xef\xbb\xbf\xff\xfe \t\r\n"
_CSV_ENCODINGS = ("utf-8-sig", "cp932")
_MACRO_SHEETS = b"xl/macrosheets/"
_BOOK_RELATIONS = "xl/_rels/workbook.xml.rels"
_MACRO_RELATION = re.compile(rb"<(?:\w+:)?Relationship [^>]*xlMacrosheet[^>]*>")
# What readers raise about files that are not what they seem; RuntimeError about locked parts.
_DAMAGED = (CalamineError, BadZipFile, ParseError, struct.error, zlib.error)
_BROKEN = (*_DAMAGED, LookupError, OSError, RuntimeError, ValueError)
_OTHER_EPOCH_SET = re.compile(rb'date1904="(?:1|true)"')


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet, from cell A1 on; that of a CSV file has an empty name.

    All rows have one length; an empty cell is the empty text. Once it has been searched for
    headings, it keeps the texts of the upper rows with what they are as such.
    """

    name: str
    rows: list[list[CellValue]]
    look: SecondLook = field(default_factory=SecondLook)
    upper_texts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Workbook:
    """A received file as sheets, hidden ones too, and the kinds of findings that it makes."""

    sheets: list[Sheet]
    remarks: Sequence[str] = ()


def open_workbook(content: bytes, name: str) -> Workbook:
    """Read a file, judging it by its contents; by its name only a CSV file is known.

    Raises an UnusableFileError if the file is empty, encrypted, broken, too large or no table.
    """
    if not content:
        raise UnusableFileError(Kind.EMPTY_FILE)
    if content.startswith((_ZIP_MAGIC, _COMPOUND_FILE_MAGIC)):
        return _read_spreadsheet(content)
    if content.lstrip(_BEFORE_TEXT)[:1] == b"<":
        raise UnusableFileError(Kind.WEB_PAGE)
    if name.lower().endswith(".csv"):
        return Workbook([Sheet("", _read_csv(content))])
    raise UnusableFileError(Kind.NOT_READABLE)


def holds_workbook(content: bytes) -> bool:
    """Tell whether a file is a workbook, whatever it is called."""
    if content.startswith(_COMPOUND_FILE_MAGIC):
        return _BOOK_STREAM in content and _LETTER_STREAM not in content
    with suppress(BadZipFile), ZipFile(io.BytesIO(content)) as archive:
        return not {WORKBOOK, CONTENT}.isdisjoint(archive.namelist())
    return False


def decode_csv(content: bytes) -> str | None:
    """Return the text of a CSV file in UTF-8 or CP932, or None if it is in neither."""
    for encoding in _CSV_ENCODINGS:
        try:
            # Older systems end a file with a mark.
            text = content.rstrip(b"\x1a").decode(encoding)
        except UnicodeDecodeError:
            continue
        # UTF-16, which CP932 happens to take for text.
        return None if "\0" in text else text
    return None


def has_sample_stamp(workbook: Workbook) -> bool:
    """Tell whether the file says in the first column of a sheet that it is sample data."""
    return any(
        isinstance(row[0], str) and SAMPLE_MARK in row[0]
        for sheet in workbook.sheets
        for row in sheet.rows
        if row
    )


def _read_spreadsheet(content: bytes) -> Workbook:
    try:
        content, looks, remarks = _look_twice(content)
        # From bytes rather than by path, calamine judges the format by the contents.
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = []
        for of in book.sheets_metadata:
            if of.typ is SheetTypeEnum.WorkSheet:
                look = looks.get(of.name) or SecondLook()
                look.hidden = of.visible is not SheetVisibleEnum.Visible
                look.is_since_1904 = Kind.EPOCH_1904 in remarks
                sheets.append(_read_sheet(book, of.name, look))
    except _BROKEN as error:
        # Where calamine judges the format itself, it takes a file with a password for a broken one.
        rule_id = Kind.ENCRYPTED if _PASSWORD.search(content) else Kind.NOT_READABLE
        raise UnusableFileError(rule_id, str(error)) from error
    return Workbook(sheets, remarks)


def _look_twice(content: bytes) -> tuple[bytes, dict[str, SecondLook], list[Kind]]:
    """Return what the fast reader leaves out of the sheets, and remarks on the file.

    Before them comes what the fast reader is to read.
    """
    if not content.startswith(_ZIP_MAGIC):
        return content, {}, [Kind.NOT_CHECKABLE]
    with ZipFile(io.BytesIO(content)) as archive:
        _refuse_zip_bomb(archive)
        names = archive.namelist()
        if CONTENT in names:
            return content, look_into_open_document(archive), []
        parts = Parts(archive, content)
        looks = look_into_workbook(parts)
        if looks is None:
            return content, {}, [Kind.NOT_CHECKABLE]
        book = parts[WORKBOOK]
        if _MACRO_SHEETS in content:
            _leave_out_macro_sheets(parts)
        content = parts.join()
    has_links = any(name.startswith("xl/externalLinks/") for name in names)
    is_since_1904 = b"date1904" in book and _OTHER_EPOCH_SET.search(book) is not None
    remarks = [Kind.EXTERNAL_LINKS] * has_links + [Kind.EPOCH_1904] * is_since_1904
    return content, looks, remarks


def _leave_out_macro_sheets(parts: Parts) -> None:
    """Leave out the macro sheets of Excel 4 in an .xlsm, on which the fast reader fails."""
    relations, book = parts[_BOOK_RELATIONS], parts[WORKBOOK]
    ids = re.findall(rb"\bId=([\"'][^\"']*[\"'])", b"".join(_MACRO_RELATION.findall(relations)))
    if ids:
        sheet = rb"<(?:\w+:)?sheet [^>]*(?:%s)[^>]*>" % b"|".join(map(re.escape, ids))
        parts.replace(WORKBOOK, re.sub(sheet, b"", book))
        parts.replace(_BOOK_RELATIONS, _MACRO_RELATION.sub(b"", relations))


def _refuse_zip_bomb(archive: ZipFile) -> None:
    parts = [part for part in archive.filelist if part.filename.endswith(UNPACKED)]
    if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise UnusableFileError(Kind.TOO_LARGE)
    if sum(part.compress_size for part in parts) * _MOST_PACKED <= MAX_UNPACKED_BYTES:
        return
    for part in parts:
        # What it states may be false.
        stated, part.file_size = part.file_size, MAX_UNPACKED_BYTES
        with archive.open(part) as stream:
            size = sum(map(len, iter(partial(stream.read, _CHUNK), b"")))
        part.file_size = stated
        if size != stated:
            raise UnusableFileError(Kind.NOT_READABLE, part.filename)


def _read_sheet(book: CalamineWorkbook, name: str, look: SecondLook) -> Sheet:
    sheet = book.get_sheet_by_name(name)
    refuse_large_sheet(sheet.total_height, sheet.total_width)
    rows = sheet.to_python(skip_empty_area=False)
    look.merged = sheet.merged_cell_ranges or look.merged
    if look.conditions:
        look.oddities = find_conditioned(look.conditions, rows) | look.oddities
        look.conditions = []
    for area in look.merged:
        for cell in _find_covered(area, rows):
            look.oddities.setdefault(cell, Kind.UNSEEN_VALUE)
    for (row, column), text in look.shown.items():
        rows[row][column] = text
    return Sheet(name, rows, look)


def _find_covered(area: CellRange, rows: list[list[CellValue]]) -> Iterator[Cell]:
    """Yield the cells with values that merging has left under the first cell, which covers them."""
    (top, left), (bottom, right) = area
    for number, row in enumerate(rows[top : bottom + 1], top):
        cells = row[left : right + 1]
        # Nearly always there is nothing but the first cell.
        if cells.count("") < len(cells) - (number == top):
            for column, value in enumerate(cells, left):
                if value != "" and (number, column) != (top, left):
                    yield number, column


def _read_csv(content: bytes) -> list[list[CellValue]]:
    text = decode_csv(content)
    if text is None:
        raise UnusableFileError(Kind.UNKNOWN_ENCODING)
    rows = split_csv(text)
    width = max(map(len, rows), default=0)
    refuse_large_sheet(len(rows), width)
    return [[*row, *[""] * (width - len(row))] for row in rows]


def split_csv(text: str) -> list[list[str]]:
    """Return the rows of a CSV file.

    Raises an UnusableFileError if a quotation mark is not closed; its words name the line.
    """
    lines = io.StringIO(text, newline="").readlines()
    # Other systems part the cells with tabs or semicolons, whatever the file is called.
    mark = max(",\t;", key=lambda one: sum(one in line for line in lines))
    reader = csv.reader(lines, delimiter=mark)
    rows, read = [], 0
    try:
        for row in reader:
            taken = lines[read : reader.line_num]
            if len(taken) > _MOST_LINES:
                raise csv.Error("a text of too many lines")
            # In one line, marks that pair up hide nothing, however freely they are set; a text
            # that goes on into other rows must have been begun and ended as one.
            if len(taken) > 1 or taken[0].count('"') % 2:
                list(csv.reader(taken, delimiter=mark, strict=True))
            rows.append(row)
            read = reader.line_num
    except csv.Error as error:
        # Without a mark in it, a text is only too long.
        kind = Kind.UNCLOSED_QUOTE if '"' in lines[read] else Kind.TOO_LARGE
        raise UnusableFileError(kind, str(error), line=str(read + 1)) from error
    return rows
