"""Files that are broken, or made to do harm, and how much it takes to check them."""

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

import xlsxwriter

from tests.project import PROJECT
from tests.survey.conftest import cover, procedures
from tests.survey.files import SHEET_PART, compound_file, ods, with_parts, xlsx

# Nobody waits longer; how fast it is stands in the benchmarks, not in a test.
_PATIENCE_SECONDS = 60
# Run in a process of its own, whose memory is measured as Linux tells it.
_READ = """
import json, re, sys
from pathlib import Path
from time import process_time
from sumida_data.commands.check import Checker
from sumida_data.commands.project import Project

checker = Checker(Project(Path(sys.argv[1])), "FY2022Q3")
start = process_time()
[checked] = checker.check(Path(sys.argv[2]))
print(json.dumps({
    "seconds": process_time() - start,
    "megabytes": int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024,
    "findings": [[one.rule_id, one.place.sheet, one.place.cell] for one in checked.findings],
    "answers": checked.response["answers"],
}))
"""
FORMATTED_ROWS = "".join(
    f'<row r="{row}" spans="1:14" s="1" customFormat="1"/>' for row in range(2, 1_048_577)
)
STRUCK = (
    '<?xml version="1.0" encoding="UTF-16"?><worksheet xmlns='
    '"http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="9">'
    '<c r="H9" t="inlineStr"><is><r><rPr><strike/></rPr><t>12</t></r><r><t>34</t></r></is></c>'
    "</row></sheetData></worksheet>"
)
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "笑">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 50}">' for a, b in zip("abcde", "bcdef", strict=True))
    + ']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1"><c r="A1" t="inlineStr"><is><t>&f;</t></is></c><c t="e"/></row></sheetData>'
    "</worksheet>"
)


class Measured(TypedDict):
    """What came of checking a file, in how many seconds of a processor, with how much memory."""

    seconds: float
    megabytes: float
    findings: list[list[str | None]]
    answers: int


def check(path: Path, content: bytes) -> Measured:
    """Check a file in a process of its own."""
    path.write_bytes(content)
    command = [sys.executable, "-c", _READ, str(PROJECT), str(path)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=_PATIENCE_SECONDS
    )
    measured: Measured = json.loads(done.stdout)
    return measured


def make_good() -> bytes:
    """A return without mistakes but for sheets that are not there."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        for name, rows in (("手続", procedures(["T1", "届出"])), ("表紙", cover())):
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return buffer.getvalue()


def edited(content: bytes, old: str, new: str) -> bytes:
    """The workbook with its first sheet's XML edited."""
    part = zipfile.ZipFile(io.BytesIO(content)).read(SHEET_PART).decode()
    assert old in part
    return with_parts(content, {SHEET_PART: part.replace(old, new)})


def with_false_size(content: bytes, name: str) -> bytes:
    """The zip file with a part that says it is 1,000 bytes long, with the checksum of those."""
    entry = zipfile.ZipFile(io.BytesIO(content)).getinfo(name)
    packed = struct.pack("<III", entry.CRC, entry.compress_size, entry.file_size)
    false = struct.pack("<III", zlib.crc32(b" " * 1000), entry.compress_size, 1000)
    assert packed in content
    return content.replace(packed, false)


def with_locked_part(content: bytes, name: str) -> bytes:
    """The zip file with a part that is said to need a password."""
    locked = bytearray(content)
    listed = content.rindex(name.encode()) - 46
    assert content[listed : listed + 4] == b"PK\x01\x02"
    locked[listed + 8] |= 1
    return bytes(locked)


BROKEN: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "empty": ("F101", lambda _: b""),
    "encrypted xlsx": ("F102", lambda _: compound_file("EncryptedPackage", b"")),
    "encrypted xls": (
        "F102",
        lambda _: compound_file("Workbook", b"\x09\x08\x10\x00" + bytes(16) + b"\x2f\x00\x36\x00"),
    ),
    "encrypted ods": ("F102", lambda _: ods("", manifest="<manifest:encryption-data/>")),
    "web page": ("F103", lambda _: b"\n<html><table><tr><td>1</td></tr></table></html>"),
    "web page with a mark": ("F103", lambda _: "\ufeff<html><table></table></html>".encode()),
    "web page in UTF-16": ("F103", lambda _: "<html><table></table></html>".encode("utf-16")),
    "locked part": ("F104", lambda good: with_locked_part(good, SHEET_PART)),
    "half": ("F104", lambda good: good[: len(good) // 2]),
    "without its end": ("F104", lambda good: good[:-20]),
    "another zip": ("F104", lambda _: ods("")[:60]),
    "picture": ("F104", lambda _: b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    "broken part": ("F104", lambda good: with_parts(good, {SHEET_PART: "<worksheet><sheetData>"})),
    "part in UTF-16 with a struck text": (
        "F104",
        lambda good: with_parts(good, {SHEET_PART: STRUCK.encode("utf-16")}),
    ),
    "entities": ("F104", lambda good: with_parts(good, {SHEET_PART: LAUGHS})),
    "zip bomb": (
        "F105",
        lambda good: with_parts(good, {"xl/sharedStrings.xml": b" " * 200_000_000}),
    ),
    "zip bomb that lies": (
        "F104",
        lambda good: with_false_size(
            with_parts(good, {"xl/sharedStrings.xml": b" " * 400_000_000}), "xl/sharedStrings.xml"
        ),
    ),
    "far cell": (
        "F105",
        lambda good: edited(
            good, "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
        ),
    ),
    "a million values": (
        "F105",
        lambda _: xlsx("".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 1048577))),
    ),
    "repeated cells": (
        "F105",
        lambda _: ods(
            '<table:table-row table:number-rows-repeated="1048576"><table:table-cell'
            ' table:number-columns-repeated="16384" office:value-type="float" office:value="1">'
            "<text:p>1</text:p></table:table-cell></table:table-row>"
        ),
    ),
    "binary csv": ("F104", lambda _: bytes(range(256)) * 100),
}  # fmt: skip
READABLE: dict[str, tuple[list[object], Callable[[bytes], bytes]]] = {
    "macros": ([], lambda good: with_parts(good, {"xl/vbaProject.bin": os.urandom(100_000)})),
    "picture of 50 MB": (
        [],
        lambda good: with_parts(good, {"xl/media/image1.png": os.urandom(50_000_000)}),
    ),
    "a million formatted rows": (
        [],
        lambda good: edited(good, "</sheetData>", FORMATTED_ROWS.replace('"2"', '"3"', 1) + "</sheetData>"),
    ),
    "links to other files": (
        [["F112", None, None]],
        lambda good: with_parts(good, {"xl/externalLinks/externalLink1.xml": "<externalLink/>"}),
    ),
    "error cell": (
        [["F308", "手続", "H2"]],
        lambda good: edited(good, "</row></sheetData>", '<c r="H2" t="e"><v>#REF!</v></c></row></sheetData>'),
    ),
    "formula never calculated": (
        [["F309", "手続", "H2"]],
        lambda good: edited(good, "</row></sheetData>", '<c r="H2"><f>1+1</f></c></row></sheetData>'),
    ),
}  # fmt: skip
