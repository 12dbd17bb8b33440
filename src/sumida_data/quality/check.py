"""The checks of a run: row rules as DuckDB SQL, which decides in every run, and their results.

The results are tables ``check_result`` and ``check_failure``.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from typing import Any, NamedTuple

import duckdb
import pandas as pd
import pyarrow as pa

from sumida_data.base.database import SqlError, connect, run_query
from sumida_data.base.frames import DECIMAL, arrow_schema, build_frame, to_arrow, to_frame
from sumida_data.base.metadata import DataDictionary, Row, Table
from sumida_data.base.periods import Period
from sumida_data.plan.models import Indicator
from sumida_data.quality import rules as kinds
from sumida_data.quality.rules import QualityRules, RuleKey, RuleWords, TableRule, list_rules
from sumida_data.survey.form import Waves

WHOLE_TABLE = "-"
RESULT_TABLES = ("check_result", "check_failure")
# Rows of these know their place themselves; every other row is led back by its answers.
OWN_PLACES = ("answer", "finding", "response")
# What earlier publications left behind, and the results, which count what is found there.
_RECORD = {
    "published_value", "publication", "publication_dataset", "value_publication",
    "pending_revision", "correction_notice", *RESULT_TABLES,
}  # fmt: skip
_OPPOSITE = {"<": ">=", "<=": ">", "=": "<>"}
_SHARE_STEP = Decimal("0.0001")
_FAILING = ("row_id", "rule_id", "table_name", "subject", "record_id", "field")
_PLACE = ("period", "department_code", "source_file", "file_sha256", "sheet", "cell")
# A query need not tell its rows apart by subject.
_WITH_SUBJECT = """
    SELECT row_id, passed, coalesce(subject, {subject}) AS subject FROM (
        {query}
        UNION ALL BY NAME SELECT NULL::VARCHAR AS subject WHERE false
    ) WHERE passed IS NOT NULL
"""
_LEAD_BACK = """
    WITH cells AS (
        SELECT table_name, record_id, field, {place} FROM answer
        UNION ALL BY NAME {own_places}
    )
    SELECT f.*, {place}
    FROM failing AS f
    LEFT JOIN cells AS c ON c.table_name = f.table_name AND c.record_id = f.record_id
        AND (c.field = f.field OR c.field IS NULL)
    ORDER BY f.rule_id, f.table_name, f.subject, c.period, c.department_code, f.record_id, f.field
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


def quote(value: Any) -> str:
    """Return a value as an SQL text, which DuckDB takes for a value of the type it is held to."""
    return "'" + str(value).replace("'", "''") + "'"


def quote_name(*names: str) -> str:
    """Return names as SQL writes them, with commas between."""
    return ", ".join('"' + name.replace('"', '""') + '"' for name in names)


def is_one_of(name: str, values: Iterable[Any]) -> str:
    """Return the SQL condition that a column has one of these values."""
    texts = ", ".join(map(quote, values))
    return f"{quote_name(name)} IN ({texts})" if texts else "false"


def all_given(*names: str) -> str:
    """Return the SQL condition that columns have values."""
    return " AND ".join(f"{quote_name(name)} IS NOT NULL" for name in names)


def concerns(check: kinds.RuleCheck) -> str:
    """Return the SQL condition that is true for rows that a check has something to say of."""
    match check:
        case kinds.Required():
            given = []
        case kinds.Unique(fields=fields):
            given = [all_given(*fields)]
        case kinds.FieldComparison(field=field, other=other):
            given = [all_given(field, other)]
        case _:
            given = [all_given(check.field)]
    return " AND ".join([*given, *_conditions(check)]) or "true"


def _conditions(check: kinds.RuleCheck) -> list[str]:
    when = check.when if isinstance(check, kinds.Required | kinds.FieldComparison) else {}
    return [f"coalesce({is_one_of(name, values)}, false)" for name, values in when.items()]


