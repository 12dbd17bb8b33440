"""Which returns arrive in a quarter, how they look, and what is wrong with them on purpose.

A return looks like a government form, filled in: a guidance sheet first, then the cover with label
cells, then the tables with headings over two rows, an example, empty rows with numbers and notes;
the choices of the drop-downs are in a hidden sheet. Headings, choices and sheets follow the form.

An officer writes the same value in many ways, and keeps the habits from quarter to quarter. What
is in a cell never means anything else than the value, but for the flaws that the settings name.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from operator import attrgetter
from random import Random
from typing import Any, TypeVar

from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from sumida_data.base.periods import Period, format_era_date
from sumida_data.base.xlsx import A3, SAMPLE_MARK, Book
from sumida_data.present.words import format_short_day
from sumida_data.sample import ward
from sumida_data.sample.ward import Facts, Record, Sample, Value, seeded_random
from sumida_data.survey.departments import Department, list_existing
from sumida_data.survey.files import SourceFile, UnusableFileError
from sumida_data.survey.form import Form, FormField, SurveySheet, Wave, Waves
from sumida_data.survey.reading.workbook import has_sample_stamp, open_workbook

Answers = dict[str, list[Record]]
_Way = TypeVar("_Way")

_STAMP = f"【{SAMPLE_MARK}】架空の回答です。実在の数値ではありません。"
_GUIDANCE_SHEET, _CHOICES_SHEET = "回答マニュアル", "選択項目"
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
_FIRST_ROW, _SPARE_ROWS = 6, 8
_WIDTHS = {"integer": 11, "number": 11, "date": 16}
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


class RealFilesError(ValueError):
    """Files are where sample data would be written, and do not say that they are sample data."""


def refuse_real_files(files: Iterable[SourceFile]) -> None:
    """Refuse to remove a file that cannot be read or does not say that it is sample data.

    Raises a RealFilesError if there is one.
    """
    real = []
    for file in files:
        try:
            is_sample = has_sample_stamp(open_workbook(file.read(), file.name))
        except UnusableFileError:
            is_sample = False
        real += [file.name] * (not is_sample)
    if real:
        others = f" ほか{len(real) - 1}件" if len(real) > 1 else ""
        raise RealFilesError(
            f"見本データではないファイルがあるため、見本データを作りません: {real[0]}{others}。"
            "見本データを使うときは、先に調査票と国やシステムのファイルのフォルダを空にしてください。"
        )


def _widen(text: str) -> str:
    return text.translate(_FULL_WIDTH)


# Ways of writing, and how many departments in ten keep to each; the first way is the plain one.
_NUMBER_STYLES: dict[Callable[[int | Decimal, str], Value], int] = {
    lambda number, _: number: 5,
    lambda number, _: f"{number:,}": 2,
    lambda number, unit: f"{number}{unit}": 1,
    lambda number, unit: _widen(f"{number:,}") + unit: 2,
}
_DATE_STYLES: dict[Callable[[date], Value], int] = {
    lambda day: day: 5,
    lambda day: f"{day.year}/{day.month}/{day.day}": 1,
    lambda day: _widen(format_era_date(day)): 2,
    format_short_day: 2,
}
_TEXT_STYLES: dict[Callable[[str], str], int] = {
    lambda text: text: 7,
    lambda text: f"　{text} ": 2,
    lambda text: text.replace("、", "\n"): 1,
}
_CODE_STYLES: dict[Callable[[str], str], int] = {lambda code: code: 8, _widen: 2}
_BLANKS = {"": 6, "－": 2, "該当なし": 1, "なし": 1}
_DAY_FORMATS = (
    "yyyy/m/d",
    'yyyy"年"m"月"d"日"',
    '[$-ja-JP-x-gannen]ggge"年"m"月"d"日";@',
    "m/d/yy",
)


class Hand:
    """The hand of the officer who fills in a department's form: its habits."""

    def __init__(self, seed: int, department_code: str, period: str) -> None:
        """Take up the pen; what is no habit differs from quarter to quarter."""
        habits = seeded_random(seed, "habits", department_code)
        self._random = seeded_random(seed, "hand", department_code, period)
        self.day_format = habits.choice(_DAY_FORMATS)
        # Inserted above tables and labels, and beside them.
        self.rows_down = habits.choice((0, 0, 0, 1, 2))
        self.columns_right = habits.choice((0, 0, 0, 1))
        self.labels_per_row = habits.choice((1, 2))
        # Whether 記入例 is in the numbering column, not in the first field.
        self.marks_example_number = habits.random() < 0.7
        self._renames = habits.random() < 0.2
        self._uses_synonyms = habits.random() < 0.3
        self._number = _pick(habits, _NUMBER_STYLES)
        self._date = _pick(habits, _DATE_STYLES)
        self._text = _pick(habits, _TEXT_STYLES)
        self._code = _pick(habits, _CODE_STYLES)
        self._blank = _pick(habits, _BLANKS)

    def head(self, field: FormField) -> str:
        """Return the heading over the field's column, or the label beside its cell."""
        if self._renames and field.aliases and self._random.random() < 0.3:
            return self._random.choice(field.aliases)
        return field.title

    def write(self, field: FormField, value: Value) -> Value:
        """Return the content of the cell: a text, or a number or day for a cell that holds one."""
        if value is None:
            return {"integer": self._blank, "date": self._blank}.get(field.type)
        if isinstance(value, date):
            return self._date(value)
        if isinstance(value, int | Decimal):
            return self._number(value, field.unit or "")
        if field.enum is not None:
            synonyms = field.synonyms.get(value) if self._uses_synonyms else None
            return self._random.choice(synonyms) if synonyms else value
        return self._code(value) if field.pattern or field.unique else self._text(value)


