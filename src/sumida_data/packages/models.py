"""The published data packages as data."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field as Described
from pydantic import model_validator

from sumida_data.base.metadata import Model, Name, PeriodText

PackageName = Annotated[str, Described(pattern=r"^[a-z0-9][a-z0-9-]+$", max_length=100)]
Keyword = Annotated[str, Described(pattern=r"^[\w .\-]{2,100}$")]


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
        deprecated: The quarter in which it was announced that the table will go.
    """

    table: Name
    primary_key: tuple[Name, ...] | None = None
    only: dict[Name, tuple[str, ...]] = Described(default_factory=dict)
    rows_of: Name | None = None
    deprecated: PeriodText | None = None


class Package(Model):
    """A data package.

    Attributes:
        name: Its name in folders and addresses.
        title: Japanese title.
        title_en: English title.
        description: What it holds, in Japanese.
        description_en: What it holds, in English.
        keywords: Keywords that a catalogue accepts as tags.
        sources: ``survey``, or names of central sources.
        resources: Its tables.
    """

    name: PackageName
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
        catalogue_url: Where the preview catalogue stands, without a slash at the end.
        licenses: Licences of the packages; a catalogue shows the first.
        source_licenses: Licences of the sources.
        update_frequency: How often they are updated.
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

    @model_validator(mode="after")
    def _refuse_repeated_names(self) -> Self:
        names = [one.name for one in self.packages] + [one.name for one in self.withdrawn]
        if repeated := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"パッケージの name {sorted(repeated)} が2回書かれています")
        return self

    @model_validator(mode="after")
    def _refuse_unknown_replacements(self) -> Self:
        names = [package.name for package in self.packages]
        for gone in self.withdrawn:
            if gone.replacement not in (None, *names):
                raise ValueError(
                    f"withdrawn の {gone.name} の replacement {gone.replacement!r} "
                    f"というパッケージはありません。書けるのは {'、'.join(names)} です"
                )
        return self
