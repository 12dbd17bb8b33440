"""How pages and papers speak Japanese and English.

Texts of the pages stand in the templates in both languages, side by side. What comes from the data
in Japanese, such as a definition, is looked up in the phrase book of site.yml; what it does not
have is shown in Japanese and marked as such for screen readers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from markupsafe import Markup

from sumida_data.base.metadata import DataDictionary, LanguageCode
from sumida_data.base.periods import Period, format_era_date
from sumida_data.plan.models import Indicator
from sumida_data.plan.values import round_half_up
from sumida_data.present import words

_MONTHS = "January February March April May June July August September October November December"
# What differs from one sentence of the software to the next: phrases have {} there.
_NUMBER = re.compile(r"[+-]?\d[\d,.]*")


@dataclass(frozen=True, slots=True)
class Language:
    """One of the languages.

    Attributes:
        code: As HTML names it.
        dictionary: The descriptions of all fields, with the words of their codes.
        phrases: English for Japanese texts and sentences, with ``{}`` for numbers.
    """

    code: LanguageCode
    dictionary: DataDictionary
    phrases: Mapping[str, str] = field(default_factory=dict)

    def say(self, japanese: str, english: str) -> str:
        """Choose between the two texts."""
        return english if self.code == "en" else japanese

    def word(self, column: str, code: str) -> str:
        """Return the word of a code, as on_track of column indicator_progress.verdict."""
        return self.dictionary.word(column, code, self.code)

    def find(self, text: str) -> str | None:
        """Return the English of a whole text or of its sentences; None if the book lacks one."""
        if text in self.phrases:
            return self.phrases[text]
        sentences = re.findall(r"[^。]*。|[^。]+$", text)
        found = [self._find_sentence(one.strip()) for one in sentences]
        return " ".join(filter(None, found)) if found and None not in found else None

    def _find_sentence(self, sentence: str) -> str | None:
        phrase = self.phrases.get(sentence) or self.phrases.get(_NUMBER.sub("{}", sentence))
        return phrase and phrase.format(*_NUMBER.findall(sentence))

    def translate(self, text: str | None) -> str:
        """Return a text of the data in this language; one that has no English stays Japanese."""
        return (self.find(text) or text) if self.code == "en" and text else text or ""

    def show(self, text: str | None) -> Markup:
        """Return the same as markup that tells a screen reader which language it is."""
        shown = self.translate(text)
        if self.code == "ja" or not text or shown != text:
            return Markup.escape(shown)
        return Markup('<span lang="ja">{}</span>').format(shown)

    def day(self, day: date) -> str:
        """Write a day as 令和4(2022)年12月31日 or 31 December 2022."""
        return self.say(
            format_era_date(day).replace("年", f"({day.year})年", 1),
            f"{day.day} {_MONTHS.split()[day.month - 1]} {day.year}",
        )

    def period(self, text: str) -> str:
        """Write a quarter as 令和4(2022)年度第3四半期 or Q3 of fiscal 2022."""
        period = Period.parse(text)
        return self.say(
            period.title.replace("年度", f"({period.fiscal_year})年度", 1),
            f"Q{period.quarter} of fiscal {period.fiscal_year}",
        )

    def title(self, indicator: Indicator) -> str:
        """Return the title of an indicator."""
        return self.say(indicator.title, indicator.title_en)

    def amount(
        self, indicator: Indicator, amount: Decimal | None, decimals: int | None = None
    ) -> str:
        """Write an amount with its unit, such as 23手続; see ``words.format_amount``."""
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
