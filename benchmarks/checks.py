"""How long the checks take: those of a run, those before a publication, and a million rows.

The engines take turns in one run, so that their ratios hold on a busy machine too. The quarter is
the one that lies in `data`; run `make` first. The million rows are its procedures, repeated.
frictionless sees a part of them, and its time is stated for all.
"""

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import yaml
from rich.console import Console
from rich.table import Table

from sumida_data.base.frames import build_frame, to_arrow, to_frame
from sumida_data.base.metadata import DataDictionary
from sumida_data.quality.check import RESULT_TABLES, SCHEMAS, check_with_sql, run_checks
from sumida_data.quality.data_package import find_errors
from sumida_data.quality.rules import QualityRules, Query, TableRule, list_rules
from sumida_data.quality.second_opinion import (
    ask_second_opinion,
    check_with_expectations,
    check_with_frictionless,
)

PROJECT = Path(__file__).parents[1]
TABLE = "procedure"
ROWS = 1_000_000
FOR_FRICTIONLESS = 10_000
ROUNDS = 5

Work = Callable[[], object]


def main() -> None:
    """Measure and print."""
    dictionary, rules, frames = load_project()
    console = Console()
    started = perf_counter()
    import great_expectations  # noqa: F401, PLC0415

    console.print(f"Import of Great Expectations, once: {perf_counter() - started:.1f} s")
    console.print(compare("All checks of the quarter", time_quarter(dictionary, rules, frames)))
    console.print(
        compare(f"Row rules of {ROWS:,} procedures", time_rows(dictionary, rules, frames))
    )


def load_project() -> tuple[DataDictionary, QualityRules, dict[str, pd.DataFrame]]:
    """Return data dictionary, rule table and the tables of the quarter by name."""
    text = (PROJECT / "data/03_primary/data_dictionary.json").read_text("utf-8")
    dictionary = DataDictionary.model_validate_json(text)
    path = PROJECT / "conf/base/parameters/quality_rules.yml"
    raw = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
    found = [*(PROJECT / "data").glob("0[34]_*/*.parquet")]
    tables = {path.stem: to_frame(pq.read_table(path)) for path in found}
    frames = {
        name: tables.get(name, build_frame(dictionary[name], []))
        for name in dictionary.names()
        if name not in RESULT_TABLES and "row_id" in dictionary[name].column_names
    }
    return dictionary, QualityRules.model_validate(raw["quality_rules"]), frames


def time_quarter(
    dictionary: DataDictionary, rules: QualityRules, frames: Mapping[str, pd.DataFrame]
) -> dict[str, list[float]]:
    """Return the seconds of the checks of the quarter, in a run and before a publication."""
    relations = {name: schema.empty_table() for name, schema in SCHEMAS.items()}
    preview = PROJECT / "data/06_catalog/preview"
    files = {
        path.relative_to(preview).as_posix(): path.read_bytes()
        for path in preview.glob("dataset/*/latest/*")
        if path.suffix in (".csv", ".json")
    }
    return take_turns(
        {
            "A run: SQL": partial(run_checks, rules, dictionary, frames, relations),
            "Before a publication: all three engines": partial(
                ask_second_opinion, rules, dictionary, frames, files
            ),
        }
    )


def time_rows(
    dictionary: DataDictionary, rules: QualityRules, frames: Mapping[str, pd.DataFrame]
) -> dict[str, list[float]]:
    """Return the seconds of the row-local rules of very many procedures, by engine and format."""
    ours = [
        rule
        for rule in list_rules(rules, dictionary)
        if rule.table == TABLE and not isinstance(rule.check, Query)
    ]
    data = repeat(to_arrow(frames[TABLE]), ROWS)
    few = {TABLE: to_frame(data.slice(0, FOR_FRICTIONLESS))}
    package = make_package(dictionary, data)
    seconds = take_turns(
        {
            f"SQL, {len(ours)} rules": partial(check_sql, data, ours),
            "package: file, hash, types and promises of the CSV": partial(find_errors, package),
            "Great Expectations": partial(check_with_expectations, ours, {TABLE: to_frame(data)}),
            "frictionless": partial(check_with_frictionless, ours, few, dictionary),
        },
        rounds=1,
    )
    factor = ROWS / FOR_FRICTIONLESS
    seconds["frictionless"] = [one * factor for one in seconds["frictionless"]]
    return seconds


def check_sql(data: pa.Table, rules: list[TableRule]) -> None:
    """Hold the rows to the rules in DuckDB."""
    check_with_sql(rules, {TABLE: data})


def repeat(data: pa.Table, rows: int) -> pa.Table:
    """Return so many rows, each with an id and a number of its own."""
    many = pa.concat_tables([data] * (rows // data.num_rows + 1)).slice(0, rows)
    numbers = pa.array(map(str, range(rows)), pa.string())
    for name in ("row_id", "procedure_number"):
        many = many.set_column(many.column_names.index(name), name, numbers)
    return many.combine_chunks()


def make_package(dictionary: DataDictionary, data: pa.Table) -> dict[str, bytes]:
    """Return a package of one CSV with the promises that the table's description makes."""
    fields = [
        {
            "name": field.name,
            "type": field.type,
            "constraints": field.model_dump(
                mode="json",
                include={"required", "enum", "minimum", "maximum", "pattern"},
                exclude_defaults=True,
            ),
        }
        for field in dictionary[TABLE].fields
    ]
    sink = io.BytesIO()
    pyarrow.csv.write_csv(data, sink)
    content = sink.getvalue()
    resource = {
        "name": TABLE,
        "type": "table",
        "path": f"{TABLE}.csv",
        "format": "csv",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": {"fields": fields, "primaryKey": ["row_id"]},
    }
    descriptor = {"name": "bench", "resources": [resource]}
    return {"datapackage.json": json.dumps(descriptor).encode(), f"{TABLE}.csv": content}


def take_turns(works: Mapping[str, Work], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Do each work in turn and return the seconds of each round by name."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            started = perf_counter()
            work()
            seconds[name].append(perf_counter() - started)
    return seconds


def compare(title: str, seconds: Mapping[str, list[float]]) -> Table:
    """Lay medians and their ratios to the first out as a table."""
    table = Table(title=title)
    table.add_column("")
    for heading in ("seconds", "times the first"):
        table.add_column(heading, justify="right")
    first = median(next(iter(seconds.values())))
    for name, taken in seconds.items():
        table.add_row(name, f"{median(taken):.2f}", f"{median(taken) / first:.1f}")
    return table


if __name__ == "__main__":
    main()
