"""Reading one returned workbook: its cover sheet and all its answer sheets."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from sumida_data.base.periods import Period
from sumida_data.survey.consistency import find_unanswered
from sumida_data.survey.files import UnusableFileError
from sumida_data.survey.findings import (
    Finding,
    FindingRule,
    FindingRules,
    Kind,
    Place,
    make_finding,
)
from sumida_data.survey.form import Form, SurveySheet, Wave
from sumida_data.survey.reading.layout import heading_key
from sumida_data.survey.reading.reader import Record, SheetContents, SheetReader
from sumida_data.survey.reading.registers import MappedHeading, add_headings
from sumida_data.survey.reading.stamp import Stamp, fingerprint
from sumida_data.survey.reading.text import BLANK
from sumida_data.survey.reading.workbook import (
    Sheet,
    Workbook,
    has_sample_stamp,
    open_workbook,
)

_CELLS_SHOWN = 5

_Readers = list[SheetReader[SurveySheet]]


@dataclass(slots=True)
class Return:
    """One returned workbook.

    Attributes:
        source_file: The file's name.
        file_sha256: Hash of its contents.
        arrived_at: When it arrived; decides between two of the same day.
        period: The quarter whose folder it lies in.
        cover: The cover sheet's answers, without personal ones; None if there is no cover.
        records: The records of all other sheets.
        findings: What is wrong with it.
        rows_set_aside: Number of rows left out.
        sample: Whether it is sample data.
        untouched: Whether it came back as it was handed out.
        whole_tables: The tables that it has, and of which no row was left out.
        personal_texts: What the cover gives as names and other personal data; it is not shown,
            not stored, and serves only to find the same names elsewhere.
    """

    source_file: str
    file_sha256: str
    arrived_at: int
    period: str
    cover: Record | None = None
    records: list[Record] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    rows_set_aside: int = 0
    sample: bool = False
    untouched: bool = False
    whole_tables: set[str] = field(default_factory=set)
    personal_texts: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def department_code(self) -> str | None:
        """The department's code as the cover states it."""
        return self.cover.value_of("department_code") if self.cover else None

    @property
    def says_no_change(self) -> bool:
        """Whether the cover says that nothing has changed since last quarter."""
        return self.cover is not None and self.cover.value_of("no_change") == "該当"

    @property
    def is_empty(self) -> bool:
        """Whether nothing is answered on any sheet but the cover."""
        answers = (answer for record in self.records for answer in record.answers)
        return all(answer.reading.status == "not_answered" for answer in answers)

    @property
    def age(self) -> tuple[str, int, str]:
        """What orders the returns of one department, oldest first."""
        answered_on = self.cover.value_of("answered_on") if self.cover else None
        return (answered_on or "", self.arrived_at, self.source_file)

    def report(
        self, rule: FindingRule, value: str | None = None, *, cell: str | None = None, **words: str
    ) -> None:
        """Add a finding.

        Args:
            rule: The kind.
            value: The text that stands there.
            cell: The cell, if it is about one.
            **words: Words of the message; ``sheet`` also says where it is.
        """
        place = Place(
            period=self.period,
            department_code=self.department_code,
            source_file=self.source_file,
            sheet=words.get("sheet"),
            cell=cell,
        )
        self.findings.append(make_finding(rule, place, value, **words))


