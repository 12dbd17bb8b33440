"""Which returns arrive in a quarter, how they look, and what is wrong with them on purpose.

A return looks like a government form, filled in: a guidance sheet first, then the cover with label
cells, then the tables with headings over two rows, an example, empty rows with numbers and notes;
the choices of the drop-downs stand in a hidden sheet. Headings, choices and sheets follow the form.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from sumida_data.base.periods import Period
from sumida_data.base.xlsx import A3, Book
from sumida_data.sample.handwriting import Hand
from sumida_data.sample.models import Flaw, Sample
from sumida_data.sample.ward import (
    Facts,
    Record,
    count_staff,
    count_trainees,
    list_records,
    seeded_random,
)
from sumida_data.survey.departments import Department, list_existing
from sumida_data.survey.files import SourceFile, UnusableFileError
from sumida_data.survey.form import Form, FormField, SurveySheet, Wave, Waves
from sumida_data.survey.reading.workbook import SAMPLE_STAMP, has_sample_stamp, open_workbook

Answers = dict[str, list[Record]]
Area = tuple[int, int, int, int]

_STAMP = f"【{SAMPLE_STAMP}】架空の回答です。実在の数値ではありません。"
_GUIDANCE_SHEET = "回答マニュアル"
_CHOICES_SHEET = "選択項目"
_BODY = {"font_name": "Meiryo UI", "font_size": 10, "valign": "vcenter"}
_HEADING = {**_BODY, "bg_color": "#CCFFCC", "border": 1, "align": "center", "text_wrap": True}
_ANSWER = {**_BODY, "border": 1, "text_wrap": True}
_LOOKS: dict[str, dict[str, Any]] = {
    "text": _BODY,
    "title": {**_BODY, "bold": True, "font_size": 14},
    "stamp": {**_BODY, "bold": True, "font_color": "#C00000"},
    "group": {**_HEADING, "bg_color": "#CCCCFF", "bold": True},
    "heading": _HEADING,
    "label": {**_HEADING, "align": "right"},
    "example": {**_ANSWER, "bg_color": "#E7E6E6", "italic": True},
    "number": {**_BODY, "border": 1, "align": "center"},
    "answer": _ANSWER,
}
_TRAINING, _TRAINED = "security_training", ("trainees_expected", "trainees")
_FIRST_ROW = 6
_SPARE_ROWS = 8


class RealFilesError(ValueError):
    """Files lie where sample data would be written, and do not say that they are sample data."""

    def __init__(self, names: list[str]) -> None:
        others = f" ほか{len(names) - 1}件" if len(names) > 1 else ""
        super().__init__(
            f"見本データではないファイルがあるため、見本データを作りません: {names[0]}{others}。"
            "見本データを使うときは、先に調査票と国やシステムのファイルのフォルダを空にしてください。"
        )


def refuse_real_files(files: Iterable[SourceFile]) -> None:
    """Refuse to remove a file that cannot be read or does not say that it is sample data.

    Raises:
        RealFilesError: If there is one.
    """
    if real := [file.name for file in files if not _is_sample(file)]:
        raise RealFilesError(real)


def _is_sample(file: SourceFile) -> bool:
    try:
        return has_sample_stamp(open_workbook(file.read(), file.name))
    except UnusableFileError:
        return False


def make_returns(
    sample: Sample, facts: Facts, form: Form, waves: Waves, departments: Sequence[Department]
) -> dict[str, bytes]:
    """Make the returns of all quarters of the sample for which there is an inquiry.

    Returns:
        Workbooks by path below the survey folder, such as ``FY2022Q3/1203_税務課_調査票.xlsx``.
    """
    returns: dict[str, bytes] = {}
    for name in sample.periods:
        if wave := waves.root.get(name):
            inquiry = _Inquiry(sample, facts, form.asked_in(name), Period.parse(name), wave)
            returns |= dict(inquiry.collect(departments))
    return returns


@dataclass(frozen=True)
class _Inquiry:
    """One quarter's inquiry and what comes back."""

    sample: Sample
    facts: Facts
    form: Form
    period: Period
    wave: Wave

    def collect(self, departments: Iterable[Department]) -> Iterator[tuple[str, bytes]]:
        existing = list_existing(departments, self.period.last_day)
        asked = [one for code, one in existing.items() if self.wave.asks(code)]
        staff = count_staff(self.sample.seed, [department.code for department in asked])
        rate = self.sample.periods[str(self.period)].training_rate
        trained = count_trainees(rate, staff)
        for department, *training in zip(asked, staff, trained, strict=True):
            if not self._has_flaw("no_reply", department):
                yield from self._reply(department, training)

    def _has_flaw(self, flaw: Flaw, department: Department) -> bool:
        flaws = self.sample.periods[str(self.period)].flaws
        return department.code in flaws.get(flaw, ())

    def _reply(
        self, department: Department, training: Sequence[int]
    ) -> Iterator[tuple[str, bytes]]:
        name = f"{self.period}/{department.code}_{department.section}_調査票"
        cover = self._fill_cover(department)
        if self._has_flaw("sent_twice", department):
            earlier = cover | {"answered_on": cover["answered_on"] - timedelta(days=2)}
            old = self._answer(department, training, self.period.previous.last_day)
            yield f"{name}.xlsx", self._write(department, earlier, old)
            name += "_修正"
        answers = self._answer(department, training, self.period.last_day)
        self._spoil(department, cover, answers)
        yield f"{name}.xlsx", self._write(department, cover, answers)

    def _fill_cover(self, department: Department) -> dict[str, Any]:
        random = seeded_random(self.sample.seed, "reply", self.period, department.code)
        return {
            "answered_on": self.wave.due_on - timedelta(days=random.randrange(8)),
            "respondent": random.choice(self.sample.respondents),
            "stated_period": self.period.title,
            "reference_date": self.period.last_day,
            "division": department.division,
            "section": department.section,
            "department_code": department.code,
            "extension": f"00{department.code[2:]}",
            "email": f"mihon-{department.code}@example.jp",
            "no_change": "非該当",
        }

    def _answer(self, department: Department, training: Sequence[int], day: date) -> Answers:
        answers = {
            part.table: list_records(self.facts, part, department.code, day)
            for part in self.form.answer_sheets
            if part.sheet in self.wave.sheets_for(department.code)
        }
        # Counted, not told: how many of the staff there are were trained.
        return answers | {_TRAINING: [dict(zip(_TRAINED, training, strict=True))]}

    def _spoil(self, department: Department, cover: Record, answers: Answers) -> None:
        if self._has_flaw("no_code", department):
            cover["department_code"] = None
        if self._has_flaw("text_for_number", department):
            self._write_word_for_number(answers)
        if self._has_flaw("no_change", department):
            cover["no_change"] = "該当"
            for part in self.form.answer_sheets:
                if part.kind == "stock":
                    answers[part.table] = []

    def _write_word_for_number(self, answers: Answers) -> None:
        for part in self.form.answer_sheets:
            numbers = [field.name for field in part.fields if field.type == "integer"]
            if numbers and answers.get(part.table):
                answers[part.table][-1][numbers[0]] = "たくさん"
                return

    def _write(self, department: Department, cover: Record, answers: Answers) -> bytes:
        hand = Hand(self.sample.seed, department.code, str(self.period))
        names = {self.form.cover.sheet, *self.wave.sheets_for(department.code)}
        parts = [part for part in self.form.sheets if part.sheet in names]
        writer = _ReturnWriter(self.sample, self.form.title, parts, hand)
        return writer.write(cover, {self.form.cover.table: [cover], **answers})


