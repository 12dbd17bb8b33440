"""Central files of the ministry and of the ward's systems, read by heading like survey sheets."""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from itertools import count

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.sources.completeness import (
    MonthlyRows,
    check_words,
    describe_gaps,
    fold_name,
    settle_words,
)
from sumida_data.sources.layouts import (
    HeadingDateError,
    read_heading_dates,
    read_package_search,
)
from sumida_data.survey.answers import AnswerRow, Origin, make_rows
from sumida_data.survey.files import SourceFile, UnusableFileError
from sumida_data.survey.findings import Finding, FindingRules, Kind, Place, make_finding
from sumida_data.survey.form import CentralSource
from sumida_data.survey.reading.layout import FoundTable, find_table, heading_key
from sumida_data.survey.reading.opened import OpenedFiles
from sumida_data.survey.reading.reader import Answer, Record, SheetContents, SheetReader
from sumida_data.survey.reading.registers import list_rows, parse_code
from sumida_data.survey.reading.text import Reading, fold, raw_text_of
from sumida_data.survey.reading.workbook import Sheet, Workbook, has_sample_stamp

# More findings of one kind in one file are said in one.
_SHOWN_OF_A_KIND = 5
# Of fewer numbers nobody can say that they are all shares.
_FEW = 10

_Table = tuple[SheetReader[CentralSource], Sheet, FoundTable]


@dataclass(frozen=True, slots=True)
class Municipality:
    """A municipality; names alone are not unique (府中市, 伊達市)."""

    code: str
    prefecture_name: str
    name: str


def parse_municipalities(rows: Iterable[Mapping[str, str]]) -> list[Municipality]:
    """Read the rows of municipalities.csv.

    Raises:
        ReferenceTableError: If a code is none.
    """
    column = "municipality_code"
    municipalities = []
    for place, row in list_rows(rows, "municipalities"):
        code = row[column].strip()
        # Excel takes the zero before the codes of Hokkaido to Tochigi away.
        padded = {**row, column: code.zfill(6) if code else ""}
        names = (row["prefecture_name"], row["municipality_name"])
        municipalities.append(Municipality(parse_code(padded, column, place, 6), *names))
    return municipalities


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

    def collect(self, files: Mapping[str, SourceFile], periods: Sequence[str]) -> CentralContents:
        """Read the files of every source and quarter.

        Args:
            files: The files by name; a name is ``<source>/<period>/<file>``.
            periods: The quarters that are computed; a source without a file in one is reported.
        """
        contents = CentralContents()
        known = {
            (fold_name(one.prefecture_name), fold_name(one.name)): one
            for one in self.municipalities
        }
        for source in self.sources:
            reading = _SourceReading(self, source, known, contents)
            for period in periods:
                folder = f"{source.source}/{period}/"
                found = [file for name, file in files.items() if name.startswith(folder)]
                if len(found) != 1:
                    rule_id = Kind.SECOND_CENTRAL_FILE if found else Kind.NO_CENTRAL_FILE
                    words = {"period": period, "source": source.source}
                    reading.report(rule_id, Place(period=period), **words)
                for file in found:
                    reading.read_file(period, file)
        return contents


