"""The plan as rows: indicators with their definitions, and every target known."""

from typing import Any

from sumida_data.plan.models import Indicator, Plan, Plans
from sumida_data.plan.progress import find_start


def describe_indicators(plans: Plans) -> list[dict[str, Any]]:
    """Return the rows of table ``indicator``; one row is one version of a definition."""
    return [
        _describe_indicator(plan, indicator) for plan in plans.root for indicator in plan.indicators
    ]


def describe_targets(plans: Plans) -> list[dict[str, Any]]:
    """Return the rows of table ``indicator_target``; one row is one target."""
    return [
        {
            "row_id": f"{plan.plan_id}/{indicator.indicator_id}/{number}",
            "plan_id": plan.plan_id,
            "indicator_id": indicator.indicator_id,
            "target_number": number,
            "decided_on": target.decided_on,
            "target_date": target.target_date,
            "target_min": target.target_min,
            "target_max": target.target_max,
            "unit": indicator.unit,
            "note": target.note or None,
        }
        for plan in plans.root
        for indicator in plan.indicators
        for number, target in enumerate(indicator.targets, start=1)
    ]


def _describe_indicator(plan: Plan, indicator: Indicator) -> dict[str, Any]:
    version = indicator.definition_version
    start = find_start(plan, indicator)
    before = indicator.continues
    described = indicator.model_dump(
        include={
            "indicator_id",
            "definition_version",
            "definition",
            "numerator_words",
            "denominator_words",
            "kind",
            "goal",
            "unit",
            "decimals",
            "source",
            "owner",
            "confirmed",
        }
    )
    assumption = start.assumption if start else ""
    reason = indicator.baseline.reason
    return described | {
        "row_id": f"{plan.plan_id}/{indicator.indicator_id}/{version}",
        "plan_id": plan.plan_id,
        "continues_plan_id": before.plan_id if before else None,
        "continues_indicator_id": before.indicator_id if before else None,
        "indicator_title": indicator.title,
        "indicator_title_en": indicator.title_en,
        "limits": indicator.limits or None,
        "baseline": indicator.baseline.value,
        "baseline_as_of": indicator.baseline.as_of,
        "baseline_reason": reason or assumption or None,
    }
