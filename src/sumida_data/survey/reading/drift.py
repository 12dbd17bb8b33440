"""Where a sheet has drifted from the form: other headings, other units, displaced cells."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from operator import attrgetter
from typing import NamedTuple

from sumida_data.survey.form import FormField
from sumida_data.survey.reading.layout import heading_key
from sumida_data.survey.reading.text import Reader, Reading, is_other_unit
from sumida_data.survey.reading.workbook import CellValue

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
