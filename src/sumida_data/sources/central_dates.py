"""The days of a central table, which stand only in its headings or title."""

import re
from collections.abc import Iterator
from datetime import date

from sumida_data.survey.form import CentralSource
from sumida_data.survey.reading.layout import FoundTable, cell_address, find_heading
from sumida_data.survey.reading.reader import Answer
from sumida_data.survey.reading.text import Reading, find_date, raw_text_of
from sumida_data.survey.reading.workbook import Sheet

_PUBLISHED = re.compile("公表|掲載|作成|発行")
_AS_OF = re.compile("時点|現在|末")


class HeadingDateError(ValueError):
    """A day that is impossible or not there.

    Attributes:
        cell: Where it stands or ought to stand.
        text: What stands there.
    """

    def __init__(self, cell: str, text: str) -> None:
        super().__init__(text)
        self.cell = cell
        self.text = text


def read_heading_dates(source: CentralSource, sheet: Sheet, table: FoundTable) -> list[Answer]:
    """Return the days as answers that every row of the table shares.

    Raises:
        HeadingDateError: If a day is impossible, or missing in the heading and in the title.
    """
    answers: dict[str, Answer] = {}
    for column, name in source.heading_dates.items():
        if column in table.columns and name not in answers:
            answers[name] = _read_date(source, sheet, table, column)
    return list(answers.values())


def _read_date(source: CentralSource, sheet: Sheet, table: FoundTable, column: str) -> Answer:
    heading = find_heading(sheet, table, column)
    cell, text = cell_address(heading.row, heading.column), raw_text_of(heading.value)
    day, name = _find_date(cell, text), source.heading_dates[column]
    if day is None and name == source.title_date:
        titles = list(_find_title_dates(sheet, table))
        if len({found for *_, found in titles}) == 1:
            cell, text, day = titles[0]
    if day is None:
        raise HeadingDateError(cell, text)
    return Answer(
        name, sheet.name, cell, text, Reading(day.isoformat(), "answered", "heading_date")
    )


def _find_title_dates(sheet: Sheet, table: FoundTable) -> Iterator[tuple[str, str, date]]:
    headed = set(table.columns.values())
    for number, row in enumerate(sheet.rows[: table.header_row]):
        for column, value in enumerate(row):
            text = raw_text_of(value)
            # The rows just above may be headings of several lines, with days of their own.
            if number > table.header_row - 3 and column in headed and column != min(headed):
                continue
            if not isinstance(value, str) or _names_another_day(text):
                continue
            cell = cell_address(number, column)
            if text and (day := _find_date(cell, text)):
                yield cell, text, day


def _names_another_day(text: str) -> bool:
    """Tell whether a line above the table says when it was published, not what it stands for."""
    return _PUBLISHED.search(text) is not None and _AS_OF.search(text) is None


def _find_date(cell: str, text: str) -> date | None:
    try:
        return find_date(text)
    except ValueError as error:
        raise HeadingDateError(cell, text) from error