def _pick(random: Random, ways: Mapping[_Way, int]) -> _Way:
    return random.choices(list(ways), list(ways.values()))[0]


def make_returns(
    sample: Sample, facts: Facts, form: Form, waves: Waves, departments: Sequence[Department]
) -> dict[str, bytes]:
    """Make the returns of all quarters of the sample for which there is an inquiry.

    They are workbooks by path in the survey folder, such as ``FY2022Q3/1203_税務課_調査票.xlsx``.
    """
    returns: dict[str, bytes] = {}
    for name, settings in sample.periods.items():
        if wave := waves.root.get(name):
            inquiry = _Inquiry(sample, facts, form.asked_in(name), Period.parse(name), wave)
            existing = list_existing(departments, inquiry.period.last_day)
            asked = [one for code, one in existing.items() if wave.asks(code)]
            codes = [one.code for one in asked]
            trained = ward.train_staff(sample.seed, settings.training_rate, codes)
            for department, training in zip(asked, trained, strict=True):
                returns |= inquiry.reply(department, dict(zip(_TRAINED, training, strict=True)))
    return returns


@dataclass(frozen=True)
class _Inquiry:
    sample: Sample
    facts: Facts
    form: Form
    period: Period
    wave: Wave

    def reply(self, department: Department, training: Record) -> Iterator[tuple[str, bytes]]:
        flaws = self.sample.periods[str(self.period)].flaws.items()
        flawed = {flaw for flaw, codes in flaws if department.code in codes}
        if "no_reply" in flawed:
            return
        code, name = department.code, f"{self.period}/{department.code}_{department.section}_調査票"
        cover = self._fill_cover(department)
        if "sent_twice" in flawed:
            earlier = cover | {"answered_on": cover["answered_on"] - timedelta(days=2)}
            old = self._answer(code, training, self.period.previous.last_day)
            yield f"{name}.xlsx", _ReturnWriter(self, code).write(earlier, old)
            name += "_修正"
        answers = self._answer(code, training, self.period.last_day)
        self._spoil(flawed, cover, answers)
        yield f"{name}.xlsx", _ReturnWriter(self, code).write(cover, answers)

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

    def _answer(self, code: str, training: Record, day: date) -> Answers:
        answers = {
            part.table: ward.list_records(self.facts, part, code, day)
            for part in self.form.answer_sheets
            if part.sheet in self.wave.sheets_for(code)
        }
        # Counted, not chosen: how many of the staff there are were trained.
        return answers | {_TRAINING: [training]}

    def _spoil(self, flawed: set[ward.Flaw], cover: Record, answers: Answers) -> None:
        if "no_code" in flawed:
            cover["department_code"] = None
        for part in self.form.answer_sheets if "text_for_number" in flawed else ():
            numbers = [field.name for field in part.fields if field.type == "integer"]
            if numbers and answers.get(part.table):
                answers[part.table][-1][numbers[0]] = "たくさん"
                break
        if "no_change" in flawed:
            cover["no_change"] = "該当"
            stocks = filter(lambda part: part.kind == "stock", self.form.answer_sheets)
            answers |= {part.table: [] for part in stocks}


