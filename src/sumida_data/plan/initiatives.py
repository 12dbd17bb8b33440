"""Effects of initiatives: recomputed from their parts, and added only where that means something.

A number is kept with what was said of it: 実績 or 見込み, 約, and the condition on which it holds.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.plan.models import InitiativeRules
from sumida_data.plan.values import round_half_up, write_number
from sumida_data.survey.departments import Department, list_existing

_APPROXIMATE = "はい"
_owner = itemgetter("municipality_code", "period", "department_code", "initiative_name")


def describe_effects(
    rules: InitiativeRules,
    initiatives: Iterable[Row],
    effects: Iterable[Row],
    departments: Sequence[Department],
) -> list[Row]:
    """Return table ``initiative_effect_figure``: each effect with its initiative, recomputed."""
    known = {_owner(row): row for row in initiatives}
    figures = []
    for effect in effects:
        last_day = Period.parse(effect["period"]).last_day
        ours = list_existing(departments, last_day).get(effect["department_code"])
        initiative = known.get(_owner(effect), {})
        reason = _say_why_not_added(rules, effect, initiative.get("may_publish"))
        figures.append(
            effect
            | _recompute_hours(effect)
            | {
                "category": initiative.get("category"),
                "may_publish": initiative.get("may_publish"),
                "division": getattr(ours, "division", None),
                "section": getattr(ours, "section", None),
                "printed": _print(effect),
                "may_be_added": reason is None,
                "reason_not_added": reason,
            }
        )
    return figures


def _recompute_hours(effect: Row) -> Row:
    """Return the hours that the parts give, how, and whether they equal those reported."""
    parts = [effect[name] for name in ("annual_cases", "minutes_per_case", "sites")]
    if None in parts or effect["effect_unit"] != "時間":
        return {"recomputation_state": "no_parts"}
    cases, minutes, sites = map(Decimal, parts)
    hours, reported = round_half_up(cases * minutes * sites / 60, 4), effect["effect_value"]
    state = "no_parts"
    if reported is not None:
        decimals = max(0, -int(reported.normalize().as_tuple().exponent))
        state = "agrees" if round_half_up(hours, decimals) == reported else "differs"
    words = "{}件×{}分×{}箇所÷60＝{}時間".format(*map(write_number, (*parts, hours)))
    return {"recomputed_value": hours, "recomputation": words, "recomputation_state": state}


def _say_why_not_added(rules: InitiativeRules, effect: Row, may_publish: str | None) -> str | None:
    """Say why an effect is not added to others, or return None."""
    unit = rules.additive.get(effect["effect"])
    if unit is None:
        return "この種類の効果は足し合わせない。"
    if effect["effect_value"] is None or effect["certainty"] is None:
        return "値、または実績か見込みかが空。"
    if effect["effect_unit"] != unit:
        return f"単位が{unit}ではない。"
    if effect["condition"] and effect["condition"] not in rules.plain_conditions:
        return "条件の付いた値は、ほかの値と足し合わせない。"
    # A sum that is public must not reveal what is not.
    return None if may_publish == "可" else "公開してよい取組だけを足し合わせる。"


def _print(effect: Row) -> str | None:
    if effect["effect_value"] is None:
        return None
    about = "約" if effect["approximate"] == _APPROXIMATE else ""
    limits = "、".join(text for text in (effect["certainty"], effect["condition"]) if text)
    number = f"{about}{write_number(effect['effect_value'])}{effect['effect_unit'] or ''}"
    return f"{number}({limits})" if limits else number


def sum_effects(figures: Iterable[Row]) -> list[Row]:
    """Add what may be added, by quarter for the whole, by category, division and department.

    Actual and expected effects are added apart. A sum with an approximate part is approximate.
    What comes out is table ``initiative_effect_summary``.
    """
    sums: dict[tuple[Any, ...], list[Row]] = {}
    for row in figures:
        division, code = row["division"] or "所属不明", row["department_code"]
        for level, *place in (
            ("全体", None, None, None),
            ("区分", row["category"] or "区分不明", None, None),
            ("部", None, division, None),
            ("課", None, division, code),
        ):
            of_effect = row["effect"], row["certainty"]
            key = (row["municipality_code"], row["period"], level, *place, *of_effect)
            if row["may_be_added"]:
                sums.setdefault(key, []).append(row)
    return [_sum(sums[key], *key) for key in sorted(sums, key=str)]


def _sum(rows: Sequence[Row], municipality: str, period: str, level: str, *parts: Any) -> Row:
    category, division, code, effect, certainty = parts
    total, unit = sum((row["effect_value"] for row in rows), Decimal(0)), rows[0]["effect_unit"]
    about = any(row["approximate"] == _APPROXIMATE for row in rows)
    name = code or division or category or level
    return {
        "row_id": f"{municipality}/{period}/{level}/{name}/{effect}/{certainty}",
        "municipality_code": municipality,
        "period": period,
        "level": level,
        "summed_over": name,
        "category": category,
        "division": division,
        "department_code": code,
        "section": rows[0]["section"] if code else None,
        "effect": effect,
        "certainty": certainty,
        "value": total,
        "unit": unit,
        "approximate": _APPROXIMATE if about else "いいえ",
        "printed": f"{'約' * about}{write_number(total)}{unit}",
        "summands": len(rows),
        "sample": any(row["sample"] for row in rows),
    }
