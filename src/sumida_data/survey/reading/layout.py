"""Finding tables and labels in a sheet by their headings, not by their position.

Departments insert rows and columns, break headings over lines, merge cells and number rows by
formula. A heading is compared without width, white space, notes (※…) and a unit in parentheses.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import NamedTuple

from xlsxwriter.utility import xl_rowcol_to_cell

from sumida_data.survey.form import HEADER_SEARCH_ROWS, FormField
from sumida_data.survey.reading.text import fold, is_unit, raw_text_of
from sumida_data.survey.reading.workbook import CellValue, Sheet

# The A1 address of a cell counted from 0.
cell_address = xl_rowcol_to_cell

HEADER_DEPTH = 3
_LETTERS = list("abcdefghijklmnopqrstuvwxyz")
# Shorter labels, such as 課, begin many an answer.
_SHORTEST_LABEL = 3
# 例 alone or with a number marks an example; 例規集 is the name of something.
_EXAMPLE = re.compile(
    r"^[(\[【〔〈《「『]?((記入|記載|入力|作成)(例|見本)|(サンプル|見本|例\d*)([)\]】〕〉》」』:.]|$))"
)
_NOTE = re.compile(r"^(※|\*|注|\(注|(以上|(以下)?(余白|空白))$)")
_TOTALS = {"合計", "計", "小計", "総計", "総合計", "総数", "全国", "全国計", "課計", "部計"}
_TOTALS |= {"年度計", "平均", "累計", "集計", "差引", "増減", "最大", "最小"}
_TOTALS |= {"total", "トータル", "sum"}
_TOTAL = re.compile(r"^(小計|合計|総計).{0,3}$|.(小計|合計|総計)$|^計[0-9]+(件|業務|手続|回|人)?$")
# Columns that count or check the rows are no answers.
_NUMBERING = {"#", "no", "no.", "番号", "項番", "通番", "例", "確認"}
# Ministries put the day of a column into its heading, in some months without brackets.
_TRAILING_DAY = re.compile(
    r"(令和|平成|[rh])\.?(元|[0-9]{1,2})[年./-][0-9年月日末./-]*(時点|現在)$", re.IGNORECASE
)
# What comes before a heading and says nothing of it: ①, ★, 3.
_LEADING_MARK = re.compile(
    r"^\s*([★☆◎○●◇◆□■▲▼※*＊①-⑳❶-❿]+|[(（]?[0-9０-９]{1,2}[)）.．、])\s*(?=\D)"
)
# Words with which a heading asks for something else than without them.
_OTHER_MEANING = re.compile(
    r"前回|前々|前年|昨年|去年|前期|次回|予定|計画|見込|目標|参考|平均|累計|累積|月間|/[月日週]|年度"
)
# In parentheses these ask for a part of what the heading asks for, or for another time.
_PART_MEANING = re.compile(
    rf"{_OTHER_MEANING.pattern}|うち|内数|内訳|再掲|除|以外|旧|[半上下]期|[0-9]月分|あたり|当たり|割合|増減"
)
_OTHER_GROUP = re.compile(
    r"[(\[【]?(前回|前々回|前年度?|昨年度?|前期|次回|予定|計画|見込み?|目標|参考)"
    r"の?(回答|値|数|件数|実績|分)?[)\]】]?"
)
_ASKED_FOR = {"今回", "実績", "今期", "現在", "今年度"}
_OUTSIDE = re.compile(r"^[(\[【〔]|[)\]】〕]$")
_TRAILING_PARENTHESES = re.compile(r"[(\[【〔][^)\]】〕]*[)\]】〕]$")


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table found in a sheet: the row of its lowest heading, and what its columns are.

    The columns are by field name; unknown are headings that belong to no field, by their column;
    guessed are headings that are taken for those of key fields, by field name.
    """

    header_row: int
    columns: dict[str, int]
    unknown: dict[int, str]
    guessed: dict[str, str] = field(default_factory=dict)


class FoundLabel(NamedTuple):
    """The cell that answers a label, and where the label is."""

    row: int
    column: int
    value: CellValue
    label: tuple[int, int] = (0, 0)


