"""The part of a table that goes out, and what has gone out, read back."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from sumida_data.base.characters import write_plainly
from sumida_data.base.frames import arrow_schema, arrow_type, to_arrow
from sumida_data.base.metadata import DataDictionary, HomeMunicipality, Row, Table
from sumida_data.packages import models
from sumida_data.packages.models import GIVEN, MUNICIPALITY, Package, Resource
from sumida_data.quality.data_package import DESCRIPTOR

# What people open first comes first.
_MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "md": "text/markdown",
    "json": "application/json",
    "jsonld": "application/ld+json",
    "atom": "application/atom+xml",
    "py": "text/x-python",
}
_OF_DESCRIPTOR = {"title": "機械が読むための説明", "sumida:titleEn": "Description for machines"}
_EXPLAINING = (models.CODE_LIST, models.DATA_DICTIONARY)


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table as it goes out: published fields only, municipality first, in the order of its key.

    ``deprecated`` is the quarter in which it was announced that the table will go.
    """

    table: Table
    rows: pa.Table
    deprecated: str | None = None


@dataclass(frozen=True, slots=True)
class PublishedPackage:
    """A package before it is given the form of files; two tables explain its codes and columns.

    It is a sample if invented data went into it. The days are the oldest and the newest that its
    rows speak of, the period the newest; None where they name none.
    """

    package: Package
    tables: tuple[PublishedTable, ...]
    explaining: tuple[PublishedTable, ...]
    sample: bool
    first_day: date | None
    last_day: date | None
    last_period: str | None

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
    """Take from the frames what the package publishes; a PackageError says what cannot be."""
    described = models.describe_package_tables(package, dictionary, frames)
    selected: dict[str, PublishedTable] = {}
    for resource in package.resources:
        table, frame = described[resource.table], choose_rows(frames, resource)
        rows = _write_plainly(_arrange(to_arrow(frame), table, municipality))
        for key in table.foreign_keys:
            # Only what belongs to rows that go out does so itself.
            parents = selected[key.table].rows.select(list(key.fields))
            kept = rows.join(parents, keys=list(key.fields), join_type="left semi")
            rows = kept.select(table.column_names)
        rows = rows.sort_by([(name, "ascending") for name in table.primary_key])
        selected[table.name] = PublishedTable(table, rows, resource.deprecated)

    explaining = []
    for name, explained in models.explain_tables(described.values()).items():
        table = models.describe_table(Resource(table=name), dictionary)
        data = pa.Table.from_pylist(explained, schema=arrow_schema(dictionary[name]))
        explaining.append(PublishedTable(table, _arrange(data, table, municipality)))

    def collect(column: str) -> list[Any]:
        tables = (one.rows for one in selected.values() if column in one.rows.column_names)
        return [v for rows in tables for v in pc.unique(rows[column]).drop_null().to_pylist()]

    return PublishedPackage(
        package=package,
        tables=tuple(selected.values()),
        explaining=tuple(explaining),
        sample=any(collect("sample")),
        first_day=min(collect("as_of"), default=None),
        last_day=max(collect("as_of"), default=None),
        last_period=max(collect("period"), default=None),
    )


def choose_rows(frames: Mapping[str, pd.DataFrame], resource: Resource) -> pd.DataFrame:
    """Return the rows that go out by their values; unknown columns are refused when described."""
    frame = frames[resource.table]
    for name in (name for name in resource.only if name in frame):
        frame = frame[frame[name].isin(resource.only[name])]
    return frame


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


def describe_file(path: str, content: bytes) -> Row:
    """Describe a file as every resource of a descriptor is described."""
    form = path.rpartition(".")[2]
    described = {"path": path, "format": form, "mediatype": _MEDIA_TYPES[form]}
    return described | {"bytes": len(content), "hash": f"sha256:{sha256(content).hexdigest()}"}


@dataclass(frozen=True)
class Dataset:
    """A data package as it is published: its files by path."""

    name: str
    files: Mapping[str, bytes]

    @cached_property
    def descriptor(self) -> Row:
        """Its descriptor."""
        descriptor: Row = json.loads(self.files[DESCRIPTOR])
        return descriptor

    @property
    def titles(self) -> tuple[str, str]:
        """Its Japanese and its English title."""
        return self.descriptor["title"], self.descriptor["sumida:titleEn"]

    @property
    def page(self) -> str:
        """Path of its page."""
        return f"dataset/{self.name}/index.html"

    @property
    def versions(self) -> list[Row]:
        """Its versions, newest first, each with what changed and its address."""
        versions: list[Row] = json.loads(self.files["changelog.json"])["versions"]
        return versions

    @property
    def tables(self) -> list[Row]:
        """The descriptions of its tables, without those that explain the others as pages do."""
        tables = (one for one in self.descriptor["resources"] if "schema" in one)
        return [one for one in tables if one["name"] not in _EXPLAINING]

    @cached_property
    def described(self) -> list[Row]:
        """What its descriptor says of itself and of each other file."""
        own = describe_file(DESCRIPTOR, self.files[DESCRIPTOR])
        return [_OF_DESCRIPTOR | own, *self.descriptor["resources"]]

    @property
    def downloads(self) -> list[Row]:
        """The same, workbooks first."""
        ranks = list(_MEDIA_TYPES)
        return sorted(self.described, key=lambda one: ranks.index(one["format"].lower()))

    def read(self, table: str) -> pa.Table:
        """Return the rows of one of its tables."""
        # Parquet and not CSV: 59.3 stays 59.3 and a day a day, without a second reading of types.
        return pyarrow.parquet.read_table(pa.BufferReader(self.files[f"{table}.parquet"]))

    def read_texts(self, table: str) -> Iterator[dict[str, str]]:
        """Yield the rows of one of its tables as the CSV file has them, without its apostrophes."""
        text = self.files[f"{table}.csv"].decode("utf-8-sig")
        for row in csv.DictReader(io.StringIO(text, newline="")):
            yield {name: cell.removeprefix("'") for name, cell in row.items()}
