"""The columns of a table: what each cell says as an answer, and what is wrong with the headings.

What follows from the headings is worked out once for each layout.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from operator import attrgetter, itemgetter
from typing import Generic, NamedTuple, TypeVar

from xlsxwriter.utility import xl_col_to_name

from sumida_data.base.characters import name_unseen
from sumida_data.survey.findings import Kind
from sumida_data.survey.form import FormField, RecordSheet
from sumida_data.survey.reading.layout import (
    FoundTable,
    Headings,
    cell_address,
    find_bare_columns,
    find_heading,
    find_most_headings,
    heading_key,
    means_something_else,
)
from sumida_data.survey.reading.text import (
    UNREADABLE,
    Reader,
    Reading,
    find_unusual_characters,
    fold,
    is_other_unit,
    raw_text_of,
    read_text,
    reader_of,
)
from sumida_data.survey.reading.workbook import CellValue, Sheet

_RULE_OF_TYPE = {
    "integer": Kind.NOT_A_NUMBER,
    "number": Kind.NOT_A_NUMBER,
    "date": Kind.NOT_A_DATE,
    "yearmonth": Kind.NOT_A_DATE,
}
_RULE_OF_REASON = {
    "two_readings": Kind.AMBIGUOUS_NUMBER,
    "several_values": Kind.SEVERAL_VALUES,
    "other_unit": Kind.OTHER_UNIT,
    "other_weekday": Kind.OTHER_WEEKDAY,
}
# The same cells come again and again, and neighbouring fields try them too.
_KEPT = 2048
# What lies outside is a slip of the hand: no survey asks for it.
_FIRST_DAY, _LAST_DAY = "1990-01-01", "2099-12-31"
# Half of the characters in the same order: 年間の件数 for 年間件数, but not 開始日 for 開催場所.
_LIKENESS = 0.6
_UNIT_WORD = re.compile(r"^\s*単位\s*[:：は]?\s*")
_IN_PARENTHESES = re.compile(r"[(\[【〔<]([^)\]】〕>]*)[)\]】〕>]")
# Words in parentheses that say how to answer, or repeat what is asked anyway.
_HOW_TO_ANSWER = re.compile(
    r"[*※注]?[0-9]{0,2}|[※注].*|必須|任意|必ず.*|(半角|全角|整数|数字|概数|西暦|和暦|プルダウン|例[:は]).*"
    r"|今回.*|今期|現在|実績|年月日|y+.m+.d+|.*(記入|入力|選択|回答)",
    re.IGNORECASE,
)


class Judgement(NamedTuple):
    """What a cell says as the answer to a field.

    What counts is as ``seen``, or unreadable where it cannot be an answer and breaks a rule; the
    words are those of the finding beside the field's.
    """

    raw_text: str
    seen: Reading
    reading: Reading
    rule_id: str | None = None
    words: str = ""


Judge = Callable[[CellValue], Judgement]


def judge_of(field: FormField) -> Judge:
    """Return the function that judges a cell as the answer to this field, and remembers."""
    read = reader_of(field)
    is_name = field.required and field.type == "string"

    def judge(cell: CellValue) -> Judgement:
        raw, reading = raw_text_of(cell), read(cell)
        if rule_id := _refuse(reading, field):
            return Judgement(raw, reading, UNREADABLE, rule_id)
        if not field.free_text and (unseen := name_unseen(raw)):
            return Judgement(raw, reading, reading, Kind.UNSEEN_CHARACTERS, unseen)
        unusual = find_unusual_characters(reading.value) if is_name and reading.value else {}
        if unusual:
            words = "、".join(f"「{one}」(ふつうは「{usual}」)" for one, usual in unusual.items())
            return Judgement(raw, reading, reading, Kind.UNUSUAL_CHARACTERS, words)
        return Judgement(raw, reading, reading)

    return lru_cache(_KEPT, typed=True)(judge)


def describe_range(field: FormField) -> str:
    """Write the range of a field's numbers as 0以上100以下; empty where it has none."""
    low = f"{field.minimum}以上" if field.minimum is not None else ""
    high = f"{field.maximum}以下" if field.maximum is not None else ""
    return low + high


