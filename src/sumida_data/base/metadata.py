"""One description of every field and table, from which all other descriptions are made.

The blank form, the reader, the checks, Parquet and DuckDB types and comments, the Table Schema of
the published packages and the reference pages all read these models. The words are those of the
Table Schema standard (name, title, type, constraints) with a few of our own: English title, unit,
personal, published. With them are the municipality, and how much may be missing from its figures.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, ClassVar, Generic, Literal, Self, TypeVar, get_origin

from pydantic import BaseModel, ConfigDict, RootModel, model_validator
from pydantic import Field as Described

FieldType = Literal["string", "integer", "number", "date", "yearmonth", "boolean"]
_NAME = re.compile("^[a-z][a-z0-9_]*$")
Name = Annotated[str, Described(pattern=_NAME.pattern, max_length=63)]
# One row of a table, by column.
Row = dict[str, Any]
# A heading or a title: every page and file shows it in one line.
ONE_LINE = r"^\S(?:.*\S)?$"
Title = Annotated[str, Described(pattern=ONE_LINE)]
LanguageCode = Literal["ja", "en"]
PeriodText = Annotated[str, Described(pattern=r"^FY[0-9]{4}Q[1-4]$")]

Listing = TypeVar("Listing")
Thing = TypeVar("Thing")

# What may not be, in words, each with whether it is.
Mistakes = Mapping[str, object]


def refuse(mistakes: Mistakes, error: type[Exception] = ValueError) -> None:
    """Raise a ValueError, or another error, with the first mistake that was made."""
    for words, made in mistakes.items():
        if made:
            raise error(words)


def find_repeated(names: Iterable[str]) -> list[str]:
    """Return the names that are there more than once, in order."""
    return sorted(name for name, times in Counter(names).items() if times > 1)


def group_by(things: Iterable[Thing], key: Callable[[Thing], Any]) -> defaultdict[Any, list[Thing]]:
    """Return things by what the key says of each, in their order."""
    groups = defaultdict(list)
    for one in things:
        groups[key(one)].append(one)
    return groups


class Model(BaseModel):
    """Base of all models read from YAML: unknown keys are refused, values do not change."""

    # The field that tells one from the others of a list, where it has one.
    named_by: ClassVar[str] = "name"

    # What validates a model is made when it first does: a command needs few of them.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="after")
    def _refuse_mistakes(self) -> Self:
        own = getattr(self, self.named_by, None)
        for name in _list_lists(type(self)):
            refuse_repeated(getattr(self, name), f"{own} の {name} の " if own else f"{name} の ")
        refuse(self._mistakes())
        return self

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        # Kedro copies parameters for every node; what does not change needs no copy.
        return self

    def _mistakes(self) -> Mistakes:
        return {}


@cache
def _list_lists(model: type[Model]) -> list[str]:
    fields = model.model_fields.items()
    return [name for name, field in fields if get_origin(field.annotation) is tuple]


def refuse_repeated(listed: object, place: str = "") -> None:
    """Raise a ValueError if a list has two models, or tables or columns, of one name."""
    names = []
    for one in listed if isinstance(listed, tuple) else ():
        if isinstance(one, Model):
            names.append(getattr(one, one.named_by, None))
        elif isinstance(one, str) and _NAME.fullmatch(one):
            names.append(one)
    repeated = find_repeated(name for name in names if isinstance(name, str))
    refuse({f"{place}{'、'.join(repeated)} が2回書かれています。1つにしてください": repeated})


class Listed(RootModel[Listing], Generic[Listing]):
    """Base of all lists and mappings of models that are read from YAML."""

    model_config = ConfigDict(defer_build=True)

    @model_validator(mode="after")
    def _refuse_repeated(self) -> Self:
        refuse_repeated(self.root)
        return self


class Code(Model):
    """What one of the allowed values of a field means.

    Attributes:
        title: Its Japanese word, wherever people read it.
        title_en: Its English word; empty where no page in English shows it.
        description: What it means where the word does not say so, in Japanese.
    """

    title: Title
    title_en: str = ""
    description: str = ""

    @model_validator(mode="before")
    @classmethod
    def _accept_word(cls, code: Any) -> Any:
        return {"title": code} if isinstance(code, str) else code

    def word(self, language: LanguageCode = "ja") -> str:
        """Return its word in a language."""
        return self.title_en if language == "en" else self.title


class Field(Model):
    """One column of a table, or one item that a form asks for.

    Attributes:
        name: Machine name in ASCII snake case, at most 63 bytes so that a database keeps it.
        title: Japanese heading, as officers and readers see it.
        title_en: English heading.
        type: Table Schema type.
        description: What a value means, in Japanese.
        unit: Unit of a number, such as 件 or %.
        unit_field: The field that holds the unit, where it differs from row to row.
        required: Whether a value may be missing.
        enum: All values allowed here, in the order in which a form lists them. In YAML a
            mapping gives each its ``Code``; meanings other than the value end the description.
        codes: What the values of ``enum`` mean; their titles are the values where none is given.
        status: Name of the column that says why a value is missing.
        empty: What a missing value means, by code, where there is only one reason.
        minimum: Smallest number allowed.
        maximum: Largest number allowed.
        pattern: Regular expression that the whole text must match.
        personal: Whether it names or reaches a person; such a field never leaves ingest.
        published: Whether it may be published; nothing is unless it says so.
        screened: Whether it is searched for personal data as a published one is, because parts of
            its texts are published elsewhere, or analysts see it.
        free_text: Whether it may hold anything; it is never published as a whole, only those
            cells that a person has released one by one.
        listed: Whether its words come from a list that the office keeps. Other words that have
            neither a list of values nor a pattern are free: people see them before they go out.
        deprecated: The quarter in which it was announced that the field will go.
        asked_from: The first quarter in which the survey asks for it; None for all.
    """

    name: Name
    title: Title
    title_en: Title
    type: FieldType = "string"
    description: str = ""
    unit: Title | None = None
    unit_field: Name | None = None
    required: bool = False
    enum: tuple[Title, ...] | None = None
    codes: dict[str, Code] = Described(default_factory=dict)
    status: Name | None = None
    empty: Annotated[dict[Name, Code], Described(max_length=1)] = Described(default_factory=dict)
    minimum: int | None = None
    maximum: int | None = None
    pattern: Annotated[str, Described(min_length=1)] | None = None
    personal: bool = False
    published: bool = False
    screened: bool = False
    free_text: bool = False
    listed: bool = False
    deprecated: PeriodText | None = None
    asked_from: PeriodText | None = None

    @model_validator(mode="before")
    @classmethod
    def _spell_out_codes(cls, field: Any) -> Any:
        if not isinstance(field, dict) or not isinstance(field.get("enum"), dict):
            return field
        codes = {
            name: Code.model_validate({"title": name} | code if isinstance(code, dict) else code)
            for name, code in field["enum"].items()
        }
        meanings = {name: code.description or code.title for name, code in codes.items()}
        words = "、".join(
            f"{name} {meaning}" for name, meaning in meanings.items() if meaning != name
        )
        description = f"{field.get('description', '')}{words}{'。' * bool(words)}"
        return field | {"enum": tuple(codes), "codes": codes, "description": description}

    def say_empty(self, language: LanguageCode = "ja") -> str:
        """Say what a missing value means; nothing where that is not one reason."""
        return "".join(code.word(language) for code in self.empty.values())

    def _mistakes(self) -> Mistakes:
        bounds = [bound for bound in (self.minimum, self.maximum) if bound is not None]
        try:
            re.compile(self.pattern or "")
        except re.error as error:
            raise ValueError(f"pattern の {self.pattern} は正規表現ではありません") from error
        return {
            "minimum は maximum 以下にしてください": bounds != sorted(bounds),
            "個人に関する項目(personal)は公開(published)にできません": (
                self.personal and self.published
            ),
            "自由記入(free_text)は公開(published)にできません。欄ごとに公開を認めます": (
                self.free_text and self.published
            ),
        }


class ForeignKey(Model):
    """Fields whose values must be found in another table.

    Attributes:
        fields: Names in this table.
        table: The table referred to.
        reference_fields: Names there, in the same order.
    """

    fields: tuple[Name, ...]
    table: Name
    reference_fields: tuple[Name, ...]

    def _mistakes(self) -> Mistakes:
        uneven = len(self.fields) != len(self.reference_fields)
        return {"fields と reference_fields は同じ数だけ書いてください": uneven}


class Table(Model):
    """One table.

    Attributes:
        name: Machine name, the same in Parquet, DuckDB and packages.
        description: What one row is, and what a reader must know, in Japanese.
        primary_key: Names of the fields that tell rows apart.
        counts_only: Whether its rows never go out, only figures counted from them.
        listed: Whether all its words come from lists and texts that the office keeps.
    """

    name: Name
    title: Title
    title_en: Title
    description: str
    counts_only: bool = False
    listed: bool = False
    primary_key: tuple[Name, ...] = ("row_id",)
    foreign_keys: tuple[ForeignKey, ...] = ()
    fields: tuple[Field, ...]

    def _mistakes(self) -> Mistakes:
        names = self.column_names
        missing = sorted(set(self.primary_key) - set(names))
        foreign = {name for key in self.foreign_keys for name in key.fields} - set(names)
        unknown = "、".join(sorted(foreign))
        return {
            f"表 {self.name} の主キー {'、'.join(missing)} が列にありません": missing,
            f"表 {self.name} の foreign_keys の {unknown} が列にありません": foreign,
        }

    def field(self, name: str) -> Field:
        """Return the field of that name, or raise a KeyError."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"表 {self.name} に列 {name!r} はありません。")

    @property
    def free_words(self) -> list[Field]:
        """The published fields whose words are anybody's own."""
        return [
            one
            for one in self.fields
            if one.published
            and one.type == "string"
            and not (self.listed or one.listed or one.enum or one.pattern)
        ]

    @property
    def column_names(self) -> list[str]:
        """The names of the columns, in order."""
        return [field.name for field in self.fields]


