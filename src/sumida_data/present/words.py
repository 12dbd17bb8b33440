"""How figures, days and states are written for people, in Japanese and English, and the templates.

Texts of the pages are in the templates in both languages, side by side. What comes from the data
in Japanese, such as a definition, is looked up in the phrase book of site.yml; what it does not
have is shown in Japanese and marked as such for screen readers. Each room keeps its templates in
its own folder ``templates``; those of this room serve all. What is left out by mistake is an error
and never an empty place.
"""

import os
import re
import sys
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemBytecodeCache,
    PackageLoader,
    StrictUndefined,
    select_autoescape,
)
from markupsafe import Markup

from sumida_data.base import periods
from sumida_data.base.characters import write_plainly
from sumida_data.base.fingerprint import hash_code
from sumida_data.base.metadata import DataDictionary, LanguageCode
from sumida_data.base.xlsx import SAMPLE_MARK, SAMPLE_NOTE, SAMPLE_WARNING
from sumida_data.plan.models import Indicator, IndicatorTarget, Plan
from sumida_data.plan.progress import Verdict
from sumida_data.plan.values import round_half_up, write_number

NOT_MEASURED = "-"
VERDICT_SYMBOLS: dict[Verdict, str] = {
    "achieved": "◎",
    "kept": "◎",
    "on_track": "○",
    "slightly_behind": "△",
    "behind": "×",
    "cannot_say": "－",
    "not_applicable": "・",
}
_ERA_LETTERS = {"令和": "R", "平成": "H", "昭和": "S", "大正": "T", "明治": "M"}
_MONTHS = "January February March April May June July August September October November December"
# What differs from one sentence of the software to the next: phrases have {} there.
_NUMBER = re.compile(r"[+-]?\d[\d,.]*")


def format_number(amount: Decimal | int | None) -> str:
    """Write a number without unit and without trailing zeros; ``-`` where there is none."""
    return NOT_MEASURED if amount is None else write_number(amount)


def format_percentage(numerator: int | Decimal, denominator: int) -> str:
    """Write a ratio of counts as 97.3%; without a denominator it is 判定不能, not 0."""
    if denominator == 0:
        return "判定不能"
    return f"{round_half_up(Decimal(100 * numerator) / denominator, 1)}%"


def describe_as_of(day: date) -> str:
    """Say of what day a value is, as shortly as the day allows.

    A fiscal year's last day becomes 令和3年度末の実績, a month's last day 令和5年1月末の実績.
    """
    if day == periods.fiscal_year_last_day(periods.fiscal_year_of(day)):
        return f"{periods.fiscal_year_title(periods.fiscal_year_of(day))}末の実績"
    is_last = day.day == monthrange(day.year, day.month)[1]
    return f"{f'{format_month(day)}末' if is_last else periods.format_era_date(day)}の実績"


def format_month(day: date) -> str:
    """Write the month of a day as 令和5年1月."""
    return periods.format_era_date(day).rpartition("月")[0] + "月"


def format_short_day(day: date) -> str:
    """Write a day as R4.12.31."""
    era, year = periods.era_year(day)
    return f"{_ERA_LETTERS[era]}{year}.{day.month}.{day.day}"


