"""Finding tables and labels in a sheet by their headings, not by their position.

Departments insert rows and columns, break headings over lines, merge cells and number rows by
formula. A heading is compared without width, white space, notes (※…) and a unit in parentheses.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from xlsxwriter.utility import xl_rowcol_to_cell

from sumida_data.survey.form import HEADER_SEARCH_ROWS, FormField
from sumida_data.survey.reading.text import fold, raw_text_of
from sumida_data.survey.reading.workbook import CellValue, Sheet

# The A1 address of a cell counted from 0.
cell_address = xl_rowcol_to_cell

_HEADER_DEPTH = 3
# Shorter labels, such as 課, begin many an answer.
_TELLING_LENGTH = 3
# 例 alone or with a number marks an example; 例規集 is the name of something.
_EXAMPLE = re.compile(r"^[(\[【]?(記入例|例([)\]】:.\d]|$))")
_NOTE = re.compile(r"^(※|\*|注|\(注)")
_TOTALS = {"合計", "計", "小計", "総計", "総合計", "全国", "全国計", "課計", "部計", "年度計"}
_TOTAL = re.compile(r"^(小計|合計|総計).{0,3}$|.(小計|合計|総計)$")
# Columns that count or check the rows are no answers.
_NUMBERING = {"#", "no", "no.", "番号", "項番", "通番", "例", "確認"}
# Ministries put the day of a column into its heading, in some months without brackets.
_TRAILING_DAY = re.compile(
    r"(令和|平成|[rh])\.?(元|[0-9]{1,2})[年./-][0-9年月日末./-]*(時点|現在)$", re.IGNORECASE
)
# What stands before a heading and says nothing of it: ①, ★, 3.
_LEADING_MARK = re.compile(
    r"^\s*([★☆◎○●◇◆□■▲▼※*＊①-⑳❶-❿]+|[(（]?[0-9０-９]{1,2}[)）.．、])\s*(?=\D)"
)
# Words with which a heading asks for something else than without them.
_OTHER_MEANING = re.compile(
    r"前回|前々|前年|昨年|前期|次回|予定|計画|見込|目標|参考|平均|累計|累積|月間|/[月日週]|年度"
)
# In parentheses these ask for a part of what the heading asks for, or for another time.
_PART_MEANING = re.compile(
    rf"{_OTHER_MEANING.pattern}|うち|内数|内訳|再掲|除|以外|旧|半期|あたり|当たり|割合|増減"
)
_OTHER_GROUP = re.compile(
    r"[(\[【]?(前回|前々回|前年度?|昨年度?|前期|次回|予定|計画|見込み?|目標|参考)"
    r"の?(回答|値|数|件数|実績|分)?[)\]】]?"
)
_ASKED_FOR = {"今回", "実績", "今期", "現在", "今年度"}
_TRAILING_PARENTHESES = re.compile(r"[(\[【〔][^)\]】〕]*[)\]】〕]$")


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table found in a sheet: the row of its lowest heading, and what its columns are.

    Attributes:
        columns: Column of each field found, by field name.
        unknown: Headings that belong to no field, with their column.
        guessed: Headings that are taken for those of key fields, by the name of the field.
    """

    header_row: int
    columns: dict[str, int]
    unknown: dict[int, str]
    guessed: dict[str, str] = field(default_factory=dict)


class FoundRow(NamedTuple):
    """A row of a table, and whether it is marked as the example rather than an answer."""

    number: int
    is_example: bool


class FoundLabel(NamedTuple):
    """The cell that answers a label."""

    row: int
    column: int
    value: CellValue