def _refuse(reading: Reading, field: FormField) -> str | None:
    """Return the rule that says why the reading is no answer to the field, or None."""
    if reading.status == "unreadable":
        if reading.rules in _RULE_OF_REASON:
            return _RULE_OF_REASON[reading.rules]
        return (
            Kind.NOT_A_CHOICE
            if field.enum is not None
            else _RULE_OF_TYPE.get(field.type, Kind.NOT_UNDERSTOOD)
        )
    if reading.value is None:
        return None
    if field.type == "date" and not _FIRST_DAY <= reading.value <= _LAST_DAY:
        return Kind.IMPLAUSIBLE_DAY
    if field.pattern is not None and not re.fullmatch(field.pattern, reading.value):
        return Kind.PATTERN
    return Kind.OUT_OF_RANGE if _is_out_of_range(reading.value, field) else None


def _is_out_of_range(value: str, field: FormField) -> bool:
    if field.minimum is None and field.maximum is None:
        return False
    number = Decimal(value)
    too_low = field.minimum is not None and number < field.minimum
    return too_low or (field.maximum is not None and number > field.maximum)


class AnswerColumn(NamedTuple):
    """A column of answers; its number counts from 0, its letters are such as AB."""

    number: int
    letters: str
    field: FormField
    judge: Judge


class TableColumn(NamedTuple):
    """Any column of a table.

    Attributes:
        read: Reads its cells.
        is_typed: Whether not every text can be an answer there.
        is_remark: Whether anything may be said there, such as 備考.
        is_described: Whether it is known what stands there.
    """

    read: Reader
    is_typed: bool
    is_remark: bool = False
    is_described: bool = True


class Remark(NamedTuple):
    """What is wrong with a heading, or with the lack of one; then there is no cell and no value."""

    rule_id: str
    cell: str | None
    value: str | None
    words: Mapping[str, str]


class Columns(NamedTuple):
    """The columns of a table.

    Attributes:
        answers: The columns to read, from left to right.
        key_places: Where the key fields are among them, in the order of the form.
        units: Where the columns are that say the unit of others, by the place of these.
        example: What the form's examples say in each column; nothing where they say nothing.
        bare: Columns without a heading.
        span: All columns from the first to read to the last; those not to be read take any text.
        remarks: What is wrong with the headings.
    """

    answers: Sequence[AnswerColumn]
    key_places: Sequence[int]
    units: Mapping[int, int]
    example: Sequence[Collection[str | None]]
    bare: Sequence[int]
    span: Sequence[TableColumn]
    remarks: Sequence[Remark]


Described = TypeVar("Described", bound=RecordSheet)