@dataclass(frozen=True)
class _SourceReading:
    """The reading of all files of one source, into contents that all sources share."""

    collector: CentralCollector
    source: CentralSource
    known: Mapping[tuple[str, str], Municipality]
    contents: CentralContents
    _months: MonthlyRows = field(default_factory=MonthlyRows)
    _seen: dict[str, tuple[str, str]] = field(default_factory=dict)
    # What the files have stated of each row, day and field, and the file that stated it last.
    _said: dict[tuple[str | None, ...], tuple[str | None, str]] = field(default_factory=dict)

    @cached_property
    def _readers(self) -> list[SheetReader[CentralSource]]:
        return [SheetReader(form, self.collector.rules) for form in self.source.forms]

    def report(self, rule_id: str, place: Place, value: str | None = None, **words: str) -> None:
        finding = make_finding(
            self.collector.rules[rule_id], place, value, title=self.source.title, **words
        )
        self.contents.findings.append(finding)

    def read_file(self, period: str, file: SourceFile) -> None:
        """Read a file, and list it whether or not it can be used."""
        content = file.read()
        code = self.collector.home.code
        digest = sha256(content).hexdigest()
        origin = Origin(code, period, None, file.name, digest, self.collector.sample)
        first = len(self.contents.answers)
        first_period, other = self._seen.setdefault(digest, (period, file.name))
        if first_period != period:
            place = Place(period=period, source_file=file.name)
            self.report(Kind.SAME_FILE_AGAIN, place, period=period, other=other)
        found = len(self.contents.findings)
        records = self._read(content, origin)
        self.contents.findings[found:] = _condense(self.contents.findings[found:])
        days = [
            date.fromisoformat(row.value)
            for row in self.contents.answers[first:]
            if row.field == "as_of" and row.value
        ]
        groups = {record.value_of(self.source.grouped_by or "") for _, record in records}
        self.contents.files.append(
            {
                "row_id": f"{self.source.source}/{period}/{digest[:16]}",
                "source": self.source.source,
                "source_title": self.source.title,
                "publisher": self.source.publisher,
                "period": period,
                "source_file": file.name,
                "file_sha256": digest,
                "bytes": len(content),
                "state": "read" if records else "unusable",
                "first_as_of": min(days, default=None),
                "last_as_of": max(days, default=None),
                "rows": len(records),
                "groups": len(groups) if self.source.grouped_by else None,
                "sample": self.collector.sample,
            }
        )

    def _read(self, content: bytes, origin: Origin) -> list[tuple[str, Record]]:
        """Return the records that count, each with the code of its municipality."""
        place = Place(period=origin.period, source_file=origin.source_file)
        workbook = self._open(content, place)
        found = self._choose_table(workbook, place) if workbook else None
        if found is None:
            return []
        reader, sheet, table = found
        place = replace(place, sheet=sheet.name)
        try:
            dates = read_heading_dates(self.source, sheet, table)
        except HeadingDateError as error:
            self.report(Kind.HEADING_WITHOUT_DATE, replace(place, cell=error.cell), error.text)
            return []
        sheet = self._blank_others(sheet, table, place)
        read = reader.read_rows(sheet, place)
        assert read is not None  # noqa: S101  # the table has been found
        return self._take(read, dates, origin, place)

    def _open(self, content: bytes, place: Place) -> Workbook | None:
        """Return the file as a workbook if it can be used, and report what a person must check."""
        try:
            workbook = self._read_or_open(content, str(place.source_file))
        except UnusableFileError as error:
            self.report(error.rule_id, place, **error.words)
            return None
        for rule_id in workbook.remarks:
            self.report(rule_id, place)
        sample = has_sample_stamp(workbook)
        if sample != self.collector.sample:
            self.report(Kind.SAMPLE_AMONG_REAL if sample else Kind.REAL_AMONG_SAMPLE, place)
            return None
        return workbook

    def _read_or_open(self, content: bytes, name: str) -> Workbook:
        is_json = name.lower().endswith(".json") and content.lstrip()[:1] != b"<"
        return read_package_search(content) if is_json else self.collector.files.open(content, name)

    def _list_missing(self, table: FoundTable) -> list[str]:
        required = [item for item in self.source.fields if item.required]
        return [item.title for item in required if item.name not in table.columns]

    def _choose_table(self, workbook: Workbook, place: Place) -> _Table | None:
        """Return the one table with all that a row must have, or report that there is none."""
        found = self._find_tables(workbook)
        if len(found) > 1:
            sheets = "、".join(f"「{sheet.name}」" for _, sheet, _ in found)
            self.report(Kind.SEVERAL_TABLES, place, sheets=sheets, expected=self.source.sheet or "")
            return None
        headings = [item.title for item in self.source.key_fields]
        if found:
            _, sheet, table = found[0]
            headings = self._list_missing(table)
            place = replace(place, sheet=sheet.name)
        if headings:
            self.report(Kind.OTHER_LAYOUT, place, headings="、".join(headings))
            return None
        return found[0]

    def _find_tables(self, workbook: Workbook) -> list[_Table]:
        """Find the table on each sheet, in the form that fits best, or on the one named for it."""
        named = [sheet for sheet in workbook.sheets if sheet.name == self.source.sheet]
        tables = []
        for sheet in named or workbook.sheets:
            forms = [(reader, find_table(sheet, reader.headings)) for reader in self._readers]
            found = [(reader, sheet, table) for reader, table in forms if table is not None]
            if found:
                tables.append(max(found, key=lambda one: _fit(one[0], one[2])))
        return tables

    def _blank_others(self, sheet: Sheet, table: FoundTable, place: Place) -> Sheet:
        """Return the sheet without the rows that another municipality answers for.

        The list of a whole catalogue names the owner of each row in a column of its own.
        """
        owners = [heading_key(text) for text in self.source.owner_headings]
        header = sheet.rows[table.header_row]
        keys = [heading_key(raw_text_of(cell)) for cell in header]
        column = next((place for place, key in enumerate(keys) if key in owners), None)
        if column is None:
            return sheet
        home = self.collector.home
        ours = {"", fold_name(home.name), fold_name(home.prefecture_name + home.name)}
        rows, others = list(sheet.rows), 0
        for number in range(table.header_row + 1, len(rows)):
            if fold_name(raw_text_of(rows[number][column])) not in ours:
                others += any(rows[number])
                rows[number] = [""] * len(header)
        if others:
            self.report(Kind.ROWS_OF_OTHERS, place, municipality=home.name, count=str(others))
        return replace(sheet, rows=rows)

    def _check_later(self, taken: Sequence[tuple[str, Record]], place: Place) -> None:
        """Report rows that began after the quarter by the day that they state."""
        name, last_day = self.source.since, Period.parse(str(place.period)).last_day.isoformat()
        if name is None:
            return
        found = [record for _, record in taken if (record.value_of(name) or "") > last_day]
        if found and (answer := found[0].answer_of(name)):
            title = next(item.title for item in self.source.fields if item.name == name)
            words = {"heading": title, "last": last_day, "count": str(len(found))}
            self.report(Kind.LATER_ROWS, replace(place, cell=answer.cell), answer.raw_text, **words)

    def _take(
        self, read: SheetContents, dates: list[Answer], origin: Origin, place: Place
    ) -> list[tuple[str, Record]]:
        if self._breaks_words(read.records, place):
            return []
        _read_shares(self.source, read)
        pairs = [(self._code_of(record), record) for record in read.records]
        # A name that the register knows is written as it should be: 四條畷市 is no slip. That a
        # value is missing without which a row is none, is said with what follows from it.
        known = {answer.cell for code, record in pairs if code for answer in record.answers}
        self.contents.findings += [
            one
            for one in read.findings
            if one.rule_id != Kind.REQUIRED_EMPTY
            and (one.rule_id != Kind.UNUSUAL_CHARACTERS or one.place.cell not in known)
        ]
        taken = []
        for code, record in pairs:
            record.answers.extend(dates)
            if self.source.month:
                record.answers.append(_month_end(record, self.source.month))
            if code is not None:
                taken.append((code, record))
            elif answer := record.answer_of("municipality_name"):
                where = replace(place, cell=answer.cell, row_label=record.key)
                self.report(Kind.UNKNOWN_MUNICIPALITY, where, answer.raw_text)
        self._check_rows(taken, read, place)
        self._check_names(taken, place)
        self._check_later(taken, place)
        lacking = [record for _, record in taken if self._lacks_value(record, place)]
        lost = set(map(id, lacking))
        whole = [one for one in taken if id(one[1]) not in lost]
        taken = self._leave_gaps_out(whole, lacking, self.source.month, place)
        self._compare(taken, place)
        for code, record in taken:
            department = record.value_of("department_code")
            whose = origin._replace(municipality_code=code, department_code=department)
            self.contents.answers += make_rows(record, whose)
        return taken

    def _lacks_value(self, record: Record, place: Place) -> bool:
        """Tell whether a value is missing without which the row is none, and report it."""
        for item in self.source.fields:
            answer = record.answer_of(item.name)
            if item.required and answer is not None and answer.reading.value is None:
                where = replace(place, cell=answer.cell, row_label=record.key.replace("|", " "))
                self.report(Kind.ROW_WITHOUT_VALUE, where, answer.raw_text, heading=item.title)
                return True
        return False

    def _check_rows(
        self, taken: list[tuple[str, Record]], read: SheetContents, place: Place
    ) -> None:
        home = self.collector.home
        if (expected := self.source.rows_expected) not in {None, len(taken)}:
            self.report(Kind.ROW_COUNT, place, found=str(len(taken)), expected=str(expected))
        ours = [record for code, record in taken if code == home.code]
        if not ours:
            self.report(Kind.HOME_ROW_MISSING, place, municipality=home.name)
        repeated = [
            one
            for one in read.findings
            if one.rule_id == Kind.DUPLICATE_ROW
            and fold(one.place.row_label or "") == fold(home.prefecture_name + home.name)
        ]
        by_name = any(record.answer_of("municipality_name") for record in ours)
        if by_name and (number := len(ours) + len(repeated)) > 1:
            self.report(Kind.HOME_ROW_TWICE, place, municipality=home.name, found=str(number))
            taken[:] = [(code, record) for code, record in taken if code != home.code]

    def _breaks_words(self, records: Sequence[Record], place: Place) -> bool:
        """Tell whether a record holds a word that is not known, and report such and blank ones."""
        titles = {item.name: item.title for item in self.source.fields}
        broken = list(check_words(self.source, records))
        for answer, allowed, rows in broken:
            words = {"heading": titles[answer.field], "allowed": "、".join(allowed)}
            where = replace(place, cell=answer.cell)
            self.report(Kind.UNKNOWN_WORD, where, answer.raw_text, count=str(rows), **words)
        for name, rows in settle_words(self.source, records).items():
            words = {"heading": titles[name], "count": str(rows)}
            self.report(Kind.BLANK_WORD, place, self.source.words[name][0], **words)
        return bool(broken)

    def _leave_gaps_out(
        self,
        taken: list[tuple[str, Record]],
        lacking: Sequence[Record],
        month: str | None,
        place: Place,
    ) -> list[tuple[str, Record]]:
        """Return the records but for those of months that are not whole, and report these."""
        if month is None:
            return taken
        rows = [(one.value_of(month), one.value_of("department_code")) for _, one in taken]
        named = [(first, second) for first, second in rows if first and second]
        gaps = self._months.find_gaps(named, Period.parse(str(place.period)))
        for record in lacking:
            name = str(record.value_of(month))
            lost = frozenset({str(record.value_of("department_code"))})
            gaps[name] = gaps.get(name, frozenset()) | lost
        if gaps:
            self.report(Kind.MISSING_MONTHS, place, describe_gaps(gaps))
        return [one for one in taken if one[1].value_of(month) not in gaps]

    def _municipality_of(self, record: Record) -> Municipality | None:
        names = (record.value_of("prefecture_name"), record.value_of("municipality_name"))
        return self.known.get((fold_name(names[0]), fold_name(names[1])))

    def _code_of(self, record: Record) -> str | None:
        if record.answer_of("municipality_name") is None:
            return self.collector.home.code
        found = self._municipality_of(record)
        return found.code if found else None

    def _check_names(self, taken: Sequence[tuple[str, Record]], place: Place) -> None:
        """Report names written with characters that only look like those of the register."""
        named = [record for _, record in taken if record.answer_of("municipality_name")]
        found = [(record, self._municipality_of(record)) for record in named]
        other = [
            (answer, one.name)
            for record, one in found
            if one and (answer := record.answer_of("municipality_name"))
            if answer.reading.value != one.name
        ]
        for answer, name in other[:1]:
            where, words = (
                replace(place, cell=answer.cell),
                {"name": name, "count": str(len(other))},
            )
            self.report(Kind.LOOK_ALIKE_NAMES, where, answer.raw_text, **words)

    def _compare(self, taken: Iterable[tuple[str, Record]], place: Place) -> None:
        """Report if a file contradicts an earlier one; the first difference is shown.

        A publisher that corrects an old table leaves a trace where two files speak of a day.
        """
        numbers = [one for one in self.source.fields if one.type in {"integer", "number"}]
        titles = {item.name: item.title for item in numbers}
        differing = []
        for code, record in taken:
            as_of = record.value_of("as_of")
            for answer in record.answers:
                key = (code, record.key, as_of, answer.field)
                said = (answer.reading.value, str(place.source_file))
                before = self._said.get(key, said)
                self._said[key] = said
                if answer.field in titles and before[0] != said[0]:
                    differing.append((record, answer, before))
        for record, answer, (value, file) in differing[:1]:
            words = {"row": record.key, "heading": titles[answer.field], "before": file}
            words |= {"as_of": record.value_of("as_of") or "", "other": value or "空欄"}
            where = replace(place, sheet=answer.sheet, cell=answer.cell, row_label=record.key)
            found, more = answer.reading.value or "空欄", str(len(differing) - 1)
            self.report(Kind.REVISED_VALUE, where, found, more=more, **words)


