"""The part of a table that goes out, and under which promises."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sumida_data.frames import arrow_type, to_arrow
from sumida_data.metadata import DataDictionary, Field, Table
from sumida_data.municipality import HomeMunicipality
from sumida_data.opendata.models import Package, Resource

# Every standard data set of Japanese municipalities begins by saying whose it is.
_MUNICIPALITY = ("municipality_code", "municipality_name")


class PackageError(ValueError):
    """packages.yml asks for what cannot be published."""


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table as it goes out.

    Attributes:
        table: Its description: published fields only, municipality first, a published key.
        rows: Its rows, in the order of the key.
    """

    table: Table
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class PublishedPackage:
    """A package before it is given the form of files.

    Attributes:
        package: What packages.yml says of it.
        tables: Its tables.
        sample: Whether invented data went into it.
        first_day: The oldest day that its rows speak of, or None where they name no day.
        last_day: The newest.
    """

    package: Package
    tables: tuple[PublishedTable, ...]
    sample: bool
    first_day: date | None
    last_day: date | None

    @property
    def title(self) -> str:
        """The Japanese title, which says so if the data are invented."""
        return f"{'【見本データ】' if self.sample else ''}{self.package.title}"


def select_package(
    package: Package,
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    municipality: HomeMunicipality,
) -> PublishedPackage:
    """Take from the frames what the package publishes.

    Raises:
        PackageError: If the package names a table or a key that cannot be published.
    """
    tables = tuple(
        _select(resource, dictionary, frames, municipality) for resource in package.resources
    )
    days = [day for table in tables for day in _values(table, "as_of")]
    return PublishedPackage(
        package=package,
        tables=tables,
        sample=any(value for table in tables for value in _values(table, "sample")),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
    )


def _select(
    resource: Resource,
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    municipality: HomeMunicipality,
) -> PublishedTable:
    if resource.table not in frames or resource.table not in dictionary:
        raise PackageError(
            f"packages.yml: resources の table {resource.table!r} という表はありません。"
            f"書けるのは {'、'.join(sorted(frames))} です。"
        )
    table = _describe(resource, dictionary)
    frame = frames[resource.table]
    whose = dict(zip(_MUNICIPALITY, (municipality.code, municipality.name), strict=True))
    constants = {name: value for name, value in whose.items() if name not in frame}
    # No column is closed to missing values here: the check of the package names the row.
    schema = pa.schema([(field.name, arrow_type(field)) for field in table.fields])
    rows = to_arrow(frame.assign(**constants)[table.column_names]).cast(schema)
    return PublishedTable(table, rows.sort_by([(name, "ascending") for name in table.primary_key]))


def _describe(resource: Resource, dictionary: DataDictionary) -> Table:
    table = dictionary[resource.table]
    if table.counts_only:
        raise PackageError(
            f"packages.yml: resources の table {table.name!r} は件数だけを公開する表です。"
            "行は公開できません。"
        )
    own = {field.name: field for field in table.fields if field.published}
    first = {name: own.get(name) or _find(dictionary, name) for name in _MUNICIPALITY}
    fields = first | own
    key = resource.primary_key or table.primary_key
    if unpublished := [name for name in key if name not in fields]:
        raise PackageError(
            f"packages.yml: 表 {table.name} の primary_key に、公開しない列 "
            f"{'、'.join(unpublished)} があります。公開する列だけで primary_key を書いてください。"
        )
    changes = {"fields": tuple(fields.values()), "primary_key": key, "foreign_keys": ()}
    return table.model_copy(update=changes)


def _find(dictionary: DataDictionary, name: str) -> Field:
    fields = (field for table in dictionary.tables for field in table.fields)
    return next(field for field in fields if field.name == name and field.published)


def _values(table: PublishedTable, column: str) -> list[Any]:
    if column not in table.rows.column_names:
        return []
    found: list[Any] = pc.unique(table.rows[column]).drop_null().to_pylist()
    return found
