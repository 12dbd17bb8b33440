"""The checks of a run: row rules as DuckDB SQL, which decides in every run, and their results.

The results are tables ``check_result`` and ``check_failure``.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import product, starmap
from typing import Any, NamedTuple

import duckdb
import pandas as pd
import pyarrow as pa

from sumida_data.base.characters import hash_parts
from sumida_data.base.database import SqlError, connect, quote, quote_name, run_query, select
from sumida_data.base.frames import DECIMAL, arrow_schema, build_frame, to_arrow, to_frame
from sumida_data.base.metadata import DataDictionary, Row, Table
from sumida_data.base.periods import Period
from sumida_data.plan.models import Indicator
from sumida_data.quality import rules as kinds
from sumida_data.quality.rules import QualityRules, RuleKey, RuleWords, TableRule, list_rules
from sumida_data.survey.departments import Department, list_existing
from sumida_data.survey.form import Waves

WHOLE_TABLE = "-"
RESULT_TABLES = ("check_result", "check_failure")
# Rows of these know their place themselves; every other row is led back by its answers.
OWN_PLACES = ("answer", "finding", "response")
# What earlier publications left behind, and the results, which count what is found there.
_PUBLISHED = ("published_value", "publication", "publication_dataset", "value_publication")
_RECORD = {*_PUBLISHED, "pending_revision", "correction_notice", *RESULT_TABLES}
_SHARE_STEP = Decimal("0.0001")
_FAILING = ("row_id", "rule_id", "table_name", "subject", "record_id", "field")
_PLACE = ("period", "department_code", "source_file", "file_sha256", "sheet", "cell")
# A query need not tell its rows apart by subject.
_BY_SUBJECT = """
    SELECT coalesce(subject, {subject}) AS subject, count(*), list(row_id) FILTER (NOT passed)
    FROM ({query} UNION ALL BY NAME SELECT NULL::VARCHAR AS subject WHERE false)
    WHERE passed IS NOT NULL GROUP BY ALL ORDER BY ALL
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
    """What one engine found of one rule."""

    key: RuleKey  # rule id, table and subject, which is '' where the rule is about the whole
    rows_checked: int  # of which the rule says something; 0 where it compared nothing
    failing: tuple[str, ...]  # row_id of the rows that break the rule, in order
    fields: tuple[str, ...]  # that it looks at


class Constraint(NamedTuple):
    """What the engines call a constraint of a Table Schema; frictionless calls it as that does."""

    sql: str  # says whether the value in a column, which is read from a text, keeps a limit
    words: str  # what it asks for, in Japanese
    expectation: str = ""  # of Great Expectations; empty where no rule has it
    argument: str = ""  # what Great Expectations calls the limit


_IN, _BETWEEN = "ExpectColumnValuesToBeInSet", "ExpectColumnValuesToBeBetween"
_MATCH = "ExpectColumnValuesToMatchRegex"
CONSTRAINTS = {
    # What is there and cannot be read breaks its type and not this.
    "required": Constraint("{text} IS NOT NULL", "値がある", "ExpectColumnValuesToNotBeNull"),
    # Its SQL names the table as well: ``is_different``.
    "unique": Constraint("", "ほかの行と異なる"),
    "enum": Constraint("{column} IN ({limit})", "{} のどれかである", _IN, "value_set"),
    "categories": Constraint("{column} IN ({limit})", "{} のどれかである"),
    "pattern": Constraint("regexp_full_match({column}, {limit})", "{} の形である", _MATCH, "regex"),
    "minimum": Constraint("{column} >= {limit}", "{} の範囲にある", _BETWEEN, "min_value"),
    "maximum": Constraint("{column} <= {limit}", "{} の範囲にある", _BETWEEN, "max_value"),
}


def all_given(names: Iterable[str]) -> str:
    """Return the SQL condition that columns have values."""
    return " AND ".join(f"{quote_name(name)} IS NOT NULL" for name in names)


def is_different(table: str, fields: Sequence[str], order: str = "") -> str:
    """Return the SQL that says whether no other row has the same values, missing where one is.

    Of rows with the same values none differs, or, in the order of a column, only the first.
    """
    names, given, at = quote_name(*fields), all_given(fields), quote_name(order)
    same = f"FROM {table} WHERE {given} GROUP BY {names} HAVING count(*) > 1"
    different = f"({names}) NOT IN (SELECT {names} {same})"
    if order:
        different = f"{at} NOT IN (SELECT unnest(list_sort(list({at}))[2:]) {same})"
    return f"CASE WHEN {given} THEN {different} END"


