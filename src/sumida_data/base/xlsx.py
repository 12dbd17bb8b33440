"""Workbooks for people: tables that can be read, filtered and printed as they come.

Whatever a text begins with, it stays a text: codes never become numbers, formulas never run.
"""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter

SAMPLE_WARNING = "【見本データ】架空の調査票から作ったもので、実際の数ではありません。"

# A workbook names the time it was made; one day stands for all, so that the same contents give
# the same bytes.
_CREATED = datetime(2022, 4, 1)
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
_FONT = {"font_name": "Yu Gothic", "font_size": 10.5, "valign": "vcenter"}
_GRID = _FONT | {"border": 1, "border_color": "#8A94A3", "valign": "top"}
_FORMATS: dict[str, dict[str, Any]] = {
    "title": _FONT | {"font_size": 15, "bold": True},
    "stamp": _FONT | {"bold": True, "font_color": "#9C2B12"},
    "strong": _FONT | {"bold": True, "font_size": 12},
    "line": _FONT,
    "head": _GRID | {"bold": True, "text_wrap": True, "bg_color": "#E3EDF9", "valign": "vcenter"},
    "cell": _GRID | {"text_wrap": True},
    "count": _GRID | {"align": "center"},
    "link": _GRID | {"font_color": "#1D4F91", "underline": 1},
}
_LINE_HEIGHT, _HIGHEST_ROW = 17, 409
# A cell's margins and the filter's button.
_PADDING = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        heading: Its heading.
        widest: How wide it may become, in digits; a Japanese character takes two.
    """

    heading: str
    widest: int = 40


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads to another one.

    Attributes:
        text: What it says.
        target: The place within the workbook, such as ``説明!A5``.
    """

    text: str
    target: str


Cell = str | int | Link | None


class TextWorkbook:
    """A workbook in the making.

    Examples:
        ```python
        book = TextWorkbook("回収状況", sample=False)
        sheet = book.add_sheet("課別", "回収状況")
        sheet.write_table([Column("課"), Column("回答日")], [["税務課", "2023-01-10"]])
        content = book.close()
        ```
    """

    def __init__(self, title: str, *, sample: bool) -> None:
        """Begin a workbook.

        Args:
            title: Its title.
            sample: Whether every sheet says that its contents are sample data.
        """
        self._content = BytesIO()
        self._sample = sample
        self._book = xlsxwriter.Workbook(self._content, _OPTIONS)
        self._book.set_properties({"title": title, "created": _CREATED})
        self._formats = {name: self._book.add_format(look) for name, look in _FORMATS.items()}

    def add_sheet(self, name: str, title: str) -> "TextSheet":
        """Add a sheet that begins with a title."""
        sheet = TextSheet(self._book.add_worksheet(name), self._formats)
        sheet.write_line(title, "title")
        if self._sample:
            sheet.write_line(SAMPLE_WARNING, "stamp")
        return sheet

    def close(self) -> bytes:
        """Return the finished workbook."""
        self._book.close()
        return self._content.getvalue()


class TextSheet:
    """A sheet that is written from top to bottom, with lines first and then one table."""

    def __init__(self, sheet: Any, formats: dict[str, Any]) -> None:
        self._sheet = sheet
        self._formats = formats
        self._row = 0
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        sheet.set_footer("&L&A&R&P / &N")

    def write_line(self, text: str, style: str = "line") -> None:
        """Write a line above the table; ``style`` is title, stamp, strong or line."""
        self._sheet.set_row(self._row, 27 if style == "title" else 20)
        self._sheet.write(self._row, 0, text, self._formats[style])
        self._row += 1

    def write_table(self, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> int:
        """Write the table, with its headings frozen, repeated in print, and a filter.

        Returns:
            The number of its first row below the headings, as people count.
        """
        head = self._row
        lines: list[Sequence[Cell]] = [[column.heading for column in columns], *rows]
        widths = [_fit(column, number, lines) for number, column in enumerate(columns)]
        for number, width in enumerate(widths):
            self._sheet.set_column(number, number, width + _PADDING)
        for line in lines:
            self._write_row(line, widths, "head" if self._row == head else "cell")
        self._sheet.freeze_panes(head + 1, 0)
        self._sheet.repeat_rows(head)
        self._sheet.autofilter(head, 0, self._row - 1, len(columns) - 1)
        return head + 2

    def _write_row(self, cells: Sequence[Cell], widths: Sequence[int], style: str) -> None:
        # LibreOffice does not make a row higher for wrapped text by itself.
        counts = [_count_lines(cell, width + 1) for cell, width in zip(cells, widths, strict=True)]
        self._sheet.set_row(self._row, min(_HIGHEST_ROW, 4 + _LINE_HEIGHT * max(counts)))
        for column, cell in enumerate(cells):
            if isinstance(cell, Link):
                url, look = f"internal:{cell.target}", self._formats["link"]
                self._sheet.write_url(self._row, column, url, look, cell.text)
            else:
                look = self._formats["count" if isinstance(cell, int) else style]
                self._sheet.write(self._row, column, cell, look)
        self._row += 1


def _fit(column: Column, number: int, lines: Iterable[Sequence[Cell]]) -> int:
    longest = max(_width(text) for line in lines for text in _text(line[number]).split("\n"))
    return min(longest, column.widest)


def _count_lines(cell: Cell, width: int) -> int:
    return sum(max(1, math.ceil(_width(text) / width)) for text in _text(cell).split("\n"))


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Link) else str("" if cell is None else cell)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "FWA" else 1 for one in text)
