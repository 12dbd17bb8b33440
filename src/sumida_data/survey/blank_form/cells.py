"""How a field looks in a cell of the blank form: its heading, contents, hint and bounds."""

from datetime import date
from decimal import Decimal
from functools import reduce
from math import ceil
from typing import Any
from unicodedata import east_asian_width

from sumida_data.survey.consistency import MARKS
from sumida_data.survey.form import FormField, SurveySheet
from sumida_data.survey.reading.text import Reading

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
    text = contents if isinstance(contents, str) else ""
    length = sum(2 if east_asian_width(character) in "FWA" else 1 for character in text)
    return ceil(length / width_of(field))


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
        "input_message": _hint_of(field, part),
        "error_title": field.title,
        "error_message": _demand_of(field),
    }


def _hint_of(field: FormField, part: SurveySheet) -> str:
    titles = {other.name: other.title for other in part.fields}
    conditions = [
        f"「{titles[name]}」が「{'・'.join(choices)}」のとき書きます。"
        for name, choices in field.asked_when.items()
    ]
    return "".join([field.description, *conditions, _HINTS.get(field.type, "")])


def _demand_of(field: FormField) -> str:
    return "一覧から選んでください。" if field.enum else _HINTS.get(field.type, "") + _NO_VALUE_HINT
