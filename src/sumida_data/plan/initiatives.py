"""Effects of initiatives: recomputed from their parts, and added only where that means something.

A number is kept with what was said of it: 実績 or 見込み, 約, and the condition on which it holds.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.plan.models import InitiativeRules
from sumida_data.plan.values import round_half_up
from sumida_data.survey.departments import Department, list_existing

_APPROXIMATE = "はい"
_MINUTES_IN_HOUR = 60
_COPIED = (
    *("row_id", "municipality_code", "period", "as_of", "department_code", "initiative_name"),
    *("effect", "effect_value", "effect_unit", "certainty", "approximate", "condition"),
    *("annual_cases", "minutes_per_case", "sites", "sample"),
)
# municipality, quarter, level, and of it category, division, department
_Key = tuple[str, str, str, str | None, str | None, str | None]


def describe_effects(
    rules: InitiativeRules,
    initiatives: Iterable[Row],
    effects: Iterable[Row],
    departments: Sequence[Department],
) -> list[Row]:
    """Put each effect beside its initiative and its recomputation.

    Args:
        rules: What may be done with them.
        initiatives: Rows of table ``initiative``.
        effects: Rows of table ``initiative_effect``.
        departments: The departments over time.

    Returns:
        Rows of table ``initiative_effect_figure``; row_id is that of the effect.
    """
    known = {_owner(row): row for row in initiatives}
    return [_describe(rules, row, known.get(_owner(row), {}), departments) for row in effects]


def sum_effects(figures: Iterable[Row]) -> list[Row]:
    """Add what may be added: by quarter for the whole, by category, division and department.

    Actual and expected effects are added apart. A sum with an approximate part is approximate.

    Args:
        figures: Rows of table ``initiative_effect_figure``.

    Returns:
        Rows of table ``initiative_effect_summary``.
    """
    groups: dict[tuple[_Key, str, str, str], list[Row]] = defaultdict(list)
    for row in figures:
        if row["may_be_added"]:
            for key in _levels_of(row):
                groups[key, row["effect"], row["effect_unit"], row["certainty"]].append(row)
    return [_sum(group, groups[group]) for group in sorted(groups, key=str)]


def _owner(row: Row) -> tuple[str, ...]:
    names = ("municipality_code", "period", "department_code", "initiative_name")
    return tuple(row[name] for name in names)


def _describe(
    rules: InitiativeRules, effect: Row, initiative: Row, departments: Sequence[Department]
) -> Row:
    last_day = Period.parse(effect["period"]).last_day
    ours = list_existing(departments, last_day).get(effect["department_code"])
    hours = _recompute_hours(effect)
    reason = _reason_not_added(rules, effect)
    return {
        **{name: effect[name] for name in _COPIED},
        "category": initiative.get("category"),
        "may_publish": initiative.get("may_publish"),
        "division": ours.division if ours else None,
        "section": ours.section if ours else None,
        "printed": _print(effect),
        "recomputed_value": hours,
        "recomputation": None if hours is None else _explain(effect, hours),
        "recomputation_state": _compare(effect, hours),
        "may_be_added": reason is None,
        "reason_not_added": reason,
    }


def _recompute_hours(effect: Row) -> Decimal | None:
    parts = [effect[name] for name in ("annual_cases", "minutes_per_case", "sites")]
    if None in parts or effect["effect_unit"] != "時間":
        return None
    cases, minutes, sites = map(Decimal, parts)
    return round_half_up(cases * minutes * sites / _MINUTES_IN_HOUR, 4)


def _explain(effect: Row, hours: Decimal) -> str:
    return (
        f"{_plain(effect['annual_cases'])}件×{_plain(effect['minutes_per_case'])}分"
        f"×{_plain(effect['sites'])}箇所÷60＝{_plain(hours)}時間"
    )


def _compare(effect: Row, hours: Decimal | None) -> str:
    if hours is None or effect["effect_value"] is None:
        return "no_parts"
    decimals = max(0, -int(effect["effect_value"].normalize().as_tuple().exponent))
    return "agrees" if round_half_up(hours, decimals) == effect["effect_value"] else "differs"


def _reason_not_added(rules: InitiativeRules, effect: Row) -> str | None:
    """Say why an effect is not added to others, or return None."""
    if effect["effect"] not in rules.additive:
        return "この種類の効果は足し合わせない。"
    if effect["effect_value"] is None or effect["certainty"] is None:
        return "値、または実績か見込みかが空。"
    if effect["effect_unit"] != rules.additive[effect["effect"]]:
        return f"単位が{rules.additive[effect['effect']]}ではない。"
    if effect["condition"] and effect["condition"] not in rules.plain_conditions:
        return "条件の付いた値は、ほかの値と足し合わせない。"
    return None


def _print(effect: Row) -> str | None:
    if effect["effect_value"] is None:
        return None
    about = "約" if effect["approximate"] == _APPROXIMATE else ""
    limits = "、".join(text for text in (effect["certainty"], effect["condition"]) if text)
    number = f"{about}{_plain(effect['effect_value'])}{effect['effect_unit'] or ''}"
    return f"{number}({limits})" if limits else number


def _plain(number: Decimal | int) -> str:
    return f"{Decimal(number).normalize():,f}"


def _levels_of(row: Row) -> list[_Key]:
    owner = (row["municipality_code"], row["period"])
    return [
        (*owner, "全体", None, None, None),
        (*owner, "区分", row["category"] or "区分不明", None, None),
        (*owner, "部", None, row["division"] or "所属不明", None),
        (*owner, "課", None, row["division"] or "所属不明", row["department_code"]),
    ]


def _sum(group: tuple[_Key, str, str, str], rows: Sequence[Row]) -> Row:
    (municipality_code, period, level, category, division, code), effect, unit, certainty = group
    approximate = any(row["approximate"] == _APPROXIMATE for row in rows)
    total = sum((row["effect_value"] for row in rows), Decimal(0))
    name = code or division or category or level
    return {
        "row_id": f"{municipality_code}/{period}/{level}/{name}/{effect}/{certainty}",
        "municipality_code": municipality_code,
        "period": period,
        "level": level,
        "category": category,
        "division": division,
        "department_code": code,
        "section": rows[0]["section"] if code else None,
        "effect": effect,
        "certainty": certainty,
        "value": total,
        "unit": unit,
        "approximate": "はい" if approximate else "いいえ",
        "printed": f"{'約' if approximate else ''}{_plain(total)}{unit}",
        "summands": len(rows),
        "sample": any(row["sample"] for row in rows),
    }
