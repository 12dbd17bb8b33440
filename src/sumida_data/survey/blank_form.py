"""Blank forms: one workbook per department and quarter, with what the department answered last.

Stock sheets hold the answers that the department gave last, event sheets are empty. Each sheet
counts by formula, without macros, what is unanswered and what contradicts itself; the results are
written beside the formulas, for programs that do not calculate.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain, groupby, takewhile
from math import ceil
from operator import attrgetter
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from sumida_data.base.periods import Period, format_era_date
from sumida_data.base.xlsx import SAMPLE_MARK, Book, measure
from sumida_data.survey import consistency
from sumida_data.survey.consistency import MARKS
from sumida_data.survey.departments import Department, Succession, find_takeovers
from sumida_data.survey.form import Form, FormField, SurveySheet, Wave
from sumida_data.survey.reading.stamp import STAMP_SHEET, Stamp, fingerprint
from sumida_data.survey.reading.text import BLANK, Reading

Tables = dict[str, dict[str, dict[str, Reading]]]
Contents = str | int | Decimal | date | None
_Record = Mapping[str, Reading]

GUIDANCE_SHEET = "記入のしかた"
_SAMPLE_NOTE = f"【{SAMPLE_MARK}】架空の回答から作った調査票です。実在の数値ではありません。"

# Every sheet has its counters in this row, and its parts below; answers begin in this column.
_COUNTER_ROW, _FIRST_ROW, _FIRST_COLUMN = 2, 5, 1
_LINE_HEIGHT = 16
_SPARE_ROWS = 15
_LAST_GUIDANCE_COLUMN = 12
_LAST_FREE_COLUMN = 51

_PERMISSIONS = dict.fromkeys(("insert_rows", "delete_rows", "format_columns", "format_rows"), True)

_BODY = {"font_name": "Yu Gothic", "font_size": 10, "valign": "vcenter"}
_CELL = {**_BODY, "border": 1, "text_wrap": True}
_COUNTER = {**_CELL, "bold": True, "align": "center"}
_STYLES: dict[str, dict[str, Any]] = {
    "text": _BODY,
    "free": {**_BODY, "locked": False},
    "title": {**_BODY, "bold": True, "font_size": 14},
    "sample": {**_BODY, "bold": True, "font_color": "#C00000"},
    "hint": {**_BODY, "bold": True},
    "link": {**_CELL, "font_color": "#0563C1", "underline": 1},
    "heading": {**_CELL, "bold": True, "bg_color": "#DCE6F1", "align": "center"},
    "verdict": _COUNTER,
    "unanswered": {**_COUNTER, "num_format": '"未回答 "0" 件"'},
    "contradictions": {**_COUNTER, "num_format": '"矛盾 "0" 件"'},
    "answer": {**_CELL, "locked": False},
    "fixed": {**_CELL, "bg_color": "#EDEDED"},
    "example": {**_CELL, "bg_color": "#F7F7F7", "font_color": "#595959", "italic": True},
}
_STYLES |= {
    f"{name} {kind}": _STYLES[name] | {"num_format": number_format}
    for name in ("answer", "fixed", "example")
    for kind, number_format in {"date": "yyyy/m/d", "integer": "#,##0"}.items()
}
# Where something is wrong; the words are in the column beside the rows and in the counters.
_MARKS = {"contradictory": {"bg_color": "#F8CBAD"}, "blank": {"bg_color": "#FFF2CC"}}

_HINTS = {
    "date": "2022/10/1 のように年月日を書きます。",
    "integer": "整数を書きます。",
    "number": "数を書きます。",
}
_NO_VALUE_HINT = (
    f"分からないときは「{MARKS['undetermined']}」、"
    f"当てはまらないときは「{MARKS['not_applicable']}」と書けます。"
)
# The qualities of a number or day that a cell says in words.
_OF_NUMBER = {"about": "約{}", "total_of": "延べ{}", "expected": "{}見込み"}
_OF_DAY = {"about": "{}頃", "expected": "{}見込み"}
_QUALITIES = {"integer": _OF_NUMBER, "number": _OF_NUMBER, "date": _OF_DAY}
# Beyond these nothing is a day of the survey, or a number.
_DAYS = {"minimum": date(1990, 1, 1), "maximum": date(2099, 12, 31)}
_LARGEST_NUMBER = 10**12


@dataclass(frozen=True, slots=True)
class LastAnswers:
    """The answers of a department in one quarter, and those that it took over with others' work.

    For each table they are the records by id, in the order in which they were read; a record is
    its answers by field. Work of predecessors is shared where others have taken it over too.
    """

    period: str
    tables: Tables = field(default_factory=dict)
    inherited: Tables = field(default_factory=dict)
    predecessors: tuple[str, ...] = ()
    is_shared: bool = False


def find_last_answers(rows: Iterable[Mapping[str, Any]], period: str) -> dict[str, LastAnswers]:
    """Return each department's answers of the last quarter before this one in which it has any.

    They are by department code, from rows of ``answer`` in their order. What could not be read
    counts as not answered.
    """
    found: dict[str, LastAnswers] = {}
    for row in (row for row in rows if row["period"] < period):
        last = found.get(row["department_code"])
        if last is None or last.period < row["period"]:
            last = found[row["department_code"]] = LastAnswers(row["period"])
        if last.period == row["period"]:
            reading = Reading(row["value"], row["answer_status"], row["text_rules"])
            records = last.tables.setdefault(row["table_name"], {})
            record = records.setdefault(row["record_id"], {})
            record[row["field"]] = BLANK if reading.status == "unreadable" else reading
    return found


def inherit_answers(
    found: Mapping[str, LastAnswers], code: str, successions: Sequence[Succession], day: date
) -> LastAnswers | None:
    """Return a department's last answers with those of departments whose work came to it by a day.

    There is None where there are none. Where work was divided, each successor gets all.
    """
    last = found.get(code, LastAnswers(""))
    answered_for = Period.parse(last.period).last_day if last.period else date.min
    for one in find_takeovers(code, successions, answered_for, day):
        handed_over = one.changed_on - timedelta(days=1)
        before = inherit_answers(found, one.predecessor, successions, handed_over)
        # A department that goes on with other work has answered for that since.
        if before is None or Period.parse(before.period).last_day >= one.changed_on:
            continue
        inherited = {table: dict(records) for table, records in last.inherited.items()}
        for table, records in chain(before.tables.items(), before.inherited.items()):
            inherited.setdefault(table, {}).update(records)
        last = replace(
            last,
            period=max(last.period, before.period),
            inherited=inherited,
            predecessors=(*last.predecessors, one.predecessor),
            is_shared=last.is_shared or before.is_shared or len(one.successors) > 1,
        )
    return last if last.period else None


@dataclass(frozen=True)
class Inquiry:
    """What all forms of a quarter have in common; the answers in them may be sample data.

    The indicators are the titles of those that a department answers for, by its name.
    """

    form: Form
    period: Period
    wave: Wave
    sample: bool
    indicators: Mapping[str, Iterable[str]] = field(default_factory=dict)


def write_blank_form(inquiry: Inquiry, department: Department, last: LastAnswers | None) -> bytes:
    """Return the form of one department, an .xlsx, with what it answered last if it ever has."""
    book = Book(inquiry.form.title, _STYLES | _MARKS)
    _Writer(book, inquiry, department, last or LastAnswers("")).write()
    return book.close()


# A formula, with its result for the answers that the form is written with.
_Formula = tuple[str, int | str]


class _Block:
    """A part of the form with its records, and its first row, counted from 0.

    Label cells are below one another with the answers beside them. A table has its headings,
    an example, the records in rows, and spare rows. A record has the answers to all fields, and
    a field an area: first row, first column, last row and last column of its answers.
    """

    def __init__(self, part: SurveySheet, records: Sequence[_Record], top: int) -> None:
        self.part, self.records, self.top = part, records, top
        self.is_table = part.layout == "rows"
        self.first_row, beside, count = top, _FIRST_COLUMN + 1, len(part.fields)
        areas = [(row, beside, row, beside) for row in range(top, top + count)]
        if self.is_table:
            self.first_row = top + 2
            last = self.first_row + len(records) + _SPARE_ROWS - 1
            columns = range(_FIRST_COLUMN, _FIRST_COLUMN + count)
            areas = [(self.first_row, column, last, column) for column in columns]
        self.last_row, self.last_column = areas[-1][2:]
        self.areas = dict(zip((item.name for item in part.fields), areas, strict=True))
        self.judged = [_judge(part, record) for record in records] + [(0, 0)] * _SPARE_ROWS

    def cells_in_row(self, row: int) -> dict[str, str]:
        """Return the cell of each field in a row; beside label cells, the only cell there is."""
        fixed = not self.is_table
        return {
            name: xl_rowcol_to_cell(first if fixed else row, column, row_abs=fixed, col_abs=True)
            for name, (first, column, *_) in self.areas.items()
        }

    def count(self) -> Iterator[_Formula]:
        """Yield how many answers are missing, and how often some contradict each other."""
        ranges = {name: xl_range_abs(*area) for name, area in self.areas.items()}
        unanswered = consistency.unanswered_terms(self.part, ranges).values()
        contradictions = consistency.contradiction_terms(self.part, ranges)
        found = zip(*self.judged, strict=True)
        for terms, counts in zip((unanswered, contradictions), found, strict=True):
            yield f"SUMPRODUCT({'+'.join(terms) or '0'})", sum(counts)

    def verdict(self, number: int) -> _Formula:
        """Return what to say of the record of that number, or of the spare row there."""
        cells = self.cells_in_row(self.first_row + number)
        unanswered = "+".join(consistency.unanswered_terms(self.part, cells).values())
        text = f'IF({unanswered}>0,"未回答","")'
        if terms := consistency.contradiction_terms(self.part, cells):
            text = f'IF({"+".join(terms)}>0,"矛盾",{text})'
        missing, shown = self.judged[number]
        return text, "矛盾" if shown else "未回答" if missing else ""


def _judge(part: SurveySheet, record: _Record) -> tuple[int, int]:
    """Return how many answers a record lacks, and how often some contradict each other."""
    shown = consistency.find_contradictions(part.contradictions, record)
    return len(consistency.find_unanswered(part, record)), len(shown)


def _count(blocks: Sequence[_Block]) -> Iterator[tuple[str, _Formula]]:
    """Yield what is missing and contradictory in a sheet, each with the style of its counter."""
    counts = zip(*(block.count() for block in blocks), strict=True)
    for style, formulas in zip(("unanswered", "contradictions"), counts, strict=True):
        texts, results = zip(*formulas, strict=True)
        yield style, ("+".join(texts), sum(results))


@dataclass(frozen=True)
class _Writer:
    book: Book
    inquiry: Inquiry
    department: Department
    last: LastAnswers

    def write(self) -> None:
        form, wave = self.inquiry.form.asked_in(str(self.inquiry.period)), self.inquiry.wave
        names = {form.cover.sheet, *wave.sheets_for(self.department.code)}
        parts = [_with_formulas(part) for part in form.sheets if part.sheet in names]
        guidance = self._add_sheet(GUIDANCE_SHEET)
        sheets = {
            name: self._write_sheet(name, group)
            for name, group in groupby(parts, attrgetter("sheet"))
        }
        self._write_guidance(guidance, sheets)
        contents = fingerprint(
            (block.part.table, record)
            for block in chain.from_iterable(sheets.values())
            for record in block.records
            if block.part.kind != "cover"
        )
        stamp = Stamp(form.version, str(self.inquiry.period), self.department.code, contents)
        sheet = self.book.book.add_worksheet(STAMP_SHEET)
        for row, label_and_value in enumerate(stamp.labels.items()):
            sheet.write_row(row, 0, label_and_value)
        sheet.very_hidden()

    def _add_sheet(self, name: str) -> Worksheet:
        title, period = f"{self.inquiry.form.title}　{name}", self.inquiry.period.title
        one, due_on = self.department, format_era_date(self.inquiry.wave.due_on)
        whose = f"{one.division}　{one.section}（{one.code}）"
        sample = _SAMPLE_NOTE if self.inquiry.sample else ""
        sheet = self.book.add_sheet(name)
        self._set_width(sheet, 0, _LAST_FREE_COLUMN, None)
        self._set_width(sheet, 0, 0, 9)
        sheet.write(0, 0, title, self.book.looks["title"])
        sheet.write(1, 0, f"{period}　{whose}　回答期限 {due_on}", self.book.looks["text"])
        sheet.write(3, 0, sample, self.book.looks["sample"])
        sheet.protect("", _PERMISSIONS)
        sheet.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.7)
        sheet.set_header(f"&L{title}&R{whose}")
        sheet.set_footer(f"&L{period}　{sample}&R&P / &N")
        return sheet

    def _set_width(self, sheet: Worksheet, first: int, last: int, width: int | None) -> None:
        # The format of a column is that of its empty cells, which anybody may fill in.
        sheet.set_column(first, last, width, self.book.looks["free"])

    def _write_sheet(self, name: str, parts: Iterable[SurveySheet]) -> list[_Block]:
        sheet = self._add_sheet(name)
        blocks: list[_Block] = []
        for part in parts:
            top = blocks[-1].last_row + 2 if blocks else _FIRST_ROW
            block = _Block(part, self._list_records(part), top)
            (self._write_table if block.is_table else self._write_labels)(sheet, block)
            self._add_rules(sheet, block)
            blocks.append(block)
        if any(block.part.table in self.last.inherited for block in blocks):
            hint = (
                f"引き継いだ課（{'、'.join(self.last.predecessors)}）の前回の回答が入っています。"
            )
            hint += "この課の仕事でない行は、内容を消してください。" * self.last.is_shared
            sheet.write(_FIRST_ROW - 1, 0, hint, self.book.looks["hint"])
        first = blocks[0]
        if first.is_table:
            named = len(list(takewhile(attrgetter("required"), first.part.fields)))
            sheet.freeze_panes(first.first_row, _FIRST_COLUMN + named)
            sheet.repeat_rows(first.top)
        for column, (style, formula) in enumerate(_count(blocks), _FIRST_COLUMN):
            self._write_formula(sheet, _COUNTER_ROW, column, formula, style)
        sheet.print_area(0, 0, blocks[-1].last_row, max(block.last_column for block in blocks))
        return blocks

    def _list_records(self, part: SurveySheet) -> list[_Record]:
        known: Iterable[_Record] = ()
        if part.layout == "labels":
            values = {
                "stated_period": self.inquiry.period.title,
                "reference_date": self.inquiry.period.last_day.isoformat(),
                "division": self.department.division,
                "section": self.department.section,
                "department_code": self.department.code,
            }
            filled = {name: Reading(value, "answered") for name, value in values.items()}
            known = [filled if part.kind == "cover" else {}]
        elif part.kind == "indicators":
            titles = self.inquiry.indicators.get(self.department.section, ())
            (key,) = part.key_fields
            known = [{key.name: Reading(title, "answered")} for title in titles]
        elif part.kind == "stock":
            known = self._list_last(part.table)
        names = [item.name for item in part.fields]
        return [{name: record.get(name, BLANK) for name in names} for record in known]

    def _list_last(self, table: str) -> list[_Record]:
        tables = (self.last.tables, self.last.inherited)
        return [record for one in tables for record in one.get(table, {}).values()]

    def _write_labels(self, sheet: Worksheet, block: _Block) -> None:
        beside, (record,) = _FIRST_COLUMN + 1, block.records
        self._set_width(sheet, _FIRST_COLUMN, _FIRST_COLUMN, 24)
        self._set_width(sheet, beside, beside, 36)
        for row, item in enumerate(block.part.fields, start=block.first_row):
            reading = record[item.name]
            style = self._style_of(item, "answer" if reading.value is None else "fixed")
            sheet.write(row, _FIRST_COLUMN, _heading_of(item), self.book.looks["heading"])
            sheet.write(row, beside, contents_of(item, reading), style)

    def _write_table(self, sheet: Worksheet, block: _Block) -> None:
        fields, top = block.part.fields, block.top
        for column, item in enumerate(fields, start=_FIRST_COLUMN):
            self._set_width(sheet, column, column, _width_of(item))
        sheet.set_row(top, 2 * _LINE_HEIGHT)
        sheet.write_row(top, 0, ["確認", *map(_heading_of, fields)], self.book.looks["heading"])
        example = {item.name: Reading(item.example or None, "answered") for item in fields}
        sheet.write(top + 1, 0, "記入例", self.book.looks["example"])
        self._write_record(sheet, top + 1, fields, example, "example", "example")
        own = len(self.last.tables.get(block.part.table, {}))
        for number, record in enumerate([*block.records, *[{}] * _SPARE_ROWS]):
            row = block.first_row + number
            self._write_formula(sheet, row, 0, block.verdict(number), "verdict")
            # What another department answered may be cleared, with its name.
            key = "fixed" if number < own else "answer"
            self._write_record(sheet, row, fields, record, "answer", key)

    def _write_record(
        self, sheet: Worksheet, row: int, fields: Sequence[FormField], record: _Record, *styles: str
    ) -> None:
        """Write a row; the styles are those of an answer and of a key that is there."""
        lines = 1
        for column, item in enumerate(fields, start=_FIRST_COLUMN):
            contents = contents_of(item, record.get(item.name, BLANK))
            style = styles[item.key and contents is not None]
            sheet.write(row, column, contents, self._style_of(item, style))
            if isinstance(contents, str):
                lines = max(lines, ceil(measure(contents) / _width_of(item)))
        if lines > 1:
            sheet.set_row(row, lines * _LINE_HEIGHT)

    def _style_of(self, item: FormField, name: str) -> Format:
        return self.book.looks.get(f"{name} {item.type}", self.book.looks[name])

    def _write_formula(
        self, sheet: Worksheet, row: int, column: int, formula: _Formula, style: str
    ) -> None:
        text, result = formula
        sheet.write_formula(row, column, f"={text}", self.book.looks[style], result)

    def _add_rules(self, sheet: Worksheet, block: _Block) -> None:
        part, cells, areas = block.part, block.cells_in_row(block.first_row), block.areas
        terms = zip(part.contradictions, consistency.contradiction_terms(part, cells), strict=True)
        rules = [(next(iter(one.when)), term, "contradictory") for one, term in terms]
        rules += [
            (name, term, "blank")
            for name, term in consistency.unanswered_terms(part, cells).items()
        ]
        for name, term, mark in rules:
            rule = {"type": "formula", "criteria": f"={term}", "format": self.book.looks[mark]}
            sheet.conditional_format(*areas[name], rule)
        for item in part.fields:
            sheet.data_validation(*areas[item.name], _validation_of(item, part))

    def _write_guidance(self, sheet: Worksheet, sheets: Mapping[str, Sequence[_Block]]) -> None:
        guidance = self.inquiry.form.guidance
        lines = [f"{number}　{line}" for number, line in enumerate(guidance, start=1)]
        notes = [
            f"{name}：{contradiction.message}"
            for name, blocks in sheets.items()
            for block in blocks
            for contradiction in block.part.contradictions
        ]
        self._set_width(sheet, 0, 2, 18)
        sheet.write_column(_FIRST_ROW, 0, lines, self.book.looks["text"])
        top = _FIRST_ROW + len(lines) + 1
        sheet.write_row(top, 0, ["シート", "未回答", "矛盾"], self.book.looks["heading"])
        for row, (name, blocks) in enumerate(sheets.items(), start=top + 1):
            sheet.write_url(row, 0, f"internal:'{name}'!A1", self.book.looks["link"], name)
            for column, (style, formula) in enumerate(_count(blocks), _FIRST_COLUMN):
                source = xl_rowcol_to_cell(_COUNTER_ROW, column)
                self._write_formula(sheet, row, column, (f"'{name}'!{source}", formula[1]), style)
        bottom = top + len(sheets) + 2
        sheet.write_column(bottom, 0, ["矛盾として数えるもの", *notes], self.book.looks["text"])
        sheet.print_area(0, 0, bottom + len(notes), _LAST_GUIDANCE_COLUMN)


def _with_formulas(part: SurveySheet) -> SurveySheet:
    """Return the part with those of its contradictions that a formula in the form can find."""
    computable = tuple(
        one
        for one in part.contradictions
        if not any(condition.planned or condition.about for condition in one.when.values())
    )
    return part.model_copy(update={"contradictions": computable})


def _heading_of(item: FormField) -> str:
    return f"{item.title}（{item.unit}）" if item.unit else item.title


def _width_of(item: FormField) -> int:
    """Return the width of a field's column in characters."""
    if item.enum or item.type != "string":
        return 11
    return 13 if item.unique else 24


