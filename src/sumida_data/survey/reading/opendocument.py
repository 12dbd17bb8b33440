"""What the fast reader does not tell of the sheets of an .ods.

Besides what `survey.doubts` looks for, these are merged cells, and repeated cells: a few bytes
may stand for millions of them.
"""

from xml.etree.ElementTree import Element
from zipfile import ZipFile

from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.reading.doubts import Cell, SecondLook, iterate_elements, refuse_large_sheet

CONTENT = "content.xml"

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_MANIFEST = "META-INF/manifest.xml"
_ERROR = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_ERROR_TEXTS = ("#", "Err:")


def look_into_open_document(archive: ZipFile) -> dict[str, SecondLook]:
    """Look for what the fast reader does not tell of the sheets of an .ods.

    Returns:
        What was found by name of the sheet.

    Raises:
        UnusableFileError: If it is encrypted, or repeated cells make a sheet too large.
    """
    if _MANIFEST in archive.namelist() and b"encryption-data" in archive.read(_MANIFEST):
        raise UnusableFileError("F102")
    looks = {}
    look, row = SecondLook(), 0
    for element in iterate_elements(archive, CONTENT):
        if element.tag == f"{_TABLE}table-row":
            row += _look_into_row(element, row, look)
            element.clear()
        elif element.tag == f"{_TABLE}table":
            looks[element.get(f"{_TABLE}name", "")] = look
            look, row = SecondLook(), 0
    return looks


def _look_into_row(element: Element, row: int, look: SecondLook) -> int:
    """Look into a row and return how often it is repeated."""
    rows = int(element.get(f"{_TABLE}number-rows-repeated", 1))
    column = 0
    for cell in element:
        columns = int(cell.get(f"{_TABLE}number-columns-repeated", 1))
        if len(cell) or cell.get(f"{_TABLE}formula"):
            refuse_large_sheet(row + rows, column + columns)
            _look_into_cell(cell, (row, column), look)
            if element.get(f"{_TABLE}visibility") in {"collapse", "filter"}:
                look.hidden_rows.update(range(row, row + rows))
        column += columns
    return rows


def _look_into_cell(cell: Element, address: Cell, look: SecondLook) -> None:
    text = cell.findtext(f"{_TEXT}p")
    if cell.get(f"{_TABLE}formula"):
        if cell.get(_ERROR) == "error" or (text or "").startswith(_ERROR_TEXTS):
            look.doubts[address] = "error"
        elif text is None and not cell.get(f"{_OFFICE}value-type"):
            look.doubts[address] = "not_calculated"
    if cell.find(f"{_OFFICE}annotation") is not None:
        look.comments.add(address)
    rows = int(cell.get(f"{_TABLE}number-rows-spanned", 1))
    columns = int(cell.get(f"{_TABLE}number-columns-spanned", 1))
    if rows * columns > 1:
        last = (address[0] + rows - 1, address[1] + columns - 1)
        look.merged.append((address, last))