def breaks(check: kinds.RuleCheck) -> str:
    """Return the SQL condition that is true for rows that break the check, and never missing."""
    if isinstance(check, kinds.Unique):
        raise TypeError(f"{check.kind} compares rows")
    column = quote_name(check.field)
    match check:
        case kinds.Required():
            broken = f"{column} IS NULL"
        case kinds.OneOf(field=field, values=values):
            broken = f"NOT {is_one_of(field, values)}"
        case kinds.Range(minimum=minimum, maximum=maximum):
            limits = {"<": minimum, ">": maximum}.items()
            broken = " OR ".join(
                f"{column} {one} {limit}" for one, limit in limits if limit is not None
            )
        case kinds.Pattern(pattern=pattern):
            broken = f"NOT regexp_full_match({column}, {quote(pattern)})"
        case kinds.FieldComparison(operator=operator, other=other):
            broken = f"{column} {_OPPOSITE[operator]} {quote_name(other)}"
    return " AND ".join([f"coalesce({broken}, false)", *_conditions(check)])


def count_broken(check: kinds.RuleCheck | str, table: str) -> str:
    """Return the SQL expression that counts the rows that break a check or meet a condition."""
    if not isinstance(check, kinds.Unique):
        return f"count(*) FILTER ({check if isinstance(check, str) else breaks(check)})"
    return (
        f"(SELECT coalesce(sum(rows), 0) FROM (SELECT count(*) AS rows FROM {table} "  # noqa: S608  # names are quoted
        f"WHERE {all_given(*check.fields)} GROUP BY {quote_name(*check.fields)} "
        "HAVING count(*) > 1))"
    )


def select_broken(check: kinds.RuleCheck | str, table: str, columns: str, order: str = "") -> str:
    """Return the SQL that selects columns of the rows that break a check or meet a condition.

    Of rows with the same values all are at fault, or, in the order of a column, all but the first.
    """
    if not isinstance(check, kinds.Unique):
        condition = check if isinstance(check, str) else breaks(check)
        return f"SELECT {columns} FROM {table} WHERE {condition}"  # noqa: S608  # names are quoted
    number = f"row_number() OVER (same ORDER BY {order})" if order else "count(*) OVER same"
    return (
        f"SELECT {columns} FROM {table} WHERE {all_given(*check.fields)} "  # noqa: S608  # names are quoted
        f"WINDOW same AS (PARTITION BY {quote_name(*check.fields)}) QUALIFY {number} > 1"
    )


def count_rows(
    connection: duckdb.DuckDBPyConnection, table: str, counts: Sequence[str]
) -> tuple[int, ...]:
    """Count in one pass over a table; each count is an SQL expression."""
    # All is fetched, because an unfinished result keeps the connection busy.
    query = f"SELECT {', '.join(['count(*)', *counts])} FROM {table}"  # noqa: S608  # names are quoted
    ((_, *found),) = connection.execute(query).fetchall()
    return tuple(found)


def name_rows(row_ids: Iterable[Any]) -> tuple[str, ...]:
    """Return the row ids in order; one that is missing is ''."""
    return tuple(sorted("" if pd.isna(row_id) else str(row_id) for row_id in row_ids))


def check_with_sql(
    rules: Iterable[TableRule], relations: Mapping[str, pd.DataFrame | pa.Table]
) -> list[EngineResult]:
    """Hold tables, by name, to rules of any kind.

    Raises:
        RuleQueryError: If a rule's query fails.
    """
    of_rows: defaultdict[str, list[tuple[RuleKey, kinds.RuleCheck]]] = defaultdict(list)
    results: list[EngineResult] = []
    with connect() as connection:
        for name, data in relations.items():
            connection.register(name, to_arrow(data) if isinstance(data, pd.DataFrame) else data)
        for rule in rules:
            if isinstance(rule.check, kinds.Query):
                results += _run_query(connection, rule, rule.check.query)
            else:
                of_rows[rule.table].append((rule.key, rule.check))
        for table, ours in of_rows.items():
            results += _check_rows(connection, table, ours)
    return results


