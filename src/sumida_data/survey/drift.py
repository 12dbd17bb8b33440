"""Where a sheet has drifted from the form: other headings, other units, displaced cells."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from sumida_data.survey.form import FormField
from sumida_data.survey.layout import heading_key
from sumida_data.survey.text import UNREADABLE, Reader, Reading, is_other_unit
from sumida_data.survey.workbook import CellValue

# Half of the characters in the same order: 年間の件数 for 年間件数, but not 開始日 for 開催場所.
_LIKENESS = 0.6
Column = tuple[FormField | None, Reader]

_IN_PARENTHESES = re.compile(r"[(（\[【]([^)）\]】]*)[)）\]】]")


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


def find_other_unit(heading: str, field: FormField) -> str | None:
    """Return the unit that a heading names in parentheses, if it is not the field's own."""
    if field.unit is None:
        return None
    named: list[str] = _IN_PARENTHESES.findall(heading)
    return next((text for text in named if is_other_unit(text, field.unit)), None)


def is_displaced(
    cells: Sequence[CellValue], readings: Sequence[Reading], columns: Sequence[Column]
) -> bool:
    """Tell whether cells of a row have moved by one column, as after inserting or deleting one.

    So it is if some cannot be right where they stand, and all from there on would be right in the
    column before, with a gap left behind, or in the column after.

    Args:
        cells: The cells of the row from left to right.
        readings: What was read from them.
        columns: The field of each, if known, and the function that reads its cells.
    """
    blank = [reading.status == "not_answered" for reading in readings]
    return any(
        step > 0 or any(blank[max(0, start - 1) : place])
        for step in (-1, 1)
        for start, place in _find_out_of_place(cells, readings, columns, step)
    )


def _find_out_of_place(
    cells: Sequence[CellValue],
    readings: Sequence[Reading],
    columns: Sequence[Column],
    step: int,
) -> Iterator[tuple[int, int]]:
    """Yield the cells that belong `step` columns on, each with the first from which all may."""
    count = len(cells)
    elsewhere = [
        columns[i + step][1](cell) if 0 <= i + step < count else _read_beyond(readings[i])
        for i, cell in enumerate(cells)
    ]
    start = max((i + 1 for i, r in enumerate(elsewhere) if r.status == "unreadable"), default=0)
    for i in range(start, count):
        if elsewhere[i].status == "answered" and 0 <= i + step < count:
            own, other = columns[i][0], columns[i + step][0]
            misfits = readings[i].status != "answered" if _is_typed(own) else True
            deserted = readings[i + step].status != "answered"
            if _is_typed(other) and misfits and (deserted or readings[i].status == "unreadable"):
                yield start, i


def _read_beyond(reading: Reading) -> Reading:
    return reading if reading.status == "not_answered" else UNREADABLE


def _is_typed(field: FormField | None) -> bool:
    return field is not None and (field.enum is not None or field.type != "string")
