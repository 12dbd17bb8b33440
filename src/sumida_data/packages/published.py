"""The part of a table that goes out, and under which promises."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sumida_data.base.characters import write_plainly
from sumida_data.base.frames import arrow_schema, arrow_type, to_arrow
from sumida_data.base.metadata import DataDictionary, HomeMunicipality, Table
from sumida_data.packages.columns import (
    GIVEN,
    MUNICIPALITY,
    describe_package_tables,
    describe_table,
)
from sumida_data.packages.dictionary import CODE_LIST, DATA_DICTIONARY, list_codes, list_columns
from sumida_data.packages.models import Package, Resource


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
    described = describe_package_tables(package, dictionary, frames)
    tables: dict[str, PublishedTable] = {}
    for resource in package.resources:
        table = described[resource.table]
        rows = _select(resource, table, frames[resource.table], municipality, tables)
        tables[resource.table] = PublishedTable(table, rows, resource.deprecated)
    selected = tuple(tables.values())
    days = [day for table in selected for day in _values(table, "as_of")]
    return PublishedPackage(
        package=package,
        tables=selected,
        dictionary=_tabulate(
            DATA_DICTIONARY, list_columns(described.values()), dictionary, municipality
        ),
        codes=_tabulate(CODE_LIST, list_codes(described.values()), dictionary, municipality),
        sample=any(value for table in selected for value in _values(table, "sample")),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        last_period=max((p for t in selected for p in _values(t, "period")), default=None),
    )


def _select(
    resource: Resource,
    table: Table,
    frame: pd.DataFrame,
    municipality: HomeMunicipality,
    selected: Mapping[str, PublishedTable],
) -> pa.Table:
    rows = to_arrow(frame)
    for name, values in resource.only.items():
        rows = rows.filter(pc.is_in(rows[name], pa.array(values)))
    rows = _write_plainly(_arrange(rows, table, municipality))
    for key in table.foreign_keys:
        parents = selected[key.table].rows.select(list(key.fields))
        kept = rows.join(parents, keys=list(key.fields), join_type="left semi")
        rows = kept.select(table.column_names)
    return rows.sort_by([(name, "ascending") for name in table.primary_key])


def _arrange(rows: pa.Table, table: Table, municipality: HomeMunicipality) -> pa.Table:
    """Give rows the described columns, and say why others than texts are missing."""
    whose = dict(zip(MUNICIPALITY, (municipality.code, municipality.name), strict=True))
    columns = []
    for field in table.fields:
        if field.name in rows.column_names:
            column = rows[field.name]
        elif field.name in whose:
            column = pa.repeat(whose[field.name], len(rows))
        else:
            (reason,) = set(field.codes) - set(GIVEN)
            missing = pc.is_null(rows[field.name.removesuffix("_status")])
            column = pc.if_else(missing, reason, next(iter(GIVEN)))
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


def _tabulate(
    name: str,
    rows: Iterable[Mapping[str, Any]],
    dictionary: DataDictionary,
    municipality: HomeMunicipality,
) -> PublishedTable:
    table = describe_table(Resource(table=name), dictionary)
    data = pa.Table.from_pylist(list(rows), schema=arrow_schema(dictionary[name]))
    return PublishedTable(table, _arrange(data, table, municipality))


def _values(table: PublishedTable, column: str) -> list[Any]:
    if column not in table.rows.column_names:
        return []
    found: list[Any] = pc.unique(table.rows[column]).drop_null().to_pylist()
    return found
