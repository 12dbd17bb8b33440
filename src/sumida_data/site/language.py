"""How the site speaks Japanese and English.

Texts of the pages stand in the templates in both languages, side by side. What exists in Japanese
only, such as a definition, is shown in Japanese on both and marked as such for screen readers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from markupsafe import Markup

from sumida_data.base.periods import Period, format_era_date
from sumida_data.plan.models import Indicator
from sumida_data.plan.values import round_half_up
from sumida_data.present import words
from sumida_data.site.models import SiteSettings

_MONTHS = "January February March April May June July August September October November December"

_ENGLISH: Mapping[str, str] = {
    "achieved": "Achieved",
    "on_track": "On track",
    "slightly_behind": "Slightly behind",
    "behind": "Behind",
    "cannot_say": "Cannot say",
    "not_applicable": "Does not apply",
    "linear": "Straight path",
    "yearly_share": "Equal yearly shares",
    "compound_growth": "Yearly growth rate",
    "measured": "Measured",
    "carried_forward_in_part": "Carried forward in part",
    "not_measured": "Not measured",
    "suppressed": "Suppressed",
    "stock": "State on a day",
    "ratio": "Ratio",
    "cumulative": "Total since the plan began",
    "flow": "Total since the fiscal year began",
    "at_least": "Reach at least the target",
    "at_most": "Come down to the target",
    "keep_at_least": "Stay at or above the target",
    "keep_at_most": "Stay at or below the target",
    "range": "Stay within the range",
    "reach_zero": "Reach zero",
    "yes_no": "Do it",
    "survey": "Survey of departments",
    "external": "Ministry or system data",
    "applied": "Corrected",
    "no_longer_needed": "Already right",
    "expected_differs": "Not corrected: another value stood there",
    "not_found": "Not corrected: not found",
}
_JAPANESE: Mapping[str, str] = {
    **{str(name): word for name, word in words.VERDICTS.items()},
    **words.METHODS,
    **words.VALUE_STATUSES,
    **words.CORRECTION_STATES,
    # A method that does not apply, and a value of which there is none.
    "not_applicable": "当てはまらない",
    "stock": "時点の数",
    "ratio": "率",
    "cumulative": "計画の初日からの延べ数",
    "flow": "年度の初めからの数",
    "at_least": "目標値以上にする",
    "at_most": "目標値以下にする",
    "keep_at_least": "目標値以上を保つ",
    "keep_at_most": "目標値以下を保つ",
    "range": "範囲に入れる",
    "reach_zero": "0にする",
    "yes_no": "実現する",
    "survey": "各課取組状況調査",
    "external": "国やシステムのデータ",
}


@dataclass(frozen=True, slots=True)
class Language:
    """One of the site's languages.

    Attributes:
        code: As HTML names it.
        site: English words for units.
    """

    code: Literal["ja", "en"]
    site: SiteSettings

    def say(self, japanese: str, english: str) -> str:
        """Choose between the two texts."""
        return english if self.code == "en" else japanese

    def word(self, name: str) -> str:
        """Return the word for a value that tables hold, such as ``on_track``."""
        return self.say(_JAPANESE[name], _ENGLISH[name])

    def only_japanese(self, text: str | None) -> Markup:
        """Mark a text that exists in Japanese only, so that a screen reader says it rightly."""
        if self.code == "ja" or not text:
            return Markup.escape(text or "")
        return Markup('<span lang="ja">{}</span>').format(text)

    def day(self, day: date) -> str:
        """Write a day as 令和4年12月31日 or 31 December 2022."""
        return self.say(
            format_era_date(day), f"{day.day} {_MONTHS.split()[day.month - 1]} {day.year}"
        )

    def period(self, text: str) -> str:
        """Write a quarter as 令和4年度第3四半期 or Q3 of fiscal 2022."""
        period = Period.parse(text)
        return self.say(period.title, f"Q{period.quarter} of fiscal {period.fiscal_year}")

    def amount(
        self, indicator: Indicator, amount: Decimal | None, decimals: int | None = None
    ) -> str:
        """Write an amount with its unit, such as 23手続; see ``report.words.format_amount``."""
        if self.code == "ja" or amount is None:
            return words.format_amount(indicator, amount, decimals)
        prefix = self.site.prefixes_en.get(indicator.value_prefix, indicator.value_prefix)
        shown = amount.normalize() if decimals is None else round_half_up(amount, decimals)
        return f"{prefix}{shown:,f}{self._unit(indicator)}"

    def difference(self, indicator: Indicator, amount: Decimal | None, decimals: int) -> str:
        """Write a difference with its sign, such as +2.3手続."""
        if amount is None:
            return words.NOT_MEASURED
        if self.code == "ja":
            return words.format_difference(indicator, amount, decimals)
        unit = " points" if indicator.unit == "%" else self._unit(indicator)
        return f"{round_half_up(amount, decimals):+,f}{unit}"

    def _unit(self, indicator: Indicator) -> str:
        unit = self.site.units_en.get(indicator.unit, indicator.unit)
        return unit if unit == "%" else f" {unit}"
