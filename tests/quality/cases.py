"""Rows that keep and rows that break each rule, made from the rule itself."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from sumida_data.base.frames import arrow_schema, arrow_type, build_frame
from sumida_data.base.metadata import DataDictionary, Field, Table
from sumida_data.quality.check import SCHEMAS, check_with_sql
from sumida_data.quality.rules import Example, Query, TableRule
from sumida_data.quality.second_opinion import check_with_expectations, check_with_frictionless

# One text for each pattern in use; a new pattern needs one, or the tests fail.
MATCHING = {
    "[0-9]{6}": "131075",
    "[0-9]{4}": "1203",
    "https?://[!-~]+": "https://1",
    "FY[0-9]{4}Q[1-4]": "FY2022Q3",
    "[0-9]{4}-(?:0[1-9]|1[0-2])": "2022-12",
    "Q[1-5][0-9]{2}": "Q101",
    "[A-Z]{1,3}[1-9][0-9]*": "B1",
    "[A-Z]*[0-9]+(?:-[0-9]+)*": "T1203-1",
    "[0-9a-f]{64}": "12" * 32,
}
_BASE = {
    "string": "文字",
    "yearmonth": "2022-12",
    "integer": 1,
    "number": Decimal(1),
    "date": date(2022, 10, 1),
    "boolean": True,
}


@dataclass
class Case:
    """Rows for one rule.

    Attributes:
        passing: Rows that keep it.
        failing: Rows that break it.
    """

    passing: list[dict[str, Any]]
    failing: list[dict[str, Any]]


def make_case(rule: TableRule, table: Table) -> Case:
    """Rows for a row-local rule: at the edges of its check, and from its example if it has one."""
    case = _make_edge_case(rule, table)
    # Keys are compared with those of all other rows, so that those of an example would not do.
    if rule.example and rule.check.kind != "unique":
        # Columns that an example does not name are empty.
        blank = {field.name: None for field in table.fields if field.name != "row_id"}
        example = rule.example
        case.passing += [blank | row for row in parse_rows(example.passing[table.name], table)]
        case.failing += [blank | row for row in parse_rows(example.failing[table.name], table)]
    return case


def _make_edge_case(rule: TableRule, table: Table) -> Case:
    check = rule.check
    match check.kind:
        case "required" if not check.when:
            return Case([{}], [{check.field: None}])
        case "one_of":
            passing = [{check.field: value} for value in (*check.values, None)]
            return Case(passing, [{check.field: f"{check.values[0]} "}, {check.field: "他"}])
        case "range":
            bounds = [(check.minimum, -1), (check.maximum, 1)]
            given = [(bound, step) for bound, step in bounds if bound is not None]
            passing = [{check.field: bound} for bound, _ in given] + [{check.field: None}]
            return Case(passing, [{check.field: bound + step} for bound, step in given])
        case "pattern":
            good = MATCHING[check.pattern]
            bad = (f"{good}\n", f"x{good}", good[:-1], good.replace("2", "２").replace("1", "１"))
            return Case(
                [{check.field: good}, {check.field: None}], [{check.field: text} for text in bad]
            )
        case "unique":
            fields = [table.field(name) for name in check.fields]
            keys = [
                {field.name: _vary(field, f"{rule.rule_id[1:]}{number}") for field in fields}
                for number in (1, 2)
            ]
            return Case([keys[0]], [keys[1], keys[1]])
    return Case([], [])


def parse_rows(rows: Iterable[Mapping[str, Any]], table: Table) -> list[dict[str, Any]]:
    """Rows as YAML writes them, with the types of the table."""
    types = {field.name: arrow_type(field) for field in table.fields}
    unknown = {name for row in rows for name in row} - set(types)
    assert not unknown, f"{table.name}: {unknown}"
    return [{name: _parse(value, types[name]) for name, value in row.items()} for row in rows]


def _parse(value: Any, kind: pa.DataType) -> Any:
    exact = Decimal(str(value)) if isinstance(value, float) else value
    return pa.scalar(exact, kind).as_py()


def base_row(table: Table) -> dict[str, Any]:
    """A row in which every column has a value that is possible by itself."""
    row = {}
    for field in table.fields:
        pattern = field.pattern or (
            "[0-9]{4}-(?:0[1-9]|1[0-2])" if field.type == "yearmonth" else ""
        )
        row[field.name] = MATCHING.get(pattern) or (field.enum or [_BASE[field.type]])[0]
    return row


def _vary(field: Field, number: str) -> Any:
    match field.type:
        case "integer" | "number":
            return int(number)
        case "date":
            return date(int(number), 1, 1)
        case _:
            return f"鍵{number}"


@dataclass
class Trial:
    """A table that holds for every row-local rule rows that keep it and rows that break it.

    Attributes:
        frame: The table; its last two rows are empty but for the row id.
        passing: Row ids that must pass, by the rule's key.
        failing: Row ids that must fail, by the rule's key.
    """

    frame: pd.DataFrame
    passing: dict[tuple[str, str, str], set[str]]
    failing: dict[tuple[str, str, str], set[str]]


def make_trial(table: Table, rules: Iterable[TableRule]) -> Trial:
    """Put the cases of all rules of a table into one table."""
    base, rows = base_row(table), []
    passing, failing = {}, {}
    for rule in rules:
        case = make_case(rule, table)
        for kept, target in ((case.passing, passing), (case.failing, failing)):
            ids = []
            for row in kept:
                named = {"row_id": f"row {len(rows)}"} | row
                ids.append(named["row_id"] or "")
                rows.append(base | named)
            target[rule.key] = set(ids)
    rows += [{"row_id": "empty 1"}, {"row_id": "empty 2"}]
    return Trial(build_frame(table, rows), passing, failing)


def run_engine(
    engine: str,
    rules: list[TableRule],
    frames: Mapping[str, pd.DataFrame],
    dictionary: DataDictionary,
) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Failing row ids by the rule's key, as one engine finds them."""
    if engine == "great_expectations":
        return check_with_expectations(rules, frames)
    if engine == "frictionless":
        return check_with_frictionless(rules, frames, dictionary)
    outcomes = check_with_sql([rule for rule in rules if rule.table in frames], frames)
    return {outcome.key: outcome.failing for outcome in outcomes}


