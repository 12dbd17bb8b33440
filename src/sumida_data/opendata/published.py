"""The part of a table that goes out, and under which promises."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sumida_data.frames import arrow_schema, arrow_type, to_arrow
from sumida_data.metadata import Code, DataDictionary, Field, ForeignKey, Table
from sumida_data.municipality import HomeMunicipality
from sumida_data.opendata.dictionary import CODE_LIST, DATA_DICTIONARY, list_codes, list_columns
from sumida_data.opendata.models import Package, Resource
from sumida_data.quality.readability.characters import write_plainly

# Every standard data set of Japanese municipalities begins by saying whose it is.
_MUNICIPALITY = ("municipality_code", "municipality_name")
# What an empty text stands for is told once; anything else that is missing says itself why.
_TYPES_WITHOUT_STATUS = {"string", "yearmonth"}
_GIVEN = {"given": Code(title="値あり")}


class PackageError(ValueError):
    """packages.yml asks for what cannot be published."""


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table as it goes out.

    Attributes:
        table: Its description: published fields only, municipality first, a published key.
        rows: Its rows, in the order of the key.
        deprecated: The quarter in which it was announced that the table will go, or None.
    """

    table: Table
    rows: pa.Table
    deprecated: str | None = None


@dataclass(frozen=True, slots=True)
class PublishedPackage:
    """A package before it is given the form of files.

    Attributes:
        package: What packages.yml says of it.
        tables: Its tables.
        dictionary: What their columns mean; one row is one column.
        codes: What their codes mean; one row is one code.
        sample: Whether invented data went into it.
        first_day: The oldest day that its rows speak of, or None where they name no day.
        last_day: The newest.
        last_period: The newest quarter, or None where no row names one.
    """

    package: Package
    tables: tuple[PublishedTable, ...]
    dictionary: PublishedTable
    codes: PublishedTable
    sample: bool
    first_day: date | None
    last_day: date | None
    last_period: str | None

    @property
    def all_tables(self) -> tuple[PublishedTable, ...]:
        """Its tables, and those that explain them."""
        return (*self.tables, self.codes, self.dictionary)

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
    tables: dict[str, PublishedTable] = {}
    for resource in package.resources:
        tables[resource.table] = _select(resource, dictionary, frames, municipality, tables)
    selected = tuple(tables.values())
    described = [table.table for table in selected]
    days = [day for table in selected for day in _values(table, "as_of")]
    return PublishedPackage(
        package=package,
        tables=selected,
        dictionary=_tabulate(DATA_DICTIONARY, list_columns(described), dictionary, municipality),
        codes=_tabulate(CODE_LIST, list_codes(described), dictionary, municipality),
        sample=any(value for table in selected for value in _values(table, "sample")),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        last_period=max((p for t in selected for p in _values(t, "period")), default=None),
    )


def _select(
    resource: Resource,
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    municipality: HomeMunicipality,
    selected: Mapping[str, PublishedTable],
) -> PublishedTable:
    if resource.table not in frames or resource.table not in dictionary:
        raise PackageError(
            f"packages.yml: resources の table {resource.table!r} という表はありません。"
            f"書けるのは {'、'.join(sorted(frames))} です。"
        )
    table = _describe(resource, dictionary)
    rows = to_arrow(frames[resource.table])
    for name, values in resource.only.items():
        rows = rows.filter(pc.is_in(_find_column(rows, name, resource), pa.array(values)))
    rows = _write_plainly(_arrange(rows, table, municipality))
    if resource.rows_of:
        table, rows = _keep_rows_of(resource.rows_of, table, rows, selected)
    rows = rows.sort_by([(name, "ascending") for name in table.primary_key])
    return PublishedTable(table, rows, resource.deprecated)


def _find_column(rows: pa.Table, name: str, resource: Resource) -> pa.ChunkedArray:
    if name not in rows.column_names:
        raise PackageError(
            f"packages.yml: 表 {resource.table} の only に、列 {name!r} はありません。"
            f"書けるのは {'、'.join(rows.column_names)} です。"
        )
    return rows[name]


