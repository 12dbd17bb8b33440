"""What sheets are read into: records of answers, and findings."""

from dataclasses import dataclass, field
from typing import NamedTuple

from sumida_data.survey.findings import Finding
from sumida_data.survey.reading.text import Reading


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
        answers: The answers, in the order of the columns or, for label cells, of the form.
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
