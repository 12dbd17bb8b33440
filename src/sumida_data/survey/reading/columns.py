"""The columns of a table: what each cell says as an answer, and what is wrong with the headings.

What follows from the headings is worked out once for each layout.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import SequenceMatcher
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import NamedTuple

from sumida_data.survey.form import FormField
from sumida_data.survey.reading.layout import (
    FoundTable,
    Headings,
    cell_address,
    column_letters,
    find_bare_columns,
    find_heading,
    heading_key,
)
from sumida_data.survey.reading.second_look import Doubt
from sumida_data.survey.reading.text import (
    UNREADABLE,
    Reader,
    Reading,
    find_unusual_characters,
    is_other_unit,
    raw_text_of,
    read_text,
    reader_of,
)
from sumida_data.survey.reading.workbook import CellValue, Sheet

_RULE_OF_TYPE = {"integer": "F301", "number": "F301", "date": "F302", "yearmonth": "F302"}
_RULE_OF_REASON = {"two_readings": "F311", "several_values": "F312", "other_unit": "F313"}
_RULE_OF_DOUBT: dict[Doubt, str] = {"error": "F308", "not_calculated": "F309"}
# The same cells come again and again, and neighbouring fields try them too.
_KEPT = 2048


class Judgement(NamedTuple):
    """What a cell says, seen as the answer to a field.

    Attributes:
        raw_text: The text that stands there.
        seen: What is read from it, possible or not.
        reading: What counts: as ``seen``, or unreadable where it cannot be an answer.
        rule_id: The finding rule that it breaks, or None.
        words: Words of the finding's message beside those of the field.
    """

    raw_text: str
    seen: Reading
    reading: Reading
    rule_id: str | None = None
    words: str = ""


Judge = Callable[[CellValue], Judgement]


def judge_of(field: FormField) -> Judge:
    """Return the function that judges a cell as the answer to this field.

    It remembers what it has judged.
    """
    read = reader_of(field)
    is_name = field.required and field.type == "string"

    def judge(cell: CellValue) -> Judgement:
        return _judge(cell, field, read, is_name=is_name)

    return lru_cache(_KEPT, typed=True)(judge)


def judge_doubtful(cell: CellValue, doubt: Doubt) -> Judgement:
    """Judge a cell whose value cannot be known."""
    return Judgement(raw_text_of(cell), UNREADABLE, UNREADABLE, _RULE_OF_DOUBT[doubt])


def describe_range(field: FormField) -> str:
    """Write the range of a field's numbers as 0以上100以下; empty where it has none."""
    low = f"{field.minimum}以上" if field.minimum is not None else ""
    high = f"{field.maximum}以下" if field.maximum is not None else ""
    return low + high


def _judge(cell: CellValue, field: FormField, read: Reader, *, is_name: bool) -> Judgement:
    raw, reading = raw_text_of(cell), read(cell)
    if rule_id := _refuse(reading, field):
        return Judgement(raw, reading, UNREADABLE, rule_id)
    unusual = find_unusual_characters(reading.value) if is_name and reading.value else {}
    if unusual:
        words = "、".join(f"「{one}」(ふつうは「{usual}」)" for one, usual in unusual.items())
        return Judgement(raw, reading, reading, "F314", words)
    return Judgement(raw, reading, reading)


def _refuse(reading: Reading, field: FormField) -> str | None:
    """Return the rule that says why the reading is no answer to the field, or None."""
    if reading.status == "unreadable":
        if reading.rules in _RULE_OF_REASON:
            return _RULE_OF_REASON[reading.rules]
        return "F303" if field.enum is not None else _RULE_OF_TYPE.get(field.type, "F310")
    if reading.value is None:
        return None
    if field.pattern is not None and not re.fullmatch(field.pattern, reading.value):
        return "F307"
    return "F304" if _is_out_of_range(reading.value, field) else None


def _is_out_of_range(value: str, field: FormField) -> bool:
    if field.minimum is None and field.maximum is None:
        return False
    number = Decimal(value)
    too_low = field.minimum is not None and number < field.minimum
    return too_low or (field.maximum is not None and number > field.maximum)


