"""Rules as DuckDB SQL, which holds every table to every rule."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb

from sumida_data.quality.outcomes import Outcome, name_rows
from sumida_data.quality.rules import (
    Comparison,
    OneOf,
    Pattern,
    Query,
    Range,
    Required,
    RowCheck,
    Rule,
    Unique,
    When,
)

_OPPOSITE = {"<": ">=", "<=": ">", "=": "<>"}
# A query need not tell its rows apart by subject.
_WITH_SUBJECT = """
    SELECT row_id, passed, coalesce(subject, {subject}) AS subject FROM (
        {query}
        UNION ALL BY NAME SELECT NULL::VARCHAR AS subject WHERE false
    ) WHERE passed IS NOT NULL
"""


class RuleQueryError(ValueError):
    """A rule's query that cannot be run or does not return what it must."""


def check_tables(connection: duckdb.DuckDBPyConnection, rules: Iterable[Rule]) -> list[Outcome]:
    """Hold the tables of a database to rules.

    Args:
        connection: A database that holds the rules' tables, and what their queries name.
        rules: The rules.

    Raises:
        RuleQueryError: If a rule's query fails.
    """
    of_rows: dict[str, list[Rule]] = {}
    outcomes: list[Outcome] = []
    for rule in rules:
        if isinstance(rule.check, Query):
            outcomes += _run_query(connection, rule, rule.check)
        else:
            of_rows.setdefault(rule.table, []).append(rule)
    for table, ours in of_rows.items():
        outcomes += check_rows(connection, table, ours)
    return outcomes


def check_rows(
    connection: duckdb.DuckDBPyConnection, table: str, rules: Sequence[Rule]
) -> list[Outcome]:
    """Hold one table to its row-local rules: one pass to count, one for each rule broken."""
    if not rules:
        return []
    concerned = (f"count(*) FILTER ({concerns(rule.check)})" for rule in rules)  # type: ignore[arg-type]  # queries are run elsewhere
    broken = (_count_sql(rule.check, table) for rule in rules)
    counts = ", ".join([*concerned, *broken])
    # All is fetched, because an unfinished result keeps the connection busy.
    (numbers,) = connection.execute(f"SELECT {counts} FROM {table}").fetchall()  # noqa: S608  # checked names
    checked, failed = numbers[: len(rules)], numbers[len(rules) :]
    return [
        Outcome(*rule.key, rows, _fetch(connection, failing_rows(rule)) if count else ())
        for rule, rows, count in zip(rules, checked, failed, strict=True)
    ]


def concerns(check: RowCheck) -> str:
    """Return the SQL condition that is true for rows that a check has something to say of."""
    match check:
        case Required(when=when):
            conditions = _conditions(when)
        case Unique():
            conditions = [_all_given(check)]
        case Comparison(field=field, other=other, when=when):
            compared = [f"{name} IS NOT NULL" for name in (field, other)]
            conditions = [*compared, *_conditions(when)]
        case _:
            conditions = [f"{check.field} IS NOT NULL"]
    return " AND ".join(conditions) or "true"


def failing_rows(rule: Rule) -> str:
    """Return the SQL that returns ``row_id`` of the rows that break a row-local rule."""
    check = rule.check
    if isinstance(check, Unique):
        keys = ", ".join(check.fields)
        return (
            f"SELECT row_id FROM {rule.table} WHERE {_all_given(check)} "  # noqa: S608  # checked names
            f"QUALIFY count(*) OVER (PARTITION BY {keys}) > 1"
        )
    return f"SELECT row_id FROM {rule.table} WHERE {breaks(check)}"  # type: ignore[arg-type]  # noqa: S608  # queries are run elsewhere


def breaks(check: RowCheck) -> str:
    """Return the SQL condition that is true for rows that break the check, and never missing."""
    match check:
        case Required(field=field, when=when):
            return " AND ".join([f"{field} IS NULL", *_conditions(when)])
        case OneOf(field=field, values=values):
            return f"coalesce({field} NOT IN ({_list(values)}), false)"
        case Range(field=field, minimum=minimum, maximum=maximum):
            bounds = [f"{field} < {minimum}"] if minimum is not None else []
            bounds += [f"{field} > {maximum}"] if maximum is not None else []
            return f"coalesce({' OR '.join(bounds)}, false)"
        case Pattern(field=field, pattern=pattern):
            return f"coalesce(NOT regexp_full_match({field}, {_quote(pattern)}), false)"
        case Comparison(field=field, operator=operator, other=other, when=when):
            broken = f"coalesce({field} {_OPPOSITE[operator]} {other}, false)"
            return " AND ".join([broken, *_conditions(when)])
    raise TypeError(f"{check.kind} compares rows with each other")


def _count_sql(check: Any, table: str) -> str:
    if isinstance(check, Unique):
        keys = ", ".join(check.fields)
        return (
            f"(SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {_all_given(check)} "  # noqa: S608  # checked names
            f"GROUP BY {keys} HAVING count(*) > 1))"
        )
    return f"count(*) FILTER ({breaks(check)})"


def _run_query(connection: duckdb.DuckDBPyConnection, rule: Rule, check: Query) -> list[Outcome]:
    query = _WITH_SUBJECT.format(query=check.query, subject=_quote(rule.subject))
    try:
        counts = connection.execute(
            "SELECT subject, count(*), count(*) FILTER (NOT passed) "  # noqa: S608  # officers' SQL
            f"FROM ({query}) GROUP BY subject ORDER BY subject"
        ).fetchall()
        failing = []
        if any(failed for _, _, failed in counts):
            failing = connection.execute(
                f"SELECT subject, row_id FROM ({query}) WHERE NOT passed ORDER BY ALL"  # noqa: S608
            ).fetchall()
    except duckdb.Error as error:
        raise RuleQueryError(f"quality_rules.yml: {rule.rule_id} の query: {error}") from error
    by_subject: defaultdict[str, list[str]] = defaultdict(list)
    for subject, row_id in failing:
        by_subject[subject].append(row_id)
    # A rule that concerns no row today has a result all the same.
    return [
        Outcome(rule.rule_id, rule.table, subject, checked, tuple(by_subject[subject]))
        for subject, checked, _ in counts or [(rule.subject, 0, 0)]
    ]


def _fetch(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[str, ...]:
    return name_rows(row_id for (row_id,) in connection.execute(query).fetchall())


def _conditions(when: When) -> list[str]:
    return [f"coalesce({name} IN ({_list(values)}), false)" for name, values in when.items()]


def _all_given(check: Unique) -> str:
    return " AND ".join(f"{name} IS NOT NULL" for name in check.fields)


def _list(values: Iterable[str]) -> str:
    return ", ".join(map(_quote, values))


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
