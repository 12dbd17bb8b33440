"""What the fast reader does not tell of the sheets of an .ods.

Besides what `survey.reading.second_look` looks for, these are merged cells, and repeated cells: a
few bytes may stand for millions of them.
"""

from collections.abc import Iterator
from typing import Literal
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.findings import Kind
from sumida_data.survey.reading.looks import judge_parts, judge_shown
from sumida_data.survey.reading.second_look import (
    Cell,
    Oddity,
    SecondLook,
    iterate_elements,
    refuse_large_sheet,
)

CONTENT = "content.xml"

_NAMESPACE = "{{urn:oasis:names:tc:opendocument:xmlns:{}:1.0}}"
_TABLE, _OFFICE, _TEXT = map(_NAMESPACE.format, ("table", "office", "text"))
_STYLE, _DRAW = map(_NAMESPACE.format, ("style", "drawing"))
_FONT = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_MANIFEST = "META-INF/manifest.xml"
_ERROR = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_ERROR_TEXTS = ("#", "Err:")
_HIDDEN = {"collapse", "filter"}
_NO_GROUND = {"transparent", "#ffffff", None}

FontOddity = Literal["struck", "raised", "unseen"]


def look_into_open_document(archive: ZipFile) -> dict[str, SecondLook]:
    """Look for what the fast reader does not tell of the sheets of an .ods, by their names.

    Raises:
        UnusableFileError: If it is encrypted, or repeated cells make a sheet too large.
    """
    if _MANIFEST in archive.namelist() and b"encryption-data" in archive.read(_MANIFEST):
        raise UnusableFileError(Kind.ENCRYPTED)
    looks = {}
    styles: dict[str, FontOddity] = {}
    sheet = _SheetLook(styles)
    for element in iterate_elements(archive, CONTENT):
        if element.tag == f"{_STYLE}style":
            if oddity := _oddity_of(element):
                styles[element.get(f"{_STYLE}name", "")] = oddity
        elif element.tag == f"{_TABLE}table-column":
            sheet.add_column(element)
        elif element.tag == f"{_TABLE}table-row":
            sheet.add_row(element)
            element.clear()
        elif element.tag == f"{_TABLE}table":
            looks[element.get(f"{_TABLE}name", "")] = sheet.look
            sheet = _SheetLook(styles)
    return looks


def _oddity_of(style: Element) -> FontOddity | None:
    font = style.find(f"{_STYLE}text-properties")
    cell = style.find(f"{_STYLE}table-cell-properties")
    if font is None:
        return None
    if font.get(f"{_STYLE}text-line-through-style", "none") != "none":
        return "struck"
    if font.get(f"{_STYLE}text-position", "0").split()[0] not in {"0", "0%"}:
        return "raised"
    ground = cell.get(f"{_FONT}background-color") if cell is not None else None
    return "unseen" if font.get(f"{_FONT}color") == "#ffffff" and ground in _NO_GROUND else None


class _SheetLook:
    """Looks at the elements of one sheet."""

    def __init__(self, styles: dict[str, FontOddity]) -> None:
        self.look = SecondLook()
        self.styles = styles
        self.row = self.columns = 0

    def add_column(self, element: Element) -> None:
        repeated = int(element.get(f"{_TABLE}number-columns-repeated", 1))
        if element.get(f"{_TABLE}visibility") in _HIDDEN:
            self.look.hidden_columns.update(range(self.columns, self.columns + repeated))
        self.columns += repeated

    def add_row(self, element: Element) -> None:
        rows, column = int(element.get(f"{_TABLE}number-rows-repeated", 1)), 0
        for cell in element:
            columns = int(cell.get(f"{_TABLE}number-columns-repeated", 1))
            if len(cell) or cell.get(f"{_TABLE}formula"):
                refuse_large_sheet(self.row + rows, column + columns)
                self._look_into_cell(cell, (self.row, column))
                if element.get(f"{_TABLE}visibility") in _HIDDEN:
                    self.look.hidden_rows.update(range(self.row, self.row + rows))
            column += columns
        self.row += rows

    def _look_into_cell(self, cell: Element, address: Cell) -> None:
        if cell.find(f"{_OFFICE}annotation") is not None:
            self.look.comments.add(address)
        if any(child.tag.startswith(_DRAW) for child in cell):
            self.look.drawings.append((address, address))
        rows = int(cell.get(f"{_TABLE}number-rows-spanned", 1))
        columns = int(cell.get(f"{_TABLE}number-columns-spanned", 1))
        if rows * columns > 1:
            last = (address[0] + rows - 1, address[1] + columns - 1)
            self.look.merged.append((address, last))
        self._judge(cell, address)

    def _judge(self, cell: Element, address: Cell) -> None:
        lines = cell.findall(f"{_TEXT}p")
        text = "".join(lines[0].itertext()) if lines else None
        oddity = self._judge_value(cell, text)
        shown = None
        if text and not oddity:
            oddity, shown = self._judge_content(cell, text, lines)
        if oddity:
            self.look.oddities[address] = oddity
        if shown is not None:
            self.look.shown[address] = shown

    def _judge_value(self, cell: Element, text: str | None) -> Oddity | None:
        style = self.styles.get(cell.get(f"{_TABLE}style-name", ""))
        if cell.get(f"{_TABLE}formula"):
            if cell.get(_ERROR) == "error" or (text or "").startswith(_ERROR_TEXTS):
                return "error"
            if text is None and not cell.get(f"{_OFFICE}value-type"):
                return "not_calculated"
        return None if style == "raised" or not text else style

    def _judge_content(
        self, cell: Element, text: str, lines: list[Element]
    ) -> tuple[Oddity | None, str | None]:
        kind = cell.get(f"{_OFFICE}value-type")
        if kind in {"float", "percentage"}:
            return judge_shown(float(cell.get(f"{_OFFICE}value", 0)), text)
        parts = [part for line in lines for part in self._parts_of(line)]
        shown, oddity = judge_parts(parts if kind == "string" else [])
        return oddity, shown if oddity else None

    def _parts_of(self, line: Element) -> Iterator[tuple[str, bool, bool]]:
        yield line.text or "", False, False
        for span in line:
            style = self.styles.get(span.get(f"{_TEXT}style-name", ""))
            yield "".join(span.itertext()), style == "struck", style == "raised"
            yield span.tail or "", False, False