def passes(rule: TableRule) -> str:
    """Return the SQL that says whether a row keeps a rule, missing where it is not judged."""
    match rule.check:
        case kinds.Unique(fields=fields):
            passed = is_different(rule.table, fields)
        case kinds.FieldComparison(field=field, operator=operator, other=other):
            passed = f"{quote_name(field)} {operator} {quote_name(other)}"
        case check:
            passed = " AND ".join(starmap(keeps, kinds.list_constraints(check)))
    met = " AND ".join(keeps(name, "enum", values) for name, values in rule.when.items())
    return f"CASE WHEN {met} THEN {passed} END" if met else passed


def keeps(field: str, constraint: str, limit: Any, text: str = "") -> str:
    """Return the SQL that says whether a field keeps a constraint, missing as its value is."""
    limits = limit if isinstance(limit, list | tuple) else [limit]
    return CONSTRAINTS[constraint].sql.format(
        column=quote_name(field),
        text=quote_name(text or field),
        limit=", ".join(map(quote, limits)) or "NULL",
    )


def name_rows(row_ids: Iterable[Any]) -> tuple[str, ...]:
    """Return the row ids in order; one that is missing is ''."""
    return tuple(sorted("" if pd.isna(row_id) else str(row_id) for row_id in row_ids))


def check_with_sql(
    rules: Iterable[TableRule], relations: Mapping[str, pd.DataFrame | pa.Table]
) -> list[EngineResult]:
    """Hold tables, by name, to rules of any kind.

    Raises a RuleQueryError if a rule's query fails.
    """
    of_rows: defaultdict[str, list[TableRule]] = defaultdict(list)
    results: list[EngineResult] = []
    with connect() as connection:
        for name, data in relations.items():
            connection.register(name, to_arrow(data) if isinstance(data, pd.DataFrame) else data)
        for rule in rules:
            if isinstance(rule.check, kinds.Query):
                results += _run_query(connection, rule, rule.check.query)
            else:
                of_rows[rule.table].append(rule)
        for table, ours in of_rows.items():
            results += _check_rows(connection, table, ours)
    return results


def _check_rows(
    connection: duckdb.DuckDBPyConnection, table: str, rules: Sequence[TableRule]
) -> Iterator[EngineResult]:
    measured = "count({0}), list(row_id) FILTER (NOT {0})"
    found = judge_rows(connection, table, map(passes, rules), measured)
    for rule, checked, failing in zip(rules, found[::2], found[1::2], strict=True):
        yield EngineResult(rule.key, checked, name_rows(failing or ()), rule.fields)


def judge_rows(
    connection: duckdb.DuckDBPyConnection, table: str, conditions: Iterable[str], measured: str
) -> tuple[Any, ...]:
    """Return for each condition, in one pass over a table, what is asked of the rows it judges.

    That is said in SQL expressions, in which ``{0}`` is whether a row meets the condition.
    """
    judged = {quote_name(f"meets {n}"): one for n, one in enumerate(conditions)}
    columns = ", ".join(f"{condition} AS {name}" for name, condition in judged.items())
    expressions = ", ".join(map(measured.format, judged))
    query = f"SELECT {expressions} FROM (SELECT *, {columns} FROM {table})"  # noqa: S608  # names are quoted
    # All is fetched, because an unfinished result keeps the connection busy.
    (found,) = connection.execute(query).fetchall()
    return tuple(found)


def _run_query(
    connection: duckdb.DuckDBPyConnection, rule: TableRule, query: str
) -> Iterator[EngineResult]:
    try:
        judged = _BY_SUBJECT.format(query=query, subject=quote(rule.subject))
        found = run_query(connection, judged)
    except SqlError as error:
        raise RuleQueryError(f"quality_rules.yml: {rule.rule_id} の query: {error}") from error
    # A rule that concerns no row today has a result all the same.
    for subject, checked, failing in found or [(rule.subject, 0, ())]:
        key = (rule.rule_id, rule.table, subject)
        yield EngineResult(key, checked, name_rows(failing or ()), rule.fields)


