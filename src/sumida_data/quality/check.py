"""All checks of a run, by SQL, and their results as tables ``check_result``, ``check_failure``."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from sumida_data.base.database import connect
from sumida_data.base.frames import DECIMAL, arrow_schema, build_frame, to_arrow, to_frame
from sumida_data.base.metadata import DataDictionary, Row, Table
from sumida_data.base.periods import Period
from sumida_data.plan.models import Indicator
from sumida_data.quality.rules import QualityRules, Query, RuleWords, TableRule, list_rules
from sumida_data.quality.sql import EngineResult, check_tables
from sumida_data.survey.departments import Department
from sumida_data.survey.form import Waves

WHOLE_TABLE = "-"
RESULT_TABLES = ("check_result", "check_failure")
# Rows of these know their place themselves; every other row is led back by its answers.
OWN_PLACES = ("answer", "finding", "response")
# What earlier publications left behind, and the results, which count what is found there.
_RECORD = (
    "published_value", "publication", "publication_dataset", "value_publication",
    "pending_revision", "correction_notice", *RESULT_TABLES,
)  # fmt: skip
_SHARE_STEP = Decimal("0.0001")
_FAILING = ("row_id", "rule_id", "table_name", "subject", "record_id", "field")
_PLACE = ("period", "department_code", "source_file", "file_sha256", "sheet", "cell")
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


def run_checks(
    rules: QualityRules,
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    relations: Mapping[str, pa.Table],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold all tables to all rules, and the results to theirs.

    Args:
        rules: The rule table.
        dictionary: Descriptions of the tables.
        frames: The tables by name, all but the results themselves.
        relations: What queries name beside the tables.

    Returns:
        Tables ``check_result`` and ``check_failure``.

    Raises:
        RuleQueryError: If a rule's query cannot be run.
    """
    known = list_rules(rules, dictionary)
    ours = [rule for rule in known if rule.table in frames]
    found = check_with_sql(ours, frames, relations)
    result, failure = (dictionary[name] for name in RESULT_TABLES)

    def build() -> tuple[pd.DataFrame, pd.DataFrame]:
        return (
            build_check_result(rules.words, found, result),
            build_check_failure(ours, found, frames, failure),
        )

    of_results = [rule for rule in known if rule.table in RESULT_TABLES]
    found += check_with_sql(of_results, dict(zip(RESULT_TABLES, build(), strict=True)), {})
    return build()


def check_with_sql(
    rules: Sequence[TableRule],
    frames: Mapping[str, pd.DataFrame],
    relations: Mapping[str, pa.Table],
) -> list[EngineResult]:
    """Hold frames to rules of any kind."""
    with connect() as connection:
        for name, frame in frames.items():
            connection.register(name, to_arrow(frame))
        for name, relation in relations.items():
            connection.register(name, relation)
        return check_tables(connection, rules)


def build_check_result(
    words: Mapping[str, RuleWords], found: Iterable[EngineResult], table: Table
) -> pd.DataFrame:
    """Make table ``check_result``: one row is one rule's result on one table or subject of it."""
    return build_frame(table, [_describe(words[one.key[0]], one) for one in sorted(found)])


def build_check_failure(
    rules: Iterable[TableRule],
    found: Iterable[EngineResult],
    frames: Mapping[str, pd.DataFrame],
    table: Table,
) -> pd.DataFrame:
    """Make table ``check_failure``.

    Args:
        rules: The rules.
        found: What was found.
        frames: The tables by name, of which ``answer`` and some others know the cells.
        table: Description of ``check_failure``.

    Returns:
        One row is one field of one row that breaks a rule, with the cell it was read from. What
        stands in the cell is left out: an unreadable one may hold anything, a name as well.
    """
    # A query may name subjects of its own; a derived rule's subject is part of its key.
    fields: dict[tuple[str, ...], tuple[str, ...]] = {}
    for rule in rules:
        fields[rule.key if rule.subject else rule.key[:2]] = rule.fields
    schema = pa.schema([(name, pa.string()) for name in _FAILING])
    with connect() as connection:
        failing = pa.Table.from_pylist(list(_list_failing(found, fields)), schema)
        connection.register("failing", failing)
        for name in OWN_PLACES:
            connection.register(name, to_arrow(frames[name]))
        led_back = connection.sql(_lead_back(frames)).to_arrow_table()
    return to_frame(led_back.select(table.column_names).cast(arrow_schema(table)))


def _lead_back(frames: Mapping[str, pd.DataFrame]) -> str:
    own_places = " UNION ALL BY NAME ".join(
        f"SELECT '{name}' AS table_name, row_id AS record_id, "  # noqa: S608  # names of our own
        f"{', '.join(column for column in _PLACE if column in frames[name])} FROM {name}"
        for name in OWN_PLACES
    )
    return _LEAD_BACK.format(place=", ".join(_PLACE), own_places=own_places)


def _describe(words: RuleWords, found: EngineResult) -> Row:
    rule_id, table, subject = found.key
    checked, failed = found.rows_checked, len(found.failing)
    share = (Decimal(failed) / checked).quantize(_SHARE_STEP, ROUND_HALF_UP) if checked else None
    return {
        "row_id": f"{rule_id}/{table}/{subject or WHOLE_TABLE}",
        "rule_id": rule_id,
        "rule_title": words.title,
        "table_name": table,
        "subject": subject or WHOLE_TABLE,
        "severity": words.severity,
        "characteristic": words.characteristic,
        "owner": words.owner,
        "depends_on": "record" if _depends_on_record(words, table) else "data",
        "rows_checked": checked,
        "rows_failed": failed,
        "share_failed": share,
        "may_fail": words.may_fail,
        # Compared exactly, not as rounded for the table: one row in a million is a failure.
        "passed": failed <= words.may_fail * checked if checked else None,
    }


def _depends_on_record(words: RuleWords, table: str) -> bool:
    check = words.check if isinstance(words, TableRule) else None
    named = set(re.findall(r"\w+", check.query)) if isinstance(check, Query) else set()
    return not named.isdisjoint(_RECORD) or table in _RECORD


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
    known = [
        Department(one["department_code"], "", "", one["valid_from"], one["valid_to"], "")
        for one in departments
    ]
    rows = []
    for period, wave in waves.root.items():
        day = Period.parse(period).last_day
        codes = sorted({one.code for one in known if one.exists_on(day) and wave.asks(one.code)})
        rows += [{"period": period, "department_code": code} for code in codes]
    return pa.Table.from_pylist(rows, SCHEMAS["asked_department"])


def list_limits(indicators: Iterable[Indicator]) -> pa.Table:
    """Return what indicators cannot exceed: one row per indicator."""
    rows = [
        {"indicator_id": one.indicator_id, "list_size": one.limit, "whole_id": one.part_of}
        for one in indicators
    ]
    return pa.Table.from_pylist(rows, SCHEMAS["indicator_limit"])


def read_published_values(content: bytes | None) -> pa.Table:
    """Return the last publication: one row per indicator, period and revision.

    Args:
        content: The published indicator_value.csv, or None before the first publication.
    """
    schema = SCHEMAS["published_value"]
    if content is None:
        return schema.empty_table()
    options = pacsv.ConvertOptions(
        column_types=schema, include_columns=schema.names, strings_can_be_null=True
    )
    return pacsv.read_csv(pa.BufferReader(content), convert_options=options)