class Headings:
    """The headings under which fields may stand; made once and used for many sheets.

    Headings of a table stand within so many rows from the top.
    """

    def __init__(self, fields: Sequence[FormField], search_rows: int = HEADER_SEARCH_ROWS) -> None:
        self.search_rows = search_rows
        self.count = len(fields)
        self.keys = {field.name for field in fields if field.key}
        self.names = {heading_key(text): field.name for field in fields for text in field.headings}
        self.endings = _endings(self.names)
        self._beginnings = tuple(key for key in self.names if len(key) >= _TELLING_LENGTH)
        self._endings_of_keys = [
            _endings(key for key, name in self.names.items() if name == one) for one in self.keys
        ]

    def may_stand_among(self, keys: Mapping[str, object]) -> bool:
        """Tell whether there is the end of a heading of every key field among these."""
        return not any(endings.isdisjoint(keys) for endings in self._endings_of_keys)

    def is_label(self, text: str) -> bool:
        """Tell whether a text is a label, or a longer one that begins like it: 基準日について."""
        key = heading_key(text)
        return key in self.names or key.startswith(self._beginnings)


def _endings(keys: Iterable[str]) -> set[str]:
    return {key[start:] for key in keys for start in range(len(key))}


@lru_cache(maxsize=16384)
def heading_key(text: str) -> str:
    """Return what identifies a heading.

    「①年間件数（件）※1」 and 「年間件数」 are the same, 「年間件数（前回）」 is another.
    """
    key = fold(_LEADING_MARK.sub("", text)).split("※", 1)[0]
    key = _TRAILING_DAY.sub("", key.rstrip(":*"))
    while match := _TRAILING_PARENTHESES.search(key):
        if _PART_MEANING.search(match[0]):
            break
        key = key[: match.start()]
    return key


def find_table(sheet: Sheet, headings: Headings) -> FoundTable | None:
    """Return the table with a column for every key field and for most of the others, or None."""
    best = _find_best_match(sheet, headings)
    return best if best is not None and 2 * len(best.columns) >= headings.count else None


def resembles_table(sheet: Sheet, headings: Headings) -> bool:
    """Tell whether the sheet has the key fields and more, such as a part moved elsewhere."""
    best = _find_best_match(sheet, headings)
    return best is not None and len(best.columns) > 1


def _find_best_match(sheet: Sheet, headings: Headings) -> FoundTable | None:
    texts = _list_upper_texts(sheet, headings.search_rows)
    if not headings.may_stand_among(texts):
        return None
    best = find_most_headings(sheet, headings)
    return best if best is not None and headings.keys <= best.columns.keys() else None


def find_most_headings(sheet: Sheet, headings: Headings) -> FoundTable | None:
    """Return the row with the most headings of fields as a table, were it one; None without any."""
    texts = _list_upper_texts(sheet, headings.search_rows)
    # A row without the end of any heading cannot match more than the rows above it do.
    telling = {text for key in texts if key in headings.endings for text in texts[key]}
    rows = _fill_merged_headings(sheet, headings.search_rows)
    numbers = [number for number, row in enumerate(rows) if not telling.isdisjoint(row)]
    keys = {above: _keys_of(rows[above]) for number in numbers for above in _rows_above(number)}
    best: FoundTable | None = None
    for number in numbers:
        stacked = tuple(keys[above] for above in _rows_above(number))
        found = _match_headings(stacked, number, headings)
        if best is None or len(found.columns) > len(best.columns):
            best = found
        if len(best.columns) == headings.count:
            break
    return None if best is None else _with_times_below(best, rows, headings)


def _with_times_below(
    table: FoundTable, rows: Sequence[Sequence[CellValue]], headings: Headings
) -> FoundTable:
    """Return the table with the row under it among its headings, if that says 前回 and 今回."""
    number = table.header_row + 1
    below = set(_keys_of(rows[number])) - {""} if number < len(rows) else set()
    if not below or not all(one in _ASKED_FOR or _OTHER_GROUP.fullmatch(one) for one in below):
        return table
    stacked = tuple(_keys_of(rows[above]) for above in _rows_above(number))
    return _match_headings(stacked, number, headings)


def _list_doubtful(sheet: Sheet, columns: Sequence[int]) -> set[int]:
    return {row for row, column in sheet.look.oddities if column in columns}


