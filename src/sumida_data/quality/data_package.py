"""Validation of a data package against its descriptor: files, hashes, headings, every row.

frictionless lets broken ``uniqueKeys``, values outside ``categories`` and ``missingValues`` of a
single field pass, and takes 20 seconds for a million rows. Here each constraint of a Table Schema
is a row rule, and DuckDB holds the rows to it. A constraint that is not known is an error itself.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sumida_data.base.database import connect
from sumida_data.quality import sql
from sumida_data.quality.rules import Bound, OneOf, Pattern, Readable, Required, RowCheck, Unique

Descriptor = Mapping[str, Any]

_DESCRIPTOR = "datapackage.json"
_ROW = "row number"
_HEADER_ROWS = 1
_HEADER_BYTES = 1 << 16
# For each type the SQL type, and the form that a text must have beside being castable: DuckDB
# would read 1.5 as the integer 2, and a date with blanks around it.
_TYPES = {
    "integer": ("HUGEINT", "[+-]?[0-9]+"),
    "number": ("DOUBLE", r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"),
    "date": ("DATE", "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "datetime": (
        "TIMESTAMPTZ",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?",
    ),
    "yearmonth": ("VARCHAR", "[0-9]{4}-(0[1-9]|1[0-2])"),
    "year": ("INTEGER", "[0-9]{4}"),
}
_TRUTH = {
    "trueValues": ("true", "True", "TRUE", "1"),
    "falseValues": ("false", "False", "FALSE", "0"),
}
_BOUNDS: dict[str, tuple[Any, bool]] = {
    "minimum": (">=", False),
    "maximum": ("<=", False),
    "exclusiveMinimum": (">", False),
    "exclusiveMaximum": ("<", False),
    "minLength": (">=", True),
    "maxLength": ("<=", True),
}
_DIFFERENT, _GIVEN = "ほかの行と異なる", "値がある"


class UnreadableTableError(ValueError):
    """A file that cannot be read as the table that it is described as."""


class UnknownConstraintError(ValueError):
    """A schema says what cannot be checked here."""


class Constraint(NamedTuple):
    """One constraint of a Table Schema: its name there, its columns, its words, its check."""

    name: str
    fields: tuple[str, ...]
    words: str
    check: RowCheck


def find_errors(files: Mapping[str, bytes]) -> list[str]:
    """Check a package: its descriptor, sizes, hashes, headings, and every row of every table.

    Args:
        files: The package: contents by path.

    Returns:
        One line for each thing that does not hold, beginning with the file and naming the first
        row at fault, as a spreadsheet numbers it; nothing for a valid package.
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
        return [error.message for error in exception.reasons or [exception.error]]
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
    relations: dict[str, str] = {}
    with connect() as connection:
        for number, resource in enumerate(ours):
            path, schema, raw = resource["path"], resource["schema"], f"raw_{number}"
            try:
                connection.register(raw, _read_table(resource, files[path]))
                values = f"CREATE TEMP VIEW values_{number} AS {_select_values(schema, raw)}"
                connection.execute(values)
                relations[resource["name"]] = f"values_{number}"
                constraints = list(list_constraints(schema))
            except (UnreadableTableError, UnknownConstraintError) as error:
                yield f"{path}: {error}"
                continue
            counts = [sql.count_broken(one.check, f"values_{number}") for one in constraints]
            found = sql.count_rows(connection, f"values_{number}", counts)
            for one, count in zip(constraints, found, strict=True):
                if count:
                    columns = ", ".join(map(sql.quote_name, (_ROW, *map(_text, one.fields))))
                    order = sql.quote_name(_ROW)
                    query = sql.select_broken(one.check, f"values_{number}", columns, order)
                    yield _describe(connection, path, one[:3], query)
        yield from _check_references(connection, ours, relations)


