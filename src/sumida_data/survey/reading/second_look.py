"""What the fast reader of spreadsheets leaves out of a sheet: what a person sees of it.

It gives an empty text for errors and formulas without a value, the stored number for one that is
shown as another, the whole text where a part is struck out; it says nothing of hidden rows, notes
or drawings, and reserves memory for every cell up to the farthest one. An .xlsx is therefore
searched as bytes, which costs little, and parsed only where something was found.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from posixpath import join, normpath, split
from struct import pack, unpack_from
from typing import NamedTuple
from xml.etree.ElementTree import Element, fromstring, iterparse
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo
from zlib import MAX_WBITS, crc32, decompress

from xlsxwriter.utility import xl_cell_to_rowcol

from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.findings import Kind
from sumida_data.survey.reading.looks import (
    Cell,
    CellRange,
    Condition,
    Style,
    judge_text,
    read_conditions,
    read_styles,
    style_of,
)

# A survey workbook has some ten sheets of some hundred rows; what is larger by far is not one.
MAX_CELLS = 300_000

_FORMULA_WITHOUT_VALUE = re.compile(
    rb"f\b[^>]*+>\s*+<(?:/(?:\w+:)?c>|(?:\w+:)?v\s*/>|(?:\w+:)?v>\s*<)"
)
# A row that is not empty, or a column, that is hidden or has next to no size.
_HIDDEN = re.compile(
    rb'hidden="(?:1|true)"[^>/]*+>|<(?:\w+:)?col [^>]*hidden="(?:1|true)"'
    rb'| (?:ht="[0-3]|width="0)[."]'
)
# Where parts of a text have a style of their own.
_RICH = b"rPr"
# What has none of these hides nothing; what begins with one rare letter is found faster.
_MAY_BE_HIDDEN = re.compile(rb'h(?:idden="|(?<= h)t="[0-3][."])')
# The least height in points and width in letters that a person sees.
_LEAST = {"ht": 4, "width": 1}
# Lines around the printed page that may say something of the answers.
_RELEVANT_MARGIN = re.compile(
    "(?:Header|Footer)>[^<]*(?:前|昨|旧|案|下書|参考|千|速報|暫定|作成中|対象外)".encode()
)
_BETWEEN_MARGINS = re.compile("&[LCR]")
_SINGLE_QUOTED = re.compile(rb"(?<==)'([^'\"<>]*)'")
_MANUAL = re.compile(rb'calcMode="manual"')
# An element that ends in /> has no content. A cell may leave its place to its row.
_PLACELESS = rb'"[^>/]*+>\s*+<(?:\w+:)?c(?: (?!r=)|>)'
_FAR_PLACE = re.compile(rb'r="[A-Z]?+[A-Z]?+(?:[A-Z]|\d{5})')
_CELL = re.compile(rb'r="(?:([A-Z]+)(\d+)"[^>/]*+>|(\d+)' + _PLACELESS + rb")")
# In front of a part: a header, in it the lengths of the name and of what else follows it.
_LOCAL_HEADER, _LENGTHS = 30, 26
_ABOUT, _UTF_8, _LOCKED = "<5H3L2H", 0x800, 1
# Pictures are never unpacked.
UNPACKED = (".xml", ".bin", ".rels")
# What is packed in so many bytes takes little room unpacked.
_SMALL = 4096
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
WORKBOOK, _STYLES, _TEXTS = "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml"
_SHEETS = "xl/worksheets/"
_DRAWING = "xl/drawings/drawing"
_OBJECTS = ("comments", "vmldrawing", _DRAWING)
# Check boxes and buttons of the old kind; they need not be well-formed. Notes are left out.
_CONTROL = re.compile(rb'ObjectType="(?!Note)[^>]*>.*?Anchor>\s*([0-9,\s]+)<', re.DOTALL)
_ON, _OFF = {"1", "true"}, {"0", "false"}
_PLAIN = style_of("", is_struck=False, is_unseen=False)
# Beyond this column hidden ones are the unused rest of a sheet.
_MOST_COLUMNS = 256
# A usual cell in the units in which drawings are measured that are not tied to two cells.
_ROW_HEIGHT, _COLUMN_WIDTH = 190_500, 609_600


@dataclass(slots=True)
class SecondLook:
    """What else there is to know of a sheet; cells are (row, column) counted from 0.

    Shown is what a person sees where another value is stored, drawn what drawings say; the
    conditions hide or strike out cells where they say something certain. Where days count from
    1904, a number is another day.
    """

    oddities: dict[Cell, Kind] = field(default_factory=dict)
    shown: dict[Cell, str] = field(default_factory=dict)
    is_since_1904: bool = False
    hidden: bool = False
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    comments: set[Cell] = field(default_factory=set)
    drawings: list[CellRange] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    merged: list[CellRange] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)


class Parts:
    """The parts of an .xlsx, each unpacked once for both readers."""

    def __init__(self, archive: ZipFile, content: bytes) -> None:
        self.archive, self.content = archive, content
        self.infos = archive.NameToInfo
        self._unpacked: dict[str, bytes] = {}

    def __getitem__(self, name: str) -> bytes:
        """Return a part in half the time that the archive takes; nothing if it is not there.

        Its check sum is left to the other reader. Its attributes get double quotation marks, so
        that it can be searched.
        """
        if name not in self.infos:
            return b""
        info = self.infos[name]
        if info.compress_type == ZIP_DEFLATED:
            packed = self._packed(info)
            inflate = _inflate if len(packed) > _SMALL else _inflate_once
            xml = inflate(packed, info.file_size)
        else:
            xml = self.archive.read(name)
        self._unpacked[name] = xml
        # Few parts have such a mark anywhere, and a single character is found faster.
        return _SINGLE_QUOTED.sub(rb'"\1"', xml) if b"'" in xml and b"='" in xml else xml

    def _packed(self, info: ZipInfo) -> bytes:
        lengths = unpack_from("<HH", self.content, info.header_offset + _LENGTHS)
        start = info.header_offset + _LOCAL_HEADER + sum(lengths)
        return self.content[start : start + info.compress_size]

    def replace(self, name: str, xml: bytes) -> None:
        """Put another part in place of one."""
        self._unpacked[name], self.infos[name].CRC = xml, crc32(xml)

    def join(self) -> bytes:
        """Return an archive of the parts as far as they are unpacked, without pictures."""
        files, entries, place = list[bytes](), list[bytes](), 0
        for name, info in self.infos.items():
            if not name.endswith(UNPACKED):
                continue
            plain, named = self._unpacked.get(name), name.encode()
            data = self._packed(info) if plain is None else plain
            method, size = (info.compress_type, info.file_size) if plain is None else (0, len(data))
            flags = _UTF_8 | info.flag_bits & _LOCKED
            about = pack(_ABOUT, 20, flags, method, 0, 0, info.CRC, len(data), size, len(named), 0)
            files += (b"PK\3\4", about, named, data)
            entries += (b"PK\1\2\x14\0", about, pack("<3H2L", 0, 0, 0, 0, place), named)
            place += _LOCAL_HEADER + len(named) + len(data)
        directory, count = b"".join(entries), len(files) // 4
        end = pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), place, 0)
        return b"".join((*files, directory, end))


def look_into_workbook(parts: Parts) -> dict[str, SecondLook] | None:
    """Look into the sheets of an .xlsx; None if they are kept elsewhere.

    Raises an UnusableFileError if a cell with content is so far out that a sheet is too large.
    """
    archive, names = parts.archive, parts.infos
    sheets = [name for name in names if name.startswith(_SHEETS) and name.endswith(".xml")]
    if not sheets or not (book := parts[WORKBOOK]):
        return None
    known = _read_book(parts, book)
    suspects = _find_suspects(parts, sheets, known)
    has_objects = any(map(" ".join(names).lower().__contains__, _OBJECTS))
    looks: dict[str, SecondLook] = {}
    for name, part in sheet_parts(archive) if suspects or has_objects else ():
        look = looks[name] = SecondLook()
        if part in suspects:
            _SheetLook(look, known).read(iterate_elements(archive, part))
        _find_objects(archive, part, look)
    return looks


class _Book(NamedTuple):
    styles: dict[int, Style]
    given: dict[int, Kind]
    odd_style: re.Pattern[bytes] | None
    texts: dict[int, tuple[Kind | None, str | None]]
    is_manual: bool


def _read_book(parts: Parts, book: bytes) -> _Book:
    words, texts = parts[_TEXTS], {}
    if _RICH in words or b"_x00" in words:
        listed = fromstring(words).iterfind("{*}si")  # noqa: S314
        judged = enumerate(map(judge_text, listed))
        texts = {number: found for number, found in judged if any(found)}
    return _Book(*read_styles(parts[_STYLES]), texts, _MANUAL.search(book) is not None)


def _find_objects(archive: ZipFile, part: str, look: SecondLook) -> None:
    for target in {*_targets(archive, part).values()}.intersection(archive.namelist()):
        if "comments" in target.lower():
            comments = _elements(archive, target, "}comment")
            look.comments.update(xl_cell_to_rowcol(one.get("ref", "A1")) for one in comments)
        elif "vmldrawing" in target.lower():
            for anchor in _CONTROL.findall(archive.read(target)):
                left, _, top, _, right, _, bottom, *_ = map(int, anchor.split(b","))
                look.drawings.append(((top, left), (bottom, right)))
        elif _DRAWING in target:
            for anchor in _elements(archive, target, "Anchor"):
                look.drawings.append(_corners(anchor))
                texts = (one.text or "" for one in anchor.iterfind(".//{*}t"))
                look.drawn.append("".join(texts))


def refuse_large_sheet(rows: int, columns: int) -> None:
    """Refuse a sheet of more cells than any survey has, with an UnusableFileError."""
    if rows * columns > MAX_CELLS:
        raise UnusableFileError(Kind.TOO_LARGE, f"{rows} x {columns}")


def _inflate(packed: bytes, size: int) -> bytes:
    return decompress(packed, -MAX_WBITS, size)


# Forms that were handed out together have some parts in common, such as that of styles.
_inflate_once = lru_cache(maxsize=32)(_inflate)


def iterate_elements(archive: ZipFile, part: str) -> Iterator[Element]:
    """Yield the elements of an XML part as each of them ends."""
    with archive.open(part) as stream:
        # Expat refuses entities that grow, and the size of a part is limited.
        for _, element in iterparse(stream):  # noqa: S314
            yield element


def _find_suspects(parts: Parts, sheets: list[str], book: _Book) -> Collection[str]:
    # Each is unpacked, because one with cells too far out makes the file unusable.
    found = {name for name in sheets if _is_suspect(parts[name], book.odd_style)}
    return sheets if book.texts or book.is_manual else found


def _is_suspect(xml: bytes, odd_style: re.Pattern[bytes] | None) -> bool:
    if _FAR_PLACE.search(xml):
        _refuse_far_cells(xml)
    head = xml[: xml.find(b"sheetData")]
    if xml.startswith(_UTF_16) or b"showZeros" in head:
        return True
    after = xml[xml.rfind(b"sheetData>") :]
    if b"dxf>" in after or b'showValue="0"' in after or _RELEVANT_MARGIN.search(after):
        return True
    may_be_hidden = _MAY_BE_HIDDEN.search(xml) or b' width="0' in head
    return _has_odd_cells(xml, odd_style) or bool(may_be_hidden and _HIDDEN.search(xml))


def _has_odd_cells(xml: bytes, odd_style: re.Pattern[bytes] | None) -> bool:
    return bool(
        b't="e"' in xml
        or _FORMULA_WITHOUT_VALUE.search(xml)
        or (odd_style and odd_style.search(xml))
        or (b"inlineStr" in xml and _RICH in xml)
    )


def _refuse_far_cells(xml: bytes) -> None:
    rows = columns = 1
    for match in _CELL.finditer(xml):
        letters, row, placeless_row = match.groups(b"")
        rows = max(rows, int(row or placeless_row))
        columns = max(columns, column_number(letters.decode()) + 1)
        refuse_large_sheet(rows, columns)


def sheet_parts(archive: ZipFile) -> Iterator[tuple[str, str]]:
    """Yield the name of each sheet of an .xlsx and the part that holds it."""
    targets = _targets(archive, WORKBOOK)
    for sheet in _elements(archive, WORKBOOK, "}sheet"):
        # Strict Open XML has another namespace.
        id_ = next((value for name, value in sheet.items() if name.endswith("}id")), "")
        yield sheet.get("name", ""), targets.get(id_, "")


def _elements(archive: ZipFile, part: str, ending: str) -> Iterator[Element]:
    return (one for one in iterate_elements(archive, part) if one.tag.endswith(ending))


def _targets(archive: ZipFile, part: str) -> dict[str, str]:
    """Return the parts to which a part refers, by the ids that it has for them."""
    folder, name = split(part)
    relations = f"{folder}/_rels/{name}.rels"
    if relations not in archive.namelist():
        return {}
    return {
        one.get("Id", ""): normpath(join("/", folder, one.get("Target", ""))).lstrip("/")
        for one in _elements(archive, relations, "}Relationship")
    }


class _SheetLook(NamedTuple):
    look: SecondLook
    book: _Book

    def read(self, elements: Iterator[Element]) -> None:
        number, hides_zero = -1, False
        for element in elements:
            if element.tag.endswith("}row"):
                number = int(element.get("r", number + 2)) - 1
                if _is_hidden(element, "ht"):
                    self.look.hidden_rows.add(number)
                self._read_row(number, element, hides_zero=hides_zero)
                element.clear()
            elif element.tag.endswith("}sheetView"):
                hides_zero = element.get("showZeros") in _OFF
            elif element.tag.endswith("}col") and _is_hidden(element, "width"):
                last = min(int(element.get("max", 1)), _MOST_COLUMNS)
                self.look.hidden_columns.update(range(int(element.get("min", 1)) - 1, last))
            elif element.tag.endswith(("Header", "Footer")):
                self.look.drawn += _BETWEEN_MARGINS.split(element.text or "")
            elif element.tag.endswith("}conditionalFormatting"):
                self.look.conditions += read_conditions(element, self.book.given)

    def _read_row(self, number: int, row: Element, *, hides_zero: bool) -> None:
        column = -1
        for cell in row.iterfind("{*}c"):
            address = cell.get("r")
            column = column_number(address.rstrip("0123456789")) if address else column + 1
            oddity, shown = self._look_at(cell, hides_zero=hides_zero)
            if oddity:
                self.look.oddities[number, column] = oddity
            if shown is not None:
                self.look.shown[number, column] = shown

    def _look_at(self, cell: Element, *, hides_zero: bool) -> tuple[Kind | None, str | None]:
        kind, value = cell.get("t", "n"), cell.findtext("{*}v", "")
        formula, inline = cell.find("{*}f"), cell.find("{*}is")
        if kind == "e":
            return Kind.ERROR_CELL, None
        if not value and inline is None:
            is_text = kind == "str" and cell.find("{*}v") is not None
            return Kind.NOT_CALCULATED if formula is not None and not is_text else None, None
        oddity, shown = self._judge_seen(cell, value, inline, hides_zero=hides_zero)
        if not oddity and self.book.is_manual and formula is not None:
            oddity = Kind.MANUAL_CALCULATION
        return oddity, shown

    def _judge_seen(
        self, cell: Element, value: str, inline: Element | None, *, hides_zero: bool
    ) -> tuple[Kind | None, str | None]:
        kind, style = cell.get("t", "n"), self.book.styles.get(int(cell.get("s", 0)), _PLAIN)
        if style.oddity == Kind.STRUCK_CELL:
            return style.oddity, None
        if inline is not None:
            oddity, shown = judge_text(inline)
        elif kind == "n":
            oddity, shown = style.judge(float(value), hides_zero=hides_zero)
        else:
            number = int(value) if kind == "s" else -1
            oddity, shown = self.book.texts.get(number, (None, None))
        of_texts = None if kind == "n" else style.of_texts
        return oddity or style.oddity or of_texts, shown


def _is_hidden(element: Element, size: str) -> bool:
    return element.get("hidden") in _ON or float(element.get(size, _LEAST[size])) < _LEAST[size]


def _corners(anchor: Element) -> CellRange:
    first, last = (
        tuple(int(anchor.findtext(f"{{*}}{end}/{{*}}{name}") or -1) for name in ("row", "col"))
        for end in ("from", "to")
    )
    place, size = anchor.find("{*}pos"), anchor.find("{*}ext")
    if place is not None:
        first = usual_cell(int(place.get("y", 0)), int(place.get("x", 0)))
    if size is not None:
        rows, columns = usual_cell(int(size.get("cy", 0)), int(size.get("cx", 0)))
        last = first[0] + rows, first[1] + columns
    return (first[0], first[1]), (max(first, last)[0], max(first, last)[1])


def usual_cell(down: float, right: float) -> Cell:
    """Return the cell at a point, 360,000 to the centimetre, were all cells of usual size."""
    return int(down // _ROW_HEIGHT), int(right // _COLUMN_WIDTH)


@lru_cache(maxsize=1024)
def column_number(letters: str) -> int:
    """Return the number of a column, counted from 0, such as 27 for AB; -1 without letters."""
    number: int = xl_cell_to_rowcol(f"{letters}1")[1] if letters else -1
    return number
