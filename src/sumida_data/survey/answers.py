"""Answers as rows of table ``answer``: every value with the cell it comes from."""

from collections.abc import Iterator
from typing import NamedTuple, Self

from sumida_data.base.characters import hash_parts
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
    """Whose answers they are, and the file that holds them; no department in central files.

    Answers that are carried forward keep their origin, with the quarters that they came through
    and the department that holds them now.
    """

    municipality_code: str
    period: str
    department_code: str | None
    source_file: str
    file_sha256: str
    sample: bool
    carried_to: tuple[str, ...] = ()
    holder: str | None = None

    def carry(self, period: str, holder: str) -> Self:
        """Return the origin of the same answers as a department holds them in a later quarter."""
        return self._replace(carried_to=(*self.carried_to, period), holder=holder)


def make_rows(record: Record, origin: Origin) -> Iterator[AnswerRow]:
    """Yield the record's answers as rows; the same input gives the same ids."""
    code, period, department, file, digest, sample, carried_to, holder = origin
    record_id = hash_parts(code, record.table, period, department or "", record.key)
    whose, carried_from = holder or department, period if carried_to else None
    for later in carried_to:
        record_id, period = hash_parts(record_id, later), later
    for name, sheet, cell, text, (value, status, rules) in record.answers:
        of = (f"{record_id}/{name}", code, period, whose, record.table, record_id, name)
        where = (file, digest, sheet, cell, text)
        change = "carried_forward" if carried_from else "normalised" if rules else "none"
        yield AnswerRow(*of, *where, value, status, change, rules, None, carried_from, sample)
