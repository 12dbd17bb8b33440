"""Whether a record is complete and agrees with itself.

The reader asks here for contradictions; the blank form carries the same questions as formulas that
Excel and LibreOffice answer while an officer fills it in. Both come from the form's description.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import get_args

from sumida_data.survey.form import Condition, Contradiction, FormField, SurveySheet
from sumida_data.survey.reading.text import BLANK, AnswerStatus, Reading

# What the form suggests writing where there is no value.
MARKS: dict[AnswerStatus, str] = {"not_applicable": "該当なし", "undetermined": "不明"}

_STATUSES: dict[bool | None, set[AnswerStatus]] = {
    None: {*get_args(AnswerStatus)},
    True: {"answered"},
    False: {"not_answered", "not_applicable"},
}


def find_contradictions(
    contradictions: Sequence[Contradiction],
    readings: Mapping[str, Reading],
    last_day: str | None = None,
) -> list[Contradiction]:
    """Return those of the contradictions that a record, given by field, shows.

    An answer that the sheet has no cell for is not there. After the last day of the quarter
    (ISO 8601) a day is planned.
    """
    return [
        one
        for one in contradictions
        if all(_holds(condition, name, readings, last_day) for name, condition in one.when.items())
    ]


def _holds(
    condition: Condition, name: str, readings: Mapping[str, Reading], last_day: str | None
) -> bool:
    reading, other = readings.get(name), readings.get(condition.more_than or name)
    if reading is None or other is None:
        return False
    value, status, _ = reading
    # What most records fail comes first: each of them is held to every contradiction.
    if condition.one_of and value not in condition.one_of:
        return False
    if status not in _STATUSES[condition.given]:
        return False
    if condition.more_than and not _exceeds(value, other.value):
        return False
    return _is_qualified(condition, reading, last_day)


def _is_qualified(condition: Condition, reading: Reading, last_day: str | None) -> bool:
    """Tell whether a day is planned and a number about so much, where that is what is meant."""
    words = reading.rules.split()
    is_later = last_day is not None and (reading.value or "") > last_day
    is_planned = is_later or "expected" in words
    return (is_planned or not condition.planned) and ("about" in words or not condition.about)


def _exceeds(number: str | None, other: str | None) -> bool:
    return number is not None and other is not None and Decimal(number) > Decimal(other)


def find_unanswered(part: SurveySheet, readings: Mapping[str, Reading]) -> list[str]:
    """Return the names of the fields that a record still has to answer; an empty row has none.

    The answers are by field, empty ones included, without those that the sheet has no cell for.
    """
    blank = {name for name, reading in readings.items() if reading.status == "not_answered"}
    if part.layout == "rows" and part.key_fields[0].name in blank:
        return [part.key_fields[0].name] if len(blank) < len(part.fields) else []
    return [
        field.name
        for field in part.fields
        if field.name in blank and field.needs_answer and _is_asked(field, readings)
    ]


def _is_asked(field: FormField, readings: Mapping[str, Reading]) -> bool:
    return all(
        readings.get(other, BLANK).value in choices for other, choices in field.asked_when.items()
    )


def contradiction_terms(part: SurveySheet, cells: Mapping[str, str]) -> list[str]:
    """Return for each contradiction a formula of cells, or columns, that is 1 where it is shown."""
    return [
        "*".join(["1", *(_condition_term(c, cells[name], cells) for name, c in item.when.items())])
        for item in part.contradictions
    ]


def _condition_term(condition: Condition, cell: str, cells: Mapping[str, str]) -> str:
    factors = []
    if condition.given is True:
        factors += [f'({cell}<>"{text}")' for text in ("", *MARKS.values())]
    if condition.given is False:
        factors.append(_any_of(cell, ("", MARKS["not_applicable"])))
    if condition.one_of:
        factors.append(_any_of(cell, condition.one_of))
    if condition.more_than is not None:
        other = cells[condition.more_than]
        factors.append(f"ISNUMBER({cell})*ISNUMBER({other})*({cell}>{other})")
    return "*".join(factors)


def _any_of(cell: str, choices: Sequence[str]) -> str:
    # At most one of them is true, so that the sum is 0 or 1.
    return "(" + "+".join(f'({cell}="{choice}")' for choice in choices) + ")"


def unanswered_terms(part: SurveySheet, cells: Mapping[str, str]) -> dict[str, str]:
    """Return for each field asked for a formula that is 1 where its answer is missing."""
    terms = {}
    in_use = "1"
    if part.layout == "rows":
        name = part.key_fields[0].name
        marker = cells[name]
        in_use = f'({marker}<>"")'
        others = "+".join(f'({cell}<>"")' for cell in cells.values() if cell != marker)
        terms[name] = f'({marker}="")*((0+{others})>0)'
    for field in part.asked_fields:
        if field.name not in terms:
            asked = [_any_of(cells[other], c) for other, c in field.asked_when.items()]
            terms[field.name] = "*".join([in_use, *asked, f'({cells[field.name]}="")'])
    return terms
