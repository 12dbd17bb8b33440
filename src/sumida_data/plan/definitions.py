"""The plans as rows: every version of every definition, and every target known."""

from collections.abc import Iterator

from sumida_data.base.metadata import Row
from sumida_data.plan.models import Indicator, Plan, Plans
from sumida_data.plan.progress import find_start

_COPIED = (
    *("indicator_id", "definition_version", "valid_from", "series_break", "definition"),
    *("numerator_words", "denominator_words", "kind", "goal", "unit", "decimals"),
    *("source", "owner", "confirmed"),
)


def describe_indicators(plans: Plans) -> list[Row]:
    """Return the rows of table ``indicator``; one row is one version of a definition."""
    return [
        _describe_version(plan, version)
        for plan in plans.root
        for indicator in plan.indicators
        for version in indicator.versions
    ]


def describe_targets(plans: Plans) -> list[Row]:
    """Return the rows of table ``indicator_target``; one row is one target, known or not."""
    return [
        row
        for plan in plans.root
        for indicator in plan.indicators
        for row in _list_targets(plan, indicator)
    ]


def _list_targets(plan: Plan, indicator: Indicator) -> Iterator[Row]:
    owner = {"plan_id": plan.plan_id, "indicator_id": indicator.indicator_id}
    start = "/".join(owner.values())
    owner["unit"] = indicator.unit
    if indicator.unknown_targets:
        note = indicator.unknown_targets
        unknown = {"target_number": 0, "target_state": "unknown", "note": note}
        yield owner | {"row_id": f"{start}/0"} | unknown
    for number, target in enumerate(indicator.targets, start=1):
        yield owner | {
            "row_id": f"{start}/{number}",
            "target_number": number,
            "target_state": "known",
            **target.model_dump(include={"decided_on", "target_date", "target_min", "target_max"}),
            "reason": target.reason or None,
            "note": target.note or None,
        }


def _describe_version(plan: Plan, indicator: Indicator) -> Row:
    version = indicator.definition_version
    start = find_start(plan, indicator)
    before = indicator.continues
    described = indicator.model_dump(include=set(_COPIED))
    assumption = start.assumption if start else ""
    reason = indicator.baseline.reason
    return described | {
        "row_id": f"{plan.plan_id}/{indicator.indicator_id}/{version}",
        "plan_id": plan.plan_id,
        "continues_plan_id": before.plan_id if before else None,
        "continues_indicator_id": before.indicator_id if before else None,
        "indicator_title": indicator.title,
        "indicator_title_en": indicator.title_en,
        "version_reason": indicator.version_reason or None,
        "limits": indicator.limits or None,
        # One line, because a record of a CSV file is one.
        "query": " ".join(indicator.query.split()),
        "baseline": indicator.baseline.value,
        "baseline_as_of": indicator.baseline.as_of,
        "baseline_reason": reason or assumption or None,
    }
