"""The published data packages, and the views of the analysts' database, as data."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field as Described
from pydantic import field_validator, model_validator

from sumida_data.base.metadata import Field, Model, Name, PeriodText
from sumida_data.base.queries import Select

PackageName = Annotated[str, Described(pattern=r"^[a-z0-9][a-z0-9-]+$", max_length=100)]
Keyword = Annotated[str, Described(pattern=r"^[\w .\-]{2,100}$")]


class PackageError(ValueError):
    """packages.yml asks for what cannot be published."""


class Frequency(NamedTuple):
    """How often something is updated, for those who read no Japanese.

    Attributes:
        title_en: English words.
        authority: Its name in the authority table of the European Union, which DCAT uses.
    """

    title_en: str
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
    """A licence.

    Attributes:
        name: Its id.
        title: Its Japanese title.
        path: Where its text stands.
    """

    name: str
    title: str
    path: str


class Resource(Model):
    """A table of a package.

    Attributes:
        table: Name of the table.
        primary_key: Published fields that tell rows apart; None where the table's own key does.
        only: Columns and the values that let a row out; without any, every row goes out.
        rows_of: Another table of the package: only what belongs to its rows that go out does.
        hold_back: Whether a row that seems to hold personal data is left out, not the package.
        deprecated: The quarter in which it was announced that the table will go.
    """

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
        role: ``indicators`` for the one that holds the indicators' values: new values are compared
            with what it published last.
        title: Japanese title.
        title_en: English title.
        description: What it holds, in Japanese.
        description_en: What it holds, in English.
        keywords: Keywords that a catalogue accepts as tags.
        sources: ``survey``, or names of central sources.
        resources: Its tables.
    """

    name: PackageName
    role: Literal["indicators"] | None = None
    title: str
    title_en: str
    description: str
    description_en: str
    keywords: tuple[Keyword, ...]
    sources: tuple[Name, ...]
    resources: tuple[Resource, ...] = Described(min_length=1)


class Withdrawn(Model):
    """A data package that is no longer published.

    Attributes:
        name: Its name in folders and addresses, which no other package ever gets.
        title: Japanese title.
        withdrawn_on: The day on which it was withdrawn.
        reason: Why, in Japanese.
        replacement: The package to use instead, or None.
    """

    name: PackageName
    title: str
    withdrawn_on: date
    reason: str
    replacement: PackageName | None = None


class Packages(Model):
    """All data packages, and what they have in common.

    Attributes:
        publisher: Who publishes them, in Japanese.
        publisher_en: The same in English.
        homepage: Page of the publisher's open data.
        catalogue_url: Where the preview catalogue stands; a slash at the end is left out.
        licenses: Licences of the packages; a catalogue shows the first.
        source_licenses: Licences of the sources.
        update_frequency: How often they are updated: one of the words of ``FREQUENCIES``.
        survey_title: Title of the survey as a source.
        packages: The packages.
        withdrawn: Packages that are no longer published.
    """

    publisher: str
    publisher_en: str
    homepage: str
    catalogue_url: str
    licenses: tuple[License, ...] = Described(min_length=1)
    source_licenses: tuple[License, ...]
    update_frequency: str
    survey_title: str
    packages: tuple[Package, ...]
    withdrawn: tuple[Withdrawn, ...] = ()

    @field_validator("catalogue_url")
    @classmethod
    def _end_without_slash(cls, url: str) -> str:
        return url.rstrip("/")

    @field_validator("update_frequency")
    @classmethod
    def _refuse_unknown_frequency(cls, word: str) -> str:
        if word not in FREQUENCIES:
            raise ValueError(f"使えるのは {'、'.join(FREQUENCIES)} です")
        return word

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        known = [package.name for package in self.packages]
        names = known + [gone.name for gone in self.withdrawn]
        if repeated := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"パッケージの name {sorted(repeated)} が2回書かれています")
        if len(self._indicators) > 1:
            raise ValueError(
                f"role: indicators が {'、'.join(self._indicators)} にあります。1つだけ書けます"
            )
        for gone in self.withdrawn:
            if gone.replacement not in (None, *known):
                raise ValueError(
                    f"withdrawn の {gone.name} の replacement {gone.replacement!r} "
                    f"というパッケージはありません。書けるのは {'、'.join(known)} です"
                )
        return self

    @property
    def _indicators(self) -> list[str]:
        return [package.name for package in self.packages if package.role == "indicators"]

    def find_published(self, table: str, paths: Iterable[str]) -> str | None:
        """Return where a table of the indicators' package was published last.

        Args:
            table: The table, such as ``indicator_value``.
            paths: Where the files of the packages lie that are public now.

        Returns:
            The path of its CSV file, or None if no package with the table was published yet.

        Raises:
            PackageError: If it was, but by none that is said to hold the indicators, nor by one
                that such a package replaces.
        """
        known = [path for path in paths if path.endswith(f"/{table}.csv")]
        replaced = [one.name for one in self.withdrawn if one.replacement in self._indicators]
        for name in (*self._indicators, *replaced):
            if f"{name}/{table}.csv" in known:
                return f"{name}/{table}.csv"
        if known:
            published = "、".join(sorted(path.partition("/")[0] for path in known))
            raise PackageError(
                f"packages.yml: 公開した {published} に指標の値がありますが、role: indicators の"
                "パッケージがそれではないため、公開した値と比べられません。name と role を"
                f"元に戻すか、withdrawn に {published} と replacement を書いてください。"
            )
        return None


class View(Model):
    """A table that is computed when it is asked for.

    Attributes:
        name: Name in the database.
        title: Japanese title.
        title_en: English title.
        description: What one row is, in Japanese.
        tables: The tables that describe its columns; the first that knows a name counts.
        fields: The columns in order: in full, or by the name under which a table describes them.
        query: SQL over tables and earlier views; ``{columns}`` stands for the columns' names.
    """

    name: Name
    title: str
    title_en: str
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
        name: Name in the database.
        title: Japanese title.
        description: What it returns, in Japanese.
        parameters: The blanks, in order.
        example: A statement that calls it.
        query: SQL over tables and views in which the parameters stand for values.
    """

    name: Name
    title: str
    description: str
    parameters: tuple[Name, ...]
    example: str
    query: Select


class Views(Model):
    """The contents of views.yml.

    Attributes:
        views: The views; a later one may use an earlier one.
        macros: The macros.
        schemas: Tables by their use; those that the project does not have are left out.
    """

    views: tuple[View, ...]
    macros: tuple[Macro, ...]
    schemas: dict[Name, tuple[Name, ...]] = Described(default_factory=dict)
