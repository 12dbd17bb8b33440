"""CSV files as tables of a CKAN's DataStore, with the data dictionary.

A table is brought in line by comparing rows: only rows that differ are sent, by primary key, so
that a step that broke off can simply be done again and nothing is there twice.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sumida_data.base.metadata import Row
from sumida_data.catalogue.ckan.site import CkanSite
from sumida_data.catalogue.target import Dataset, Entry

# A statement may run for a minute at most.
_BATCH = 5000
# The database cuts longer names of columns, and CKAN counts characters where it counts bytes.
_LONGEST_COLUMN = 63
_TYPES = {"integer": "int8", "number": "numeric", "date": "date", "boolean": "bool"}
_READERS: dict[str, Callable[[Any], Any]] = {
    "int8": int,
    "numeric": lambda value: Decimal(str(value)),
    "date": lambda value: str(value)[:10],
    "bool": lambda value: str(value).casefold() == "true",
}


@dataclass(frozen=True)
class DatastoreTable:
    """A CSV file as a table.

    Attributes:
        fields: Its columns as ``datastore_create`` takes them, with titles, notes and units.
        primary_key: The columns that tell rows apart.
        rows: Its rows; a missing value is None.
    """

    dataset: str
    key: str
    fields: tuple[Entry, ...]
    primary_key: tuple[str, ...]
    rows: tuple[Row, ...]

    def find_problems(self) -> Iterator[str]:
        """Return what a DataStore would refuse or spoil, in Japanese, one line each."""
        for column in (field["id"] for field in self.fields):
            # Releases before 2.12 answer a search of a table with a column j wrongly.
            if len(column.encode()) > _LONGEST_COLUMN or column == "j" or column[0] == "_":
                yield (
                    f"データセット {self.dataset}: {self.key} の列 {column} は使えません。"
                    f"_ で始まらず j でない、{_LONGEST_COLUMN}バイトまでの名前にしてください。"
                )
        keys = [self.key_of(row) for row in self.rows]
        if len(set(keys)) < len(keys) or any(None in key for key in keys):
            yield (
                f"データセット {self.dataset}: {self.key} の主キー {'、'.join(self.primary_key)} が"
                "空の行か、同じ行があります。"
            )

    def key_of(self, row: Row) -> tuple[Any, ...]:
        """Return the values that tell a row apart."""
        return tuple(row[name] for name in self.primary_key)


def read_tables(dataset: Dataset) -> list[DatastoreTable]:
    """Read the tables that the descriptor of a dataset describes."""
    files = {file.key: file.content for file in dataset.files}
    descriptor = json.loads(files.get("datapackage.json", "{}"))
    return [
        _read_table(dataset.name, resource, files[resource["path"]])
        for resource in descriptor.get("resources", [])
        if resource["path"].endswith(".csv") and resource.get("schema", {}).get("primaryKey")
    ]


def fill(site: CkanSite, resource_id: str, table: DatastoreTable) -> None:
    """Make the table of a resource hold the rows of a file, and no others.

    Raises:
        UncertainError: If nobody knows how far it came; then it can be done again.
        TargetError: If the site refused.
    """
    fields = _read_fields(site, resource_id)
    if fields is not None and _shape(fields) != _shape(table.fields):
        site.call("datastore_delete", {"resource_id": resource_id, "force": True})
        fields = None
    if fields is None or _infos(fields) != _infos(table.fields):
        arguments = {"fields": list(table.fields), "primary_key": list(table.primary_key)}
        site.call("datastore_create", {"resource_id": resource_id, "force": True, **arguments})
    held = {table.key_of(row): row for row in _read_rows(site, resource_id, table)}
    wanted = {table.key_of(row): row for row in table.rows}
    for key in held.keys() - wanted.keys():
        row = {name: _as_json(value) for name, value in zip(table.primary_key, key, strict=True)}
        site.call("datastore_delete", {"resource_id": resource_id, "force": True, "filters": row})
    different = [row for key, row in wanted.items() if held.get(key) != row]
    for start in range(0, len(different), _BATCH):
        records = [
            {name: _as_json(value) for name, value in row.items()}
            for row in different[start : start + _BATCH]
        ]
        arguments = {"records": records, "method": "upsert", "force": True}
        site.call("datastore_upsert", {"resource_id": resource_id, **arguments})


def _read_fields(site: CkanSite, resource_id: str) -> list[Entry] | None:
    """Return the columns of the table of a resource, or None where it has none."""
    answer = site.find("datastore_search", {"resource_id": resource_id, "limit": 0})
    return answer and [field for field in answer["fields"] if field["id"] != "_id"]


def _read_rows(site: CkanSite, resource_id: str, table: DatastoreTable) -> Iterator[Row]:
    """Yield the rows of the table of a resource."""
    types = {field["id"]: field["type"] for field in table.fields}
    offset = 0
    while True:
        arguments = {"limit": _BATCH, "offset": offset, "sort": "_id", "include_total": False}
        answer = site.call("datastore_search", {"resource_id": resource_id, **arguments})
        for record in answer["records"]:
            yield {name: _read_value(record[name], kind) for name, kind in types.items()}
        if len(answer["records"]) < _BATCH:
            return
        offset += _BATCH


def compare_table(site: CkanSite, resource_id: str, table: DatastoreTable) -> list[str]:
    """Return how the table of a resource differs from its file, in Japanese."""
    fields = _read_fields(site, resource_id)
    if fields is None:
        return [f"データセット {table.dataset}: {table.key} のDataStoreの表がありません。"]
    if (_shape(fields), _infos(fields)) != (_shape(table.fields), _infos(table.fields)):
        return [f"データセット {table.dataset}: {table.key} のDataStoreの列がファイルと違います。"]
    held = list(_read_rows(site, resource_id, table))
    wanted = {table.key_of(row): row for row in table.rows}
    same = sum(wanted.get(table.key_of(row)) == row for row in held)
    if len(held) == same == len(wanted):
        return []
    return [
        f"データセット {table.dataset}: {table.key} のDataStoreは{len(held)}行で、"
        f"ファイルの{len(wanted)}行と同じなのは{same}行です。"
    ]


def _read_table(dataset: str, resource: Entry, content: bytes) -> DatastoreTable:
    schema = resource["schema"]
    types = {field["name"]: _TYPES.get(field["type"], "text") for field in schema["fields"]}
    key = tuple(schema["primaryKey"])
    lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return DatastoreTable(
        dataset=dataset,
        key=resource["path"],
        fields=tuple(_describe_field(field, key) for field in schema["fields"]),
        primary_key=key,
        rows=tuple(
            {name: _read_value(line[name] or None, kind) for name, kind in types.items()}
            for line in lines
        ),
    )


def _describe_field(field: Entry, primary_key: Sequence[str]) -> Entry:
    info = {
        "label": field["title"],
        "notes": field.get("description", ""),
        "unit": field.get("sumida:unit", ""),
        "label_en": field.get("sumida:titleEn", ""),
        "primary_key": field["name"] in primary_key,
    }
    kind = _TYPES.get(field["type"], "text")
    return {"id": field["name"], "type": kind, "info": {k: v for k, v in info.items() if v}}


def _shape(fields: Sequence[Entry]) -> list[tuple[str, str, bool]]:
    """Return what cannot be changed in a table without building it anew."""
    return [
        (field["id"], field["type"], bool(field.get("info", {}).get("primary_key")))
        for field in fields
    ]


def _infos(fields: Sequence[Entry]) -> list[Entry]:
    return [field.get("info", {}) for field in fields]


def _read_value(value: Any, kind: str) -> Any:
    return None if value is None else _READERS.get(kind, str)(value)


def _as_json(value: Any) -> Any:
    """Write a decimal as text, which the database reads without loss."""
    return str(value) if isinstance(value, Decimal) else value
