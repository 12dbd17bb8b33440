"""The results of checks as tables ``check_result`` and ``check_failure``."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256

import pandas as pd
import pyarrow as pa

from sumida_data.base.database import connect
from sumida_data.base.frames import arrow_schema, build_frame, to_arrow, to_frame
from sumida_data.base.metadata import Row, Table
from sumida_data.quality.outcomes import Outcome
from sumida_data.quality.rules import Query, Rule, RuleWords

WHOLE_TABLE = "-"
_FAILING = ("row_id", "rule_id", "table_name", "subject", "record_id", "field")
# What earlier publications left behind, and the results, which count what is found there.
_RECORD = (
    "published_value",
    "publication",
    "publication_dataset",
    "value_publication",
    "pending_revision",
    "correction_notice",
    "check_result",
    "check_failure",
)
_SHARE_STEP = Decimal("0.0001")
# Rows of these know their place themselves; every other row is led back by its answers.
OWN_PLACES = ("answer", "finding", "response")
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


def build_check_result(
    words: Mapping[str, RuleWords], outcomes: Iterable[Outcome], table: Table
) -> pd.DataFrame:
    """Make table ``check_result``.

    Args:
        words: The words of the rules by id.
        outcomes: What was found.
        table: Description of ``check_result``.

    Returns:
        One row is one rule's result on one table, or on one subject of it.
    """
    ordered = sorted(outcomes, key=lambda one: one.key)
    return build_frame(table, [_describe(words[one.rule_id], one) for one in ordered])


def build_check_failure(
    rules: Iterable[Rule],
    outcomes: Iterable[Outcome],
    frames: Mapping[str, pd.DataFrame],
    table: Table,
) -> pd.DataFrame:
    """Make table ``check_failure``.

    Args:
        rules: The rules.
        outcomes: What was found.
        frames: The tables by name, of which ``answer`` and some others know the cells.
        table: Description of ``check_failure``.

    Returns:
        One row is one field of one row that breaks a rule, with the cell it was read from. What
        stands in the cell is left out: an unreadable one may hold anything, a name as well.
    """
    # A query may name subjects of its own; a derived rule's subject is part of its key.
    fields: dict[tuple[str, ...], tuple[str, ...]] = {}
    for rule in rules:
        fields[rule.key if rule.subject else (rule.rule_id, rule.table)] = rule.fields
    failing = list(_list_failing(outcomes, fields))
    schema = pa.schema([(name, pa.string()) for name in _FAILING])
    data = pa.Table.from_pylist(failing, schema)
    with connect() as connection:
        connection.register("failing", data)
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


def _describe(words: RuleWords, outcome: Outcome) -> Row:
    rule_id, table, subject = outcome.key
    checked, failed = outcome.rows_checked, len(outcome.failing)
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
    check = words.check if isinstance(words, Rule) else None
    named = set(re.findall(r"\w+", check.query)) if isinstance(check, Query) else set()
    return not named.isdisjoint(_RECORD) or table in _RECORD


def _list_failing(
    outcomes: Iterable[Outcome], fields: Mapping[tuple[str, ...], Sequence[str]]
) -> Iterator[Row]:
    for outcome in outcomes:
        rule_id, table, subject = outcome.key
        looked_at: Sequence[str | None]
        looked_at = fields.get(outcome.key) or fields.get((rule_id, table)) or [None]
        for record_id in sorted(set(outcome.failing)):
            for field in looked_at:
                parts = (rule_id, table, subject or WHOLE_TABLE, record_id, field)
                row_id = sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:16]
                yield dict(zip(_FAILING, (row_id, *parts), strict=True))
