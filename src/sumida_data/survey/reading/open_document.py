"""What the fast reader does not tell of the sheets of an .ods.

Besides what `survey.reading.second_look` looks for, these are merged cells, and repeated cells: a
few bytes may stand for millions of them.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from xlsxwriter.utility import xl_rowcol_to_cell

from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.findings import Kind
from sumida_data.survey.reading.conditions import Cell, CellRange, Condition, parse_areas
from sumida_data.survey.reading.looks import judge_parts, judge_shown
from sumida_data.survey.reading.second_look import (
    Oddity,
    SecondLook,
    iterate_elements,
    refuse_large_sheet,
)

CONTENT, NAMED_STYLES = "content.xml", "styles.xml"

_NAMESPACE = "{{urn:oasis:names:tc:opendocument:xmlns:{}:1.0}}"
_TABLE, _OFFICE, _TEXT = map(_NAMESPACE.format, ("table", "office", "text"))
_STYLE, _DRAW = map(_NAMESPACE.format, ("style", "drawing"))
_FONT = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_MANIFEST = "META-INF/manifest.xml"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_ERROR = f"{_CALC}value-type"
_ERROR_TEXTS = ("#", "Err:")
_HIDDEN = {"collapse", "filter"}
_NO_GROUND = {"transparent", "#ffffff", None}
# How a condition says what a cell holds, and what it says of that.
_COMPARED = re.compile(r"(?:cell-content\(\))?(<=|>=|!=|=|<|>)(.*)")
_FORMULA = re.compile(r"(?:formula-is|is-true-formula)\((.*)\)")

FontOddity = Literal["struck", "raised", "unseen"]


def look_into_open_document(archive: ZipFile) -> dict[str, SecondLook]:
    """Look for what the fast reader does not tell of the sheets of an .ods, by their names.

    Raises:
        UnusableFileError: If it is encrypted, or repeated cells make a sheet too large.
    """
    if _MANIFEST in archive.namelist() and b"encryption-data" in archive.read(_MANIFEST):
        raise UnusableFileError(Kind.ENCRYPTED)
    looks = {}
    styles = _Styles({}, {}, {})
    sheet = _SheetLook(styles)
    if NAMED_STYLES in archive.namelist():
        for element in iterate_elements(archive, NAMED_STYLES):
            styles.add(element)
    for element in iterate_elements(archive, CONTENT):
        styles.add(element)
        if add := _ADDED.get(element.tag):
            add(sheet, element)
        elif element.tag == f"{_TABLE}table":
            looks[element.get(f"{_TABLE}name", "")] = sheet.look
            sheet = _SheetLook(styles)
    return looks


class _Styles(NamedTuple):
    """The styles by name: what each says with all that it is based on, and what that does.

    The conditions are those under which another style takes its place, with that one's name.
    """

    says: dict[str, dict[str, str]]
    oddities: dict[str, FontOddity | None]
    conditions: dict[str, list[tuple[str, str]]]

    def add(self, element: Element) -> None:
        if element.tag != f"{_STYLE}style":
            return
        name, parent = (element.get(f"{_STYLE}{one}", "") for one in ("name", "parent-style-name"))
        parts = [element.find(f"{_STYLE}{one}-properties") for one in ("text", "table-cell")]
        own = {key: value for one in parts if one is not None for key, value in one.items()}
        says = self.says[name] = self.says.get(parent, {}) | own
        self.oddities[name] = _oddity_of(says)
        self.conditions[name] = [
            (one.get(f"{_STYLE}condition", ""), one.get(f"{_STYLE}apply-style-name", ""))
            for one in element.iterfind(f"{_STYLE}map")
        ]


def _oddity_of(says: dict[str, str]) -> FontOddity | None:
    if says.get(f"{_STYLE}text-line-through-style", "none") != "none":
        return "struck"
    if says.get(f"{_STYLE}text-position", "0").split()[0] not in {"0", "0%"}:
        return "raised"
    colour, ground = says.get(f"{_FONT}color"), says.get(f"{_FONT}background-color")
    is_white = colour == "#ffffff" and ground in _NO_GROUND
    return "unseen" if is_white or (colour and colour == ground) else None


class _SheetLook:
    """Looks at the elements of one sheet."""

    def __init__(self, styles: _Styles) -> None:
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
        element.clear()

    def add_conditions(self, element: Element) -> None:
        places = element.get(f"{_CALC}target-range-address", "")
        places = re.sub(r"(?:\$?'[^']*'|[^ .:']*)\.", "", places)
        for one in element.iterfind(f"{_CALC}condition"):
            oddity = self.styles.oddities.get(one.get(f"{_CALC}apply-style-name", ""))
            self._add_condition(parse_areas(places), one.get(f"{_CALC}value", ""), oddity)

    def _add_condition(self, areas: list[CellRange], says: str, oddity: FontOddity | None) -> None:
        formula = re.sub(r"\[\.?|\]", "", match[1]) if (match := _FORMULA.match(says)) else ""
        if match := _COMPARED.fullmatch(says):
            sign, constant = match.groups()
            formula = f"{xl_rowcol_to_cell(*areas[0][0])}{sign.replace('!=', '<>')}{constant}"
        if oddity and oddity != "raised":
            self.look.conditions.append(Condition(areas, oddity, formula))

    def _look_into_cell(self, cell: Element, address: Cell) -> None:
        if cell.find(f"{_OFFICE}annotation") is not None:
            self.look.comments.add(address)
        if any(child.tag.startswith(_DRAW) for child in cell):
            self.look.drawings.append((address, address))
        for says, style in self.styles.conditions.get(cell.get(f"{_TABLE}style-name", ""), ()):
            self._add_condition([(address, address)], says, self.styles.oddities.get(style))
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
        style = self.styles.oddities.get(cell.get(f"{_TABLE}style-name", ""))
        if cell.get(f"{_TABLE}formula"):
            if cell.get(_ERROR) == "error" or (text or "").startswith(_ERROR_TEXTS):
                return "error"
            if text is None and not cell.get(f"{_OFFICE}value-type"):
                return "not_calculated"
        if not text:
            is_number = cell.get(f"{_OFFICE}value-type") in {"float", "percentage"}
            return "unseen" if is_number and text is not None else None
        return None if style == "raised" else style

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
            style = self.styles.oddities.get(span.get(f"{_TEXT}style-name", ""))
            yield "".join(span.itertext()), style == "struck", style == "raised"
            yield span.tail or "", False, False


_ADDED = {
    f"{_TABLE}table-column": _SheetLook.add_column,
    f"{_TABLE}table-row": _SheetLook.add_row,
    f"{_CALC}conditional-format": _SheetLook.add_conditions,
}
