"""All checks of a run: which engine looks at what, and the results as tables."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from sumida_data.base.database import connect
from sumida_data.base.frames import to_arrow
from sumida_data.base.metadata import DataDictionary
from sumida_data.quality.compile_expectations import check_with_expectations
from sumida_data.quality.compile_sql import check_tables
from sumida_data.quality.compile_table_schema import check_with_frictionless
from sumida_data.quality.derived_rules import list_rules
from sumida_data.quality.outcomes import Outcome
from sumida_data.quality.results import build_check_failure, build_check_result
from sumida_data.quality.rules import QualityRules, Rule

RESULT_TABLES = ("check_result", "check_failure")


@dataclass(frozen=True, slots=True)
class CheckedTables:
    """What the checks of a run found.

    Attributes:
        result: Table ``check_result``.
        failure: Table ``check_failure``.
    """

    result: pd.DataFrame
    failure: pd.DataFrame


def run_checks(
    rules: QualityRules,
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    relations: Mapping[str, pa.Table],
) -> CheckedTables:
    """Hold all tables to all rules; SQL sees everything, the other engines what is set for them.

    Args:
        rules: The rule table.
        dictionary: Descriptions of the tables.
        frames: The tables by name, all but the results themselves.
        relations: What queries name beside the tables.

    Raises:
        RuleQueryError: If a rule's query cannot be run.
        EngineError: If an engine breaks down.
    """
    all_rules = [rule for rule in list_rules(rules, dictionary) if rule.table in frames]
    outcomes = _check_with_sql(all_rules, frames, relations)
    if seen := {name: frames[name] for name in rules.great_expectations if name in frames}:
        outcomes += check_with_expectations(all_rules, seen)
    limit = rules.frictionless_up_to
    if small := {name: frame for name, frame in frames.items() if 0 < len(frame) <= limit}:
        outcomes += check_with_frictionless(all_rules, small, dictionary)
    return _check_results(rules, dictionary, all_rules, outcomes, frames)


def _check_with_sql(
    rules: list[Rule], frames: Mapping[str, pd.DataFrame], relations: Mapping[str, pa.Table]
) -> list[Outcome]:
    with connect() as connection:
        for name, frame in frames.items():
            connection.register(name, to_arrow(frame))
        for name, relation in relations.items():
            connection.register(name, relation)
        return check_tables(connection, rules)


def _check_results(
    rules: QualityRules,
    dictionary: DataDictionary,
    all_rules: list[Rule],
    outcomes: list[Outcome],
    frames: Mapping[str, pd.DataFrame],
) -> CheckedTables:
    """Make the result tables, and hold them to their own rules as well."""

    def build(found: list[Outcome]) -> dict[str, pd.DataFrame]:
        result, failure = (dictionary[name] for name in RESULT_TABLES)
        return {
            "check_result": build_check_result(rules.words, found, result),
            "check_failure": build_check_failure(all_rules, found, frames, failure),
        }

    ours = [rule for rule in list_rules(rules, dictionary) if rule.table in RESULT_TABLES]
    tables = build([*outcomes, *_check_with_sql(ours, build(outcomes), {})])
    return CheckedTables(tables["check_result"], tables["check_failure"])
