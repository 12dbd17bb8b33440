"""Whether data packages keep what their descriptors promise: files, hashes, headings, every row."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sumida_data.base.database import connect
from sumida_data.quality.promised_values import (
    ROW,
    UnknownPromiseError,
    as_names,
    find_broken,
    find_orphans,
    list_promises,
    select_values,
)

_DESCRIPTOR = "datapackage.json"
_HEADER_ROWS = 1
_HEADER_BYTES = 1 << 16
Descriptor = Mapping[str, Any]


class UnreadableError(ValueError):
    """A file that cannot be read as the table that it is described as."""


def find_errors(files: Mapping[str, bytes]) -> list[str]:
    """Check a package: its descriptor, sizes, hashes, headings, and every row of every table.

    Args:
        files: The package: contents by path.

    Returns:
        One line per broken promise, beginning with the file and naming the first row at fault, as
        a spreadsheet numbers it; nothing for a valid package.
    """
    try:
        descriptor = json.loads(files.get(_DESCRIPTOR, b""))
    except ValueError:
        return [f"{_DESCRIPTOR}: JSONとして読めません"]
    if mistakes := _find_mistakes(descriptor):
        return [f"{_DESCRIPTOR}: {mistake}" for mistake in mistakes]
    resources = descriptor["resources"]
    return [*_check_files(resources, files), *_check_tables(resources, files)]


def _find_mistakes(descriptor: Any) -> list[str]:
    """Return what the standard's own profile refuses."""
    from frictionless import FrictionlessException, Package  # noqa: PLC0415  # only here

    try:
        Package.from_descriptor(descriptor)
    except FrictionlessException as exception:
        reasons = exception.reasons or [exception.error]
        return [error.message for error in reasons]
    return []


def _check_files(resources: Sequence[Descriptor], files: Mapping[str, bytes]) -> Iterator[str]:
    for resource in resources:
        path = resource.get("path")
        content = files.get(path) if isinstance(path, str) else None
        if content is None:
            yield f"{path}: ファイルがありません"
            continue
        if (size := resource.get("bytes")) not in (None, len(content)):
            yield f"{path}: 大きさが{len(content)}バイトで、bytes の {size} と違います"
        if (stated := resource.get("hash")) and not _has_hash(content, stated):
            yield f"{path}: 内容が hash の {stated} と違います"


def _has_hash(content: bytes, stated: str) -> bool:
    """Tell whether the content has the hash, which is MD5 where no algorithm is named."""
    algorithm, _, digest = stated.rpartition(":")
    if (algorithm or "md5") not in hashlib.algorithms_available:
        return False
    return hashlib.new(algorithm or "md5", content).hexdigest() == digest.lower()


def _check_tables(resources: Sequence[Descriptor], files: Mapping[str, bytes]) -> Iterator[str]:
    ours = [one for one in resources if "schema" in one and one.get("path") in files]
    with connect() as connection:
        names: dict[str, str] = {}
        for number, resource in enumerate(ours):
            path = resource["path"]
            try:
                table = _read_table(resource, files[path])
                connection.register(f"raw_{number}", _number_rows(table))
                values = select_values(resource["schema"], f"raw_{number}")
                connection.execute(f"CREATE TEMP VIEW values_{number} AS {values}")
                names[resource["name"]] = f"values_{number}"
                promises = list(list_promises(resource["schema"]))
            except (UnreadableError, UnknownPromiseError) as error:
                yield f"{path}: {error}"
                continue
            yield from _describe(connection, path, f"values_{number}", promises)
        yield from _check_references(connection, ours, names)


def _check_references(
    connection: duckdb.DuckDBPyConnection, resources: Sequence[Descriptor], names: Mapping[str, str]
) -> Iterator[str]:
    for resource in resources:
        for key in resource["schema"].get("foreignKeys", ()):
            # An empty name, or none, is the table itself.
            other = key["reference"].get("resource") or resource["name"]
            if resource["name"] not in names or other not in names:
                yield f"{resource['path']}: 外部キーの参照先 {other} を読めません (foreignKeys)"
                continue
            promise = find_orphans(key, names[resource["name"]], names[other])
            yield from _describe(connection, resource["path"], names[resource["name"]], [promise])


def _describe(
    connection: duckdb.DuckDBPyConnection, path: str, relation: str, promises: Sequence[Any]
) -> Iterator[str]:
    for promise, count, row, text in find_broken(connection, relation, promises):
        more = f"(ほか{count - 1}行)" if count > 1 else ""
        fields = "、".join(promise.fields)
        yield (
            f"{path}: {row}行目: {fields} の「{text}」は、{promise.words}という約束"
            f"({promise.name})に合いません{more}"
        )


def _read_table(resource: Descriptor, content: bytes) -> pa.Table:
    """Return a resource as a table of texts, with the columns of its schema.

    Raises:
        UnreadableError: If it cannot be read, or its headings are not those promised.
    """
    path: str = resource["path"]
    try:
        if path.endswith(".parquet"):
            table = pq.read_table(pa.BufferReader(content))
            table = table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))
        else:
            table = _read_csv(resource, content)
    except (pa.ArrowException, UnicodeDecodeError, LookupError) as error:
        raise UnreadableError(f"表として読めません({error})") from error
    _compare_headings(resource["schema"], table.column_names)
    # A described column that need not be there is one without any value.
    for field in resource["schema"].get("fields", ()):
        if field["name"] not in table.column_names:
            table = table.append_column(field["name"], pa.nulls(table.num_rows, pa.string()))
    return table


def _read_csv(resource: Descriptor, content: bytes) -> pa.Table:
    dialect = resource.get("dialect") or {}
    delimiter, quote = dialect.get("delimiter", ","), dialect.get("quoteChar", '"')
    encoding = resource.get("encoding") or "utf-8"
    beginning = content[:_HEADER_BYTES].decode(encoding, "ignore").removeprefix("\ufeff")
    header = next(csv.reader(io.StringIO(beginning), delimiter=delimiter, quotechar=quote), [])
    if len(header) != len(set(header)):
        raise UnreadableError(f"見出しに同じ名前があります({'、'.join(header)})")
    return pacsv.read_csv(
        pa.BufferReader(content),
        pacsv.ReadOptions(encoding=encoding, block_size=1 << 24),
        pacsv.ParseOptions(
            delimiter=delimiter,
            quote_char=quote,
            newlines_in_values=True,
            ignore_empty_lines=False,
        ),
        pacsv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
    )


def _compare_headings(schema: Descriptor, found: Sequence[str]) -> None:
    described = [field["name"] for field in schema.get("fields", ())]
    (match,) = as_names(schema.get("fieldsMatch")) or ("exact",)
    kept = {
        "exact": list(found) == described,
        "equal": set(found) == set(described),
        "subset": set(found) >= set(described),
        "superset": set(found) <= set(described),
        "partial": bool(set(found) & set(described)),
    }
    if not kept.get(match):
        raise UnreadableError(
            f"見出し {'、'.join(found)} が、項目 {'、'.join(described)} と合いません"
            f"(fieldsMatch {match})"
        )


def _number_rows(table: pa.Table) -> pa.Table:
    first = 1 + _HEADER_ROWS
    numbers = pa.array(range(first, first + table.num_rows), pa.int64())
    return table.append_column(ROW, numbers)