def run_rule(
    rule: TableRule, tables: Mapping[str, Any], dictionary: DataDictionary
) -> tuple[int, int]:
    """Rows checked and rows failing of a rule in a database that holds only these rows."""
    named_here = {rule.table, *tables, *re.findall(r"\w+", str(rule.check))}
    relations = {}
    for table in (one for one in dictionary.tables if one.name in named_here):
        rows = parse_rows(tables.get(table.name, ()), table)
        named = [{"row_id": f"row {n}"} | row for n, row in enumerate(rows)]
        relations[table.name] = pa.Table.from_pylist(named, arrow_schema(table))
    for name, schema in SCHEMAS.items():
        relations[name] = pa.Table.from_pylist(list(tables.get(name, ())), schema)
    outcomes = check_with_sql([rule], relations)
    return sum(o.rows_checked for o in outcomes), sum(len(o.failing) for o in outcomes)


def make_example(rule: TableRule, dictionary: DataDictionary) -> Example:
    """Tables that keep and break a foreign key."""
    assert isinstance(rule.check, Query)
    assert rule.rule_id == "Q106"
    table = dictionary[rule.table]
    key = next(k for k in table.foreign_keys if k.fields == rule.check.fields)
    own, other = base_row(table), base_row(dictionary[key.table])
    pairs = list(zip(key.fields, key.reference_fields, strict=True))
    found = other | {there: own[here] for here, there in pairs}
    lost = other | {there: _vary(dictionary[key.table].field(there), "9") for _, there in pairs}
    return Example(
        passing={table.name: (own,), key.table: (found,)},
        failing={table.name: (own,), key.table: (lost,)},
    )