def _arrange(rows: pa.Table, table: Table, municipality: HomeMunicipality) -> pa.Table:
    """Give rows the described columns, and say why others than texts are missing."""
    whose = dict(zip(_MUNICIPALITY, (municipality.code, municipality.name), strict=True))
    columns = []
    for field in table.fields:
        if field.name in rows.column_names:
            column = rows[field.name]
        elif field.name in whose:
            column = pa.repeat(whose[field.name], len(rows))
        else:
            (reason,) = set(field.codes) - set(_GIVEN)
            missing = pc.is_null(rows[field.name.removesuffix("_status")])
            column = pc.if_else(missing, reason, next(iter(_GIVEN)))
        columns.append(column.cast(arrow_type(field)))
    # No column is closed to missing values here: the check of the package names the row.
    return pa.table(columns, names=table.column_names)


def _write_plainly(rows: pa.Table) -> pa.Table:
    """Write characters that not every device shows alike, such as ①, with plain ones."""
    for number, column in enumerate(rows.columns):
        if pa.types.is_string(column.type):
            encoded = column.combine_chunks().dictionary_encode()
            plain = [write_plainly(text) for text in encoded.dictionary.to_pylist()]
            texts = pa.array(plain, pa.string()).take(encoded.indices)
            rows = rows.set_column(number, rows.column_names[number], texts)
    return rows


def _keep_rows_of(
    name: str, table: Table, rows: pa.Table, selected: Mapping[str, PublishedTable]
) -> tuple[Table, pa.Table]:
    place = f"packages.yml: 表 {table.name} の rows_of = {name!r} — "
    if name not in selected:
        allowed = "、".join(selected) or "ありません"
        raise PackageError(f"{place}同じパッケージで先に書いた表だけを書けます({allowed})。")
    key = selected[name].table.primary_key
    if lacking := [column for column in key if column not in table.column_names]:
        raise PackageError(
            f"{place}{table.name} に列 {'、'.join(lacking)} がないため、たどれません。"
        )
    parents = selected[name].rows.select(list(key))
    kept = rows.join(parents, keys=list(key), join_type="left semi")
    reference = ForeignKey(fields=key, table=name, reference_fields=key)
    return table.model_copy(update={"foreign_keys": (reference,)}), kept.select(table.column_names)


def _tabulate(
    name: str,
    rows: Iterable[Mapping[str, Any]],
    dictionary: DataDictionary,
    municipality: HomeMunicipality,
) -> PublishedTable:
    table = _describe(Resource(table=name), dictionary)
    data = pa.Table.from_pylist(list(rows), schema=arrow_schema(dictionary[name]))
    return PublishedTable(table, _arrange(data, table, municipality))


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
    fields = {one.name: one for field in fields.values() for one in _with_status(field)}
    key = resource.primary_key or table.primary_key
    if unpublished := [name for name in key if name not in fields]:
        raise PackageError(
            f"packages.yml: 表 {table.name} の primary_key に、公開しない列 "
            f"{'、'.join(unpublished)} があります。公開する列だけで primary_key を書いてください。"
        )
    changes = {"fields": tuple(fields.values()), "primary_key": key, "foreign_keys": ()}
    return table.model_copy(update=changes)


def _with_status(field: Field) -> Iterator[Field]:
    """Yield the field, and a status beside it if it may be missing for one known reason."""
    if not field.empty or field.type in _TYPES_WITHOUT_STATUS:
        yield field
        return
    status = f"{field.name}_status"
    yield field.model_copy(update={"status": status, "empty": {}})
    yield Field.model_validate(
        {
            "name": status,
            "title": f"{field.title}の状態",
            "title_en": f"{field.title_en}, status",
            "enum": _GIVEN | field.empty,
            "required": True,
            "published": True,
            "deprecated": field.deprecated,
        }
    )


def _find(dictionary: DataDictionary, name: str) -> Field:
    fields = (field for table in dictionary.tables for field in table.fields)
    return next(field for field in fields if field.name == name and field.published)


def _values(table: PublishedTable, column: str) -> list[Any]:
    if column not in table.rows.column_names:
        return []
    found: list[Any] = pc.unique(table.rows[column]).drop_null().to_pylist()
    return found
