"""The thirty rules as checks; ``rules.csv`` says in words what each is about."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import chain, groupby, pairwise, repeat
from typing import Any, Final, NamedTuple

from sumida_data.base.characters import find_dependent
from sumida_data.quality.readability.files import (
    DataFile,
    FileColumn,
    Grid,
    count_filled,
    is_blank,
    is_number,
    str_of,
)
from sumida_data.survey.reading.conditions import Cell
from sumida_data.survey.reading.layout import cell_address

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
    r"年月日?|日付|日$|時点|年度|期間|四半期|年$|日時|(?:^|_)(?:on|date|day|period|month|year|as_of)$"
    r"|_on$",
    re.IGNORECASE,
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


class BrokenPlace(NamedTuple):
    """A place where a rule is broken, without any text of the file; empty: the whole is meant."""

    sheet: str = ""
    cell: str = ""


Places = Iterator[BrokenPlace]
Check = Callable[[DataFile], Places]


def _of_sheets(find: Callable[[Grid], Iterable[Cell | None]]) -> Check:
    """Make a check of one that yields cells of a sheet, or None for the whole of it."""
    return lambda file: (
        BrokenPlace(grid.name, cell_address(*cell) if cell else "")
        for grid in file.grids
        for cell in find(grid)
    )


def _of_columns(find: Callable[[FileColumn], Iterable[int]]) -> Check:
    """Make a check of one that yields rows of a column."""
    return _of_sheets(lambda grid: [(row, one.number) for one in grid.columns for row in find(one)])


def _of_headings(is_wrong: Callable[[FileColumn], object]) -> Check:
    return _of_columns(lambda column: [column.grid.header_row] * bool(is_wrong(column)))


def _of_texts(is_wrong: Callable[[str], object]) -> Check:
    return _of_columns(lambda column: (row for text, row in column.texts if is_wrong(text)))


def _enum_of(column: FileColumn) -> Sequence[str]:
    allowed: Sequence[str] = column.note.get("constraints", {}).get("enum", ())
    return allowed


def _is_text(value: Any, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _find_further_tables(grid: Grid) -> Iterator[Cell | None]:
    """A run of rows with headings of its own, or the same headings side by side."""
    tables = _list_tables(grid)
    for first, last in tables[1:]:
        if _has_headings(grid, first, last) or grid.rows[first] == grid.rows[tables[0][0]]:
            yield first, 0
    for gap in _list_empty_columns(grid)[:1]:
        left = {column.header for column in grid.columns if column.number < gap}
        if any(one.header in left for one in grid.columns if one.number > gap):
            yield None


def _find_gaps(grid: Grid) -> Iterator[Cell]:
    """An empty row or column within a table."""
    for (_, end), (first, last) in pairwise(_list_tables(grid)):
        if not _has_headings(grid, first, last):
            yield end + 1, 0
    yield from ((grid.header_row, number) for number in _list_empty_columns(grid))


def _find_lines_around(grid: Grid) -> Iterator[Cell]:
    """A title, note or source around the table."""
    for number, row in enumerate(grid.rows):
        texts = [str_of(cell) for cell in row if not is_blank(cell)]
        is_title = len(grid.columns) >= _WIDE and number < grid.header_row
        if len(texts) == 1 and (is_title or _REMARK.match(texts[0])):
            yield number, 0


def _find_several_values(column: FileColumn) -> Iterator[int]:
    """Two numbers in a cell, or several choices where choices also stand alone."""
    split = {text: [one for one in _SEPARATORS.split(text) if one] for text in column.words}
    uses = Counter(part for parts in split.values() for part in set(parts))
    for text, parts in split.items():
        are_choices = (
            len(parts) > 1
            and sum(part in column.distinct for part in parts) > 1
            and all(uses[part] > 1 and len(part) <= _LONGEST_CHOICE for part in parts)
            and not all(map(is_number, parts))
        )
        if are_choices or _TWO_NUMBERS.fullmatch(text):
            yield column.distinct[text]


def _has_unclear_blanks(column: FileColumn) -> bool:
    """An empty cell among numbers, and nothing says what it means."""
    said = "missingValues" in column.grid.file.said.get("schema", {})
    return not said and 0 < len(column.filled) < len(column.cells) and _is_numeric(column)


def _find_other_style(column: FileColumn) -> Iterator[int]:
    """Cells of one column that look different from each other."""
    styles = {row: column.grid.styles.get((row, column.number), "") for row, _ in column.filled}
    if len(set(styles.values())) > 1:
        usual = Counter(styles.values()).most_common(1)[0][0]
        yield next(row for row, style in styles.items() if style != usual)


def _find_hidden_parts(grid: Grid) -> Iterator[Cell | None]:
    yield from ((row, 0) for row in sorted(grid.look.hidden_rows))
    if grid.look.hidden or grid.look.hidden_columns:
        yield None


def _find_broken_lines(grid: Grid) -> Iterator[Cell]:
    """A record over several lines, or one that ends early."""
    for number, row in enumerate(grid.rows):
        if len(row) < len(grid.rows[0]) or any("\n" in cell or "\r" in cell for cell in row):
            yield number, 0


def _find_bare_commas(grid: Grid) -> Iterator[Cell]:
    """A record with more values than there are headings, for a comma is in one of them."""
    width = len(grid.rows[0]) if grid.rows else 0
    yield from ((number, width) for number, row in enumerate(grid.rows) if len(row) > width)


def _find_text_among_numbers(column: FileColumn) -> Iterator[int]:
    """A text in a column of numbers, or a number kept as text in a workbook."""
    texts = column.words if column.grid.file.form in _WORKBOOKS else ()
    for value, row in column.distinct.items() if _is_numeric(column) else ():
        if value in texts or not is_number(value):
            yield row


def _find_omissions(grid: Grid) -> Iterator[Cell]:
    """The same as above, said in words or by an empty cell in what names the row."""
    for column in grid.columns:
        yield from (
            (row, column.number) for text, row in column.words.items() if text.strip() in _DITTO
        )
    for column in grid.columns[:1]:
        filled = [not is_blank(cell) for cell in column.cells]
        first = filled.index(True) if any(filled) else len(filled)
        if column.header and False in filled[first:]:
            yield column.first_row + filled.index(False, first), column.number


def _find_repeated_headings(grid: Grid) -> Iterator[Cell]:
    """The same heading twice, or headings over several rows."""
    headers = [column.header for column in grid.columns]
    for number, column in enumerate(grid.columns):
        if column.header and column.header in headers[:number]:
            yield grid.header_row, column.number
    if numeric := [column.number for column in grid.columns if _turns_numeric(column)]:
        yield grid.header_row + 1, numeric[0]


def _find_unlike_choices(column: FileColumn) -> Iterator[int]:
    """A word outside the list, or one choice written in two ways."""
    allowed = _enum_of(column)
    texts = {str_of(value): row for value, row in column.distinct.items()}
    is_choice = len(texts) <= _FEW_CHOICES and max(map(len, texts), default=0) <= _LONGEST_CHOICE
    seen: dict[str, str] = {}
    for text, row in texts.items():
        folded = unicodedata.normalize("NFKC", text).replace(" ", "").casefold()
        twice = is_choice and seen.setdefault(folded, text) != text
        if text not in allowed if allowed else twice:
            yield row


def _find_late_headings(grid: Grid) -> Iterator[Cell]:
    """Headings that do not begin in A1."""
    first = grid.rows[0] if grid.rows else [""]
    if grid.header_row or is_blank(first[0]) or any(map(is_number, first)):
        yield grid.header_row, 0


def _has_no_code_table(column: FileColumn) -> bool:
    """Coded answers whose meaning is said nowhere else."""
    if allowed := _enum_of(column):
        said = column.note.get("description", "")
        return not all(code in said for code in filter(str.isascii, allowed))
    has_table = any(_CODE_TABLE.search(grid.name) for grid in column.grid.file.grids)
    values = [str_of(value) for value in column.distinct]
    is_coded = 0 < len(values) <= _FEW_CHOICES and all(map(_SHORT_CODE.fullmatch, values))
    return is_coded and not (has_table or column.note) and _CODED.search(column.header) is not None


def _find_unexplained_symbols(column: FileColumn) -> Iterator[int]:
    """A symbol in a column of numbers, and no sheet says what it means."""
    legends = [one for one in column.grid.file.grids if re.search("凡例|記号|注", one.name)]
    cells = chain.from_iterable(chain.from_iterable(grid.rows for grid in legends))
    known = {str_of(cell).strip() for cell in cells}
    for text, row in column.words.items() if _is_numeric(column) else ():
        if _SYMBOL.fullmatch(text) and text not in known:
            yield row


def _has_no_unit(column: FileColumn) -> bool:
    said = column.note.keys() & {"sumida:unit", "sumida:unitField"}
    beside = any(one.header in {"単位", "unit"} for one in column.grid.columns)
    return not (said or beside or _UNIT.search(column.header)) and _is_numeric(column)


def _find_unusual_times(column: FileColumn) -> Iterator[int]:
    """Days and years in no standard form, or in two forms in one column."""
    if _is_time(column):
        forms = {row: _form_of(value, column) for value, row in column.distinct.items()}
        first = next(iter(forms.values()), None)
        yield from (row for row, form in forms.items() if form is None or form != first)


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


def _find_changed_format(grid: Grid) -> Iterator[Cell]:
    """Columns that went, moved or have another name since the last time."""
    before = grid.file.previous.get(grid.name, [])
    if [column.header for column in grid.columns if column.header in before] != before:
        yield grid.header_row, 0


def _find_missing_definitions(file: DataFile) -> Places:
    """A column without definition or plain name, no history, encoding unsaid or unlike."""
    said = file.said
    encodings = {one.lower().replace("-", "") for one in (said.get("encoding", ""), file.encoding)}
    mark = said.get("dialect", {}).get("sumida:byteOrderMark")
    if not said.get("history"):
        yield BrokenPlace()
    if file.form == "csv" and (len(encodings) > 1 or mark != file.byte_order_mark):
        yield BrokenPlace()
    for column in (one for grid in file.grids if grid.is_data for one in grid.columns):
        named = _PHYSICAL_NAME.fullmatch(column.note.get("name", ""))
        if not (named and column.note.get("description")):
            yield BrokenPlace(column.grid.name, cell_address(column.grid.header_row, column.number))


def _find_wide_layout(grid: Grid) -> Iterator[Cell]:
    """Years, months or places side by side."""
    headers = [column.header for column in grid.columns]
    times = [one for one in headers if _DIGITS.search(one) and _TIME_WORD.search(one)]
    times += [one for one in headers if one.isdigit()]
    alike = Counter(_DIGITS.sub("#", one) for one in times)
    if max([sum(map(bool, map(_AREA.match, headers))), *alike.values()]) >= _WIDE:
        yield grid.header_row, 0


def is_area_code(code: str) -> bool:
    """Tell whether a text is a code of a municipality or prefecture, with its check digit.

    Source: 総務省「全国地方公共団体コード」仕様, modulus 11 with weights 6 to 2.
    """
    if len(code) != 6 or not code.isdigit():
        return False
    total = sum(int(digit) * weight for digit, weight in zip(code, (6, 5, 4, 3, 2), strict=False))
    return int(code[5]) == (11 - total % 11) % 10


def _is_numeric(column: FileColumn) -> bool:
    """Tell whether a column holds numbers: it is said to, or most of its values look like it."""
    if column.note:
        return column.note.get("type") in {"integer", "number"}
    values = list(column.distinct)
    if _CODE_HEADER.search(column.header) or not any(map(is_number, values)):
        return False
    like = [
        is_number(one) or _is_text(one, _NUMBER_LIKE) or _is_text(one, _SYMBOL) for one in values
    ]
    return sum(like) >= _MOSTLY * len(values)


def _is_time(column: FileColumn) -> bool:
    is_typed = column.note.get("type") in {"date", "yearmonth", "datetime", "year"}
    return not _enum_of(column) and (is_typed or _TIME_HEADER.search(column.header) is not None)


def _form_of(value: Any, column: FileColumn) -> str | None:
    if isinstance(value, date):
        return _TIME_FORMS[0]
    forms = [_DESCRIBED_QUARTER] * bool(column.note.get("description")) + _TIME_FORMS
    return next((form for form in forms if re.fullmatch(form, str_of(value))), None)


def _list_tables(grid: Grid) -> list[tuple[int, int]]:
    """Return the first and last row of each run of filled rows that is wide, from the headings."""
    widths = [count_filled(row) for row in grid.rows]
    runs = (
        list(run) for filled, run in groupby(range(len(widths)), lambda n: widths[n] > 0) if filled
    )
    return [
        (run[0], run[-1])
        for run in runs
        if run[-1] >= grid.header_row and max(widths[run[0] : run[-1] + 1]) > 1
    ]


def _has_headings(grid: Grid, first: int, last: int) -> bool:
    """Tell whether texts stand above something that is none, as headings do."""
    head, below = grid.rows[first], grid.rows[first + 1 : last + 1]
    if count_filled(head) < 2 or any(map(is_number, head)):
        return False
    return any(is_number(cell) for row in below for cell in row)


def _list_empty_columns(grid: Grid) -> list[int]:
    """Return the empty columns between others."""
    used = {column.number for column in grid.columns}
    return sorted(set(range(min(used), max(used))) - used) if used else []


def _turns_numeric(column: FileColumn) -> bool:
    """Tell whether the first cell is a word and all below are numbers."""
    first, *below = [cell for _, cell in column.filled] or [None]
    if len(below) < 2 or is_blank(column.cells[0]) or not isinstance(first, str):
        return False
    return _is_text(first, _WORD) and all(map(is_number, below))


CHECKS: Final[dict[str, Check]] = {
    "L1-01": lambda file: repeat(BrokenPlace(), file.form not in _FORMATS),
    "L1-02": _of_sheets(_find_further_tables),
    "L1-03": _of_sheets(_find_gaps),
    "L1-04": _of_sheets(_find_lines_around),
    "L1-05": _of_headings(lambda column: _NO_MEANING.fullmatch(column.header)),
    "L1-06": _of_texts(_LAYOUT.search),
    "L1-07": _of_columns(_find_several_values),
    "L1-08": lambda file: chain(
        (BrokenPlace(grid.name) for grid in file.grids if find_dependent(grid.name)),
        _of_texts(find_dependent)(file),
    ),
    "L1-09": _of_headings(_has_unclear_blanks),
    "L1-10": lambda file: repeat(BrokenPlace(), file.objects),
    "L1-11": _of_columns(_find_other_style),
    "L1-12": _of_sheets(lambda grid: (first for first, _ in grid.look.merged)),
    "L1-13": _of_sheets(_find_hidden_parts),
    "L1-14": _of_sheets(_find_broken_lines),
    "L1-15": _of_sheets(_find_bare_commas),
    "L2-01": _of_columns(_find_text_among_numbers),
    "L2-02": _of_sheets(_find_omissions),
    "L2-03": _of_sheets(_find_repeated_headings),
    "L2-04": _of_columns(_find_unlike_choices),
    "L2-05": _of_columns(
        lambda column: (row for text, row in column.words.items() if _OTHER.match(text))
    ),
    "L2-06": _of_sheets(lambda grid: grid.formulas),
    "L3-01": _of_sheets(_find_late_headings),
    "L3-02": _of_headings(_has_no_code_table),
    "L3-03": _of_columns(_find_unexplained_symbols),
    "L3-04": _of_headings(_has_no_unit),
    "L3-05": _of_columns(_find_unusual_times),
    "L3-06": _of_sheets(_find_missing_area),
    "L3-07": _of_sheets(_find_changed_format),
    "L3-08": _find_missing_definitions,
    "L3-09": _of_sheets(_find_wide_layout),
}
