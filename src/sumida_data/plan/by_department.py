"""Values by 部 and by 課, each from its own sums."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sumida_data.base.periods import Period
from sumida_data.plan.models import Plan, Plans
from sumida_data.plan.values import calculate
from sumida_data.survey.departments import Department, list_existing

# municipality, indicator, quarter, division, and of a department its code and name
_Key = tuple[str, str, str, str, str | None, str | None]


def divide_values(
    plans: Plans,
    parts: Iterable[Mapping[str, Any]],
    departments: Iterable[Department],
) -> list[dict[str, Any]]:
    """Compute every value by division and by department.

    A percentage of a division comes from its summed parts; percentages of departments are never
    averaged.

    Args:
        plans: The plans.
        parts: Sums by municipality_code, indicator_id, period and department_code: numerator,
            denominator.
        departments: The departments over time; the name at the end of the quarter counts.

    Returns:
        Rows of table ``indicator_value_by_department``. A row of a division has no department.
    """
    known = list(departments)
    sums: dict[_Key, list[Decimal | None]] = defaultdict(lambda: [None, None])
    for part in parts:
        department = _find(known, part["department_code"], part["period"])
        division = department.division if department else "所属不明"
        section = department.section if department else None
        owner = (part["municipality_code"], part["indicator_id"], part["period"], division)
        for key in ((*owner, part["department_code"], section), (*owner, None, None)):
            for place, name in enumerate(("numerator", "denominator")):
                sums[key][place] = _add(sums[key][place], part[name])
    owners = {one.indicator_id: plan for plan in plans.root for one in plan.indicators}
    return [_describe(owners[key[1]], key, *sums[key]) for key in sorted(sums, key=str)]


def _find(departments: list[Department], code: str, period: str) -> Department | None:
    return list_existing(departments, Period.parse(period).last_day).get(code)


def _add(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return other if one is None else one if other is None else one + other


def _describe(
    plan: Plan,
    key: _Key,
    numerator: Decimal | None,
    denominator: Decimal | None,
) -> dict[str, Any]:
    municipality_code, indicator_id, period, division, code, section = key
    indicator = plan.indicator(indicator_id)
    value = calculate(indicator, numerator, denominator)
    return {
        "row_id": f"{indicator_id}/{period}/{code or division}",
        "municipality_code": municipality_code,
        "plan_id": plan.plan_id,
        "indicator_id": indicator_id,
        "indicator_title": indicator.title,
        "period": period,
        "level": "課" if code else "部",
        "division": division,
        "department_code": code,
        "section": section,
        "value": value,
        "numerator": numerator,
        "denominator": denominator,
        "unit": indicator.unit,
        "value_status": "measured" if value is not None else "cannot_say",
    }
