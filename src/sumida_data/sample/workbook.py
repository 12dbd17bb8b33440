"""How a returned workbook looks: a government form, filled in.

Headings, choices and sheets follow the form. A guidance sheet comes first, then the cover with
label cells, then the tables with headings over two rows, an example, empty rows with numbers and
notes; the choices of the drop-downs stand in a hidden sheet.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from sumida_data.sample.handwriting import Hand
from sumida_data.sample.models import Sample
from sumida_data.sample.ward import Record
from sumida_data.survey.form import Form, FormField, SurveySheet
from sumida_data.survey.reading.workbook import SAMPLE_STAMP

# The file says when it was made; a fixed day keeps the bytes the same.
CREATED = datetime(2022, 4, 1)

STAMP = f"【{SAMPLE_STAMP}】架空の回答です。実在の数値ではありません。"

_GUIDANCE_SHEET = "回答マニュアル"
_CHOICES_SHEET = "選択項目"
_BODY = {"font_name": "Meiryo UI", "font_size": 10, "valign": "vcenter"}
_HEADING = {"bg_color": "#CCFFCC", "border": 1, "align": "center", "text_wrap": True}
_ANSWER = {"border": 1, "text_wrap": True}
_STYLES: dict[str, dict[str, Any]] = {
    "text": {},
    "title": {"bold": True, "font_size": 14},
    "stamp": {"bold": True, "font_color": "#C00000"},
    "group": {**_HEADING, "bg_color": "#CCCCFF", "bold": True},
    "heading": _HEADING,
    "label": {**_HEADING, "align": "right"},
    "example": {**_ANSWER, "bg_color": "#E7E6E6", "italic": True},
    "number": {"border": 1, "align": "center"},
    "answer": _ANSWER,
}
_FIRST_ROW = 6
_SPARE_ROWS = 8


@dataclass(frozen=True)
class Layout:
    """What all returns of the sample look like.

    Attributes:
        sample: The texts around the form.
        form: The form.
        asked: Names of the sheets asked for, besides the cover.
    """

    sample: Sample
    form: Form
    asked: Sequence[str]

    @property
    def sheets(self) -> list[tuple[str, list[SurveySheet]]]:
        """The sheets by name with their parts, in the order of the form."""
        names = {self.form.cover.sheet, *self.asked}
        parts = [part for part in self.form.sheets if part.sheet in names]
        return [(name, list(group)) for name, group in groupby(parts, attrgetter("sheet"))]

    @property
    def choices(self) -> dict[str, tuple[str, ...]]:
        """The choices of the drop-downs by heading."""
        fields = [field for _, parts in self.sheets for part in parts for field in part.fields]
        return {field.title: field.enum for field in fields if field.enum}


def write_return(layout: Layout, hand: Hand, answers: Mapping[str, Sequence[Record]]) -> bytes:
    """Write one department's return.

    Args:
        layout: What the form looks like.
        hand: How the answers are written.
        answers: The records of each part of the form, by table.

    Returns:
        The contents of an .xlsx file.
    """
    buffer = io.BytesIO()
    book = Workbook(buffer, {"in_memory": True})
    book.set_properties({"title": f"{layout.form.title}（{SAMPLE_STAMP}）", "created": CREATED})
    _Writer(book, layout, hand).write(answers)
    book.close()
    return buffer.getvalue()


class _Writer:
    """Writes the sheets of one return."""

    def __init__(self, book: Workbook, layout: Layout, hand: Hand) -> None:
        self.book = book
        self.layout = layout
        self.hand = hand
        styles = _STYLES | {"day": {**_ANSWER, "num_format": hand.day_format}}
        self.styles = {name: book.add_format(_BODY | style) for name, style in styles.items()}

    def write(self, answers: Mapping[str, Sequence[Record]]) -> None:
        title = self.layout.form.title
        guidance = self._add_sheet(_GUIDANCE_SHEET, f"{title}　{_GUIDANCE_SHEET}")
        guidance.write_column(3, 0, self.layout.sample.guidance, self.styles["text"])
        cover = answers[self.layout.form.cover.table][0]
        sheets = self.layout.sheets
        for number, (name, parts) in enumerate(sheets, start=1):
            sheet = self._add_sheet(name, f"{title}（{number}/{len(sheets)}）{name}")
            if number > 1:
                self._write_sender(sheet, cover)
            top = _FIRST_ROW + self.hand.rows_down
            for part in parts:
                write = self._write_labels if part.layout == "labels" else self._write_table
                top = write(sheet, part, answers.get(part.table, ()), top)
        self._write_choices()

    def _add_sheet(self, name: str, title: str) -> Worksheet:
        sheet = self.book.add_worksheet(name)
        sheet.write_string(0, 0, title, self.styles["title"])
        sheet.write_string(1, 0, STAMP, self.styles["stamp"])
        sheet.set_column(0, 0, 8)
        sheet.set_landscape()
        sheet.set_paper(8)
        sheet.fit_to_pages(1, 0)
        return sheet

    def _write_sender(self, sheet: Worksheet, cover: Record) -> None:
        column = 4 + self.hand.columns_right + self.hand.rows_down
        for row, (label, name) in enumerate((("部：", "division"), ("課：", "section")), start=2):
            sheet.write_string(row, column, label, self.styles["text"])
            sheet.write_string(row, column + 1, str(cover[name]), self.styles["text"])

    def _write_labels(
        self, sheet: Worksheet, part: SurveySheet, records: Sequence[Record], top: int
    ) -> int:
        per_row = self.hand.labels_per_row
        for number, field in enumerate(part.fields):
            row = top + number // per_row
            column = 1 + self.hand.columns_right + 3 * (number % per_row)
            sheet.set_column(column, column + 1, 22)
            sheet.write(row, column, f"{self.hand.head(field)}：", self.styles["label"])
            self._write_answer(sheet, row, column + 1, field, next(iter(records), None))
            self._add_drop_down(sheet, field, (row, column + 1, row, column + 1))
        return top + len(part.fields) // per_row + 4

    def _write_table(
        self, sheet: Worksheet, part: SurveySheet, records: Sequence[Record], top: int
    ) -> int:
        left, first = 1 + self.hand.columns_right, top + 3
        last = first + len(records) + _SPARE_ROWS - 1
        sheet.write(top - 2, 0, f"{part.description}※の項目は必ず記入。", self.styles["text"])
        self._write_headings(sheet, part, top, left)
        self._write_example(sheet, part, top + 2, left)
        for row, record in enumerate([*records, *[None] * _SPARE_ROWS], start=first):
            number = row - first + 1
            sheet.write_formula(row, left - 1, f"=ROW()-{first}", self.styles["number"], number)
            for column, field in enumerate(part.fields, start=left):
                self._write_answer(sheet, row, column, field, record)
        for column, field in enumerate(part.fields, start=left):
            sheet.set_column(column, column, _width_of(field))
            self._add_drop_down(sheet, field, (top + 2, column, last, column))
        sheet.write_column(last + 1, left - 1, self.layout.sample.notes, self.styles["text"])
        return last + 4

    def _write_headings(self, sheet: Worksheet, part: SurveySheet, top: int, left: int) -> None:
        self._merge(sheet, (top, left - 1, top + 1, left - 1), "#", "heading")
        sheet.set_row(top + 1, 42)
        column = left
        for title, fields in self._group(part):
            if title:
                self._merge(sheet, (top, column, top, column + len(fields) - 1), title, "group")
            for field in fields:
                heading = self.hand.head(field) + ("※" if field.required else "")
                heading += f"\n（{field.unit}）" if field.unit else ""
                self._merge(sheet, (top + bool(title), column, top + 1, column), heading, "heading")
                column += 1

    def _group(self, part: SurveySheet) -> list[tuple[str, list[FormField]]]:
        titles = self.layout.sample.heading_groups.get(part.table, {})
        groups: list[tuple[str, list[FormField]]] = []
        for field in part.fields:
            if field.name in titles or not groups:
                groups.append((titles.get(field.name, ""), []))
            groups[-1][1].append(field)
        return groups

    def _merge(
        self, sheet: Worksheet, area: tuple[int, int, int, int], text: str, style: str
    ) -> None:
        if area[:2] == area[2:]:
            sheet.write(*area[:2], text, self.styles[style])
        else:
            sheet.merge_range(*area, text, self.styles[style])

    def _write_example(self, sheet: Worksheet, part: SurveySheet, row: int, left: int) -> None:
        mark, prefix = ("記入例", "") if self.hand.marks_example_number else ("例", "（記入例）")
        examples = [field.example for field in part.fields]
        cells = [mark, prefix + examples[0], *examples[1:]]
        sheet.write_row(row, left - 1, cells, self.styles["example"])

    def _write_answer(
        self, sheet: Worksheet, row: int, column: int, field: FormField, record: Record | None
    ) -> None:
        value = self.hand.write(field, record.get(field.name)) if record else None
        style = "day" if isinstance(value, date) else "answer"
        sheet.write(row, column, value, self.styles[style])

    def _add_drop_down(
        self, sheet: Worksheet, field: FormField, area: tuple[int, int, int, int]
    ) -> None:
        if field.enum:
            column = list(self.layout.choices).index(field.title)
            choices = xl_range_abs(3, column, 2 + len(field.enum), column)
            source = f"={_CHOICES_SHEET}!{choices}"
            sheet.data_validation(*area, {"validate": "list", "source": source})

    def _write_choices(self) -> None:
        sheet = self._add_sheet(_CHOICES_SHEET, _CHOICES_SHEET)
        for column, (heading, choices) in enumerate(self.layout.choices.items()):
            sheet.write_column(2, column, [heading, *choices], self.styles["text"])
        sheet.hide()


def _width_of(field: FormField) -> int:
    if field.enum or field.type in {"integer", "number"}:
        return 11
    return 16 if field.unique or field.type == "date" else 28
