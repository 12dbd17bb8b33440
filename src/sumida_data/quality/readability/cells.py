"""Rules about what stands in the cells."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from sumida_data.base.characters import find_dependent
from sumida_data.quality.readability.breaks import Break, at
from sumida_data.quality.readability.files import (
    Column,
    DataFile,
    Grid,
    is_blank,
    is_number,
    str_of,
)

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
_OTHER_WITH_DETAIL = re.compile(r"その他\s*[(（:：、,・].+")
_MOSTLY = 0.6
_FEW_CHOICES = 20
_LONGEST_CHOICE = 15


def find_bare_headings(file: DataFile) -> Iterator[Break]:
    """L1-05: a column without a heading that says something."""
    for grid, column in _columns(file):
        if _NO_MEANING.fullmatch(column.header):
            yield at(grid.name, grid.header_row, column.number)


def find_layout_by_space(file: DataFile) -> Iterator[Break]:
    """L1-06: white space or line breaks that only make it look good."""
    for grid, column in _columns(file):
        for text, row in _texts(grid, column):
            if _LAYOUT.search(text):
                yield at(grid.name, row, column.number)


def find_several_values(file: DataFile) -> Iterator[Break]:
    """L1-07: two numbers in a cell, or several choices of a list."""
    for grid, column in _columns(file):
        lists = _find_lists(column)
        for value, row in column.distinct.items():
            text = str_of(value)
            if text in lists or (isinstance(value, str) and _TWO_NUMBERS.fullmatch(text)):
                yield at(grid.name, row, column.number)


def find_dependent_characters(file: DataFile) -> Iterator[Break]:
    """L1-08: characters that not every device shows alike."""
    for grid in file.grids:
        if find_dependent(grid.name):
            yield Break(grid.name)
    for grid, column in _columns(file):
        for text, row in _texts(grid, column):
            if find_dependent(text):
                yield at(grid.name, row, column.number)


def find_unclear_blanks(file: DataFile) -> Iterator[Break]:
    """L1-09: an empty cell among numbers, and nothing says what it means."""
    if not file.description.says_missing:
        for grid, column in _columns(file):
            if column.has_blanks and column.distinct and is_numeric(column):
                yield at(grid.name, grid.header_row, column.number)


def find_text_among_numbers(file: DataFile) -> Iterator[Break]:
    """L2-01: a text in a column of numbers, or a number kept as text in a workbook."""
    for grid, column in _columns(file):
        if not is_numeric(column):
            continue
        for value, row in column.distinct.items():
            text_in_workbook = isinstance(value, str) and file.form in {"xlsx", "ods", "xls"}
            if text_in_workbook or not is_number(value):
                yield at(grid.name, row, column.number)


def find_omissions(file: DataFile) -> Iterator[Break]:
    """L2-02: the same as above, said in words or by an empty cell in what names the row."""
    for grid, column in _columns(file):
        for value, row in column.distinct.items():
            if isinstance(value, str) and value.strip() in _DITTO:
                yield at(grid.name, row, column.number)
    for grid in file.grids:
        for column in grid.columns[:1]:
            filled = [not is_blank(cell) for cell in column.cells]
            if any(filled) and not all(filled[filled.index(True) :]) and column.header:
                row = column.first_row + filled.index(False, filled.index(True))
                yield at(grid.name, row, column.number)


def find_unlike_choices(file: DataFile) -> Iterator[Break]:
    """L2-04: a word outside the list, or one choice written in two ways."""
    for grid, column in _columns(file):
        allowed = column.note.enum if column.note else ()
        seen: dict[str, str] = {}
        for value, row in column.distinct.items():
            text = str_of(value)
            folded = unicodedata.normalize("NFKC", text).replace(" ", "").casefold()
            written_twice = not allowed and seen.setdefault(folded, text) != text
            if (allowed and text not in allowed) or (written_twice and _is_choice(column)):
                yield at(grid.name, row, column.number)


def find_other_with_detail(file: DataFile) -> Iterator[Break]:
    """L2-05: what その他 means, in the same cell."""
    for grid, column in _columns(file):
        for value, row in column.distinct.items():
            if isinstance(value, str) and _OTHER_WITH_DETAIL.match(value):
                yield at(grid.name, row, column.number)


def find_formulas(file: DataFile) -> Iterator[Break]:
    """L2-06: formulas."""
    for grid in file.grids:
        yield from (at(grid.name, *cell) for cell in grid.look.formulas)


def find_unexplained_symbols(file: DataFile) -> Iterator[Break]:
    """L3-03: a symbol in a column of numbers, and no sheet says what it means."""
    legend = {
        str_of(cell).strip()
        for grid in file.grids
        if re.search("凡例|記号|注", grid.name)
        for row in grid.rows
        for cell in row
    }
    for grid, column in _columns(file):
        if is_numeric(column):
            for value, row in column.distinct.items():
                if isinstance(value, str) and _SYMBOL.fullmatch(value) and value not in legend:
                    yield at(grid.name, row, column.number)


def is_numeric(column: Column) -> bool:
    """Tell whether a column holds numbers: it is said to, or most of its values look like it."""
    if column.note:
        return column.note.type in {"integer", "number"}
    if _CODE_HEADER.search(column.header):
        return False
    values = list(column.distinct)
    alike = [value for value in values if is_number(value) or _looks_like_number(value)]
    return bool(values) and len(alike) >= _MOSTLY * len(values) and any(map(is_number, values))


def _looks_like_number(value: object) -> bool:
    return isinstance(value, str) and bool(
        _NUMBER_LIKE.fullmatch(value) or _SYMBOL.fullmatch(value)
    )


def _columns(file: DataFile) -> Iterator[tuple[Grid, Column]]:
    return ((grid, column) for grid in file.grids for column in grid.columns)


def _texts(grid: Grid, column: Column) -> Iterator[tuple[str, int]]:
    """Yield the heading as it stands and the texts of a column, with their rows."""
    header = grid.rows[grid.header_row]
    if column.number < len(header):
        yield str_of(header[column.number]), grid.header_row
    for value, row in column.distinct.items():
        if isinstance(value, str):
            yield value, row


def _find_lists(column: Column) -> set[str]:
    """Return the values that put several choices together, where choices also stand alone."""
    texts = [value for value in column.distinct if isinstance(value, str)]
    parts = {text: [part for part in _SEPARATORS.split(text) if part] for text in texts}
    uses = Counter(part for text in texts for part in set(parts[text]))
    return {
        text
        for text in texts
        if len(parts[text]) > 1
        and sum(part in column.distinct for part in parts[text]) > 1
        and all(uses[part] > 1 and len(part) <= _LONGEST_CHOICE for part in parts[text])
        and not all(is_number(part) for part in parts[text])
    }


def _is_choice(column: Column) -> bool:
    return len(column.distinct) <= _FEW_CHOICES and all(
        len(str_of(value)) <= _LONGEST_CHOICE for value in column.distinct
    )
