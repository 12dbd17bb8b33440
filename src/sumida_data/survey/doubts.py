"""Cells that a fast reader takes for blank although they are not.

Only the XML of an .xlsx tells an error cell, or a formula that was never calculated, from an
empty one. The parts are searched as bytes, because parsing them as XML would cost more than
reading the whole workbook does.
"""

import html
import io
import re
import zipfile
from typing import Literal

Doubt = Literal["error", "not_calculated"]

_SHEET = re.compile(rb"<sheet\b[^>]*>")
_RELATION = re.compile(rb"<Relationship\b[^>]*>")
_ATTRIBUTE = re.compile(rb'([\w:]+)="([^"]*)"')
_ERROR_CELL = re.compile(rb'<c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]+)(\d+)"')
_FORMULA_WITHOUT_VALUE = re.compile(
    rb'<c\b[^>]*\br="([A-Z]+)(\d+)"[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?</c>'
)


def find_doubts(content: bytes) -> dict[str, dict[tuple[int, int], Doubt]]:
    """Find the doubtful cells of an .xlsx.

    Args:
        content: The file's bytes. Other zipped formats have no such parts and yield nothing.

    Returns:
        For each sheet by name the doubtful cells by (row, column) counted from 0.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = set(archive.namelist())
        if "xl/workbook.xml" not in parts:
            return {}
        found = {}
        for name, part in _sheet_parts(archive).items():
            if part in parts and (doubts := _find_in_sheet(archive.read(part))):
                found[name] = doubts
        return found


def _find_in_sheet(xml: bytes) -> dict[tuple[int, int], Doubt]:
    doubts: dict[tuple[int, int], Doubt] = {}
    if b"<f" in xml:
        for letters, row in _FORMULA_WITHOUT_VALUE.findall(xml):
            doubts[int(row) - 1, _column_number(letters)] = "not_calculated"
    if b't="e"' in xml:
        for letters, row in _ERROR_CELL.findall(xml):
            doubts[int(row) - 1, _column_number(letters)] = "error"
    return doubts


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    relations = {
        attributes["Id"]: attributes["Target"]
        for attributes in _elements(_RELATION, archive.read("xl/_rels/workbook.xml.rels"))
    }
    return {
        sheet["name"]: _part_name(relations[sheet["r:id"]])
        for sheet in _elements(_SHEET, archive.read("xl/workbook.xml"))
        if sheet.get("r:id") in relations
    }


def _elements(pattern: re.Pattern[bytes], xml: bytes) -> list[dict[str, str]]:
    return [
        {
            key.decode(): html.unescape(value.decode("utf-8"))
            for key, value in _ATTRIBUTE.findall(element)
        }
        for element in pattern.findall(xml)
    ]


def _part_name(target: str) -> str:
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
