"""Answers as rows of table ``answer``: every value with the cell it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from sumida_data.survey.reading.reader import Answer, Record


class AnswerRow(NamedTuple):
    """One row of table ``answer``, in the order of its columns.

    One row is one cell read, or one cell carried forward from an earlier quarter.
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


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose answers they are, and the file that holds them; no department in central files."""

    municipality_code: str
    period: str
    department_code: str | None
    source_file: str
    file_sha256: str
    sample: bool


def make_rows(record: Record, origin: Origin) -> list[AnswerRow]:
    """Return the record's answers as rows."""
    record_id = make_record_id(origin, record.table, record.key)
    return [_make_row(answer, record.table, record_id, origin) for answer in record.answers]


def make_record_id(origin: Origin, table: str, key: str) -> str:
    """Return the id of a record in its typed table; the same input gives the same id."""
    parts = (origin.municipality_code, table, origin.period, origin.department_code or "", key)
    return sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def carry_forward(rows: list[AnswerRow], period: str) -> Iterator[AnswerRow]:
    """Yield the rows as answers of a later quarter; each keeps the quarter it was given in."""
    for row in rows:
        carried_from = row.carried_from or row.period
        record_id = sha256(f"{row.record_id}\x1f{period}".encode()).hexdigest()[:16]
        yield row._replace(
            row_id=_make_row_id(record_id, row.field),
            period=period,
            record_id=record_id,
            change="carried_forward",
            carried_from=carried_from,
        )


def _make_row(answer: Answer, table: str, record_id: str, origin: Origin) -> AnswerRow:
    reading = answer.reading
    return AnswerRow(
        row_id=_make_row_id(record_id, answer.field),
        municipality_code=origin.municipality_code,
        period=origin.period,
        department_code=origin.department_code,
        table_name=table,
        record_id=record_id,
        field=answer.field,
        source_file=origin.source_file,
        file_sha256=origin.file_sha256,
        sheet=answer.sheet,
        cell=answer.cell,
        raw_text=answer.raw_text,
        value=reading.value,
        answer_status=reading.status,
        change="normalised" if reading.rules else "none",
        text_rules=reading.rules,
        correction_id=None,
        carried_from=None,
        sample=origin.sample,
    )


def _make_row_id(record_id: str, field: str) -> str:
    # Not from the cell: the date in a heading is the answer of every record below it.
    return f"{record_id}/{field}"
