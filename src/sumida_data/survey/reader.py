"""Reading sheets into answers and findings, one cell at a time.

This module knows nothing of departments or quarters: it turns the cells of a sheet into records
of answers. `survey.returns` reads department workbooks with it, `survey.central` central files.
"""

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from sumida_data.survey.consistency import find_contradictions
from sumida_data.survey.findings import Finding, FindingRules, Place, make_finding
from sumida_data.survey.form import FormField, RecordSheet
from sumida_data.survey.layout import (
    FoundTable,
    Headings,
    cell_address,
    find_labels,
    find_records,
    find_table,
)
from sumida_data.survey.text import UNREADABLE, Reader, Reading, raw_text_of, reader_of
from sumida_data.survey.workbook import CellValue, Sheet

_RULE_OF_TYPE = {"integer": "F301", "number": "F301", "date": "F302", "yearmonth": "F302"}
_RULE_OF_DOUBT = {"error": "F308", "not_calculated": "F309"}


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
        records: The records, top to bottom.
        findings: What is wrong.
        rows_set_aside: Number of rows left out because they cannot be told from others.
    """

    records: list[Record] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    rows_set_aside: int = 0


@dataclass(frozen=True)
class SheetReader:
    """Reads one kind of sheet; made once and used for many files.

    Attributes:
        description: The sheet's description.
        rules: The finding rules.
    """

    description: RecordSheet
    rules: FindingRules

    @cached_property
    def items(self) -> dict[str, tuple[FormField, Reader]]:
        """The fields by name, each with the function that reads its cells.

        Personal fields are not among them: they have no business beyond the workbook.
        """
        return {
            item.name: (item, reader_of(item))
            for item in self.description.fields
            if not item.personal
        }

    @cached_property
    def headings(self) -> Headings:
        """The headings under which the fields may stand."""
        return Headings(self.description.fields)

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
        run.check_headings(table)
        for number in find_records(sheet, table):
            run.read_row(number, table)
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
                run.report_missing(name)
        run.add_record(Record(self.description.table, "", answers), None)
        return run.contents


class _Pass:
    """One pass over one sheet."""

    def __init__(self, reader: SheetReader, sheet: Sheet, place: Place) -> None:
        self.reader = reader
        self.sheet = sheet
        self.place = replace(place, sheet=sheet.name)
        self.contents = SheetContents()
        self.rows_by_key: dict[str, int] = {}

    def check_headings(self, table: FoundTable) -> None:
        for name in self.reader.items:
            if name not in table.columns:
                self.report_missing(name)
        unknown = table.unknown if self.reader.description.is_complete else {}
        for column, heading in unknown.items():
            place = replace(self.place, cell=cell_address(table.header_row, column))
            self._report("F206", place, heading, sheet=self.sheet.name)

    def report_missing(self, name: str) -> None:
        heading = self.reader.items[name][0].title
        self._report("F205", self.place, None, sheet=self.sheet.name, heading=heading)

    def read_row(self, number: int, table: FoundTable) -> None:
        row = self.sheet.rows[number]
        cells = {
            name: row[column] if column < len(row) else ""
            for name, column in table.columns.items()
            if name in self.reader.items
        }
        label = " ".join(raw_text_of(cell) for cell in list(cells.values())[:2]).strip()
        answers = [
            self.read_cell(number, table.columns[name], cell, name, label)
            for name, cell in cells.items()
        ]
        if number in self.sheet.hidden_rows:
            self._report_answer("F320", answers[0], label)
        record = Record(self.reader.description.table, self._key_of(answers), answers)
        if self._keeps(record, number, label):
            self.add_record(record, label)
        else:
            self.contents.rows_set_aside += 1

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
        elif reading.value is None and (row, column) in self.sheet.comments:
            self._report_answer("F321", answer, label)
        return answer

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
        }
        self._report(rule_id, place, answer.raw_text, **words)

    def _report(self, rule_id: str, place: Place, value: str | None, **words: str) -> None:
        self.contents.findings.append(
            make_finding(self.reader.rules[rule_id], place, value, **words)
        )


def _refuse(reading: Reading, item: FormField) -> str | None:
    """Return the rule that the reading breaks, or None."""
    if reading.status == "unreadable":
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


def _range_of(item: FormField) -> str:
    low = f"{item.minimum}以上" if item.minimum is not None else ""
    high = f"{item.maximum}以下" if item.maximum is not None else ""
    return low + high