def _check_references(
    connection: duckdb.DuckDBPyConnection, resources: Sequence[Descriptor], names: Mapping[str, str]
) -> Iterator[str]:
    for resource in resources:
        path = resource["path"]
        for key in resource["schema"].get("foreignKeys", ()):
            # An empty name, or none, is the table itself.
            other = key["reference"].get("resource") or resource["name"]
            if resource["name"] not in names or other not in names:
                yield f"{path}: 外部キーの参照先 {other} を読めません (foreignKeys)"
                continue
            query = _select_orphans(key, names[resource["name"]], names[other])
            if connection.execute(f"{query} LIMIT 1").fetchall():
                what = ("foreignKeys", _as_names(key["fields"]), "参照先にある")
                yield _describe(connection, path, what, query)


def _select_orphans(key: Descriptor, own: str, other: str) -> str:
    fields = list(map(sql.quote_name, _as_names(key["fields"])))
    references = map(sql.quote_name, _as_names(key["reference"]["fields"]))
    same = " AND ".join(f"o.{there} = {own}.{here}" for here, there in zip(fields, references))  # noqa: B905  # the profile has compared their numbers
    given = " AND ".join(f"{own}.{name} IS NOT NULL" for name in fields)
    columns = ", ".join([sql.quote_name(_ROW), *(f"{own}.{name}" for name in fields)])
    return (
        f"SELECT {columns} FROM {own} WHERE {given} "  # noqa: S608  # names are quoted
        f"AND NOT EXISTS (FROM {other} AS o WHERE {same})"
    )


def _describe(
    connection: duckdb.DuckDBPyConnection,
    path: str,
    what: tuple[str, tuple[str, ...], str],
    query: str,
) -> str:
    """Name the first of the rows that a query selects, and count the others."""
    name, fields, words = what
    first = f'SELECT count(*) OVER (), * FROM ({query}) ORDER BY "{_ROW}" LIMIT 1'  # noqa: S608  # names are quoted
    ((count, row, *texts),) = connection.execute(first).fetchall()
    text = "、".join(str(text or "") for text in texts)
    more = f"(ほか{count - 1}行)" if count > 1 else ""
    return (
        f"{path}: {row}行目: {'、'.join(fields)} の「{text}」は、{words}という約束({name})に"
        f"合いません{more}"
    )


def list_constraints(schema: Descriptor) -> Iterator[Constraint]:
    """Yield the constraints of a schema but foreign keys, which concern two tables.

    Raises:
        UnknownConstraintError: If one is not known.
    """
    for field in schema.get("fields", ()):
        yield from _list_of_field(field)
    if key := _as_names(schema.get("primaryKey")):
        for field in key:
            yield Constraint("primaryKey", key, _GIVEN, _given(field))
        yield Constraint("primaryKey", key, _DIFFERENT, Unique(fields=key))
    for fields in map(_as_names, schema.get("uniqueKeys", ())):
        yield Constraint("uniqueKeys", fields, _DIFFERENT, Unique(fields=fields))


def _list_of_field(field: Descriptor) -> Iterator[Constraint]:
    name, kind = field["name"], field.get("type", "string")
    if kind not in ("string", "any"):
        yield Constraint("type", (name,), f"{kind} として読める", Readable(name, _text(name)))
    if categories := field.get("categories"):
        allowed = [one["value"] if isinstance(one, Mapping) else one for one in categories]
        yield _constrain(name, "categories", allowed)
    for constraint, limit in field.get("constraints", {}).items():
        if limit is not False:
            yield _constrain(name, constraint, limit)


def _constrain(field: str, name: str, limit: Any) -> Constraint:
    check: RowCheck
    match name:
        case "required":
            words, check = _GIVEN, _given(field)
        case "unique":
            words, check = _DIFFERENT, Unique(fields=(field,))
        case "enum" | "categories":
            values = tuple(map(str, limit))
            words = f"{'、'.join(values)} のどれかである"
            check = OneOf(field=field, values=values)
        case "pattern":
            words, check = f"{limit} の形である", Pattern(field=field, pattern=limit)
        case _ if name in _BOUNDS:
            operator, of_length = _BOUNDS[name]
            words = f"{'長さが ' if of_length else ''}{limit} の範囲にある"
            check = Bound(field, operator, limit, of_length)
        case _:
            raise UnknownConstraintError(f"項目 {field} の {name} は確かめられません")
    return Constraint(name, (field,), words, check)


def _given(field: str) -> Required:
    # What is there and cannot be read breaks its type and not this; the text's name is our own.
    return Required.model_construct(field=_text(field), when={})


