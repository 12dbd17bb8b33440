"""What the readability rules ask of a workbook beyond its values: formulas, looks, hidden parts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, fromstring
from zipfile import ZipFile

from sumida_data.survey.reading.second_look import Cell, iterate_elements

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CELL = re.compile(rb'<c r="([A-Z]+)(\d+)"(?: s="(\d+)")?[^>]*?(?:/>|>(.*?)</c>)', re.DOTALL)
_HIDDEN_COLUMN = re.compile(rb'<col [^>]*hidden="(?:1|true)"')
_OBJECTS = re.compile(r"xl/(?:media|charts|embeddings|drawings/drawing|diagrams)")


@dataclass(slots=True)
class SheetLook:
    """What else there is to know of a sheet; cells are (row, column) counted from 0.

    Attributes:
        hidden: Whether the sheet is hidden.
        hidden_columns: Whether a column is.
        hidden_rows: Rows that are.
        merged: Merged ranges.
        formulas: Cells with a formula.
        looks: How a cell with content differs from a plain one: fill, colour, strike, bold.
    """

    hidden: bool = False
    hidden_columns: bool = False
    hidden_rows: set[int] = field(default_factory=set)
    merged: list[tuple[Cell, Cell]] = field(default_factory=list)
    formulas: list[Cell] = field(default_factory=list)
    looks: dict[Cell, str] = field(default_factory=dict)


def look_into_spreadsheet(archive: ZipFile) -> tuple[dict[str, SheetLook], tuple[str, ...]]:
    """Look into an .xlsx.

    Returns:
        What was found by name of the sheet, and the objects in the file.
    """
    names = archive.namelist()
    objects = tuple(name for name in names if _OBJECTS.match(name) and name.count("_rels") == 0)
    if "xl/workbook.xml" not in names:
        return {}, objects
    styles = _read_styles(archive) if "xl/styles.xml" in names else []
    targets = {
        relation.get("Id", ""): relation.get("Target", "")
        for relation in iterate_elements(archive, "xl/_rels/workbook.xml.rels")
    }
    looks = {}
    for sheet in fromstring(archive.read("xl/workbook.xml")).iter(f"{_MAIN}sheet"):  # noqa: S314  # of a size that was checked
        target = targets.get(sheet.get(_ID, ""), "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if part in names:
            look = _look_into_sheet(archive.read(part), styles)
            look.hidden = sheet.get("state", "visible") != "visible"
            looks[sheet.get("name", "")] = look
    return looks, objects


def _look_into_sheet(xml: bytes, styles: list[str]) -> SheetLook:
    look = SheetLook(hidden_columns=_HIDDEN_COLUMN.search(xml) is not None)
    for match in _CELL.finditer(xml):
        letters, digits, style, inner = match.groups()
        if not inner:
            continue
        cell = (int(digits) - 1, _number_of(letters))
        if b"<f" in inner:
            look.formulas.append(cell)
        if style and int(style) < len(styles) and styles[int(style)]:
            look.looks[cell] = styles[int(style)]
    return look


def _number_of(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _read_styles(archive: ZipFile) -> list[str]:
    """Return for each cell style what a reader might take for a meaning; empty for a plain one."""
    root = fromstring(archive.read("xl/styles.xml"))  # noqa: S314  # of a size that was checked
    fonts = [_describe_font(font) for font in _children(root, "fonts")]
    fills = [_describe_fill(fill) for fill in _children(root, "fills")]
    return [
        f"{_get(fonts, style.get('fontId'))}{_get(fills, style.get('fillId'))}"
        for style in _children(root, "cellXfs")
    ]


def _children(root: Element, name: str) -> Iterator[Element]:
    return (child for parent in root.iter(f"{_MAIN}{name}") for child in parent)


def _get(texts: list[str], number: str | None) -> str:
    place = int(number or 0)
    return texts[place] if place < len(texts) else ""


def _describe_font(font: Element) -> str:
    marks = [name for name in ("b", "strike", "i", "u") if font.find(f"{_MAIN}{name}") is not None]
    colour = font.find(f"{_MAIN}color")
    if colour is not None and colour.get("theme", "1") != "1":
        marks.append(f"theme{colour.get('theme')}")
    if colour is not None and colour.get("rgb", "FF000000") != "FF000000":
        marks.append(colour.get("rgb", ""))
    return " ".join(marks)


def _describe_fill(fill: Element) -> str:
    pattern = fill.find(f"{_MAIN}patternFill")
    if pattern is None or pattern.get("patternType", "none") in {"none", "gray125"}:
        return ""
    colour = pattern.find(f"{_MAIN}fgColor")
    return f" {sorted(colour.attrib.items())}" if colour is not None else " fill"