class DataDictionary(Model):
    """All tables of the project, in the order in which data flows."""

    tables: tuple[Table, ...]

    def __getitem__(self, name: str) -> Table:
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(f"表 {name!r} は定義されていません。")

    def __contains__(self, name: str) -> bool:
        return any(table.name == name for table in self.tables)

    def names(self) -> Iterator[str]:
        """Yield the names of the tables."""
        return (table.name for table in self.tables)

    def words(self, column: str, language: LanguageCode = "ja") -> dict[str, str]:
        """Return the words of a column's codes, by code; the column is named table.field."""
        table, _, field = column.partition(".")
        codes = self[table].field(field).codes
        return {name: code.word(language) for name, code in codes.items()}

    def word(self, column: str, code: str, language: LanguageCode = "ja") -> str:
        """Return the word of one code of a column, as on_track of indicator_progress.verdict."""
        return self.words(column, language)[code]


class HomeMunicipality(Model):
    """The municipality whose figures are computed and published.

    Attributes:
        code: Its six-digit code, with check digit.
        name: Its name.
        name_en: Its English name.
        prefecture_name: Its prefecture, which tells municipalities of one name apart.
        office: The office that asks the departments and publishes the figures.
    """

    code: str = Described(pattern="^[0-9]{6}$")
    name: str
    name_en: str
    prefecture_name: str
    office: str

    @property
    def kind(self) -> str:
        """What it calls itself for short: 区, 市, 町, 村, or 県."""
        return self.name[-1]


class Gap(Model):
    """How much of one kind is missing from the figures of a quarter."""

    title: str
    missing: int
    total: int
    allowed_share: Decimal

    @property
    def exceeds_quota(self) -> bool:
        """Whether a named person must accept the gap before anything is published."""
        return self.missing > self.allowed_share * self.total


class Quota(Model):
    """The gaps up to which the figures of a quarter need nobody's acceptance.

    Attributes:
        departments_missing_share: Departments without a usable return, of those asked.
        rows_set_aside_share: Rows left out of the figures, of all rows in the returns that count.
        reason: Why these.
        two_people: Whether another account must approve than ran and publishes.
    """

    departments_missing_share: Decimal = Described(ge=0, le=1)
    rows_set_aside_share: Decimal = Described(ge=0, le=1)
    reason: str
    two_people: bool = False
