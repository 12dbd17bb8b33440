"""Files as the thirty rules look at them, and the rules; ``rules.csv`` has them in words."""

import io
import json
import re
import unicodedata
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from itertools import chain, groupby, pairwise, repeat, zip_longest
from typing import Any, Final
from xml.etree.ElementTree import Element, fromstring
from zipfile import BadZipFile, ZipFile

import pyarrow as pa
import pyarrow.parquet as pq

from sumida_data.base.characters import find_dependent
from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.reading.layout import cell_address
from sumida_data.survey.reading.looks import Cell
from sumida_data.survey.reading.second_look import SecondLook, column_number, sheet_parts
from sumida_data.survey.reading.workbook import open_workbook, split_csv

Cells = Sequence[Any]
Described = Mapping[str, Any]

# White space alone is something to see, and so is a zero.
_BLANK = (None, "")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
# The widest of the first rows is the one with the headings.
_HEADER_SEARCH_ROWS = 15
_CELL = re.compile(rb'<c r="([A-Z]+)(\d+)"(?: s="(\d+)")?[^>]*?(?:/>|>(.*?)</c>)', re.DOTALL)
_OBJECTS = re.compile(r"xl/(?:media|charts|embeddings|drawings/drawing|diagrams)")
_STYLES = "xl/styles.xml"
_BLACK = {"theme": "1", "rgb": "FF000000"}
# What can be read as a table without a program of one maker.
_FORMATS = {"xlsx", "csv", "json", "xml", "ods", "parquet"}
_WORKBOOKS = {"xlsx", "ods", "xls"}
_REMARK = re.compile(r"^\s*[(（【]?(?:※|\*|注[)）:：\s]|注$|出典|資料[:：]|単位[:：]|備考[:：])")
_NO_MEANING = re.compile(r"[\d\W_]*|(?:列|column|unnamed:?|field|項目|f|v)[\s_]*\d+", re.IGNORECASE)
_LAYOUT = re.compile(r"^\s|\s$|[\n\r\t]|[ \u3000]{2,}|^\S(?:[ \u3000]\S)+$")
_TWO_NUMBERS = re.compile(
    r"(?!\d{4}[/-]\d{1,2}(?:[/-]\d{1,2})?$)(?!\d{4}-\d{4}$)"
    r"[\d,.]*\d\s*(?:[^\d\s]{0,2}\s*[/／、;；・]\s*|\s*[(（]\s*(?:うち|内)?)[\d,.]*\d\S{0,2}[)）]?"
)
_SEPARATORS = re.compile(r"[、，,;；/／・\n ]+")
_NUMBER_LIKE = re.compile(r"[約延べ△▲±¥￥\-+]*\s*[\d０-９][\d０-９,，.．]*\s*\D{0,6}(?:[(（※].*)?")
_SYMBOL = re.compile(r"[-－ー―‐–—…‥.・*＊xXχ△▲＃#?？]+|該当なし|なし|不明|秘匿|N/?A", re.IGNORECASE)
_DITTO = {"同上", "同左", "〃", "″", "”", "々", "上に同じ", "以下同じ", "同"}
_CODE_HEADER = re.compile(r"コード|番号|年月|年度|日付|code|_id$|^id$|^no\.?$", re.IGNORECASE)
_OTHER = re.compile(r"その他\s*[(（:：、,・].+")
_MOSTLY, _FEW_CHOICES, _LONGEST_CHOICE, _WIDE = 0.6, 20, 15, 3
_TIME_WORD = re.compile(r"年|月|期|FY|Q\d|[HRS]\d|四半期", re.IGNORECASE)
_AREA = re.compile(r"^.{1,6}[都道府県市区町村]$")
_DIGITS = re.compile(r"[\d０-９元]+")
_WORD = re.compile(r"\D{2,}")
_CODE_TABLE = re.compile(r"コード表|コード一覧|選択肢|凡例|code", re.IGNORECASE)
_CODED = re.compile(r"区分|種別|コード|フラグ|状況|分類|code|type|status", re.IGNORECASE)
_SHORT_CODE = re.compile(r"[A-Za-z0-9]{1,3}")
_UNIT = re.compile(
    r"[(（\[【][^)）\]】]+[)）\]】]|[件人枚回台戸数額率]数?$|割合|金額|件数|人数|単位|年度?$|緯度|経度"
)
_TIME_HEADER = re.compile(
    "(?i)年月日?|日付|日$|時点|年度|期間|四半期|年$|日時|(?:^|_)(?:on|date|day|period|month|year|as_of)$"
)
_TIME_FORMS = [
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])",
    r"\d{4}-(?:0[1-9]|1[0-2])",
    r"\d{4}(?:\.0)?",
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?",
    r"\d{4}-\d\d-\d\d/\d{4}-\d\d-\d\d",
    r"[MTSHR]\d\d\.\d\d\.\d\d",
    r"\d{4}年度",
    r"\d{4}年?[(（](?:明治|大正|昭和|平成|令和)(?:\d+|元)年度?[)）]",
    r"\d{10}",
    r"[1-4](?:\.0)?",
]
# A quarter of a Japanese fiscal year has no form in ISO 8601; where it is described, it is a code.
_DESCRIBED_QUARTER = r"FY\d{4}Q[1-4]"
_AREA_CODE = re.compile(
    r"(?:全国地方公共団体|団体|市区町村|地域|都道府県)コード|^(?:municipality|area|region)_code$"
)
_AREA_NAME = re.compile(
    r"都道府県名|市区町村名|地方公共団体名|自治体名|団体名|^(?:municipality|prefecture|area)_name$"
)
_OFFICIAL_NAME = re.compile(r".+[都道府県市区町村]|全国|全国計")
_PHYSICAL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class FileColumn:
    """A column of a grid below its heading.

    Attributes:
        note: The field that describes it, found by its name, or its title and unit; or empty.
        filled: Its cells that are not blank, by row; others are there up to ``end``.
        distinct: Its values but blank ones, each with the row where it is first.
        words: Those of its values that are texts.
    """

    def __init__(self, grid: "Grid", number: int, heading: str, cells: Cells) -> None:
        """Look for what is said of the column, and for what is in it."""
        self.grid, self.number, self.heading, self.header = grid, number, heading, heading.strip()
        said = grid.file.said
        fields = said.get("sheets", {}).get(grid.name, said.get("schema", {}).get("fields", ()))
        self.note: Described = next((one for one in fields if self.header in _list_names(one)), {})
        # In a workbook, which people read, words replace the codes.
        words = {one["label"] for one in self.note.get("categories", ()) if "sheets" in said}
        self.enum: Collection[str] = words.union(self.note.get("constraints", {}).get("enum", ()))
        first, self.end = grid.header_row + 1, grid.header_row + 1 + len(cells)
        self.filled = {row: one for row, one in enumerate(cells, first) if one not in _BLANK}
        self.distinct: dict[Any, int] = {}
        for row, cell in self.filled.items():
            self.distinct.setdefault(cell, row)
        self.words = {one: row for one, row in self.distinct.items() if isinstance(one, str)}

    @cached_property
    def is_numeric(self) -> bool:
        """Whether it holds numbers: it is said to, or most of its values look like it."""
        if self.note:
            return self.note.get("type") in {"integer", "number"}
        if _CODE_HEADER.search(self.header) or not any(map(_is_number, self.distinct)):
            return False
        texts = [one for one in self.words if _NUMBER_LIKE.fullmatch(one) or _SYMBOL.fullmatch(one)]
        numbers = [one for one in self.distinct if one not in self.words and _is_number(one)]
        return len(texts) + len(numbers) >= _MOSTLY * len(self.distinct)


