"""Finding tables and labels in a sheet by their headings, not by their position.

Departments insert rows and columns, break headings over lines, merge cells and number rows by
formula. A heading is compared without width, white space, notes (※…) and a unit in parentheses.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sumida_data.survey.form import FormField
from sumida_data.survey.reading.text import fold, raw_text_of
from sumida_data.survey.reading.workbook import CellValue, Sheet

_HEADER_DEPTH = 3
# 例 alone or with a number marks an example; 例規集 is the name of something.
_EXAMPLE = re.compile(r"^[(\[【]?(記入例|例([)\]】:.\d]|$))")
_NOTE = re.compile(r"^(※|\*|注|\(注)")
_TOTALS = {"合計", "計", "小計", "総計", "総合計", "全国", "全国計"}
# Columns that count or check the rows are no answers.
_NUMBERING = {"#", "no", "no.", "番号", "項番", "通番", "例", "確認"}
# Ministries put the day of a column into its heading, in some months without brackets.
_TRAILING_DAY = re.compile(
    r"(令和|平成|[rh])\.?(元|[0-9]{1,2})[年./-][0-9年月日末./-]*(時点|現在)$", re.IGNORECASE
)
_TRAILING_PARENTHESES = re.compile(r"[(\[【〔][^)\]】〕]*[)\]】〕]$")


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table found in a sheet.

    Attributes:
        header_row: Row of its lowest heading, counted from 0.
        columns: Column of each field found, by field name.
        unknown: Headings that belong to no field, with their column.
    """

    header_row: int
    columns: dict[str, int]
    unknown: dict[int, str]


class FoundRow(NamedTuple):
    """A row of a table.

    Attributes:
        number: Its number, counted from 0.
        is_example: Whether it is marked as the example rather than an answer.
    """

    number: int
    is_example: bool


@dataclass(frozen=True, slots=True)
class FoundLabel:
    """A label cell and the cell that answers it.

    Attributes:
        row: Row of the answer, counted from 0.
        column: Column of the answer.
        value: The answer.
    """

    row: int
    column: int
    value: CellValue


class Headings:
    """The headings under which fields may stand; made once and used for many sheets."""

    def __init__(self, fields: Iterable[FormField], search_rows: int = 60) -> None:
        """Prepare the headings of the fields.

        Args:
            fields: The fields of one table or of one set of label cells.
            search_rows: Within how many rows from the top the headings of a table stand.
        """
        self.search_rows = search_rows
        listed = list(fields)
        self.count = len(listed)
        self.keys = {field.name for field in listed if field.key}
        self.names = {heading_key(text): field.name for field in listed for text in field.headings}
        self.endings = {key[start:] for key in self.names for start in range(len(key))}


@lru_cache(maxsize=16384)
def heading_key(text: str) -> str:
    """Return what identifies a heading: 「年間件数（件）※1」 and 「年間件数」 are the same."""
    key = _TRAILING_DAY.sub("", fold(text).split("※", 1)[0].rstrip(":*"))
    while shorter := _TRAILING_PARENTHESES.sub("", key):
        if shorter == key:
            break
        key = shorter
    return key


def find_table(sheet: Sheet, headings: Headings) -> FoundTable | None:
    """Find the table that has a column for every key field and for most of the others.

    Args:
        sheet: The sheet.
        headings: What to look for.

    Returns:
        The table, or None if the sheet has no such table.
    """
    if 2 * len(next(iter(sheet.rows), ())) < headings.count:
        return None
    best: FoundTable | None = None
    above: tuple[tuple[str, ...], ...] = ()
    for number, keys in enumerate(_list_heading_keys(sheet, headings.search_rows)):
        above = (*above[1 - _HEADER_DEPTH :], keys)
        # A row without the end of any heading cannot match more than the rows above it do.
        if headings.endings.isdisjoint(above[-1]):
            continue
        found = _match_headings(above, number, headings)
        if best is None or len(found.columns) > len(best.columns):
            best = found
        if len(best.columns) == headings.count:
            break
    if best is None or not headings.keys <= best.columns.keys():
        return None
    return best if 2 * len(best.columns) >= headings.count else None


def find_rows(sheet: Sheet, table: FoundTable) -> Iterator[FoundRow]:
    """Yield the rows that hold answers, and the example rows.

    Empty rows, prefilled numbering, totals, notes and repeated headings hold none.
    """
    columns = list(table.columns.values())
    above = sheet.rows[max(0, table.header_row + 1 - _HEADER_DEPTH) : table.header_row + 1]
    headings = [{heading_key(_text(row, column)) for row in above} for column in columns]
    doubtful = {row for row, column in sheet.doubts if column in columns}
    for number in range(table.header_row + 1, len(sheet.rows)):
        row = sheet.rows[number]
        cells = [row[column] for column in columns]
        is_doubtful = number in doubtful
        if not is_doubtful and _is_empty(cells):
            continue
        first, key = _first_text(row), heading_key(cells[0]) if isinstance(cells[0], str) else ""
        if _EXAMPLE.match(first) or _EXAMPLE.match(key):
            yield FoundRow(number, is_example=True)
        elif not _is_aside(row, first, key) and (
            is_doubtful or not all(map(_repeats, cells, headings))
        ):
            yield FoundRow(number, is_example=False)


