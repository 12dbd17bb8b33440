"""The survey form as data: its sheets, their fields, and who is asked when.

Central files of the ministry and of the ward's systems are described with the same words,
because they are read in the same way: by heading.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, ConfigDict, PositiveInt, PrivateAttr, model_validator
from pydantic import Field as Described

from sumida_data.base.characters import comparable
from sumida_data.base.metadata import (
    Field,
    Listed,
    Model,
    Name,
    PeriodText,
    Title,
    find_repeated,
    refuse,
)
from sumida_data.base.periods import Period

# Government forms put titles and instructions above a table, rarely more than this.
HEADER_SEARCH_ROWS = 60
# Beyond these a quarter is a slip of the hand.
_FIRST_PERIOD, _LAST_PERIOD = "FY2000Q1", "FY2098Q4"
# So many quarters may follow one that is listed before another has to be listed.
_FOLLOWING = 4
_SATURDAY = 5


class FormField(Field):
    """One item that a sheet asks for.

    Attributes:
        key: Whether it names the record; together with period and department it is unique.
        aliases: Other headings under which the item has been seen.
        synonyms: For each choice, other words for it.
        blank_is: The choice that an empty cell means.
        asked_when: Fields of the same record and the choices on which this one is asked for;
            without any it always is.
        optional: Whether an empty cell needs no answer.
        example: An example answer, for the example row and for findings.
        former_examples: Those of forms handed out earlier.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    key: bool = False
    unique: bool = False
    aliases: tuple[Title, ...] = ()
    synonyms: dict[str, tuple[Title, ...]] = Described(default_factory=dict)
    blank_is: str | None = None
    asked_when: dict[Name, tuple[str, ...]] = Described(default_factory=dict)
    optional: bool = False
    example: str = ""
    former_examples: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _refuse_two_meanings(self) -> Self:
        choices = self.enum or ()
        if unknown := {*self.synonyms, self.blank_is or ""} - {"", *choices}:
            raise ValueError(f"{'、'.join(sorted(unknown))} は enum にありません")
        means = {comparable(choice): choice for choice in choices}
        for choice, word in ((one, word) for one, words in self.synonyms.items() for word in words):
            if (other := means.setdefault(comparable(word), choice)) != choice:
                raise ValueError(f"synonyms の {word} が {other} と {choice} の2つにあります")
        return self

    @property
    def is_typed(self) -> bool:
        """Whether not every text can be an answer."""
        return self.enum is not None or self.type != "string"

    @property
    def examples(self) -> tuple[str, ...]:
        """The example answers of all forms that may come back."""
        return (self.example, *self.former_examples)

    @property
    def needs_answer(self) -> bool:
        """Whether an empty cell is an answer missing, where the item is asked for at all."""
        return not self.optional and not self.blank_is

    @property
    def headings(self) -> tuple[str, ...]:
        """All headings under which the item may be."""
        return (self.title, *self.aliases)


class Condition(Model):
    """What an answer is like: given or not, a choice, more than another field's number.

    All that is said must hold. A planned day is one after the quarter, or said to be expected; a
    number may be said to be about so much.
    """

    given: bool | None = None
    one_of: tuple[str, ...] = ()
    more_than: Name | None = None
    planned: bool = False
    about: bool = False


class Contradiction(Model):
    """Answers of one record, by field, that cannot all be right; the first is to be looked at."""

    message: str
    when: dict[Name, Condition] = Described(min_length=1)


class RecordSheet(Model):
    """A sheet, or the part of one, whose answers become one typed table.

    A file without sheets has an empty sheet name. The fields are in an officer's order.
    """

    # Whether every column of the sheet is described, so that another one is worth a finding.
    is_complete: ClassVar[bool] = False
    # Within how many rows from the top its headings are.
    search_rows: ClassVar[int] = HEADER_SEARCH_ROWS
    named_by: ClassVar[str] = "table"

    sheet: str
    table: Name
    fields: tuple[FormField, ...]
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def key_fields(self) -> tuple[FormField, ...]:
        """The fields that name a record."""
        return tuple(field for field in self.fields if field.key)

    @model_validator(mode="after")
    def _refuse_repeated_names(self) -> Self:
        # One heading cannot say which of two fields it means.
        repeated = find_repeated(one for field in self.fields for one in {*field.headings})
        refuse({f"見出し {'、'.join(repeated)} が2回書かれています": repeated})
        return self

    @model_validator(mode="after")
    def _refuse_unknown_names(self) -> Self:
        fields = {field.name: field for field in self.fields}
        for name, condition in self._list_conditions():
            if name not in fields:
                raise ValueError(f"シート「{self.sheet}」に項目 {name} はありません")
            if condition == Condition():
                raise ValueError(
                    f"項目 {name} の条件が空です。どのような答えのときかを書いてください"
                )
            if unknown := set(condition.one_of) - set(fields[name].enum or ()):
                raise ValueError(f"項目 {name} に選択肢 {'、'.join(sorted(unknown))} はありません")
            if condition.more_than and fields[name].type not in {"integer", "number"}:
                raise ValueError(f"項目 {name} は数でないので比べられません")
        return self

    def _list_conditions(self) -> Iterator[tuple[str, Condition]]:
        for field in self.fields:
            for name, choices in field.asked_when.items():
                yield name, Condition(one_of=choices)
        for name, condition in (two for one in self.contradictions for two in one.when.items()):
            yield name, condition
            if condition.more_than:
                yield condition.more_than, Condition(more_than=name)


