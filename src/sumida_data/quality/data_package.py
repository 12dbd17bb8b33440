"""Validation of a data package against its descriptor: files, hashes, headings, every row.

frictionless lets broken ``uniqueKeys``, values outside ``categories`` and ``missingValues`` of a
single field pass, and takes 20 seconds for a million rows. Here each constraint of a Table Schema
is a condition in SQL, and DuckDB holds the rows to it. What packages of this project do not say is
not known here, and an error itself.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv as pacsv

from sumida_data.base.database import connect, quote, quote_name
from sumida_data.quality.check import CONSTRAINTS, all_given, is_different, judge_rows, keeps
from sumida_data.quality.rules import YEARMONTH

Descriptor = Mapping[str, Any]

DESCRIPTOR = "datapackage.json"
_ROW = "row number"
_HEADER_ROWS = 1
# For each type the SQL type, and the form that a text must have beside being castable: DuckDB
# would read 1.5 as the integer 2, and a date with blanks around it.
_TYPES = {
    "integer": ("HUGEINT", "[+-]?[0-9]+"),
    "number": ("DOUBLE", r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"),
    "date": ("DATE", "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "yearmonth": ("VARCHAR", YEARMONTH),
    "boolean": ("BOOLEAN", "true|True|TRUE|1|false|False|FALSE|0"),
}
# Its name in the schema, its columns, its words, and the SQL that says whether a row keeps it.
TableConstraint = tuple[str, tuple[str, ...], str, str]


class UncheckableError(ValueError):
    """A file is not the table that it is described as, or a schema says what is not known here."""


def split_packages(files: Mapping[str, bytes]) -> defaultdict[str, dict[str, bytes]]:
    """Return the files of each package by their path within it; a package not there has none."""
    packages: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
    for path, content in files.items():
        name, _, file = path.partition("/")
        packages[name][file] = content
    return packages


def find_errors(files: Mapping[str, bytes]) -> list[str]:
    """Check a package, given by path: its descriptor, sizes, hashes, headings, and every row.

    There is a line for each thing that does not hold, beginning with the file and naming the first
    row at fault, as a spreadsheet numbers it; nothing for a valid package.
    """
    from frictionless import FrictionlessException, Package  # noqa: PLC0415  # only here

    try:
        descriptor = json.loads(files.get(DESCRIPTOR, b""))
        # The standard's own profile.
        Package.from_descriptor(descriptor)
    except (json.JSONDecodeError, UnicodeDecodeError):
        return [f"{DESCRIPTOR}: JSONとして読めません"]
    except FrictionlessException as exception:
        errors = exception.reasons or [exception.error]
        return [f"{DESCRIPTOR}: {error.message}" for error in errors]
    resources = descriptor["resources"]
    return [*_check_files(resources, files), *_check_tables(resources, files)]


def _check_files(resources: Sequence[Descriptor], files: Mapping[str, bytes]) -> Iterator[str]:
    for resource in resources:
        path = resource["path"]
        content = files.get(path)
        if content is None:
            yield f"{path}: ファイルがありません"
            continue
        if len(content) != resource["bytes"]:
            stated = resource["bytes"]
            yield f"{path}: 大きさが{len(content)}バイトで、bytes の {stated} と違います"
        if f"sha256:{sha256(content).hexdigest()}" != resource["hash"]:
            yield f"{path}: 内容が hash の {resource['hash']} と違います"


def _check_tables(resources: Sequence[Descriptor], files: Mapping[str, bytes]) -> Iterator[str]:
    ours = [one for one in resources if "schema" in one and one["path"] in files]
    known: dict[str, list[TableConstraint]] = {}
    with connect() as connection:
        for resource in ours:
            name, path, schema = resource["name"], resource["path"], resource["schema"]
            try:
                connection.register(f"raw {name}", _read_table(resource, files[path]))
                values = _select_values(schema, f"raw {name}")
                connection.execute(f"CREATE TEMP VIEW {quote_name(name)} AS {values}")
                known[name] = []
                known[name] += list_constraints(schema, quote_name(name))
            except UncheckableError as error:
                yield f"{path}: {error}"
        for resource in ours:
            constraints, path = known.get(resource["name"], []), resource["path"]
            try:
                constraints += _list_references(resource, known)
            except UncheckableError as error:
                yield f"{path}: {error}"
            if constraints:
                table = quote_name(resource["name"])
                yield from (
                    f"{path}: {one}" for one in _find_broken(connection, table, constraints)
                )


def _find_broken(
    connection: duckdb.DuckDBPyConnection, table: str, constraints: Sequence[TableConstraint]
) -> Iterator[str]:
    """Name the first of the rows that break a constraint, and count the others."""
    at, conditions = quote_name(_ROW), [passed for *_, passed in constraints]
    counts = judge_rows(connection, table, conditions, "count(*) FILTER (NOT {0})")
    for (name, fields, words, passed), count in zip(constraints, counts, strict=True):
        if count:
            columns = quote_name(_ROW, *map(_text, fields))
            judged = f"SELECT {columns}, {passed} AS passed FROM {table}"  # noqa: S608
            first = f"SELECT * FROM ({judged}) WHERE NOT passed ORDER BY {at} LIMIT 1"  # noqa: S608
            ((row, *texts, _),) = connection.execute(first).fetchall()
            text, named = "、".join(one or "" for one in texts), "、".join(fields)
            more = f"(ほか{count - 1}行)" if count > 1 else ""
            broken = f"{named} の「{text}」は、{words}という約束({name})に合いません"
            yield f"{row}行目: {broken}{more}"


def _list_references(resource: Descriptor, known: Collection[str]) -> Iterator[TableConstraint]:
    for key in resource["schema"].get("foreignKeys", ()):
        other = key["reference"]["resource"]
        if other not in known or resource["name"] not in known:
            raise UncheckableError(f"外部キーの参照先 {other} を読めません (foreignKeys)")
        fields = tuple(key["fields"])
        references = [f"o.{quote_name(one)}" for one in key["reference"]["fields"]]
        there = " AND ".join(f"{one} IS NOT NULL" for one in references)
        others = f"SELECT {', '.join(references)} FROM {quote_name(other)} AS o WHERE {there}"  # noqa: S608
        found = f"CASE WHEN {all_given(fields)} THEN ({quote_name(*fields)}) IN ({others}) END"
        yield "foreignKeys", fields, "参照先にある", found


def list_constraints(schema: Descriptor, table: str) -> Iterator[TableConstraint]:
    """Yield the constraints that the schema of a table makes, but foreign keys.

    Raises an UncheckableError if one is not known.
    """
    for field in schema["fields"]:
        name, kind = field["name"], field["type"]
        if kind != "string":
            is_read = f"{quote_name(name)} IS NOT NULL OR {quote_name(_text(name))} IS NULL"
            yield "type", (name,), f"{kind} として読める", is_read
        constraints = {"categories": field.get("categories") or False}
        for constraint, limit in {**constraints, **field.get("constraints", {})}.items():
            if limit is not False:
                yield _constrain(table, name, constraint, limit)
    key = tuple(schema.get("primaryKey", ()))
    for name in key:
        given = keeps(name, "required", [True], _text(name))
        yield "primaryKey", key, CONSTRAINTS["required"].words, given
    keys = [("primaryKey", key)] * bool(key)
    keys += [("uniqueKeys", tuple(one)) for one in schema.get("uniqueKeys", ())]
    for name, fields in keys:
        yield name, fields, CONSTRAINTS["unique"].words, is_different(table, fields, _ROW)


def _constrain(table: str, field: str, name: str, limit: Any) -> TableConstraint:
    if name not in CONSTRAINTS:
        raise UncheckableError(f"項目 {field} の {name} は確かめられません")
    limits = _list_values(limit)
    words = CONSTRAINTS[name].words.format("、".join(map(str, limits)))
    if name == "unique":
        return name, (field,), words, is_different(table, [field], _ROW)
    return name, (field,), words, keeps(field, name, limits, _text(field))


def _select_values(schema: Descriptor, table: str) -> str:
    """Return the SQL that sets beside each text its value; a missing one has neither."""
    texts, values = [], []
    for field in schema["fields"]:
        name, missing = field["name"], field.get("missingValues", schema.get("missingValues", [""]))
        column, text = quote_name(name), quote_name(_text(name))
        is_missing = keeps(name, "enum", _list_values(missing))
        texts.append(f"CASE WHEN {is_missing} THEN NULL ELSE {column} END AS {text}")
        values.append(f"{_value(field)} AS {column}")
    return (
        f"SELECT *, {', '.join(values)} FROM "  # noqa: S608
        f"(SELECT {quote_name(_ROW)}, {', '.join(texts)} FROM {quote_name(table)})"
    )


def _value(field: Descriptor) -> str:
    """Return the SQL that reads the text of a field as its type, or gives nothing."""
    kind, text = field["type"], quote_name(_text(field["name"]))
    if kind == "string":
        return text
    if kind not in _TYPES:
        raise UncheckableError(f"項目 {field['name']} の型 {kind} は確かめられません")
    type_, form = _TYPES[kind]
    has_form = f"regexp_full_match({text}, {quote(form)})"
    return f"CASE WHEN {has_form} THEN TRY_CAST({text} AS {type_}) END"


def _text(name: str) -> str:
    return f"text of {name}"


def _list_values(values: Any) -> list[Any]:
    """Return what may be one or many values, each of which may have a label."""
    many = values if isinstance(values, list) else [values]
    return [one["value"] if isinstance(one, Mapping) else one for one in many]


def _read_table(resource: Descriptor, content: bytes) -> pa.Table:
    """Return a CSV file as a table of texts with numbered rows, with the columns of its schema.

    Raises an UncheckableError if it cannot be read, or its headings are not those described.
    """
    described = [field["name"] for field in resource["schema"]["fields"]]
    try:
        table = pacsv.read_csv(
            pa.BufferReader(content),
            pacsv.ReadOptions(block_size=1 << 24),
            pacsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            pacsv.ConvertOptions(column_types=dict.fromkeys(described, pa.string())),
        )
        found = table.column_names
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise UncheckableError(f"表として読めません({error})") from error
    if found != described or "fieldsMatch" in resource["schema"]:
        raise UncheckableError(
            f"見出し {'、'.join(found)} が、項目 {'、'.join(described)} と合いません"
            "(fieldsMatch exact)"
        )
    first = 1 + _HEADER_ROWS
    return table.append_column(_ROW, pa.array(range(first, first + table.num_rows), pa.int64()))
