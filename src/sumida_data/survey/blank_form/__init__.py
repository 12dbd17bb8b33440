"""Blank forms: one workbook per department and quarter, with what the department answered last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from sumida_data.base.periods import Period
from sumida_data.survey.departments import Succession, find_successors, find_takeovers
from sumida_data.survey.reading.text import BLANK, Reading

Tables = dict[str, dict[str, dict[str, Reading]]]


@dataclass(frozen=True, slots=True)
class LastAnswers:
    """The answers of a department in one quarter, and those that it took over with others' work.

    For each table they are the records by id, in the order in which they were read; a record is
    its answers by field. Work of predecessors is shared where others have taken it over too.
    """

    period: str
    tables: Tables = field(default_factory=dict)
    inherited: Tables = field(default_factory=dict)
    predecessors: tuple[str, ...] = ()
    is_shared: bool = False


def find_last_answers(rows: Iterable[Mapping[str, Any]], period: str) -> dict[str, LastAnswers]:
    """Return each department's answers of the last quarter before this one in which it has any.

    They are by department code, from rows of ``answer`` in their order. What could not be read
    counts as not answered.
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


def inherit_answers(
    found: Mapping[str, LastAnswers], code: str, successions: Sequence[Succession], day: date
) -> LastAnswers | None:
    """Return a department's last answers with those of departments whose work came to it by a day.

    Returns:
        The answers, or None if there are none. Where work was divided, each successor gets all.
    """
    own = found.get(code)
    answered_for = Period.parse(own.period).last_day if own else date.min
    last = own or LastAnswers("")
    for one in find_takeovers(code, successions, answered_for, day):
        handed_over = one.changed_on - timedelta(days=1)
        before = inherit_answers(found, one.predecessor, successions, handed_over)
        # A department that goes on with other work has answered for that since.
        if before and Period.parse(before.period).last_day < one.changed_on:
            is_shared = last.is_shared or len(find_successors(one, successions)) > 1
            last = _add(last, before, one.predecessor, is_shared=is_shared)
    return last if last.period else None


def _add(last: LastAnswers, before: LastAnswers, code: str, *, is_shared: bool) -> LastAnswers:
    inherited = {table: dict(records) for table, records in last.inherited.items()}
    for tables in (before.tables, before.inherited):
        for table, records in tables.items():
            inherited.setdefault(table, {}).update(records)
    return replace(
        last,
        period=max(last.period, before.period),
        inherited=inherited,
        predecessors=(*last.predecessors, code),
        is_shared=is_shared or before.is_shared,
    )


def _reading_of(row: Mapping[str, Any]) -> Reading:
    if row["answer_status"] == "unreadable":
        return BLANK
    return Reading(row["value"], row["answer_status"], row["text_rules"])
