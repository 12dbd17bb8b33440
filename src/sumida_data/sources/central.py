"""Central files of the ministry and of the ward's systems, read by heading like survey sheets.

The days of a ministry's table are only in its headings or title. An office that has its open data
list in a CKAN saves the answer of ``package_search?fq=organization:<name>&rows=1000`` as a file;
nothing is fetched here.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from itertools import compress, filterfalse, pairwise
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import pandas as pd

from sumida_data.base.characters import comparable, hash_parts
from sumida_data.base.metadata import Model, Row, group_by
from sumida_data.base.periods import PERIOD, Period, fiscal_year_of
from sumida_data.survey.answers import AnswerRow, Origin, make_rows
from sumida_data.survey.files import SourceFile, UnusableFileError, is_copy
from sumida_data.survey.findings import Finding, FindingRules, Kind, Place, make_finding
from sumida_data.survey.form import CentralSource
from sumida_data.survey.reading import layout, registers
from sumida_data.survey.reading.lines import is_set_aside
from sumida_data.survey.reading.opened import OpenedFiles
from sumida_data.survey.reading.reader import Answer, Record, SheetContents, SheetReader
from sumida_data.survey.reading.text import Reading, find_date, fold, raw_text_of, read_month
from sumida_data.survey.reading.workbook import CellValue, Sheet, Workbook, has_sample_stamp

# Of the months and departments that are missing so many are named; more findings of one kind in
# one file are said in one.
_SHOWN = 5
# Fewer numbers do not show that they are all shares.
_FEW = 10
# So long before and after the end of the quarter a publisher's table may be of.
_EARLIEST, _LATEST = timedelta(days=-300), timedelta(days=92)
# Rates of a month are of the population of some January before.
_EARLIEST_OF_OTHERS = timedelta(days=-1500)
_SHARE = re.compile(r"[01]|0\.[0-9]+|1\.0+")
_PUBLISHED = re.compile(r"\A(?!.*(時点|現在|末)).*(公表|掲載|作成|発行)", re.DOTALL)
# Radicals that look like the characters of names; Unicode itself makes nothing of these.
_RADICALS = str.maketrans("⻄⻑⻘⻤⻩⻲⻨⻭⻁⻢⻯⻛⻝⻌⺟⻫", "西長青鬼黄亀麦歯虎馬竜風食辶母斉")

# The columns of the national open data list that an answer of a CKAN fills.
_HEADINGS = (
    "データセット_ID", "データセット_タイトル", "データセット_公開日", "ファイル_ID",
    "ファイル_タイトル", "ファイル_形式", "ファイル_ライセンス", "ファイル_ステータス",
    "ファイル_最終更新日", "組織",
)  # fmt: skip
_JAPAN = timezone(timedelta(hours=9))
_CODE = "municipality_code"
_NONE: Set[str] = frozenset()
_Table = tuple[SheetReader[CentralSource], Sheet, layout.FoundTable]
# A record with the code of the municipality that it is of.
_Taken = list[tuple[str, Record]]


class Municipality(NamedTuple):
    """A municipality; names alone are not unique (府中市, 伊達市)."""

    code: str
    prefecture_name: str
    name: str


def parse_municipalities(rows: Iterable[registers.TextRow]) -> list[Municipality]:
    """Read the rows of municipalities.csv; an invalid code raises a ReferenceTableError."""
    municipalities = []
    for place, row in registers.list_rows(rows, "municipalities"):
        code = row[_CODE].strip()
        # Excel takes the zero before the codes of Hokkaido to Tochigi away.
        padded = {**row, _CODE: code and code.zfill(6)}
        names = row["prefecture_name"], row["municipality_name"]
        municipalities.append(Municipality(registers.parse_code(padded, _CODE, place, 6), *names))
    return municipalities


class Quarters(Model):
    """The quarters that have returns, and whether these are sample data."""

    periods: tuple[str, ...]
    sample: bool


@dataclass(slots=True)
class CentralContents:
    """What was read from central files; ``files`` are rows of ``source_file`` without numbers."""

    answers: list[AnswerRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    files: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class CentralCollector:
    """Brings the central files of all quarters together.

    The figures of ``home`` are computed; ``sample`` says whether the survey returns are sample
    data, and central files must be of their kind. ``files`` opens them.
    """

    sources: Sequence[CentralSource]
    rules: FindingRules
    home: Municipality
    municipalities: Sequence[Municipality]
    sample: bool
    files: OpenedFiles = field(default_factory=OpenedFiles)

    @cached_property
    def known(self) -> dict[tuple[str, str], Municipality]:
        """The municipalities by prefecture and name, however these are written."""
        return {(_fold(one.prefecture_name), _fold(one.name)): one for one in self.municipalities}

    def collect(self, files: Mapping[str, SourceFile], periods: Sequence[str]) -> CentralContents:
        """Read files named ``<source>/<period>/<file>``; report others and missing ones."""
        contents = CentralContents(findings=list(self._find_misplaced(files)))
        for source in self.sources:
            reading = _SourceReading(self, source, contents)
            for period in _list_quarters(source, files, periods):
                folder = f"{source.source}/{period}/"
                found = [file for name, file in files.items() if name.startswith(folder)]
                if not found:
                    reading.place = Place(period)
                    reading.report(Kind.NO_CENTRAL_FILE, period=period, source=source.source)
                found.sort(key=lambda file: is_copy(file.name))
                for number, file in enumerate(found, 1):
                    reading.read_file(period, file, is_last=number == len(found))
        return contents

    def _find_misplaced(self, names: Iterable[str]) -> Iterator[Finding]:
        """Yield a finding for each file outside the folders of a source and a quarter."""
        known = [source.source for source in self.sources]
        place = re.compile(rf"({'|'.join(known)})/{PERIOD.pattern}/")
        rule, words = self.rules[Kind.MISPLACED_FILE], {"expected": "、".join(known)}
        for name in filterfalse(place.match, names):
            yield make_finding(rule, Place(source_file=name), **words)


class _SourceReading:
    """The reading of all files of one source, into contents that all sources share."""

    def __init__(
        self, collector: CentralCollector, source: CentralSource, contents: CentralContents
    ) -> None:
        self.collector, self.source, self.contents = collector, source, contents
        # The place of the file that is read, and its sheet once that is known.
        self.place = Place()
        self.readers = [SheetReader(form, collector.rules) for form in source.forms]
        self.titles = {item.name: item.title for item in source.fields}
        self.required = [item for item in source.fields if item.required]
        self.numbers = {one.name for one in source.fields if one.type in {"integer", "number"}}
        # The departments that a monthly list has had in each month so far.
        self.months: defaultdict[str, set[str]] = defaultdict(set)
        # The file that has given the rows of a quarter; without months, one file has all.
        self.given: dict[tuple[str | None, ...], str] = {}
        self.is_last = True
        # By hash of what a file says the quarter and the name under which it was read first.
        self.seen: dict[str, tuple[str, str]] = {}
        # What the files have stated of each row, day and field, and the file that did so last.
        self.said: dict[tuple[str | None, ...], tuple[str, str]] = {}

    @property
    def last_day(self) -> date:
        """The last day of the quarter to whose end the file ought to reach."""
        return Period.parse(str(self.place.period)).last_day

    def report(
        self, rule_id: str, value: str | None = None, answer: Answer | None = None, /, **words: str
    ) -> None:
        """Add a finding about the file, or about an answer or the cell that the words name."""
        if answer:
            value, words["cell"] = answer.raw_text, answer.cell
        place = replace(self.place, cell=words.get("cell"), row_label=words.get("row"))
        rule = self.collector.rules[rule_id]
        finding = make_finding(rule, place, value, **words, title=self.source.title)
        self.contents.findings.append(finding)

    def report_first(self, rule_id: str, answers: Sequence[Answer], **words: str) -> None:
        if answers:
            self.report(rule_id, None, answers[0], count=str(len(answers)), **words)

    def read_file(self, period: str, file: SourceFile, *, is_last: bool) -> None:
        """Read a file, maybe the last of its quarter, and list it whether or not it can be used."""
        self.is_last = is_last
        content, source, sample = file.read(), self.source, self.collector.sample
        digest = sha256(content).hexdigest()
        origin = Origin(self.collector.home.code, period, None, file.name, digest, sample)
        self.place = Place(period=period, source_file=file.name)
        found, taken = len(self.contents.findings), _Taken()
        try:
            taken = self._read(content, origin)
        except UnusableFileError as error:
            self.report(error.rule_id, error.words.pop("value", None), None, **error.words)
        self._check_new(taken, digest)
        self.contents.findings[found:] = _condense(self.contents.findings[found:])
        days = [date.fromisoformat(day) for _, one in taken if (day := one.value_of("as_of"))]
        groups = {record.value_of(source.grouped_by or "") for _, record in taken}
        self.contents.files.append(
            {
                "row_id": f"{source.source}/{period}/{digest[:16]}",
                "source": source.source,
                "source_title": source.title,
                "publisher": source.publisher,
                "period": period,
                "source_file": file.name,
                "file_sha256": digest,
                "bytes": len(content),
                "state": "read" if taken else "unusable",
                "first_as_of": min(days, default=None),
                "last_as_of": max(days, default=None),
                "rows": len(taken),
                "groups": len(groups) if source.grouped_by else None,
                "sample": sample,
            }
        )

    def _check_new(self, taken: _Taken, digest: str) -> None:
        """Report a file that says what another quarter's has said, however it was saved."""
        said = hash_parts(*([one.reading for one in record.answers] for _, record in taken))
        place = str(self.place.period), str(self.place.source_file)
        known = (digest, said) if taken else (digest,)
        first_period, other = min(self.seen.setdefault(one, place) for one in known)
        if first_period != place[0]:
            self.report(Kind.SAME_FILE_AGAIN, period=place[0], other=other)

    def _read(self, content: bytes, origin: Origin) -> _Taken:
        """Return the records that count; raise an UnusableFileError where there are none."""
        reader, sheet, table = chosen = self._choose_table(self._open(content))
        self._refuse_second_columns(chosen)
        dates = list(self._read_dates(sheet, table))
        sheet = self._blank_others(self._blank_totals(sheet, table), table)
        read = reader.read_rows(sheet, self.place)
        assert read is not None  # noqa: S101  # the table has been found
        for name, words in self.source.words.items():
            self._settle_words(name, words, read.records)
        for name in (item.name for item in self.source.fields if item.unit == "%"):
            _read_shares(name, read)
        self._join_groups(read.records)
        for record in read.records:
            record.answers.extend(dates)
            if month := record.answer_of(self.source.month or ""):
                last_day = pd.Period(str(month.reading.value)).end_time.date().isoformat()
                reading = Reading(last_day, "answered", "month_end")
                record.answers.append(month._replace(field="as_of", reading=reading))
        taken = self._check_rows(self._take(read), read.findings)
        self._refuse_second_file(taken)
        self._check_later(taken)
        taken = self._leave_totals_out(taken)
        taken = self._leave_gaps_out(taken, _list_lost(read.findings))
        self._compare(taken)
        for code, record in taken:
            department = record.value_of("department_code")
            whose = origin._replace(municipality_code=code, department_code=department)
            self.contents.answers += make_rows(record, whose)
        return taken

    def _refuse_second_file(self, taken: _Taken) -> None:
        """Refuse a file with rows of which another file of the quarter has given some already."""
        period, of_months = self.place.period, self.source.month is not None
        keys = {(period, code, one.key) if of_months else (period,) for code, one in taken}
        if others := [self.given[key] for key in keys if key in self.given]:
            raise UnusableFileError(Kind.SECOND_CENTRAL_FILE, other=min(others))
        self.given |= dict.fromkeys(keys, str(self.place.source_file))

    def _open(self, content: bytes) -> Workbook:
        """Return the file as a workbook, and report what a person must check."""
        name = str(self.place.source_file)
        if name.lower().endswith(".json") and content.lstrip()[:1] != b"<":
            workbook = read_package_search(content)
        else:
            workbook = self.collector.files.open(content, name)
        for rule_id in workbook.remarks:
            self.report(rule_id)
        sample = has_sample_stamp(workbook)
        if sample != self.collector.sample:
            kind = Kind.SAMPLE_AMONG_REAL if sample else Kind.REAL_AMONG_SAMPLE
            raise UnusableFileError(kind)
        return workbook

    def _choose_table(self, workbook: Workbook) -> _Table:
        """Return the one table with all that a row must have."""
        found = self._find_tables(workbook.sheets)
        if len(found) > 1 or any(self._is_set_aside(sheet.name) for _, sheet, _ in found):
            sheets = "、".join(f"「{sheet.name}」" for _, sheet, _ in found)
            raise UnusableFileError(Kind.SEVERAL_TABLES, sheets=sheets)
        missing = list(self.source.key_fields)
        if found:
            _, sheet, table = found[0]
            self.place = replace(self.place, sheet=sheet.name)
            missing = [item for item in self.required if item.name not in table.columns]
        if missing:
            headings = "、".join(item.title for item in missing)
            raise UnusableFileError(Kind.OTHER_LAYOUT, headings=headings)
        return found[0]

    def _is_set_aside(self, sheet: str) -> bool:
        """Tell whether a sheet is named such as 前月. Of a day, the headings say more."""
        expected, period = self.source.sheet, Period.parse(str(self.place.period))
        is_dated = re.search(r"\d", sheet) is not None
        return bool(expected) and not is_dated and is_set_aside(sheet, expected, period)

    def _find_tables(self, sheets: Sequence[Sheet]) -> list[_Table]:
        """Find the tables on the sheet that is named for them, or else on any."""
        named = [sheet for sheet in sheets if sheet.name == self.source.sheet]
        return [one for one in map(self._find_table, named or sheets) if one]

    def _find_table(self, sheet: Sheet) -> _Table | None:
        """Find the table in the form that fits best: most columns found, then fewest missing."""
        found = [
            (reader, sheet, table)
            for reader in self.readers
            if (table := layout.find_table(sheet, reader.headings))
        ]
        fits = [(len(table.columns), -reader.headings.count) for reader, _, table in found]
        return found[fits.index(max(fits))] if found else None

    def _refuse_second_columns(self, chosen: _Table) -> None:
        """Refuse a table with two columns for one number, such as of two months."""
        reader, sheet, table = chosen
        for column, heading in table.unknown.items():
            if reader.headings.names.get(heading) in self.numbers:
                cell = layout.cell_address(table.header_row, column)
                words = {"sheet": sheet.name, "cell": cell, "value": heading}
                raise UnusableFileError(Kind.SECOND_COLUMN, **words)

    def _read_dates(self, sheet: Sheet, table: layout.FoundTable) -> Iterator[Answer]:
        """Yield the days as answers that every row of the table shares."""
        given = set()
        for column, name in self.source.heading_dates.items():
            if column not in table.columns or name in given:
                continue
            given.add(name)
            answer = _read_heading_day(name, sheet, table, table.columns[column])
            if not answer.reading.value and name == self.source.title_date:
                titles = list(_find_title_days(name, sheet, table))
                answer = titles[0] if len({one.reading for one in titles}) == 1 else answer
            self._refuse_other_day(answer)
            yield answer

    def _refuse_other_day(self, answer: Answer) -> None:
        """Refuse a table of another time, such as of 平成4年 for 令和4年, or of the year before."""
        words = {"cell": answer.cell, "value": answer.raw_text, "heading": self.source.title}
        if answer.reading.value is None:
            raise UnusableFileError(Kind.HEADING_WITHOUT_DATE, **words)
        days = date.fromisoformat(answer.reading.value) - self.last_day
        is_other = not _EARLIEST <= days <= _LATEST
        if is_other if answer.field == "as_of" else days < _EARLIEST_OF_OTHERS:
            raise UnusableFileError(Kind.IMPLAUSIBLE_DAY, **words)

    def _blank_totals(self, sheet: Sheet, table: layout.FoundTable) -> Sheet:
        """Return a monthly list without rows that any of their cells calls a total."""
        rows, totals, first = list(sheet.rows), [], table.header_row + 1
        for number, row in enumerate(rows[first:] if self.source.month else (), first):
            if text := next(filter(layout.is_total, map(raw_text_of, row)), None):
                rows[number] = [""] * len(row)
                totals.append((layout.cell_address(number, row.index(text)), text))
        for cell, text in totals[:1]:
            self.report(Kind.TOTAL_ROW, text, cell=cell, count=str(len(totals)))
        return replace(sheet, rows=rows)

    def _blank_others(self, sheet: Sheet, table: layout.FoundTable) -> Sheet:
        """Return the sheet without rows whose owner, in a column of its own, is another."""
        owners = set(map(layout.heading_key, self.source.owner_headings))
        header, home = sheet.rows[table.header_row], self.collector.home
        keys = [layout.heading_key(raw_text_of(cell)) for cell in header]
        column = next((number for number, key in enumerate(keys) if key in owners), None)
        if column is None:
            return sheet
        ours = (_fold(home.name), _fold(home.prefecture_name + home.name), home.code)
        rows, others = list(sheet.rows), 0
        for number, row in enumerate(rows[table.header_row + 1 :], table.header_row + 1):
            owner = _fold(raw_text_of(row[column]))
            # An office of the municipality counts as it, such as 墨田区 広報広聴担当.
            if owner and not owner.startswith(ours):
                others += any(row)
                rows[number] = [""] * len(header)
        if others:
            self.report(Kind.ROWS_OF_OTHERS, municipality=home.name, count=str(others))
        return replace(sheet, rows=rows)

    def _settle_words(self, name: str, words: Sequence[str], records: Iterable[Record]) -> None:
        """Spell the words of a closed list as it does, and refuse a file that has others.

        A blank field, or one for which the list has no column, has the first word; it is at the
        cell of the row's key.
        """
        known = {"": words[0], **{fold(word): word for word in words}}
        unknown, blanks = [], 0
        for record in records:
            answer = record.answer_of(name)
            if answer is None:
                answer = record.answers[0]._replace(field=name, raw_text="")
                record.answers.append(answer)
            text = fold(answer.raw_text)
            if text not in known:
                unknown.append(answer)
            elif answer.raw_text != known[text]:
                blanks += not text
                _settle(record, answer, known[text], "synonym" if text else "default")
        said = {"heading": self.titles[name], "allowed": "、".join(words)}
        if unknown:
            said |= {"value": unknown[0].raw_text, "cell": unknown[0].cell}
            raise UnusableFileError(Kind.UNKNOWN_WORD, count=str(len(unknown)), **said)
        if blanks:
            self.report(Kind.BLANK_WORD, words[0], count=str(blanks), **said)

    def _join_groups(self, records: Iterable[Record]) -> None:
        """Spell what groups rows as the first row does, where it is read alike."""
        first: dict[str, str] = {}
        for record in records:
            answer = record.answer_of(self.source.grouped_by or "")
            if answer and (value := answer.reading.value):
                spelt = first.setdefault(comparable(value), value)
                if spelt != value:
                    _settle(record, answer, spelt, "as_first_listed")

    def _take(self, read: SheetContents) -> _Taken:
        """Return the records of known municipalities, and report what is wrong with rows."""
        pairs = [(self._find_municipality(record), record) for record in read.records]
        # A name that the register knows is written as it should be: 四條畷市 is no slip. That a
        # value is missing without which a row is none, is said with what follows from it. Of a
        # row that is left out, only what may show why.
        taken = {answer.cell: bool(found) for found, record in pairs for answer in record.answers}
        for one in read.findings:
            is_of_name = one.rule_id == Kind.UNUSUAL_CHARACTERS
            is_concerned = is_of_name != taken.get(str(one.place.cell), not is_of_name)
            if is_concerned and one.rule_id != Kind.REQUIRED_EMPTY:
                self.contents.findings.append(one)
        self._check_names(pairs)
        return [(found.code, record) for found, record in pairs if found]

    def _check_names(self, pairs: Iterable[tuple[Municipality | None, Record]]) -> None:
        """Report names that are unknown, or that only look like those of the register."""
        alike = []
        for found, record in pairs:
            answer = record.answer_of("municipality_name")
            if found is None:
                self.report(Kind.UNKNOWN_MUNICIPALITY, None, answer, row=record.key)
            elif answer and answer.reading.value != found.name:
                alike.append((answer, found.name))
        for answer, name in alike[:1]:
            self.report(Kind.LOOK_ALIKE_NAMES, None, answer, name=name, count=str(len(alike)))

    def _find_municipality(self, record: Record) -> Municipality | None:
        """Return whose row it is: home's where the list names none, None of an unknown name."""
        if record.answer_of("municipality_name") is None:
            return self.collector.home
        names = (record.value_of("prefecture_name"), record.value_of("municipality_name"))
        return self.collector.known.get((_fold(names[0]), _fold(names[1])))

    def _check_rows(self, taken: _Taken, findings: Iterable[Finding]) -> _Taken:
        """Return the records without those of the home municipality if it is there twice."""
        home, expected = self.collector.home, self.source.rows_expected
        if expected not in {None, len(taken)}:
            self.report(Kind.ROW_COUNT, found=str(len(taken)), expected=str(expected))
        count = sum(code == home.code for code, _ in taken)
        if not count:
            self.report(Kind.HOME_ROW_MISSING, municipality=home.name)
        name = fold(home.prefecture_name + home.name)
        count += sum(
            one.rule_id == Kind.DUPLICATE_ROW and fold(str(one.place.row_label)) == name
            for one in findings
        )
        if count > 1 and "municipality_name" in self.titles:
            self.report(Kind.HOME_ROW_TWICE, municipality=home.name, found=str(count))
            return [one for one in taken if one[0] != home.code]
        return taken

    def _check_later(self, taken: _Taken) -> None:
        """Report rows that began after the quarter by the day that they state."""
        name, last = self.source.since or "", self.last_day.isoformat()
        dated = (record.answer_of(name) for _, record in taken)
        later = [one for one in dated if one and (one.reading.value or "") > last]
        self.report_first(Kind.LATER_ROWS, later, heading=self.titles.get(name, ""), last=last)

    def _leave_totals_out(self, taken: _Taken) -> _Taken:
        """Return the records without those of what is in every month the sum of all others."""
        numbers = [item.name for item in self.source.fields if item.type == "integer"]
        if self.source.month is None:
            return taken
        names = [self.source.month, "department_code", *numbers]
        rows = [[record.value_of(name) for name in names] for _, record in taken]
        frame = pd.DataFrame(rows, columns=names).astype(dict.fromkeys(numbers, float))
        months = frame.groupby(names[0])[numbers]
        sums, counts = months.transform("sum"), months.transform("size")
        is_sum = frame[numbers].mul(2).eq(sums).all(axis=1) & sums.any(axis=1) & counts.gt(2)
        is_total = is_sum.groupby(frame[names[1]]).transform("all")
        totals = (record.answer_of(names[1]) for _, record in compress(taken, is_total))
        self.report_first(Kind.TOTAL_ROW, list(filter(None, totals)))
        return list(compress(taken, ~is_total))

    def _lacks_value(self, record: Record) -> bool:
        """Tell whether a value is missing that every row must have, and report it."""
        for item in self.required:
            answer = record.answer_of(item.name)
            # A column whose unit is another one has not been read.
            if answer is None or answer.reading.value is None:
                words = {"row": record.key.replace("|", " "), "heading": item.title}
                self.report(Kind.ROW_WITHOUT_VALUE, None, answer, **words)
                return True
        return False

    def _leave_gaps_out(self, taken: _Taken, lost: defaultdict[str, set[str]]) -> _Taken:
        """Return the whole records of months of which nothing is lost, and report the others."""
        name, whole = self.source.month or "", _Taken()
        months: defaultdict[str, set[str]] = defaultdict(set)
        for code, record in taken:
            lacks = self._lacks_value(record)
            month, department = record.value_of(name), record.value_of("department_code")
            (lost if lacks else months)[str(month)].add(str(department))
            whole += [] if lacks else [(code, record)]
        if not name:
            return whole
        gaps = self._find_gaps(months)
        for month, departments in lost.items():
            gaps[month] = gaps.get(month, _NONE) | departments
        if gaps:
            self.report(Kind.MISSING_MONTHS, _describe_gaps(gaps))
        return [one for one in whole if one[1].value_of(name) not in gaps]

    def _find_gaps(self, own: Mapping[str, set[str]]) -> dict[str, Set[str]]:
        """Take a file's departments by month and return the months that lack some, in order.

        A department is missing in a month if it is there in the month before and in a later one,
        or, within a fiscal year, if that month is the file's first or last. A month that has no row
        in any file so far lacks all: the set is empty. That is told from the first of the list on,
        and of this fiscal year and the one before, with the last file of a quarter.
        """
        for month, departments in own.items():
            self.months[month] |= departments
        months = self._list_months()
        gaps = dict.fromkeys(self._list_empty(months), _NONE)
        for before, month in pairwise(months):
            if month in own:
                lost = self.months.get(before, set()) - own[month]
                # Departments come and go with the fiscal year.
                if month.endswith("-04") or (month != max(own) and before in own):
                    lost &= set().union(*(own[one] for one in own if one > month))
                if lost:
                    gaps[month] = lost
        return dict(sorted(gaps.items()))

    def _list_months(self) -> "pd.Index[str]":
        """Return the months that matter: of the last day's fiscal year and of the one before."""
        last, year = f"{self.last_day:%Y-%m}", fiscal_year_of(self.last_day)
        first = max(min(self.months, default=last), f"{year - 1}-04")
        return pd.period_range(first, last, freq="M").astype(str)

    def _list_empty(self, months: Iterable[str]) -> Iterator[str]:
        return (one for one in months if self.is_last and one not in self.months)

    def _compare(self, taken: _Taken) -> None:
        """Report the first difference where a file contradicts an earlier one, as after a slip."""
        differing = []
        for code, record in taken:
            as_of = record.value_of("as_of")
            for answer in (one for one in record.answers if one.field in self.numbers):
                said = (answer.reading.value or "空欄", str(self.place.source_file))
                key = (code, record.key, as_of, answer.field)
                before, self.said[key] = self.said.get(key, said), said
                if before[0] != said[0]:
                    differing.append((record.key, str(as_of), answer, before))
        for row, day, answer, (value, file) in differing[:1]:
            words = {"row": row, "heading": self.titles[answer.field], "before": file}
            words |= {"as_of": day, "other": value, "more": str(len(differing) - 1)}
            now = answer.reading.value or "空欄"
            self.report(Kind.REVISED_VALUE, now, cell=answer.cell, **words)


