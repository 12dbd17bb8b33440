"""Reading returned workbooks: the cover sheet and all answer sheets of each."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from hashlib import sha256

from sumida_data.base.periods import PERIOD, Period, format_era_date
from sumida_data.survey.consistency import find_unanswered
from sumida_data.survey.files import SourceFile, UnusableFileError, is_document
from sumida_data.survey.findings import (
    Finding,
    FindingRule,
    FindingRules,
    Kind,
    Place,
    make_finding,
)
from sumida_data.survey.form import HEADER_SEARCH_ROWS, Form, SurveySheet, Wave, Waves
from sumida_data.survey.reading.layout import heading_key
from sumida_data.survey.reading.looks import Cell
from sumida_data.survey.reading.opened import OpenedFiles
from sumida_data.survey.reading.reader import Record, SheetContents, SheetReader
from sumida_data.survey.reading.registers import MappedHeading, add_headings
from sumida_data.survey.reading.stamp import Stamp, fingerprint
from sumida_data.survey.reading.text import BLANK
from sumida_data.survey.reading.workbook import Sheet, Workbook, has_sample_stamp, holds_workbook

# Reading fewer takes less time than starting the processes does.
VERY_MANY = 500
_CHUNK = 50
_CELLS_SHOWN = 5
_LONGEST_WAIT = timedelta(days=366)

_Reader = SheetReader[SurveySheet]
_KeyedSheets = list[tuple[str, Sheet]]


@dataclass(slots=True)
class Return:
    """One returned workbook, from the folder of its quarter.

    It arrived in nanoseconds since 1970, which decides between two of one day. It is untouched if
    it came back as it was handed out, and unusable if it cannot be counted though it has a cover.
    Whole tables are those of which no row was left out. The cover has no personal answers: these
    are the personal texts, not shown, not stored, and only there to find the same names elsewhere.
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
    whole_tables: frozenset[str] = frozenset()
    unusable: bool = False
    sheet_names: tuple[str, ...] = ()
    # By sheet and cell the texts above its table.
    lines_above: dict[tuple[str, Cell], str] = field(default_factory=dict, repr=False)
    personal_texts: frozenset[str] = field(default=frozenset(), repr=False)

    def says(self, name: str) -> str:
        """Return what the cover answers to a field; an empty text for nothing."""
        return (self.cover.value_of(name) if self.cover else None) or ""

    @property
    def department_code(self) -> str | None:
        """The department's code as the cover states it."""
        return self.says("department_code") or None

    @property
    def says_no_change(self) -> bool:
        """Whether the cover says that nothing has changed since last quarter."""
        return self.says("no_change") == "該当"

    @property
    def is_real(self) -> bool:
        """Whether it is a return, and not sample data."""
        return self.cover is not None and not self.sample

    @property
    def is_empty(self) -> bool:
        """Whether nothing is answered on any sheet but the cover."""
        answers = (answer for record in self.records for answer in record.answers)
        return all(answer.reading.status == "not_answered" for answer in answers)

    @property
    def answered_on(self) -> date | None:
        """The day of the answer as the cover states it."""
        text = self.says("answered_on")
        return date.fromisoformat(text) if text else None

    @property
    def plausible_day(self) -> date | None:
        """That day, or None where it is before the last day of the quarter or long after it."""
        day, last_day = self.answered_on, Period.parse(self.period).last_day
        return day if day and timedelta() <= day - last_day <= _LONGEST_WAIT else None

    @property
    def place(self) -> Place:
        """Where its findings are, before they name a sheet and a cell."""
        return Place(self.period, self.department_code, self.source_file)

    def report(
        self, rule: FindingRule, value: str | None = None, at: Place | None = None, /, **words: str
    ) -> None:
        """Add a finding about a text at a place, or in the sheet and cell that the words name."""
        place = at or replace(self.place, sheet=words.get("sheet"), cell=words.get("cell"))
        self.findings.append(make_finding(rule, place, value, **words))

    def report_on_cover(self, rule: FindingRule, name: str, **words: str) -> None:
        """Add a finding about what the cover answers to a field, if it answers anything."""
        if answer := self.cover.answer_of(name) if self.cover else None:
            period = Period.parse(self.period)
            words |= {"period": period.title, "last": format_era_date(period.last_day)}
            self.report(rule, answer.raw_text, sheet=answer.sheet, cell=answer.cell, **words)


