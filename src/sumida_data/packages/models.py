"""The published data packages, and the views of the analysts' database, as data.

From these and the descriptions of the tables follows which columns a table has where it is read: of
one that goes out the published ones; views take theirs from the tables behind them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, ClassVar, NamedTuple

from pydantic import AfterValidator, field_validator
from pydantic import Field as Described

from sumida_data.base.database import Select
from sumida_data.base.metadata import (
    Code,
    DataDictionary,
    Field,
    ForeignKey,
    Mistakes,
    Model,
    Name,
    PeriodText,
    Row,
    Table,
    Title,
    find_repeated,
)

PackageName = Annotated[str, Described(pattern=r"^[a-z0-9][a-z0-9-]+$", max_length=100)]
# Every standard data set of Japanese municipalities begins with its municipality.
MUNICIPALITY = ("municipality_code", "municipality_name")
DATA_DICTIONARY = "data_dictionary"
CODE_LIST = "code_list"
GIVEN = {"given": Code(title="値あり", title_en="Value given")}

Keyword = Annotated[str, Described(pattern=r"^[\w .\-]{2,100}$")]


class PackageError(ValueError):
    """What packages.yml asks for, or a package itself, cannot be published."""


class Frequency(NamedTuple):
    """How often something is updated: in English, and by the European Union's name for DCAT."""

    title_en: Title
    authority: str


# The words for 更新頻度, which the catalogue of Tokyo knows too.
FREQUENCIES = {
    "日次": Frequency("Daily", "DAILY"),
    "週次": Frequency("Weekly", "WEEKLY"),
    "月次": Frequency("Monthly", "MONTHLY"),
    "四半期": Frequency("Quarterly", "QUARTERLY"),
    "半年": Frequency("Twice a year", "ANNUAL_2"),
    "年次": Frequency("Annually", "ANNUAL"),
    "随時": Frequency("As needed", "IRREG"),
}


class License(Model):
    """A licence."""

    name: str
    title: Title
    path: str


class Resource(Model):
    """A table of a package.

    Attributes:
        primary_key: Published fields that identify a row; None where the table's own key does.
        only: Columns and the values that let a row out; without any, every row goes out.
        rows_of: Another table of the package: only what belongs to its rows that go out does.
        hold_back: Whether a row that seems to hold personal data is left out, not the package.
        deprecated: The quarter in which it was announced that the table will go.
    """

    named_by: ClassVar[str] = "table"

    table: Name
    primary_key: tuple[Name, ...] | None = None
    only: dict[Name, tuple[str, ...]] = Described(default_factory=dict)
    rows_of: Name | None = None
    hold_back: bool = False
    deprecated: PeriodText | None = None


class Package(Model):
    """A data package.

    Attributes:
        name: Its name in folders and addresses.
        keywords: Keywords that a catalogue accepts as tags.
    """

    name: PackageName
    title: Title
    title_en: Title
    description: str
    description_en: str
    keywords: tuple[Keyword, ...]
    sources: tuple[Name, ...]
    resources: tuple[Resource, ...] = Described(min_length=1)


class Withdrawn(Model):
    """A data package that is no longer published.

    Attributes:
        name: Its name in folders and addresses, which no other package ever gets.
    """

    name: PackageName
    title: Title
    withdrawn_on: date
    reason: str


class Packages(Model):
    """All data packages, and what they have in common.

    Attributes:
        homepage: Page of the publisher's open data.
        catalogue_url: Address of the preview catalogue; a slash at the end is left out.
        licenses: Licences of the packages; a catalogue shows the first.
        source_licenses: Licences of the sources.
        update_frequency: How often they are updated: one of the words of ``FREQUENCIES``.
        survey_title: Title of the survey as a source.
        withdrawn: Packages that are no longer published.
    """

    publisher: str
    publisher_en: str
    homepage: str
    catalogue_url: Annotated[str, AfterValidator(lambda url: url.rstrip("/"))]
    licenses: tuple[License, ...] = Described(min_length=1)
    source_licenses: tuple[License, ...]
    update_frequency: str
    survey_title: str
    packages: tuple[Package, ...]
    withdrawn: tuple[Withdrawn, ...] = ()

    @field_validator("update_frequency")
    @classmethod
    def _refuse_unknown_frequency(cls, word: str) -> str:
        if word not in FREQUENCIES:
            raise ValueError(f"使えるのは {'、'.join(FREQUENCIES)} です")
        return word

    def _mistakes(self) -> Mistakes:
        names = [one.name for one in self.packages] + [one.name for one in self.withdrawn]
        repeated = find_repeated(names)
        return {f"パッケージの name {repeated} が2回書かれています": repeated}


class View(Model):
    """A table that is computed when it is asked for.

    Attributes:
        description: What one row is, in Japanese.
        tables: The tables that describe its columns; the first that knows a name counts.
        fields: The columns in order: in full, or by the name under which a table describes them.
        query: SQL over tables and earlier views; ``{columns}`` is replaced by the columns' names.
    """

    name: Name
    title: Title
    title_en: Title
    description: str
    tables: tuple[Name, ...]
    fields: tuple[Field | Name, ...]
    query: Select

    @property
    def statement(self) -> str:
        """The query with the columns' names filled in."""
        names = (field if isinstance(field, str) else field.name for field in self.fields)
        return self.query.format(columns=", ".join(names))


class Macro(Model):
    """A question with blanks, called like a table.

    Attributes:
        description: What it returns, in Japanese.
        parameters: The blanks, in order.
        example: A statement that calls it.
        query: SQL over tables and views in which the parameters replace values.
    """

    name: Name
    title: Title
    description: str
    parameters: tuple[Name, ...]
    example: str
    query: Select