def _list_quarters(source: CentralSource, names: Iterable[str], asked: Sequence[str]) -> list[str]:
    """Return those with returns and, as a year is made of months, those in which months came."""
    came = {one.split("/")[1] for one in names if source.month and one.startswith(source.source)}
    between = {one for one in filter(PERIOD.fullmatch, came) if asked[0] <= one <= asked[-1]}
    return sorted({*asked, *between})


def _fold(name: str | None) -> str:
    """Return a name as it reads, whatever look-alike characters it is written with."""
    return fold((name or "").translate(_RADICALS))


def _shorten(parts: Sequence[str]) -> str:
    rest = f" ほか{len(parts) - _SHOWN}件" if len(parts) > _SHOWN else ""
    return "、".join(parts[:_SHOWN]) + rest


def _list_lost(findings: Iterable[Finding]) -> defaultdict[str, set[str]]:
    """Return by month the departments, as they are written, whose rows were set aside."""
    lost: defaultdict[str, set[str]] = defaultdict(set)
    for one in findings:
        month = read_month((one.place.row_label or "").partition(" ")[0]).value
        if one.rule_id == Kind.NO_ROW_NAME and one.value_found and month:
            lost[month].add(one.value_found)
    return lost


def _describe_gaps(gaps: Mapping[str, Set[str]]) -> str:
    """Say which months and departments are missing, the first few by name."""
    parts = (f"課 {_shorten(sorted(lost))}" if lost else "すべて" for lost in gaps.values())
    return _shorten([f"{month} の{part}" for month, part in zip(gaps, parts, strict=True)])