@dataclass(frozen=True)
class FormReader:
    """Reads returned workbooks; made once, with headings of other forms, and used for many."""

    form: Form
    rules: FindingRules
    layout_map: Sequence[MappedHeading] = ()
    files: OpenedFiles = field(default_factory=OpenedFiles)
    # By quarter and mapped headings; they do not go through to another process.
    _readers: dict[object, list[_Reader]] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _sheet_keys(self) -> set[str]:
        return {heading_key(part.sheet) for part in self.form.sheets}

    def _readers_of(self, returned: Return) -> list[_Reader]:
        """Return the readers of the parts of the form, with the headings of other forms."""
        period, name = returned.period, returned.source_file
        mapped = tuple(one for one in self.layout_map if one.concerns(period, name))
        if (period, mapped) not in self._readers:
            parts = [add_headings(part, mapped) for part in self.form.asked_in(period).sheets]
            self._readers[period, mapped] = [SheetReader(part, self.rules) for part in parts]
        return self._readers[period, mapped]

    def open(self, content: bytes, returned: Return) -> tuple[Workbook, str] | None:
        """Read only the cover of a workbook; return that and the sheet's name, if it has one."""
        try:
            workbook = self.files.open(content, returned.source_file)
        except UnusableFileError as error:
            returned.report(self.rules[error.rule_id], **error.words)
            return None
        returned.sample = has_sample_stamp(workbook)
        returned.sheet_names = tuple(sheet.name for sheet in workbook.sheets)
        for rule_id in workbook.remarks:
            returned.report(self.rules[rule_id])
        reader, keyed = self._readers_of(returned)[0], _key_sheets(workbook)
        cover = self._read_part(keyed, reader, returned.place, is_asked=True)
        # In a CSV file of another sheet, the department is named above the table, without a code.
        if cover is None or not (cover.sheet or cover.records[0].answer_of("department_code")):
            words = {"sheet": self.form.cover.sheet}
            returned.report(self.rules[Kind.NO_COVER], None, returned.place, **words)
            return None
        returned.cover = cover.records[0]
        returned.findings += cover.findings
        returned.personal_texts = cover.personal_texts
        return workbook, cover.sheet

    def read(self, content: bytes, returned: Return, wave: Wave) -> None:
        """Read a workbook into the return; sheets not asked for are read if they are there."""
        if (opened := self.open(content, returned)) is None:
            return
        (workbook, cover_sheet), readers = opened, self._readers_of(returned)
        if len(workbook.sheets) == 1 and (count := _count_tables(workbook.sheets[0], readers)) > 1:
            returned.unusable = True
            returned.report(self.rules[Kind.TABLES_ON_ONE_SHEET], count=str(count))
            return
        stamp = Stamp.read(workbook)
        self._check_cover(stamp, returned)
        read = {cover_sheet, *self._read_answers(workbook, readers[1:], returned, wave)}
        returned.untouched = _is_untouched(returned, stamp)
        for sheet in workbook.sheets:
            if sheet.name in read:
                continue
            holds = (one for one in readers if one.find_part(sheet) or one.holds_rows(sheet))
            if reader := next(holds, None):
                part = reader.description
                words = {"sheet": sheet.name, "title": part.title, "expected": part.sheet}
                returned.report(self.rules[Kind.UNREAD_TABLE], **words)

    def _read_part(
        self, keyed: _KeyedSheets, reader: _Reader, place: Place, *, is_asked: bool
    ) -> SheetContents | None:
        """Read from the sheet of that name, one whose name holds it, or else an unknown one."""
        is_labelled = reader.description.layout == "labels"
        read = reader.read_labels if is_labelled else reader.read_rows
        found = self._find_sheets(keyed, heading_key(reader.description.sheet), is_asked=is_asked)
        return next(filter(None, (read(sheet, place) for sheet in found)), None)

    def _find_sheets(self, keyed: _KeyedSheets, wanted: str, *, is_asked: bool) -> Iterator[Sheet]:
        # The barest name comes first: 手続 before 手続（下書き）.
        named = [sheet for key, sheet in keyed if key == wanted]
        yield from sorted(named, key=lambda sheet: len(sheet.name))
        others = [one for one in keyed if one[0] not in self._sheet_keys]
        yield from (sheet for key, sheet in others if wanted in key)
        if is_asked:
            yield from (sheet for key, sheet in others if wanted not in key)

    def _read_answers(
        self, workbook: Workbook, readers: Sequence[_Reader], returned: Return, wave: Wave
    ) -> set[str]:
        """Read all parts of the form but the cover; return the names of the sheets read."""
        asked, read = wave.sheets_for(returned.department_code), set()
        keyed, place = _key_sheets(workbook), returned.place
        for reader in readers:
            part = reader.description
            words = {"sheet": part.sheet, "title": part.title}
            is_asked = part.sheet in asked
            contents = self._read_part(keyed, reader, place, is_asked=is_asked)
            if contents is not None:
                read.add(contents.sheet)
                self._take(part, contents, returned)
            elif is_asked:
                returned.report(self.rules[Kind.MISSING_TABLE], None, place, **words)
        if asked and not read and not returned.says_no_change:
            returned.unusable = True
            # What else is missing of the form would only be the same said again.
            implied = {Kind.MISSING_TABLE, Kind.MISSING_HEADING}
            returned.findings = [one for one in returned.findings if one.rule_id not in implied]
            returned.report(self.rules[Kind.NO_TABLE_READ])
        return read

    def _take(self, part: SurveySheet, contents: SheetContents, returned: Return) -> None:
        """Add what was read of one part of the form, and report what it leaves unanswered."""
        if contents.sheet != part.sheet and part.sheet in returned.sheet_names:
            words = {"sheet": part.sheet, "title": part.title, "other": contents.sheet}
            returned.report(self.rules[Kind.TABLE_ON_OTHER_SHEET], **words)
        returned.records += contents.records
        returned.findings += contents.findings
        returned.lines_above |= {(contents.sheet, one): text for one, text in contents.lines_above}
        returned.rows_set_aside += contents.rows_set_aside
        if not contents.rows_set_aside:
            returned.whole_tables |= {part.table}
        if part.kind == "stock" and returned.says_no_change:
            return
        if cells := list(_list_unanswered(part, contents.records)):
            shown = "、".join(cells[:_CELLS_SHOWN]) + " ほか" * (len(cells) > _CELLS_SHOWN)
            # A CSV file has a sheet without a name.
            words = {"sheet": contents.sheet or part.sheet, "count": str(len(cells))}
            place = replace(returned.place, sheet=contents.sheet, cell=cells[0])
            returned.report(self.rules[Kind.UNANSWERED], None, place, **words, cells=shown)

    def _check_period(self, returned: Return) -> None:
        """Report what the cover says of another quarter: its name, or its last day."""
        rule, last_day = self.rules[Kind.OTHER_PERIOD], Period.parse(returned.period).last_day
        stated = Period.find(returned.says("stated_period"))
        if stated and str(stated) != returned.period:
            returned.report_on_cover(rule, "stated_period", heading="調査期")
        elif returned.says("reference_date") not in {"", last_day.isoformat()}:
            returned.report_on_cover(rule, "reference_date", heading="基準日")

    def _check_cover(self, stamp: Stamp | None, returned: Return) -> None:
        """Report what the cover says of quarter and day that cannot be, and another form."""
        if returned.answered_on and not returned.plausible_day:
            returned.report_on_cover(self.rules[Kind.ANSWERED_ANOTHER_DAY], "answered_on")
        if stamp is None:
            self._check_period(returned)
            return
        made_for = Stamp(self.form.version, returned.period, returned.department_code or "")
        for (label, value), expected in zip(stamp.labels.items(), made_for, strict=True):
            if expected and value != expected:
                shown, wanted = (
                    PERIOD.sub(lambda code: Period.parse(code[0]).title, text)
                    for text in (value, expected)
                )
                rule = self.rules[Kind.OTHER_FORM]
                returned.report(rule, shown, label=label, expected=wanted)


