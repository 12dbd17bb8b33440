"""The columns of a table: what each cell says as an answer, and what is wrong with the headings.

What follows from the headings is worked out once for each layout.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from itertools import count, starmap
from operator import itemgetter
from typing import Generic, NamedTuple, TypeVar

from xlsxwriter.utility import xl_col_to_name

from sumida_data.base.characters import name_unseen
from sumida_data.base.periods import Period
from sumida_data.survey.findings import Kind
from sumida_data.survey.form import FormField, RecordSheet
from sumida_data.survey.reading.layout import (
    FoundLabel,
    FoundTable,
    Headings,
    cell_address,
    find_bare_columns,
    find_heading,
    find_most_headings,
    heading_key,
    list_heading_rows,
    means_something_else,
)
from sumida_data.survey.reading.lines import IN_PARENTHESES, UNIT_WORD, Lines
from sumida_data.survey.reading.text import (
    UNREADABLE,
    AnswerStatus,
    Reading,
    find_unusual_characters,
    fold,
    is_other_unit,
    raw_text_of,
    read_text,
    reader_of,
)
from sumida_data.survey.reading.workbook import CellValue, Sheet

_RULE_OF_TYPE = {
    "integer": Kind.NOT_A_NUMBER,
    "number": Kind.NOT_A_NUMBER,
    "date": Kind.NOT_A_DATE,
    "yearmonth": Kind.NOT_A_DATE,
}
_RULE_OF_REASON = {
    "two_readings": Kind.AMBIGUOUS_NUMBER,
    "several_values": Kind.SEVERAL_VALUES,
    "other_unit": Kind.OTHER_UNIT,
    "other_weekday": Kind.OTHER_WEEKDAY,
}
# The same cells come again and again, and neighbouring fields try them too.
_KEPT = 2048
# A day outside is a slip of the hand: no survey asks for it.
_FIRST_DAY, _LAST_DAY = "1990-01-01", "2099-12-31"
# Half of the characters in the same order: 年間の件数 for 年間件数, but not 開始日 for 開催場所.
_LIKENESS = 0.6
# One or two of seven marks are others, or are not there: T1203-2, 1203-02 and T120302.
_ALMOST = 0.8
# Copies are made of what stands near; their names are all but the same.
_NEAR, _SAME_NAME = 5, 0.85
_DIGIT = re.compile("[0-9]")
# So few cells of a row show little.
_FEW = 2
_NUMBERS = {"integer", "number"}
# Words in parentheses that say how to answer, or repeat what is asked anyway.
_HOW_TO_ANSWER = re.compile(
    r"[*※注]?[0-9]{0,2}|[※注].*|必須|任意|必ず.*|(半角|全角|整数|数字|概数|西暦|和暦|プルダウン|例[:は]).*"
    r"|今回.*|今期|現在|実績|年月日|y+.m+.d+|.*(記入|入力|選択|回答)",
    re.IGNORECASE,
)
_AROUND_A_NAME = "()[]【】"
# Names of nothing: placeholders, marks, parts of the row above; of what is gone, or of several.
_NO_NAME = re.compile(
    r"^(?:うち[^わの].*|内訳.*|削除|廃止|取消|重複|再掲|済|確認済?|チェック済?み?|備考|その他.{0,3}|未定|テスト|てすと|test|ダミー|dummy"
    r"|.{0,4}[^統会設家時]計|(?:合|小|総|累)?計|(?:課|部|庁|区)?全(?:体|課|部|庁|区|件|手続|業務)|総件?数|すべて|構成比|前年度?比|平均|ave\W?|ほか|他"
    r"|\W?以下(?:同|余|空).*|上記.*|[仝〃]|同上.*|以上|おわり|.{0,3}作業中|(?:見直し|検討|確認|調整)中|\W*[0-9]+(?:[月件]|\W*)|年間|[上下]半期|第?[1-4]四半期"
    r"|(?:令和|平成|[rhs]|20)\.?[0-9元]+(?:年度?|[./-][0-9./-]+|年.*日)?|今回|前回|注[0-9]*|\W+|[ァ-ヶ]|end|eof|new|新規?|追加|継続|変更|空欄?"
    r"|はい|いいえ|予定|未?(?:記入|入力|回答)|.*(?:記入|入力|選択|回答)してください|(?:ここ|.{1,6}名)[にを](?:記入|入力|選択)|印|決裁|(?:\(注|注\)).*"
    r"|(?:担当者?|問い?合わ?せ先?|連絡先|提出先|作成[日者])(?:[:：].*)?|(.)\1+|x{2,}|書き方|\W*(?:記入|記載|入力|作成)?(?:例[0-9]*|見本[0-9]*)\W*)$"
    r"|([○〇●◯△▲□■◇])\2|^[×→↑↓?=└├┗┣]|^#[a-z/0]+[!?a]$|[(【\[](?:廃止|削除|重複|再掲|取消|仮)[)】\]]|へ統合$|\?$"
    r"|(?:ほか|他|外|等)\W?[0-9]+(?:件|手続|業務|種)|(?:申請|請求|届出?|申込み?)[、,/].*(?:申請|請求|届出?|申込み?)$"
)
# Lines that each begin with a bullet, or end like a whole name, are no name that was wrapped.
_BULLET = re.compile(r"\s*(?:[・●○■◆※①-⑳-]|[(（]?[0-9０-９]+[)）.．、])")
_WHOLE_NAME = re.compile(r".*(?:申請|請求|届出?|申込み?|相談|研修)\s*")


class Judgement(NamedTuple):
    """What a cell says as the answer to a field.

    What counts is as ``seen``, or unreadable where it breaks a rule; the words are the finding's.
    """

    raw_text: str
    seen: Reading
    reading: Reading
    rule_id: str | None = None
    words: str = ""


Judge = Callable[[CellValue], Judgement]


def judge_of(field: FormField) -> Judge:
    """Return the function that judges a cell as the answer to this field, and remembers."""
    read = reader_of(field)

    def judge(cell: CellValue) -> Judgement:
        raw, reading = raw_text_of(cell), read(cell)
        if rule_id := _refuse(reading, field):
            return Judgement(raw, reading, UNREADABLE, rule_id)
        if not field.free_text and (unseen := name_unseen(raw)):
            return Judgement(raw, reading, reading, Kind.UNSEEN_CHARACTERS, unseen)
        question = _question(reading, field)
        if "line_break" in reading.rules and field.required and not question[0] and _is_list(raw):
            question = Kind.HARDLY_A_NAME, ""
        return Judgement(raw, reading, reading, *question)

    return lru_cache(_KEPT, typed=True)(judge)


def _question(reading: Reading, field: FormField) -> tuple[Kind | None, str]:
    """Return what is to be asked about a value that was read, with the words for it."""
    value = reading.value or ""
    if field.type in _NUMBERS and "expected" in reading.rules:
        return Kind.EXPECTED_NUMBER, ""
    if field.type == "date" and _is_rough(reading, field):
        return Kind.ROUGH_DAY, ""
    return _question_name(value, field) if field.required and field.type == "string" else (None, "")


def _is_list(text: str) -> bool:
    lines = text.split("\n")
    return all(map(_BULLET.match, lines)) or all(map(_WHOLE_NAME.fullmatch, lines))


def _is_rough(reading: Reading, field: FormField) -> bool:
    """Tell whether a day is not said exactly, or is only expected where it must have been."""
    rules = reading.rules.split()
    return "about" in rules or (field.required and "expected" in rules)


def _question_name(value: str, field: FormField) -> tuple[Kind | None, str]:
    if unusual := find_unusual_characters(value):
        words = (f"「{one}」(ふつうは「{usual}」)" for one, usual in unusual.items())
        return Kind.UNUSUAL_CHARACTERS, "、".join(words)
    if field.pattern:
        is_almost = value and _is_almost_shaped(field.examples, _DIGIT.sub("9", value))
        return Kind.UNLIKE_THE_EXAMPLE if is_almost else None, ""
    name = fold(value)
    bare = name.strip(_AROUND_A_NAME)
    is_none = _NO_NAME.search(name) or (bare != name and _NO_NAME.search(bare))
    return Kind.HARDLY_A_NAME if is_none else None, ""


# The numbers of a register have few shapes.
@lru_cache(maxsize=4096)
def _is_almost_shaped(examples: tuple[str, ...], shape: str) -> bool:
    """Tell whether a shape such as T9999-99 is that of an example but for a few marks."""
    shapes = [_DIGIT.sub("9", one) for one in examples]
    likeness = (SequenceMatcher(None, shape, one).ratio() for one in shapes)
    return shape not in shapes and max(likeness) >= _ALMOST


def _refuse(reading: Reading, field: FormField) -> str | None:
    """Return the rule that says why the reading is no answer to the field, or None."""
    if reading.status == "unreadable":
        of_type = _RULE_OF_TYPE.get(field.type, Kind.NOT_UNDERSTOOD)
        usual = of_type if field.enum is None else Kind.NOT_A_CHOICE
        return _RULE_OF_REASON.get(reading.rules, usual)
    if reading.value is None:
        return None
    if field.type == "date" and not _FIRST_DAY <= reading.value <= _LAST_DAY:
        return Kind.IMPLAUSIBLE_DAY
    if field.pattern is not None and not re.fullmatch(field.pattern, reading.value):
        return Kind.PATTERN
    return None if _is_within(reading.value, field.minimum, field.maximum) else Kind.OUT_OF_RANGE


def _is_within(value: str, low: int | None, high: int | None) -> bool:
    if low is None and high is None:
        return True
    number = Decimal(value)
    return (low is None or low <= number) and (high is None or number <= high)


class AnswerColumn(NamedTuple):
    """A column of answers; its number counts from 0, its letters are such as AB.

    The examples are those of all forms that may come back; nothing where the form has none now.
    """

    number: int
    letters: str
    field: FormField
    judge: Judge
    examples: tuple[str, ...]


class Remark(NamedTuple):
    """What is wrong with a heading, or with the lack of one; then there is no cell and no value."""

    rule_id: str
    cell: str | None
    value: str | None
    words: Mapping[str, str]


class Columns:
    """The columns of a table: those to read, from left to right, and what follows from them.

    The examples are what the form's say by field. Bare columns have no heading; the remarks say
    what is wrong with the headings. Columns set aside are not read, but still show what has moved.
    """

    def __init__(
        self,
        answers: list[AnswerColumn],
        keys: Iterable[str],
        examples: Mapping[str, set[str | None]],
        bare: list[int],
        remarks: list[Remark],
        aside: Iterable[AnswerColumn] = (),
    ) -> None:
        self.answers, self.bare, self.remarks = answers, bare, remarks
        places = {column.field.name: place for place, column in enumerate(answers)}
        # Where the key fields are among them, in the order of the form, and where days are.
        self.key_places = [*map(places.__getitem__, keys)]
        self.day_places = [places[one.field.name] for one in answers if one.field.type == "date"]
        self.named_units = frozenset(filter(None, (one.field.unit for one in answers)))
        # Where the columns are that say the unit of others, by the place of these.
        named = {places[one.field.name]: one.field.unit_field for one in answers}
        self.units = {place: places[name] for place, name in named.items() if name in places}
        # What the form's examples say, by the places of the columns of which they say anything.
        self.example = {places[name]: said for name, said in examples.items() if name in places}
        self.unique = _list_unique(answers)
        self.first, self.span = _span_of([*answers, *aside])


class Copies:
    """The rows of a table so far, to find one that says hardly more than an earlier one.

    Rows that were copied or filled down have another number, the day after, or a name that goes on.
    """

    def __init__(self, columns: Sequence[AnswerColumn]) -> None:
        self.names, self.days, self.others = list[int](), list[int](), list[int]()
        for place, column in enumerate(columns):
            field = column.field
            is_name = not field.is_typed and field.enum is None
            places = self.names if is_name else self.days if field.type == "date" else self.others
            places += [place] * (not field.unique)
        self.rows: dict[tuple[str | None, ...], list[tuple[str, list[str | None], int]]] = {}

    def find(self, values: Sequence[str | None], number: int) -> int | None:
        """Return the number of an earlier row that these values of a row are a copy of."""
        others = tuple(map(values.__getitem__, self.others))
        days = [*map(values.__getitem__, self.days)]
        name = "".join(filter(None, map(values.__getitem__, self.names)))
        # Many say that there is nothing yet, or that there are few cases.
        is_special = any(map(_is_figure, others))
        if not is_special and not any(days):
            return None
        known = self.rows.setdefault(others, [])
        found = _find_alike(known[-_NEAR:], name, days, _SAME_NAME if is_special else 1)
        known.append((name, days, number))
        return found


def _is_figure(value: str | None) -> bool:
    return value is not None and value.isdecimal() and len(value) > 1


def _find_alike(
    known: Iterable[tuple[str, list[str | None], int]],
    name: str,
    days: Sequence[str | None],
    likeness: float,
) -> int | None:
    for text, since, number in known:
        is_next = all(map(_is_next, days, since))
        if is_next and SequenceMatcher(None, text, name).ratio() >= likeness:
            return number
    return None


def _is_next(day: str | None, other: str | None) -> bool:
    """Tell whether a day is the same as the other, or the day after it."""
    if day is None or other is None:
        return day == other
    return 0 <= (date.fromisoformat(day) - date.fromisoformat(other)).days <= 1


def _list_unique(columns: Sequence[AnswerColumn]) -> list[tuple[int, str]]:
    """Return the places of what is unique in the ward, with the value of its example."""
    unique = ((place, one.field) for place, one in enumerate(columns) if one.field.unique)
    return [(place, field.example) for place, field in unique]


def _span_of(columns: Sequence[AnswerColumn]) -> tuple[int, list[AnswerColumn | None]]:
    """Return the first number, and all columns to the last; None for those that are unknown."""
    numbers = {column.number: column for column in columns}
    first = min(numbers)
    return first, [numbers.get(one) for one in range(first, max(numbers) + 1)]


Described = TypeVar("Described", bound=RecordSheet)


@dataclass(frozen=True)
class ColumnFinder(Generic[Described]):
    """Works out what is to be read from the columns of the tables that a description is of."""

    description: Described

    @cached_property
    def headings(self) -> Headings:
        """The headings under which the fields may be."""
        return Headings(self.description.fields, self.description.search_rows)

    @cached_property
    def fields(self) -> dict[str, FormField]:
        """The fields by name."""
        return {field.name: field for field in self.description.fields}

    @cached_property
    def judges(self) -> dict[str, Judge]:
        """What judges the answers to each field but personal ones, which are not needed."""
        return {name: judge_of(field) for name, field in self.fields.items() if not field.personal}

    @cached_property
    def examples(self) -> dict[str, set[str | None]]:
        """The values of the examples of those fields of which they say anything."""
        judged = ((name, judge, self.fields[name].examples) for name, judge in self.judges.items())
        said = ((name, {judge(one).seen.value for one in texts}) for name, judge, texts in judged)
        return {name: values - {None} for name, values in said if values != {None}}

    @cached_property
    def signs_of(self) -> Callable[..., int]:
        """Returns the signs that cells are answers to the fields in their order, and remembers."""
        columns = [self._make_column(one, at) for at, one in enumerate(self.description.fields)]
        return lru_cache(_KEPT, typed=True)(lambda *cells: count_signs(columns, cells))

    @cached_property
    def lines_of(self) -> Callable[[frozenset[str], Period | None], Lines]:
        """Returns what judges lines around tables of such units, asked for of a quarter."""
        return lru_cache(lambda units, period: Lines(units, self.description.sheet, period))

    @cached_property
    def judge_in_unit(self) -> Callable[[str, str], Judge]:
        """Returns what judges the answers to a field in rows of a unit."""
        return lru_cache(
            lambda name, unit: judge_of(self.fields[name].model_copy(update={"unit": unit}))
        )

    def find_columns(self, sheet: Sheet, table: FoundTable) -> Columns:
        """Work out the columns of a table that was found in a sheet."""
        remarks = list(self._remark_on_headings(sheet, table))
        aside = list(self._find_aside(table))
        answers: list[AnswerColumn] = []
        for name, number in sorted(table.columns.items(), key=itemgetter(1)):
            if name not in self.judges:
                continue
            field = self.fields[name]
            remark = self.remark_on_parentheses(field, find_heading(sheet, table, number))
            if remark:
                remarks.append(remark)
            is_other = remark is not None and remark.rule_id == Kind.HEADING_UNIT
            (aside if is_other else answers).append(self._make_column(field, number))
        keys = (one.name for one in self.description.key_fields)
        bare = find_bare_columns(sheet, table)
        return Columns(answers, keys, self.examples, bare, remarks, aside)

    def _find_aside(self, table: FoundTable) -> Iterator[AnswerColumn]:
        """Yield columns that are not read, as of the fields that their headings resemble."""
        missing = [self.fields[name] for name in self.judges if name not in table.columns]
        unknown = table.unknown.items() if missing and self.description.is_complete else ()
        for number, heading in unknown:
            if field := suggest_field(heading, missing):
                yield self._make_column(field, number)

    def _make_column(self, field: FormField, number: int) -> AnswerColumn:
        examples = field.examples if field.example else ()
        letters, judge = xl_col_to_name(number), self.judges[field.name]
        return AnswerColumn(number, letters, field, judge, examples)

    def guess_table(self, sheet: Sheet) -> FoundTable | None:
        """Return the table of a sheet in which headings of key fields are only almost right."""
        table = find_most_headings(sheet, self.headings)
        if table is None or 2 * len(table.columns) < self.headings.count:
            return None
        columns, unknown, guessed = dict(table.columns), dict(table.unknown), dict[str, str]()
        for field in self.description.key_fields:
            if field.name in columns:
                continue
            for column, text in unknown.items():
                if suggest_field(text, [field]) and not means_something_else(text):
                    columns[field.name], guessed[field.name] = column, unknown.pop(column)
                    break
            else:
                return None
        return FoundTable(table.header_row, columns, unknown, guessed)

    def remark_on_missing(self, name: str, texts: Iterable[str]) -> Remark:
        """Remark on a heading or label that is not there, with the text that may mean it."""
        missing = self.fields[name]
        meant = next((text for text in texts if suggest_field(text, [missing])), None)
        hint = f"「{meant}」がそれに当たりますか。" if meant else ""
        return Remark(Kind.MISSING_HEADING, None, None, {"heading": missing.title, "hint": hint})

    def _remark_on_headings(self, sheet: Sheet, table: FoundTable) -> Iterator[Remark]:
        for name, heading in table.guessed.items():
            cell = cell_address(table.header_row, table.columns[name])
            yield Remark(Kind.GUESSED_HEADING, cell, heading, {"heading": self.fields[name].title})
        missing = [name for name in self.judges if name not in table.columns]
        unknown = table.unknown if self.description.is_complete else {}
        for name in missing:
            yield self.remark_on_missing(name, unknown.values())
        if unknown:
            yield from self._remark_on_unknown(sheet, table, missing)
        if self.description.is_complete:
            yield from self._remark_on_groups(sheet, table)

    def _remark_on_groups(self, sheet: Sheet, table: FoundTable) -> Iterator[Remark]:
        """Remark on what columns have in common that may ask for something else: 前回の状況."""
        for at, row in zip(count(table.header_row, -1), reversed(list_heading_rows(sheet, table))):
            # A text alone in its row is a title.
            for number in table.columns.values() if len(row) - row.count("") > 1 else ():
                text = raw_text_of(row[number])
                # A year may be the one that is asked for.
                is_other = means_something_else(fold(text).replace("年度", ""))
                if is_other and heading_key(text) not in self.headings.names:
                    yield Remark(Kind.TITLE_OF_ANOTHER_TABLE, cell_address(at, number), text, {})

    def _remark_on_unknown(
        self, sheet: Sheet, table: FoundTable, missing: Sequence[str]
    ) -> Iterator[Remark]:
        fields = [self.fields[name] for name in missing]
        for column, heading in table.unknown.items():
            meant = suggest_field(heading, fields)
            hint = f"「{meant.title}」のことですか。" if meant else ""
            rule_id = Kind.SECOND_COLUMN if heading in self.headings.names else Kind.UNKNOWN_HEADING
            text = " ".join(raw_text_of(find_heading(sheet, table, column).value).split())
            cell = cell_address(table.header_row, column)
            yield Remark(rule_id, cell, text or heading, {"hint": hint})

    def remark_on_parentheses(self, item: FormField, heading: FoundLabel) -> Remark | None:
        """Return a remark on a heading with another unit, or with words that may mean another."""
        text = raw_text_of(heading.value)
        may_name_day = not self.description.is_complete
        found = _judge_parentheses(text, item.headings, item.unit or "", may_name_day=may_name_day)
        if found is None:
            return None
        rule_id, other = found
        words = {"heading": item.title, "unit": item.unit or "", "other": other}
        return Remark(rule_id, cell_address(heading.row, heading.column), text, words)


@lru_cache(maxsize=4096)
def _judge_parentheses(
    text: str, headings: Sequence[str], unit: str, *, may_name_day: bool
) -> tuple[Kind, str] | None:
    """Return what is wrong with a heading, and the other unit that it names."""
    if means_something_else(fold(text).partition("※")[2]):
        return Kind.GUESSED_HEADING, ""
    for said in IN_PARENTHESES.findall(fold(text)):
        named = UNIT_WORD.sub("", said)
        if unit and is_other_unit(named, unit):
            return Kind.HEADING_UNIT, named
        # Ministries put the day of a column into its heading.
        is_day = may_name_day and named.endswith(("時点", "現在"))
        known = fold(" ".join((*headings, unit)))
        if not is_day and named not in known and not _HOW_TO_ANSWER.fullmatch(said):
            return Kind.GUESSED_HEADING, ""
    return None


def suggest_field(heading: str, fields: Iterable[FormField]) -> FormField | None:
    """Return the one of the fields that an unknown heading most likely means, or None."""
    key = heading_key(heading)
    likeness = [
        (SequenceMatcher(None, key, heading_key(title)).ratio(), field)
        for field in fields
        for title in field.headings
    ]
    ratio, best = max(likeness, key=itemgetter(0), default=(0, None))
    return best if ratio >= _LIKENESS else None


def count_signs(columns: Iterable[AnswerColumn], cells: Sequence[CellValue]) -> int:
    """Return how many signs there are that cells are a row of answers; below 0 against it.

    A number or a day is one, what hardly anything else looks like, such as a choice, are two, and
    the number of a record four.
    """
    pairs = list(zip(columns, cells, strict=False))
    if any(cell == "" and one.field.key and not one.field.optional for one, cell in pairs):
        return -1
    given = [(one.field, one.judge(cell).reading.status) for one, cell in pairs if cell != ""]
    return (len(given) > _FEW) + sum(starmap(_weigh, given))


def _weigh(field: FormField, status: AnswerStatus) -> int:
    is_special = bool(field.enum or field.pattern)
    if not (field.is_typed or is_special):
        return 0
    if status == "unreadable":
        return -4 if field.key else -2
    return (1 + is_special) * (1 + field.key) * (status == "answered")


def find_displacement(
    cells: Sequence[CellValue], span: Sequence[AnswerColumn | None]
) -> tuple[int, bool] | None:
    """Find out whether cells of a row have moved by one column, as after inserting or deleting one.

    So it is if one of them looks right only in the column before or after, and all beyond it
    would be right there too. Its place comes with whether that is certain: a remark may hold
    anything.
    """
    row = _Row(cells, span, [_status_in(one, cell) for one, cell in zip(span, cells, strict=True)])
    found = None
    for place, column in enumerate(span):
        if column is None or not row.may_be_misplaced(place, column):
            continue
        for step in (-1, 1):
            if row.looks_right_beside(place, step) and row.has_moved(place, step):
                if not column.field.free_text:
                    return place, True
                found = found or (place, False)
    return found


def _status_in(column: AnswerColumn | None, cell: CellValue) -> AnswerStatus:
    """Return how a cell is read in a column; one that is not to be read may hold any text."""
    return (column.judge(cell).seen if column else read_text(cell)).status


class _Row(NamedTuple):
    cells: Sequence[CellValue]
    span: Sequence[AnswerColumn | None]
    statuses: Sequence[AnswerStatus]

    def may_be_misplaced(self, place: int, column: AnswerColumn) -> bool:
        status = self.statuses[place]
        is_free = status == "answered" and not column.field.is_typed
        return is_free or status in {"unreadable", "undetermined"}

    def looks_right_beside(self, place: int, step: int) -> bool:
        beside = self.span[place + step] if 0 <= place + step < len(self.span) else None
        if beside is None or not beside.field.is_typed:
            return False
        if self.statuses[place] != "unreadable" and self.statuses[place + step] == "answered":
            return False
        return _status_in(beside, self.cells[place]) == "answered"

    def has_moved(self, place: int, step: int) -> bool:
        if not all(self.fits(other, step) for other in range(place, len(self.cells))):
            return False
        # Cells that moved to the right have left a blank one.
        for other in range(place - 1, -1, -1) if step < 0 else ():
            if self.statuses[other] == "not_answered":
                return True
            if not self.fits(other, -1):
                return False
        return step > 0

    def fits(self, place: int, step: int) -> bool:
        if self.statuses[place] == "not_answered":
            return True
        beside = place + step
        if not 0 <= beside < len(self.cells):
            return False
        return _status_in(self.span[beside], self.cells[place]) != "unreadable"
