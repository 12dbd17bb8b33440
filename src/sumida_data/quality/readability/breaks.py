"""What the checks yield: the places where a rule is broken."""

from typing import NamedTuple

from sumida_data.survey.reading.layout import cell_address


class Break(NamedTuple):
    """One place where a rule is broken. It holds no text of the file.

    Attributes:
        sheet: The sheet.
        cell: The cell's address, or nothing where the whole is meant.
    """

    sheet: str = ""
    cell: str = ""


def at(sheet: str, row: int, column: int) -> Break:
    """Return a break at a cell counted from 0."""
    return Break(sheet, cell_address(row, column))