class Headings:
    """The headings under which fields may be; made once and used for many sheets.

    Headings of a table are within so many rows from the top.
    """

    def __init__(self, fields: Sequence[FormField], search_rows: int = HEADER_SEARCH_ROWS) -> None:
        self.search_rows = search_rows
        self.fields, self.count = fields, len(fields)
        self.keys = {field.name for field in fields if field.key}
        self.names = {heading_key(text): field.name for field in fields for text in field.headings}
        self.endings = _endings(self.names)
        self.beginnings = tuple(key for key in self.names if len(key) >= _SHORTEST_LABEL)
        self.endings_of_keys = [
            _endings(key for key, name in self.names.items() if name == one) for one in self.keys
        ]

    @cached_property
    def _titles(self) -> set[str]:
        return {heading_key(field.title) for field in self.fields}

    def prefers(self, heading: str, other: str) -> bool:
        """Tell whether of two headings that mean a field only this one is its own title."""
        return heading in self._titles and other not in self._titles

    def is_label(self, text: str) -> bool:
        """Tell whether a text is a label, or a longer one that begins like it: 基準日について."""
        key = heading_key(text)
        return key in self.names or key.startswith(self.beginnings)


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


def means_something_else(heading: str) -> bool:
    """Tell whether a heading asks for something else than one without its words would."""
    return _OTHER_MEANING.search(heading) is not None


def find_table(sheet: Sheet, headings: Headings, *, in_part: bool = False) -> FoundTable | None:
    """Return the table with a column for every key field and for most of the others, or None.

    Of a part, such as one moved elsewhere, it is enough to have the key fields and one more.
    """
    _list_upper_texts(sheet, headings.search_rows)
    for endings in headings.endings_of_keys:
        if endings.isdisjoint(sheet.upper_texts.values()):
            return None
    best = find_most_headings(sheet, headings)
    if best is None or not headings.keys <= best.columns.keys():
        return None
    least = 2 if in_part else headings.count / 2
    return best if len(best.columns) >= least else None


def find_most_headings(sheet: Sheet, headings: Headings) -> FoundTable | None:
    """Return the row with the most headings of fields as a table, were it one; None without any."""
    texts = _list_upper_texts(sheet, headings.search_rows)
    # A row without the end of any heading cannot match more than the rows above it do.
    matching = {text for text, key in texts.items() if key in headings.endings}
    rows = _fill_merged_headings(sheet, headings.search_rows)
    best: FoundTable | None = None
    for number, row in enumerate(rows):
        if matching.isdisjoint(row):
            continue
        found = _match_headings(_stack(rows, number), number, headings)
        if best is None or len(found.columns) > len(best.columns):
            best = found
        if len(best.columns) == headings.count:
            break
    if best and _says_more_of_headings(rows[best.header_row + 1 : best.header_row + 2]):
        number = best.header_row + 1
        return _match_headings(_stack(rows, number), number, headings)
    return best


def find_rows(sheet: Sheet, table: FoundTable) -> Iterator[tuple[int, bool]]:
    """Yield the rows that hold answers, each with whether it is marked as the example.

    Empty rows, prefilled numbering, totals, notes and repeated headings hold none.
    """
    columns = list(table.columns.values())
    # Of one column, itemgetter would not make a tuple.
    pick = itemgetter(*columns, columns[0])
    above = list_heading_rows(sheet, table)
    odd_rows = {row for row, column in sheet.look.oddities if column in columns}
    for number, row in enumerate(sheet.rows[table.header_row + 1 :], table.header_row + 1):
        cells = pick(row)
        if number in odd_rows:
            kind = _kind_of(row, cells[0])
        elif cells.count("") == len(cells) or all(map(_is_blank, cells)):
            continue
        else:
            repeats = _repeats_headings(row, columns, above)
            kind = "headings" if repeats else _kind_of(row, cells[0])
        if kind in {"answer", "example"}:
            yield number, kind == "example"


def find_labels(sheet: Sheet, headings: Headings) -> dict[str, FoundLabel]:
    """Find label cells and the answers beside them or, under a row of labels, below them."""
    labels = {text for text in list_texts(sheet) if heading_key(text) in headings.names}
    found: dict[str, FoundLabel] = {}
    for number, row in enumerate(sheet.rows):
        if labels.isdisjoint(row):
            continue
        for column, text in enumerate(row):
            if text in labels and (name := headings.names[heading_key(str(text))]) not in found:
                answer = _find_answer(sheet, number, column, headings)
                found[name] = answer._replace(label=(number, column))
    return found


