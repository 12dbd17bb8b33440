"""Rules about how a table lies in its sheet or file."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from sumida_data.quality.readability.breaks import Break, at
from sumida_data.quality.readability.files import (
    Column,
    DataFile,
    Grid,
    is_blank,
    is_number,
    str_of,
)

_REMARK = re.compile(r"^\s*[(（【]?(?:※|\*|注[)）:：\s]|注$|出典|資料[:：]|単位[:：]|備考[:：])")
_TIME_WORD = re.compile(r"年|月|期|FY|Q\d|[HRS]\d|四半期", re.IGNORECASE)
_AREA = re.compile(r"^.{1,6}[都道府県市区町村]$")
_DIGITS = re.compile(r"[\d０-９元]+")
_WIDE = 3


def find_several_tables(file: DataFile) -> Iterator[Break]:
    """L1-02: a run of rows below the first that has headings of its own."""
    for grid in file.grids:
        tables = [run for run in _split(grid) if _is_table(grid, run)]
        for first, last in tables[1:]:
            if _has_headings(grid, first, last) or grid.rows[first] == grid.rows[tables[0][0]]:
                yield at(grid.name, first, 0)
        headers = _headers_by_side(grid)
        if len(headers) > 1 and any(set(one) & set(headers[0]) for one in headers[1:]):
            yield Break(grid.name)


def find_divided_data(file: DataFile) -> Iterator[Break]:
    """L1-03: an empty row or column within a table."""
    for grid in file.grids:
        tables = [run for run in _split(grid) if _is_table(grid, run)]
        for (_, end), (first, last) in pairwise(tables):
            if not _has_headings(grid, first, last):
                yield at(grid.name, end + 1, 0)
        for number in _empty_columns(grid):
            yield at(grid.name, grid.header_row, number)


def find_unrelated_lines(file: DataFile) -> Iterator[Break]:
    """L1-04: a title, note or source around the table."""
    for grid in file.grids:
        wide = len(grid.columns) >= 3
        for number, row in enumerate(grid.rows):
            texts = [str_of(cell) for cell in row if not is_blank(cell)]
            alone = wide and len(texts) == 1 and number < grid.header_row
            if alone or (len(texts) == 1 and _REMARK.match(texts[0])):
                yield at(grid.name, number, 0)


def find_objects(file: DataFile) -> Iterator[Break]:
    """L1-10: pictures, charts and comments."""
    yield from (Break() for _ in file.objects)


def find_marks_by_look(file: DataFile) -> Iterator[Break]:
    """L1-11: cells of one column that look different from each other."""
    for grid in file.grids:
        for column in grid.columns:
            looks = {
                row: grid.look.looks.get((row, column.number), "")
                for row, cell in enumerate(column.cells, column.first_row)
                if not is_blank(cell)
            }
            if len(set(looks.values())) > 1:
                usual = Counter(looks.values()).most_common(1)[0][0]
                row = next(row for row, look in looks.items() if look != usual)
                yield at(grid.name, row, column.number)


def find_merged_cells(file: DataFile) -> Iterator[Break]:
    """L1-12: merged cells."""
    for grid in file.grids:
        yield from (at(grid.name, *first) for first, _ in grid.look.merged)


def find_hidden_parts(file: DataFile) -> Iterator[Break]:
    """L1-13: hidden rows, columns and sheets."""
    for grid in file.grids:
        yield from (at(grid.name, row, 0) for row in sorted(grid.look.hidden_rows))
        if grid.look.hidden or grid.look.hidden_columns:
            yield Break(grid.name)


def find_broken_lines(file: DataFile) -> Iterator[Break]:
    """L1-14: a record over several lines, or one that ends early."""
    for grid in file.grids:
        width = len(grid.rows[0]) if grid.rows else 0
        for number, row in enumerate(grid.rows):
            if len(row) < width or any("\n" in cell or "\r" in cell for cell in row):
                yield at(grid.name, number, 0)


def find_bare_commas(file: DataFile) -> Iterator[Break]:
    """L1-15: a record with more values than there are headings, for a comma is in one of them."""
    for grid in file.grids:
        width = len(grid.rows[0]) if grid.rows else 0
        yield from (at(grid.name, n, width) for n, row in enumerate(grid.rows) if len(row) > width)


def find_repeated_headings(file: DataFile) -> Iterator[Break]:
    """L2-03: the same heading twice, or headings over several rows."""
    for grid in file.grids:
        seen: set[str] = set()
        for column in grid.columns:
            if column.header and column.header in seen:
                yield at(grid.name, grid.header_row, column.number)
            seen.add(column.header)
        numeric = [column for column in grid.columns if _turns_numeric(column)]
        if numeric:
            yield at(grid.name, grid.header_row + 1, numeric[0].number)


def find_late_header(file: DataFile) -> Iterator[Break]:
    """L3-01: headings that do not begin in A1."""
    for grid in file.grids:
        first = grid.rows[0] if grid.rows else [""]
        if grid.header_row or is_blank(first[0]) or any(is_number(cell) for cell in first):
            yield at(grid.name, grid.header_row, 0)


def find_wide_layout(file: DataFile) -> Iterator[Break]:
    """L3-09: years, months or places side by side."""
    for grid in file.grids:
        headers = [column.header for column in grid.columns]
        timed = [one for one in headers if _TIME_WORD.search(one) or one.isdigit()]
        alike = Counter(_DIGITS.sub("#", one) for one in timed if _DIGITS.search(one))
        places = sum(_AREA.match(one) is not None for one in headers)
        if places >= _WIDE or any(count >= _WIDE for count in alike.values()):
            yield at(grid.name, grid.header_row, 0)


def _split(grid: Grid) -> Iterator[tuple[int, int]]:
    """Yield the first and last row of each run of rows that are not empty."""
    first = None
    for number, row in enumerate([*grid.rows, ()]):
        if any(not is_blank(cell) for cell in row):
            first = number if first is None else first
        elif first is not None:
            yield first, number - 1
            first = None


def _is_table(grid: Grid, run: tuple[int, int]) -> bool:
    rows = grid.rows[run[0] : run[1] + 1]
    widest = max(sum(not is_blank(cell) for cell in row) for row in rows)
    return widest >= 2 and run[0] + len(rows) > grid.header_row


def _has_headings(grid: Grid, first: int, last: int) -> bool:
    """Tell whether texts stand above something that is none, as headings do."""
    head, below = grid.rows[first], grid.rows[first + 1 : last + 1]
    if sum(not is_blank(cell) for cell in head) < 2 or any(is_number(cell) for cell in head):
        return False
    return any(not is_blank(cell) and is_number(cell) for row in below for cell in row)


def _empty_columns(grid: Grid) -> list[int]:
    """Return the empty columns between others."""
    used = [column.number for column in grid.columns]
    return [
        number for number in range(min(used, default=0), max(used, default=0)) if number not in used
    ]


def _headers_by_side(grid: Grid) -> list[list[str]]:
    """Return the headings on each side of the empty columns."""
    gaps = set(_empty_columns(grid))
    sides: list[list[str]] = [[]]
    last = -1
    for column in grid.columns:
        if any(number in gaps for number in range(last + 1, column.number)):
            sides.append([])
        sides[-1].append(column.header)
        last = column.number
    return sides


def _turns_numeric(column: Column) -> bool:
    """Tell whether the first cell is a text and all below are numbers."""
    filled = [cell for cell in column.cells if not is_blank(cell)]
    if len(filled) < 3 or filled[0] is not column.cells[0]:
        return False
    return not is_number(filled[0]) and _all_numbers(filled[1:]) and _is_word(filled[0])


def _all_numbers(cells: Iterable[object]) -> bool:
    return all(is_number(cell) for cell in cells)


def _is_word(cell: object) -> bool:
    return isinstance(cell, str) and not any(letter.isdigit() for letter in cell) and len(cell) > 1