def _check_rows(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    rules: Sequence[tuple[RuleKey, kinds.RuleCheck]],
) -> Iterator[EngineResult]:
    """Hold a table to its row rules: one pass to count, one for each rule that is broken."""
    counts = [f"count(*) FILTER ({concerns(check)})" for _, check in rules]
    counts += [count_broken(check, table) for _, check in rules]
    found = count_rows(connection, table, counts)
    for (key, check), checked, broken in zip(rules, found, found[len(rules) :], strict=False):
        query = select_broken(check, table, "row_id")
        rows = connection.execute(query).fetchall() if broken else ()
        yield EngineResult(key, checked, name_rows(row_id for (row_id,) in rows))


def _run_query(
    connection: duckdb.DuckDBPyConnection, rule: TableRule, query: str
) -> Iterator[EngineResult]:
    judged = _WITH_SUBJECT.format(query=query, subject=quote(rule.subject))
    by_subject: defaultdict[str, list[str]] = defaultdict(list)
    try:
        counts = run_query(
            connection,
            "SELECT subject, count(passed), count(*) FILTER (NOT passed) "  # noqa: S608  # checked SQL
            f"FROM ({judged}) GROUP BY subject ORDER BY subject",
        )
        failing = f"SELECT subject, row_id FROM ({judged}) WHERE NOT passed ORDER BY ALL"  # noqa: S608
        has_failed = any(failed for _, _, failed in counts)
        for subject, row_id in run_query(connection, failing) if has_failed else ():
            by_subject[subject].append(row_id)
    except SqlError as error:
        raise RuleQueryError(f"quality_rules.yml: {rule.rule_id} の query: {error}") from error
    # A rule that concerns no row today has a result all the same.
    for subject, checked, _ in counts or [(rule.subject, 0, 0)]:
        yield EngineResult((rule.rule_id, rule.table, subject), checked, tuple(by_subject[subject]))