def _settle(record: Record, answer: Answer, value: str, rule: str) -> None:
    reading = Reading(value, "answered", rule)
    record.answers[record.answers.index(answer)] = answer._replace(reading=reading)


def _leave_out(findings: Iterable[Finding], kind: Kind, cells: set[str]) -> list[Finding]:
    return [one for one in findings if one.rule_id != kind or one.place.cell not in cells]


def _read_day(name: str, sheet: Sheet, found: layout.FoundLabel) -> Answer:
    """Return the day in a cell as an answer, empty without one; an impossible one is refused."""
    text, cell = raw_text_of(found.value), layout.cell_address(found.row, found.column)
    try:
        day = find_date(text)
    except ValueError as error:
        raise UnusableFileError(Kind.HEADING_WITHOUT_DATE, cell=cell, value=text) from error
    reading = Reading(day.isoformat() if day else None, "answered", "heading_date")
    return Answer(name, sheet.name, cell, text, reading)


def _read_heading_day(name: str, sheet: Sheet, table: layout.FoundTable, column: int) -> Answer:
    """Return the day in a heading of one or more lines: the lowest, or else the cell without."""
    lines = layout.list_headings(sheet, table, column)
    days = [
        _read_day(name, sheet, one)
        for one in lines
        if not _PUBLISHED.search(raw_text_of(one.value))
    ]
    return next((day for day in days if day.reading.value), _read_day(name, sheet, lines[0]))


