"""The rule table, and rows that keep or break each rule."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from sumida_data.frames import build_frame, to_arrow
from sumida_data.metadata import DataDictionary, Table
from sumida_data.quality.compile_sql import check_tables
from sumida_data.quality.derived_rules import list_rules
from sumida_data.quality.relations import SCHEMAS
from sumida_data.quality.rules import QualityRules, Rule

# Values of each type that break no rule of their own.
_DUMMIES = {"integer": 1, "number": 1, "boolean": True, "date": None, "yearmonth": "2022-12"}


@pytest.fixture(scope="session")
def quality_rules(raw_parameters) -> QualityRules:
    return QualityRules.model_validate(raw_parameters["quality_rules"])


@pytest.fixture(scope="session")
def all_rules(quality_rules, dictionary) -> list[Rule]:
    return list_rules(quality_rules, dictionary)


def parse_values(table: Table, rows: Any) -> list[dict[str, Any]]:
    """Rows as YAML writes them, with the types of the table."""
    frame = build_frame(table, rows)
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def make_connection(
    dictionary: DataDictionary, tables: dict[str, Any]
) -> duckdb.DuckDBPyConnection:
    """A database with every table and relation, empty but for the rows given."""
    connection = duckdb.connect()
    for name in dictionary.names():
        rows = number_rows(tables.get(name, ()))
        connection.register(name, to_arrow(build_frame(dictionary[name], rows)))
    for name, schema in SCHEMAS.items():
        import pyarrow as pa

        connection.register(name, pa.Table.from_pylist(list(tables.get(name, ())), schema))
    return connection


def number_rows(rows: Any) -> list[dict[str, Any]]:
    """The rows, each with a row id of its own if it has none."""
    return [{"row_id": f"row {number}"} | row for number, row in enumerate(rows)]


def count_failing(rule: Rule, dictionary: DataDictionary, tables: dict[str, Any]) -> tuple:
    """Rows checked and failing of the rule on the tables."""
    with make_connection(dictionary, tables) as connection:
        outcomes = check_tables(connection, [rule])
    return sum(o.rows_checked for o in outcomes), sum(len(o.failing) for o in outcomes)


def make_cases(rule: Rule) -> Iterator[tuple[dict[str, Any], bool]]:
    """Rows of one table that keep (True) or break (False) a rule derived from a description."""
    check = rule.check
    match check.kind:
        case "required":
            yield {check.field: "x"}, True
            yield {check.field: None}, False
        case "one_of":
            yield {check.field: check.values[-1]}, True
            yield {check.field: check.values[0] + " "}, False
        case "range":
            for bound, step in ((check.minimum, -1), (check.maximum, 1)):
                if bound is not None:
                    yield {check.field: bound}, True
                    yield {check.field: bound + step}, False
