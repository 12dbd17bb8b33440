"""All checks of a run, by SQL, and their results as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from sumida_data.base.database import connect
from sumida_data.base.frames import to_arrow
from sumida_data.base.metadata import DataDictionary
from sumida_data.quality.compile_sql import check_tables
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
    """Hold all tables to all rules.

    Args:
        rules: The rule table.
        dictionary: Descriptions of the tables.
        frames: The tables by name, all but the results themselves.
        relations: What queries name beside the tables.

    Raises:
        RuleQueryError: If a rule's query cannot be run.
    """
    all_rules = [rule for rule in list_rules(rules, dictionary) if rule.table in frames]
    outcomes = check_with_sql(all_rules, frames, relations)
    return _check_results(rules, dictionary, all_rules, outcomes, frames)


def check_with_sql(
    rules: Sequence[Rule], frames: Mapping[str, pd.DataFrame], relations: Mapping[str, pa.Table]
) -> list[Outcome]:
    """Hold frames to rules of any kind.

    Args:
        rules: The rules.
        frames: The tables by name.
        relations: What queries name beside the tables.
    """
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
    tables = build([*outcomes, *check_with_sql(ours, build(outcomes), {})])
    return CheckedTables(tables["check_result"], tables["check_failure"])
