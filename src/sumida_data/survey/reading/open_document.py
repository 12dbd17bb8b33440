"""What the fast reader leaves out of the sheets of an .ods.

Besides what `survey.reading.second_look` looks for, these are merged cells, and repeated cells: a
few bytes may represent millions of them.
"""

import re
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from xlsxwriter.utility import xl_rowcol_to_cell

from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.findings import Kind
from sumida_data.survey.reading.looks import (
    Cell,
    CellRange,
    Condition,
    judge_parts,
    judge_shown,
    parse_areas,
)
from sumida_data.survey.reading.second_look import (
    SecondLook,
    iterate_elements,
    refuse_large_sheet,
    usual_cell,
)

CONTENT, NAMED_STYLES = "content.xml", "styles.xml"

_NAMESPACE = "{{urn:oasis:names:tc:opendocument:xmlns:{}:1.0}}"
_TABLE, _OFFICE, _TEXT = map(_NAMESPACE.format, ("table", "office", "text"))
_STYLE, _DRAW = map(_NAMESPACE.format, ("style", "drawing"))
_FONT = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_MANIFEST = "META-INF/manifest.xml"
_ERROR_TEXTS = ("#", "Err:")
_HIDDEN = {"collapse", "filter"}
_NO_GROUND = {"transparent", "#ffffff", None}
_THROUGH = ("text-line-through-style", "text-line-through-type")
_UNITS = {"cm": 360_000, "mm": 36_000, "in": 914_400, "pt": 12_700}
_NO_SIZE = re.compile(r"0(?:\.0\d*)?[a-z]")
# How a condition says what a cell holds, and what it says of that.
_COMPARED = re.compile(r"(?:cell-content\(\))?(<=|>=|!=|=|<|>)(.*)")
_FORMULA = re.compile(r"(?:formula-is|is-true-formula)\((.*)\)")
_SHEET_NAME = re.compile(r"(?:\$?'[^']*'|[^ .:']*)\.")


def look_into_open_document(archive: ZipFile) -> dict[str, SecondLook]:
    """Look for what the fast reader leaves out of the sheets of an .ods, by their names.

    Raises an UnusableFileError if it is encrypted, or repeated cells make a sheet too large.
    """
    if _MANIFEST in archive.namelist() and b"encryption-data" in archive.read(_MANIFEST):
        raise UnusableFileError(Kind.ENCRYPTED)
    looks, styles = {}, _Styles()
    if NAMED_STYLES in archive.namelist():
        for element in iterate_elements(archive, NAMED_STYLES):
            styles.add(element)
    sheet = _SheetLook(styles)
    for element in iterate_elements(archive, CONTENT):
        styles.add(element)
        sheet.add(element)
        if element.tag == f"{_TABLE}table":
            looks[element.get(f"{_TABLE}name", "")] = sheet.look
            sheet = _SheetLook(styles)
    return looks


class _Styles:
    def __init__(self) -> None:
        # What each says with all that it is based on, and what that does.
        self.says: dict[str, dict[str, str]] = {}
        self.looks: dict[str, Kind | None] = {}
        # Under which another style takes its place, with that one's name.
        self.conditions: dict[str, list[tuple[str, str]]] = {}

    def add(self, element: Element) -> None:
        if element.tag != f"{_STYLE}style":
            return
        name, parent = (element.get(f"{_STYLE}{one}", "") for one in ("name", "parent-style-name"))
        own = {key: text for part in element for key, text in part.items()}
        says = self.says[name] = self.says.get(parent, {}) | own
        self.looks[name] = _look_of(says)
        self.conditions[name] = [
            (one.get(f"{_STYLE}condition", ""), one.get(f"{_STYLE}apply-style-name", ""))
            for one in element.iterfind(f"{_STYLE}map")
        ]


def _look_of(says: dict[str, str]) -> Kind | None:
    if any(says.get(f"{_STYLE}{one}", "none") != "none" for one in _THROUGH):
        return Kind.STRUCK_CELL
    if says.get(f"{_STYLE}text-position", "0").split()[0] not in {"0", "0%"}:
        return Kind.RAISED_CHARACTERS
    if any(
        _NO_SIZE.match(says.get(f"{_STYLE}{one}", "1")) for one in ("row-height", "column-width")
    ):
        return Kind.HIDDEN_ROW
    colour, ground = says.get(f"{_FONT}color"), says.get(f"{_FONT}background-color")
    is_white = colour == "#ffffff" and ground in _NO_GROUND
    return Kind.UNSEEN_VALUE if is_white or (colour and colour == ground) else None


