"""The one way to write a workbook: the same contents give the same bytes.

Every writer begins a ``Book`` with a title and its looks, gets XlsxWriter's sheets from it, and
closes it. Whatever a text begins with, it stays a text: codes never become numbers, formulas never
run.
"""

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any, NamedTuple

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

SAMPLE_MARK = "見本データ"
SAMPLE_NOTE = "架空の調査票から作ったもので、実際の数ではありません。"
SAMPLE_WARNING = f"【{SAMPLE_MARK}】{SAMPLE_NOTE}"
A4, A3 = 9, 8

# A workbook names the time it was made; one day serves for all.
_CREATED = datetime(2022, 4, 1)
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
_FONT = {"font_name": "Yu Gothic", "font_size": 10.5, "valign": "vcenter"}
_GRID = _FONT | {"border": 1, "border_color": "#8A94A3", "valign": "top"}
_Looks = Mapping[str, Mapping[str, Any]]
_LOOKS: _Looks = {
    "title": _FONT | {"font_size": 15, "bold": True},
    "stamp": _FONT | {"bold": True, "font_color": "#9C2B12"},
    "strong": _FONT | {"bold": True, "font_size": 12},
    "line": _FONT,
    "head": _GRID | {"bold": True, "text_wrap": True, "bg_color": "#E3EDF9", "valign": "vcenter"},
    "cell": _GRID | {"text_wrap": True},
    "urgent": _GRID | {"bold": True, "font_color": "#FFFFFF", "bg_color": "#9C2B12"},
    "count": _GRID | {"align": "center"},
    "link": _GRID | {"font_color": "#1D4F91", "underline": 1},
}
# The sheet's name, and the page.
FOOTER = "&L&A&R&P / &N"
_LINE_HEIGHT, _HIGHEST_ROW = 17, 409
_WIDEST = 40
# A cell's margins and the filter's button.
_PADDING = 3


class Book:
    """A workbook in the making: XlsxWriter's, and its formats by name.

    Examples:
        ```python
        book = Book("回収状況", sample=False)
        sheet = book.begin("課別", "回収状況")
        sheet.write_table({"課": None, "文面": 90}, [["税務課", "回答をお待ちしています。"]])
        content = book.close()
        ```
    """

    def __init__(
        self, title: str, looks: _Looks = _LOOKS, *, sample: bool = False, **options: Any
    ) -> None:
        """Begin a workbook with properties of its formats by name, and XlsxWriter's options.

        Sheets of lines and a table may say that their contents are sample data.
        """
        self._content, self._sample = BytesIO(), sample
        self.book = xlsxwriter.Workbook(self._content, _OPTIONS | options)
        self.book.set_properties({"title": title, "created": _CREATED})
        self.looks = {name: self.book.add_format(dict(look)) for name, look in looks.items()}

    def add_sheet(self, name: str, paper: int = A4) -> Worksheet:
        """Add a sheet that is printed across the paper, on as many pages as it is long."""
        sheet: Worksheet = self.book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(paper)
        sheet.fit_to_pages(1, 0)
        return sheet

    def begin(self, name: str, title: str) -> "TextSheet":
        """Add a sheet of lines and a table, to be read, filtered and printed, with a title."""
        sheet = TextSheet(self.add_sheet(name), self.looks)
        sheet.write_line(title, "title")
        if self._sample:
            sheet.write_line(SAMPLE_WARNING, "stamp")
        return sheet

    def close(self) -> bytes:
        """Return the finished workbook."""
        self.book.close()
        return self._content.getvalue()


class Link(NamedTuple):
    """A cell that says a text and leads to a place within the workbook, such as ``説明!A5``."""

    text: str
    target: str


class Urgent(str):
    """A text that differs visibly from others of its column, in black and white too."""

    __slots__ = ()


Cell = str | int | Link | None


class TextSheet:
    """A sheet that is written from top to bottom, with lines first and then one table."""

    def __init__(self, sheet: Worksheet, looks: Mapping[str, Any]) -> None:
        self._sheet, self._looks, self._row = sheet, looks, 0
        sheet.hide_gridlines(2)
        sheet.set_footer(FOOTER)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)

    def write_line(self, text: str, look: str = "line") -> None:
        """Write a line above the table; ``look`` is title, stamp, strong or line."""
        self._sheet.set_row(self._row, 27 if look == "title" else 20)
        self._sheet.write(self._row, 0, text, self._looks[look])
        self._row += 1

    def write_table(self, widest: Mapping[str, int | None], rows: Iterable[Sequence[Cell]]) -> int:
        """Write the table, with its headings frozen, repeated in print, and a filter.

        A heading has how wide its column may become in digits, of which a Japanese character takes
        two; None for the usual width. Returns the number of the first row below, as people count.
        """
        head = self._row
        lines: list[Sequence[Cell]] = [list(widest), *rows]
        widths = [
            min(limit or _WIDEST, max(width for cell in cells for width in _measure_lines(cell)))
            for limit, cells in zip(widest.values(), zip(*lines, strict=True), strict=True)
        ]
        for number, width in enumerate(widths):
            self._sheet.set_column(number, number, width + _PADDING)
        for row, line in enumerate(lines, start=head):
            # LibreOffice does not make a row higher for wrapped text by itself.
            height = 4 + _LINE_HEIGHT * max(map(_count_lines, line, widths))
            self._sheet.set_row(row, min(_HIGHEST_ROW, height))
            for column, cell in enumerate(line):
                self._write_cell(row, column, cell, "head" if row == head else "cell")
        self._sheet.freeze_panes(head + 1, 0)
        self._sheet.repeat_rows(head)
        self._sheet.autofilter(head, 0, row, len(widths) - 1)
        return head + 2

    def _write_cell(self, row: int, column: int, cell: Cell, look: str) -> None:
        if isinstance(cell, Link):
            url = f"internal:{cell.target}"
            self._sheet.write_url(row, column, url, self._looks["link"], cell.text)
        else:
            kinds = {"count": int, "urgent": Urgent}
            own = next((name for name, kind in kinds.items() if isinstance(cell, kind)), look)
            self._sheet.write(row, column, cell, self._looks[own])


def measure(text: str) -> int:
    """Return how wide a text is, in digits; a Japanese character takes two."""
    return sum(2 if unicodedata.east_asian_width(one) in "FWA" else 1 for one in text)


def _measure_lines(cell: Cell) -> list[int]:
    text = cell.text if isinstance(cell, Link) else str("" if cell is None else cell)
    return [measure(line) for line in text.split("\n")]


def _count_lines(cell: Cell, width: int) -> int:
    return sum(max(1, math.ceil(line / (width + 1))) for line in _measure_lines(cell))
