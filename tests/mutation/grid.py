"""A workbook as cells that can be moved about and still say where they came from."""

import copy
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import openpyxl
import xlsxwriter

Origin = tuple[str, int, int]
Position = tuple["Page", int, int]


@dataclass(frozen=True)
class Formula:
    """A formula with the value that was calculated, ``""`` if none was."""

    text: str
    result: Any


@dataclass(eq=False)
class Cell:
    """A cell; `origin` is its place in the undamaged workbook, None if it was not there."""

    value: Any = None
    origin: Origin | None = None
    comment: str = ""
    # A format of XlsxWriter, and the parts of a rich text, each with its own.
    style: dict[str, Any] = field(default_factory=dict)
    parts: list[tuple[dict[str, Any], str]] = field(default_factory=list)


@dataclass(eq=False)
class Page:
    """A sheet."""

    name: str
    rows: list[list[Cell]]
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    flat_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    hidden: bool = False
    low_rows: set[int] = field(default_factory=set)
    drawings: list[tuple[int, int, str]] = field(default_factory=list)
    # A format that a condition gives to a cell.
    conditions: list[tuple[int, int, dict[str, Any]]] = field(default_factory=list)

    @property
    def width(self) -> int:
        return len(self.rows[0])

    def insert_rows(self, at: int, rows: list[list[Cell]]) -> None:
        self.rows[at:at] = [[*row, *new_cells(self.width - len(row))] for row in rows]
        count = len(rows)
        self.merged = [
            (a + count * (a >= at), b, c + count * (c >= at), d) for a, b, c, d in self.merged
        ]

    def delete_row(self, at: int) -> None:
        del self.rows[at]
        kept = [area for area in self.merged if not area[0] <= at <= area[2]]
        self.merged = [(a - (a > at), b, c - (c > at), d) for a, b, c, d in kept]

    def insert_column(self, at: int, cells: list[Cell] | None = None) -> None:
        for number, row in enumerate(self.rows):
            row.insert(at, cells[number] if cells else Cell())
        self.merged = [(a, b + (b >= at), c, d + (d >= at)) for a, b, c, d in self.merged]

    def delete_column(self, at: int) -> list[Cell]:
        taken = [row.pop(at) for row in self.rows]
        kept = [area for area in self.merged if not (area[1] == area[3] == at)]
        self.merged = [(a, b - (b > at), c, d - (d >= at)) for a, b, c, d in kept]
        self.merged = [area for area in self.merged if area[:2] != area[2:]]
        return taken

    def swap_columns(self, one: int, other: int) -> None:
        for row in self.rows:
            row[one], row[other] = row[other], row[one]

    def unmerge(self) -> None:
        self.merged = []


@dataclass(eq=False)
class Book:
    """A workbook."""

    pages: list[Page]
    options: dict[str, Any] = field(default_factory=dict)
    calculates_by_hand: bool = False

    @classmethod
    def load(cls, content: bytes) -> "Book":
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        return cls([_load_page(sheet) for sheet in book.worksheets])

    def copy(self) -> "Book":
        return copy.deepcopy(self)

    def page(self, name: str) -> Page | None:
        return next((page for page in self.pages if page.name == name), None)

    def cells(self) -> Iterator[tuple[Page, int, int, Cell]]:
        for page in self.pages:
            for number, row in enumerate(page.rows):
                for column, cell in enumerate(row):
                    yield page, number, column, cell

    def positions(self) -> dict[Origin, Position]:
        """Where the cells of the undamaged workbook stand now; the first of copies counts."""
        found: dict[Origin, Position] = {}
        for page, row, column, cell in self.cells():
            if cell.origin is not None:
                found.setdefault(cell.origin, (page, row, column))
        return found

    def write(self) -> bytes:
        buffer = io.BytesIO()
        options = {"in_memory": True, "strings_to_urls": False} | self.options
        with xlsxwriter.Workbook(buffer, options) as book:
            if self.calculates_by_hand:
                book.set_calc_mode("manual")
            day = book.add_format({"num_format": "yyyy/m/d"})
            for number, page in enumerate(self.pages):
                sheet = book.add_worksheet(page.name)
                _write_page(page, book, sheet, day)
                if page.hidden and number:
                    sheet.hide()
        return buffer.getvalue()


def new_cells(count: int) -> list[Cell]:
    return [Cell() for _ in range(count)]


def _load_page(sheet: Any) -> Page:
    rows = [
        [Cell(cell.value, (sheet.title, cell.row - 1, cell.column - 1)) for cell in row]
        for row in sheet.iter_rows()
    ]
    merged = [
        (area.min_row - 1, area.min_col - 1, area.max_row - 1, area.max_col - 1)
        for area in sheet.merged_cells.ranges
    ]
    return Page(sheet.title, rows, merged)


def _write_page(page: Page, book: Any, sheet: Any, day: Any) -> None:
    for a, b, c, d in page.merged:
        sheet.merge_range(a, b, c, d, "")
    for number, row in enumerate(page.rows):
        for column, cell in enumerate(row):
            look = book.add_format(cell.style) if cell.style else None
            if cell.parts:
                runs = [one for style, text in cell.parts for one in (book.add_format(style), text)]
                sheet.write_rich_string(number, column, *runs)
            else:
                _write_cell(cell, number, column, sheet, look or day)
    for row, column, style in page.conditions:
        rule = {"type": "formula", "criteria": "=TRUE", "format": book.add_format(style)}
        sheet.conditional_format(row, column, row, column, rule)
    _hide(page, sheet)


def _hide(page: Page, sheet: Any) -> None:
    for number in page.hidden_rows:
        sheet.set_row(number, None, None, {"hidden": True})
    for number in page.flat_rows:
        sheet.set_row(number, 0)
    for column in page.hidden_columns:
        sheet.set_column(column, column, None, None, {"hidden": True})
    for number in page.low_rows:
        sheet.set_row(number, 3)
    for row, column, text in page.drawings:
        sheet.insert_textbox(row, column, text)


def _write_cell(cell: Cell, row: int, column: int, sheet: Any, look: Any) -> None:
    style = look if cell.style else None
    if isinstance(cell.value, Formula):
        sheet.write_formula(row, column, cell.value.text, style, cell.value.result)
    elif isinstance(cell.value, str):
        sheet.write_string(row, column, cell.value, style)
    elif isinstance(cell.value, date):
        sheet.write_datetime(row, column, cell.value, look)
    elif cell.value is not None:
        sheet.write(row, column, cell.value, style)
    if cell.comment:
        sheet.write_comment(row, column, cell.comment)
