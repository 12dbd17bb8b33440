"""Where a part of the form stands in its sheet, and the formulas that check it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from sumida_data.survey.consistency import (
    contradiction_terms,
    find_contradictions,
    find_unanswered,
    unanswered_terms,
)
from sumida_data.survey.form import SurveySheet
from sumida_data.survey.reading.text import Reading

FIRST_COLUMN = 1
SPARE_ROWS = 15

Area = tuple[int, int, int, int]


class Formula(NamedTuple):
    """A formula with its result.

    Attributes:
        text: The formula.
        result: What it gives for the answers that the form is written with.
    """

    text: str
    result: int | str


def add_formulas(formulas: Sequence[Formula]) -> Formula:
    """Return the sum of formulas that give numbers."""
    text = "+".join(formula.text for formula in formulas)
    return Formula(text, sum(int(formula.result) for formula in formulas))


@dataclass(frozen=True)
class Block:
    """A part of the form with its records, and where they stand.

    Label cells stand below one another with the answers beside them. A table has its headings,
    an example, the records in rows, and spare rows.

    Attributes:
        part: The part.
        records: The records, each with the answers to all fields.
        top: Its first row, counted from 0.
    """

    part: SurveySheet
    records: Sequence[Mapping[str, Reading]]
    top: int

    @property
    def is_table(self) -> bool:
        """Whether records stand in rows."""
        return self.part.layout == "rows"

    @property
    def first_row(self) -> int:
        """Row of the first answer."""
        return self.top + 2 if self.is_table else self.top

    @property
    def last_row(self) -> int:
        """Row of the last answer or spare row."""
        rows = len(self.records) + SPARE_ROWS if self.is_table else len(self.part.fields)
        return self.first_row + rows - 1

    @property
    def last_column(self) -> int:
        """The rightmost column."""
        return FIRST_COLUMN + (len(self.part.fields) - 1 if self.is_table else 1)

    @property
    def areas(self) -> dict[str, Area]:
        """First row, first column, last row and last column of each field's answers."""
        areas = {}
        for number, field in enumerate(self.part.fields):
            row, column = self.first_row + number, FIRST_COLUMN + number
            areas[field.name] = (
                (self.first_row, column, self.last_row, column)
                if self.is_table
                else (row, FIRST_COLUMN + 1, row, FIRST_COLUMN + 1)
            )
        return areas

    @property
    def unanswered(self) -> Formula:
        """How many answers are missing."""
        result = sum(len(find_unanswered(self.part, record)) for record in self.records)
        return Formula(_count(unanswered_terms(self.part, self._ranges).values()), result)

    @property
    def contradictions(self) -> Formula:
        """How often answers contradict each other."""
        rules = self.part.contradictions
        result = sum(len(find_contradictions(rules, record)) for record in self.records)
        return Formula(_count(contradiction_terms(self.part, self._ranges)), result)

    def verdict(self, number: int) -> Formula:
        """Return what to say of the record of that number, or of the spare row there."""
        cells = self.cells_in_row(self.first_row + number)
        unanswered = "+".join(unanswered_terms(self.part, cells).values())
        text = f'IF({unanswered}>0,"未回答","")'
        if terms := contradiction_terms(self.part, cells):
            text = f'IF({"+".join(terms)}>0,"矛盾",{text})'
        if number >= len(self.records):
            return Formula(text, "")
        record = self.records[number]
        if find_contradictions(self.part.contradictions, record):
            return Formula(text, "矛盾")
        return Formula(text, "未回答" if find_unanswered(self.part, record) else "")

    def cells_in_row(self, row: int) -> dict[str, str]:
        """Return the cell of each field in a row; beside label cells, the only cell there is."""
        return {
            name: xl_rowcol_to_cell(
                row if self.is_table else first, column, row_abs=not self.is_table, col_abs=True
            )
            for name, (first, column, _, _) in self.areas.items()
        }

    @property
    def _ranges(self) -> dict[str, str]:
        return {name: xl_range_abs(*area) for name, area in self.areas.items()}


def _count(terms: Iterable[str]) -> str:
    return f"SUMPRODUCT({'+'.join(terms) or '0'})"
