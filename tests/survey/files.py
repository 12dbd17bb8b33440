"""Spreadsheet files that no library would write, made part by part."""

import io
import struct
import zipfile
from collections.abc import Mapping

import xlsxwriter

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}'
    "</sheetData></worksheet>"
)
_ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
    '{}<office:body><office:spreadsheet><table:table table:name="手続">{}</table:table>'
    "</office:spreadsheet></office:body></office:document-content>"
)
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
SHEET_PART = "xl/worksheets/sheet1.xml"


def with_parts(content: bytes, parts: Mapping[str, str | bytes]) -> bytes:
    """The zip file with these parts in place of, or besides, its own."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return buffer.getvalue()


def xlsx(rows: str = "", **parts: str | bytes) -> bytes:
    """A workbook with one sheet 手続, its rows given as XML, and other parts by name."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet("手続").write(0, 0, "手続番号")
    sheet = {SHEET_PART: _HEAD + _SHEET.format(rows)} if rows else {}
    return with_parts(buffer.getvalue(), sheet | parts)


def ods(rows: str, manifest: str = "<manifest/>", styles: str = "") -> bytes:
    """An OpenDocument spreadsheet with one sheet 手続, its rows given as XML."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", ODS_TYPE, zipfile.ZIP_STORED)
        archive.writestr("content.xml", _HEAD + _ODS.format(styles, rows))
        archive.writestr("META-INF/manifest.xml", manifest)
    return buffer.getvalue()


def compound_file(stream: str, content: bytes) -> bytes:
    """A compound file, as .xls is one, with one stream of up to eight sectors."""
    size, free, last = 512, 0xFFFFFFFF, 0xFFFFFFFE
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII109I",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        0x3E, 3, 0xFFFE, 9, 6,
        0, 1, 1, 0, 0x1000, last, 0, last, 0,
        0, *[free] * 108,
    )  # fmt: skip
    table = struct.pack("<128I", 0xFFFFFFFD, last, *range(3, 10), last, *[free] * 118)
    root = _entry("Root Entry", kind=5, child=1, start=last, length=0)
    only = _entry(stream, kind=2, child=free, start=2, length=8 * size)
    return header + table + root + only + bytes(256) + content.ljust(8 * size, b"\0")


def _entry(name: str, *, kind: int, child: int, start: int, length: int) -> bytes:
    text = name.encode("utf-16-le")
    none = 0xFFFFFFFF
    return struct.pack(
        "<64sHBBIII36xIQ", text, len(text) + 2, kind, 1, none, none, child, start, length
    )


def xls(number: float) -> bytes:
    """An .xls with one sheet 手続 that has a number in cell B2."""
    start = struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)
    name = "手続".encode("utf-16-le")
    opening = _record(0x0809, start)
    listed = len(opening) + 4 + 8 + len(name) + 4
    sheets = _record(0x0085, struct.pack("<IHBB", listed, 0, 2, 1) + name)
    cell = _record(0x0203, struct.pack("<HHHd", 1, 1, 0, number))
    sheet = _record(0x0809, start[:2] + b"\x10\x00" + start[4:]) + cell + _record(0x000A)
    return compound_file("Workbook", opening + sheets + _record(0x000A) + sheet)


def _record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content
