"""How an officer writes an answer down: the same value in many ways.

A department keeps its habits from quarter to quarter. Nothing written here means anything else
than the value; what is wrong in the sample data is wrong on purpose, in `sample.returns`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from random import Random
from typing import TypeVar

from sumida_data.base.periods import ERAS, era_year, format_era_date
from sumida_data.sample.ward import Value, seeded_random
from sumida_data.survey.form import FormField

_Way = TypeVar("_Way")

_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_ERA_LETTERS = dict(zip(ERAS, "RHSTM", strict=True))


def to_full_width(text: str) -> str:
    """Return the text with full-width letters, digits and marks."""
    return text.translate(_FULL_WIDTH)


def write_short_era_date(day: date) -> str:
    """Write a day as R4.10.1."""
    era, year = era_year(day)
    return f"{_ERA_LETTERS[era]}{year}.{day.month}.{day.day}"


# Ways of writing, and how many departments in ten keep to each; the first way is the plain one.
_NUMBER_STYLES: dict[Callable[[int | Decimal, str], Value], int] = {
    lambda number, _: number: 5,
    lambda number, _: f"{number:,}": 2,
    lambda number, unit: f"{number}{unit}": 1,
    lambda number, unit: to_full_width(f"{number:,}") + unit: 2,
}
_DATE_STYLES: dict[Callable[[date], Value], int] = {
    lambda day: day: 5,
    lambda day: f"{day.year}/{day.month}/{day.day}": 1,
    lambda day: to_full_width(format_era_date(day)): 2,
    write_short_era_date: 2,
}
_TEXT_STYLES: dict[Callable[[str], str], int] = {
    lambda text: text: 7,
    lambda text: f"　{text} ": 2,
    lambda text: text.replace("、", "\n"): 1,
}
_CODE_STYLES: dict[Callable[[str], str], int] = {lambda code: code: 8, to_full_width: 2}
_BLANKS = {"": 6, "－": 2, "該当なし": 1, "なし": 1}
_DAY_FORMATS = (
    "yyyy/m/d",
    'yyyy"年"m"月"d"日"',
    '[$-ja-JP-x-gannen]ggge"年"m"月"d"日";@',
    "m/d/yy",
)


class Hand:
    """The hand of the officer who fills in a department's form.

    Attributes:
        day_format: Number format of cells that hold a day.
        rows_down: Rows inserted above tables and labels.
        columns_right: Columns inserted beside them.
        marks_example_number: Whether 記入例 stands in the numbering column, not in the first field.
    """

    def __init__(self, seed: int, department_code: str, period: str) -> None:
        """Take up the pen; what is no habit differs from quarter to quarter."""
        habits = seeded_random(seed, "habits", department_code)
        self._random = seeded_random(seed, "hand", department_code, period)
        self.day_format = habits.choice(_DAY_FORMATS)
        self.rows_down = habits.choice((0, 0, 0, 1, 2))
        self.columns_right = habits.choice((0, 0, 0, 1))
        self.labels_per_row = habits.choice((1, 2))
        self.marks_example_number = habits.random() < 0.7
        self._renames = habits.random() < 0.2
        self._uses_synonyms = habits.random() < 0.3
        self._number = _pick(habits, _NUMBER_STYLES)
        self._date = _pick(habits, _DATE_STYLES)
        self._text = _pick(habits, _TEXT_STYLES)
        self._code = _pick(habits, _CODE_STYLES)
        self._blank = _pick(habits, _BLANKS)

    def head(self, field: FormField) -> str:
        """Return the heading over the field's column, or the label beside its cell."""
        if self._renames and field.aliases and self._random.random() < 0.3:
            return self._random.choice(field.aliases)
        return field.title

    def write(self, field: FormField, value: Value) -> Value:
        """Return what stands in the cell: a text, or a number or day for a cell that holds one."""
        if value is None:
            return self._blank if field.type in {"integer", "date"} else None
        if isinstance(value, date):
            return self._date(value)
        if isinstance(value, int | Decimal):
            return self._number(value, field.unit or "")
        if field.enum is not None:
            return self._choose(field.synonyms.get(value, ()), value)
        return self._code(value) if field.pattern or field.unique else self._text(value)

    def _choose(self, synonyms: Sequence[str], choice: str) -> str:
        return self._random.choice(synonyms) if self._uses_synonyms and synonyms else choice


def _pick(random: Random, ways: Mapping[_Way, int]) -> _Way:
    return random.choices(list(ways), list(ways.values()))[0]
