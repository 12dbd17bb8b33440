"""What was read from returns, kept after the returns themselves are discarded.

A return bears the name, extension and mail address of whoever filled it in, and must go when its
time is over; the quarters after it are still compared with what it said. A kept reading holds the
answers, findings and hash of one workbook. Of its cover it holds what decides which return counts.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import NamedTuple, Self

from pydantic import ValidationError

from sumida_data.base.metadata import Model
from sumida_data.survey.collecting.returns import Return
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import Finding
from sumida_data.survey.reading.reader import Answer, Record
from sumida_data.survey.reading.text import AnswerStatus, Reading

READINGS, NAMED_TEXTS = "readings.jsonl", "named_texts.txt"

_FOLDER = "data/01_raw/kept_readings"
_OF_COVER = {"department_code", "section", "answered_on", "no_change"}
_HIDDEN = "(省略)"
# What is kept as it is.
_SAME = (
    "file_sha256", "arrived_at", "period", "rows_set_aside", "sample", "untouched", "whole_tables",
    "unusable",
)  # fmt: skip

Hides = Callable[[str], bool]


class PartlyThere(NamedTuple):
    """A quarter with how many returns were kept, and how many of them are still there.

    What was kept of the others counts where it ``stands_in`` for them.
    """

    period: str
    kept: int
    present: int
    stands_in: bool


class KeptReadingError(ValueError):
    """Kept readings that cannot be read."""


class _KeptAnswer(Model):
    field: str
    sheet: str
    cell: str
    raw_text: str
    value: str | None
    status: AnswerStatus
    rules: str

    @classmethod
    def of(cls, answer: Answer) -> Self:
        *given, reading = answer
        return cls.model_validate(dict(zip(cls.model_fields, [*given, *reading], strict=True)))

    def restore(self) -> Answer:
        reading = Reading(self.value, self.status, self.rules)
        return Answer(self.field, self.sheet, self.cell, self.raw_text, reading)


class _KeptRecord(Model):
    table: str
    key: str
    answers: tuple[_KeptAnswer, ...]

    @classmethod
    def of(cls, record: Record) -> Self:
        answers = tuple(map(_KeptAnswer.of, record.answers))
        return cls(table=record.table, key=record.key, answers=answers)

    def restore(self) -> Record:
        return Record(self.table, self.key, [one.restore() for one in self.answers])


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
    untouched: bool
    whole_tables: frozenset[str]
    unusable: bool = False

    @classmethod
    def of(cls, returned: Return, hides: Hides) -> Self:
        """Take what may be kept of a return; ``hides`` tells what speaks of a person.

        The answers themselves stay.
        """
        cover = _strip_cover(returned.cover)
        name = _name_plainly(returned, hides)
        same = {one: getattr(returned, one) for one in _SAME}
        return cls(
            **same,
            source_file=name,
            cover=_KeptRecord.of(cover) if cover else None,
            records=tuple(map(_KeptRecord.of, returned.records)),
            findings=tuple(_strip_finding(one, returned, name, hides) for one in returned.findings),
        )

    def restore(self) -> Return:
        """Return the return as it was read, without what its cover says of a person."""
        return Return(
            **{one: getattr(self, one) for one in _SAME},
            source_file=self.source_file,
            cover=self.cover.restore() if self.cover else None,
            records=[record.restore() for record in self.records],
            findings=list(self.findings),
        )


def write_readings(returns: Iterable[Return], hides: Hides) -> bytes:
    """Write returns as JSON Lines, one workbook a line; ``hides`` as for ``KeptReading.of``."""
    lines = (KeptReading.of(returned, hides).model_dump_json() for returned in returns)
    return "".join(f"{line}\n" for line in lines).encode()


def restore_readings(kept: Mapping[str, SourceFile]) -> list[Return]:
    """Read what was kept, from the files by name.

    Raises:
        KeptReadingError: If a file is damaged, or none of ours.
    """
    for name in kept:
        if PurePosixPath(name).name not in {READINGS, NAMED_TEXTS} or name.count("/") != 1:
            raise KeptReadingError(
                f"{_FOLDER}/{name}: ここには kedro run --pipelines=keep が作ったファイルだけを"
                "置いてください。控えはほかのフォルダに移してください。"
            )
    files = (file for name, file in kept.items() if name.endswith(READINGS))
    return [reading.restore() for file in files for reading in _read(file)]


def list_named_texts(kept: Mapping[str, SourceFile]) -> frozenset[str]:
    """Return the digests of texts in which a name of a discarded cover stands."""
    files = (file for name, file in kept.items() if name.endswith(NAMED_TEXTS))
    return frozenset(line for file in files for line in file.read().decode().split())


def choose_discarded(
    kept: Iterable[Return], present: Iterable[Return]
) -> tuple[list[Return], list[PartlyThere]]:
    """Return what stands in for returns that are gone, and the quarters that are there in part.

    Where most of the returns that were kept are still there, the others were taken away for a
    reason. Where most are gone, the quarter was discarded, and one was sent or put back again.
    """
    there: defaultdict[str, set[str]] = defaultdict(set)
    is_real = False
    for returned in present:
        there[returned.period].add(returned.file_sha256)
        is_real |= returned.cover is not None and not returned.sample
    by_period: defaultdict[str, list[Return]] = defaultdict(list)
    for returned in kept:
        # Invented data of a trial have no say beside real returns.
        if not (is_real and returned.sample):
            by_period[returned.period].append(returned)
    chosen: list[Return] = []
    partly_there = []
    for period, returns in by_period.items():
        missing = [one for one in returns if one.file_sha256 not in there[period]]
        found = len(returns) - len(missing)
        stands_in = found * 2 < len(returns)
        chosen += missing if stands_in else ()
        if missing and found:
            partly_there.append(PartlyThere(period, len(returns), found, stands_in=stands_in))
    return chosen, partly_there


def _read(file: SourceFile) -> Iterator[KeptReading]:
    for number, line in enumerate(file.read().decode("utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield KeptReading.model_validate_json(line)
        except ValidationError as error:
            raise KeptReadingError(
                f"{_FOLDER}/{file.name} の{number}行目を読めません。"
                "手で直さず、控えから戻すか、調査票を戻して kedro run --pipelines=keep で"
                "作り直してください。"
            ) from error


def _strip_cover(cover: Record | None) -> Record | None:
    if cover is None:
        return None
    answers = [one._replace(raw_text="") for one in cover.answers if one.field in _OF_COVER]
    return cover._replace(answers=[*map(_strip_section, answers)])


def _strip_section(answer: Answer) -> Answer:
    """Keep of the department's name, beside which a person's may be written, what ends in 課."""
    if answer.field != "section":
        return answer
    name = re.match(r"\w+課", answer.reading.value or "")
    return answer._replace(reading=answer.reading._replace(value=name and name[0]))


def _strip_finding(finding: Finding, returned: Return, name: str, hides: Hides) -> Finding:
    """Leave out what stands on the cover, and elsewhere what speaks of a person."""
    place, value = finding.place, finding.value_found or ""
    cover = returned.cover.answers if returned.cover else []
    on_cover = place.sheet in {answer.sheet for answer in cover}
    message = finding.message
    if value and (on_cover or hides(value)):
        finding = replace(finding, value_found=None)
        message = message.replace(value, _HIDDEN)
    label = None if place.row_label and hides(place.row_label) else place.row_label
    place = replace(place, source_file=name if place.source_file else None, row_label=label)
    return replace(finding, place=place, message=_HIDDEN if hides(message) else message)


def _name_plainly(returned: Return, hides: Hides) -> str:
    path = PurePosixPath(returned.source_file)
    if not hides(path.stem) and returned.source_file.isprintable():
        return returned.source_file
    ending = path.suffix if path.suffix.isascii() else ""
    return f"{returned.period}/{returned.file_sha256[:16]}{ending}"