def list_heading_rows(sheet: Sheet, table: FoundTable) -> list[list[CellValue]]:
    """Return the rows in which the headings of a table may be, the lowest last."""
    return [sheet.rows[number] for number in _rows_above(table.header_row)]


def list_headings(sheet: Sheet, table: FoundTable, column: int) -> list[FoundLabel]:
    """Return the cells with text in the heading of a column, the lowest first, at least one."""
    texts = [(row, _text(sheet.rows[row], column)) for row in _rows_above(table.header_row)]
    found = [FoundLabel(row, column, text) for row, text in reversed(texts) if text]
    return found or [FoundLabel(table.header_row, column, "")]


def find_heading(sheet: Sheet, table: FoundTable, column: int) -> FoundLabel:
    """Return the lowest cell with text in the heading of a column."""
    return list_headings(sheet, table, column)[0]


def find_bare_columns(sheet: Sheet, table: FoundTable) -> list[int]:
    """Return the columns within or to the right of the table that have no heading."""
    above, taken = list_heading_rows(sheet, table), set(table.columns.values())
    columns = range(min(taken), len(above[-1]))
    return [
        one for one in columns if one not in taken and all(_is_blank(row[one]) for row in above)
    ]


def _rows_above(number: int) -> range:
    """Return the rows in which headings may be of which the lowest is in this one."""
    return range(max(0, number + 1 - HEADER_DEPTH), number + 1)


def _stack(rows: Sequence[Sequence[CellValue]], number: int) -> tuple[tuple[str, ...], ...]:
    return tuple(_key_row(tuple(rows[one])) for one in _rows_above(number))


# Departments fill in the same form: the same headings come again and again.
@lru_cache(maxsize=1024)
def _key_row(row: tuple[CellValue, ...]) -> tuple[str, ...]:
    return tuple(heading_key(cell) if isinstance(cell, str) else "" for cell in row)


def _says_more_of_headings(rows: Sequence[Sequence[CellValue]]) -> bool:
    """Tell whether a row under headings says 前回 and 今回, or units in parentheses, alone."""
    cells = [cell for row in rows for cell in row if not _is_blank(cell)]
    return bool(cells) and all(
        isinstance(cell, str) and _is_part_of_heading(cell) for cell in cells
    )


@lru_cache(maxsize=4096)
def _is_part_of_heading(text: str) -> bool:
    key = fold(text)
    is_group = key in _ASKED_FOR or _OTHER_GROUP.fullmatch(key) is not None
    return is_group or is_unit(_OUTSIDE.sub("", key))


def list_texts(sheet: Sheet) -> Iterable[str]:
    """Return the texts of a sheet, each once."""
    is_low = len(sheet.rows) <= HEADER_SEARCH_ROWS
    return _list_upper_texts(sheet) if is_low else _list_texts(sheet.rows)


def _list_upper_texts(sheet: Sheet, search_rows: int = HEADER_SEARCH_ROWS) -> dict[str, str]:
    # A sheet is searched for one table after the other.
    if not sheet.upper_texts:
        texts = _list_texts(sheet.rows[:search_rows])
        sheet.upper_texts.update(zip(texts, map(heading_key, texts), strict=True))
    return sheet.upper_texts


def _list_texts(rows: Iterable[Iterable[CellValue]]) -> list[str]:
    """Return the texts of the rows, each once."""
    return [text for text in set().union(*rows) if text and isinstance(text, str)]


def _fill_merged_headings(sheet: Sheet, search_rows: int) -> list[list[CellValue]]:
    rows = sheet.rows[:search_rows]
    for (top, left), (bottom, right) in sheet.look.merged:
        if bottom >= len(rows):
            continue
        text = rows[top][left] if left < len(rows[top]) else ""
        for number in range(top, bottom + 1):
            row = rows[number] = list(rows[number])
            columns = range(left, min(right + 1, len(row)))
            row[left : left + len(columns)] = [text] * len(columns)
    return rows


