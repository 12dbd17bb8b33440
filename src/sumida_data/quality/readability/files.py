"""Files as the rules look at them: grids of cells, and what is said of them."""

import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, cast
from xml.etree.ElementTree import Element, fromstring
from zipfile import BadZipFile, ZipFile

import pyarrow as pa
import pyarrow.parquet as pq

from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.reading.conditions import Cell
from sumida_data.survey.reading.second_look import SecondLook, column_number, sheet_parts
from sumida_data.survey.reading.workbook import open_workbook, split_csv

Cells = Sequence[Any]
Described = Mapping[str, Any]

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# The widest of the first rows is the one with the headings.
_HEADER_SEARCH_ROWS = 15
_CELL = re.compile(rb'<c r="([A-Z]+)(\d+)"(?: s="(\d+)")?[^>]*?(?:/>|>(.*?)</c>)', re.DOTALL)
_OBJECTS = re.compile(r"xl/(?:media|charts|embeddings|drawings/drawing|diagrams)")
_STYLES = "xl/styles.xml"
_BLACK = {"theme": "1", "rgb": "FF000000"}


@dataclass(eq=False)
class FileColumn:
    """A column of a grid below its heading, and the field that describes it, if one does."""

    grid: "Grid"
    number: int
    header: str
    cells: Cells
    first_row: int
    note: Described

    @cached_property
    def filled(self) -> list[tuple[int, Any]]:
        """Its cells that are not blank, with their rows."""
        cells = enumerate(self.cells, self.first_row)
        return [(row, cell) for row, cell in cells if not is_blank(cell)]

    @cached_property
    def distinct(self) -> dict[Any, int]:
        """Its values but blank ones, each with the row where it first stands."""
        found: dict[Any, int] = {}
        for row, cell in self.filled:
            found.setdefault(cell, row)
        return found

    @cached_property
    def words(self) -> dict[str, int]:
        """Those of its values that are texts."""
        return {value: row for value, row in self.distinct.items() if isinstance(value, str)}

    @property
    def texts(self) -> list[tuple[str, int]]:
        """The heading as it stands, and the texts, with their rows."""
        heading = self.grid.rows[self.grid.header_row][self.number : self.number + 1]
        return [*((str_of(one), self.grid.header_row) for one in heading), *self.words.items()]


@dataclass(eq=False)
class Grid:
    """One table of cells: a sheet, or a file without sheets, whose name is then empty.

    Attributes:
        rows: Its rows, without empty ones at the end; like columns, they are counted from 0.
        formulas: Cells with a formula.
        styles: How a cell with content differs from a plain one: fill, colour, strike, bold.
    """

    file: "DataFile"
    name: str
    rows: Sequence[Cells]
    look: SecondLook = field(default_factory=SecondLook)
    formulas: Sequence[Cell] = ()
    styles: Mapping[Cell, str] = field(default_factory=dict)

    @cached_property
    def header_row(self) -> int:
        """The row with the headings: of the first rows, the first that is widest."""
        widths = [count_filled(row) for row in self.rows[:_HEADER_SEARCH_ROWS]]
        return widths.index(max(widths)) if widths else 0

    @cached_property
    def columns(self) -> list[FileColumn]:
        """The columns that hold anything."""
        if not self.rows:
            return []
        header, below = self.rows[self.header_row], self.rows[self.header_row + 1 :]
        columns = []
        for number in range(max(map(len, self.rows))):
            text = str_of(header[number]).strip() if number < len(header) else ""
            cells = [row[number] if number < len(row) else "" for row in below]
            note = self.file.find_field(self.name, text)
            columns.append(FileColumn(self, number, text, cells, self.header_row + 1, note))
        return [column for column in columns if column.header or column.filled]

    @property
    def is_data(self) -> bool:
        """Whether it holds data: the other sheets of a described workbook explain it."""
        described = [grid for grid in self.file.grids if any(one.note for one in grid.columns)]
        return self in (described or self.file.grids)


@dataclass(eq=False)
class DataFile:
    """A file to be checked.

    Attributes:
        said: What is said of it outside: a resource of a descriptor, and beside it ``sheets`` (the
            fields by sheet), ``history`` (whether changes are told) and ``previous`` (its bytes as
            they were last published); nothing for a received file.
        form: Its format by its contents, such as csv; empty if it is no table.
        objects: How many pictures, charts, comments and other things that are no cells it has.
        encoding: Its encoding, where it is text.
    """

    name: str
    said: Described
    form: str = ""
    grids: list[Grid] = field(default_factory=list)
    objects: int = 0
    byte_order_mark: bool = False
    encoding: str = ""

    def find_field(self, sheet: str, header: str) -> Described:
        """Return the field of a column, which stands under its name, or its title and unit."""
        fields = self.said.get("schema", {}).get("fields", ())
        for one in self.said.get("sheets", {}).get(sheet, fields):
            title = one.get("title", "")
            if header in {one["name"], title, f"{title}({one.get('sumida:unit', '')})"}:
                return cast("Described", one)
        return {}

    @cached_property
    def previous(self) -> dict[str, list[str]]:
        """The headings that it had when it was last published, by table."""
        content = self.said.get("previous", b"")
        grids = read_file(self.name, content).grids if content else ()
        return {grid.name: [column.header for column in grid.columns] for grid in grids}


def is_blank(cell: Any) -> bool:
    """Tell whether a cell is empty; a zero is not, and white space alone is something to see."""
    return cell is None or cell == ""


