"""What a cell says as the answer to a field, and what is wrong with it."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from sumida_data.survey.form import FormField
from sumida_data.survey.reading.doubts import Doubt
from sumida_data.survey.reading.text import (
    UNREADABLE,
    Reader,
    Reading,
    find_unusual_characters,
    raw_text_of,
    reader_of,
)
from sumida_data.survey.reading.workbook import CellValue

_RULE_OF_TYPE = {"integer": "F301", "number": "F301", "date": "F302", "yearmonth": "F302"}
_RULE_OF_REASON = {"two_readings": "F311", "several_values": "F312", "other_unit": "F313"}
_RULE_OF_DOUBT: dict[Doubt, str] = {"error": "F308", "not_calculated": "F309"}
# The same cells come again and again, and neighbouring fields try them too.
_KEPT = 2048


class Judgement(NamedTuple):
    """What a cell says, seen as the answer to a field.

    Attributes:
        raw_text: The text that stands there.
        seen: What is read from it, possible or not.
        reading: What counts: as ``seen``, or unreadable where it cannot be an answer.
        rule_id: The finding rule that it breaks, or None.
        words: Words of the finding's message beside those of the field.
    """

    raw_text: str
    seen: Reading
    reading: Reading
    rule_id: str | None = None
    words: str = ""


Judge = Callable[[CellValue], Judgement]


def judge_of(field: FormField) -> Judge:
    """Return the function that judges a cell as the answer to this field.

    It remembers what it has judged.
    """
    read = reader_of(field)
    is_name = field.required and field.type == "string"

    def judge(cell: CellValue) -> Judgement:
        return _judge(cell, field, read, is_name=is_name)

    return lru_cache(_KEPT, typed=True)(judge)


def judge_doubtful(cell: CellValue, doubt: Doubt) -> Judgement:
    """Judge a cell whose value cannot be known."""
    return Judgement(raw_text_of(cell), UNREADABLE, UNREADABLE, _RULE_OF_DOUBT[doubt])


def describe_range(field: FormField) -> str:
    """Write the range of a field's numbers as 0以上100以下; empty where it has none."""
    low = f"{field.minimum}以上" if field.minimum is not None else ""
    high = f"{field.maximum}以下" if field.maximum is not None else ""
    return low + high


def _judge(cell: CellValue, field: FormField, read: Reader, *, is_name: bool) -> Judgement:
    raw, reading = raw_text_of(cell), read(cell)
    if rule_id := _refuse(reading, field):
        return Judgement(raw, reading, UNREADABLE, rule_id)
    unusual = find_unusual_characters(reading.value) if is_name and reading.value else {}
    if unusual:
        words = "、".join(f"「{one}」(ふつうは「{usual}」)" for one, usual in unusual.items())
        return Judgement(raw, reading, reading, "F314", words)
    return Judgement(raw, reading, reading)


def _refuse(reading: Reading, field: FormField) -> str | None:
    """Return the rule that says why the reading is no answer to the field, or None."""
    if reading.status == "unreadable":
        if reading.rules in _RULE_OF_REASON:
            return _RULE_OF_REASON[reading.rules]
        return "F303" if field.enum is not None else _RULE_OF_TYPE.get(field.type, "F310")
    if reading.value is None:
        return None
    if field.pattern is not None and not re.fullmatch(field.pattern, reading.value):
        return "F307"
    return "F304" if _is_out_of_range(reading.value, field) else None


def _is_out_of_range(value: str, field: FormField) -> bool:
    if field.minimum is None and field.maximum is None:
        return False
    number = Decimal(value)
    too_low = field.minimum is not None and number < field.minimum
    return too_low or (field.maximum is not None and number > field.maximum)
