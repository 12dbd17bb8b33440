"""Row-local rules as suites of Great Expectations, run on the frames as they are.

Great Expectations is imported only when it is asked for: that alone takes two seconds. It gets a
context in memory, shows no progress bars, writes no Data Docs and sends nothing.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

import pandas as pd

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
    from great_expectations import ExpectationSuite

_ROW_IDS: dict[str, Any] = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": ["row_id"],
    "return_unexpected_index_query": False,
}


class EngineError(RuntimeError):
    """The engine broke down, which says nothing about the data."""


def check_with_expectations(
    rules: Sequence[Rule], frames: Mapping[str, pd.DataFrame]
) -> list[Outcome]:
    """Hold frames to row-local rules.

    Most rules hold, and saying so is five times as fast as listing rows. So a suite is first asked
    for yes or no, and what failed once more for the rows.

    Args:
        rules: The rules; those that are queries are left out.
        frames: The tables by name.

    Raises:
        EngineError: If an expectation could not be evaluated.
    """
    context = _open_context()
    outcomes: list[Outcome] = []
    for table, frame in frames.items():
        ours = [r for r in rules if r.table == table and not isinstance(r.check, Query)]
        source = context.data_sources.add_pandas(table).add_dataframe_asset(table)
        batch = source.add_batch_definition_whole_dataframe(table)
        loaded = batch.get_batch({"dataframe": frame})
        broken = _ask(loaded, table, ours, "BOOLEAN_ONLY")
        found = _ask(loaded, table, [ours[number] for number in broken], _ROW_IDS)
        rows = dict(zip(broken, found.values(), strict=True))
        outcomes += [
            Outcome(*rule.key, len(frame), rows.get(number, ())) for number, rule in enumerate(ours)
        ]
    return outcomes


def compile_suite(table: str, rules: Sequence[Rule]) -> "ExpectationSuite":
    """Return the rules as a suite; each expectation's ``meta`` holds the rule's number."""
    from great_expectations import ExpectationSuite  # noqa: PLC0415

    expectations = [_compile(rule, number) for number, rule in enumerate(rules)]
    return ExpectationSuite(name=table, expectations=expectations)


def _open_context() -> Any:
    import great_expectations  # noqa: PLC0415

    context: Any = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    context.variables.analytics_enabled = False
    return context


def _ask(batch: Any, table: str, rules: Sequence[Rule], result_format: Any) -> dict[int, Any]:
    """Return the failing row ids by number of the rule; of rules that hold nothing."""
    if not rules:
        return {}
    suite = compile_suite(table, rules)
    found: dict[int, Any] = {}
    for result in batch.validate(suite, result_format=result_format).results:
        _refuse_exception(result)
        if not result.success:
            listed = result.result.get("unexpected_index_list") or ()
            ids = name_rows(row["row_id"] for row in listed)
            found[result.expectation_config.meta["rule"]] = ids
    return dict(sorted(found.items()))


def _refuse_exception(result: Any) -> None:
    # An expectation that could not be evaluated is reported as one that failed.
    details = result.exception_info or {}
    parts = [details] if "raised_exception" in details else list(details.values())
    for part in parts:
        if part["raised_exception"]:
            raise EngineError(
                f"Great Expectations: {result.expectation_config.type}: {part['exception_message']}"
            )


def _compile(rule: Rule, number: int) -> Any:
    from great_expectations import expectations  # noqa: PLC0415

    name, arguments = _translate(rule)
    meta = {"rule": number, "rule_id": rule.rule_id, "title": rule.title}
    return getattr(expectations, name)(**arguments, meta=meta)


def _translate(rule: Rule) -> tuple[str, dict[str, Any]]:
    """Return the name of the expectation and its arguments."""
    match rule.check:
        case Required(field=field, when=when):
            return "ExpectColumnValuesToNotBeNull", {"column": field, **_where(when)}
        case Unique(fields=(field,)):
            return "ExpectColumnValuesToBeUnique", {"column": field}
        case Unique(fields=fields):
            columns = {"column_list": list(fields), "ignore_row_if": "any_value_is_missing"}
            return "ExpectCompoundColumnsToBeUnique", columns
        case Comparison() as check:
            return _translate_comparison(check)
        case OneOf() | Range() | Pattern() as check:
            return _translate_value_check(check)
    raise TypeError(f"{rule.rule_id} is a query")


def _translate_value_check(check: OneOf | Range | Pattern) -> tuple[str, dict[str, Any]]:
    arguments: dict[str, Any] = {"column": check.field}
    match check:
        case OneOf(values=values):
            return "ExpectColumnValuesToBeInSet", arguments | {"value_set": list(values)}
        case Range(minimum=minimum, maximum=maximum):
            bounds = {"min_value": minimum, "max_value": maximum}
            return "ExpectColumnValuesToBeBetween", arguments | bounds
        case Pattern(pattern=pattern):
            regex = rf"\A(?:{pattern})\Z"
            return "ExpectColumnValuesToMatchRegex", arguments | {"regex": regex}


def _translate_comparison(check: Comparison) -> tuple[str, dict[str, Any]]:
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