def _select_values(schema: Descriptor, table: str) -> str:
    """Return the SQL that sets beside each text its value; a missing one has neither."""
    texts, values = [], []
    for field in schema.get("fields", ()):
        name, missing = field["name"], field.get("missingValues", schema.get("missingValues", [""]))
        none = [one["value"] if isinstance(one, Mapping) else one for one in missing]
        column = sql.quote_name(name)
        given = f"CASE WHEN {_is_one_of(column, none)} THEN NULL ELSE {column} END"
        texts.append(f"{given} AS {sql.quote_name(_text(name))}")
        values.append(f"{_value(field)} AS {column}")
    return (
        f"SELECT *, {', '.join(values)} FROM "  # noqa: S608  # names are quoted
        f"(SELECT {sql.quote_name(_ROW)}, {', '.join(texts)} FROM {table})"
    )


def _value(field: Descriptor) -> str:
    kind, text = field.get("type", "string"), sql.quote_name(_text(field["name"]))
    if kind in ("string", "any"):
        return text
    if kind == "boolean":
        true, false = (_is_one_of(text, field.get(name, words)) for name, words in _TRUTH.items())
        return f"CASE WHEN {true} THEN true WHEN {false} THEN false END"
    if kind not in _TYPES:
        raise UnknownConstraintError(f"項目 {field['name']} の型 {kind} は確かめられません")
    type_, form = _TYPES[kind]
    has_form = f"regexp_full_match({text}, {sql.quote(form)})"
    return f"CASE WHEN {has_form} THEN TRY_CAST({text} AS {type_}) END"


def _is_one_of(column: str, texts: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(map(sql.quote, texts))})" if texts else "false"


def _text(name: str) -> str:
    return f"text of {name}"


def _as_names(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return names that the standard lets one write as a text or a list."""
    return (names,) if isinstance(names, str) else tuple(names or ())


def _read_table(resource: Descriptor, content: bytes) -> pa.Table:
    """Return a resource as a table of texts with numbered rows, with the columns of its schema.

    Raises:
        UnreadableTableError: If it cannot be read, or its headings are not those described.
    """
    path: str = resource["path"]
    try:
        if path.endswith(".parquet"):
            table = pq.read_table(pa.BufferReader(content))
            table = table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))
        else:
            table = _read_csv(resource, content)
    except (pa.ArrowException, UnicodeDecodeError, LookupError) as error:
        raise UnreadableTableError(f"表として読めません({error})") from error
    described = [field["name"] for field in resource["schema"].get("fields", ())]
    _compare_headings(resource["schema"], described, table.column_names)
    # A described column that need not be there is one without any value.
    for name in (name for name in described if name not in table.column_names):
        table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
    first = 1 + _HEADER_ROWS
    numbers = pa.array(range(first, first + table.num_rows), pa.int64())
    return table.append_column(_ROW, numbers)


def _read_csv(resource: Descriptor, content: bytes) -> pa.Table:
    dialect = resource.get("dialect") or {}
    delimiter, quote = dialect.get("delimiter", ","), dialect.get("quoteChar", '"')
    encoding = resource.get("encoding") or "utf-8"
    beginning = content[:_HEADER_BYTES].decode(encoding, "ignore").removeprefix("\ufeff")
    header = next(csv.reader(io.StringIO(beginning), delimiter=delimiter, quotechar=quote), [])
    if len(header) != len(set(header)):
        raise UnreadableTableError(f"見出しに同じ名前があります({'、'.join(header)})")
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


def _compare_headings(schema: Descriptor, described: Sequence[str], found: Sequence[str]) -> None:
    (match,) = _as_names(schema.get("fieldsMatch")) or ("exact",)
    kept = {
        "exact": list(found) == described,
        "equal": set(found) == set(described),
        "subset": set(found) >= set(described),
        "superset": set(found) <= set(described),
        "partial": bool(set(found) & set(described)),
    }
    if not kept.get(match):
        raise UnreadableTableError(
            f"見出し {'、'.join(found)} が、項目 {'、'.join(described)} と合いません"
            f"(fieldsMatch {match})"
        )