class _SheetLook:
    def __init__(self, styles: _Styles) -> None:
        self.look = SecondLook()
        self.styles = styles
        self.row = self.columns = 0
        # What cells without a style of their own have, by ranges of columns.
        self.usual: list[tuple[range, str]] = []

    def add(self, element: Element) -> None:
        if element.tag == f"{_TABLE}table-column":
            repeated = int(element.get(f"{_TABLE}number-columns-repeated", 1))
            columns = range(self.columns, self.columns + repeated)
            if self._is_hidden(element):
                self.look.hidden_columns.update(columns)
            self.usual.append((columns, element.get(f"{_TABLE}default-cell-style-name", "")))
            self.columns += repeated
        elif element.tag == f"{_TABLE}table-row":
            self._add_row(element)
            element.clear()
        elif element.tag == f"{_TABLE}shapes":
            self.look.drawings += map(_place_on_page, element)
        elif element.tag == f"{_CALC}conditional-format":
            places = _SHEET_NAME.sub("", element.get(f"{_CALC}target-range-address", ""))
            for one in element.iterfind(f"{_CALC}condition"):
                style, says = (
                    one.get(f"{_CALC}{name}", "") for name in ("apply-style-name", "value")
                )
                self._add_condition(parse_areas(places), says, style)

    def _is_hidden(self, element: Element) -> bool:
        style = element.get(f"{_TABLE}style-name", "")
        is_flat = self.styles.looks.get(style) == Kind.HIDDEN_ROW
        return is_flat or element.get(f"{_TABLE}visibility") in _HIDDEN

    def _add_condition(self, areas: list[CellRange], says: str, style: str) -> None:
        formula = re.sub(r"\[\.?|\]", "", match[1]) if (match := _FORMULA.match(says)) else ""
        if match := _COMPARED.fullmatch(says):
            sign, constant = match.groups()
            formula = f"{xl_rowcol_to_cell(*areas[0][0])}{sign.replace('!=', '<>')}{constant}"
        look = self.styles.looks.get(style)
        if look in (Kind.STRUCK_CELL, Kind.UNSEEN_VALUE):
            self.look.conditions.append(Condition(areas, look, formula))

    def _add_row(self, element: Element) -> None:
        rows, column = int(element.get(f"{_TABLE}number-rows-repeated", 1)), 0
        usual = element.get(f"{_TABLE}default-cell-style-name", "")
        for cell in element:
            columns = int(cell.get(f"{_TABLE}number-columns-repeated", 1))
            if len(cell) or cell.get(f"{_TABLE}formula"):
                refuse_large_sheet(self.row + rows, column + columns)
                of_column = next((name for range_, name in self.usual if column in range_), "")
                style = cell.get(f"{_TABLE}style-name") or usual or of_column
                self._find_objects(cell, (self.row, column), style)
                self._look_into_cell(cell, (self.row, column), self.styles.looks.get(style))
                if self._is_hidden(element):
                    self.look.hidden_rows.update(range(self.row, self.row + rows))
            column += columns
        self.row += rows

    def _find_objects(self, cell: Element, address: Cell, style: str) -> None:
        row, column = address
        if cell.find(f"{_OFFICE}annotation") is not None:
            self.look.comments.add(address)
        for child in cell:
            if child.tag.startswith(_DRAW):
                place = _SHEET_NAME.sub("", child.get(f"{_TABLE}end-cell-address", ""))
                last = parse_areas(place)[0][1] if place else address
                self.look.drawings.append((address, max(address, last)))
        for says, other in self.styles.conditions.get(style, ()):
            self._add_condition([(address, address)], says, other)
        rows, columns = (
            int(cell.get(f"{_TABLE}number-{name}-spanned", 1)) for name in ("rows", "columns")
        )
        if rows * columns > 1:
            self.look.merged.append((address, (row + rows - 1, column + columns - 1)))

    def _look_into_cell(self, cell: Element, address: Cell, look: Kind | None) -> None:
        lines = cell.findall(f"{_TEXT}p")
        text = "".join(lines[0].itertext()) if lines else ""
        oddity, shown = _find_missing_value(cell, text if lines else None), None
        if not oddity and lines:
            oddity, shown = self._judge(cell, text, lines, look)
        if oddity:
            self.look.oddities[address] = oddity
        shown = _text_beside_picture(cell, lines) if shown is None else shown
        if shown is not None:
            self.look.shown[address] = shown

    def _judge(
        self, cell: Element, text: str, lines: list[Element], look: Kind | None
    ) -> tuple[Kind | None, str | None]:
        if text and look in (Kind.STRUCK_CELL, Kind.UNSEEN_VALUE):
            return look, None
        kind = cell.get(f"{_OFFICE}value-type")
        if kind in {"float", "percentage", "currency"}:
            return judge_shown(float(cell.get(f"{_OFFICE}value", 0)), text)
        stored = cell.get(f"{_OFFICE}string-value")
        if kind != "string" or not text:
            return Kind.UNSEEN_VALUE if stored else None, None
        if stored not in {None, "\n".join("".join(line.itertext()) for line in lines)}:
            return Kind.SHOWN_ROUNDED, None
        return judge_parts(self._parts_of(lines))

    def _parts_of(self, lines: list[Element]) -> list[tuple[str, bool, bool]]:
        parts = []
        for line in lines:
            parts.append((line.text or "", False, False))
            for span in line:
                style = self.styles.looks.get(span.get(f"{_TEXT}style-name", ""))
                marks = style == Kind.STRUCK_CELL, style == Kind.RAISED_CHARACTERS
                parts.append(("".join(span.itertext()), *marks))
                parts.append((span.tail or "", False, False))
        return parts


def _place_on_page(shape: Element) -> CellRange:
    """Return the cells, were they of usual size, under a shape that is tied to the page."""
    lengths = (shape.get(f"{_SVG}{name}", "0cm") for name in ("x", "y", "width", "height"))
    left, top, width, height = (float(one[:-2]) * _UNITS.get(one[-2:], 0) for one in lengths)
    return usual_cell(top, left), usual_cell(top + height, left + width)


def _text_beside_picture(cell: Element, lines: list[Element]) -> str | None:
    """Return the text alone: the fast reader takes what describes a picture for a part of it."""
    is_text = cell.get(f"{_OFFICE}value-type") == "string"
    if not is_text or not any(child.tag.startswith(_DRAW) for child in cell):
        return None
    return "\n".join("".join(line.itertext()) for line in lines)


def _find_missing_value(cell: Element, text: str | None) -> Kind | None:
    if not cell.get(f"{_TABLE}formula"):
        return None
    if cell.get(f"{_CALC}value-type") == "error" or (text or "").startswith(_ERROR_TEXTS):
        return Kind.ERROR_CELL
    return None if text is not None or cell.get(f"{_OFFICE}value-type") else Kind.NOT_CALCULATED
