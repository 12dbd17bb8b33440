"""The promises of a Table Schema as DuckDB SQL over a table of texts.

frictionless lets broken ``uniqueKeys``, values outside ``categories`` and ``missingValues`` of a
single field pass, and takes 20 seconds for a million rows. Here each promise is a condition that
is true for a row that breaks it. A promise that is not known here is an error itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

ROW = "row number"
_INTEGER = "[+-]?[0-9]+"
_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
# For each type the SQL type, and the form that a text must have beside being castable: DuckDB
# would read 1.5 as the integer 2, and a date with blanks around it.
_TYPES: dict[str, tuple[str, str]] = {
    "integer": ("HUGEINT", _INTEGER),
    "number": ("DOUBLE", _NUMBER),
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
_COMPARISONS = {
    "minimum": "<",
    "maximum": ">",
    "exclusiveMinimum": "<=",
    "exclusiveMaximum": ">=",
}
_DIFFERENT = "ほかの行と異なる"
_LENGTHS = {"minLength": "<", "maxLength": ">"}


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise of a schema.

    Attributes:
        name: Its name in the standard, such as ``required``.
        fields: The columns that it is about.
        words: What is promised, for people.
        broken: SQL that is true for a row that breaks it; ``t_<name>`` is a column's text, or NULL
            where it is missing, ``v_<name>`` its value. Empty for a promise that no two rows have
            the same values.
    """

    name: str
    fields: tuple[str, ...]
    words: str
    broken: str = ""


class UnknownPromiseError(ValueError):
    """A schema promises what cannot be checked here."""


def select_values(schema: Mapping[str, Any], table: str) -> str:
    """Return the SQL that adds to each text its value under the schema.

    Raises:
        UnknownPromiseError: If a type is not known.
    """
    columns = [
        f"{_text(field, schema)} AS {_t(field['name'])}" for field in schema.get("fields", ())
    ]
    values = [f"{_value(field)} AS {_v(field['name'])}" for field in schema.get("fields", ())]
    return (
        f'SELECT *, {", ".join(values)} FROM (SELECT "{ROW}", {", ".join(columns)} '  # noqa: S608  # names are quoted
        f"FROM {quote_name(table)})"
    )


def list_promises(schema: Mapping[str, Any]) -> Iterator[Promise]:
    """Yield the promises of a schema but foreign keys, which concern two tables.

    Raises:
        UnknownPromiseError: If one is not known.
    """
    for field in schema.get("fields", ()):
        name, text, value = field["name"], _t(field["name"]), _v(field["name"])
        kind = field.get("type", "string")
        if kind not in ("string", "any"):
            broken = f"{text} IS NOT NULL AND {value} IS NULL"
            yield Promise("type", (name,), f"{kind} として読める", broken)
        if categories := field.get("categories"):
            allowed = [one["value"] if isinstance(one, Mapping) else one for one in categories]
            yield _promise_one_of("categories", field, allowed)
        for constraint, limit in field.get("constraints", {}).items():
            if limit is not False:
                yield _promise_constraint(field, constraint, limit)
    yield from _list_key_promises(schema)


def _list_key_promises(schema: Mapping[str, Any]) -> Iterator[Promise]:
    if key := as_names(schema.get("primaryKey")):
        missing = " OR ".join(f"{_t(name)} IS NULL" for name in key)
        yield Promise("primaryKey", key, "値がある", missing)
        yield Promise("primaryKey", key, _DIFFERENT)
    for fields in schema.get("uniqueKeys", ()):
        yield Promise("uniqueKeys", as_names(fields), _DIFFERENT)


def find_orphans(key: Mapping[str, Any], own: str, other: str) -> Promise:
    """Return the promise that a foreign key finds its row.

    Args:
        key: The foreign key as the schema writes it.
        own: Name of the relation that holds the values of this table.
        other: Name of the relation that holds the values of the table referred to.
    """
    fields, references = as_names(key["fields"]), as_names(key["reference"]["fields"])
    same = " AND ".join(
        f"o.{_t(there)} = {own}.{_t(here)}" for here, there in zip(fields, references, strict=True)
    )
    given = " AND ".join(f"{own}.{_t(name)} IS NOT NULL" for name in fields)
    broken = f"{given} AND NOT EXISTS (FROM {other} AS o WHERE {same})"
    return Promise("foreignKeys", fields, "参照先にある", broken)


def find_broken(
    connection: duckdb.DuckDBPyConnection, relation: str, promises: Sequence[Promise]
) -> Iterator[tuple[Promise, int, int, str]]:
    """Yield each broken promise with the rows that break it, the first of them and what it holds.

    Args:
        connection: Where the relation lives.
        relation: Name of a relation that ``select_values`` describes.
        promises: The promises.
    """
    if not promises:
        return
    counts = ", ".join(["count(*)", *(_count(promise, relation) for promise in promises)])
    ((_, *found),) = connection.execute(f"SELECT {counts} FROM {relation}").fetchall()  # noqa: S608
    for promise, count in zip(promises, found, strict=True):
        if count:
            query = _select_first(promise, relation)
            ((number, *texts),) = connection.execute(query).fetchall()
            yield promise, int(count), number, "、".join(text or "" for text in texts)


