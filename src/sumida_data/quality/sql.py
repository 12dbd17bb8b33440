"""Row rules as DuckDB SQL: the one compiler, and the engine that decides in every run."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import duckdb
import pandas as pd

from sumida_data.base.database import SqlError, run_query
from sumida_data.quality.rules import (
    Bound,
    FieldComparison,
    OneOf,
    Pattern,
    Query,
    Range,
    Readable,
    Required,
    RowCheck,
    RuleKey,
    TableRule,
    Unique,
    When,
)

_OPPOSITE = {"<": ">=", "<=": ">", "=": "<>", ">": "<=", ">=": "<"}
# A query need not tell its rows apart by subject.
_WITH_SUBJECT = """
    SELECT row_id, passed, coalesce(subject, {subject}) AS subject FROM (
        {query}
        UNION ALL BY NAME SELECT NULL::VARCHAR AS subject WHERE false
    ) WHERE passed IS NOT NULL
"""


class RuleQueryError(ValueError):
    """A rule's query that cannot be run or does not return what it must."""


class EngineResult(NamedTuple):
    """What one engine found of one rule.

    Attributes:
        key: Rule id, table and subject; the subject is '' where the rule is about the whole.
        rows_checked: Rows of which the rule says something; none where it compared nothing.
        failing: ``row_id`` of the rows that break the rule, in order.
    """

    key: RuleKey
    rows_checked: int
    failing: tuple[str, ...]


def name_rows(row_ids: Iterable[Any]) -> tuple[str, ...]:
    """Return the row ids in order; one that is missing is ''."""
    return tuple(sorted("" if pd.isna(row_id) else str(row_id) for row_id in row_ids))


def check_tables(
    connection: duckdb.DuckDBPyConnection, rules: Iterable[TableRule]
) -> list[EngineResult]:
    """Hold the tables of a database to rules.

    Raises:
        RuleQueryError: If a rule's query fails.
    """
    of_rows: defaultdict[str, list[TableRule]] = defaultdict(list)
    results: list[EngineResult] = []
    for rule in rules:
        if isinstance(rule.check, Query):
            results += _run_query(connection, rule, rule.check)
        else:
            of_rows[rule.table].append(rule)
    for table, ours in of_rows.items():
        results += _check_rows(connection, table, ours)
    return results


def _check_rows(
    connection: duckdb.DuckDBPyConnection, table: str, rules: Sequence[TableRule]
) -> list[EngineResult]:
    """Hold one table to its row rules: one pass to count, one for each rule that is broken."""
    checks: list[Any] = [rule.check for rule in rules]
    concerned = [f"count(*) FILTER ({concerns(check)})" for check in checks]
    counts = count_rows(
        connection, table, [*concerned, *(count_broken(one, table) for one in checks)]
    )
    return [
        EngineResult(rule.key, checked, _fetch(connection, table, rule.check) if broken else ())
        for rule, checked, broken in zip(rules, counts, counts[len(rules) :], strict=False)
    ]


def _fetch(connection: duckdb.DuckDBPyConnection, table: str, check: Any) -> tuple[str, ...]:
    rows = connection.execute(select_broken(check, table, "row_id")).fetchall()
    return name_rows(row_id for (row_id,) in rows)


def count_rows(
    connection: duckdb.DuckDBPyConnection, table: str, counts: Sequence[str]
) -> tuple[int, ...]:
    """Count in one pass over a table; each count is an SQL expression."""
    # All is fetched, because an unfinished result keeps the connection busy.
    query = f"SELECT {', '.join(['count(*)', *counts])} FROM {table}"  # noqa: S608  # names are quoted
    ((_, *found),) = connection.execute(query).fetchall()
    return tuple(found)


def concerns(check: RowCheck) -> str:
    """Return the SQL condition that is true for rows that a check has something to say of."""
    match check:
        case Required(when=when):
            conditions = _conditions(when)
        case Unique(fields=fields):
            conditions = [_all_given(fields)]
        case FieldComparison(field=field, other=other, when=when):
            conditions = [_all_given((field, other)), *_conditions(when)]
        case _:
            conditions = [_all_given((check.field,))]
    return " AND ".join(conditions) or "true"


def count_broken(check: RowCheck, table: str) -> str:
    """Return the SQL expression that counts the rows of a table that break a row check."""
    if not isinstance(check, Unique):
        return f"count(*) FILTER ({breaks(check)})"
    return (
        f"(SELECT coalesce(sum(rows), 0) FROM (SELECT count(*) AS rows FROM {table} "  # noqa: S608  # names are quoted
        f"WHERE {_all_given(check.fields)} GROUP BY {_names(check.fields)} HAVING count(*) > 1))"
    )