def run_checks(
    rules: QualityRules,
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    relations: Mapping[str, pa.Table],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make tables ``check_result`` and ``check_failure``, which are held to their own rules too.

    Queries may name relations beside the tables.

    Raises:
        RuleQueryError: If a rule's query cannot be run.
    """
    known = list_rules(rules, dictionary)
    ours = [rule for rule in known if rule.table in frames]
    found = check_with_sql(ours, {**frames, **relations})
    result, failure = (dictionary[name] for name in RESULT_TABLES)

    def build() -> tuple[pd.DataFrame, pd.DataFrame]:
        failures = build_check_failure(ours, found, frames, failure)
        return build_check_result(rules.words, found, result), failures

    of_results = [rule for rule in known if rule.table in RESULT_TABLES]
    found += check_with_sql(of_results, dict(zip(RESULT_TABLES, build(), strict=True)))
    return build()


def build_check_result(
    words: Mapping[str, RuleWords], found: Iterable[EngineResult], table: Table
) -> pd.DataFrame:
    """Make table ``check_result``: one row is one rule's result on one table or subject of it."""
    rows = []
    for (rule_id, name, subject), checked, failing in sorted(found):
        rule, failed = words[rule_id], len(failing)
        share = (
            (Decimal(failed) / checked).quantize(_SHARE_STEP, ROUND_HALF_UP) if checked else None
        )
        query = getattr(getattr(rule, "check", None), "query", "")
        rests_on_record = not _RECORD.isdisjoint([name, *re.findall(r"\w+", query)])
        row = {
            **rule.model_dump(include={"severity", "characteristic", "owner", "may_fail"}),
            "row_id": f"{rule_id}/{name}/{subject or WHOLE_TABLE}",
            "rule_id": rule_id,
            "rule_title": rule.title,
            "table_name": name,
            "subject": subject or WHOLE_TABLE,
            "depends_on": "record" if rests_on_record else "data",
            "rows_checked": checked,
            "rows_failed": failed,
            "share_failed": share,
            # Compared exactly, not as rounded for the table: one row in a million is a failure.
            "passed": failed <= rule.may_fail * checked if checked else None,
        }
        rows.append(row)
    return build_frame(table, rows)


def build_check_failure(
    rules: Iterable[TableRule],
    found: Iterable[EngineResult],
    frames: Mapping[str, pd.DataFrame],
    table: Table,
) -> pd.DataFrame:
    """Make table ``check_failure``: one row is one field of one row that breaks a rule.

    It has the cell it was read from, which ``answer`` and some other tables know. What stands in
    the cell is left out: an unreadable one may hold anything, a name as well.
    """
    # A query may name subjects of its own; a derived rule's subject is part of its key.
    fields: dict[tuple[str, ...], tuple[str, ...]] = {}
    fields |= {rule.key if rule.subject else rule.key[:2]: rule.fields for rule in rules}
    schema = pa.schema([(name, pa.string()) for name in _FAILING])
    own_places = " UNION ALL BY NAME ".join(
        f"SELECT '{name}' AS table_name, row_id AS record_id, "  # noqa: S608  # names of our own
        f"{', '.join(column for column in _PLACE if column in frames[name])} FROM {name}"
        for name in OWN_PLACES
    )
    with connect() as connection:
        failing = pa.Table.from_pylist(list(_list_failing(found, fields)), schema)
        connection.register("failing", failing)
        for name in OWN_PLACES:
            connection.register(name, to_arrow(frames[name]))
        query = _LEAD_BACK.format(place=", ".join(_PLACE), own_places=own_places)
        led_back = connection.sql(query).to_arrow_table()
    return to_frame(led_back.select(table.column_names).cast(arrow_schema(table)))


def _list_failing(
    found: Iterable[EngineResult], fields: Mapping[tuple[str, ...], Sequence[str]]
) -> Iterator[Row]:
    for one in found:
        rule_id, table, subject = one.key
        looked_at: Sequence[str | None] = fields.get(one.key) or fields.get(one.key[:2]) or [None]
        for record_id in sorted(set(one.failing)):
            for field in looked_at:
                parts = (rule_id, table, subject or WHOLE_TABLE, record_id, field)
                row_id = sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:16]
                yield dict(zip(_FAILING, (row_id, *parts), strict=True))


# What the rules' queries may name beside the tables.
_INDICATOR, _PERIOD = pa.field("indicator_id", pa.string()), pa.field("period", pa.string())
SCHEMAS = {
    "asked_department": pa.schema([_PERIOD, ("department_code", pa.string())]),
    "indicator_limit": pa.schema([_INDICATOR, ("list_size", DECIMAL), ("whole_id", pa.string())]),
    "published_value": pa.schema(
        [_INDICATOR, _PERIOD, ("revision", pa.int64()), ("value", DECIMAL)]
    ),
}


def list_asked_departments(waves: Waves, departments: Iterable[Row]) -> pa.Table:
    """Return who is asked: one row per quarter and department."""
    known, rows = list(departments), []
    for period, wave in waves.root.items():
        day = Period.parse(period).last_day
        there = {
            one["department_code"]
            for one in known
            if one["valid_from"] <= day <= (one["valid_to"] or date.max)
        }
        codes = sorted(filter(wave.asks, there))
        rows += [{"period": period, "department_code": code} for code in codes]
    return pa.Table.from_pylist(rows, SCHEMAS["asked_department"])


def list_limits(indicators: Iterable[Indicator]) -> pa.Table:
    """Return what indicators cannot exceed: one row per indicator."""
    rows = [
        {"indicator_id": one.indicator_id, "list_size": one.limit, "whole_id": one.part_of}
        for one in indicators
    ]
    return pa.Table.from_pylist(rows, SCHEMAS["indicator_limit"])


def list_published(values: Iterable[Row], *, sample: bool) -> pa.Table:
    """Return the public values, invented or real: one row per indicator, quarter and revision."""
    rows = [row for row in values if row["sample"] is sample]
    return pa.Table.from_pylist(rows, SCHEMAS["published_value"])