def as_names(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return names that the standard lets one write as a text or a list."""
    return (names,) if isinstance(names, str) else tuple(names or ())


def quote_name(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _count(promise: Promise, relation: str) -> str:
    if not promise.broken:
        return (
            f"(SELECT coalesce(sum(rows - 1), 0) FROM (SELECT count(*) AS rows FROM {relation} "  # noqa: S608
            f"WHERE {_all_given(promise)} GROUP BY {_all_values(promise)} HAVING count(*) > 1))"
        )
    if promise.name == "foreignKeys":
        return f"(SELECT count(*) FROM {relation} WHERE {promise.broken})"  # noqa: S608
    return f"count(*) FILTER ({promise.broken})"


def _select_first(promise: Promise, relation: str) -> str:
    """Return the SQL that finds the first row that breaks a promise, or repeats another."""
    columns = ", ".join([quote_name(ROW), *map(_t, promise.fields)])
    condition = promise.broken or (
        f"{_all_given(promise)} QUALIFY row_number() OVER "
        f"(PARTITION BY {_all_values(promise)} ORDER BY {quote_name(ROW)}) > 1"
    )
    return (
        f"SELECT {columns} FROM {relation} WHERE {condition} "  # noqa: S608
        f"ORDER BY {quote_name(ROW)} LIMIT 1"
    )


def _all_given(promise: Promise) -> str:
    return " AND ".join(f"{_v(name)} IS NOT NULL" for name in promise.fields)


def _all_values(promise: Promise) -> str:
    return ", ".join(map(_v, promise.fields))


def _promise_constraint(field: Mapping[str, Any], name: str, limit: Any) -> Promise:
    text, value, names = _t(field["name"]), _v(field["name"]), (field["name"],)
    if name == "unique":
        return Promise(name, names, _DIFFERENT)
    if name == "enum":
        return _promise_one_of(name, field, limit)
    if name == "required":
        return Promise(name, names, "値がある", f"{text} IS NULL")
    if name == "pattern":
        broken = f"NOT regexp_full_match({text}, {_literal(limit)})"
        return Promise(name, names, f"{limit} の形である", broken)
    if name in _COMPARISONS:
        broken = f"{value} {_COMPARISONS[name]} {_cast(field, limit)}"
        return Promise(name, names, f"{limit} の範囲にある", broken)
    if name in _LENGTHS:
        broken = f"length({text}) {_LENGTHS[name]} {int(limit)}"
        return Promise(name, names, f"長さが {limit} の範囲にある", broken)
    raise UnknownPromiseError(f"項目 {field['name']} の {name} は確かめられません")


def _promise_one_of(name: str, field: Mapping[str, Any], allowed: Sequence[Any]) -> Promise:
    values = ", ".join(_cast(field, one) for one in allowed)
    words = f"{'、'.join(map(str, allowed))} のどれかである"
    return Promise(name, (field["name"],), words, f"{_v(field['name'])} NOT IN ({values})")


def _text(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    missing = field.get("missingValues", schema.get("missingValues", [""]))
    texts = [one["value"] if isinstance(one, Mapping) else one for one in missing]
    column = quote_name(field["name"])
    if not texts:
        return column
    return f"CASE WHEN {column} NOT IN ({', '.join(map(_literal, texts))}) THEN {column} END"


def _value(field: Mapping[str, Any]) -> str:
    kind, text = field.get("type", "string"), _t(field["name"])
    if kind in ("string", "any"):
        return text
    if kind == "boolean":
        true, false = (field.get(name, words) for name, words in _TRUTH.items())
        return (
            f"CASE WHEN {text} IN ({', '.join(map(_literal, true))}) THEN true "
            f"WHEN {text} IN ({', '.join(map(_literal, false))}) THEN false END"
        )
    if kind not in _TYPES:
        raise UnknownPromiseError(f"項目 {field['name']} の型 {kind} は確かめられません")
    sql, form = _TYPES[kind]
    return (
        f"CASE WHEN regexp_full_match({text}, {_literal(form)}) THEN TRY_CAST({text} AS {sql}) END"
    )


def _cast(field: Mapping[str, Any], value: Any) -> str:
    kind = field.get("type", "string")
    sql = "BOOLEAN" if kind == "boolean" else _TYPES.get(kind, ("VARCHAR", ""))[0]
    return f"CAST({_literal(value)} AS {sql})"


def _literal(value: Any) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _t(name: str) -> str:
    return quote_name(f"t_{name}")


def _v(name: str) -> str:
    return quote_name(f"v_{name}")