@dataclass(frozen=True, slots=True)
class Language:
    """One of the languages, with the words of all codes.

    The phrases are English for Japanese texts and sentences, with ``{}`` for numbers. Published
    texts are written plainly, such as ~ for 〜, and so are phrases when they are compared.
    """

    code: LanguageCode
    dictionary: DataDictionary
    phrases: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Write the phrases plainly."""
        plain = {write_plainly(text): english for text, english in self.phrases.items()}
        object.__setattr__(self, "phrases", plain)

    def say(self, japanese: str, english: str) -> str:
        """Choose between the two texts."""
        return english if self.code == "en" else japanese

    def word(self, column: str, code: str) -> str:
        """Return the word of a code, as on_track of column indicator_progress.verdict."""
        return self.dictionary.word(column, code, self.code)

    def find(self, text: str) -> str | None:
        """Return the English of a whole text or of its sentences; None if the book lacks one."""
        text = write_plainly(text)
        if text in self.phrases:
            return self.phrases[text]
        found = []
        for sentence in map(str.strip, re.findall(r"[^。]*。|[^。]+$", text)):
            phrase = self.phrases.get(sentence) or self.phrases.get(_NUMBER.sub("{}", sentence))
            found.append(phrase and phrase.format(*_NUMBER.findall(sentence)))
        return " ".join(filter(None, found)) if found and None not in found else None

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
            periods.format_era_date(day).replace("年", f"({day.year})年", 1),
            f"{day.day} {_MONTHS.split()[day.month - 1]} {day.year}",
        )

    def period(self, text: str) -> str:
        """Write a quarter as 令和4(2022)年度第3四半期 or Q3 of fiscal 2022."""
        period = periods.Period.parse(text)
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
        """Write an amount of an indicator with its prefix and unit, such as 延べ3回 or 3 times.

        It is rounded half up to the decimals; without them it has no trailing zeros, as baselines
        and targets are given. None is written as ``-``, never as 0.
        """
        if amount is None:
            return NOT_MEASURED
        shown = f"{amount.normalize() if decimals is None else round_half_up(amount, decimals):,f}"
        if self.code == "ja":
            return f"{indicator.value_prefix}{shown}{indicator.unit}"
        unit = "%" if indicator.unit == "%" else f" {indicator.unit_en}"
        return f"{indicator.value_prefix_en}{shown}{unit}"

    def difference(self, indicator: Indicator, amount: Decimal | None, decimals: int) -> str:
        """Write a difference with its sign, such as +2.3手続; percentages differ in ポイント."""
        if amount is None:
            return NOT_MEASURED
        english = "points" if indicator.unit == "%" else indicator.unit_en
        unit = self.say(indicator.difference_unit, f" {english}")
        return f"{round_half_up(amount, decimals):+,f}{unit}"


# Papers and pages of the office are in Japanese only.
_JAPANESE = Language("ja", DataDictionary(tables=()))
format_amount, format_difference = _JAPANESE.amount, _JAPANESE.difference


def format_target(plan: Plan, indicator: Indicator, target: IndicatorTarget) -> str:
    """Write a target, with its fiscal year as 25手続 (R4) where that is not the plan's last."""
    last, year = map(periods.fiscal_year_of, (plan.last_day, target.target_date))
    shown = "" if year == last else f" ({periods.fiscal_year_label(year)})"
    return f"{format_amount(indicator, target.value)}{shown}"


def _keep_compiled() -> FileSystemBytecodeCache | None:
    """Keep compiled templates beside this module's own compiled code, where that is kept."""
    folder = Path(__file__).with_name("__pycache__")
    if sys.dont_write_bytecode or not os.access(folder, os.W_OK):
        return None
    # Jinja knows them by their text; how they are compiled, this module and Jinja say.
    return FileSystemBytecodeCache(str(folder), f"{hash_code('present')[:16]}-%s.template")


@cache
def load_templates(room: str, **filters: Any) -> Environment:
    """Return a room's templates, with filters beside those that all have.

    They are compiled once, and then kept where Python keeps compiled code. HTML and XML are escaped
    by the name of the file; Markdown and plain text hold no markup.
    """
    loaders = [PackageLoader(f"sumida_data.{room}"), PackageLoader("sumida_data.present")]
    environment = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_keep_compiled(),
    )
    environment.globals |= {
        "symbols": VERDICT_SYMBOLS,
        "sample_mark": SAMPLE_MARK,
        "sample_note": SAMPLE_NOTE,
        "sample_warning": SAMPLE_WARNING,
    }
    environment.filters |= {
        "amount": format_amount,
        "difference": format_difference,
        "number": format_number,
        "percentage": format_percentage,
        "day": periods.format_era_date,
        "short_day": format_short_day,
        "period": periods.Period.parse,
        **filters,
    }
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}
    return environment