class SurveySheet(RecordSheet):
    """A part of the survey form; title and description are those of its typed table.

    Attributes:
        layout: ``labels`` for label cells with the answer beside them, ``rows`` for a table.
        kind: ``stock`` may be carried forward; ``events`` and ``year_to_date`` never are. The
            answers to ``indicators`` are given anew each quarter, by the department that owns them.
        counts_only: Whether its rows never go out, only figures counted from them.
    """

    is_complete: ClassVar[bool] = True

    title: Title
    title_en: Title
    description: str
    layout: Literal["labels", "rows"]
    kind: Literal["cover", "stock", "events", "year_to_date", "indicators"]
    counts_only: bool = False

    @model_validator(mode="after")
    def _refuse_what_is_asked_too_late(self) -> Self:
        asked_from = {field.name: field.asked_from or "" for field in self.fields}
        for field in self.fields:
            if field.asked_from and (field.key or self.kind == "cover"):
                raise ValueError(f"項目 {field.name} は行を表すので、asked_from は書けません")
            for other in (*field.asked_when, *filter(None, (field.unit_field,))):
                if asked_from.get(other, "") > asked_from[field.name]:
                    raise ValueError(
                        f"項目 {field.name} は {other} によるので、{other} の asked_from より"
                        "前からは照会できません"
                    )
        return self

    def asked_in(self, period: str) -> Self:
        """Return the part without the fields that are asked for only in later quarters."""
        later = {one.name for one in self.fields if one.asked_from and period < one.asked_from}
        fields = tuple(one for one in self.fields if one.name not in later)
        contradictions = tuple(
            contradiction
            for contradiction in self.contradictions
            if later.isdisjoint(contradiction.when)
            and later.isdisjoint(one.more_than for one in contradiction.when.values())
        )
        return self.model_copy(update={"fields": fields, "contradictions": contradictions})

    @property
    def asked_fields(self) -> tuple[FormField, ...]:
        """The fields that need an answer."""
        return tuple(field for field in self.fields if field.needs_answer)


class Form(Model):
    """The survey form: its parts, cover sheet first, and line by line how to fill it in."""

    version: str
    title: Title
    guidance: tuple[str, ...] = ()
    sheets: tuple[SurveySheet, ...]

    @property
    def cover(self) -> SurveySheet:
        """The cover sheet."""
        return self.sheets[0]

    @property
    def answer_sheets(self) -> tuple[SurveySheet, ...]:
        """All parts but the cover sheet."""
        return self.sheets[1:]

    def asked_in(self, period: str) -> "Form":
        """Return the form as it is in a quarter."""
        sheets = tuple(sheet.asked_in(period) for sheet in self.sheets)
        return self.model_copy(update={"sheets": sheets})

    def sheet_of(self, table: str) -> SurveySheet | None:
        """Return the part whose answers become this table, or None."""
        return next((sheet for sheet in self.sheets if sheet.table == table), None)


def _refuse_other_words(asked: object) -> object:
    is_list = isinstance(asked, list | tuple) and all(isinstance(code, str) for code in asked)
    if asked != "all" and not is_list:
        raise ValueError('all か、引用符で囲んだ課コードの一覧(["1203", "1204"])で書いてください')
    return asked


# Checked beforehand, because of a union pydantic reports what is wrong with each of its members.
Asked = Annotated[Literal["all"] | tuple[str, ...], BeforeValidator(_refuse_other_words)]