def find_rows(sheet: Sheet, table: FoundTable) -> Iterator[FoundRow]:
    """Yield the rows that hold answers, and the example rows.

    Empty rows, prefilled numbering, totals, notes and repeated headings hold none.
    """
    columns = list(table.columns.values())
    above = list_heading_rows(sheet, table)
    doubtful = _list_doubtful(sheet, columns)
    for number, row in enumerate(sheet.rows[table.header_row + 1 :], table.header_row + 1):
        is_doubtful = number in doubtful
        if not is_doubtful and _is_empty([row[column] for column in columns]):
            continue
        kind = _kind_of(row, row[columns[0]])
        repeats = kind == "answer" and not is_doubtful and _repeats_headings(row, columns, above)
        if kind in {"answer", "example"} and not repeats:
            yield FoundRow(number, kind == "example")


def find_labels(sheet: Sheet, headings: Headings) -> dict[str, FoundLabel]:
    """Find label cells and the answers beside them or, under a row of labels, below them."""
    is_low = len(sheet.rows) <= HEADER_SEARCH_ROWS
    texts = _list_upper_texts(sheet) if is_low else _group_by_key(sheet.rows)
    telling = {text for key in texts if key in headings.names for text in texts[key]}
    found: dict[str, FoundLabel] = {}
    for number, row in enumerate(sheet.rows):
        if telling.isdisjoint(row):
            continue
        for column, text in enumerate(row):
            if text not in telling:
                continue
            name = headings.names[heading_key(str(text))]
            if name not in found:
                found[name] = _find_answer(sheet, number, column, headings)
    return found


def list_heading_rows(sheet: Sheet, table: FoundTable) -> list[list[CellValue]]:
    """Return the rows in which the headings of a table may stand, the lowest last."""
    return [sheet.rows[number] for number in _rows_above(table.header_row)]


def means_something_else(heading: str) -> bool:
    """Tell whether a heading asks for something else than one without its words would."""
    return _OTHER_MEANING.search(heading) is not None


def find_heading(sheet: Sheet, table: FoundTable, name: str) -> FoundLabel:
    """Return the lowest cell with text in the heading of a field's column."""
    column = table.columns[name]
    for row in reversed(_rows_above(table.header_row)):
        if text := _text(sheet.rows[row], column):
            return FoundLabel(row, column, text)
    return FoundLabel(table.header_row, column, "")


def find_bare_columns(sheet: Sheet, table: FoundTable) -> Iterator[int]:
    """Yield the columns within or to the right of the table that have no heading."""
    above = list_heading_rows(sheet, table)
    taken = set(table.columns.values())
    for column in range(min(taken), len(sheet.rows[table.header_row])):
        if column not in taken and all(_is_blank(row[column]) for row in above):
            yield column


def _rows_above(number: int) -> range:
    """Return the rows in which headings may stand of which the lowest is in this one."""
    return range(max(0, number + 1 - _HEADER_DEPTH), number + 1)


def _list_upper_texts(sheet: Sheet, search_rows: int = HEADER_SEARCH_ROWS) -> dict[str, list[str]]:
    # A sheet is searched for one table after the other.
    if not sheet.upper_texts:
        sheet.upper_texts.update(_group_by_key(sheet.rows[:search_rows]))
    return sheet.upper_texts


def _group_by_key(rows: Iterable[Iterable[CellValue]]) -> dict[str, list[str]]:
    """Return the texts of the rows, each once, by what identifies them as a heading."""
    texts: dict[str, list[str]] = {}
    for text in set().union(*rows):
        if isinstance(text, str) and (key := heading_key(text)):
            texts.setdefault(key, []).append(text)
    return texts


def _fill_merged_headings(sheet: Sheet, search_rows: int) -> list[list[CellValue]]:
    rows = sheet.rows[:search_rows]
    for (first_row, first_column), (last_row, last_column) in sheet.look.merged:
        if last_row >= len(rows):
            continue
        text = rows[first_row][first_column] if first_column < len(rows[first_row]) else ""
        for number in range(first_row, last_row + 1):
            row = rows[number] = list(rows[number])
            for column in range(first_column, min(last_column + 1, len(row))):
                row[column] = text
    return rows


