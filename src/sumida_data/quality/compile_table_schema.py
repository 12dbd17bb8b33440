"""Row-local rules as a Table Schema and a checklist, run by frictionless.

A Table Schema says what it can: ``required``, ``unique``, ``enum``, ``minimum``, ``maximum`` and
``pattern``. The rest goes into a checklist: comparisons and conditions as the standard check
``row-constraint``, keys of several columns as a check of our own, because frictionless does not
enforce ``uniqueKeys``.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, Table
from sumida_data.quality.outcomes import Outcome, name_rows
from sumida_data.quality.rules import (
    Comparison,
    OneOf,
    Pattern,
    Query,
    Range,
    Required,
    Rule,
    Unique,
    When,
)

if TYPE_CHECKING:
    from frictionless import Check, Checklist, Error

_TYPES = {"integer": "integer", "number": "number", "date": "date", "boolean": "boolean"}
_PYTHON = {"<": "<", "<=": "<=", "=": "=="}
_HEADER_ROWS = 1


def check_with_frictionless(
    rules: Sequence[Rule], frames: Mapping[str, pd.DataFrame], dictionary: DataDictionary
) -> list[Outcome]:
    """Hold frames to row-local rules.

    Args:
        rules: The rules; those that are queries are left out.
        frames: The tables by name; 20 microseconds a row and more.
        dictionary: Descriptions of the tables.
    """
    outcomes: list[Outcome] = []
    for table, frame in frames.items():
        ours = [r for r in rules if r.table == table and not isinstance(r.check, Query)]
        broken = _find_broken(ours, read_rows(frame), dictionary[table])
        ids = frame["row_id"].tolist()
        outcomes += [
            Outcome(*r.key, len(frame), name_rows(ids[n] for n in broken[r.key])) for r in ours
        ]
    return outcomes


def compile_schema(table: Table, rules: Iterable[Rule]) -> dict[str, Any]:
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


def compile_checklist(rules: Iterable[Rule]) -> "Checklist":
    """Return the checklist of those rules that a Table Schema cannot express."""
    from frictionless import Checklist  # noqa: PLC0415

    checklist = Checklist()
    for rule in rules:
        if formula := _formula(rule):
            checklist.add_check(_read_row_constraint(formula))
        elif isinstance(rule.check, Unique) and len(rule.check.fields) > 1:
            checklist.add_check(_make_unique_key_check(rule.check.fields))
    return checklist


def _read_row_constraint(formula: str) -> "Check":
    from frictionless import Check  # noqa: PLC0415

    check: Check = Check.from_descriptor({"type": "row-constraint", "formula": formula})
    return check


def _list_constraints(rule: Rule) -> Iterator[tuple[str, str, Any]]:
    match rule.check:
        case Required(field=field, when=when) if not when:
            yield field, "required", True
        case Unique(fields=(field,)):
            yield field, "unique", True
        case OneOf(field=field, values=values):
            yield field, "enum", list(values)
        case Range(field=field, minimum=minimum, maximum=maximum):
            if minimum is not None:
                yield field, "minimum", minimum
            if maximum is not None:
                yield field, "maximum", maximum
        case Pattern(field=field, pattern=pattern):
            # frictionless writes ^ and $ around it, and $ lets a line break at the end pass.
            yield field, "pattern", rf"(?:{pattern})(?![\s\S])"


def _formula(rule: Rule) -> str:
    match rule.check:
        case Required(field=field, when=when) if when:
            return f"{field} is not None or {_unless(when)}"
        case Comparison(field=field, operator=operator, other=other, when=when):
            missing = f"{field} is None or {other} is None"
            kept = f"{missing} or {field} {_PYTHON[operator]} {other}"
            return f"{kept} or {_unless(when)}" if when else kept
    return ""


def _unless(when: When) -> str:
    return f"not ({' and '.join(f'{name} in {list(values)!r}' for name, values in when.items())})"


def _find_broken(
    rules: Sequence[Rule], rows: Sequence[Mapping[str, Any]], table: Table
) -> Mapping[tuple[str, str, str], set[int]]:
    """Return the positions of failing rows, from 0, by the key of the rule."""
    from frictionless import Resource, Schema  # noqa: PLC0415

    by_promise = {promise: rule.key for rule in rules for promise in _list_promises(rule)}
    broken: defaultdict[tuple[str, str, str], set[int]] = defaultdict(set)
    if not rows:
        return broken
    data = [table.column_names, *(list(row.values()) for row in rows)]
    schema = Schema.from_descriptor(compile_schema(table, rules))
    report = Resource(name=table.name, data=data, schema=schema).validate(
        compile_checklist(rules), limit_errors=10**9
    )
    for error in report.tasks[0].errors:
        if key := by_promise.get(_name_promise(error)):
            broken[key] |= {number - _HEADER_ROWS - 1 for number in _list_row_numbers(error)}
    return broken


def _list_promises(rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield what errors name when the rule is broken: field and constraint, or the check."""
    yield from ((field, name) for field, name, _ in _list_constraints(rule))
    if formula := _formula(rule):
        yield "", f'the row constraint to conform is "{formula}"'
    elif isinstance(rule.check, Unique):
        yield "", _describe_key(rule.check.fields)


def _name_promise(error: "Error") -> tuple[str, str]:
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
                if len(rows) > 1:
                    for row in rows:
                        yield errors.RowError.from_row(row, note=_describe_key(fields))

    return UniqueKeyCheck()