def _read_shares(source: CentralSource, read: SheetContents) -> None:
    """Take a column of percentages for one of shares where none of its numbers is above 1.

    So a spreadsheet keeps what it shows as 57.7%, and so it writes that into a CSV file. Of one
    number nobody can tell which it is.
    """
    for item in (item for item in source.fields if item.unit == "%"):
        places = [
            (record, place, answer)
            for record in read.records
            for place, answer in enumerate(record.answers)
            if answer.field == item.name and answer.raw_text
        ]
        shares = [_read_share(answer.raw_text) for *_, answer in places]
        if len(places) < _FEW or None in shares:
            continue
        for (record, place, answer), share in zip(places, shares, strict=True):
            percent = format((100 * (share or Decimal())).normalize(), "f")
            reading = Reading(percent, "answered", "fraction_is_percent")
            record.answers[place] = answer._replace(reading=reading)
        cells = {answer.cell for *_, answer in places}
        read.findings[:] = [
            one
            for one in read.findings
            if one.rule_id != Kind.AMBIGUOUS_NUMBER or one.place.cell not in cells
        ]


def _read_share(text: str) -> Decimal | None:
    """Return a number from 0 to 1 that is written as a plain decimal, or None."""
    return Decimal(text) if re.fullmatch(r"[01]|0\.[0-9]+|1\.0+", text) else None


