"""Reading sheets into answers and findings, one cell at a time.

This module knows nothing of departments: it turns the cells of a sheet into records
of answers. `survey.collecting.returns` reads department workbooks with it, `sources.central`
central files.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from sumida_data.base.characters import comparable
from sumida_data.base.periods import Period, era_year, fiscal_year_first_day, format_era_date
from sumida_data.survey.consistency import find_contradictions
from sumida_data.survey.findings import Finding, FindingRules, Kind, Place, make_finding
from sumida_data.survey.form import FormField
from sumida_data.survey.reading.columns import (
    ColumnFinder,
    Columns,
    Copies,
    Described,
    Judge,
    Judgement,
    count_signs,
    find_displacement,
)
from sumida_data.survey.reading.layout import (
    HEADER_DEPTH,
    FoundLabel,
    FoundTable,
    cell_address,
    find_labels,
    find_rows,
    find_table,
    heading_key,
    list_heading_rows,
    list_texts,
)
from sumida_data.survey.reading.lines import Lines, is_set_aside
from sumida_data.survey.reading.looks import Cell
from sumida_data.survey.reading.text import (
    UNREADABLE,
    Reading,
    is_other_unit,
    is_unit,
    raw_text_of,
)
from sumida_data.survey.reading.workbook import CellValue, Sheet

# Of such cells no value can be known.
_WITHOUT_VALUE = {Kind.ERROR_CELL, Kind.NOT_CALCULATED, Kind.STRUCK_CELL}
_DAYS_TO_1904 = 1462
# The choice that says of the numbers of a row that they are expected.
_EXPECTED = "見込み"
_RULE_ID = attrgetter("rule_id")
# Layouts of one table whose columns are remembered; departments use the same few.
_KEPT_LAYOUTS = 256


class Answer(NamedTuple):
    """What one cell, given by its A1 address, says as the answer to a field."""

    field: str
    sheet: str
    cell: str
    raw_text: str
    reading: Reading


class Record(NamedTuple):
    """The answers of one row of a sheet, or of the label cells of one, for a typed table.

    The key identifies the record in its sheet; it is empty for label cells.
    """

    table: str
    key: str
    answers: list[Answer]

    def answer_of(self, name: str) -> Answer | None:
        """Return the answer to a field, or None where the sheet has no such heading."""
        return next((answer for answer in self.answers if answer.field == name), None)

    def value_of(self, name: str) -> str | None:
        """Return the value of a field, or None where it has none."""
        answer = self.answer_of(name)
        return answer.reading.value if answer else None


@dataclass(slots=True)
class SheetContents:
    """What was read from a sheet; rows that cannot be distinguished from others are only counted.

    The personal texts beside labels are no answers; they only serve to find them elsewhere.
    """

    sheet: str
    records: list[Record] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    rows_set_aside: int = 0
    # Cells of lines above the table, with their texts.
    lines_above: list[tuple[Cell, str]] = field(default_factory=list)
    personal_texts: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True)
class SheetReader(ColumnFinder[Described]):
    """Reads one kind of sheet; made once and used for many files."""

    rules: FindingRules
    _layouts: dict[Hashable, Columns] = field(default_factory=dict, init=False, repr=False)

    def find_part(self, sheet: Sheet) -> FoundTable | None:
        """Return such a table of the sheet, or a part of one; None if it has none."""
        return find_table(sheet, self.headings, in_part=True)

    def read_rows(self, sheet: Sheet, place: Place) -> SheetContents | None:
        """Read a sheet with one record a row; None where it has no such table."""
        table = find_table(sheet, self.headings)
        is_named = heading_key(self.description.sheet) in heading_key(sheet.name)
        if table is None and self.description.is_complete and is_named:
            table = self.guess_table(sheet)
        if table is None:
            return None
        run = _TablePass(self, sheet, place, table.header_row + 1, self._columns_of(sheet, table))
        rows = run.check_lines(list(find_rows(sheet, table)))
        run.check_columns([number for number, _ in rows])
        for number, is_example in rows:
            if is_example:
                run.check_example(number)
            else:
                run.read_row(number)
        return run.contents

    def read_labels(self, sheet: Sheet, place: Place) -> SheetContents | None:
        """Read a sheet whose answers are beside label cells; they make one record."""
        labels = find_labels(sheet, self.headings)
        if not labels:
            return None
        run = _Pass(self, sheet, place)
        answers = []
        for name, judge in self.judges.items():
            if label := labels.get(name):
                answers.append(run.read_label(name, label, judge))
            else:
                texts = filter(None, map(raw_text_of, chain.from_iterable(sheet.rows)))
                run.report(*self.remark_on_missing(name, texts))
        run.contents.personal_texts = self._list_personal_texts(labels)
        run.add_record(Record(self.description.table, "", answers), None)
        run.check_required(answers, None)
        run.check_days((one for one in answers if self.fields[one.field].type == "date"), None)
        run.check_cover([(label.row, label.column) for label in labels.values()])
        run.check_labels({name: labels[name] for name in self.judges if name in labels})
        units = (self.fields[name].unit for name in labels)
        run.check_units(labels.values(), frozenset(filter(None, units)))
        return run.contents

    def holds_rows(self, sheet: Sheet) -> bool:
        """Tell whether rows of a sheet without headings look like answers to the fields in order.

        Before them there may be a column of numbers.
        """
        # On a sheet that is named for them, fewer signs will do.
        least = 2 if heading_key(self.description.sheet) in heading_key(sheet.name) else 3
        # The cover, which has a key too, has fields without a judge.
        is_table = self.description.key_fields and len(self.judges) == len(self.fields)
        enough = (row for row in sheet.rows if len(row) - row.count("") >= least)
        return bool(is_table) and any(self._find_signs(row) >= least for row in enough)

    def _find_signs(self, row: Sequence[CellValue]) -> int:
        """Return the most signs that a row that is not blank answers the fields in their order."""
        first = next(place for place, cell in enumerate(row) if cell != "")
        return max(self.signs_of(*row[at:]) for at in (first, first + 1))

    def _list_personal_texts(self, labels: Mapping[str, FoundLabel]) -> frozenset[str]:
        personal = (one.value for name, one in labels.items() if self.fields[name].personal)
        return frozenset(filter(str.strip, map(raw_text_of, personal)))

    def _columns_of(self, sheet: Sheet, table: FoundTable) -> Columns:
        rows = map(tuple, list_heading_rows(sheet, table))
        layout = (table.header_row, *rows, *table.columns.items(), *table.unknown.items())
        columns = self._layouts.get(layout)
        if columns is None:
            if len(self._layouts) == _KEPT_LAYOUTS:
                self._layouts.clear()
            columns = self._layouts[layout] = self.find_columns(sheet, table)
        return columns


class _Pass:
    """One pass over one sheet; of a table, over what is below its headings."""

    def __init__(
        self, reader: SheetReader[Any], sheet: Sheet, place: Place, first_row: int = 0
    ) -> None:
        self.reader = reader
        self.sheet = sheet
        self.look = sheet.look
        self.place = place
        self.contents = SheetContents(sheet.name)
        self.first_row = first_row
        self.merged = [area for area in self.look.merged if area[1][0] >= first_row]
        asked = place.period if reader.description.is_complete else None
        self.period = Period.parse(asked) if asked else None
        self.last_day = self.period.last_day.isoformat() if self.period else None
        self.eras = _years_like_eras(asked) if asked else {}
        # The units of the row that is read, by the names of the fields that have them.
        self.units: dict[str, str | None] = {}

    def judge(
        self, row: int, column: int, cell: CellValue, judge: Judge, item: FormField
    ) -> Judgement:
        if self.look.is_since_1904 and item.type == "date" and isinstance(cell, int | float):
            return judge(cell + _DAYS_TO_1904)._replace(raw_text=raw_text_of(cell))
        if self.look.oddities.get((row, column)) in _WITHOUT_VALUE:
            return Judgement(raw_text_of(cell), UNREADABLE, UNREADABLE)
        return judge(cell)

    def read_label(self, name: str, label: FoundLabel, judge: Judge) -> Answer:
        """Return the answer beside a label, and report what is wrong with it."""
        row, column, value, _ = label
        judgement = self.judge(row, column, value, judge, self.reader.fields[name])
        if self.is_of_other_unit(name, label):
            judgement = Judgement(judgement.raw_text, UNREADABLE, UNREADABLE)
        address = cell_address(row, column)
        answer = Answer(name, self.sheet.name, address, judgement.raw_text, judgement.reading)
        self.check_answer(row, column, judgement, answer, None)
        if row in self.look.hidden_rows:
            self.report_answer(Kind.HIDDEN_ROW, answer, None)
        if column in self.look.hidden_columns:
            self.report(Kind.HIDDEN_COLUMN, address, self.reader.fields[name].title, {})
        return answer

    def is_of_other_unit(self, name: str, label: FoundLabel) -> bool:
        """Tell whether a label asks for another unit, and report that and what is beside it."""
        item, (row, column) = self.reader.fields[name], label.label
        if not item.unit:
            return False
        heading = FoundLabel(row, column, self.sheet.rows[row][column])
        if remark := self.reader.remark_on_parentheses(item, heading):
            self.report(*remark)
        # An answer below its label has those to other labels beside it.
        self._check_beside(label, item.unit if label.row == row else None)
        return remark is not None and remark.rule_id == Kind.HEADING_UNIT

    def _check_beside(self, label: FoundLabel, unit: str | None) -> None:
        """Report what is right of an answer beside its label, up to the next one, but its unit."""
        row = self.sheet.rows[label.row]
        for column in range(label.column + 1, len(row)) if unit else ():
            text = raw_text_of(row[column])
            if self.reader.headings.is_label(text):
                return
            if unit and is_other_unit(text, unit):
                self.report_cell(Kind.UNIT_ABOVE_TABLE, label.row, column)
            elif text.strip() and not is_unit(text):
                self.report_cell(Kind.NO_HEADING_ABOVE, label.row, column)

    def check_units(self, labels: Collection[FoundLabel], units: frozenset[str]) -> None:
        """Report lines above the lowest of the labels that name another unit than these."""
        rows = self.sheet.rows[: max(label.row for label in labels)]
        lines = self.reader.lines_of(units, None) if units else None
        found = lines.find(list_texts(Sheet("", rows))) if lines else {}
        for text in found:
            row = next(number for number, cells in enumerate(rows) if text in cells)
            self.report_cell(Kind.UNIT_ABOVE_TABLE, row, rows[row].index(text))

    def check_answer(
        self, row: int, column: int, judgement: Judgement, answer: Answer, label: str | None
    ) -> None:
        """Report what is wrong with an answer."""
        is_blank = judgement.reading.value is None and not judgement.rule_id
        if judgement.rule_id:
            self.report_answer(judgement.rule_id, answer, label, characters=judgement.words)
        if oddity := self.look.oddities.get((row, column)):
            self.report_answer(oddity, answer, label)
            return
        if (row, column) in self.look.comments:
            rule_id = Kind.ONLY_A_COMMENT if is_blank else Kind.COMMENTED_ANSWER
            self.report_answer(rule_id, answer, label)
        for first in self._find_covering(row, column) if is_blank else ():
            if self.sheet.rows[first[0]][first[1]] or first in self.look.oddities:
                self.report_answer(Kind.MERGED_CELL, answer, label, other=cell_address(*first))

    def check_labels(self, labels: Mapping[str, FoundLabel]) -> None:
        """Report comments on labels, and what looks like the missing answer above its label."""
        taken = {(label.row, label.column) for label in labels.values()}
        for name, label in labels.items():
            (row, column), item = label.label, self.reader.fields[name]
            if (row, column) in self.look.comments:
                text = raw_text_of(self.sheet.rows[row][column])
                address = cell_address(row, column)
                self.report(Kind.COMMENTED_ANSWER, address, text, {"heading": item.title})
            if row == 0 or label.value != "" or (row - 1, column) in taken or not item.is_typed:
                continue
            above = self.sheet.rows[row - 1][column]
            if above != "" and self.reader.judges[name](above).reading.status == "answered":
                self.report_cell(Kind.NO_HEADING_ABOVE, row - 1, column)

    def _find_covering(self, row: int, column: int) -> Iterator[tuple[int, int]]:
        for (top, left), (bottom, right) in self.merged:
            if top <= row <= bottom and left <= column <= right:
                yield top, left

    def check_cover(self, cells: Collection[tuple[int, int]]) -> None:
        """Report what hides the answers: the sheet is hidden, or drawings cover cells."""
        if self.look.hidden:
            self.report(Kind.HIDDEN_SHEET, None, None, {})
        for (top, left), (bottom, right) in self.look.drawings:
            if covered := [c for c in cells if top <= c[0] <= bottom and left <= c[1] <= right]:
                self.report_cell(Kind.COVERED_TABLE, *min(covered))

    def add_record(self, record: Record, label: str | None) -> None:
        self.contents.records.append(record)
        contradictions = self.reader.description.contradictions
        if not contradictions:
            return
        readings = {answer.field: answer.reading for answer in record.answers}
        for one in find_contradictions(contradictions, readings, self.last_day):
            answer = record.answer_of(next(iter(one.when)))
            assert answer is not None  # noqa: S101  # what is not there contradicts nothing
            self.report_answer(Kind.CONTRADICTION, answer, label, contradiction=one.message)

    def check_days(self, answers: Iterable[Answer], label: str | None) -> None:
        """Report days such as 2004-10-01, as a spreadsheet takes 4/10/1 meant for 令和4年."""
        for answer in answers if self.eras else ():
            if era := self.eras.get((answer.reading.value or "")[:5]):
                self.report_answer(Kind.YEAR_LIKE_AN_ERA, answer, label, era=era)

    def check_required(self, answers: Sequence[Answer], label: str | None) -> None:
        """Report answers that must be there and are not; without its key a record is not kept."""
        for answer in answers:
            if answer.reading.value is None and answer.reading.status != "unreadable":
                item = self.reader.fields[answer.field]
                if item.required and not item.key:
                    self.report_answer(Kind.REQUIRED_EMPTY, answer, label)

    def report_answer(self, rule_id: str, answer: Answer, label: str | None, **words: str) -> None:
        item = self.reader.fields[answer.field]
        low = f"{item.minimum}以上" if item.minimum is not None else ""
        high = f"{item.maximum}以下" if item.maximum is not None else ""
        words |= {
            "heading": item.title,
            "example": item.example,
            "choices": "、".join(item.enum or ()),
            "range": low + high,
            "unit": self.units.get(item.name) or item.unit or "なし",
        }
        self.report(rule_id, answer.cell, answer.raw_text, words, label)

    def report_cell(self, rule_id: str, row: int, column: int, label: str | None = None) -> None:
        text = raw_text_of(self.sheet.rows[row][column])
        self.report(rule_id, cell_address(row, column), text, {}, label)

    def report(
        self,
        rule_id: str,
        cell: str | None,
        value: str | None,
        words: Mapping[str, str],
        label: str | None = None,
    ) -> None:
        rule, name = self.reader.rules[rule_id], self.sheet.name
        place = replace(self.place, sheet=name, cell=cell, row_label=label)
        # The sheet of a CSV file has no name of its own.
        sheet = name or self.reader.description.sheet or "表"
        self.contents.findings.append(make_finding(rule, place, value, **{"sheet": sheet, **words}))


@lru_cache
def _years_like_eras(period: str) -> dict[str, str]:
    """Return the beginnings of days whose year is one of 令和 taken for 2000 or 平成, with it."""
    year = era_year(Period.parse(period).last_day)[1]
    return {
        f"{start + one}-": f"令和{one}年"
        for one in (year - 1, year, year + 1)
        for start in (2000, 1988)
    }


def _without_expected(judgements: list[Judgement]) -> list[Judgement]:
    """Return the judgements; where the row says 見込み itself, its numbers need no finding."""
    if all(one.reading.value != _EXPECTED for one in judgements):
        return judgements
    return [
        one._replace(rule_id=None) if one.rule_id == Kind.EXPECTED_NUMBER else one
        for one in judgements
    ]


class _TablePass(_Pass):
    def __init__(
        self, reader: SheetReader[Any], sheet: Sheet, place: Place, first_row: int, columns: Columns
    ) -> None:
        super().__init__(reader, sheet, place, first_row)
        self.columns = columns
        self.bare_columns = list(columns.bare)
        self.rows_by_key: dict[str, int] = {}
        self.unnamed: dict[str, list[list[Reading]]] = {}
        self.copies = Copies(columns.answers)
        self.may_hide_answers = bool(self.look.oddities or self.look.comments or self.merged)
        kind = reader.description.kind if self.period is not None else ""
        self.lists_events, self.is_named_by_form = kind == "events", kind == "indicators"
        for remark in columns.remarks:
            self.report(*remark)

    def check_example(self, number: int) -> None:
        """Report an example row that says something else than the form's example."""
        row = self.sheet.rows[number]
        differs = any(
            not text.endswith(column.examples)
            for column in self.columns.answers
            if (text := raw_text_of(row[column.number])).strip()
        )
        if differs and self.reader.description.is_complete:
            self.report_cell(Kind.CHANGED_EXAMPLE, number, self.columns.answers[0].number)

    def check_columns(self, rows: Sequence[int]) -> None:
        """Report what hides answers of these rows."""
        numbers = [column.number for column in self.columns.answers]
        for number in self.look.hidden_columns.intersection(numbers):
            self.report_cell(Kind.HIDDEN_COLUMN, self.first_row - 1, number)
        if self.look.oddities or self.look.comments:
            self._check_headings_seen(numbers)
        if self.period is not None:
            self._check_rows_above(numbers)
        if self.look.hidden or self.look.drawings:
            rows = [self.first_row - 1, *rows]
            self.check_cover([(row, column) for row in rows for column in numbers])

    def _check_rows_above(self, numbers: Sequence[int]) -> None:
        """Report rows above the headings that are like answers, and note lines."""
        for place, row in enumerate(self.sheet.rows[: self.first_row - 1]):
            filled = len(row) - row.count("")
            for text in filter(None, dict.fromkeys(row)) if filled else ():
                if isinstance(text, str):
                    self.contents.lines_above.append(((place, row.index(text)), text))
            # Nearly always there is a title, or what the headings have in common.
            if filled > 1:
                cells = [row[number] for number in numbers]
                if count_signs(self.columns.answers, cells) > 1:
                    self.report_cell(Kind.NO_HEADING_ABOVE, place, numbers[0])

    def _check_headings_seen(self, numbers: Sequence[int]) -> None:
        """Report headings that are not seen, or have comments, and may ask for something else."""
        for row in range(max(0, self.first_row - HEADER_DEPTH), self.first_row):
            for number, column in zip(numbers, self.columns.answers, strict=True):
                is_unseen = row == self.first_row - 1 and (row, number) in self.look.oddities
                if is_unseen or (row, number) in self.look.comments:
                    rule_id = Kind.GUESSED_HEADING if is_unseen else Kind.COMMENTED_ANSWER
                    text, words = self.sheet.rows[row][number], {"heading": column.field.title}
                    self.report(rule_id, cell_address(row, number), raw_text_of(text), words)

    def check_lines(self, rows: list[tuple[int, bool]]) -> list[tuple[int, bool]]:
        """Return the rows above the title of another table, and report lines around the table.

        Such are titles such as 前回の回答, which may be of the table or of another below it, units
        such as （単位：千件） that are not asked for, and marks such as 廃止 beside a row.
        """
        lines = self.reader.lines_of(self.columns.named_units, self.period)
        self._check_names(lines)
        last_row = max([self.first_row, *dict(rows)])
        for row, column, kind in self._find_lines(lines.find(list_texts(self.sheet))):
            is_around = not self.first_row <= row <= last_row
            if kind == Kind.HARDLY_A_NAME:
                self._check_mark(row, column, rows)
            elif is_around or kind == Kind.UNIT_ABOVE_TABLE:
                if is_around or self._is_remark(row, column, rows):
                    self._report_line(kind, row, column)
            elif row < last_row:
                title = self.reader.description.title
                text = raw_text_of(self.sheet.rows[row][column])
                words = {"title": title, "expected": title}
                self.report(Kind.UNREAD_TABLE, cell_address(row, column), text, words)
                return [one for one in rows if one[0] < row]
        return rows

    def _report_line(self, kind: Kind, row: int, column: int) -> None:
        # Of a heading it has been said.
        if all(one.cell != cell_address(row, column) for one in self.columns.remarks):
            self.report_cell(kind, row, column)

    def _check_names(self, lines: Lines) -> None:
        """Report what the name of the sheet, and texts in drawings, say of the answers."""
        name, period = self.sheet.name, self.period
        if period and is_set_aside(name, self.reader.description.sheet, period):
            self.report(Kind.TITLE_OF_ANOTHER_TABLE, None, name, {})
        for text, kind in lines.find(self.look.drawn).items() if self.look.drawn else ():
            if kind != Kind.HARDLY_A_NAME:
                self.report(kind, None, text, {})

    def _check_mark(self, row: int, column: int, rows: list[tuple[int, bool]]) -> None:
        """Report a mark, beside a row or as a remark on it, that it is no answer any more."""
        item = self._field_in(column)
        if self._is_remark(row, column, rows):
            text = raw_text_of(self.sheet.rows[row][column])
            words = {"heading": item.title if item else "行の横"}
            self.report(Kind.HARDLY_A_NAME, cell_address(row, column), text, words)

    def _field_in(self, column: int) -> FormField | None:
        fields = (one.field for one in self.columns.answers if one.number == column)
        return next(fields, None)

    def _is_remark(self, row: int, column: int, rows: list[tuple[int, bool]]) -> bool:
        """Tell whether a cell is beside the answers of a row, or holds remarks on it."""
        item = self._field_in(column)
        return (row, False) in rows and (item is None or item.free_text)

    def _find_lines(self, lines: Mapping[Any, Kind]) -> Iterator[tuple[int, int, Kind]]:
        """Yield the cells with lines that matter; a title is alone in its row."""
        are_apart = map(lines.keys().isdisjoint, self.sheet.rows)
        for number, is_apart in enumerate(are_apart) if lines else ():
            if is_apart:
                continue
            row = self.sheet.rows[number]
            # High above the headings, a line may have other texts beside it.
            is_high = number < self.first_row - HEADER_DEPTH
            is_alone = is_high or len(row) - row.count("") == 1
            for text in filter(lines.__contains__, dict.fromkeys(row)):
                if is_alone or lines[text] != Kind.TITLE_OF_ANOTHER_TABLE:
                    yield number, row.index(text), lines[text]

    def read_row(self, number: int) -> None:
        row, columns = self.sheet.rows[number], self.columns.answers
        if self._is_struck(number):
            return
        judgements = self._judge_row(number, row)
        sheet, line = self.sheet.name, str(number + 1)
        answers = [
            Answer(column.field.name, sheet, column.letters + line, raw_text, reading)
            for column, (raw_text, _, reading, *_) in zip(columns, judgements, strict=True)
        ]
        if self._says_nothing(answers) or self._is_example(judgements, answers):
            return
        label = " ".join(answer.raw_text for answer in answers[:2]).strip()
        self._check_answers(number, judgements, answers, label)
        self._keep(number, answers, label)

    def _check_answers(
        self, number: int, judgements: list[Judgement], answers: list[Answer], label: str
    ) -> None:
        columns = self.columns.answers
        if self.may_hide_answers or any(map(_RULE_ID, judgements)):
            concerned = _without_expected(judgements)
            for column, judgement, answer in zip(columns, concerned, answers, strict=True):
                self.check_answer(number, column.number, judgement, answer, label)
        if number in self.look.hidden_rows:
            self.report_answer(Kind.HIDDEN_ROW, answers[0], label)

    def _keep(self, number: int, answers: list[Answer], label: str) -> None:
        """Add the record of a row, or set the row aside, and report why."""
        key = "|".join(str(answers[place].reading.value) for place in self.columns.key_places)
        record = self._distinguish(Record(self.reader.description.table, key, answers))
        if self.bare_columns:
            self._check_bare_columns(number, label)
        if not self._is_named(record, number, label) or self._is_displaced(number, record, label):
            self.contents.rows_set_aside += 1
            return
        given = [answer for answer in answers if answer.reading.status != "not_answered"]
        if len(given) == 1 < len(answers) and not self.is_named_by_form:
            self.report_answer(Kind.ONLY_A_NAME, given[0], label)
        else:
            self.check_required(answers, label)
        self.check_days((answers[place] for place in self.columns.day_places), label)
        self._check_copy(number, answers, label)
        self.add_record(record, label)

    def _check_copy(self, number: int, answers: Sequence[Answer], label: str) -> None:
        """Report a row that says hardly more than one above it."""
        values = [answer.reading.value for answer in answers]
        earlier = self.copies.find(values, number) if self.period else None
        if earlier is not None:
            self.report_answer(Kind.COPIED_ROW, answers[0], label, earlier=f"{earlier + 1}行目")

    def _check_bare_columns(self, number: int, label: str) -> None:
        row = self.sheet.rows[number]
        for bare in [one for one in self.bare_columns if raw_text_of(row[one]).strip()]:
            # Once is enough.
            self.bare_columns.remove(bare)
            self.report_cell(Kind.NO_HEADING_ABOVE, number, bare, label)

    def _is_struck(self, number: int) -> bool:
        """Tell whether a row is struck out: with its name it is no answer any more."""
        if not self.look.oddities:
            return False
        keys = [self.columns.answers[place].number for place in self.columns.key_places]
        is_struck = any(self.look.oddities.get((number, key)) == Kind.STRUCK_CELL for key in keys)
        if is_struck:
            self.report_cell(Kind.STRUCK_ROW, number, keys[0])
            self.contents.rows_set_aside += 1
        return is_struck

    def _says_nothing(self, answers: Sequence[Answer]) -> bool:
        """Tell whether a row says 該当なし in place of a name, and nothing else."""
        keys = (answers[place].reading.status for place in self.columns.key_places)
        return "not_applicable" in keys and all(
            answer.reading.status in {"not_applicable", "not_answered"} for answer in answers
        )

    def _is_example(self, judgements: Sequence[Judgement], answers: Sequence[Answer]) -> bool:
        """Tell whether a row has the example's number, or all that it says, but no mark."""
        says, is_complete = self.columns.example, self.reader.description.is_complete
        is_example = (
            is_complete
            and len(says) > 1
            and (
                any(answers[at].reading.value == number for at, number in self.columns.unique)
                or all(judgements[place].reading.value in values for place, values in says.items())
            )
        )
        if is_example:
            self.report_answer(Kind.EXAMPLE_WITHOUT_MARK, answers[0], None)
        return is_example

    def _judge_row(self, number: int, row: Sequence[CellValue]) -> list[Judgement]:
        columns = self.columns.answers
        if self.look.oddities or self.look.is_since_1904:
            judgements = [
                self.judge(number, one.number, row[one.number], one.judge, one.field)
                for one in columns
            ]
        else:
            judgements = [column.judge(row[column.number]) for column in columns]
        for place, unit_place in self.columns.units.items():
            column, unit = columns[place], judgements[unit_place].reading.value
            self.units[column.field.name] = unit
            if unit:
                judge = self.reader.judge_in_unit(column.field.name, unit)
                cell = row[column.number]
                judgements[place] = self.judge(number, column.number, cell, judge, column.field)
        return judgements

    def _distinguish(self, record: Record) -> Record:
        """Number records that have no name of their own, unless they are alike in all they say.

        Such are events of one day, and rows of which the part of the name that may lack does.
        """
        keys = self.columns.key_places
        lacks = (record.answers[place].reading.value is None for place in keys)
        are_days = self.lists_events and {*keys} <= {*self.columns.day_places}
        if not are_days and not any(lacks):
            return record
        said = [answer.reading for answer in record.answers]
        alike = self.unnamed.setdefault(record.key, [])
        if said not in alike:
            alike.append(said)
        number = alike.index(said) + 1
        return record if number == 1 else record._replace(key=f"{record.key}#{number}")

    def _is_named(self, record: Record, number: int, label: str) -> bool:
        """Tell whether the record has a name that no other has, and is of the year."""
        keys = [record.answers[place] for place in self.columns.key_places]
        for answer in keys:
            if answer.reading.value is None and not self.reader.fields[answer.field].optional:
                self.report_answer(Kind.NO_ROW_NAME, answer, label)
                return False
            if self._is_of_other_year(answer, label):
                return False
        earlier = self.rows_by_key.setdefault(comparable(record.key), number)
        if earlier != number:
            # A month, or a name of which there are several effects, says too little by itself.
            named = keys[0]._replace(raw_text=" ".join(answer.raw_text for answer in keys))
            self.report_answer(Kind.DUPLICATE_ROW, named, label, earlier=f"{earlier + 1}行目")
        return earlier == number

    def _is_of_other_year(self, answer: Answer, label: str) -> bool:
        """Report an event that did not happen in the fiscal year so far."""
        is_day = self.reader.fields[answer.field].type == "date"
        if not is_day or self.period is None or not self.lists_events:
            return False
        first = fiscal_year_first_day(self.period.fiscal_year)
        last = self.period.last_day
        if first.isoformat() <= (answer.reading.value or "") <= last.isoformat():
            return False
        words = {"first": format_era_date(first), "last": format_era_date(last)}
        self.report_answer(Kind.DAY_OF_OTHER_YEAR, answer, label, **words)
        return True

    def _is_displaced(self, number: int, record: Record, label: str) -> bool:
        first, span = self.columns.first, self.columns.span
        found = find_displacement(self.sheet.rows[number][first : first + len(span)], span)
        if found is None:
            return False
        place, is_certain = found
        if is_certain:
            self.report_answer(Kind.SHIFTED_ROW, record.answers[0], label)
        else:
            self.report_cell(Kind.NOTE_LIKE_AN_ANSWER, number, first + place, label)
        return is_certain
