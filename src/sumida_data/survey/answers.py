"""Answers as rows of table ``answer``: every value with the cell it comes from."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from sumida_data.survey.reading.reader import Record


class AnswerRow(NamedTuple):
    """One row of table ``answer``, in the order of its columns.

    One row is one cell read, or one cell carried forward from an earlier quarter. The row's id is
    not made from the cell: the date in a heading is the answer of every record below it.
    """

    row_id: str
    municipality_code: str
    period: str
    department_code: str | None
    table_name: str
    record_id: str
    field: str
    source_file: str
    file_sha256: str
    sheet: str
    cell: str
    raw_text: str
    value: str | None
    answer_status: str
    change: str
    text_rules: str
    correction_id: str | None
    carried_from: str | None
    sample: bool


class Origin(NamedTuple):
    """Whose answers they are, and the file that holds them; no department in central files."""

    municipality_code: str
    period: str
    department_code: str | None
    source_file: str
    file_sha256: str
    sample: bool


def make_rows(record: Record, origin: Origin) -> Iterator[AnswerRow]:
    """Yield the record's answers as rows; the same input gives the same ids."""
    code, period, department, file, digest, sample = origin
    record_id = _hash(code, record.table, period, department or "", record.key)
    for name, sheet, cell, text, (value, status, rules) in record.answers:
        of = (f"{record_id}/{name}", code, period, department, record.table, record_id, name)
        where = (file, digest, sheet, cell, text)
        change = "normalised" if rules else "none"
        yield AnswerRow(*of, *where, value, status, change, rules, None, None, sample)


def carry_forward(
    rows: Iterable[AnswerRow], period: str, department_code: str
) -> Iterator[AnswerRow]:
    """Yield the rows as a department's of a later quarter; each keeps that it was given in."""
    for row in rows:
        record_id = _hash(row.record_id, period)
        yield row._replace(
            row_id=f"{record_id}/{row.field}",
            period=period,
            department_code=department_code,
            record_id=record_id,
            change="carried_forward",
            carried_from=row.carried_from or row.period,
        )


def _hash(*parts: str) -> str:
    return sha256("\x1f".join(parts).encode()).hexdigest()[:16]