class Views(Model):
    """The contents of views.yml.

    Attributes:
        schemas: Tables by their use; those that the project does not have are left out.
    """

    views: tuple[View, ...]
    macros: tuple[Macro, ...]
    schemas: dict[Name, tuple[Name, ...]] = Described(default_factory=dict)


def describe_package_tables(
    package: Package, dictionary: DataDictionary, tables: Collection[str]
) -> dict[str, Table]:
    """Describe the tables of a package, of those that one may hold, as they go out, by name.

    Raises a PackageError if the package names a table, a column or a key that cannot be published.
    """
    described: dict[str, Table] = {}
    for resource in package.resources:
        if resource.table not in tables or resource.table not in dictionary:
            raise PackageError(
                f"packages.yml: resources の table {resource.table!r} という表はありません。"
                f"書けるのは {'、'.join(sorted(tables))} です。"
            )
        table = describe_table(resource, dictionary)
        if parent := resource.rows_of:
            reference = _refer(parent, table, described)
            table = table.model_copy(update={"foreign_keys": (reference,)})
        described[table.name] = table
    return described


def describe_table(resource: Resource, dictionary: DataDictionary) -> Table:
    """Describe a table as it goes out: published columns only, municipality first."""
    table = dictionary[resource.table]
    if table.counts_only:
        raise PackageError(
            f"packages.yml: resources の table {table.name!r} は件数だけを公開する表です。"
            "行は公開できません。"
        )
    if unknown := join_unknown(resource.only, table.column_names):
        raise PackageError(
            f"packages.yml: 表 {table.name} の only に、列 {unknown!r} はありません。"
            f"書けるのは {'、'.join(table.column_names)} です。"
        )
    fields = tuple(_list_published(table, dictionary))
    key = resource.primary_key or table.primary_key
    if unpublished := join_unknown(key, [field.name for field in fields]):
        raise PackageError(
            f"packages.yml: 表 {table.name} の primary_key に、公開しない列 {unpublished} が"
            "あります。公開する列だけで primary_key を書いてください。"
        )
    return table.model_copy(update={"fields": fields, "primary_key": key, "foreign_keys": ()})


def _list_published(table: Table, dictionary: DataDictionary) -> Iterator[Field]:
    """Yield the published fields, with a status beside one that may be missing for one reason."""
    # A table without the municipality's columns gets them from the first that has them.
    fields = [field for one in (table, *dictionary.tables) for field in one.fields]
    known = {field.name: field for field in reversed(fields) if field.published}
    own = [field.name for field in table.fields if field.published]
    _require_municipality(known)
    for name in dict.fromkeys((*MUNICIPALITY, *own)):
        field = known[name]
        # What an empty text means is said once; anything else missing says itself why.
        if not field.empty or field.type in ("string", "yearmonth"):
            yield field
            continue
        status = {
            "name": f"{field.name}_status",
            "title": f"{field.title}の状態",
            "title_en": f"{field.title_en}, status",
            "enum": GIVEN | field.empty,
            "required": True,
            "published": True,
            "deprecated": field.deprecated,
        }
        yield field.model_copy(update={"status": status["name"], "empty": {}})
        yield Field.model_validate(status)


def _require_municipality(known: Collection[str]) -> None:
    if lost := join_unknown(MUNICIPALITY, known):
        raise PackageError(
            f"tables.yml: 公開する列 {lost} がどの表にもありません。戻してください。"
        )


def _refer(parent: str, table: Table, described: Mapping[str, Table]) -> ForeignKey:
    """Return the reference to the table whose rows its rows belong to."""
    place = f"packages.yml: 表 {table.name} の rows_of = {parent!r} — "
    if parent not in described:
        allowed = "、".join(described) or "ありません"
        raise PackageError(f"{place}同じパッケージで先に書いた表だけを書けます({allowed})。")
    key = described[parent].primary_key
    if lacking := join_unknown(key, table.column_names):
        raise PackageError(f"{place}{table.name} に列 {lacking} がないため、たどれません。")
    return ForeignKey(fields=key, table=parent, reference_fields=key)


def join_unknown(names: Iterable[str], known: Collection[str]) -> str:
    """Return those of the names that are not known, in one text."""
    return "、".join(name for name in names if name not in known)


def describe_views(views: Views, dictionary: DataDictionary) -> Iterator[Table]:
    """Describe each view as a table.

    Raises a KeyError if a column is given by a name that none of the view's tables describes.
    """
    for view in views.views:
        known = {
            field.name: field for name in reversed(view.tables) for field in dictionary[name].fields
        }
        fields = tuple(known[item] if isinstance(item, str) else item for item in view.fields)
        words = view.model_dump(include={"name", "title", "title_en", "description"})
        yield Table(**words, primary_key=(), fields=fields)


def explain_tables(tables: Iterable[Table]) -> dict[str, list[Row]]:
    """Return the rows of ``code_list``, one for each code, and ``data_dictionary``, of columns."""
    codes, columns = [], []
    for table in tables:
        for field in table.fields:
            place = {"table_name": table.name, "column_name": field.name}
            column = {
                "table_title": table.title,
                "column_title": field.title,
                "column_title_en": field.title_en,
                "status_column": field.status,
                "empty_means": field.say_empty() or None,
                "empty_means_en": field.say_empty("en") or None,
            }
            described = field.model_dump(include={"type", "unit", "description", "deprecated"})
            columns.append(place | column | described)
            for name in field.enum or ():
                code = field.codes.get(name) or Code(title=name)
                row: Row = {"code": name, "title": code.title, "title_en": code.title_en or None}
                codes.append(place | row | {"description": code.description or code.title})
    return {CODE_LIST: codes, DATA_DICTIONARY: columns}
