"""Opening a received file as sheets of cells, whatever it turns out to be.

Spreadsheets are read with python-calamine, which is fast and knows .xlsx, .xlsm, .xls and .ods,
but gives an empty text for a cell that holds an error or a formula never calculated. Such cells
are found in the sheet's own XML (`survey.doubts`), so that nothing is taken for blank that is not.
"""

import csv
import io
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from sumida_data.survey.doubts import Doubt, find_doubts

CellValue = str | int | float | bool | date | datetime | time | timedelta
CellRange = tuple[tuple[int, int], tuple[int, int]]

SAMPLE_STAMP = "見本データ"

# A survey workbook has some ten sheets of some hundred rows; what is larger by far is not one.
MAX_CELLS = 2_000_000
MAX_UNPACKED_BYTES = 300_000_000

_ZIP_MAGIC = b"PK\x03\x04"
_COMPOUND_FILE_MAGIC = b"\xd0\xcf\x11\xe0"
_CSV_ENCODINGS = ("utf-8-sig", "cp932")


class UnusableFileError(Exception):
    """A file that cannot be read as a table.

    Attributes:
        rule_id: The finding rule that says why.
    """

    def __init__(self, rule_id: str, detail: str = "") -> None:
        super().__init__(f"{rule_id}: {detail}")
        self.rule_id = rule_id


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet, from cell A1 on.

    Attributes:
        name: Its name; empty for a CSV file.
        rows: The cells by row; an empty cell is the empty text.
        merged: Merged ranges as first and last (row, column), counted from 0.
        doubts: Cells whose value could not be read, by (row, column), and why.
    """

    name: str
    rows: list[list[CellValue]]
    merged: list[CellRange] = field(default_factory=list)
    doubts: dict[tuple[int, int], Doubt] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Workbook:
    """A received file as sheets.

    Attributes:
        sheets: The sheets in order, hidden ones included.
    """

    sheets: list[Sheet]


def open_workbook(content: bytes, name: str) -> Workbook:
    """Read a file as a workbook, judging it by its contents rather than its name.

    Args:
        content: The file's bytes.
        name: Its name; only its ending matters, and only to know a CSV file.

    Raises:
        UnusableFileError: If the file is empty, encrypted, broken, too large or no table.
    """
    if not content:
        raise UnusableFileError("F101")
    if content.startswith(_ZIP_MAGIC):
        _refuse_zip_bomb(content)
        return _read_spreadsheet(content)
    if content.startswith(_COMPOUND_FILE_MAGIC):
        return _read_spreadsheet(content)
    if content.lstrip()[:1] == b"<":
        raise UnusableFileError("F103")
    if name.lower().endswith(".csv"):
        return Workbook([Sheet("", _read_csv(content))])
    raise UnusableFileError("F104")


def has_sample_stamp(workbook: Workbook) -> bool:
    """Tell whether the file says in the first column of a sheet that it is sample data."""
    return any(
        isinstance(row[0], str) and SAMPLE_STAMP in row[0]
        for sheet in workbook.sheets
        for row in sheet.rows
        if row
    )


def _refuse_zip_bomb(content: bytes) -> None:
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except zipfile.BadZipFile as error:
        raise UnusableFileError("F104", str(error)) from error
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise UnusableFileError("F105")


def _read_spreadsheet(content: bytes) -> Workbook:
    try:
        # From bytes rather than by path, calamine judges the format by the contents.
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        doubts = find_doubts(content) if content.startswith(_ZIP_MAGIC) else {}
        return Workbook([_read_sheet(book, name, doubts) for name in book.sheet_names])
    except PasswordError as error:
        raise UnusableFileError("F102", str(error)) from error
    except (CalamineError, KeyError, OSError, ValueError) as error:
        raise UnusableFileError("F104", str(error)) from error


def _read_sheet(
    book: CalamineWorkbook, name: str, doubts: dict[str, dict[tuple[int, int], Doubt]]
) -> Sheet:
    sheet = book.get_sheet_by_name(name)
    if sheet.total_height * sheet.total_width > MAX_CELLS:
        raise UnusableFileError("F105", name)
    rows = sheet.to_python(skip_empty_area=False)
    return Sheet(name, rows, sheet.merged_cell_ranges or [], doubts.get(name, {}))


def _read_csv(content: bytes) -> list[list[CellValue]]:
    for encoding in _CSV_ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""))]
    raise UnusableFileError("F106")