def run_checks(
    rules: QualityRules,
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    relations: Mapping[str, pa.Table],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make tables ``check_result`` and ``check_failure``, which are held to their own rules too.

    Queries may name relations beside the tables.

    Raises a RuleQueryError if a rule's query cannot be run.
    """
    known = list_rules(rules, dictionary)
    ours = [rule for rule in known if rule.table in frames]
    found = check_with_sql(ours, {**frames, **relations})
    result, failure = (dictionary[name] for name in RESULT_TABLES)

    def build() -> tuple[pd.DataFrame, pd.DataFrame]:
        failures = build_check_failure(found, frames, failure)
        return build_check_result(rules.words, found, result), failures

    of_results = [rule for rule in known if rule.table in RESULT_TABLES]
    found += check_with_sql(of_results, dict(zip(RESULT_TABLES, build(), strict=True)))
    return build()


def build_check_result(
    words: Mapping[str, RuleWords], found: Iterable[EngineResult], table: Table
) -> pd.DataFrame:
    """Make table ``check_result``: one row is one rule's result on one table or subject of it."""
    rows = []
    for (rule_id, name, subject), checked, failing, _ in sorted(found):
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
    found: Iterable[EngineResult], frames: Mapping[str, pd.DataFrame], table: Table
) -> pd.DataFrame:
    """Make table ``check_failure``: one row is one field of one row that breaks a rule.

    It has the cell it was read from, which ``answer`` and some other tables know. What is in
    the cell is left out: an unreadable one may hold anything, a name as well.
    """
    schema = pa.schema([(name, pa.string()) for name in _FAILING])
    own_places = " UNION ALL BY NAME ".join(
        f"SELECT '{name}' AS table_name, row_id AS record_id, "  # noqa: S608  # names of our own
        f"{', '.join(column for column in _PLACE if column in frames[name])} FROM {name}"
        for name in OWN_PLACES
    )
    query = _LEAD_BACK.format(place=", ".join(_PLACE), own_places=own_places)
    failing = pa.Table.from_pylist(list(_list_failing(found)), schema)
    known = {name: to_arrow(frames[name]) for name in OWN_PLACES}
    led_back = select(query, failing=failing, **known)
    return to_frame(led_back.select(table.column_names).cast(arrow_schema(table)))


def _list_failing(found: Iterable[EngineResult]) -> Iterator[Row]:
    for (rule_id, table, subject), _, failing, fields in found:
        for record_id, field in product(sorted({*failing}), fields or [None]):
            parts = (rule_id, table, subject or WHOLE_TABLE, record_id, field)
            yield dict(zip(_FAILING, (hash_parts(*parts), *parts), strict=True))


# What the rules' queries may name beside the tables.
_INDICATOR, _PERIOD = pa.field("indicator_id", pa.string()), pa.field("period", pa.string())
SCHEMAS = {
    "asked_department": pa.schema([_PERIOD, ("department_code", pa.string())]),
    "indicator_limit": pa.schema([_INDICATOR, ("list_size", DECIMAL), ("whole_id", pa.string())]),
    "published_value": pa.schema(
        [_INDICATOR, _PERIOD, ("revision", pa.int64()), ("value", DECIMAL)]
    ),
}


def gather_relations(
    waves: Waves,
    departments: Sequence[Department],
    indicators: Iterable[Indicator],
    public: Iterable[Row],
    *,
    sample: bool,
) -> dict[str, pa.Table]:
    """Return what the rules' queries may name beside the tables.

    ``asked_department`` has who is asked, one row per quarter and department; ``indicator_limit``
    what indicators cannot exceed, one row per indicator; ``published_value`` the public values,
    invented or real, one row per indicator, quarter and revision.
    """
    rows: dict[str, list[Row]] = {
        "asked_department": [
            {"period": period, "department_code": code}
            for period, wave in waves.root.items()
            for code in sorted(list_existing(departments, Period.parse(period).last_day))
            if wave.asks(code)
        ],
        "indicator_limit": [
            {"indicator_id": one.indicator_id, "list_size": one.limit, "whole_id": one.part_of}
            for one in indicators
        ],
        "published_value": [row for row in public if row["sample"] is sample],
    }
    return {name: pa.Table.from_pylist(rows[name], schema) for name, schema in SCHEMAS.items()}
