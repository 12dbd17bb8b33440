"""The columns of a table by what is to be read from them, worked out once for each layout."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

from sumida_data.survey.form import FormField
from sumida_data.survey.reading.drift import Column, find_other_unit, suggest_field
from sumida_data.survey.reading.judging import Judge
from sumida_data.survey.reading.layout import (
    FoundTable,
    Headings,
    cell_address,
    column_letters,
    find_bare_columns,
    find_heading,
)
from sumida_data.survey.reading.text import Reader, raw_text_of, read_text
from sumida_data.survey.reading.workbook import Sheet


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
