"""A second opinion before publication: two more engines hold the same data to the same rules.

SQL decides alone in every run. What is about to be public is looked at once more by Great
Expectations and frictionless, in the tables behind the packages and in the published files as
they are read back from disk.

Both are imported only when they are asked: that alone takes seconds. Great Expectations gets a
context in memory, shows no progress bars, writes no Data Docs and sends nothing. A Table Schema
says what it can; the rest goes into a checklist of frictionless: comparisons and conditions as its
check ``row-constraint``, keys of several columns as a check of our own, because it does not enforce
``uniqueKeys``.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain
from operator import and_
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from sumida_data.base.frames import arrow_schema, read_rows, to_frame
from sumida_data.base.metadata import DataDictionary, Field, Table
from sumida_data.quality import rules as kinds
from sumida_data.quality.check import check_with_sql, name_rows
from sumida_data.quality.data_package import DESCRIPTOR
from sumida_data.quality.rules import QualityRules, RuleKey, SecondOpinion, TableRule, When

if TYPE_CHECKING:
    from frictionless import Check, Checklist, Error

ROW_ID = "row_id"
_ROWS_NAMED = 5
_NO_NAME = re.compile(r"\W|-")
_ROW_IDS: dict[str, Any] = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [ROW_ID],
    "return_unexpected_index_query": False,
}
_TYPES = {"integer", "number", "date", "boolean"}
_PYTHON = {"<": "<", "<=": "<=", "=": "=="}
_GREATER = "ExpectColumnPairValuesAToBeGreaterThanB"
_COMPARED: dict[str, tuple[str, dict[str, bool]]] = {
    "=": ("ExpectColumnPairValuesToBeEqual", {}),
    "<": (_GREATER, {"or_equal": False}),
    "<=": (_GREATER, {"or_equal": True}),
}
_HEADER_ROWS = 1


# The ids of the rows that break a rule, by its key.
Failing = dict[RuleKey, tuple[str, ...]]


class EngineError(RuntimeError):
    """An engine broke down, which says nothing about the data."""


def ask_second_opinion(
    rules: QualityRules,
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    files: Mapping[str, bytes],
) -> SecondOpinion:
    """Hold tables, and published files by path, to the row rules, with all three engines.

    Raises:
        EngineError: If an engine breaks down.
    """
    read = list(_read_files(files))
    described = tuple(table for table, _ in read)
    titled = (one.model_copy(update={"title": f"表 {one.title}"}) for one in dictionary.tables)
    both = DataDictionary(tables=(*titled, *described))
    seen = {**frames, **{table.name: frame for table, frame in read}}
    derived = (kinds.derive_rules(table, rules) for table in described)
    known = chain(kinds.list_rules(rules, dictionary), chain.from_iterable(derived))
    ours = [one for one in known if one.table in seen and not isinstance(one.check, kinds.Query)]
    sql = check_with_sql(ours, seen)
    found = {
        "SQL": {one.key: one.failing for one in sql},
        "Great Expectations": check_with_expectations(ours, seen),
        "frictionless": check_with_frictionless(ours, seen, both),
    }
    checked = {one.key: one.rows_checked for one in sql}
    return SecondOpinion(
        tables=len(frames),
        files=len(read),
        rules=len(ours),
        rows=sum(map(len, seen.values())),
        objections=tuple(_find_objections(ours, both, checked, found)),
    )


def _find_objections(
    rules: Iterable[TableRule],
    dictionary: DataDictionary,
    checked: Mapping[RuleKey, int],
    found: Mapping[str, Failing],
) -> Iterator[str]:
    for rule in rules:
        failing = {engine: one[rule.key] for engine, one in found.items()}
        rows = {
            engine: f"{len(ids)}行{'：' * bool(ids)}{'・'.join(ids[:_ROWS_NAMED])}"
            for engine, ids in failing.items()
        }
        what = f"{dictionary[rule.table].title}：{rule.rule_id}「{rule.title}」{rule.subject}"
        if len(set(failing.values())) > 1:
            differing = "、".join(map(" ".join, rows.items()))
            yield f"{what}：方法によって合わない行が違います({differing})"
        elif rule.severity == "error" and len(failing["SQL"]) > rule.may_fail * checked[rule.key]:
            yield f"{what}：合わない行があります({rows['SQL']})"


def _read_files(files: Mapping[str, bytes]) -> Iterator[tuple[Table, pd.DataFrame]]:
    """Yield description, titled by its path, and contents of each CSV that a descriptor describes.

    Where the rows of a file have no id, each has its number in a spreadsheet.
    """
    for path, content in files.items():
        package, _, name = path.rpartition("/")
        resources = json.loads(content)["resources"] if name == DESCRIPTOR else ()
        for number, resource in enumerate(resources):
            file = f"{package}/{resource.get('path')}"
            if "schema" in resource and file in files:
                # A name that no other file has: packages may publish the same table.
                table = _describe(
                    resource["schema"], f"{_NO_NAME.sub('_', package)}_{number}", file
                )
                schema = arrow_schema(table)
                data = pacsv.read_csv(
                    pa.BufferReader(files[file]),
                    parse_options=pacsv.ParseOptions(newlines_in_values=True),
                    convert_options=pacsv.ConvertOptions(
                        column_types=schema, strings_can_be_null=True, null_values=[""]
                    ),
                )
                if ROW_ID not in data.column_names:
                    numbers = pa.array(map(str, range(2, data.num_rows + 2)), pa.string())
                    data = data.append_column(ROW_ID, numbers)
                yield table, to_frame(data.select(schema.names))


def _describe(schema: Mapping[str, Any], name: str, title: str) -> Table:
    """Return what the descriptor says of a file, as the description of a table."""
    key = schema.get("primaryKey") or ROW_ID
    kept = {"required", "enum", "minimum", "maximum", "pattern"}
    described = [*schema["fields"]]
    if ROW_ID not in {field["name"] for field in described}:
        described.append({"name": ROW_ID, "title": "行", "type": "string"})
    fields = []
    for one in described:
        said = {name: limit for name, limit in one.get("constraints", {}).items() if name in kept}
        said |= {"name": one["name"], "title": one["title"], "title_en": one["name"]}
        fields.append(Field(type=one["type"], **said))
    words = {"name": name, "title": title, "title_en": name, "description": title}
    keys = (key,) if isinstance(key, str) else tuple(key)
    return Table.model_validate({"primary_key": keys, "fields": tuple(fields), **words})


def check_with_expectations(
    rules: Sequence[TableRule], frames: Mapping[str, pd.DataFrame]
) -> Failing:
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
    failing: Failing = {}
    for table, frame in frames.items():
        ours = _row_rules(rules, table)
        source = context.data_sources.add_pandas(table).add_dataframe_asset(table)
        definition = source.add_batch_definition_whole_dataframe(table)
        batch = definition.get_batch({"dataframe": frame})
        broken = _validate(batch, ours, "BOOLEAN_ONLY")
        failed = [rule for rule in ours if rule.key in broken]
        failing |= {rule.key: () for rule in ours}
        failing |= _validate(batch, failed, _ROW_IDS) if failed else {}
    return failing


def _row_rules(rules: Iterable[TableRule], table: str) -> list[TableRule]:
    return [one for one in rules if one.table == table and not isinstance(one.check, kinds.Query)]


def _validate(batch: Any, rules: Sequence[TableRule], result_format: Any) -> Failing:
    from great_expectations import ExpectationSuite, expectations  # noqa: PLC0415

    suite = ExpectationSuite(name="rules")
    for number, rule in enumerate(rules):
        name, arguments = _expect(rule)
        meta = {"rule": number, "rule_id": rule.rule_id, "title": rule.title}
        suite.add_expectation(getattr(expectations, name)(**arguments, meta=meta))
    found: Failing = {}
    for result in batch.validate(suite, result_format=result_format).results:
        # An expectation that could not be evaluated is reported as one that failed.
        details, expectation = result.exception_info or {}, result.expectation_config
        for part in [details] if "raised_exception" in details else details.values():
            if part["raised_exception"]:
                message = part["exception_message"]
                raise EngineError(f"Great Expectations: {expectation.type}: {message}")
        if not result.success:
            listed = result.result.get("unexpected_index_list") or ()
            key = rules[expectation.meta["rule"]].key
            found[key] = name_rows(row[ROW_ID] for row in listed)
    return found


def _expect(rule: TableRule) -> tuple[str, dict[str, Any]]:
    arguments: dict[str, Any]
    match rule.check:
        case kinds.Required(field=field, when=when):
            name, arguments = "ExpectColumnValuesToNotBeNull", {"column": field, **_where(when)}
        case kinds.Unique(fields=(field,)):
            name, arguments = "ExpectColumnValuesToBeUnique", {"column": field}
        case kinds.Unique(fields=fields):
            name = "ExpectCompoundColumnsToBeUnique"
            arguments = {"column_list": list(fields), "ignore_row_if": "any_value_is_missing"}
        case kinds.OneOf(field=field, values=values):
            name = "ExpectColumnValuesToBeInSet"
            arguments = {"column": field, "value_set": list(values)}
        case kinds.Range(field=field, minimum=minimum, maximum=maximum):
            name = "ExpectColumnValuesToBeBetween"
            arguments = {"column": field, "min_value": minimum, "max_value": maximum}
        case kinds.Pattern(field=field, pattern=pattern):
            name = "ExpectColumnValuesToMatchRegex"
            arguments = {"column": field, "regex": rf"\A(?:{pattern})\Z"}
        case kinds.FieldComparison(field=field, operator=operator, other=other, when=when):
            name, how = _COMPARED[operator]
            both = {
                "column_A": other,
                "column_B": field,
                "ignore_row_if": "either_value_is_missing",
            }
            arguments = {**both, **how, **_where(when)}
        case _:
            raise TypeError(f"{rule.rule_id} is a query")
    return name, arguments


def _where(when: When) -> dict[str, Any]:
    if not when:
        return {}
    from great_expectations.expectations.row_conditions import Column  # noqa: PLC0415

    conditions: list[Any] = [Column(name).is_in(list(one_of)) for name, one_of in when.items()]
    return {"row_condition": reduce(and_, conditions)}


def check_with_frictionless(
    rules: Sequence[TableRule], frames: Mapping[str, pd.DataFrame], dictionary: DataDictionary
) -> Failing:
    """Hold frames to row rules by frictionless, which takes 20 microseconds a row and more."""
    from frictionless import Resource, Schema  # noqa: PLC0415

    failing: Failing = {}
    for name, frame in frames.items():
        table, ours, rows = dictionary[name], _row_rules(rules, name), read_rows(frame)
        keys = {said[:2]: rule.key for rule in ours for said in _say_in_schema(rule)}
        broken: defaultdict[RuleKey | None, set[int]] = defaultdict(set)
        schema = Schema.from_descriptor(compile_schema(table, ours))
        data = [table.column_names, *(list(row.values()) for row in rows)]
        resource, checklist = Resource(name=name, data=data, schema=schema), compile_checklist(ours)
        errors = resource.validate(checklist, limit_errors=10**9).tasks[0].errors if rows else ()
        for what, at_fault in map(_read_error, errors):
            broken[keys.get(what)].update(at_fault)
        for key in (rule.key for rule in ours):
            failing[key] = name_rows(rows[n - _HEADER_ROWS - 1][ROW_ID] for n in broken[key])
    return failing


def _read_error(error: "Error") -> tuple[tuple[str, str], Iterable[int]]:
    """Return field and constraint, or the note, and the rows at fault."""
    field = str(getattr(error, "field_name", ""))
    constraint = re.match(r'constraint "(\w+)"', error.note)
    said = {
        "unique-error": (field, "unique"),
        "constraint-error": (field, constraint[1] if constraint else ""),
    }
    # Of two equal values the earlier row is at fault as well.
    earlier = re.search(r"same as in the row at position (\d+)$", error.note)
    rows = [getattr(error, "row_number", None), earlier and int(earlier[1])]
    return said.get(error.type, ("", error.note)), filter(None, rows)


def _say_in_schema(rule: TableRule) -> Iterator[tuple[str, str, Any]]:
    """Yield field, constraint and value.

    What no Table Schema says has no field; it has the note of its errors, and what is checked.
    """
    match rule.check:
        case kinds.Required(field=field, when=when):
            given = f"{field} is not None"
            yield _say_condition(given, when) if when else (field, "required", True)
        case kinds.Unique(fields=(field,)):
            yield field, "unique", True
        case kinds.Unique(fields=fields):
            yield "", f"the key {', '.join(fields)} is not unique", fields
        case kinds.OneOf(field=field, values=values):
            yield field, "enum", list(values)
        case kinds.Range(field=field) as check:
            bounds = check.model_dump(include={"minimum", "maximum"}, exclude_none=True)
            yield from ((field, name, bound) for name, bound in bounds.items())
        case kinds.Pattern(field=field, pattern=pattern):
            # frictionless writes ^ and $ around it, and $ lets a line break at the end pass.
            yield field, "pattern", rf"(?:{pattern})(?![\s\S])"
        case kinds.FieldComparison(field=field, operator=operator, other=other, when=when):
            missing = f"{field} is None or {other} is None"
            yield _say_condition(f"{missing} or {field} {_PYTHON[operator]} {other}", when)


def _say_condition(kept: str, when: When) -> tuple[str, str, str]:
    met = " and ".join(f"{name} in {list(values)!r}" for name, values in when.items())
    formula = f"{kept} or not ({met})" if when else kept
    return "", f'the row constraint to conform is "{formula}"', formula


def compile_schema(table: Table, rules: Iterable[TableRule]) -> dict[str, Any]:
    """Return the Table Schema of a table under the rules that a schema can express.

    Raises:
        ValueError: If two rules constrain a field in the same way, which a schema cannot say.
    """
    constraints: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for rule in rules:
        for field, name, value in _say_in_schema(rule):
            if field and name in constraints[field]:
                raise ValueError(
                    f"quality_rules.yml: {rule.rule_id} の {field} の {name} は、"
                    "form.yml、tables.yml かほかの規則にあります。1か所にまとめてください。"
                )
            constraints[field][name] = value
    types = {one.name: one.type if one.type in _TYPES else "string" for one in table.fields}
    fields = [{"name": one, "type": types[one], "constraints": constraints[one]} for one in types]
    return {"fields": fields, "missingValues": []}


def compile_checklist(rules: Iterable[TableRule]) -> "Checklist":
    """Return the checklist of those rules that a Table Schema cannot express."""
    from frictionless import Check, Checklist  # noqa: PLC0415

    checklist = Checklist()
    for field, note, wanted in (said for rule in rules for said in _say_in_schema(rule)):
        if not field and isinstance(wanted, str):
            constraint = {"type": "row-constraint", "formula": wanted}
            checklist.add_check(Check.from_descriptor(constraint))
        elif not field:
            checklist.add_check(_make_unique_key_check(wanted, note))
    return checklist


def _make_unique_key_check(fields: Sequence[str], note: str) -> "Check":
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
                    yield errors.RowError.from_row(row, note=note)

    return UniqueKeyCheck()
