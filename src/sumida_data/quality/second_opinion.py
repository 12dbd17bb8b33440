"""A second opinion before publication: two more engines hold the same data to the same rules.

SQL decides alone in every run. What is about to be public is looked at once more by Great
Expectations and frictionless, in the tables behind the packages and in the published files as
they are read back from disk.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from sumida_data.base.frames import arrow_schema, to_frame
from sumida_data.base.metadata import DataDictionary, Field, Table
from sumida_data.quality.check import check_with_sql
from sumida_data.quality.engines import check_with_expectations, check_with_frictionless
from sumida_data.quality.rules import (
    QualityRules,
    Query,
    SecondOpinion,
    TableRule,
    derive_rules,
    list_rules,
)
from sumida_data.quality.sql import EngineResult

DESCRIPTOR = "datapackage.json"
ROW_ID = "row_id"
_ROWS_NAMED = 5
_NO_NAME = re.compile(r"\W|-")


def ask_second_opinion(
    rules: QualityRules,
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    files: Mapping[str, bytes],
) -> SecondOpinion:
    """Hold what is about to be public to the row rules, with all three engines.

    Args:
        rules: The rule table.
        dictionary: Descriptions of the tables.
        frames: The tables behind the packages by name.
        files: The published files by path, such as ``dx-indicators/indicator.csv``.

    Raises:
        EngineError: If an engine breaks down.
    """
    read = list(_read_files(files))
    described = tuple(map(itemgetter(1), read))
    candidates = [rule for rule in list_rules(rules, dictionary) if rule.table in frames]
    candidates += [rule for table in described for rule in derive_rules(table, rules)]
    ours = [rule for rule in candidates if not isinstance(rule.check, Query)]
    seen = {**frames, **{table.name: frame for _, table, frame in read}}
    titles = {table.name: f"表 {table.title}" for table in dictionary.tables}
    titles |= {table.name: path for path, table, _ in read}
    both = DataDictionary(tables=(*dictionary.tables, *described))
    return SecondOpinion(
        tables=len(frames),
        files=len(read),
        rules=len(ours),
        rows=sum(map(len, seen.values())),
        objections=tuple(_find_objections(ours, both, seen, titles)),
    )


def _find_objections(
    rules: Sequence[TableRule],
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    titles: Mapping[str, str],
) -> Iterator[str]:
    found = {
        "SQL": check_with_sql(rules, frames, {}),
        "Great Expectations": check_with_expectations(rules, frames),
        "frictionless": check_with_frictionless(rules, frames, dictionary),
    }
    by_rule = {engine: {one.key: one for one in results} for engine, results in found.items()}
    for rule in rules:
        results = {engine: one[rule.key] for engine, one in by_rule.items()}
        sql = results["SQL"]
        what = f"{titles[rule.table]}：{rule.rule_id}「{rule.title}」{rule.subject}"
        if len({one.failing for one in results.values()}) > 1:
            rows = "、".join(f"{engine} {_name_rows(one)}" for engine, one in results.items())
            yield f"{what}：方法によって合わない行が違います({rows})"
        elif rule.severity == "error" and len(sql.failing) > rule.may_fail * sql.rows_checked:
            yield f"{what}：合わない行があります({_name_rows(sql)})"


def _name_rows(found: EngineResult) -> str:
    shown = "・".join(found.failing[:_ROWS_NAMED])
    return f"{len(found.failing)}行{'：' if shown else ''}{shown}"


def _read_files(files: Mapping[str, bytes]) -> Iterator[tuple[str, Table, pd.DataFrame]]:
    """Yield path, description and contents of each CSV that a descriptor describes."""
    for path, content in files.items():
        package, _, name = path.rpartition("/")
        resources = json.loads(content)["resources"] if name == DESCRIPTOR else ()
        for number, resource in enumerate(resources):
            file = f"{package}/{resource.get('path')}"
            if "schema" in resource and file in files:
                # A name that no other file has: packages may publish the same table.
                table = _describe(resource, f"{_NO_NAME.sub('_', package)}_{number}")
                yield file, table, _read_csv(table, files[file])


def _describe(resource: Mapping[str, Any], name: str) -> Table:
    """Return what the descriptor says of a file, as the description of a table."""
    schema = resource["schema"]
    key = schema.get("primaryKey") or ROW_ID
    fields = [_describe_field(field) for field in schema["fields"]]
    if ROW_ID not in {field.name for field in fields}:
        fields.append(Field(name=ROW_ID, title="行", title_en="Row"))
    return Table(
        name=name,
        title=resource["title"],
        title_en=resource["name"],
        description=resource["description"],
        primary_key=(key,) if isinstance(key, str) else tuple(key),
        fields=tuple(fields),
    )


def _describe_field(field: Mapping[str, Any]) -> Field:
    constraints = field.get("constraints", {})
    kept = ("required", "enum", "minimum", "maximum", "pattern")
    return Field(
        name=field["name"],
        title=field["title"],
        title_en=field["name"],
        type=field["type"],
        **{name: constraints[name] for name in kept if name in constraints},
    )


def _read_csv(table: Table, content: bytes) -> pd.DataFrame:
    """Return a published CSV; where its rows have no id, each has its number in a spreadsheet."""
    schema = arrow_schema(table)
    options = pacsv.ConvertOptions(column_types=schema, strings_can_be_null=True, null_values=[""])
    parsing = pacsv.ParseOptions(newlines_in_values=True)
    data = pacsv.read_csv(pa.BufferReader(content), parse_options=parsing, convert_options=options)
    if ROW_ID not in data.column_names:
        numbers = pa.array(map(str, range(2, data.num_rows + 2)), pa.string())
        data = data.append_column(ROW_ID, numbers)
    return to_frame(data.select(schema.names))
