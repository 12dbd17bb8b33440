"""Where a department's answers contradict those that it gave before."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from sumida_data.survey.findings import Kind
from sumida_data.survey.reading.reader import Record

# A digit too many or too few; small numbers may well change as much.
_JUMP = 10
_SMALLEST = 100


class Change(NamedTuple):
    """What is not as it was and may be a mistake.

    Attributes:
        rule_id: The kind of finding.
        sheet: The sheet.
        cell: The cell, or None of a record that is gone.
        value: What stands there, or the name of the record that is gone.
        heading: The title of the field.
        last: What was answered before.
    """

    rule_id: str
    sheet: str
    cell: str | None
    value: str
    heading: str = ""
    last: str = ""


def compare_records(
    last: Iterable[Record], now: Collection[Record], numbers: Mapping[tuple[str, str], str]
) -> Iterator[Change]:
    """Yield what has changed in the stocks of a department so that it is worth a look.

    Args:
        last: The records of its return before.
        now: Those of this return. A table without any is told of elsewhere.
        numbers: The titles of fields that are numbers, by table and name.
    """
    current = {(record.table, record.key): record for record in now}
    tables = {record.table for record in now}
    for record in last:
        same = current.get((record.table, record.key))
        if same is not None:
            yield from _find_jumps(record, same, numbers)
        elif record.table in tables:
            yield Change(Kind.ROW_GONE, record.answers[0].sheet, None, record.key)


def _find_jumps(
    last: Record, now: Record, numbers: Mapping[tuple[str, str], str]
) -> Iterator[Change]:
    for answer in now.answers:
        heading = numbers.get((now.table, answer.field))
        before, value = last.value_of(answer.field), answer.reading.value
        if heading and before and value:
            low, high = sorted((abs(Decimal(before)), abs(Decimal(value))))
            if high >= _SMALLEST and high >= low * _JUMP:
                yield Change(
                    Kind.OTHER_MAGNITUDE,
                    answer.sheet,
                    answer.cell,
                    answer.raw_text,
                    heading,
                    before,
                )
