"""Reading sheets into answers and findings, one cell at a time.

This module knows nothing of departments or quarters: it turns the cells of a sheet into records
of answers. `survey.returns` reads department workbooks with it, `survey.central` central files.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from sumida_data.survey.consistency import find_contradictions
from sumida_data.survey.findings import Finding, FindingRules, Place, make_finding
from sumida_data.survey.form import FormField, RecordSheet
from sumida_data.survey.reading.drift import Column, find_other_unit, is_displaced, suggest_field
from sumida_data.survey.reading.layout import (
    FoundTable,
    Headings,
    cell_address,
    find_bare_columns,
    find_heading,
    find_labels,
    find_rows,
    find_table,
)
from sumida_data.survey.reading.text import (
    UNREADABLE,
    Reader,
    Reading,
    find_unusual_characters,
    raw_text_of,
    read_text,
    reader_of,
)
from sumida_data.survey.reading.workbook import CellRange, CellValue, Sheet

_RULE_OF_TYPE = {"integer": "F301", "number": "F301", "date": "F302", "yearmonth": "F302"}
_RULE_OF_REASON = {"two_readings": "F311", "several_values": "F312", "other_unit": "F313"}
_KEPT = 4096
_RULE_OF_DOUBT = {"error": "F308", "not_calculated": "F309"}


Described = TypeVar("Described", bound=RecordSheet)


class Answer(NamedTuple):
    """What one cell says.

    Attributes:
        field: Name of the field.
        sheet: Name of the sheet.
        cell: Address of the cell (A1).
        raw_text: The text that stands there.
        reading: What was read from it.
    """

    field: str
    sheet: str
    cell: str
    raw_text: str
    reading: Reading


class Record(NamedTuple):
    """The answers of one row of a sheet, or of the label cells of one.

    Attributes:
        table: Name of the typed table.
        key: What tells the record from others of its sheet; empty for label cells.
        answers: The answers, in the order of the form.
    """

    table: str
    key: str
    answers: list[Answer]

    def answer_of(self, name: str) -> Answer | None:
        """Return the answer to a field, or None where the sheet has no such heading."""
        return next((answer for answer in self.answers if answer.field == name), None)

    def value_of(self, name: str) -> str | None:
        """Return the value of a field, or None where it has none."""
        answer = self.answer_of(name)
        return answer.reading.value if answer else None


@dataclass(slots=True)
class SheetContents:
    """What was read from a sheet.

    Attributes:
        sheet: Its name.
        records: The records, top to bottom.
        findings: What is wrong.
        rows_set_aside: Number of rows left out because they cannot be told from others.
    """

    sheet: str
    records: list[Record] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    rows_set_aside: int = 0


@dataclass(frozen=True)
class SheetReader(Generic[Described]):
    """Reads one kind of sheet; made once and used for many files.

    Attributes:
        description: The sheet's description.
        rules: The finding rules.
    """

    description: Described
    rules: FindingRules

    @cached_property
    def items(self) -> dict[str, tuple[FormField, Reader]]:
        """The fields by name, each with the function that reads its cells.

        Personal fields are not among them: they have no business beyond the workbook. The same
        cells come again and again, and neighbouring fields try them too; so what was read is kept
        for a while.
        """
        return {
            item.name: (item, lru_cache(_KEPT, typed=True)(reader_of(item)))
            for item in self.description.fields
            if not item.personal
        }

    @cached_property
    def headings(self) -> Headings:
        """The headings under which the fields may stand."""
        return Headings(self.description.fields, self.description.search_rows)

    def has_table(self, sheet: Sheet) -> bool:
        """Tell whether the sheet has such a table."""
        return find_table(sheet, self.headings) is not None

    def read_rows(self, sheet: Sheet, place: Place) -> SheetContents | None:
        """Read a sheet with one record a row.

        Args:
            sheet: The sheet.
            place: The file it belongs to, for findings.

        Returns:
            Its records and findings, or None where it has no such table.
        """
        table = find_table(sheet, self.headings)
        if table is None:
            return None
        run = _Pass(self, sheet, place)
        run.take_columns(table)
        for row in find_rows(sheet, table):
            if row.is_example:
                run.check_example(row.number)
            else:
                run.read_row(row.number)
        return run.contents

    def read_labels(self, sheet: Sheet, place: Place) -> SheetContents | None:
        """Read a sheet whose answers stand beside label cells; they make one record."""
        labels = find_labels(sheet, self.headings)
        if not labels:
            return None
        run = _Pass(self, sheet, place)
        answers = []
        for name in self.items:
            if label := labels.get(name):
                answers.append(run.read_cell(label.row, label.column, label.value, name, None))
            else:
                run.report_missing(name, _list_texts(sheet))
        run.add_record(Record(self.description.table, "", answers), None)
        return run.contents


class _Pass:
    """One pass over one sheet."""

    def __init__(self, reader: SheetReader[Any], sheet: Sheet, place: Place) -> None:
        self.reader = reader
        self.sheet = sheet
        self.place = replace(place, sheet=sheet.name)
        self.contents = SheetContents(sheet.name)
        self.columns: dict[str, int] = {}
        self.bare_columns: list[int] = []
        self.first_row = 0
        self.rows_by_key: dict[str, int] = {}

    def take_columns(self, table: FoundTable) -> None:
        """Take the columns whose headings are understood, and report the others."""
        self.first_row = table.header_row + 1
        for name, column in sorted(table.columns.items(), key=itemgetter(1)):
            if name in self.reader.items and self._trusts_unit(name, table):
                self.columns[name] = column
        missing = [name for name in self.reader.items if name not in table.columns]
        unknown = table.unknown if self.reader.description.is_complete else {}
        for name in missing:
            self.report_missing(name, unknown.values())
        self.bare_columns = list(find_bare_columns(self.sheet, table))
        fields = [self.reader.items[name][0] for name in missing]
        for column, heading in unknown.items():
            place = replace(self.place, cell=cell_address(table.header_row, column))
            known = self.reader.headings.names.get(heading)
            meant = suggest_field(heading, fields)
            hint = f"「{meant.title}」のことですか。" if meant else ""
            rule_id = "F211" if known else "F206"
            self._report(rule_id, place, heading, sheet=self.sheet.name, hint=hint)

    def _trusts_unit(self, name: str, table: FoundTable) -> bool:
        item = self.reader.items[name][0]
        if item.unit is None:
            return True
        heading = find_heading(self.sheet, table, name)
        unit = find_other_unit(raw_text_of(heading.value), item.unit)
        if unit is not None:
            place = replace(self.place, cell=cell_address(heading.row, heading.column))
            words = {"heading": item.title, "unit": item.unit, "other": unit}
            self._report("F214", place, raw_text_of(heading.value), **words)
        return unit is None

    def report_missing(self, name: str, texts: Iterable[str]) -> None:
        """Report a heading or label that is not there, with the text that may stand for it."""
        item = self.reader.items[name][0]
        meant = next((text for text in texts if suggest_field(text, [item])), None)
        hint = f"「{meant}」がそれに当たりますか。" if meant else ""
        self._report("F205", self.place, None, sheet=self.sheet.name, heading=item.title, hint=hint)

    def check_example(self, number: int) -> None:
        """Report an example row that says something else than the form's example."""
        cells = self._cells_of(number)
        examples = {name: self.reader.items[name][0].example for name in cells}
        differs = any(
            not raw_text_of(cell).endswith(examples[name]) or not examples[name]
            for name, cell in cells.items()
            if raw_text_of(cell).strip()
        )
        if differs and self.reader.description.is_complete:
            name = next(iter(cells))
            place = replace(self.place, cell=cell_address(number, self.columns[name]))
            self._report("F213", place, raw_text_of(cells[name]), sheet=self.sheet.name)

    def _cells_of(self, number: int) -> dict[str, CellValue]:
        row = self.sheet.rows[number]
        return {name: row[column] for name, column in self.columns.items()}

    def read_row(self, number: int) -> None:
        cells = self._cells_of(number)
        label = " ".join(raw_text_of(cell) for cell in list(cells.values())[:2]).strip()
        answers = [
            self.read_cell(number, self.columns[name], cell, name, label)
            for name, cell in cells.items()
        ]
        if number in self.sheet.hidden_rows:
            self._report_answer("F320", answers[0], label)
        record = Record(self.reader.description.table, self._key_of(answers), answers)
        self._check_bare_columns(number, label)
        if self._keeps(record, number, label) and not self._is_displaced(number, record, label):
            self._check_fullness(record, label)
            self.add_record(record, label)
        else:
            self.contents.rows_set_aside += 1

    def _check_bare_columns(self, number: int, label: str) -> None:
        """Report the first answer in each column that has no heading."""
        for column in list(self.bare_columns):
            text = raw_text_of(self.sheet.rows[number][column])
            if text.strip():
                self.bare_columns.remove(column)
                place = replace(self.place, cell=cell_address(number, column), row_label=label)
                self._report("F319", place, text, sheet=self.sheet.name)

    def _is_displaced(self, number: int, record: Record, label: str) -> bool:
        first, columns = self._span
        cells = self.sheet.rows[number][first : first + len(columns)]
        readings = [column.read(cell) for column, cell in zip(columns, cells, strict=True)]
        displaced = is_displaced(cells, readings, columns)
        if displaced:
            self._report_answer("F317", record.answers[0], label)
        return displaced

    @cached_property
    def _span(self) -> tuple[int, list[Column]]:
        """The first column, and all up to the last; those not understood take any text."""
        names = {column: name for name, column in self.columns.items()}
        first, last = min(names), max(names)
        columns = [Column(read_text, is_typed=False)] * (last + 1 - first)
        for column, name in names.items():
            item, read = self.reader.items[name]
            is_typed = item.enum is not None or item.type != "string"
            columns[column - first] = Column(read, is_typed)
        return first, columns

    def _check_fullness(self, record: Record, label: str) -> None:
        """Report a record of which there is nothing but a name, or of which the name is missing."""
        given = [answer for answer in record.answers if answer.reading.status != "not_answered"]
        if len(given) == 1 < len(record.answers):
            self._report_answer("F316", given[0], label)
            return
        for answer in record.answers:
            required = self.reader.items[answer.field][0].required
            if required and answer.reading.status == "not_answered":
                self._report_answer("F318", answer, label)

    def read_cell(
        self, row: int, column: int, cell: CellValue, name: str, label: str | None
    ) -> Answer:
        item, read = self.reader.items[name]
        doubt = self.sheet.doubts.get((row, column)) if self.sheet.doubts else None
        reading = UNREADABLE if doubt else read(cell)
        rule_id = _RULE_OF_DOUBT[doubt] if doubt else _refuse(reading, item)
        answer = Answer(
            name,
            self.sheet.name,
            cell_address(row, column),
            raw_text_of(cell),
            UNREADABLE if rule_id else reading,
        )
        if rule_id:
            self._report_answer(rule_id, answer, label)
        elif reading.value is None:
            self._check_blank(row, column, answer, label)
        elif item.required and item.type == "string":
            self._check_characters(answer, label)
        return answer

    def _check_blank(self, row: int, column: int, answer: Answer, label: str | None) -> None:
        if (row, column) in self.sheet.comments:
            self._report_answer("F321", answer, label)
        for (top, left), (bottom, right) in self._merged:
            if top <= row <= bottom and left <= column <= right and self.sheet.rows[top][left]:
                self._report_answer("F315", answer, label, other=cell_address(top, left))

    @cached_property
    def _merged(self) -> list[CellRange]:
        return [area for area in self.sheet.merged if area[1][0] >= self.first_row]

    def _check_characters(self, answer: Answer, label: str | None) -> None:
        unusual = find_unusual_characters(answer.reading.value or "")
        if unusual:
            words = "、".join(f"「{one}」(ふつうは「{usual}」)" for one, usual in unusual.items())
            self._report_answer("F314", answer, label, characters=words)

    def add_record(self, record: Record, label: str | None) -> None:
        self.contents.records.append(record)
        readings = {answer.field: answer.reading for answer in record.answers}
        contradictions = self.reader.description.contradictions
        for contradiction in find_contradictions(contradictions, readings):
            answer = record.answer_of(next(iter(contradiction.when)))
            assert answer is not None  # noqa: S101  # what is not there contradicts nothing
            self._report_answer("F404", answer, label, contradiction=contradiction.message)

    def _key_of(self, answers: list[Answer]) -> str:
        # In the order of the form: a department that swaps two columns names the same records.
        values = {answer.field: answer.reading.value for answer in answers}
        return "|".join(str(values[item.name]) for item in self.reader.description.key_fields)

    def _keeps(self, record: Record, number: int, label: str) -> bool:
        for item in self.reader.description.key_fields:
            answer = record.answer_of(item.name)
            if answer is not None and answer.reading.value is None:
                self._report_answer("F305", answer, label)
                return False
        earlier = self.rows_by_key.setdefault(record.key, number)
        if earlier != number:
            answer = record.answers[0]
            self._report_answer("F306", answer, label, earlier=f"{earlier + 1}行目")
        return earlier == number

    def _report_answer(self, rule_id: str, answer: Answer, label: str | None, **words: str) -> None:
        item = self.reader.items[answer.field][0]
        place = replace(self.place, cell=answer.cell, row_label=label)
        words |= {
            "heading": item.title,
            "example": item.example,
            "choices": "、".join(item.enum or ()),
            "range": _range_of(item),
            "unit": item.unit or "なし",
        }
        self._report(rule_id, place, answer.raw_text, **words)

    def _report(self, rule_id: str, place: Place, value: str | None, **words: str) -> None:
        self.contents.findings.append(
            make_finding(self.reader.rules[rule_id], place, value, **words)
        )


def _refuse(reading: Reading, item: FormField) -> str | None:
    """Return the rule that the reading breaks, or None."""
    if reading.status == "unreadable":
        if reading.rules in _RULE_OF_REASON:
            return _RULE_OF_REASON[reading.rules]
        return "F303" if item.enum is not None else _RULE_OF_TYPE.get(item.type, "F310")
    if reading.value is None:
        return None
    if item.pattern is not None and not re.fullmatch(item.pattern, reading.value):
        return "F307"
    return "F304" if _is_out_of_range(reading.value, item) else None


def _is_out_of_range(value: str, item: FormField) -> bool:
    if item.minimum is None and item.maximum is None:
        return False
    number = Decimal(value)
    too_low = item.minimum is not None and number < item.minimum
    return too_low or (item.maximum is not None and number > item.maximum)


def _list_texts(sheet: Sheet) -> list[str]:
    return [cell for row in sheet.rows for cell in row if isinstance(cell, str) and cell]


def _range_of(item: FormField) -> str:
    low = f"{item.minimum}以上" if item.minimum is not None else ""
    high = f"{item.maximum}以下" if item.maximum is not None else ""
    return low + high