def contents_of(item: FormField, reading: Reading) -> Contents:
    """Return what a cell must hold to be read as this reading; None for an empty cell."""
    if reading.value is None:
        return MARKS.get(reading.status)
    words, text = _QUALITIES.get(item.type, {}), reading.value
    for rule in reading.rules.split():
        text = words.get(rule, "{}").format(text)
    if text != reading.value:
        return text
    if item.type == "date":
        return date.fromisoformat(reading.value)
    if item.type == "number":
        return Decimal(reading.value)
    return int(Decimal(reading.value)) if item.type == "integer" else reading.value


def _validation_of(item: FormField, part: SurveySheet) -> dict[str, Any]:
    """Return what a field's cells take, as a data validation for XlsxWriter.

    A choice must be one of the list; a number or day may be overruled by an officer who means it.
    """
    titles = {other.name: other.title for other in part.fields}
    conditions = [
        f"「{titles[name]}」が「{'・'.join(choices)}」のとき書きます。"
        for name, choices in item.asked_when.items()
    ]
    hint = _HINTS.get(item.type, "")
    kinds = {"date": "date", "integer": "integer", "number": "decimal"}
    bounds: dict[str, Any] = {"validate": kinds.get(item.type, "any")}
    if item.enum:
        bounds = {"validate": "list", "source": list(item.enum)}
    elif item.type in kinds:
        bounds |= {"criteria": "between", "error_type": "warning"}
        smallest = -_LARGEST_NUMBER if item.minimum is None else item.minimum
        largest = _LARGEST_NUMBER if item.maximum is None else item.maximum
        numbers = {"minimum": smallest, "maximum": largest}
        bounds |= _DAYS if item.type == "date" else numbers
    return bounds | {
        "input_title": item.title,
        "input_message": "".join([item.description, *conditions, hint]),
        "error_title": item.title,
        "error_message": "一覧から選んでください。" if item.enum else hint + _NO_VALUE_HINT,
    }
