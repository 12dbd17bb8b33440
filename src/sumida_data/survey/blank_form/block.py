"""A part of the form in its sheet: where it stands, how its cells look, what checks them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from math import ceil
from typing import Any, NamedTuple

from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from sumida_data.base.xlsx import measure
from sumida_data.survey.consistency import (
    MARKS,
    contradiction_terms,
    find_contradictions,
    find_unanswered,
    unanswered_terms,
)
from sumida_data.survey.form import FormField, SurveySheet
from sumida_data.survey.reading.text import Reading

FIRST_COLUMN = 1
SPARE_ROWS = 15

Area = tuple[int, int, int, int]


class Formula(NamedTuple):
    """A formula, with its result for the answers that the form is written with."""

    text: str
    result: int | str


def add_formulas(formulas: Iterable[Formula]) -> Formula:
    """Return the sum of formulas that give numbers."""
    texts, results = zip(*formulas, strict=True)
    return Formula("+".join(texts), sum(results))


@dataclass(frozen=True)
class Block:
    """A part of the form with its records, and its first row, counted from 0.

    Label cells are below one another with the answers beside them. A table has its headings,
    an example, the records in rows, and spare rows. A record has the answers to all fields.
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
        names = [field.name for field in self.part.fields]
        first, last = self.first_row, self.last_row
        if self.is_table:
            return {name: (first, n, last, n) for n, name in enumerate(names, FIRST_COLUMN)}
        beside = FIRST_COLUMN + 1
        return {name: (row, beside, row, beside) for row, name in enumerate(names, first)}

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


Contents = str | int | Decimal | date | None

NUMBER_FORMATS = {"date": "yyyy/m/d", "integer": "#,##0"}

_HINTS = {
    "date": "2022/10/1 のように年月日を書きます。",
    "integer": "整数を書きます。",
    "number": "数を書きます。",
}
_NO_VALUE_HINT = (
    f"分からないときは「{MARKS['undetermined']}」、"
    f"当てはまらないときは「{MARKS['not_applicable']}」と書けます。"
)
# The qualities of a number or day that a cell says in words.
_OF_NUMBER = {"about": "約{}", "total_of": "延べ{}", "expected": "{}見込み"}
_OF_DAY = {"about": "{}頃", "expected": "{}見込み"}
_QUALITIES = {"integer": _OF_NUMBER, "number": _OF_NUMBER, "date": _OF_DAY}
# Beyond these nothing is a day of the survey, or a number.
_DAYS = {"minimum": date(1990, 1, 1), "maximum": date(2099, 12, 31)}
_LARGEST_NUMBER = 10**12


def heading_of(field: FormField) -> str:
    """Return the heading or label of a field, with its unit."""
    return f"{field.title}（{field.unit}）" if field.unit else field.title


def width_of(field: FormField) -> int:
    """Return the width of a field's column in characters."""
    if field.enum or field.type != "string":
        return 11
    return 13 if field.unique else 24


def lines_of(field: FormField, contents: Contents) -> int:
    """Return how many lines a text takes in the field's column."""
    return ceil(measure(contents) / width_of(field)) if isinstance(contents, str) else 0


def contents_of(field: FormField, reading: Reading) -> Contents:
    """Return what a cell must hold to be read as this reading; None for an empty cell."""
    if reading.value is None:
        return MARKS.get(reading.status)
    words = _QUALITIES.get(field.type, {})
    qualities = [words[rule] for rule in reading.rules.split() if rule in words]
    if qualities:
        return reduce(lambda text, quality: quality.format(text), qualities, reading.value)
    if field.type == "date":
        return date.fromisoformat(reading.value)
    if field.type == "number":
        return Decimal(reading.value)
    return int(Decimal(reading.value)) if field.type == "integer" else reading.value


def validation_of(field: FormField, part: SurveySheet) -> dict[str, Any]:
    """Return what a field's cells take, as a data validation for XlsxWriter.

    A choice must be one of the list; a number or day may be overruled by an officer who means it.
    """
    titles = {other.name: other.title for other in part.fields}
    conditions = [
        f"「{titles[name]}」が「{'・'.join(choices)}」のとき書きます。"
        for name, choices in field.asked_when.items()
    ]
    hint = _HINTS.get(field.type, "")
    bounds: dict[str, Any] = {"validate": "any"}
    if field.enum:
        bounds = {"validate": "list", "source": list(field.enum)}
    elif field.type == "date":
        bounds = {"validate": "date", "criteria": "between", "error_type": "warning", **_DAYS}
    elif field.type in {"integer", "number"}:
        bounds = {
            "validate": "integer" if field.type == "integer" else "decimal",
            "criteria": "between",
            "error_type": "warning",
            "minimum": -_LARGEST_NUMBER if field.minimum is None else field.minimum,
            "maximum": _LARGEST_NUMBER if field.maximum is None else field.maximum,
        }
    return bounds | {
        "input_title": field.title,
        "input_message": "".join([field.description, *conditions, hint]),
        "error_title": field.title,
        "error_message": "一覧から選んでください。" if field.enum else hint + _NO_VALUE_HINT,
    }