@dataclass(eq=False)
class Grid:
    """One table of cells: a sheet, or a file without sheets, whose name is then empty."""

    file: "DataFile"
    name: str
    rows: Sequence[Cells]  # without empty ones at the end; like columns, counted from 0
    look: SecondLook = field(default_factory=SecondLook)
    formulas: list[Cell] = field(default_factory=list)
    # How a cell with content differs from a plain one: fill, colour, strike, bold.
    styles: dict[Cell, str] = field(default_factory=dict)

    @cached_property
    def widths(self) -> list[int]:
        """How many cells of each row are filled."""
        return list(map(_count_filled, self.rows))

    @cached_property
    def header_row(self) -> int:
        """The row with the headings: of the first rows, the first that is widest."""
        widths = self.widths[:_HEADER_SEARCH_ROWS]
        return widths.index(max(widths)) if widths else 0

    @cached_property
    def columns(self) -> list[FileColumn]:
        """The columns that hold anything."""
        cells = enumerate(zip_longest(*self.rows[self.header_row :], fillvalue=""))
        columns = (FileColumn(self, n, str_of(heading), below) for n, (heading, *below) in cells)
        return [column for column in columns if column.header or column.filled]

    @property
    def empty_columns(self) -> list[int]:
        """The empty columns between others."""
        used = [column.number for column in self.columns]
        return sorted(set(range(used[0], used[-1])) - set(used)) if used else []

    @property
    def is_data(self) -> bool:
        """Whether it holds data: the other sheets of a described workbook explain it."""
        described = [grid for grid in self.file.grids if any(one.note for one in grid.columns)]
        return self in (described or self.file.grids)