@lru_cache(maxsize=1024)
def _match_headings(
    rows: tuple[tuple[str, ...], ...], number: int, headings: Headings
) -> FoundTable:
    columns: dict[str, int] = {}
    unknown: dict[int, str] = {}
    said: dict[int, str] = {}
    for column, stacked in enumerate(zip(*rows, strict=True)):
        # Distinct texts from top to bottom; a merged heading is in several rows.
        texts = list(filter(None, dict.fromkeys(stacked)))
        if not texts:
            continue
        name, heading = _name_of(texts, headings.names), texts[-1]
        taken = columns.get(name or "")
        # Where 番号 is beside 手続番号, the field's own title is meant.
        if taken is not None and headings.prefers(heading, said[taken]):
            _set_aside(unknown, taken, said[taken])
            taken = None
        if name is not None and taken is None:
            columns[name], said[column] = column, heading
        else:
            _set_aside(unknown, column, heading)
    return FoundTable(number, columns, unknown)


def _set_aside(unknown: dict[int, str], column: int, heading: str) -> None:
    if heading not in _NUMBERING:
        unknown[column] = heading


def _name_of(texts: Sequence[str], names: Mapping[str, str]) -> str | None:
    if any(_OTHER_GROUP.fullmatch(text) for text in texts):
        return None
    if len(texts) > 1 and texts[-1] in _ASKED_FOR:
        return names.get(texts[-2])
    return names.get("".join(texts[-2:])) or names.get(texts[-1])


def _find_answer(sheet: Sheet, row: int, column: int, headings: Headings) -> FoundLabel:
    beside = _column_after(sheet, row, column)
    cells = sheet.rows[row]
    given = (number for number in range(beside, len(cells)) if not _is_blank(cells[number]))
    first = next(given, None)
    if first is not None and not headings.is_label(_text(cells, first)):
        return FoundLabel(row, first, cells[first])
    neighbours = map(raw_text_of, cells[beside : beside + 1] + cells[max(column - 1, 0) : column])
    if any(map(headings.is_label, neighbours)) and row + 1 < len(sheet.rows):
        below = sheet.rows[row + 1][column]
        if not headings.is_label(raw_text_of(below)):
            return FoundLabel(row + 1, column, below)
    return FoundLabel(row, beside, "")


def _column_after(sheet: Sheet, row: int, column: int) -> int:
    for (top, left), (bottom, right) in sheet.look.merged:
        if top <= row <= bottom and left <= column <= right:
            return right + 1
    return column + 1


def _kind_of(row: Sequence[CellValue], leading: CellValue) -> str:
    """Return what a row is, by its first text and by the first cell of the table's own."""
    first = next((cell for cell in row if isinstance(cell, str) and cell.strip()), "")
    kinds = {_kind_by_text(first)}
    if isinstance(leading, str):
        kinds.add(_kind_by_text(leading))
    if "note" in kinds and sum(not _is_blank(cell) for cell in row) > 1:
        kinds.remove("note")
    return next((kind for kind in ("example", "total", "note") if kind in kinds), "answer")


def is_total(text: str) -> bool:
    """Tell whether a text calls its row a total."""
    key = heading_key(text) or _OUTSIDE.sub("", fold(text))
    return key in _TOTALS or _TOTAL.search(key) is not None


# The same few texts begin the rows of most returns.
@lru_cache(maxsize=4096)
def _kind_by_text(text: str) -> str:
    folded = fold(text)
    if _EXAMPLE.match(folded):
        return "example"
    if is_total(text):
        return "total"
    return "note" if _NOTE.match(folded) else "answer"


def _repeats_headings(
    row: Sequence[CellValue], columns: Iterable[int], above: Sequence[Sequence[CellValue]]
) -> bool:
    """Tell whether all that is in the columns is above them as a heading too.

    Headings may be numbered below, from the first to the last: ① ② ③.
    """
    given = [one for one in columns if row[one] != ""]
    if all(_is_repeated(row, column, above) for column in given):
        return True
    if len(given) <= HEADER_DEPTH or len(raw_text_of(row[given[0]])) > HEADER_DEPTH:
        return False
    numbers = [fold(raw_text_of(row[column])).strip("().") for column in given]
    ordered = [str(number) for number in range(1, len(given) + 1)]
    return numbers in (ordered, _LETTERS[: len(given)])


def _is_repeated(
    row: Sequence[CellValue], column: int, above: Sequence[Sequence[CellValue]]
) -> bool:
    text = row[column]
    if not isinstance(text, str) or not text.strip():
        return isinstance(text, str)
    return heading_key(text) in {heading_key(one) for row in above if (one := _text(row, column))}


def _is_blank(cell: CellValue) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _text(row: Sequence[CellValue], column: int) -> str:
    cell = row[column] if column < len(row) else ""
    return cell if isinstance(cell, str) else ""