class _ReturnWriter:
    """Writes one department's return."""

    def __init__(
        self, sample: Sample, title: str, parts: Sequence[SurveySheet], hand: Hand
    ) -> None:
        self.sample = sample
        self.title = title
        self.parts = parts
        self.hand = hand
        fields = [field for part in parts for field in part.fields]
        self.choices = {field.title: field.enum for field in fields if field.enum}
        looks = _LOOKS | {"day": {**_ANSWER, "num_format": hand.day_format}}
        self.book = Book(f"{title}（{SAMPLE_STAMP}）", looks)
        self.looks = self.book.looks

    def write(self, cover: Record, answers: Mapping[str, Sequence[Record]]) -> bytes:
        guidance = self._add_sheet(_GUIDANCE_SHEET, f"{self.title}　{_GUIDANCE_SHEET}")
        guidance.write_column(3, 0, self.sample.guidance, self.looks["text"])
        sheets = [(name, list(parts)) for name, parts in groupby(self.parts, attrgetter("sheet"))]
        for number, (name, parts) in enumerate(sheets, start=1):
            sheet = self._add_sheet(name, f"{self.title}（{number}/{len(sheets)}）{name}")
            if number > 1:
                self._write_sender(sheet, cover)
            top = _FIRST_ROW + self.hand.rows_down
            for part in parts:
                write = self._write_labels if part.layout == "labels" else self._write_table
                top = write(sheet, part, answers.get(part.table, ()), top)
        self._write_choices()
        return self.book.close()

    def _add_sheet(self, name: str, title: str) -> Worksheet:
        sheet = self.book.add_sheet(name, A3)
        sheet.write(0, 0, title, self.looks["title"])
        sheet.write(1, 0, _STAMP, self.looks["stamp"])
        sheet.set_column(0, 0, 8)
        return sheet

    def _write_sender(self, sheet: Worksheet, cover: Record) -> None:
        column = 4 + self.hand.columns_right + self.hand.rows_down
        for row, (label, name) in enumerate((("部：", "division"), ("課：", "section")), start=2):
            sheet.write_row(row, column, (label, cover[name]), self.looks["text"])

    def _write_labels(
        self, sheet: Worksheet, part: SurveySheet, records: Sequence[Record], top: int
    ) -> int:
        per_row = self.hand.labels_per_row
        for number, field in enumerate(part.fields):
            row = top + number // per_row
            column = 1 + self.hand.columns_right + 3 * (number % per_row)
            sheet.set_column(column, column + 1, 22)
            sheet.write(row, column, f"{self.hand.head(field)}：", self.looks["label"])
            self._write_answer(sheet, row, column + 1, field, next(iter(records), None))
            self._add_drop_down(sheet, field, (row, column + 1, row, column + 1))
        return top + len(part.fields) // per_row + 4

    def _write_table(
        self, sheet: Worksheet, part: SurveySheet, records: Sequence[Record], top: int
    ) -> int:
        left, first = 1 + self.hand.columns_right, top + 3
        last = first + len(records) + _SPARE_ROWS - 1
        sheet.write(top - 2, 0, f"{part.description}※の項目は必ず記入。", self.looks["text"])
        self._write_headings(sheet, part, top, left)
        self._write_example(sheet, part, top + 2, left)
        for row, record in enumerate([*records, *[None] * _SPARE_ROWS], start=first):
            number = row - first + 1
            sheet.write_formula(row, left - 1, f"=ROW()-{first}", self.looks["number"], number)
            for column, field in enumerate(part.fields, start=left):
                self._write_answer(sheet, row, column, field, record)
        for column, field in enumerate(part.fields, start=left):
            sheet.set_column(column, column, _width_of(field))
            self._add_drop_down(sheet, field, (top + 2, column, last, column))
        sheet.write_column(last + 1, left - 1, self.sample.notes, self.looks["text"])
        return last + 4

    def _write_headings(self, sheet: Worksheet, part: SurveySheet, top: int, left: int) -> None:
        self._merge(sheet, (top, left - 1, top + 1, left - 1), "#", "heading")
        sheet.set_row(top + 1, 42)
        column = left
        for group, fields in self._group(part):
            if group:
                self._merge(sheet, (top, column, top, column + len(fields) - 1), group, "group")
            for field in fields:
                heading = self.hand.head(field) + ("※" if field.required else "")
                heading += f"\n（{field.unit}）" if field.unit else ""
                area = (top + bool(group), column, top + 1, column)
                self._merge(sheet, area, heading, "heading")
                column += 1

    def _group(self, part: SurveySheet) -> list[tuple[str, list[FormField]]]:
        titles = self.sample.heading_groups.get(part.table, {})
        groups: list[tuple[str, list[FormField]]] = []
        for field in part.fields:
            if field.name in titles or not groups:
                groups.append((titles.get(field.name, ""), []))
            groups[-1][1].append(field)
        return groups

    def _merge(self, sheet: Worksheet, area: Area, text: str, look: str) -> None:
        if area[:2] == area[2:]:
            sheet.write(*area[:2], text, self.looks[look])
        else:
            sheet.merge_range(*area, text, self.looks[look])

    def _write_example(self, sheet: Worksheet, part: SurveySheet, row: int, left: int) -> None:
        mark, prefix = ("記入例", "") if self.hand.marks_example_number else ("例", "（記入例）")
        first, *others = (field.example for field in part.fields)
        sheet.write_row(row, left - 1, [mark, prefix + first, *others], self.looks["example"])

    def _write_answer(
        self, sheet: Worksheet, row: int, column: int, field: FormField, record: Record | None
    ) -> None:
        value = self.hand.write(field, record.get(field.name)) if record else None
        look = "day" if isinstance(value, date) else "answer"
        sheet.write(row, column, value, self.looks[look])

    def _add_drop_down(self, sheet: Worksheet, field: FormField, area: Area) -> None:
        if field.enum:
            column = list(self.choices).index(field.title)
            choices = xl_range_abs(3, column, 2 + len(field.enum), column)
            source = f"={_CHOICES_SHEET}!{choices}"
            sheet.data_validation(*area, {"validate": "list", "source": source})

    def _write_choices(self) -> None:
        sheet = self._add_sheet(_CHOICES_SHEET, _CHOICES_SHEET)
        for column, (heading, choices) in enumerate(self.choices.items()):
            sheet.write_column(2, column, [heading, *choices], self.looks["text"])
        sheet.hide()


def _width_of(field: FormField) -> int:
    if field.enum or field.type in {"integer", "number"}:
        return 11
    return 16 if field.unique or field.type == "date" else 28