def _condense(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings; of many of one kind the first, with how many more there are."""
    kinds: dict[str, list[Finding]] = {}
    for finding in findings:
        kinds.setdefault(finding.rule_id, []).append(finding)
    for alike in kinds.values():
        if len(alike) <= _SHOWN_OF_A_KIND:
            yield from alike
        else:
            more = f"同じ指摘が、ほかに{len(alike) - 1}件あります。"
            yield replace(alike[0], message=alike[0].message + more)


def _fit(reader: SheetReader[CentralSource], table: FoundTable) -> tuple[int, int]:
    """Say how well a form fits: most columns found, then fewest missing."""
    return len(table.columns), -reader.headings.count


def _month_end(record: Record, month: str) -> Answer:
    answer = record.answer_of(month)
    assert answer is not None  # noqa: S101  # the month is a key and never missing
    year, number = map(int, str(answer.reading.value).split("-"))
    last_day = f"{answer.reading.value}-{monthrange(year, number)[1]}"
    return answer._replace(field="as_of", reading=Reading(last_day, "answered", "month_end"))


def remember_contents(
    current: Sequence[Row], known: Sequence[Row], rules: FindingRules
) -> tuple[list[Row], list[Finding]]:
    """Hold the files against those of earlier runs.

    Args:
        current: Rows of ``source_file`` for what lies in the folders now, without
            ``content_number``.
        known: Table ``source_file`` as the last run left it.
        rules: The finding rules.

    Returns:
        Rows of ``source_file``, replaced contents among them, and a finding for each file whose
        period was first read with another content. What is of the other kind, sample or not, is
        forgotten.
    """
    ours = [row for row in known if not current or row["sample"] == current[0]["sample"]]
    rows: list[Row] = []
    findings: list[Finding] = []
    for owner in sorted({_owner(row) for row in (*current, *ours)}):
        now = [row for row in current if _owner(row) == owner]
        before = [row for row in ours if _owner(row) == owner]
        # What could never be used is no content that another one contradicts.
        usable = [row for row in before if row.get("rows") != 0]
        rows += _number_contents(now, before)
        hashes = {row["file_sha256"] for row in now}
        if now and usable and usable[0]["file_sha256"] not in hashes:
            findings.append(
                make_finding(
                    rules[Kind.CHANGED_FILE],
                    Place(period=now[0]["period"], source_file=now[0]["source_file"]),
                    title=now[0]["source_title"],
                    period=now[0]["period"],
                    before=f"{usable[0]['source_file']}(SHA-256 {usable[0]['file_sha256'][:8]}…)",
                )
            )
    return rows, findings


def _owner(row: Row) -> tuple[str, str]:
    return row["source"], row["period"]


def _number_contents(now: Sequence[Row], before: Sequence[Row]) -> Iterator[Row]:
    """Yield each content once, those seen before in their order and first."""
    current = {row["file_sha256"]: row for row in now}
    for row in before:
        state = current.pop(row["file_sha256"], row | {"state": "replaced"})
        yield state | {"content_number": row["content_number"]}
    for number, row in zip(count(len(before) + 1), current.values(), strict=False):
        yield row | {"content_number": number}
