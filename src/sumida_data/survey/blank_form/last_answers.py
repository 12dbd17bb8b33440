"""What departments answered last, for the forms of a new quarter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sumida_data.survey.reading.text import BLANK, Reading


@dataclass(frozen=True, slots=True)
class LastAnswers:
    """The answers of a department in one quarter.

    Attributes:
        period: The quarter.
        tables: For each table the records by id, in the order in which they were read; a record
            is its answers by field.
    """

    period: str
    tables: dict[str, dict[str, dict[str, Reading]]] = field(default_factory=dict)


def find_last_answers(rows: Iterable[Mapping[str, Any]], period: str) -> dict[str, LastAnswers]:
    """Return each department's answers of the last quarter before this one in which it has any.

    Args:
        rows: Rows of table ``answer``, in its order.
        period: The quarter for which a form is made.

    Returns:
        The answers by department code. What could not be read counts as not answered.
    """
    found: dict[str, LastAnswers] = {}
    for row in rows:
        if row["period"] >= period:
            continue
        last = found.get(row["department_code"])
        if last is None or last.period < row["period"]:
            last = found[row["department_code"]] = LastAnswers(row["period"])
        if last.period == row["period"]:
            records = last.tables.setdefault(row["table_name"], {})
            records.setdefault(row["record_id"], {})[row["field"]] = _reading_of(row)
    return found


def _reading_of(row: Mapping[str, Any]) -> Reading:
    if row["answer_status"] == "unreadable":
        return BLANK
    return Reading(row["value"], row["answer_status"], row["text_rules"])