def _key_sheets(workbook: Workbook) -> _KeyedSheets:
    return [(heading_key(sheet.name), sheet) for sheet in workbook.sheets]


def _count_tables(sheet: Sheet, readers: Sequence[_Reader]) -> int:
    """Count the tables one under the other, as when all sheets were exported to one CSV file."""
    rows = set()
    for reader in readers:
        for start in range(0, len(sheet.rows), HEADER_SEARCH_ROWS // 2):
            if table := reader.find_part(Sheet("", sheet.rows[start:])):
                rows.add(start + table.header_row)
                break
    return len(rows)


def _list_unanswered(part: SurveySheet, records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        if any(answer.reading is BLANK for answer in record.answers):
            readings = {answer.field: answer.reading for answer in record.answers}
            if unanswered := find_unanswered(part, readings):
                yield from (answer.cell for answer in record.answers if answer.field in unanswered)


def _is_untouched(returned: Return, stamp: Stamp | None) -> bool:
    day = returned.cover.answer_of("answered_on") if returned.cover else None
    if stamp is None or day is None or day.reading.status != "not_answered":
        return False
    if returned.says_no_change or returned.rows_set_aside:
        return False
    return stamp.contents == fingerprint(
        (record.table, {answer.field: answer.reading for answer in record.answers})
        for record in returned.records
    )


def read_returns(reader: FormReader, waves: Waves, files: Sequence[SourceFile]) -> Iterator[Return]:
    """Read workbooks and give them back in their order, each when it is read.

    They are read one after the other, or on all processors where they are very many. The first
    part of each name is a quarter with an inquiry.
    """
    # Reading leaves no cycles behind; to look for some takes time, again and again.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        if len(files) < VERY_MANY:
            yield from (_read_file(reader, waves, file) for file in files)
            return
        # Imported here because it takes time and a single workbook needs none of it.
        from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
        from multiprocessing import get_context  # noqa: PLC0415

        start = (replace(reader), waves)
        with ProcessPoolExecutor(None, get_context("spawn"), _prepare, start) as pool:
            yield from pool.map(_read_prepared, files, chunksize=_CHUNK)
    finally:
        if was_enabled:
            gc.enable()


# What a process reads with; filled when it starts.
_prepared: list[tuple[FormReader, Waves]] = []


def _prepare(reader: FormReader, waves: Waves) -> None:
    gc.disable()
    _prepared[:] = [(reader, waves)]


def _read_prepared(file: SourceFile) -> Return:
    return _read_file(*_prepared[0], file)


def _read_file(reader: FormReader, waves: Waves, file: SourceFile) -> Return:
    period = file.name.partition("/")[0]
    returned = Return(file.name, "", file.arrived_at, period)
    try:
        content = file.read()
    except OSError:
        returned.report(reader.rules[Kind.NOT_ACCESSIBLE])
        return returned
    returned.file_sha256 = sha256(content).hexdigest()
    is_letter = is_document(file.name) and not holds_workbook(content)
    if file.rule_id or is_letter:
        returned.report(reader.rules[file.rule_id or Kind.OTHER_DOCUMENT])
    else:
        reader.read(content, returned, waves.root[period])
    return returned