@dataclass(frozen=True)
class FormReader:
    """Reads returned workbooks; made once and used for many.

    Attributes:
        form: The survey form.
        rules: The finding rules.
        layout_map: Headings of forms that the office did not make.
    """

    form: Form
    rules: FindingRules
    layout_map: Sequence[MappedHeading] = ()

    @cached_property
    def _sheet_keys(self) -> set[str]:
        return {heading_key(part.sheet) for part in self.form.sheets}

    @cached_property
    def _readers(self) -> dict[tuple[str, tuple[MappedHeading, ...]], _Readers]:
        return {}

    def _readers_of(self, returned: Return) -> list[SheetReader[SurveySheet]]:
        """Return the readers of the parts of the form, with the headings of other forms."""
        period, name = returned.period, returned.source_file
        mapped = tuple(one for one in self.layout_map if one.concerns(period, name))
        key = (period, mapped)
        if key not in self._readers:
            form = self.form.asked_in(period)
            parts = [add_headings(part, mapped) for part in form.sheets]
            self._readers[key] = [SheetReader(part, self.rules) for part in parts]
        return self._readers[key]

    def read(self, content: bytes, returned: Return, wave: Wave) -> None:
        """Read a workbook into the return.

        Args:
            content: The file's bytes.
            returned: The return, which takes the records and findings.
            wave: Which sheets are asked for; the others are read if they are there.
        """
        place = Place(period=returned.period, source_file=returned.source_file)
        try:
            workbook = open_workbook(content, returned.source_file)
        except UnusableFileError as error:
            returned.findings.append(make_finding(self.rules[error.rule_id], place))
            return
        returned.sample = has_sample_stamp(workbook)
        returned.findings += [make_finding(self.rules[id_], place) for id_ in workbook.remarks]
        cover = self._read_part(workbook, self._readers_of(returned)[0], place, is_asked=True)
        if cover is None:
            finding = make_finding(self.rules[Kind.NO_COVER], place, sheet=self.form.cover.sheet)
            returned.findings.append(finding)
            return
        returned.cover = cover.records[0]
        returned.findings += cover.findings
        returned.personal_texts = self._find_personal_texts(workbook, returned, cover.sheet)
        place = replace(place, department_code=returned.department_code)
        stamp = Stamp.read(workbook)
        returned.findings += self._check_stamp(stamp, returned, place)
        if stamp is None:
            returned.findings += self._check_stated_period(returned.cover, place)
        asked = wave.sheets_for(returned.department_code)
        read = {cover.sheet, *self._read_answers(workbook, returned, place, asked)}
        returned.untouched = stamp is not None and _is_untouched(returned, stamp)
        unread = [sheet for sheet in workbook.sheets if sheet.name not in read]
        returned.findings += self._find_unread_tables(unread, self._readers_of(returned), place)

    def _read_answers(
        self, workbook: Workbook, returned: Return, place: Place, asked: Collection[str]
    ) -> Iterator[str]:
        """Read all parts of the form but the cover; yield the names of the sheets read."""
        for reader in self._readers_of(returned)[1:]:
            part = reader.description
            contents = self._read_part(workbook, reader, place, is_asked=part.sheet in asked)
            if contents is not None:
                yield contents.sheet
                returned.findings += self._check_sheet(workbook, part, contents.sheet, place)
                returned.records += contents.records
                returned.findings += contents.findings
                if not (part.kind == "stock" and returned.says_no_change):
                    returned.findings += self._check_completeness(part, contents, place)
                returned.rows_set_aside += contents.rows_set_aside
                if not contents.rows_set_aside:
                    returned.whole_tables.add(part.table)
            elif part.sheet in asked:
                words = {"sheet": part.sheet, "title": part.title}
                returned.findings.append(
                    make_finding(self.rules[Kind.MISSING_TABLE], place, **words)
                )

    def _find_personal_texts(
        self, workbook: Workbook, returned: Return, cover: str
    ) -> frozenset[str]:
        reader = self._readers_of(returned)[0]
        sheets = (one for one in workbook.sheets if one.name == cover)
        return frozenset[str]().union(*(reader.find_personal_texts(one) for one in sheets))

    def _check_sheet(
        self, workbook: Workbook, part: SurveySheet, read: str, place: Place
    ) -> Iterator[Finding]:
        if read != part.sheet and part.sheet in {sheet.name for sheet in workbook.sheets}:
            words = {"sheet": part.sheet, "title": part.title, "other": read}
            yield make_finding(
                self.rules[Kind.TABLE_ON_OTHER_SHEET], replace(place, sheet=part.sheet), **words
            )

    def _check_completeness(
        self, part: SurveySheet, contents: SheetContents, place: Place
    ) -> Iterator[Finding]:
        """Report in one finding how many cells of a sheet still need an answer."""
        cells = list(_list_unanswered(part, contents.records))
        if cells:
            shown = "、".join(cells[:_CELLS_SHOWN])
            rest = " ほか" if len(cells) > _CELLS_SHOWN else ""
            # A CSV file has a sheet without a name.
            name = contents.sheet or part.sheet
            words = {"sheet": name, "count": str(len(cells)), "cells": shown + rest}
            where = replace(place, sheet=contents.sheet, cell=cells[0])
            yield make_finding(self.rules[Kind.UNANSWERED], where, **words)

    def _find_unread_tables(
        self, sheets: list[Sheet], readers: list[SheetReader[SurveySheet]], place: Place
    ) -> Iterator[Finding]:
        for sheet in sheets:
            for part in (one.description for one in readers if one.may_concern(sheet)):
                words = {"sheet": sheet.name, "title": part.title, "expected": part.sheet}
                yield make_finding(
                    self.rules[Kind.UNREAD_TABLE], replace(place, sheet=sheet.name), **words
                )
                break

    def _check_stated_period(self, cover: Record, place: Place) -> Iterator[Finding]:
        answer = cover.answer_of("stated_period")
        stated = Period.find(answer.raw_text) if answer else None
        if answer and stated and str(stated) != place.period:
            place = replace(place, sheet=answer.sheet, cell=answer.cell)
            period = Period.parse(place.period or "").title
            yield make_finding(self.rules[Kind.OTHER_PERIOD], place, answer.raw_text, period=period)

    def _check_stamp(
        self, stamp: Stamp | None, returned: Return, place: Place
    ) -> Iterator[Finding]:
        stated = Stamp(self.form.version, returned.period, returned.department_code or "")
        pairs = zip(stamp.labels.items(), stated, strict=True) if stamp else ()
        for (label, value), expected in pairs:
            if expected and value != expected:
                words = {"label": label, "expected": expected}
                yield make_finding(self.rules[Kind.OTHER_FORM], place, value, **words)

    def _read_part(
        self,
        workbook: Workbook,
        reader: SheetReader[SurveySheet],
        place: Place,
        *,
        is_asked: bool,
    ) -> SheetContents | None:
        part = reader.description
        read = reader.read_labels if part.layout == "labels" else reader.read_rows
        for sheet in self._candidates(workbook.sheets, part.sheet, is_asked=is_asked):
            if contents := read(sheet, place):
                return contents
        return None

    def _candidates(self, sheets: list[Sheet], name: str, *, is_asked: bool) -> Iterator[Sheet]:
        """Yield the sheets of that name, then those whose name holds it, then unknown ones."""
        wanted = heading_key(name)
        keys = [heading_key(sheet.name) for sheet in sheets]
        yield from (sheet for sheet, key in zip(sheets, keys, strict=True) if key == wanted)
        unnamed = [
            (sheet, wanted in key)
            for sheet, key in zip(sheets, keys, strict=True)
            if key not in self._sheet_keys
        ]
        yield from (sheet for sheet, is_like in unnamed if is_like)
        if is_asked:
            yield from (sheet for sheet, is_like in unnamed if not is_like)


def _is_untouched(returned: Return, stamp: Stamp) -> bool:
    day = returned.cover.answer_of("answered_on") if returned.cover else None
    is_open = day is not None and day.reading.status == "not_answered"
    if not is_open or returned.says_no_change or returned.rows_set_aside:
        return False
    return stamp.contents == fingerprint(
        (record.table, {answer.field: answer.reading for answer in record.answers})
        for record in returned.records
    )


def _list_unanswered(part: SurveySheet, records: Sequence[Record]) -> Iterator[str]:
    for record in records:
        if any(answer.reading is BLANK for answer in record.answers):
            readings = {answer.field: answer.reading for answer in record.answers}
            unanswered = set(find_unanswered(part, readings))
            yield from (answer.cell for answer in record.answers if answer.field in unanswered)
