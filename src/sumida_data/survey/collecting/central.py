"""Central files of the ministry and of the ward's systems, read by heading like survey sheets."""

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256

from sumida_data.survey.answers import AnswerRow, Origin, make_rows
from sumida_data.survey.files import SourceFile, UnusableFileError
from sumida_data.survey.findings import Finding, FindingRules, Place, make_finding
from sumida_data.survey.form import CentralSource
from sumida_data.survey.reading.layout import FoundTable, cell_address, find_heading, find_table
from sumida_data.survey.reading.reader import SheetReader
from sumida_data.survey.reading.records import Answer, Record
from sumida_data.survey.reading.text import Reading, find_date, raw_text_of
from sumida_data.survey.reading.workbook import Sheet, has_sample_stamp, open_workbook


@dataclass(frozen=True, slots=True)
class Municipality:
    """A municipality.

    Attributes:
        code: Its six-digit code.
        prefecture_name: Its prefecture; names alone are not unique (府中市, 伊達市).
        name: Its name.
    """

    code: str
    prefecture_name: str
    name: str


@dataclass(slots=True)
class CentralContents:
    """What was read from central files.

    Attributes:
        answers: Rows of table ``answer``.
        findings: What is wrong.
    """

    answers: list[AnswerRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class CentralCollector:
    """Brings the central files of all quarters together.

    Attributes:
        sources: The sources.
        rules: The finding rules.
        home: The municipality whose figures are computed.
        municipalities: All municipalities.
        sample: Whether the survey returns are sample data; central files must be of their kind.
    """

    sources: Sequence[CentralSource]
    rules: FindingRules
    home: Municipality
    municipalities: Sequence[Municipality]
    sample: bool

    def collect(self, files: Mapping[str, SourceFile], periods: Sequence[str]) -> CentralContents:
        """Read the files of every source and quarter.

        Args:
            files: The files by name; a name is ``<source>/<period>/<file>``.
            periods: The quarters that are computed; a source without a file in one is reported.
        """
        contents = CentralContents()
        for source in self.sources:
            for period in periods:
                folder = f"{source.source}/{period}/"
                found = [file for name, file in files.items() if name.startswith(folder)]
                contents.findings += self._check_number(source, period, found)
                for file in found:
                    self._read_file(source, period, file, contents)
        return contents

    @cached_property
    def _codes(self) -> dict[tuple[str | None, str | None], str]:
        return {(one.prefecture_name, one.name): one.code for one in self.municipalities}

    @cached_property
    def _readers(self) -> dict[str, SheetReader[CentralSource]]:
        return {source.source: SheetReader(source, self.rules) for source in self.sources}

    def _check_number(
        self, source: CentralSource, period: str, files: list[SourceFile]
    ) -> Iterator[Finding]:
        if len(files) != 1:
            yield make_finding(
                self.rules["F601" if not files else "F606"],
                Place(period=period),
                title=source.title,
                period=period,
                source=source.source,
            )

    def _read_file(
        self, source: CentralSource, period: str, file: SourceFile, contents: CentralContents
    ) -> None:
        place = Place(period=period, source_file=file.name)
        content = file.read()
        try:
            workbook = open_workbook(content, file.name)
        except UnusableFileError as error:
            contents.findings.append(make_finding(self.rules[error.rule_id], place))
            return
        contents.findings += [make_finding(self.rules[id_], place) for id_ in workbook.remarks]
        sample = has_sample_stamp(workbook)
        if sample != self.sample:
            contents.findings.append(make_finding(self.rules["F109" if sample else "F110"], place))
            return
        origin = Origin(
            self.home.code, period, None, file.name, sha256(content).hexdigest(), sample
        )
        named = [sheet for sheet in workbook.sheets if sheet.name == source.sheet]
        for sheet in named or workbook.sheets:
            if table := find_table(sheet, self._readers[source.source].headings):
                self._read_table(source, sheet, table, origin, contents)
                return
        headings = "、".join(item.title for item in source.key_fields)
        contents.findings.append(
            make_finding(self.rules["F602"], place, title=source.title, headings=headings)
        )

    def _read_table(
        self,
        source: CentralSource,
        sheet: Sheet,
        table: FoundTable,
        origin: Origin,
        contents: CentralContents,
    ) -> None:
        place = Place(period=origin.period, source_file=origin.source_file, sheet=sheet.name)
        read = self._readers[source.source].read_rows(sheet, place)
        assert read is not None  # noqa: S101  # the caller has found the table
        try:
            dates = list(_read_heading_dates(source, sheet, table))
        except _HeadingDateError as error:
            place = replace(place, cell=error.cell)
            contents.findings.append(make_finding(self.rules["F603"], place, error.text))
            return
        # A name that the register knows is written as it should be: 四條畷市 is no slip.
        known = {
            answer.cell
            for record in read.records
            if self._municipality_of(record)
            for answer in record.answers
        }
        contents.findings += [
            one for one in read.findings if one.rule_id != "F314" or one.place.cell not in known
        ]
        codes = set()
        for record in read.records:
            record.answers.extend(dates)
            if source.month:
                record.answers.append(_month_end(record, source.month))
            codes.add(self._add_record(record, origin, contents))
        if self.home.code not in codes:
            finding = make_finding(self.rules["F605"], place, municipality=self.home.name)
            contents.findings.append(finding)

    def _add_record(self, record: Record, origin: Origin, contents: CentralContents) -> str | None:
        code = self._municipality_of(record)
        if code is None:
            contents.findings.append(self._unknown_municipality(record, origin))
        else:
            department = record.value_of("department_code")
            whose = replace(origin, municipality_code=code, department_code=department)
            contents.answers += make_rows(record, whose)
        return code

    def _municipality_of(self, record: Record) -> str | None:
        if record.answer_of("municipality_name") is None:
            return self.home.code
        names = (record.value_of("prefecture_name"), record.value_of("municipality_name"))
        return self._codes.get(names)

    def _unknown_municipality(self, record: Record, origin: Origin) -> Finding:
        answer = record.answer_of("municipality_name")
        assert answer is not None  # noqa: S101  # only records with that field come here
        place = Place(
            period=origin.period,
            source_file=origin.source_file,
            sheet=answer.sheet,
            cell=answer.cell,
            row_label=record.key,
        )
        return make_finding(self.rules["F604"], place, answer.raw_text)


class _HeadingDateError(ValueError):
    def __init__(self, cell: str, text: str) -> None:
        super().__init__(text)
        self.cell = cell
        self.text = text


def _read_heading_dates(source: CentralSource, sheet: Sheet, table: FoundTable) -> Iterator[Answer]:
    for column, name in source.heading_dates.items():
        heading = find_heading(sheet, table, column)
        cell, text = cell_address(heading.row, heading.column), raw_text_of(heading.value)
        try:
            day = find_date(text)
        except ValueError as error:
            raise _HeadingDateError(cell, text) from error
        if day is None:
            raise _HeadingDateError(cell, text)
        reading = Reading(day.isoformat(), "answered", "heading_date")
        yield Answer(name, sheet.name, cell, text, reading)


def _month_end(record: Record, month: str) -> Answer:
    answer = record.answer_of(month)
    assert answer is not None  # noqa: S101  # the month is a key and never missing
    year, number = map(int, str(answer.reading.value).split("-"))
    last_day = f"{answer.reading.value}-{monthrange(year, number)[1]}"
    return answer._replace(field="as_of", reading=Reading(last_day, "answered", "month_end"))
