"""Files as the rules look at them: grids of cells, and what is said of them."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from zipfile import BadZipFile, ZipFile

import pyarrow as pa
import pyarrow.parquet as pq

from sumida_data.quality.readability.spreadsheet import SheetLook, look_into_spreadsheet
from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.reading.workbook import open_workbook

Cell = Any
Row = Sequence[Cell]

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# The widest of the first rows is the one with the headings.
_HEADER_SEARCH_ROWS = 15


@dataclass(frozen=True, slots=True)
class Note:
    """What is said of a column outside the file.

    Attributes:
        name: Its physical name.
        title: Its Japanese title.
        type: Its Table Schema type.
        unit: Its unit.
        unit_field: The column that holds the unit.
        description: What it means.
        enum: All values that may stand there.
    """

    name: str
    title: str = ""
    type: str = "string"
    unit: str = ""
    unit_field: str = ""
    description: str = ""
    enum: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """What is said of a file outside of it.

    Attributes:
        notes: What is said of its columns.
        by_table: What is said of the columns of each of its sheets, by the name of the sheet.
        keys: Names and titles of the columns that tell rows apart.
        encoding: The encoding stated.
        byte_order_mark: Whether it states that there is a byte order mark; None if it does not say.
        says_missing: Whether it says what an empty cell means.
        history: Whether it says what has changed since when.
        previous: The columns that the file had when it was last published, by table.
    """

    notes: tuple[Note, ...] = ()
    by_table: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    encoding: str = ""
    byte_order_mark: bool | None = None
    says_missing: bool = False
    history: bool = False
    previous: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def find(self, sheet: str, header: str) -> Note | None:
        """Return what is said of a column: it stands under its name, or its title and unit."""
        for note in self.by_table.get(sheet, () if self.by_table else self.notes):
            if header in {note.name, note.title, f"{note.title}({note.unit})"}:
                return note
        return None


@dataclass(frozen=True)
class Column:
    """A column of a grid, below its heading.

    Attributes:
        number: Its number, counted from 0.
        header: Its heading.
        cells: Its cells.
        first_row: Row of the first of them, counted from 0.
        note: What is said of it.
    """

    number: int
    header: str
    cells: Sequence[Cell]
    first_row: int
    note: Note | None

    @cached_property
    def distinct(self) -> dict[Cell, int]:
        """Its values but blank ones, each with the row where it first stands."""
        found: dict[Cell, int] = {}
        for row, cell in enumerate(self.cells, self.first_row):
            if not is_blank(cell):
                found.setdefault(cell, row)
        return found

    @cached_property
    def has_blanks(self) -> bool:
        """Whether a cell is empty."""
        return any(is_blank(cell) for cell in self.cells)


@dataclass(frozen=True)
class Grid:
    """One table of cells: a sheet, or a file without sheets.

    Attributes:
        name: Name of the sheet; empty where there are none.
        rows: Its rows, without empty ones at the end.
        look: What else there is to know of a sheet.
        description: What is said of the file.
    """

    name: str
    rows: Sequence[Row]
    look: SheetLook = field(default_factory=SheetLook)
    description: Description = field(default_factory=Description)

    @cached_property
    def header_row(self) -> int:
        """The row with the headings: of the first rows, the first that is widest."""
        widths = [
            sum(not is_blank(cell) for cell in row) for row in self.rows[:_HEADER_SEARCH_ROWS]
        ]
        return widths.index(max(widths)) if widths else 0

    @cached_property
    def columns(self) -> list[Column]:
        """The columns that hold anything."""
        if not self.rows:
            return []
        header, below = self.rows[self.header_row], self.rows[self.header_row + 1 :]
        return [
            column
            for column in self._make_columns(header, below)
            if column.header or column.distinct
        ]

    def _make_columns(self, header: Row, below: Sequence[Row]) -> Iterator[Column]:
        for number in range(max(len(row) for row in self.rows)):
            text = "" if number >= len(header) else str_of(header[number]).strip()
            cells = [row[number] if number < len(row) else "" for row in below]
            yield Column(
                number, text, cells, self.header_row + 1, self.description.find(self.name, text)
            )


@dataclass(frozen=True)
class DataFile:
    """A file to be checked.

    Attributes:
        name: Its path.
        form: Its format by its contents, such as csv; empty if it is no table.
        grids: Its tables.
        objects: Pictures, charts, comments and other things that are no cells.
        byte_order_mark: Whether it begins with a byte order mark.
        encoding: Its encoding, where it is text.
        description: What is said of it.
    """

    name: str
    form: str
    grids: tuple[Grid, ...] = ()
    objects: tuple[str, ...] = ()
    byte_order_mark: bool = False
    encoding: str = ""
    description: Description = field(default_factory=Description)


def is_blank(cell: Cell) -> bool:
    """Tell whether a cell is empty; a zero is not, and white space alone is something to see."""
    return cell is None or cell == ""


def is_number(cell: Cell) -> bool:
    """Tell whether a cell holds a number, or in a text file the digits of one."""
    if isinstance(cell, str):
        return _NUMBER.fullmatch(cell) is not None
    return isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool)


def str_of(cell: Cell) -> str:
    """Return a cell as text."""
    if isinstance(cell, datetime) and cell == datetime.combine(cell.date(), datetime.min.time()):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def read_file(name: str, content: bytes, description: Description | None = None) -> DataFile:
    """Read a file for checking; what is no table has no grid.

    Args:
        name: Its path.
        content: Its bytes.
        description: What is said of it outside; nothing for a received file.
    """
    said = description or Description()
    ending = name.rpartition(".")[2].lower()
    try:
        if content.startswith(b"PAR1"):
            return _read_parquet(name, content, said)
        if ending == "json":
            return _read_json(name, content, said)
        if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            return _read_spreadsheet(name, content, said)
        if ending == "csv" and content.lstrip()[:1] != b"<":
            return _read_csv(name, content, said)
    except (UnusableFileError, BadZipFile, pa.ArrowInvalid, ValueError, KeyError):
        pass
    return DataFile(name, "", description=said)


def _read_csv(name: str, content: bytes, said: Description) -> DataFile:
    marked = content.startswith(_BYTE_ORDER_MARK)
    for encoding in ("utf-8", "cp932"):
        try:
            text = content.removeprefix(_BYTE_ORDER_MARK).decode(encoding)
        except UnicodeDecodeError:
            continue
        rows = _trim(list(csv.reader(io.StringIO(text, newline=""))))
        if not rows or "\0" in text:
            # UTF-16, which CP932 happens to take for text.
            break
        grid = Grid("", rows, description=said)
        return DataFile(name, "csv", (grid,), (), marked, encoding, said)
    return DataFile(name, "", description=said)


def _read_spreadsheet(name: str, content: bytes, said: Description) -> DataFile:
    workbook = open_workbook(content, name)
    looks: dict[str, SheetLook] = {}
    objects: tuple[str, ...] = ()
    form = "xls"
    if content.startswith(b"PK"):
        with ZipFile(io.BytesIO(content)) as archive:
            form = "xlsx" if "xl/workbook.xml" in archive.namelist() else "ods"
            looks, objects = look_into_spreadsheet(archive)
    grids = []
    for sheet in workbook.sheets:
        look = looks.get(sheet.name, SheetLook())
        look.merged, look.hidden_rows = sheet.look.merged, sheet.look.hidden_rows
        objects = (*objects, *(f"{sheet.name}のコメント" for _ in sheet.look.comments))
        grids.append(Grid(sheet.name, _trim(sheet.rows), look, said))
    return DataFile(name, form, tuple(grids), objects, description=said)


def _read_parquet(name: str, content: bytes, said: Description) -> DataFile:
    data = pq.read_table(io.BytesIO(content))
    rows = [data.column_names, *zip(*(column.to_pylist() for column in data.columns), strict=True)]
    return DataFile(name, "parquet", (Grid("", rows, description=said),), description=said)


def _read_json(name: str, content: bytes, said: Description) -> DataFile:
    records = json.loads(content)
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        return DataFile(name, "", description=said)
    names = list(dict.fromkeys(key for record in records for key in record))
    rows = [names, *([record.get(key) for key in names] for record in records)]
    return DataFile(name, "json", (Grid("", rows, description=said),), description=said)


def _trim(rows: Iterable[Row]) -> list[Row]:
    kept = list(rows)
    while kept and all(is_blank(cell) for cell in kept[-1]):
        kept.pop()
    return kept