def _find_title_days(name: str, sheet: Sheet, table: layout.FoundTable) -> Iterator[Answer]:
    headed = set(table.columns.values())
    for number, row in enumerate(sheet.rows[: table.header_row]):
        for column, value in enumerate(row):
            # The rows just above may be headings of several lines, with days of their own.
            if number > table.header_row - 3 and column in headed and column != min(headed):
                continue
            # A line above the table may say when it was published, not of what day it is.
            if isinstance(value, str) and not _PUBLISHED.search(value):
                answer = _read_day(name, sheet, layout.FoundLabel(number, column, value))
                yield from [answer] if answer.reading.value else []


def _read_shares(name: str, read: SheetContents) -> None:
    """Take a column of percentages for one of shares where none of its numbers is above 1.

    So a spreadsheet keeps what it shows as 57.7%, and so it writes that into a CSV file. One
    number alone may be either.
    """
    given = [
        (record, answer)
        for record in read.records
        if (answer := record.answer_of(name)) and answer.raw_text
    ]
    if len(given) < _FEW or not all(_SHARE.fullmatch(answer.raw_text) for _, answer in given):
        return
    for record, answer in given:
        percent = format((100 * Decimal(answer.raw_text)).normalize(), "f")
        _settle(record, answer, percent, "fraction_is_percent")
    cells = {answer.cell for _, answer in given}
    read.findings = _leave_out(read.findings, Kind.AMBIGUOUS_NUMBER, cells)