@dataclass(frozen=True)
class ColumnFinder(Generic[Described]):
    """Works out what is to be read from the columns of the tables that a description is of."""

    description: Described

    @cached_property
    def headings(self) -> Headings:
        """The headings under which the fields may stand."""
        return Headings(self.description.fields, self.description.search_rows)

    @cached_property
    def fields(self) -> dict[str, FormField]:
        """The fields by name."""
        return {field.name: field for field in self.description.fields}

    @cached_property
    def judges(self) -> dict[str, Judge]:
        """What judges the answers to each field but personal ones, which nobody needs."""
        return {name: judge_of(field) for name, field in self.fields.items() if not field.personal}

    def find_columns(self, sheet: Sheet, table: FoundTable) -> Columns:
        """Work out the columns of a table that was found in a sheet."""
        remarks = list(self._remark_on_headings(table))
        answers = []
        for name, number in sorted(table.columns.items(), key=itemgetter(1)):
            if name not in self.judges:
                continue
            if remark := self._remark_on_parentheses(self.fields[name], sheet, table):
                remarks.append(remark)
                if remark.rule_id == Kind.HEADING_UNIT:
                    continue
            letters = xl_col_to_name(number)
            answers.append(AnswerColumn(number, letters, self.fields[name], self.judges[name]))
        places = {column.field.name: place for place, column in enumerate(answers)}
        keys = [places[field.name] for field in self.description.key_fields]
        units = {
            place: places[column.field.unit_field]
            for place, column in enumerate(answers)
            if column.field.unit_field in places
        }
        example = [
            {column.judge(text).seen.value for text in column.field.examples} - {None}
            for column in answers
        ]
        bare = list(find_bare_columns(sheet, table))
        return Columns(answers, keys, units, example, bare, _span(answers), remarks)

    def judge_in_unit(self, name: str, unit: str) -> Judge:
        """Return what judges the answers to a field in rows of this unit."""
        judge = self._judges_in_units.get((name, unit))
        if judge is None:
            judge = judge_of(self.fields[name].model_copy(update={"unit": unit}))
            self._judges_in_units[name, unit] = judge
        return judge

    @cached_property
    def _judges_in_units(self) -> dict[tuple[str, str], Judge]:
        return {}

    def guess_table(self, sheet: Sheet) -> FoundTable | None:
        """Return the table of a sheet in which headings of key fields are only almost right."""
        table = find_most_headings(sheet, self.headings)
        if table is None or 2 * len(table.columns) < self.headings.count:
            return None
        columns, unknown, guessed = dict(table.columns), dict(table.unknown), dict[str, str]()
        for item in self.description.key_fields:
            if item.name in columns:
                continue
            like = (c for c, text in unknown.items() if _is_like(text, item))
            column = next(like, None)
            if column is None:
                return None
            columns[item.name] = column
            guessed[item.name] = unknown.pop(column)
        return FoundTable(table.header_row, columns, unknown, guessed)

    def remark_on_missing(self, name: str, texts: Iterable[str]) -> Remark:
        """Remark on a heading or label that is not there, with the text that may stand for it."""
        missing = self.fields[name]
        meant = next((text for text in texts if suggest_field(text, [missing])), None)
        hint = f"「{meant}」がそれに当たりますか。" if meant else ""
        return Remark(Kind.MISSING_HEADING, None, None, {"heading": missing.title, "hint": hint})

    def _remark_on_headings(self, table: FoundTable) -> Iterator[Remark]:
        for name, heading in table.guessed.items():
            cell = cell_address(table.header_row, table.columns[name])
            yield Remark(Kind.GUESSED_HEADING, cell, heading, {"heading": self.fields[name].title})
        missing = [name for name in self.judges if name not in table.columns]
        unknown = table.unknown if self.description.is_complete else {}
        for name in missing:
            yield self.remark_on_missing(name, unknown.values())
        fields = [self.fields[name] for name in missing]
        for column, heading in unknown.items():
            meant = suggest_field(heading, fields)
            hint = f"「{meant.title}」のことですか。" if meant else ""
            rule_id = Kind.SECOND_COLUMN if heading in self.headings.names else Kind.UNKNOWN_HEADING
            yield Remark(rule_id, cell_address(table.header_row, column), heading, {"hint": hint})

    def _remark_on_parentheses(
        self, item: FormField, sheet: Sheet, table: FoundTable
    ) -> Remark | None:
        """Return a remark on a heading with another unit, or with words that may mean another."""
        heading = find_heading(sheet, table, item.name)
        text, cell = raw_text_of(heading.value), cell_address(heading.row, heading.column)
        words = {"heading": item.title, "unit": item.unit or "", "other": ""}
        for said in _IN_PARENTHESES.findall(fold(text)):
            unit = _UNIT_WORD.sub("", said)
            if item.unit and is_other_unit(unit, item.unit):
                return Remark(Kind.HEADING_UNIT, cell, text, words | {"other": unit})
            known = [fold(one) for one in (*item.headings, item.unit or "")]
            is_known = any(unit in one for one in known) or (
                # Ministries put the day of a column into its heading.
                not self.description.is_complete and unit.endswith(("時点", "現在"))
            )
            if not is_known and not _HOW_TO_ANSWER.fullmatch(said):
                return Remark(Kind.GUESSED_HEADING, cell, text, words)
        return None


