"""Row rules as Great Expectations and frictionless say them, for a second opinion.

Both are imported only when they are asked: that alone takes seconds. Great Expectations gets a
context in memory, shows no progress bars, writes no Data Docs and sends nothing.

A Table Schema says what it can: ``required``, ``unique``, ``enum``, ``minimum``, ``maximum`` and
``pattern``. The rest goes into a checklist of frictionless: comparisons and conditions as its check
``row-constraint``, keys of several columns as a check of our own, because it does not enforce
``uniqueKeys``.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, Table
from sumida_data.quality.rules import (
    FieldComparison,
    OneOf,
    Pattern,
    Query,
    Range,
    Required,
    RuleKey,
    TableRule,
    Unique,
    When,
)
from sumida_data.quality.sql import EngineResult, name_rows

if TYPE_CHECKING:
    from frictionless import Check, Checklist, Error

_ROW_IDS: dict[str, Any] = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": ["row_id"],
    "return_unexpected_index_query": False,
}
_TYPES = {"integer": "integer", "number": "number", "date": "date", "boolean": "boolean"}
_PYTHON = {"<": "<", "<=": "<=", "=": "=="}
_HEADER_ROWS = 1


class EngineError(RuntimeError):
    """An engine broke down, which says nothing about the data."""


def check_with_expectations(
    rules: Sequence[TableRule], frames: Mapping[str, pd.DataFrame]
) -> list[EngineResult]:
    """Hold frames to row rules by Great Expectations.

    Most rules hold, and saying so is five times as fast as listing rows. So a suite is first asked
    for yes or no, and what failed once more for the rows.

    Raises:
        EngineError: If an expectation could not be evaluated.
    """
    import great_expectations  # noqa: PLC0415

    context: Any = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    context.variables.analytics_enabled = False
    results: list[EngineResult] = []
    for table, frame in frames.items():
        ours = _row_rules(rules, table)
        source = context.data_sources.add_pandas(table).add_dataframe_asset(table)
        definition = source.add_batch_definition_whole_dataframe(table)
        batch = definition.get_batch({"dataframe": frame})
        broken = _validate(batch, dict(enumerate(ours)), "BOOLEAN_ONLY")
        rows = _validate(batch, {number: ours[number] for number in broken}, _ROW_IDS)
        results += [
            EngineResult(rule.key, len(frame), rows.get(number, ()))
            for number, rule in enumerate(ours)
        ]
    return results


def _row_rules(rules: Iterable[TableRule], table: str) -> list[TableRule]:
    return [one for one in rules if one.table == table and not isinstance(one.check, Query)]


def _validate(
    batch: Any, rules: Mapping[int, TableRule], result_format: Any
) -> dict[int, tuple[str, ...]]:
    """Return the failing row ids by number of the rule; of rules that hold nothing."""
    if not rules:
        return {}
    from great_expectations import ExpectationSuite, expectations  # noqa: PLC0415

    suite = ExpectationSuite(name="rules")
    for number, rule in rules.items():
        name, arguments = _expect(rule)
        meta = {"rule": number, "rule_id": rule.rule_id, "title": rule.title}
        suite.add_expectation(getattr(expectations, name)(**arguments, meta=meta))
    found: dict[int, tuple[str, ...]] = {}
    for result in batch.validate(suite, result_format=result_format).results:
        _refuse_exception(result)
        if not result.success:
            listed = result.result.get("unexpected_index_list") or ()
            ids = name_rows(row["row_id"] for row in listed)
            found[result.expectation_config.meta["rule"]] = ids
    return found


def _refuse_exception(result: Any) -> None:
    # An expectation that could not be evaluated is reported as one that failed.
    details = result.exception_info or {}
    parts = [details] if "raised_exception" in details else list(details.values())
    for part in parts:
        if part["raised_exception"]:
            raise EngineError(
                f"Great Expectations: {result.expectation_config.type}: {part['exception_message']}"
            )


def _expect(rule: TableRule) -> tuple[str, dict[str, Any]]:
    """Return the name of the expectation and its arguments."""
    arguments: dict[str, Any]
    match rule.check:
        case Required(field=field, when=when):
            name, arguments = "ExpectColumnValuesToNotBeNull", {"column": field, **_where(when)}
        case Unique(fields=(field,)):
            name, arguments = "ExpectColumnValuesToBeUnique", {"column": field}
        case Unique(fields=fields):
            name = "ExpectCompoundColumnsToBeUnique"
            arguments = {"column_list": list(fields), "ignore_row_if": "any_value_is_missing"}
        case OneOf(field=field, values=values):
            name = "ExpectColumnValuesToBeInSet"
            arguments = {"column": field, "value_set": list(values)}
        case Range(field=field, minimum=minimum, maximum=maximum):
            name = "ExpectColumnValuesToBeBetween"
            arguments = {"column": field, "min_value": minimum, "max_value": maximum}
        case Pattern(field=field, pattern=pattern):
            name = "ExpectColumnValuesToMatchRegex"
            arguments = {"column": field, "regex": rf"\A(?:{pattern})\Z"}
        case FieldComparison() as check:
            name, arguments = _expect_comparison(check)
        case _:
            raise TypeError(f"{rule.rule_id} is a query")
    return name, arguments


def _expect_comparison(check: FieldComparison) -> tuple[str, dict[str, Any]]:
    arguments = {
        "column_A": check.other,
        "column_B": check.field,
        "ignore_row_if": "either_value_is_missing",
        **_where(check.when),
    }
    if check.operator == "=":
        return "ExpectColumnPairValuesToBeEqual", arguments
    arguments["or_equal"] = check.operator == "<="
    return "ExpectColumnPairValuesAToBeGreaterThanB", arguments


def _where(when: When) -> dict[str, Any]:
    if not when:
        return {}
    from great_expectations.expectations.row_conditions import Column  # noqa: PLC0415

    conditions: list[Any] = [Column(name).is_in(list(one_of)) for name, one_of in when.items()]
    return {"row_condition": reduce(and_, conditions)}


def check_with_frictionless(
    rules: Sequence[TableRule], frames: Mapping[str, pd.DataFrame], dictionary: DataDictionary
) -> list[EngineResult]:
    """Hold frames to row rules by frictionless.

    Args:
        rules: The rules; those that are queries are left out.
        frames: The tables by name; 20 microseconds a row and more.
        dictionary: Descriptions of the tables.
    """
    results: list[EngineResult] = []
    for table, frame in frames.items():
        ours = _row_rules(rules, table)
        broken = _find_broken(ours, read_rows(frame), dictionary[table])
        ids = frame["row_id"].tolist()
        results += [
            EngineResult(one.key, len(frame), name_rows(ids[n] for n in broken[one.key]))
            for one in ours
        ]
    return results


def compile_schema(table: Table, rules: Iterable[TableRule]) -> dict[str, Any]:
    """Return the Table Schema of a table under the rules that a schema can express.

    Raises:
        ValueError: If two rules constrain a field in the same way, which a schema cannot say.
    """
    constraints: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for rule in rules:
        for field, name, value in _list_constraints(rule):
            if name in constraints[field]:
                raise ValueError(
                    f"quality_rules.yml: {rule.rule_id} の {field} の {name} は、"
                    "form.yml、tables.yml かほかの規則にあります。1か所にまとめてください。"
                )
            constraints[field][name] = value
    fields = [
        {
            "name": field.name,
            "type": _TYPES.get(field.type, "string"),
            "constraints": constraints[field.name],
        }
        for field in table.fields
    ]
    return {"fields": fields, "missingValues": []}


def compile_checklist(rules: Iterable[TableRule]) -> "Checklist":
    """Return the checklist of those rules that a Table Schema cannot express."""
    from frictionless import Check, Checklist  # noqa: PLC0415

    checklist = Checklist()
    for rule in rules:
        if formula := _formula(rule):
            constraint = {"type": "row-constraint", "formula": formula}
            checklist.add_check(Check.from_descriptor(constraint))
        elif isinstance(rule.check, Unique) and len(rule.check.fields) > 1:
            checklist.add_check(_make_unique_key_check(rule.check.fields))
    return checklist


def _list_constraints(rule: TableRule) -> Iterator[tuple[str, str, Any]]:
    match rule.check:
        case Required(field=field, when=when) if not when:
            yield field, "required", True
        case Unique(fields=(field,)):
            yield field, "unique", True
        case OneOf(field=field, values=values):
            yield field, "enum", list(values)
        case Range(field=field, minimum=minimum, maximum=maximum):
            bounds = {"minimum": minimum, "maximum": maximum}
            yield from ((field, name, one) for name, one in bounds.items() if one is not None)
        case Pattern(field=field, pattern=pattern):
            # frictionless writes ^ and $ around it, and $ lets a line break at the end pass.
            yield field, "pattern", rf"(?:{pattern})(?![\s\S])"


def _formula(rule: TableRule) -> str:
    match rule.check:
        case Required(field=field, when=when) if when:
            return f"{field} is not None or {_unless(when)}"
        case FieldComparison(field=field, operator=operator, other=other, when=when):
            missing = f"{field} is None or {other} is None"
            kept = f"{missing} or {field} {_PYTHON[operator]} {other}"
            return f"{kept} or {_unless(when)}" if when else kept
    return ""


def _unless(when: When) -> str:
    return f"not ({' and '.join(f'{name} in {list(values)!r}' for name, values in when.items())})"


def _find_broken(
    rules: Sequence[TableRule], rows: Sequence[Mapping[str, Any]], table: Table
) -> Mapping[RuleKey, set[int]]:
    """Return the positions of failing rows, from 0, by the key of the rule."""
    from frictionless import Resource, Schema  # noqa: PLC0415

    by_name = {name: rule.key for rule in rules for name in _list_error_names(rule)}
    broken: defaultdict[RuleKey, set[int]] = defaultdict(set)
    if not rows:
        return broken
    data = [table.column_names, *(list(row.values()) for row in rows)]
    schema = Schema.from_descriptor(compile_schema(table, rules))
    report = Resource(name=table.name, data=data, schema=schema).validate(
        compile_checklist(rules), limit_errors=10**9
    )
    for error in report.tasks[0].errors:
        if key := by_name.get(_name_error(error)):
            broken[key] |= {number - _HEADER_ROWS - 1 for number in _list_row_numbers(error)}
    return broken


def _list_error_names(rule: TableRule) -> Iterator[tuple[str, str]]:
    """Yield what errors name when the rule is broken: field and constraint, or the check."""
    yield from ((field, name) for field, name, _ in _list_constraints(rule))
    if formula := _formula(rule):
        yield "", f'the row constraint to conform is "{formula}"'
    elif isinstance(rule.check, Unique):
        yield "", _describe_key(rule.check.fields)


def _name_error(error: "Error") -> tuple[str, str]:
    if error.type == "unique-error":
        return str(getattr(error, "field_name", "")), "unique"
    if error.type == "constraint-error":
        found = re.match(r'constraint "(\w+)"', error.note)
        return str(getattr(error, "field_name", "")), found[1] if found else ""
    return "", error.note


def _list_row_numbers(error: "Error") -> set[int]:
    """Return the row at fault, and of two equal values the earlier row as well."""
    number = getattr(error, "row_number", None)
    earlier = re.search(r"same as in the row at position (\d+)$", error.note)
    return ({number} if number else set()) | ({int(earlier[1])} if earlier else set())


def _describe_key(fields: Sequence[str]) -> str:
    return f"the key {', '.join(fields)} is not unique"


def _make_unique_key_check(fields: tuple[str, ...]) -> "Check":
    from frictionless import Check, errors  # noqa: PLC0415

    class UniqueKeyCheck(Check):
        """Names every row whose key another row has as well."""

        type = "unique-key"
        Errors: ClassVar[list[Any]] = [errors.RowError]

        def validate_start(self) -> Iterator[Any]:
            self.rows: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(list)
            yield from ()

        def validate_row(self, row: Any) -> Iterator[Any]:
            key = tuple(row[name] for name in fields)
            if None not in key:
                self.rows[key].append(row)
            yield from ()

        def validate_end(self) -> Iterator[Any]:
            for rows in self.rows.values():
                for row in rows if len(rows) > 1 else ():
                    yield errors.RowError.from_row(row, note=_describe_key(fields))

    return UniqueKeyCheck()