# Departments fill in the same form: the same headings come again and again.
@lru_cache(maxsize=1024)
def _match_headings(
    rows: tuple[tuple[str, ...], ...], number: int, headings: Headings
) -> FoundTable:
    names = headings.names
    columns: dict[str, int] = {}
    unknown: dict[int, str] = {}
    for column, stacked in enumerate(zip(*rows, strict=True)):
        # Distinct texts from top to bottom; a merged heading stands in several rows.
        texts = [text for text in dict.fromkeys(stacked) if text]
        if not texts:
            continue
        name = names.get("".join(texts[-2:])) or names.get(texts[-1])
        if len(texts) > 1 and texts[-1] in _ASKED_FOR:
            name = names.get(texts[-2])
        if any(_OTHER_GROUP.fullmatch(text) for text in texts):
            name = None
        if name is not None and name not in columns:
            columns[name] = column
        elif texts[-1] not in _NUMBERING:
            unknown[column] = texts[-1]
    return FoundTable(number, columns, unknown)


def _find_answer(sheet: Sheet, row: int, column: int, headings: Headings) -> FoundLabel:
    beside = _column_after(sheet, row, column)
    cells = sheet.rows[row]
    for number in range(beside, len(cells)):
        if _is_blank(cells[number]):
            continue
        if headings.is_label(_text(cells, number)):
            break
        return FoundLabel(row, number, cells[number])
    neighbours = (_text(cells, beside), _text(cells, column - 1) if column else "")
    if any(headings.is_label(text) for text in neighbours) and row + 1 < len(sheet.rows):
        below = sheet.rows[row + 1][column]
        if not headings.is_label(raw_text_of(below)):
            return FoundLabel(row + 1, column, below)
    return FoundLabel(row, beside, "")


def _column_after(sheet: Sheet, row: int, column: int) -> int:
    for (first_row, first_column), (last_row, last_column) in sheet.look.merged:
        if first_row <= row <= last_row and first_column <= column <= last_column:
            return last_column + 1
    return column + 1


def _kind_of(row: Sequence[CellValue], leading: CellValue) -> str:
    """Return what a row is, by its first text and by the first cell of the table's own."""
    first = next((cell for cell in row if isinstance(cell, str) and cell.strip()), "")
    kinds = {_kind_by_text(fold(first), heading_key(first))}
    if isinstance(leading, str):
        key = heading_key(leading)
        kinds.add(_kind_by_text(key, key))
    if "note" in kinds and sum(not _is_blank(cell) for cell in row) > 1:
        kinds.remove("note")
    return next((kind for kind in ("example", "total", "note") if kind in kinds), "answer")


# The same few texts begin the rows of most returns.
@lru_cache(maxsize=4096)
def _kind_by_text(folded: str, key: str) -> str:
    if _EXAMPLE.match(folded):
        return "example"
    if key in _TOTALS or _TOTAL.search(key):
        return "total"
    return "note" if _NOTE.match(folded) else "answer"


def _repeats_headings(
    row: Sequence[CellValue], columns: Iterable[int], above: Sequence[Sequence[CellValue]]
) -> bool:
    """Tell whether all that stands in the columns stands above them as a heading too."""
    return all(
        _is_blank(row[column])
        or heading_key(_text(row, column)) in {heading_key(_text(one, column)) for one in above}
        for column in columns
    )


def _is_empty(cells: list[CellValue]) -> bool:
    return cells.count("") == len(cells) or all(_is_blank(cell) for cell in cells)


def _is_blank(cell: CellValue) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _keys_of(row: Sequence[CellValue]) -> tuple[str, ...]:
    return tuple([heading_key(cell) if cell and isinstance(cell, str) else "" for cell in row])


def _text(row: Sequence[CellValue], column: int) -> str:
    cell = row[column] if column < len(row) else ""
    return cell if isinstance(cell, str) else ""