def select_broken(check: RowCheck, table: str, columns: str, order: str = "") -> str:
    """Return the SQL that selects columns of the rows that break a row check.

    Of rows with the same values all are at fault, or, in the order of a column, all but the first.
    """
    if not isinstance(check, Unique):
        return f"SELECT {columns} FROM {table} WHERE {breaks(check)}"  # noqa: S608  # names are quoted
    number = f"row_number() OVER (same ORDER BY {order})" if order else "count(*) OVER same"
    return (
        f"SELECT {columns} FROM {table} WHERE {_all_given(check.fields)} "  # noqa: S608  # names are quoted
        f"WINDOW same AS (PARTITION BY {_names(check.fields)}) QUALIFY {number} > 1"
    )


def _list_bounds(field: str, limits: Mapping[Any, Any]) -> list[Bound]:
    given = {operator: limit for operator, limit in limits.items() if limit is not None}
    return [Bound(field, operator, limit) for operator, limit in given.items()]


def breaks(check: RowCheck) -> str:
    """Return the SQL condition that is true for rows that break the check, and never missing."""
    when: When = {}
    match check:
        case Required(field=field, when=when):
            broken = f"{quote_name(field)} IS NULL"
        case OneOf(field=field, values=values):
            broken = f"{quote_name(field)} NOT IN ({_list(values)})"
        case Range(field=field, minimum=minimum, maximum=maximum):
            limits = {">=": minimum, "<=": maximum}
            broken = " OR ".join(map(breaks, _list_bounds(field, limits)))
        case Bound(field=field, operator=operator, limit=limit, of_length=of_length):
            value = f"length({quote_name(field)})" if of_length else quote_name(field)
            broken = f"{value} {_OPPOSITE[operator]} {quote(limit)}"
        case Pattern(field=field, pattern=pattern):
            broken = f"NOT regexp_full_match({quote_name(field)}, {quote(pattern)})"
        case FieldComparison(field=field, operator=operator, other=other, when=when):
            broken = f"{quote_name(field)} {_OPPOSITE[operator]} {quote_name(other)}"
        case Readable(field=field, text=text):
            broken = f"{quote_name(text)} IS NOT NULL AND {quote_name(field)} IS NULL"
        case _:
            raise TypeError(f"{check.kind} compares rows")
    return " AND ".join([f"coalesce({broken}, false)", *_conditions(when)])


def _run_query(
    connection: duckdb.DuckDBPyConnection, rule: TableRule, check: Query
) -> list[EngineResult]:
    query = _WITH_SUBJECT.format(query=check.query, subject=quote(rule.subject))
    try:
        counts = run_query(
            connection,
            "SELECT subject, count(passed), count(*) FILTER (NOT passed) "  # noqa: S608  # checked SQL
            f"FROM ({query}) GROUP BY subject ORDER BY subject",
        )
        failing = []
        if any(failed for _, _, failed in counts):
            failing = run_query(
                connection,
                f"SELECT subject, row_id FROM ({query}) WHERE NOT passed ORDER BY ALL",  # noqa: S608
            )
    except SqlError as error:
        raise RuleQueryError(f"quality_rules.yml: {rule.rule_id} の query: {error}") from error
    by_subject: defaultdict[str, list[str]] = defaultdict(list)
    for subject, row_id in failing:
        by_subject[subject].append(row_id)
    # A rule that concerns no row today has a result all the same.
    return [
        EngineResult((rule.rule_id, rule.table, subject), checked, tuple(by_subject[subject]))
        for subject, checked, _ in counts or [(rule.subject, 0, 0)]
    ]


def _conditions(when: When) -> list[str]:
    return [
        f"coalesce({quote_name(name)} IN ({_list(values)}), false)" for name, values in when.items()
    ]


def _all_given(fields: Iterable[str]) -> str:
    return " AND ".join(f"{quote_name(name)} IS NOT NULL" for name in fields)


def _names(fields: Iterable[str]) -> str:
    return ", ".join(map(quote_name, fields))


def _list(values: Iterable[str]) -> str:
    return ", ".join(map(quote, values))


def quote(value: Any) -> str:
    """Return a value as an SQL text, which DuckDB takes for a value of the type it is held to."""
    return "'" + str(value).replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