@dataclass(eq=False)
class DataFile:
    """A file to be checked.

    Attributes:
        said: What is said of it outside: a resource of a descriptor, and beside it ``sheets`` (the
            fields by sheet), ``history`` (if changes are listed) and ``previous`` (its bytes as
            they were last published); nothing for a received file.
        form: Its format by its contents, such as csv; empty if it is no table.
        objects: How many pictures, charts, comments and other things that are no cells it has.
    """

    name: str
    said: Described
    form: str = ""
    grids: list[Grid] = field(default_factory=list)
    objects: int = 0
    byte_order_mark: bool = False
    encoding: str = ""

    @cached_property
    def legend(self) -> set[str]:
        """What is on the sheets that say what symbols mean."""
        legends = (grid.rows for grid in self.grids if re.search("凡例|記号|注", grid.name))
        return {str_of(cell).strip() for rows in legends for row in rows for cell in row}


def _list_names(field: Described) -> tuple[str, ...]:
    title = field.get("title", "")
    return field["name"], title, f"{title}({field.get('sumida:unit', '')})"


def _count_filled(row: Cells) -> int:
    return len(row) - sum(map(row.count, _BLANK))


def _is_number(cell: Any) -> bool:
    """Tell whether a cell holds a number, or in a text file the digits of one."""
    if isinstance(cell, str):
        return _NUMBER.fullmatch(cell) is not None
    return isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool)


def str_of(cell: Any) -> str:
    """Return a cell as text."""
    if isinstance(cell, datetime) and cell.timetz() == time.min:
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def read_file(name: str, content: bytes, said: Described | None = None) -> DataFile:
    """Read a file for checking, with what is said of it; what is no table has no grid."""
    file = DataFile(name, said or {})
    ending = name.rpartition(".")[2].lower()
    try:
        if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            _read_spreadsheet(file, content)
        elif content.startswith(b"PAR1"):
            file.form, file.grids = "parquet", [Grid(file, "", _read_parquet(content))]
        elif ending == "json":
            file.form, file.grids = "json", [Grid(file, "", _read_json(content))]
        elif ending == "csv" and content.lstrip()[:1] != b"<":
            _read_csv(file, content)
    except (UnusableFileError, BadZipFile, pa.ArrowInvalid, ValueError, KeyError):
        file.form, file.grids = "", []
    return file


def _read_parquet(content: bytes) -> list[Cells]:
    data = pq.read_table(io.BytesIO(content))
    values = zip(*(column.to_pylist() for column in data.columns), strict=True)
    return [data.column_names, *values]


def _read_json(content: bytes) -> list[Cells]:
    records = json.loads(content)
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise ValueError("no list of records")
    names = list(dict.fromkeys(chain.from_iterable(records)))
    return [names, *([record.get(name) for name in names] for record in records)]


def _read_csv(file: DataFile, content: bytes) -> None:
    file.byte_order_mark = content.startswith(BOM_UTF8)
    try:
        text, file.encoding = content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        text, file.encoding = content.decode("cp932"), "cp932"
    rows = _trim(split_csv(text))
    if not rows or "\0" in text:
        raise ValueError("nothing, or UTF-16, which CP932 happens to take for text")
    file.form, file.grids = "csv", [Grid(file, "", rows)]


