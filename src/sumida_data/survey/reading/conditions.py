"""Which cells conditional formats hide or strike out.

Comparisons with a number or a text are worked out. What else a condition says nobody can tell
without a spreadsheet; such a one is taken to hold, so that nothing that may be unseen is missed.
"""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple
from xml.etree.ElementTree import Element

from xlsxwriter.utility import xl_cell_to_rowcol, xl_rowcol_to_cell

Cell = tuple[int, int]
CellRange = tuple[Cell, Cell]

_LAST = (1_048_575, 16_383)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_OPERATOR_OF_RULE = {
    "equal": "=", "notEqual": "<>", "lessThan": "<", "lessThanOrEqual": "<=", "greaterThan": ">",
    "greaterThanOrEqual": ">=",
}  # fmt: skip
_COMPARISON = re.compile(
    r"(\$?)([A-Z]+)(\$?)([0-9]+)(<>|<=|>=|=|<|>)(\"(?:[^\"]|\"\")*\"|-?[0-9.]+)"
)
# These hold for no cell in which something stands, or for none whose value is known.
_OF_NO_VALUE = re.compile(r"(?:LEN\(TRIM\(|ISBLANK\(|ISERR(?:OR)?\(|ISNA\()")
_RULES_OF_NO_VALUE = {"containsBlanks", "containsErrors"}


def parse_areas(places: str) -> list[CellRange]:
    """Return the ranges that are named by their addresses, parted by blanks."""
    return [_area_of(place) for place in places.split()]


class Condition(NamedTuple):
    """Cells, what becomes of them, and the formula on which it does, written for the first cell."""

    areas: Sequence[CellRange]
    oddity: Literal["struck", "unseen"]
    formula: str


def read_rule(
    rule: Element, places: str, oddity: Literal["struck", "unseen"] | None
) -> Iterator[Condition]:
    """Yield what a rule of an .xlsx does to the cells at these places, if anything."""
    kind, areas = rule.get("type", ""), parse_areas(places)
    if oddity is None or not areas or kind in _RULES_OF_NO_VALUE:
        return
    formulas = [one.text or "" for one in rule if one.tag.endswith(("}formula", "}f"))]
    formula = formulas[0] if kind == "expression" and formulas else ""
    sign = _OPERATOR_OF_RULE.get(rule.get("operator", ""))
    if kind == "cellIs" and sign and formulas:
        formula = f"{xl_rowcol_to_cell(*areas[0][0])}{sign}{formulas[0]}"
    if not _OF_NO_VALUE.match(formula):
        yield Condition(areas, oddity, formula)


def find_conditioned(
    conditions: Sequence[Condition], rows: Sequence[Sequence[Any]]
) -> dict[Cell, Literal["struck", "unseen"]]:
    """Return the cells with content that conditions hide or strike out."""
    width = max(map(len, rows), default=0)
    return {
        (row, column): one.oddity
        for one in conditions
        for (top, left), (bottom, right) in one.areas
        for row in range(top, min(bottom + 1, len(rows)))
        for column in range(left, min(right + 1, width))
        if rows[row][column] != "" and _holds(one, row, column, rows)
    }


def _holds(condition: Condition, row: int, column: int, rows: Sequence[Sequence[Any]]) -> bool:
    match = _COMPARISON.fullmatch(condition.formula.replace(" ", ""))
    if match is None:
        return True
    is_same_column, letters, is_same_row, number, sign, constant = match.groups()
    at_row, at_column = xl_cell_to_rowcol(letters + number)
    top, left = condition.areas[0][0]
    at_row += 0 if is_same_row else row - top
    at_column += 0 if is_same_column else column - left
    is_there = 0 <= at_row < len(rows) and 0 <= at_column < len(rows[at_row])
    value = rows[at_row][at_column] if is_there else ""
    if isinstance(value, date | timedelta):
        return True
    if constant.startswith('"'):
        text = constant[1:-1].replace('""', '"')
        return _OPERATORS[sign](str(value).casefold(), text.casefold())
    # A blank cell is 0, and any text is more than any number.
    value = 0 if value == "" else float("inf") if isinstance(value, str) else value
    return _OPERATORS[sign](value, float(constant))


def _area_of(place: str) -> CellRange:
    first, _, last = place.replace("$", "").partition(":")
    corners = [xl_cell_to_rowcol(one) for one in (first, last or first) if one[-1:].isdigit()]
    return (corners[0], corners[1]) if len(corners) > 1 else ((0, 0), _LAST)