class Wave(Model):
    """One quarter's inquiry: the departments asked, and which of them for which sheets."""

    due_on: date
    departments: Asked
    sheets: dict[str, Asked]
    _follows: str = PrivateAttr("")

    @property
    def follows(self) -> str:
        """The quarter whose inquiry is taken over, where none is listed; or ''."""
        return self._follows

    def move(self, start: Period, period: Period) -> "Wave":
        """Return the same inquiry in a later quarter, due as many days after its end.

        A day at a weekend becomes the Monday after it; holidays are not known.
        """
        due_on = period.last_day + (self.due_on - start.last_day)
        due_on += timedelta(days=7 - due_on.weekday() if due_on.weekday() >= _SATURDAY else 0)
        moved = self.model_copy(update={"due_on": due_on})
        moved._follows = str(start)
        return moved

    def asks(self, department_code: str) -> bool:
        """Tell whether the department is asked at all."""
        return self.departments == "all" or department_code in self.departments

    def sheets_for(self, department_code: str | None) -> tuple[str, ...]:
        """Return the names of the sheets that the department is asked for."""
        asked = self.sheets.items()
        return tuple(name for name, codes in asked if codes == "all" or department_code in codes)


class Waves(Listed[dict[PeriodText, Wave]]):
    """The inquiries by period: those that are listed, and for a year after each those between."""

    @property
    def listed(self) -> dict[str, Wave]:
        """Those that the office has written down."""
        return {period: wave for period, wave in self.root.items() if not wave.follows}

    def explain(self, period: str) -> str:
        """Say what an inquiry that is not listed was taken from; nothing of one that is."""
        wave = self.root.get(period)
        if not (wave and wave.follows):
            return ""
        return (
            f"{period} は waves.yml にないので、{wave.follows} と同じ課とシートに、締切日 "
            f"{wave.due_on} で照会するものとします。違うときは waves.yml に書いてください。"
        )

    @model_validator(mode="after")
    def _refuse_senseless_days(self) -> Self:
        for period, wave in self.root.items():
            if not _FIRST_PERIOD <= period <= _LAST_PERIOD:
                raise ValueError(
                    f"{period} の調査はできません。{_FIRST_PERIOD} から {_LAST_PERIOD} までの"
                    "四半期を書いてください"
                )
            last_day = Period.parse(period).last_day
            if not timedelta() <= wave.due_on - last_day <= timedelta(days=366):
                raise ValueError(
                    f"{period} の due_on {wave.due_on} は基準日 {last_day} から1年までの日に"
                    "してください"
                )
        return self

    @model_validator(mode="after")
    def _let_follow(self) -> Self:
        for start in sorted(map(Period.parse, self.root), reverse=True):
            period = start
            for _ in range(_FOLLOWING):
                period = period.next
                self.root.setdefault(str(period), self.root[str(start)].move(start, period))
        return self


class CentralSource(RecordSheet):
    """A file that the ICT office adds itself.

    Attributes:
        source: Name of the source and of its folder.
        attribution: The line that must accompany figures from it.
        path: The page on which it is published, or None.
        layouts: Where the publisher has changed the table: for each form that it has had, the
            fields that not all of them have. The form that fits best is read.
        heading_dates: Columns whose heading carries a date, and the field that takes the date.
        title_date: The field whose date may be in the title instead.
        rows_expected: How many municipalities the table lists; None where it has other rows.
        grouped_by: The field that groups rows, such as the dataset of a file; both are counted.
        month: The field whose month gives the as-of date, its last day; each month of such a list
            has a row of each department.
        words: By field all words that it may hold; a blank counts as the first.
        owner_headings: Headings under which a row names the municipality that it is of.
        since: The field whose day says from when on a row counts.
    """

    source: Name
    title: Title
    publisher: str
    license: str
    attribution: str
    path: str | None = None
    layouts: tuple[tuple[Name, ...], ...] = ()
    heading_dates: dict[Name, Name] = Described(default_factory=dict)
    title_date: Name | None = None
    rows_expected: PositiveInt | None = None
    grouped_by: Name | None = None
    month: Name | None = None
    words: dict[Name, tuple[str, ...]] = Described(default_factory=dict)
    owner_headings: tuple[str, ...] = ()
    since: Name | None = None

    # Ministries put notes, prefectures and old rows above the table.
    search_rows: ClassVar[int] = 200
    named_by: ClassVar[str] = "source"

    @property
    def forms(self) -> tuple["CentralSource", ...]:
        """The source in each form that its table has had."""
        special = {name for layout in self.layouts for name in layout}
        forms = [
            tuple(one for one in self.fields if one.name not in special or one.name in layout)
            for layout in self.layouts or ((),)
        ]
        return tuple(self.model_copy(update={"fields": fields}) for fields in forms)


class CentralSources(Listed[tuple[CentralSource, ...]]):
    """The central sources."""