def suggest_field(heading: str, fields: Iterable[FormField]) -> FormField | None:
    """Return the one of the fields that an unknown heading most likely means, or None."""
    key = heading_key(heading)
    likeness = [
        (SequenceMatcher(None, key, heading_key(title)).ratio(), field)
        for field in fields
        for title in field.headings
    ]
    ratio, best = max(likeness, key=itemgetter(0), default=(0, None))
    return best if ratio >= _LIKENESS else None


def _is_like(heading: str, item: FormField) -> bool:
    return suggest_field(heading, [item]) is not None and not means_something_else(heading)


def names_other_unit(text: str, units: Collection[str]) -> bool:
    """Tell whether a line such as 単位：千件 names a unit that is none of these."""
    line = text.strip().strip("（）()[]【】")
    named = re.split("[、,，・/／]", _UNIT_WORD.sub("", line))
    is_line = units and _UNIT_WORD.match(line)
    return bool(is_line) and any(all(is_other_unit(one, unit) for unit in units) for one in named)


def _span(answers: Sequence[AnswerColumn]) -> list[TableColumn]:
    first = answers[0].number
    columns = [TableColumn(read_text, is_typed=False, is_described=False)] * (
        answers[-1].number + 1 - first
    )
    for column in answers:
        is_typed = column.field.enum is not None or column.field.type != "string"
        reader = _reader_of(column.judge)
        columns[column.number - first] = TableColumn(reader, is_typed, column.field.free_text)
    return columns


def _reader_of(judge: Judge) -> Reader:
    return lambda cell: judge(cell).seen


class Displacement(NamedTuple):
    """Cells of a row that seem to have moved by one column, and the place of the one that tells.

    It is certain where the cell has no business there; a remark may hold anything.
    """

    place: int
    is_certain: bool


def find_displacement(
    cells: Sequence[CellValue], readings: Sequence[Reading], columns: Sequence[TableColumn]
) -> Displacement | None:
    """Find out whether cells of a row have moved by one column, as after inserting or deleting one.

    So it is if one of them looks right only in the column before or after, and all beyond it
    would be right there too. Cells that moved to the right have left a blank one.
    """
    row = _Row(cells, readings, columns)
    found = [
        Displacement(place, not columns[place].is_remark)
        for place, step in row.find_misplaced()
        if all(row.fits(other, step) for other in range(place, len(cells)))
        and (step > 0 or row.follows_gap(place))
    ]
    return max(found, key=attrgetter("is_certain"), default=None)


class _Row(NamedTuple):
    cells: Sequence[CellValue]
    readings: Sequence[Reading]
    columns: Sequence[TableColumn]

    def find_misplaced(self) -> Iterator[tuple[int, int]]:
        for place, (reading, column) in enumerate(zip(self.readings, self.columns, strict=True)):
            if not column.is_described:
                continue
            is_free = reading.status == "answered" and not column.is_typed
            if is_free or reading.status in {"unreadable", "undetermined"}:
                yield from (
                    (place, step) for step in (-1, 1) if self._looks_right_beside(place, step)
                )

    def _looks_right_beside(self, place: int, step: int) -> bool:
        beside = place + step
        if not 0 <= beside < len(self.cells) or not self.columns[beside].is_typed:
            return False
        is_deserted = self.readings[beside].status != "answered"
        if self.readings[place].status != "unreadable" and not is_deserted:
            return False
        return self.columns[beside].read(self.cells[place]).status == "answered"

    def fits(self, place: int, step: int) -> bool:
        if self._is_blank(place):
            return True
        beside = place + step
        if not 0 <= beside < len(self.cells):
            return False
        return self.columns[beside].read(self.cells[place]).status != "unreadable"

    def follows_gap(self, place: int) -> bool:
        for other in range(place - 1, -1, -1):
            if self._is_blank(other):
                return True
            if not self.fits(other, -1):
                return False
        return False

    def _is_blank(self, place: int) -> bool:
        return self.readings[place].status == "not_answered"