def _trim(rows: Iterable[Cells]) -> list[Cells]:
    kept = list(rows)
    while kept and not _count_filled(kept[-1]):
        kept.pop()
    return kept


def _read_spreadsheet(file: DataFile, content: bytes) -> None:
    sheets = open_workbook(content, file.name).sheets
    grids = {one.name: Grid(file, one.name, _trim(one.rows), one.look) for one in sheets}
    file.form, file.grids = "xls", list(grids.values())
    file.objects = sum(len(sheet.look.comments) for sheet in sheets)
    if content.startswith(b"PK"):
        with ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            file.form = "xlsx" if "xl/workbook.xml" in names else "ods"
            file.objects += sum("_rels" not in one for one in names if _OBJECTS.match(one))
            styles = _read_styles(archive)
            for name, part in sheet_parts(archive) if file.form == "xlsx" else ():
                # A sheet of its own for a chart has no cells.
                if name in grids:
                    _add_formulas_and_styles(grids[name], archive.read(part), styles)


def _add_formulas_and_styles(grid: Grid, part: bytes, styles: Sequence[str]) -> None:
    for letters, digits, style, inner in _CELL.findall(part):
        cell = (int(digits) - 1, column_number(letters.decode()))
        if b"<f" in inner:
            grid.formulas.append(cell)
        if inner and int(style or 0) < len(styles):
            grid.styles[cell] = styles[int(style or 0)]


def _read_styles(archive: ZipFile) -> list[str]:
    """Return for each cell style what a reader might take for a meaning; empty for a plain one."""
    if _STYLES not in archive.namelist():
        return []
    root = fromstring(archive.read(_STYLES))  # noqa: S314  # of a size that was checked
    fonts = list(map(_describe_font, root.iterfind("{*}fonts/*")))
    fills = list(map(_describe_fill, root.iterfind("{*}fills/*")))
    used = [
        (int(style.get("fontId", 0)), int(style.get("fillId", 0)))
        for style in root.iterfind("{*}cellXfs/*")
    ]
    return ["".join([*fonts[font:][:1], *fills[fill:][:1]]) for font, fill in used]


def _describe_font(font: Element) -> str:
    marks = [name for name in ("b", "strike", "i", "u") if font.find(f"{{*}}{name}") is not None]
    colour = font.find("{*}color")
    said = () if colour is None else colour.items()
    return " ".join([*marks, *(f"{k}{v}" for k, v in said if v != _BLACK.get(k, v))])


def _describe_fill(fill: Element) -> str:
    pattern = fill.find("{*}patternFill")
    if pattern is None or pattern.get("patternType", "none") in {"none", "gray125"}:
        return ""
    colour = pattern.find("{*}fgColor")
    return " fill" if colour is None else f" {sorted(colour.items())}"


# Sheet and cell where a rule is broken, without any text of the file; empty: the whole is meant.
Place = tuple[str, str]
Check = Callable[[DataFile], Iterable[Place]]
_WHOLE: Place = ("", "")


def _of_sheets(find: Callable[[Grid], Iterable[Cell | None]]) -> Check:
    """Make a check of one that yields cells of a sheet, or None for the whole of it."""
    return lambda file: (
        (grid.name, cell_address(*cell) if cell else "")
        for grid in file.grids
        for cell in find(grid)
    )


def _of_columns(find: Callable[[FileColumn], Iterable[int]]) -> Check:
    return _of_sheets(lambda grid: [(row, one.number) for one in grid.columns for row in find(one)])


def _of_headings(is_wrong: Callable[[FileColumn], object]) -> Check:
    return _of_columns(lambda column: [column.grid.header_row] * bool(is_wrong(column)))


def _of_texts(is_wrong: Callable[[str], object]) -> Check:
    """Make a check of one that judges a heading or a text."""

    def find(column: FileColumn) -> list[int]:
        texts = [(column.heading, column.grid.header_row), *column.words.items()]
        return [row for text, row in texts if is_wrong(text)]

    return _of_columns(find)


