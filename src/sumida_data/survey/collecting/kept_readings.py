"""What was read from returns, kept after the returns themselves are discarded.

A return bears the name, extension and mail address of whoever filled it in, and must go when its
time is over; the quarters after it are still compared with what it said. A kept reading holds the
answers, findings and hash of one workbook, and nothing personal of its cover.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Self

from pydantic import ValidationError

from sumida_data.metadata import Model
from sumida_data.survey.collecting.returns import Return
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import Finding
from sumida_data.survey.reading.records import Answer, Record
from sumida_data.survey.reading.text import AnswerStatus, Reading


class KeptReadingError(ValueError):
    """A file of kept readings that cannot be read."""


class _KeptAnswer(Model):
    field: str
    sheet: str
    cell: str
    raw_text: str
    value: str | None
    status: AnswerStatus
    rules: str


class _KeptRecord(Model):
    table: str
    key: str
    answers: tuple[_KeptAnswer, ...]

    @classmethod
    def of(cls, record: Record) -> Self:
        answers = (
            _KeptAnswer(
                field=answer.field,
                sheet=answer.sheet,
                cell=answer.cell,
                raw_text=answer.raw_text,
                **answer.reading._asdict(),
            )
            for answer in record.answers
        )
        return cls(table=record.table, key=record.key, answers=tuple(answers))

    def restore(self) -> Record:
        answers = [
            Answer(
                one.field,
                one.sheet,
                one.cell,
                one.raw_text,
                Reading(one.value, one.status, one.rules),
            )
            for one in self.answers
        ]
        return Record(self.table, self.key, answers)


class KeptReading(Model):
    """What was read from one workbook; the attributes are those of ``Return``."""

    source_file: str
    file_sha256: str
    arrived_at: int
    period: str
    cover: _KeptRecord | None
    records: tuple[_KeptRecord, ...]
    findings: tuple[Finding, ...]
    rows_set_aside: int
    sample: bool

    @classmethod
    def of(cls, returned: Return) -> Self:
        """Take what may be kept of a return."""
        return cls(
            source_file=returned.source_file,
            file_sha256=returned.file_sha256,
            arrived_at=returned.arrived_at,
            period=returned.period,
            cover=_KeptRecord.of(returned.cover) if returned.cover else None,
            records=tuple(map(_KeptRecord.of, returned.records)),
            findings=tuple(returned.findings),
            rows_set_aside=returned.rows_set_aside,
            sample=returned.sample,
        )

    def restore(self) -> Return:
        """Return the return as it was read, without the personal texts of its cover."""
        return Return(
            source_file=self.source_file,
            file_sha256=self.file_sha256,
            arrived_at=self.arrived_at,
            period=self.period,
            cover=self.cover.restore() if self.cover else None,
            records=[record.restore() for record in self.records],
            findings=list(self.findings),
            rows_set_aside=self.rows_set_aside,
            sample=self.sample,
        )


def write_readings(returns: Iterable[Return]) -> bytes:
    """Write returns as JSON Lines, one workbook a line."""
    lines = (KeptReading.of(returned).model_dump_json() for returned in returns)
    return "".join(f"{line}\n" for line in lines).encode()


def restore_readings(kept: Mapping[str, SourceFile], present: Collection[str]) -> list[Return]:
    """Read what was kept of workbooks that are there no more.

    Args:
        kept: Files of kept readings by name.
        present: Names of the workbooks that are still there; they go before what was kept.

    Raises:
        KeptReadingError: If a file is damaged.
    """
    readings = (reading for file in kept.values() for reading in _read(file))
    return [reading.restore() for reading in readings if reading.source_file not in present]


def _read(file: SourceFile) -> Iterator[KeptReading]:
    for number, line in enumerate(file.read().splitlines(), start=1):
        try:
            yield KeptReading.model_validate_json(line)
        except ValidationError as error:
            raise KeptReadingError(
                f"data/01_raw/kept_readings/{file.name} の{number}行目を読めません。"
                "手で直さず、控えから戻すか、調査票を戻して kedro run --pipelines=keep で"
                "作り直してください。"
            ) from error