class _ReturnWriter:
    sheet: Worksheet

    def __init__(self, inquiry: _Inquiry, code: str) -> None:
        self.sample, self.title, self.cover = inquiry.sample, inquiry.form.title, inquiry.form.cover
        self.hand = Hand(self.sample.seed, code, str(inquiry.period))
        names = {self.cover.sheet, *inquiry.wave.sheets_for(code)}
        self.parts = [part for part in inquiry.form.sheets if part.sheet in names]
        fields = (field for part in self.parts for field in part.fields)
        self.choices = {field.title: field.enum for field in fields if field.enum}
        looks = _LOOKS | {"day": {**_ANSWER, "num_format": self.hand.day_format}}
        self.book = Book(f"{self.title}（{SAMPLE_MARK}）", looks)
        self.looks = self.book.looks

    def write(self, cover: Record, answers: Answers) -> bytes:
        self._begin_sheet(_GUIDANCE_SHEET, f"{self.title}　{_GUIDANCE_SHEET}")
        self.sheet.write_column(3, 0, self.sample.guidance, self.looks["text"])
        sheets = [(name, list(parts)) for name, parts in groupby(self.parts, attrgetter("sheet"))]
        sender = 4 + self.hand.columns_right + self.hand.rows_down
        for number, (name, parts) in enumerate(sheets, start=1):
            self._begin_sheet(name, f"{self.title}（{number}/{len(sheets)}）{name}")
            if number > 1:
                for row, label, key in ((2, "部：", "division"), (3, "課：", "section")):
                    self.sheet.write_row(row, sender, (label, cover[key]), self.looks["text"])
            top = _FIRST_ROW + self.hand.rows_down
            for part in parts:
                write = self._write_labels if part.layout == "labels" else self._write_table
                records = [cover] if part is self.cover else answers.get(part.table, [])
                top = write(part, records, top)
        self._begin_sheet(_CHOICES_SHEET, _CHOICES_SHEET)
        for column, (heading, choices) in enumerate(self.choices.items()):
            self.sheet.write_column(2, column, [heading, *choices], self.looks["text"])
        self.sheet.hide()
        return self.book.close()

    def _begin_sheet(self, name: str, title: str) -> None:
        self.sheet = self.book.add_sheet(name, A3)
        self.sheet.write(0, 0, title, self.looks["title"])
        self.sheet.write(1, 0, _STAMP, self.looks["stamp"])
        self.sheet.set_column(0, 0, 8)

    def _write_labels(self, part: SurveySheet, records: Sequence[Record], top: int) -> int:
        per_row = self.hand.labels_per_row
        for number, field in enumerate(part.fields):
            row = top + number // per_row
            column = 1 + self.hand.columns_right + 3 * (number % per_row)
            self.sheet.set_column(column, column + 1, 22)
            self.sheet.write(row, column, f"{self.hand.head(field)}：", self.looks["label"])
            self._write_answer(row, column + 1, field, next(iter(records), None))
            self._add_drop_down(field, column + 1, row, row)
        return top + len(part.fields) // per_row + 4

    def _write_table(self, part: SurveySheet, records: Sequence[Record], top: int) -> int:
        left, first = 1 + self.hand.columns_right, top + 3
        last = first + len(records) + _SPARE_ROWS - 1
        self.sheet.write(top - 2, 0, f"{part.description}※の項目は必ず記入。", self.looks["text"])
        self._write_headings(part, top, left)
        mark, prefix = ("記入例", "") if self.hand.marks_example_number else ("例", "（記入例）")
        example, *others = (field.example for field in part.fields)
        texts = [mark, prefix + example, *others]
        self.sheet.write_row(top + 2, left - 1, texts, self.looks["example"])
        for row, record in enumerate([*records, *[None] * _SPARE_ROWS], start=first):
            number = (f"=ROW()-{first}", self.looks["number"], row - first + 1)
            self.sheet.write_formula(row, left - 1, *number)
            for column, field in enumerate(part.fields, start=left):
                self._write_answer(row, column, field, record)
        for column, field in enumerate(part.fields, start=left):
            width = _WIDTHS.get(field.type, 11 if field.enum else 16 if field.unique else 28)
            self.sheet.set_column(column, column, width)
            self._add_drop_down(field, column, top + 2, last)
        self.sheet.write_column(last + 1, left - 1, self.sample.notes, self.looks["text"])
        return last + 4

    def _write_headings(self, part: SurveySheet, top: int, left: int) -> None:
        self._merge((top, left - 1, top + 1, left - 1), "#", "heading")
        self.sheet.set_row(top + 1, 42)
        titles, fields = self.sample.heading_groups.get(part.table, {}), part.fields
        starts = [0, *(place for place, one in enumerate(fields) if place and one.name in titles)]
        for start, end in pairwise([*starts, len(fields)]):
            if group := titles.get(fields[start].name, ""):
                self._merge((top, left + start, top, left + end - 1), group, "group")
            for column, field in enumerate(fields[start:end], left + start):
                heading = self.hand.head(field) + "※" * field.required
                heading += f"\n（{field.unit}）" if field.unit else ""
                self._merge((top + bool(group), column, top + 1, column), heading, "heading")

    def _merge(self, area: tuple[int, int, int, int], text: str, look: str) -> None:
        if area[:2] == area[2:]:
            self.sheet.write(*area[:2], text, self.looks[look])
        else:
            self.sheet.merge_range(*area, text, self.looks[look])

    def _write_answer(self, row: int, column: int, field: FormField, record: Record | None) -> None:
        value = self.hand.write(field, record.get(field.name)) if record else None
        look = "day" if isinstance(value, date) else "answer"
        self.sheet.write(row, column, value, self.looks[look])

    def _add_drop_down(self, field: FormField, column: int, first: int, last: int) -> None:
        if field.enum:
            place = list(self.choices).index(field.title)
            choices = xl_range_abs(3, place, 2 + len(field.enum), place)
            options = {"validate": "list", "source": f"={_CHOICES_SHEET}!{choices}"}
            self.sheet.data_validation(first, column, last, column, options)