def _list_tables(grid: Grid) -> list[tuple[int, int]]:
    """Return the first and last row of each run of filled rows that is wide, from the headings."""
    widths = grid.widths
    runs = (list(run) for _, run in groupby(range(len(widths)), lambda n: widths[n] > 0))
    wide = [run for run in runs if max(widths[run[0] : run[-1] + 1]) > 1]
    return [(run[0], run[-1]) for run in wide if run[-1] >= grid.header_row]


def _has_headings(grid: Grid, first: int, last: int) -> bool:
    """Tell whether texts are above something that is none, as headings do."""
    head, below = grid.rows[first], grid.rows[first + 1 : last + 1]
    are_texts = _count_filled(head) > 1 and not any(map(_is_number, head))
    return are_texts and any(map(_is_number, chain.from_iterable(below)))


def _find_further_tables(grid: Grid) -> Iterator[Cell | None]:
    """A run of rows with headings of its own, or the same headings side by side."""
    tables = _list_tables(grid)
    for first, last in tables[1:]:
        if _has_headings(grid, first, last) or grid.rows[first] == grid.rows[tables[0][0]]:
            yield first, 0
    for gap in grid.empty_columns[:1]:
        left = {column.header for column in grid.columns if column.number < gap}
        if any(one.header in left for one in grid.columns if one.number > gap):
            yield None


def _find_gaps(grid: Grid) -> Iterator[Cell]:
    for (_, end), (first, last) in pairwise(_list_tables(grid)):
        if not _has_headings(grid, first, last):
            yield end + 1, 0
    yield from ((grid.header_row, number) for number in grid.empty_columns)


def _find_lines_around(grid: Grid) -> Iterator[Cell]:
    alone = [number for number, width in enumerate(grid.widths) if width == 1]
    for number in alone:
        [text] = (str_of(cell) for cell in grid.rows[number] if cell not in _BLANK)
        is_title = len(grid.columns) >= _WIDE and number < grid.header_row
        if is_title or _REMARK.match(text):
            yield number, 0


def _find_several_values(column: FileColumn) -> Iterator[int]:
    """Two numbers in a cell, or several choices where choices are also given alone."""
    split = {text: [*filter(None, _SEPARATORS.split(text))] for text in column.words}
    uses = Counter(chain.from_iterable(map(set, split.values())))
    choices = {one for one, times in uses.items() if times > 1 and len(one) <= _LONGEST_CHOICE}
    for text, parts in split.items():
        alone = sum(map(column.distinct.__contains__, parts)) if choices.issuperset(parts) else 0
        are_choices = alone > 1 and not all(map(_is_number, parts))
        if are_choices or _TWO_NUMBERS.fullmatch(text):
            yield column.distinct[text]


def _find_other_style(column: FileColumn) -> Iterator[int]:
    styles = {row: column.grid.styles.get((row, column.number), "") for row in column.filled}
    for usual, _ in Counter(styles.values()).most_common(1):
        yield from [row for row, style in styles.items() if style != usual][:1]


def _find_omissions(grid: Grid) -> Iterator[Cell]:
    """The same as above, said in words or by an empty cell in what names the row."""
    for column in grid.columns:
        ditto = [row for text, row in column.words.items() if text.strip() in _DITTO]
        yield from ((row, column.number) for row in ditto)
    for column in (one for one in grid.columns[:1] if one.header and one.filled):
        empty = set(range(min(column.filled), column.end)) - column.filled.keys()
        yield from ((row, column.number) for row in sorted(empty)[:1])


def _find_repeated_headings(grid: Grid) -> Iterator[Cell]:
    """The same heading twice, or headings over several rows."""
    headers = [column.header for column in grid.columns]
    for number, column in enumerate(grid.columns):
        if column.header and column.header in headers[:number]:
            yield grid.header_row, column.number
    second = filter(_has_second_heading, grid.columns)
    yield from [(grid.header_row + 1, column.number) for column in second][:1]


def _has_second_heading(column: FileColumn) -> bool:
    """Tell whether the first cell is a word and all below are numbers."""
    first, *below = column.filled.values() or [None]
    if column.grid.header_row + 1 not in column.filled or first not in column.words:
        return False
    return len(below) > 1 and _WORD.fullmatch(first) is not None and all(map(_is_number, below))