def find_labels(sheet: Sheet, headings: Headings) -> dict[str, FoundLabel]:
    """Find label cells and the answers beside them or, under a row of labels, below them."""
    found: dict[str, FoundLabel] = {}
    for number, row in enumerate(sheet.rows):
        keys = _keys_of(row)
        if headings.names.keys().isdisjoint(keys):
            continue
        for column, key in enumerate(keys):
            name = headings.names.get(key)
            if name and name not in found:
                found[name] = _find_answer(sheet, number, column, headings.names)
    return found


def find_heading(sheet: Sheet, table: FoundTable, name: str) -> FoundLabel:
    """Return the lowest cell with text in the heading of a field's column."""
    column = table.columns[name]
    for row in range(table.header_row, max(-1, table.header_row - _HEADER_DEPTH), -1):
        if text := _text(sheet.rows[row], column):
            return FoundLabel(row, column, text)
    return FoundLabel(table.header_row, column, "")


def find_bare_columns(sheet: Sheet, table: FoundTable) -> Iterator[int]:
    """Yield the columns within or to the right of the table that have no heading."""
    above = sheet.rows[max(0, table.header_row + 1 - _HEADER_DEPTH) : table.header_row + 1]
    taken = set(table.columns.values())
    for column in range(min(taken), len(sheet.rows[table.header_row])):
        if column not in taken and all(_is_blank(row[column]) for row in above):
            yield column


def cell_address(row: int, column: int) -> str:
    """Return the A1 address of a cell counted from 0."""
    return f"{_column_letters(column)}{row + 1}"


@lru_cache(maxsize=1024)
def _column_letters(column: int) -> str:
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _list_heading_keys(sheet: Sheet, search_rows: int) -> list[tuple[str, ...]]:
    # A sheet is searched for one table after the other.
    if not sheet.heading_keys:
        sheet.heading_keys.extend(map(_keys_of, _fill_merged_headings(sheet, search_rows)))
    return sheet.heading_keys


def _fill_merged_headings(sheet: Sheet, search_rows: int) -> list[list[CellValue]]:
    rows = [list(row) for row in sheet.rows[:search_rows]]
    for (first_row, first_column), (last_row, last_column) in sheet.merged:
        if last_row >= len(rows):
            continue
        text = rows[first_row][first_column] if first_column < len(rows[first_row]) else ""
        for row in rows[first_row : last_row + 1]:
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
        if name is not None and name not in columns:
            columns[name] = column
        elif texts[-1] not in _NUMBERING:
            unknown[column] = texts[-1]
    return FoundTable(number, columns, unknown)


def _find_answer(sheet: Sheet, row: int, column: int, labels: dict[str, str]) -> FoundLabel:
    beside = _column_after(sheet, row, column)
    cells = sheet.rows[row]
    for number in range(beside, len(cells)):
        if _is_blank(cells[number]):
            continue
        if heading_key(_text(cells, number)) in labels:
            break
        return FoundLabel(row, number, cells[number])
    neighbours = (_text(cells, beside), _text(cells, column - 1) if column else "")
    if any(heading_key(text) in labels for text in neighbours) and row + 1 < len(sheet.rows):
        below = sheet.rows[row + 1][column]
        if heading_key(raw_text_of(below)) not in labels:
            return FoundLabel(row + 1, column, below)
    return FoundLabel(row, beside, "")


def _column_after(sheet: Sheet, row: int, column: int) -> int:
    for (first_row, first_column), (last_row, last_column) in sheet.merged:
        if first_row <= row <= last_row and first_column <= column <= last_column:
            return last_column + 1
    return column + 1


def _first_text(row: Sequence[CellValue]) -> str:
    return next((fold(cell) for cell in row if isinstance(cell, str) and cell.strip()), "")


def _is_aside(row: Sequence[CellValue], first: str, key: str) -> bool:
    if heading_key(first) in _TOTALS or key in _TOTALS:
        return True
    return _NOTE.match(first) is not None and sum(not _is_blank(cell) for cell in row) == 1


def _repeats(cell: CellValue, headings: set[str]) -> bool:
    return _is_blank(cell) or (isinstance(cell, str) and heading_key(cell) in headings)


def _is_empty(cells: list[CellValue]) -> bool:
    return cells.count("") == len(cells) or all(_is_blank(cell) for cell in cells)


def _is_blank(cell: CellValue) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _keys_of(row: Sequence[CellValue]) -> tuple[str, ...]:
    return tuple([heading_key(cell) if cell and isinstance(cell, str) else "" for cell in row])


def _text(row: Sequence[CellValue], column: int) -> str:
    cell = row[column] if column < len(row) else ""
    return cell if isinstance(cell, str) else ""
