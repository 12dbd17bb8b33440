"""How the site speaks Japanese and English.

Texts of the pages stand in the templates in both languages, side by side. What exists in Japanese
only, such as a definition, is shown in Japanese on both and marked as such for screen readers.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from markupsafe import Markup

from sumida_data.base.metadata import DataDictionary, LanguageCode
from sumida_data.base.periods import Period, format_era_date
from sumida_data.plan.models import Indicator
from sumida_data.plan.values import round_half_up
from sumida_data.present import words

_MONTHS = "January February March April May June July August September October November December"


@dataclass(frozen=True, slots=True)
class Language:
    """One of the site's languages.

    Attributes:
        code: As HTML names it.
        dictionary: The descriptions of all fields, with the words of their codes.
    """

    code: LanguageCode
    dictionary: DataDictionary

    def say(self, japanese: str, english: str) -> str:
        """Choose between the two texts."""
        return english if self.code == "en" else japanese

    def word(self, column: str, code: str) -> str:
        """Return the word of a code, as on_track of column indicator_progress.verdict."""
        return self.dictionary.word(column, code, self.code)

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
        shown = amount.normalize() if decimals is None else round_half_up(amount, decimals)
        return f"{indicator.value_prefix_en}{shown:,f}{_english_unit(indicator)}"

    def difference(self, indicator: Indicator, amount: Decimal | None, decimals: int) -> str:
        """Write a difference with its sign, such as +2.3手続."""
        if amount is None:
            return words.NOT_MEASURED
        if self.code == "ja":
            return words.format_difference(indicator, amount, decimals)
        unit = " points" if indicator.unit == "%" else _english_unit(indicator)
        return f"{round_half_up(amount, decimals):+,f}{unit}"


def _english_unit(indicator: Indicator) -> str:
    return "%" if indicator.unit == "%" else f" {indicator.unit_en}"