def _find_unlike_choices(column: FileColumn) -> Iterator[int]:
    """A word outside the list, or one choice written in two ways."""
    texts = {str_of(value): row for value, row in column.distinct.items()}
    is_choice = len(texts) <= _FEW_CHOICES and max(map(len, texts), default=0) <= _LONGEST_CHOICE
    seen: dict[str, str] = {}
    for text, row in texts.items():
        folded = unicodedata.normalize("NFKC", text).replace(" ", "").casefold()
        twice = is_choice and seen.setdefault(folded, text) != text
        if text not in column.enum if column.enum else twice:
            yield row


def _find_late_headings(grid: Grid) -> Iterator[Cell]:
    first = grid.rows[0] if grid.rows else [""]
    if grid.header_row or first[0] in _BLANK or any(map(_is_number, first)):
        yield grid.header_row, 0


def _has_no_code_table(column: FileColumn) -> bool:
    """Coded answers whose meaning is said nowhere else."""
    if column.enum:
        said = column.note.get("description", "")
        return not all(code in said for code in filter(str.isascii, column.enum))
    has_table = any(_CODE_TABLE.search(grid.name) for grid in column.grid.file.grids)
    values = [str_of(value) for value in column.distinct]
    is_coded = 0 < len(values) <= _FEW_CHOICES and all(map(_SHORT_CODE.fullmatch, values))
    return is_coded and not (has_table or column.note) and _CODED.search(column.header) is not None


def _find_unusual_times(column: FileColumn) -> Iterator[int]:
    """Days and years in no standard form, or in two forms in one column."""
    is_typed = column.note.get("type") in {"date", "yearmonth", "datetime", "year"}
    if not column.enum and (is_typed or _TIME_HEADER.search(column.header)):
        known = [_DESCRIBED_QUARTER] * bool(column.note.get("description")) + _TIME_FORMS
        forms = {row: _form_of(value, known) for value, row in column.distinct.items()}
        first = next(iter(forms.values()), "")
        yield from (row for row, form in forms.items() if not form or form != first)


def _form_of(value: Any, known: Iterable[str]) -> str:
    text = str(value.date()) if isinstance(value, datetime) else str_of(value)
    return next((form for form in known if re.fullmatch(form, text)), "")


def _find_missing_area(grid: Grid) -> Iterator[Cell | None]:
    """No column that says which place the row is about, or a wrong code or name in it."""
    found = False
    for heading, is_right in ((_AREA_CODE, is_area_code), (_AREA_NAME, _OFFICIAL_NAME.fullmatch)):
        for column in (one for one in grid.columns if heading.search(one.header)):
            found = True
            for value, row in column.distinct.items() if grid.is_data else ():
                if not is_right(str_of(value)):
                    yield row, column.number
    if not found and grid.is_data:
        yield None


def is_area_code(code: str) -> bool:
    """Tell whether a text is a code of a municipality or prefecture, with its check digit.

    Source: 総務省「全国地方公共団体コード」仕様, modulus 11 with weights 6 to 2.
    """
    if len(code) != 6 or not code.isdigit():
        return False
    total = sum(int(digit) * weight for digit, weight in zip(code, (6, 5, 4, 3, 2), strict=False))
    return int(code[5]) == (11 - total % 11) % 10


def _find_changed_formats(file: DataFile) -> Iterator[Place]:
    last = read_file(file.name, file.said.get("previous", b"")).grids
    before = {grid.name: [column.header for column in grid.columns] for grid in last}
    for grid in file.grids:
        known = before.get(grid.name, [])
        if [column.header for column in grid.columns if column.header in known] != known:
            yield grid.name, cell_address(grid.header_row, 0)


def _find_missing_definitions(file: DataFile) -> Iterator[Place]:
    """A column without definition or plain name, no history, encoding unsaid or unlike."""
    mark = file.said.get("dialect", {}).get("sumida:byteOrderMark")
    encoding = file.said.get("encoding", "").lower().replace("-", "")
    is_unlike = (encoding, mark) != (file.encoding.replace("-", ""), file.byte_order_mark)
    yield from [_WHOLE] * (not file.said.get("history"))
    yield from [_WHOLE] * (file.form == "csv" and is_unlike)
    for grid in (one for one in file.grids if one.is_data):
        for column in grid.columns:
            named = _PHYSICAL_NAME.fullmatch(column.note.get("name", ""))
            if not (named and column.note.get("description")):
                yield grid.name, cell_address(grid.header_row, column.number)


