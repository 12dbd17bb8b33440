"""Writing a blank form with XlsxWriter.

Stock sheets hold the answers that the department gave last, event sheets are empty. Each sheet
counts by formula, without macros, what is unanswered and what contradicts itself; the results are
written beside the formulas, for programs that do not calculate.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, takewhile
from operator import attrgetter
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from sumida_data.base.periods import Period, format_era_date
from sumida_data.base.xlsx import Book
from sumida_data.survey.blank_form import LastAnswers
from sumida_data.survey.blank_form.block import (
    FIRST_COLUMN,
    NUMBER_FORMATS,
    SPARE_ROWS,
    Block,
    Formula,
    add_formulas,
    contents_of,
    heading_of,
    lines_of,
    validation_of,
    width_of,
)
from sumida_data.survey.consistency import contradiction_terms, unanswered_terms
from sumida_data.survey.departments import Department
from sumida_data.survey.form import Form, FormField, SurveySheet, Wave
from sumida_data.survey.reading.stamp import STAMP_SHEET, Stamp, fingerprint
from sumida_data.survey.reading.text import BLANK, Reading
from sumida_data.survey.reading.workbook import SAMPLE_STAMP

_GUIDANCE_SHEET = "記入のしかた"
_SAMPLE_NOTE = f"【{SAMPLE_STAMP}】架空の回答から作った調査票です。実在の数値ではありません。"

# Every sheet has its counters in this row, and its parts below.
_COUNTER_ROW = 2
_LINE_HEIGHT = 16
_FIRST_ROW = 5
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
    for kind, number_format in NUMBER_FORMATS.items()
}
# Where something is amiss; the words stand in the column beside the rows and in the counters.
_MARKS = {"contradictory": {"bg_color": "#F8CBAD"}, "blank": {"bg_color": "#FFF2CC"}}


@dataclass(frozen=True)
class Inquiry:
    """What all forms of a quarter have in common; the answers in them may be sample data."""

    form: Form
    period: Period
    wave: Wave
    sample: bool


def write_blank_form(inquiry: Inquiry, department: Department, last: LastAnswers | None) -> bytes:
    """Return the form of one department, an .xlsx, with what it answered last if it ever has."""
    book = Book(inquiry.form.title, _STYLES | _MARKS)
    _Writer(book, inquiry, department, last).write()
    return book.close()


class _Writer:
    """Writes the sheets of one form."""

    def __init__(
        self, book: Book, inquiry: Inquiry, department: Department, last: LastAnswers | None
    ) -> None:
        self.book = book
        self.inquiry = inquiry
        self.department = department
        self.last = last
        self.styles = book.looks

    def write(self) -> None:
        form, wave = self.inquiry.form.asked_in(str(self.inquiry.period)), self.inquiry.wave
        names = {form.cover.sheet, *wave.sheets_for(self.department.code)}
        parts = [_with_formulas(part) for part in form.sheets if part.sheet in names]
        guidance = self._add_sheet(_GUIDANCE_SHEET)
        sheets = {
            name: self._write_sheet(name, group)
            for name, group in groupby(parts, attrgetter("sheet"))
        }
        self._write_guidance(guidance, sheets)
        self._write_stamp(chain.from_iterable(sheets.values()))

    def _add_sheet(self, name: str) -> Worksheet:
        title, period = f"{self.inquiry.form.title}　{name}", self.inquiry.period.title
        division, section, code = attrgetter("division", "section", "code")(self.department)
        whose = f"{division}　{section}（{code}）"
        due_on = format_era_date(self.inquiry.wave.due_on)
        sample = _SAMPLE_NOTE if self.inquiry.sample else ""
        sheet = self.book.add_sheet(name)
        self._set_width(sheet, 0, _LAST_FREE_COLUMN, None)
        self._set_width(sheet, 0, 0, 9)
        sheet.write(0, 0, title, self.styles["title"])
        sheet.write(1, 0, f"{period}　{whose}　回答期限 {due_on}", self.styles["text"])
        sheet.write(3, 0, sample, self.styles["sample"])
        sheet.protect("", _PERMISSIONS)
        sheet.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.7)
        sheet.set_header(f"&L{title}&R{whose}")
        sheet.set_footer(f"&L{period}　{sample}&R&P / &N")
        return sheet

    def _set_width(self, sheet: Worksheet, first: int, last: int, width: int | None) -> None:
        # The format of a column is that of its empty cells, which anybody may fill in.
        sheet.set_column(first, last, width, self.styles["free"])

    def _write_sheet(self, name: str, parts: Iterable[SurveySheet]) -> list[Block]:
        sheet = self._add_sheet(name)
        blocks: list[Block] = []
        for part in parts:
            top = blocks[-1].last_row + 2 if blocks else _FIRST_ROW
            block = Block(part, self._list_records(part), top)
            (self._write_table if block.is_table else self._write_labels)(sheet, block)
            self._add_rules(sheet, block)
            blocks.append(block)
        if self.last and any(block.part.table in self.last.inherited for block in blocks):
            sheet.write(_FIRST_ROW - 1, 0, _tell_of_inheritance(self.last), self.styles["hint"])
        if blocks[0].is_table:
            self._hold_in_view(sheet, blocks[0])
        for column, (style, formula) in enumerate(_count(blocks).items()):
            self._write_formula(sheet, _COUNTER_ROW, FIRST_COLUMN + column, formula, style)
        sheet.print_area(0, 0, blocks[-1].last_row, max(block.last_column for block in blocks))
        return blocks

    def _list_records(self, part: SurveySheet) -> list[dict[str, Reading]]:
        known: Iterable[Mapping[str, Reading]] = ()
        if part.layout == "labels":
            known = [self._fill_cover() if part.kind == "cover" else {}]
        elif part.kind == "stock" and self.last:
            tables = (self.last.tables, self.last.inherited)
            known = [record for one in tables for record in one.get(part.table, {}).values()]
        names = [field.name for field in part.fields]
        return [{name: record.get(name, BLANK) for name in names} for record in known]

    def _fill_cover(self) -> dict[str, Reading]:
        values = {
            "stated_period": self.inquiry.period.title,
            "reference_date": self.inquiry.period.last_day.isoformat(),
            "division": self.department.division,
            "section": self.department.section,
            "department_code": self.department.code,
        }
        return {name: Reading(value, "answered") for name, value in values.items()}

    def _write_labels(self, sheet: Worksheet, block: Block) -> None:
        beside, (record,) = FIRST_COLUMN + 1, block.records
        self._set_width(sheet, FIRST_COLUMN, FIRST_COLUMN, 24)
        self._set_width(sheet, beside, beside, 36)
        for row, field in enumerate(block.part.fields, start=block.first_row):
            reading = record[field.name]
            style = self._style_of(field, "answer" if reading.value is None else "fixed")
            sheet.write(row, FIRST_COLUMN, heading_of(field), self.styles["heading"])
            sheet.write(row, beside, contents_of(field, reading), style)

    def _write_table(self, sheet: Worksheet, block: Block) -> None:
        fields, top = block.part.fields, block.top
        for column, field in enumerate(fields, start=FIRST_COLUMN):
            self._set_width(sheet, column, column, width_of(field))
        sheet.set_row(top, 2 * _LINE_HEIGHT)
        sheet.write_row(top, 0, ["確認", *map(heading_of, fields)], self.styles["heading"])
        example = {field.name: Reading(field.example or None, "answered") for field in fields}
        sheet.write(top + 1, 0, "記入例", self.styles["example"])
        self._write_record(sheet, top + 1, fields, example, style="example", key_style="example")
        records = [*block.records, *[{}] * SPARE_ROWS]
        own = len(self.last.tables.get(block.part.table, {})) if self.last else 0
        for number, record in enumerate(records):
            row = block.first_row + number
            self._write_formula(sheet, row, 0, block.verdict(number), "verdict")
            # What another department answered may be cleared, with its name.
            key_style = "fixed" if number < own else "answer"
            self._write_record(sheet, row, fields, record, key_style=key_style)

    def _write_record(
        self,
        sheet: Worksheet,
        row: int,
        fields: Sequence[FormField],
        record: Mapping[str, Reading],
        style: str = "answer",
        key_style: str = "fixed",
    ) -> None:
        lines = 1
        for column, field in enumerate(fields, start=FIRST_COLUMN):
            contents = contents_of(field, record.get(field.name, BLANK))
            is_key = field.key and contents is not None
            cell_style = self._style_of(field, key_style if is_key else style)
            sheet.write(row, column, contents, cell_style)
            lines = max(lines, lines_of(field, contents))
        if lines > 1:
            sheet.set_row(row, lines * _LINE_HEIGHT)

    def _style_of(self, field: FormField, name: str) -> Format:
        return self.styles.get(f"{name} {field.type}", self.styles[name])

    def _write_formula(
        self, sheet: Worksheet, row: int, column: int, formula: Formula, style: str
    ) -> None:
        sheet.write_formula(row, column, f"={formula.text}", self.styles[style], formula.result)

    def _hold_in_view(self, sheet: Worksheet, block: Block) -> None:
        named = len(list(takewhile(attrgetter("required"), block.part.fields)))
        sheet.freeze_panes(block.first_row, FIRST_COLUMN + named)
        sheet.repeat_rows(block.top)

    def _add_rules(self, sheet: Worksheet, block: Block) -> None:
        part, cells, areas = block.part, block.cells_in_row(block.first_row), block.areas
        terms = contradiction_terms(part, cells)
        names = [next(iter(one.when)) for one in part.contradictions]
        rules = [(name, term, "contradictory") for name, term in zip(names, terms, strict=True)]
        rules += [(name, one, "blank") for name, one in unanswered_terms(part, cells).items()]
        for name, term, mark in rules:
            rule = {"type": "formula", "criteria": f"={term}", "format": self.styles[mark]}
            sheet.conditional_format(*areas[name], rule)
        for field in part.fields:
            sheet.data_validation(*areas[field.name], validation_of(field, part))

    def _write_guidance(self, sheet: Worksheet, sheets: Mapping[str, Sequence[Block]]) -> None:
        guidance = self.inquiry.form.guidance
        lines = [f"{number}　{line}" for number, line in enumerate(guidance, start=1)]
        contradictions = [
            f"{name}：{contradiction.message}"
            for name, blocks in sheets.items()
            for block in blocks
            for contradiction in block.part.contradictions
        ]
        self._set_width(sheet, 0, 2, 18)
        sheet.write_column(_FIRST_ROW, 0, lines, self.styles["text"])
        top = _FIRST_ROW + len(lines) + 1
        sheet.write_row(top, 0, ["シート", "未回答", "矛盾"], self.styles["heading"])
        for row, (name, blocks) in enumerate(sheets.items(), start=top + 1):
            sheet.write_url(row, 0, f"internal:'{name}'!A1", self.styles["link"], name)
            for column, (style, formula) in enumerate(_count(blocks).items()):
                source = xl_rowcol_to_cell(_COUNTER_ROW, FIRST_COLUMN + column)
                repeated = Formula(f"'{name}'!{source}", formula.result)
                self._write_formula(sheet, row, FIRST_COLUMN + column, repeated, style)
        notes = ["矛盾として数えるもの", *contradictions]
        bottom = top + len(sheets) + 2
        sheet.write_column(bottom, 0, notes, self.styles["text"])
        sheet.print_area(0, 0, bottom + len(contradictions), _LAST_GUIDANCE_COLUMN)

    def _write_stamp(self, blocks: Iterable[Block]) -> None:
        version, period = self.inquiry.form.version, str(self.inquiry.period)
        answers = (block for block in blocks if block.part.kind != "cover")
        contents = fingerprint(
            (block.part.table, record) for block in answers for record in block.records
        )
        stamp = Stamp(version, period, self.department.code, contents)
        sheet = self.book.book.add_worksheet(STAMP_SHEET)
        for row, label_and_value in enumerate(stamp.labels.items()):
            sheet.write_row(row, 0, label_and_value)
        sheet.very_hidden()


def _with_formulas(part: SurveySheet) -> SurveySheet:
    told = tuple(
        one
        for one in part.contradictions
        if not any(condition.planned or condition.about for condition in one.when.values())
    )
    return part if told == part.contradictions else part.model_copy(update={"contradictions": told})


def _tell_of_inheritance(last: LastAnswers) -> str:
    whose = "、".join(last.predecessors)
    told = f"引き継いだ課（{whose}）の前回の回答が入っています。"
    return f"{told}この課の仕事でない行は、内容を消してください。" if last.is_shared else told


def _count(blocks: Sequence[Block]) -> dict[str, Formula]:
    return {
        "unanswered": add_formulas([block.unanswered for block in blocks]),
        "contradictions": add_formulas([block.contradictions for block in blocks]),
    }
