"""What the fast reader of spreadsheets does not tell of a sheet: what a person sees of it.

It gives an empty text for an error cell and for a formula that was never calculated, the stored
number for one that is shown as another, the whole text where a part is struck out; it says nothing
of hidden rows, comments and drawings, and reserves memory for every cell up to the farthest one.
The parts of an .xlsx are therefore searched as bytes, which costs a fraction of reading them, and
only those where something was found are parsed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from struct import unpack_from
from typing import Literal, NamedTuple
from xml.etree.ElementTree import Element, fromstring, iterparse
from zipfile import ZIP_DEFLATED, ZipFile
from zlib import MAX_WBITS, decompress

from xlsxwriter.utility import xl_cell_to_rowcol

from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.findings import Kind
from sumida_data.survey.reading.conditions import Cell, CellRange, Condition, read_rule
from sumida_data.survey.reading.looks import (
    Style,
    TextOddity,
    judge_conditional_style,
    judge_shown,
    plain_text,
    read_conditional_styles,
    read_styles,
    shown_number,
    style_of,
)

# Why a cell is not what it seems. Of the first three no value can be known.
Oddity = Literal[
    "error", "not_calculated", "struck", "partly_struck", "raised", "unseen", "rounded", "manual"
]

# A survey workbook has some ten sheets of some hundred rows; what is larger by far is not one.
MAX_CELLS = 300_000

_FORMULA_WITHOUT_VALUE = re.compile(
    rb"f\b[^>]*+>\s*+<(?:/(?:\w+:)?c>|(?:\w+:)?v\s*/>|(?:\w+:)?v>\s*<)"
)
# A row that is not empty, or a column, that is hidden or has no size.
_HIDDEN = re.compile(
    rb'hidden="(?:1|true)"[^>/]*+>|<(?:\w+:)?col [^>]*hidden="(?:1|true)"'
    rb'| (?:ht|width)="0(?:\.0+)?"'
)
_MAY_BE_HIDDEN = (b'hidden="', b' ht="0', b' width="0')
_SINGLE_QUOTED = re.compile(rb"(?<==)'([^'\"<>]*)'")
_MANUAL = re.compile(rb'calcMode="manual"')
# An element that ends in /> has no content. A cell may leave its place to its row.
_PLACELESS = rb'"[^>/]*+>\s*+<(?:\w+:)?c(?: (?!r=)|>)'
_FAR_PLACE = re.compile(rb'r="(?:[A-Z]{3}|[A-Z]{0,2}\d{5})')
_CELL = re.compile(rb'r="(?:([A-Z]+)(\d+)"[^>/]*+>|(\d+)' + _PLACELESS + rb")")
# In front of a part: a header, in it the lengths of the name and of what else follows it.
_LOCAL_HEADER, _LENGTHS = 30, 26
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_WORKBOOK, _STYLES, _TEXTS = "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml"
_SHEET_PARTS = "xl/worksheets/"
_DRAWING = "xl/drawings/drawing"
_ON = {"1", "true"}
_PLAIN = style_of("", is_struck=False, is_unseen=False)
# Beyond this column hidden ones are the unused rest of a sheet.
_MOST_COLUMNS = 256


@dataclass(slots=True)
class SecondLook:
    """What else there is to know of a sheet; cells are (row, column) counted from 0.

    Attributes:
        oddities: Cells that are not what they seem, and why.
        shown: What a person sees in a cell where another value is stored.
        is_since_1904: Whether its days count from 1904, so that a number is another day.
        hidden: Whether the sheet is.
        hidden_rows: Rows that a person does not see, rows of no height among them.
        hidden_columns: Likewise.
        comments: Cells that have a comment.
        drawings: The cells under text boxes, pictures and the like.
        merged: Merged ranges.
        conditions: What hides or strikes out cells where they say something certain.
    """

    oddities: dict[Cell, Oddity] = field(default_factory=dict)
    shown: dict[Cell, str] = field(default_factory=dict)
    is_since_1904: bool = False
    hidden: bool = False
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    comments: set[Cell] = field(default_factory=set)
    drawings: list[CellRange] = field(default_factory=list)
    merged: list[CellRange] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)


class _Book(NamedTuple):
    """What the sheets of an .xlsx have in common: odd styles, odd texts, how it calculates."""

    styles: dict[int, Style]
    conditional: dict[int, Literal["struck", "unseen"]]
    texts: dict[int, tuple[str, TextOddity]]
    is_manual: bool


def look_into_workbook(archive: ZipFile, content: bytes) -> dict[str, SecondLook] | None:
    """Look for what the fast reader does not tell of the sheets of an .xlsx.

    Returns:
        What was found by name of the sheet, or None if the sheets are kept in another way.

    Raises:
        UnusableFileError: If a cell with content lies so far out that a sheet is too large.
    """
    names = set(archive.namelist())
    parts = [name for name in names if name.startswith(_SHEET_PARTS) and name.endswith(".xml")]
    if not parts or _WORKBOOK not in names:
        return None
    styles = unpack(archive, content, _STYLES) if _STYLES in names else b""
    book = _Book(
        read_styles(styles) if styles else {},
        read_conditional_styles(styles) if b"<dxf>" in styles or b":dxf>" in styles else {},
        _find_odd_texts(unpack(archive, content, _TEXTS)) if _TEXTS in names else {},
        _MANUAL.search(unpack(archive, content, _WORKBOOK)) is not None,
    )
    is_suspect = bool(book.texts) or book.is_manual
    odd_style = _odd_style(tuple(book.styles.items()), tuple(book.conditional))
    suspects = {
        part
        for part in parts
        if _is_suspect(unpack(archive, content, part), odd_style) or is_suspect
    }
    has_objects = any("comments" in name.lower() or _DRAWING in name for name in names)
    looks: dict[str, SecondLook] = {}
    if suspects or has_objects:
        for name, part in sheet_parts(archive):
            look = looks[name] = SecondLook()
            if part in suspects:
                _SheetLook(look, book).read(iterate_elements(archive, part))
            if has_objects:
                _find_objects(archive, part, look)
    return looks


def refuse_large_sheet(rows: int, columns: int) -> None:
    """Refuse a sheet of more cells than any survey has.

    Raises:
        UnusableFileError: If it has.
    """
    if rows * columns > MAX_CELLS:
        raise UnusableFileError(Kind.TOO_LARGE, f"{rows} x {columns}")


def unpack(archive: ZipFile, content: bytes, part: str) -> bytes:
    """Return a part in half the time that the archive takes, without computing its check sum.

    Attributes are given double quotation marks, so that the part can be searched. The sizes that
    the archive states have been found true.

    Raises:
        zlib.error: If the part is damaged.
    """
    info = archive.getinfo(part)
    if info.compress_type != ZIP_DEFLATED:
        xml = archive.read(part)
    else:
        lengths = unpack_from("<HH", content, info.header_offset + _LENGTHS)
        start = info.header_offset + _LOCAL_HEADER + sum(lengths)
        packed = memoryview(content)[start : start + info.compress_size]
        xml = decompress(packed, -MAX_WBITS, info.file_size)
    return _SINGLE_QUOTED.sub(rb'"\1"', xml) if b"='" in xml else xml


def iterate_elements(archive: ZipFile, part: str) -> Iterator[Element]:
    """Yield the elements of an XML part as each of them ends."""
    with archive.open(part) as stream:
        # Expat refuses entities that grow, and the size of a part is limited.
        for _, element in iterparse(stream):  # noqa: S314
            yield element


def _find_odd_texts(xml: bytes) -> dict[int, tuple[str, TextOddity]]:
    """Return the shared texts that are not all plainly there, by number."""
    if b"strike" not in xml and b"vertAlign" not in xml:
        return {}
    texts = enumerate(fromstring(xml).iterfind("{*}si"))  # noqa: S314
    judged = ((number, *plain_text(text)) for number, text in texts)
    return {number: (shown, oddity) for number, shown, oddity in judged if oddity}


@lru_cache(maxsize=64)
def _odd_style(
    styles: tuple[tuple[int, Style], ...], conditional: tuple[int, ...]
) -> re.Pattern[bytes] | None:
    """Return what finds cells whose style may show another content than is stored."""
    odd = [b"%d" % number for number, one in styles if one.oddity or one.is_telling]
    rounding = [b"%d" % number for number, one in styles if not one.oddity and not one.is_telling]
    wanted = [b's="(?:%s)"[^>/]*>' % b"|".join(odd)] * bool(odd)
    wanted += [b'dxfId="%d"' % number for number in conditional] + [rb"<(?:\w+:)?dxf>"]
    if rounding:
        value = rb"[^>/]*>(?:<(?:\w+:)?f\b[^<]*</(?:\w+:)?f>)?<(?:\w+:)?v>-?[0-9]+[.eE]"
        wanted.append(b's="(?:%s)"%s' % (b"|".join(rounding), value))
    return re.compile(b"|".join(wanted)) if wanted else None


def _is_suspect(xml: bytes, odd_style: re.Pattern[bytes] | None) -> bool:
    if _FAR_PLACE.search(xml):
        _refuse_far_cells(xml)
    return (
        b't="e"' in xml
        or (any(word in xml for word in _MAY_BE_HIDDEN) and _HIDDEN.search(xml) is not None)
        or _FORMULA_WITHOUT_VALUE.search(xml) is not None
        or (odd_style is not None and odd_style.search(xml) is not None)
        or (b"inlineStr" in xml and (b"strike" in xml or b"vertAlign" in xml))
        or xml.startswith(_UTF_16)
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
    targets = dict(_relations(archive, "xl/_rels/workbook.xml.rels"))
    for sheet in _elements(archive, _WORKBOOK, "sheet"):
        # Strict Open XML has another namespace.
        id_ = next((value for name, value in sheet.items() if name.endswith("}id")), "")
        yield sheet.get("name", ""), _absolute(targets.get(id_, ""), "xl")


def _absolute(target: str, folder: str) -> str:
    if target.startswith("/"):
        return target.lstrip("/")
    while target.startswith("../"):
        target, folder = target.removeprefix("../"), folder.rpartition("/")[0]
    return f"{folder}/{target}"


def _elements(archive: ZipFile, part: str, name: str) -> Iterator[Element]:
    return (one for one in iterate_elements(archive, part) if one.tag.endswith(f"}}{name}"))


def _relations(archive: ZipFile, part: str) -> Iterator[tuple[str, str]]:
    for relation in _elements(archive, part, "Relationship"):
        yield relation.get("Id", ""), relation.get("Target", "")


class _SheetLook(NamedTuple):
    """Looks at the elements of one sheet of an .xlsx."""

    look: SecondLook
    book: _Book

    def read(self, elements: Iterator[Element]) -> None:
        number = -1
        for element in elements:
            if element.tag.endswith("}row"):
                number = int(element.get("r", number + 2)) - 1
                if _is_hidden(element, "ht"):
                    self.look.hidden_rows.add(number)
                self._read_row(number, element)
                element.clear()
            elif element.tag.endswith("}col") and _is_hidden(element, "width"):
                last = min(int(element.get("max", 1)), _MOST_COLUMNS)
                self.look.hidden_columns.update(range(int(element.get("min", 1)) - 1, last))
            elif element.tag.endswith("}conditionalFormatting"):
                self._read_conditions(element)

    def _read_conditions(self, element: Element) -> None:
        places = element.get("sqref") or element.findtext("{*}sqref") or ""
        for rule in element.iterfind("{*}cfRule"):
            style, number = rule.find("{*}dxf"), int(rule.get("dxfId", -1))
            known = self.book.conditional.get(number)
            oddity = known if style is None else judge_conditional_style(style)
            self.look.conditions += read_rule(rule, places, oddity)

    def _read_row(self, number: int, row: Element) -> None:
        column = -1
        for cell in row.iterfind("{*}c"):
            address = cell.get("r")
            column = column_number(address.rstrip("0123456789")) if address else column + 1
            oddity, shown = self._look_at(cell)
            if oddity:
                self.look.oddities[number, column] = oddity
            if shown is not None:
                self.look.shown[number, column] = shown

    def _look_at(self, cell: Element) -> tuple[Oddity | None, str | None]:
        kind, value = cell.get("t", "n"), cell.findtext("{*}v")
        formula, inline = cell.find("{*}f"), cell.find("{*}is")
        if kind == "e":
            return "error", None
        if formula is not None and not value:
            return None if kind == "str" and value is not None else "not_calculated", None
        if not value and inline is None:
            return None, None
        style = self.book.styles.get(int(cell.get("s", 0)), _PLAIN)
        if style.oddity == "struck":
            return "struck", None
        oddity, shown = self._judge_content(kind, value or "", inline, style)
        manual: Oddity | None = "manual" if self.book.is_manual and formula is not None else None
        return oddity or style.oddity or manual, shown

    def _judge_content(
        self, kind: str, value: str, inline: Element | None, style: Style
    ) -> tuple[Oddity | None, str | None]:
        if kind == "s":
            shown, oddity = self.book.texts.get(int(value), ("", None))
            return oddity, shown if oddity else None
        if inline is not None:
            shown, oddity = plain_text(inline)
            return oddity, shown if oddity else None
        if kind != "n" or not style.number_format:
            return None, None
        return judge_shown(float(value), shown_number(float(value), style.number_format))


def _is_hidden(element: Element, size: str) -> bool:
    return element.get("hidden") in _ON or float(element.get(size, 1)) == 0


def _find_objects(archive: ZipFile, part: str, look: SecondLook) -> None:
    """Find the comments and drawings of a sheet."""
    folder, _, name = part.rpartition("/")
    relations, names = f"{folder}/_rels/{name}.rels", set(archive.namelist())
    if relations not in names:
        return
    for found in {
        _absolute(target, folder) for _, target in _relations(archive, relations)
    } & names:
        if "comments" in found.lower():
            comments = _elements(archive, found, "comment")
            look.comments.update(xl_cell_to_rowcol(one.get("ref", "A1")) for one in comments)
        elif _DRAWING in found:
            anchors = iterate_elements(archive, found)
            look.drawings += [_corners(one) for one in anchors if one.tag.endswith("CellAnchor")]


def _corners(anchor: Element) -> CellRange:
    first, last = (_corner(anchor, "from"), _corner(anchor, "to"))
    return first, max(first, last)


def _corner(anchor: Element, end: str) -> Cell:
    row, column = (anchor.findtext(f"{{*}}{end}/{{*}}{name}") or -1 for name in ("row", "col"))
    return int(row), int(column)


@lru_cache(maxsize=1024)
def column_number(letters: str) -> int:
    """Return the number of a column, counted from 0, such as 27 for AB; -1 without letters."""
    number: int = xl_cell_to_rowcol(f"{letters}1")[1] if letters else -1
    return number