def _find_wide_layout(grid: Grid) -> Iterator[Cell]:
    headers = [column.header for column in grid.columns]
    times = [one for one in headers if _DIGITS.search(one) and _TIME_WORD.search(one)]
    times += [one for one in headers if one.isdigit()]
    alike = Counter(_DIGITS.sub("#", one) for one in times)
    if max([sum(map(bool, map(_AREA.match, headers))), *alike.values()]) >= _WIDE:
        yield grid.header_row, 0


# What is no function is here; what each is about, and what to do, says the table of rules.
CHECKS: Final[dict[str, Check]] = {
    "L1-01": lambda file: repeat(_WHOLE, file.form not in _FORMATS),
    "L1-02": _of_sheets(_find_further_tables),
    "L1-03": _of_sheets(_find_gaps),
    "L1-04": _of_sheets(_find_lines_around),
    "L1-05": _of_headings(lambda column: _NO_MEANING.fullmatch(column.header)),
    "L1-06": _of_texts(_LAYOUT.search),
    "L1-07": _of_columns(_find_several_values),
    "L1-08": lambda file: chain(
        ((grid.name, "") for grid in file.grids if find_dependent(grid.name)),
        _of_texts(find_dependent)(file),
    ),
    "L1-09": _of_headings(
        lambda column: (
            "missingValues" not in column.grid.file.said.get("schema", {})
            and 0 < len(column.filled) < column.end - column.grid.header_row - 1
            and column.is_numeric
        )
    ),
    "L1-10": lambda file: repeat(_WHOLE, file.objects),
    "L1-11": _of_columns(_find_other_style),
    "L1-12": _of_sheets(lambda grid: (first for first, _ in grid.look.merged)),
    "L1-13": _of_sheets(
        lambda grid: chain(
            ((row, 0) for row in sorted(grid.look.hidden_rows)),
            repeat(None, bool(grid.look.hidden or grid.look.hidden_columns)),
        )
    ),
    # A record over several lines, or one that ends early; one with more values than headings.
    "L1-14": _of_sheets(
        lambda grid: (
            (number, 0)
            for number, row in enumerate(grid.rows)
            if len(row) < len(grid.rows[0]) or any("\n" in cell or "\r" in cell for cell in row)
        )
    ),
    "L1-15": _of_sheets(
        lambda grid: (
            (number, len(grid.rows[0]))
            for number, row in enumerate(grid.rows)
            if len(row) > len(grid.rows[0])
        )
    ),
    # A text in a column of numbers, or a number kept as text in a workbook.
    "L2-01": _of_columns(
        lambda column: (
            row
            for value, row in column.distinct.items()
            if column.is_numeric
            and not (
                _is_number(value)
                and (value not in column.words or column.grid.file.form not in _WORKBOOKS)
            )
        )
    ),
    "L2-02": _of_sheets(_find_omissions),
    "L2-03": _of_sheets(_find_repeated_headings),
    "L2-04": _of_columns(_find_unlike_choices),
    "L2-05": _of_columns(
        lambda column: (row for text, row in column.words.items() if _OTHER.match(text))
    ),
    "L2-06": _of_sheets(lambda grid: grid.formulas),
    "L3-01": _of_sheets(_find_late_headings),
    "L3-02": _of_headings(_has_no_code_table),
    "L3-03": _of_columns(
        lambda column: (
            row
            for text, row in column.words.items()
            if column.is_numeric and _SYMBOL.fullmatch(text) and text not in column.grid.file.legend
        )
    ),
    "L3-04": _of_headings(
        lambda column: (
            column.is_numeric
            and not column.note.keys() & {"sumida:unit", "sumida:unitField"}
            and not any(one.header in {"単位", "unit"} for one in column.grid.columns)
            and not _UNIT.search(column.header)
        )
    ),
    "L3-05": _of_columns(_find_unusual_times),
    "L3-06": _of_sheets(_find_missing_area),
    "L3-07": _find_changed_formats,
    "L3-08": _find_missing_definitions,
    "L3-09": _of_sheets(_find_wide_layout),
}