# Half of the characters in the same order: 年間の件数 for 年間件数, but not 開始日 for 開催場所.
_LIKENESS = 0.6
_IN_PARENTHESES = re.compile(r"[(（\[【]([^)）\]】]*)[)）\]】]")


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        read: Reads its cells.
        is_typed: Whether not every text can stand there.
        is_remark: Whether anything may be said there, such as 備考.
    """

    read: Reader
    is_typed: bool
    is_remark: bool = False


class Displacement(NamedTuple):
    """Cells of a row that seem to have moved by one column.

    Attributes:
        place: The cell that tells, counted from the first column of the table.
        is_certain: Whether the cell has no business where it stands; a remark may hold anything.
    """

    place: int
    is_certain: bool


def suggest_field(heading: str, fields: Iterable[FormField]) -> FormField | None:
    """Return the field that an unknown heading most likely means, or None.

    Args:
        heading: The unknown heading.
        fields: The fields for which the sheet has no heading.
    """
    likeness = {
        title: SequenceMatcher(None, heading_key(heading), heading_key(title)).ratio()
        for field in fields
        for title in field.headings
    }
    best = max(likeness, key=lambda title: likeness[title], default=None)
    if best is None or likeness[best] < _LIKENESS:
        return None
    return next(field for field in fields if best in field.headings)


def find_other_unit(heading: str, unit: str) -> str | None:
    """Return the unit that a heading names in parentheses, if it is not this one."""
    named: list[str] = _IN_PARENTHESES.findall(heading)
    return next((text for text in named if is_other_unit(text, unit)), None)


def find_displacement(
    cells: Sequence[CellValue], readings: Sequence[Reading], columns: Sequence[Column]
) -> Displacement | None:
    """Find out whether cells of a row have moved by one column, as after inserting or deleting one.

    So it is if one of them looks right only in the column before or after, and all beyond it
    would be right there too. Cells that moved to the right have left a blank one.

    Args:
        cells: The cells of the row, from the first column of the table to the last.
        readings: What was read from them.
        columns: The columns.
    """
    row = _Row(cells, readings, columns)
    found = [
        Displacement(place, not columns[place].is_remark)
        for place, step in row.find_misplaced()
        if all(row.fits(other, step) for other in range(place, len(cells)))
        and (step > 0 or row.follows_gap(place))
    ]
    return max(found, key=attrgetter("is_certain"), default=None)


@dataclass(frozen=True, slots=True)
class _Row:
    cells: Sequence[CellValue]
    readings: Sequence[Reading]
    columns: Sequence[Column]

    def find_misplaced(self) -> Iterator[tuple[int, int]]:
        for place, (reading, column) in enumerate(zip(self.readings, self.columns, strict=True)):
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


class AnswerColumn(NamedTuple):
    """A column of answers.

    Attributes:
        number: Its number, counted from 0.
        letters: Its letters, such as AB.
        field: The field that it answers.
        judge: Judges its cells.
    """

    number: int
    letters: str
    field: FormField
    judge: Judge


class Remark(NamedTuple):
    """What is wrong with a heading or with the lack of one.

    Attributes:
        rule_id: The finding rule.
        cell: Address of the heading, or None where there is none.
        value: Its text.
        words: Words of the finding's message.
    """

    rule_id: str
    cell: str | None
    value: str | None
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table.

    Attributes:
        answers: The columns to read, from left to right.
        key_places: Where the key fields are among them, in the order of the form.
        bare: Columns without a heading.
        span: All columns from the first to read to the last; those not to be read take any text.
        remarks: What is wrong with the headings.
    """

    answers: Sequence[AnswerColumn]
    key_places: Sequence[int]
    bare: Sequence[int]
    span: Sequence[Column]
    remarks: Sequence[Remark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ColumnFinder:
    """Works out what is to be read from the columns of a kind of table.

    Attributes:
        judges: The function that judges the answers to each field, by name.
        fields: The fields, by name.
        headings: The headings under which they may stand.
        is_complete: Whether a heading that belongs to no field is worth a finding.
    """

    judges: Mapping[str, Judge]
    fields: Mapping[str, FormField]
    headings: Headings
    is_complete: bool

    def find(self, sheet: Sheet, table: FoundTable) -> Columns:
        """Work out the columns of a table that was found in a sheet."""
        remarks = list(self._remark_on_headings(table))
        answers = []
        for name, number in sorted(table.columns.items(), key=itemgetter(1)):
            if name not in self.judges:
                continue
            if remark := self._doubt_unit(name, sheet, table):
                remarks.append(remark)
                continue
            field_, judge = self.fields[name], self.judges[name]
            answers.append(AnswerColumn(number, column_letters(number), field_, judge))
        places = {column.field.name: place for place, column in enumerate(answers)}
        return Columns(
            answers,
            [places[name] for name, one in self.fields.items() if one.key],
            list(find_bare_columns(sheet, table)),
            _span(answers),
            remarks,
        )

    def remark_on_missing(self, name: str, texts: Iterable[str]) -> Remark:
        """Remark on a heading or label that is not there, with the text that may stand for it."""
        missing = self.fields[name]
        meant = next((text for text in texts if suggest_field(text, [missing])), None)
        hint = f"「{meant}」がそれに当たりますか。" if meant else ""
        return Remark("F205", None, None, {"heading": missing.title, "hint": hint})

    def _remark_on_headings(self, table: FoundTable) -> Iterator[Remark]:
        missing = [name for name in self.judges if name not in table.columns]
        unknown = table.unknown if self.is_complete else {}
        for name in missing:
            yield self.remark_on_missing(name, unknown.values())
        fields = [self.fields[name] for name in missing]
        for column, heading in unknown.items():
            meant = suggest_field(heading, fields)
            hint = f"「{meant.title}」のことですか。" if meant else ""
            rule_id = "F211" if heading in self.headings.names else "F206"
            yield Remark(rule_id, cell_address(table.header_row, column), heading, {"hint": hint})

    def _doubt_unit(self, name: str, sheet: Sheet, table: FoundTable) -> Remark | None:
        """Return a remark on a heading that names another unit than the field has."""
        item = self.fields[name]
        if item.unit is None:
            return None
        heading = find_heading(sheet, table, name)
        text = raw_text_of(heading.value)
        unit = find_other_unit(text, item.unit)
        if unit is None:
            return None
        words = {"heading": item.title, "unit": item.unit, "other": unit}
        return Remark("F214", cell_address(heading.row, heading.column), text, words)


def _span(answers: Sequence[AnswerColumn]) -> list[Column]:
    first = answers[0].number
    columns = [Column(read_text, is_typed=False)] * (answers[-1].number + 1 - first)
    for column in answers:
        is_typed = column.field.enum is not None or column.field.type != "string"
        reader = _reader_of(column.judge)
        columns[column.number - first] = Column(reader, is_typed, column.field.free_text)
    return columns


def _reader_of(judge: Judge) -> Reader:
    return lambda cell: judge(cell).seen
