"""A second opinion before publication: two more engines hold the same data to the same rules.

SQL decides alone in every run. What is about to be public is looked at once more by Great
Expectations and frictionless, in the tables behind the packages and in the published files as
they are read back from disk.

Both are imported only when they are asked: that alone takes seconds. Great Expectations gets a
context in memory, shows no progress bars, writes no Data Docs and sends nothing. frictionless gets
each rule as a Table Schema: keys as ``primaryKey``, because it does not enforce ``uniqueKeys``, and
comparisons as its check ``row-constraint``.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain, count
from operator import and_
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from sumida_data.base.frames import arrow_schema, read_rows, to_frame
from sumida_data.base.metadata import DataDictionary, Row, Table
from sumida_data.quality import rules as kinds
from sumida_data.quality.check import CONSTRAINTS, check_with_sql, name_rows
from sumida_data.quality.data_package import DESCRIPTOR
from sumida_data.quality.rules import QualityRules, RuleKey, SecondOpinion, TableRule, When

ROW_ID = "row_id"
_ROWS_NAMED = 5
_ROW_IDS: dict[str, Any] = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [ROW_ID],
    "return_unexpected_index_query": False,
}
_NUMBER, _FIRST_ROW = "number of the row", 2
_PYTHON = {"<": "<", "<=": "<=", "=": "=="}
_GREATER = "ExpectColumnPairValuesAToBeGreaterThanB"
_COMPARED: dict[str, tuple[str, dict[str, bool]]] = {
    "=": ("ExpectColumnPairValuesToBeEqual", {}),
    "<": (_GREATER, {"or_equal": False}),
    "<=": (_GREATER, {"or_equal": True}),
}


# The ids of the rows that break a rule, by its key; and the values of the fields it looks at.
Failing = dict[RuleKey, tuple[str, ...]]
Values = tuple[Any, ...]


class EngineError(RuntimeError):
    """An engine broke down, which says nothing about the data."""


def ask_second_opinion(
    rules: QualityRules,
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    files: Mapping[str, bytes],
) -> SecondOpinion:
    """Hold tables, and published files by path, to the row rules, with all three engines.

    Raises an EngineError if an engine breaks down.
    """
    read = {table.name: (table, frame) for table, frame in _read_files(files)}
    titled = (one.model_copy(update={"title": f"表 {one.title}"}) for one in dictionary.tables)
    both = DataDictionary(tables=(*titled, *(table for table, _ in read.values())))
    seen = {**frames, **{name: frame for name, (_, frame) in read.items()}}
    known = kinds.list_rules(rules, both)
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
    numbers = count()
    for path, content in files.items():
        folder, _, name = path.rpartition("/")
        for resource in json.loads(content)["resources"] if name == DESCRIPTOR else ():
            file = f"{folder}/{resource.get('path')}"
            if "schema" in resource and file in files:
                # A name that no other file has: packages may publish the same table.
                table = _describe(resource["schema"], f"file_{next(numbers)}", file)
                yield table, _read_file(files[file], arrow_schema(table))


def _read_file(content: bytes, schema: pa.Schema) -> pd.DataFrame:
    data = pacsv.read_csv(
        pa.BufferReader(content),
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=schema, strings_can_be_null=True, null_values=[""]
        ),
    )
    if ROW_ID not in data.column_names:
        numbers = pa.array(map(str, range(_FIRST_ROW, _FIRST_ROW + data.num_rows)), pa.string())
        data = data.append_column(ROW_ID, numbers)
    return to_frame(data.select(schema.names))


def _describe(schema: Mapping[str, Any], name: str, title: str) -> Table:
    """Return what the descriptor says of a file, as the description of a table."""
    known = {one["name"]: one for one in schema["fields"]}
    fields = known | {ROW_ID: known.get(ROW_ID, {"title": "行", "type": "string"})}
    described = [
        one.get("constraints", {})
        | {"name": name, "title": one["title"], "title_en": name, "type": one["type"]}
        for name, one in fields.items()
    ]
    words = {"name": name, "title": title, "title_en": name, "description": title}
    key = schema.get("primaryKey") or (ROW_ID,)
    return Table.model_validate({**words, "primary_key": key, "fields": described})


def check_with_expectations(
    rules: Sequence[TableRule], frames: Mapping[str, pd.DataFrame]
) -> Failing:
    """Hold frames to row rules by Great Expectations.

    Most rules hold, and saying so is five times as fast as listing rows. So a suite is first asked
    for yes or no, and what failed once more for the rows.

    Raises an EngineError if an expectation could not be evaluated.
    """
    import great_expectations  # noqa: PLC0415

    context: Any = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    context.variables.analytics_enabled = False
    failing: Failing = {}
    for table, frame in frames.items():
        ours = [rule for rule in rules if rule.table == table]
        batch = context.data_sources.pandas_default.read_dataframe(frame, asset_name=table)
        broken = _validate(batch, ours, "BOOLEAN_ONLY")
        failed = [rule for rule in ours if rule.key in broken]
        failing |= {rule.key: () for rule in ours}
        failing |= _validate(batch, failed, _ROW_IDS) if failed else {}
    return failing


def _validate(batch: Any, rules: Sequence[TableRule], result_format: Any) -> Failing:
    from great_expectations import ExpectationSuite, expectations  # noqa: PLC0415

    suite = ExpectationSuite(name="rules")
    for number, rule in enumerate(rules):
        name, arguments = _expect(rule)
        suite.add_expectation(getattr(expectations, name)(**arguments, meta={"rule": number}))
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
    arguments: dict[str, Any] = {}
    match rule.check:
        case kinds.FieldComparison(field=field, operator=operator, other=other):
            name, how = _COMPARED[operator]
            missing = {"ignore_row_if": "either_value_is_missing"}
            arguments = {"column_A": other, "column_B": field, **missing, **how}
        case kinds.Unique(fields=(field,)):
            name, arguments = "ExpectColumnValuesToBeUnique", {"column": field}
        case kinds.Unique(fields=fields):
            name = "ExpectCompoundColumnsToBeUnique"
            arguments = {"column_list": list(fields), "ignore_row_if": "any_value_is_missing"}
        case check:
            for field, constraint, limit in _list_constraints(check):
                _, _, name, argument = CONSTRAINTS[constraint]
                arguments |= {"column": field} | ({argument: limit} if argument else {})
    return name, arguments | _where(rule.when)


def _list_constraints(check: kinds.Check) -> Iterator[tuple[str, str, Any]]:
    """Yield field, constraint and limit.

    Both engines look for a pattern anywhere; and for one of them, which writes $ behind it, a line
    break may follow.
    """
    for field, constraint, limit in kinds.list_constraints(check):
        yield field, constraint, rf"^(?:{limit})(?![\s\S])" if constraint == "pattern" else limit


def _where(when: When) -> dict[str, Any]:
    if not when:
        return {}
    from great_expectations.expectations.row_conditions import Column  # noqa: PLC0415

    conditions: list[Any] = [Column(name).is_in(list(one_of)) for name, one_of in when.items()]
    return {"row_condition": reduce(and_, conditions)}


def check_with_frictionless(
    rules: Sequence[TableRule], frames: Mapping[str, pd.DataFrame], dictionary: DataDictionary
) -> Failing:
    """Hold frames to row rules by frictionless, which takes 20 microseconds a row and more.

    Each rule has a schema of its own, and is asked of the values of the rows that it concerns.
    """
    failing: Failing = {}
    for rule in (one for one in rules if one.table in frames):
        ids: defaultdict[Values, list[str]] = defaultdict(list)
        for row in _select_concerned(rule, frames[rule.table]):
            ids[tuple(row[field] for field in rule.fields)].append(row[ROW_ID])
        broken = _ask_frictionless(rule, dictionary[rule.table], ids) if ids else ()
        failing[rule.key] = name_rows(chain.from_iterable(ids[values] for values in broken))
    return failing


def _select_concerned(rule: TableRule, frame: pd.DataFrame) -> list[Row]:
    """Return row ids and fields of the rows of which a rule says something."""
    concerned = frame[[*dict.fromkeys((ROW_ID, *rule.fields))]]
    for field, values in rule.when.items():
        concerned = concerned[concerned[field].isin(values)]
    needed = [] if isinstance(rule.check, kinds.Required) else [*rule.fields]
    return read_rows(concerned.dropna(subset=needed))


def _ask_frictionless(
    rule: TableRule, table: Table, ids: Mapping[Values, Sequence[str]]
) -> Iterable[Values]:
    """Return the values that break a rule, of those in the fields it looks at, with their rows."""
    from frictionless import Check, Checklist, Resource, Schema  # noqa: PLC0415

    types = {name: table.field(name).type for name in rule.fields}
    fields: dict[str, dict[str, Any]] = {
        name: {"name": name, "type": kind.replace("yearmonth", "string"), "constraints": {}}
        for name, kind in types.items()
    }
    for field, constraint, limit in _list_constraints(rule.check):
        fields[field]["constraints"][constraint] = limit
    # A row without any value would be skipped: each has its number.
    described = [{"name": _NUMBER, "type": "integer"}, *fields.values()]
    schema: dict[str, Any] = {"fields": described, "missingValues": []}
    checks, rows = [], list(ids)
    if isinstance(rule.check, kinds.FieldComparison):
        formula = f"{rule.check.field} {_PYTHON[rule.check.operator]} {rule.check.other}"
        checks = [Check.from_descriptor({"type": "row-constraint", "formula": formula})]
    elif isinstance(rule.check, kinds.Unique):
        schema["primaryKey"] = [*fields]
        rows = [values for values, same in ids.items() for _ in same]
    data = [[_NUMBER, *fields], *([number, *values] for number, values in enumerate(rows))]
    resource = Resource(name=table.name, data=data, schema=Schema.from_descriptor(schema))
    report = resource.validate(Checklist(checks=checks), limit_errors=10**9)
    return {rows[number - _FIRST_ROW] for (number,) in report.flatten(["rowNumber"])}