def count_filled(row: Cells) -> int:
    """Count the cells that are not empty."""
    return sum(not is_blank(cell) for cell in row)


def is_number(cell: Any) -> bool:
    """Tell whether a cell holds a number, or in a text file the digits of one."""
    if isinstance(cell, str):
        return _NUMBER.fullmatch(cell) is not None
    return isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool)


def str_of(cell: Any) -> str:
    """Return a cell as text."""
    if isinstance(cell, datetime) and cell == datetime.combine(cell.date(), datetime.min.time()):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def read_file(name: str, content: bytes, said: Described | None = None) -> DataFile:
    """Read a file for checking, with what is said of it; what is no table has no grid."""
    file = DataFile(name, said or {})
    ending = name.rpartition(".")[2].lower()
    try:
        if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            _read_spreadsheet(file, content)
        elif content.startswith(b"PAR1"):
            _set_rows(file, "parquet", _read_parquet(content))
        elif ending == "json":
            _set_rows(file, "json", _read_json(content))
        elif ending == "csv" and content.lstrip()[:1] != b"<":
            _set_rows(file, "csv", _read_csv(file, content))
    except (UnusableFileError, BadZipFile, pa.ArrowInvalid, ValueError, KeyError):
        file.form, file.grids = "", []
    return file


def _set_rows(file: DataFile, form: str, rows: Iterable[Cells]) -> None:
    file.grids.append(Grid(file, "", list(rows)))
    file.form = form


def _read_csv(file: DataFile, content: bytes) -> list[Cells]:
    file.byte_order_mark = content.startswith(_BYTE_ORDER_MARK)
    file.encoding = "utf-8"
    try:
        text = content.removeprefix(_BYTE_ORDER_MARK).decode()
    except UnicodeDecodeError:
        file.encoding = "cp932"
        text = content.decode(file.encoding)
    rows = _trim(split_csv(text))
    if not rows or "\0" in text:
        raise ValueError("nothing, or UTF-16, which CP932 happens to take for text")
    return rows


def _read_parquet(content: bytes) -> list[Cells]:
    data = pq.read_table(io.BytesIO(content))
    values = zip(*(column.to_pylist() for column in data.columns), strict=True)
    return [data.column_names, *values]


def _read_json(content: bytes) -> list[Cells]:
    records = json.loads(content)
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise ValueError("no list of records")
    names = list(dict.fromkeys(key for record in records for key in record))
    return [names, *([record.get(key) for key in names] for record in records)]


def _trim(rows: Iterable[Cells]) -> list[Cells]:
    kept = list(rows)
    while kept and not count_filled(kept[-1]):
        kept.pop()
    return kept


def _read_spreadsheet(file: DataFile, content: bytes) -> None:
    sheets = open_workbook(content, file.name).sheets
    file.form, file.objects = "xls", sum(len(sheet.look.comments) for sheet in sheets)
    found: dict[str, tuple[list[Cell], dict[Cell, str]]] = {}
    if content.startswith(b"PK"):
        with ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            file.form = "xlsx" if "xl/workbook.xml" in names else "ods"
            file.objects += sum("_rels" not in one for one in names if _OBJECTS.match(one))
            found = _find_formulas_and_styles(archive) if file.form == "xlsx" else {}
    for one in sheets:
        formulas, styles = found.get(one.name, ([], {}))
        file.grids.append(Grid(file, one.name, _trim(one.rows), one.look, formulas, styles))


def _find_formulas_and_styles(
    archive: ZipFile,
) -> dict[str, tuple[list[Cell], dict[Cell, str]]]:
    """Return the cells with a formula, and how cells look, of each sheet of an .xlsx."""
    styles = _read_styles(archive) if _STYLES in archive.namelist() else []
    found: dict[str, tuple[list[Cell], dict[Cell, str]]] = {}
    for name, part in sheet_parts(archive):
        formulas, looks = found[name] = [], {}
        for letters, digits, style, inner in _CELL.findall(archive.read(part)):
            cell = (int(digits) - 1, column_number(letters.decode()))
            if b"<f" in inner:
                formulas.append(cell)
            if inner and int(style or 0) < len(styles):
                looks[cell] = styles[int(style or 0)]
    return found


def _read_styles(archive: ZipFile) -> list[str]:
    """Return for each cell style what a reader might take for a meaning; empty for a plain one."""
    root = fromstring(archive.read(_STYLES))  # noqa: S314  # of a size that was checked
    fonts = list(map(_describe_font, root.iterfind("{*}fonts/*")))
    fills = list(map(_describe_fill, root.iterfind("{*}fills/*")))
    used = [
        (int(style.get("fontId", 0)), int(style.get("fillId", 0)))
        for style in root.iterfind("{*}cellXfs/*")
    ]
    return ["".join([*fonts[font:][:1], *fills[fill:][:1]]) for font, fill in used]


def _describe_font(font: Element) -> str:
    marks = [name for name in ("b", "strike", "i", "u") if font.find(f"{{*}}{name}") is not None]
    colour = font.find("{*}color")
    said = () if colour is None else colour.items()
    return " ".join([*marks, *(f"{k}{v}" for k, v in said if v != _BLACK.get(k, v))])


def _describe_fill(fill: Element) -> str:
    pattern = fill.find("{*}patternFill")
    if pattern is None or pattern.get("patternType", "none") in {"none", "gray125"}:
        return ""
    return (
        f" {sorted(colour.items())}"
        if (colour := pattern.find("{*}fgColor")) is not None
        else " fill"
    )