def _condense(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings; of many of one kind the first, with how many more there are."""
    for alike in group_by(findings, attrgetter("rule_id")).values():
        if len(alike) > _SHOWN:
            more = f"同じ指摘が、ほかに{len(alike) - 1}件あります。"
            alike[:] = [replace(alike[0], message=alike[0].message + more)]
        yield from alike


def read_package_search(content: bytes) -> Workbook:
    """Read a CKAN's answer: a row per resource, under the headings of the national open data list.

    A cell's address is that of this table. A dataset without a resource has no row, as in the list.
    An answer without success, or the first of several pages, raises an UnusableFileError.
    """
    try:
        answer = json.loads(content)
        result = answer["result"] if answer["success"] else {}
        count, packages = result["count"], result["results"]
        rows = [row for package in packages for row in _list_resources(package)]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UnusableFileError(Kind.PARTIAL_ANSWER, str(error)) from error
    # CKAN answers with ten datasets unless asked for more.
    if count != len(packages):
        raise UnusableFileError(Kind.PARTIAL_ANSWER, f"{len(packages)} of {count}")
    return Workbook([Sheet("package_search", [list(_HEADINGS), *rows])])


def _list_resources(package: dict[str, Any]) -> Iterator[list[CellValue]]:
    published = package["state"] == "active" and not package["private"]
    # A catalogue that has moved is younger than its files.
    times = [package["metadata_created"], *(one.get("created") for one in package["resources"])]
    day = min(filter(None, map(_day_of, times)), default="")
    for resource in package["resources"]:
        active = published and resource["state"] == "active"
        texts = (
            package["name"],
            package["title"],
            day,
            resource["id"],
            resource.get("name"),
            resource.get("format"),
            package.get("license_title"),
            "配信中" if active else "配信停止中",
            _day_of(resource.get("last_modified") or resource.get("created")),
            (package.get("organization") or {}).get("title"),
        )
        yield [text or "" for text in texts]


def _day_of(timestamp: str | None) -> str:
    """Return the day in Japan; CKAN keeps its times in UTC and says nothing of it."""
    try:
        moment = datetime.fromisoformat(timestamp or "")
        if len(timestamp or "") > len("2022-12-28"):
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(_JAPAN)
    except (ValueError, OverflowError, TypeError):
        return str(timestamp or "")
    return moment.date().isoformat()


def remember_contents(
    current: Sequence[Row], known: Sequence[Row], rules: FindingRules
) -> tuple[list[Row], list[Finding]]:
    """Hold the files, rows of ``source_file``, against those that the last run left.

    Returns:
        The rows with ``content_number``, replaced contents among them, and a finding for each file
        whose period was first read with another content. What is of the other kind, sample or
        not, is forgotten.
    """
    ours = [row for row in known if not current or row["sample"] == current[0]["sample"]]
    rows: list[Row] = []
    findings: list[Finding] = []
    for owner in sorted({_owner_of(row) for row in (*current, *ours)}):
        now, before = ([row for row in one if _owner_of(row) == owner] for one in (current, ours))
        findings += _find_change(now, before, rules)
        rows += _number_contents(now, before)
    return rows, findings


_owner_of: Callable[[Row], tuple[str, str]] = itemgetter("source", "period")


def _find_change(
    now: Sequence[Row], before: Sequence[Row], rules: FindingRules
) -> Iterator[Finding]:
    # What could never be used is no content that another one contradicts.
    usable = [row for row in before if row.get("rows") != 0]
    if now and usable and usable[0]["file_sha256"] not in {row["file_sha256"] for row in now}:
        was = f"{usable[0]['source_file']}(SHA-256 {usable[0]['file_sha256'][:8]}…)"
        words = {"title": now[0]["source_title"], "period": now[0]["period"]}
        place = Place(period=now[0]["period"], source_file=now[0]["source_file"])
        yield make_finding(rules[Kind.CHANGED_FILE], place, before=was, **words)


def _number_contents(now: Sequence[Row], before: Sequence[Row]) -> Iterator[Row]:
    """Yield each content once, those seen before in their order and first."""
    contents = {row["file_sha256"]: row | {"state": "replaced"} for row in before}
    contents |= {row["file_sha256"]: row for row in now}
    for number, row in enumerate(contents.values(), 1):
        yield row | {"content_number": number}
