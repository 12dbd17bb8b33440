"""Fiscal years, quarters and Japanese era dates.

A fiscal year runs from 1 April and is named after the western year in which it begins: ``FY2022Q3``
is October to December 2022 (令和4年度第3四半期), and ``FY2022Q4`` is in calendar year 2023.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

PERIOD = re.compile("FY([0-9]{4})Q([1-4])")
_SPOKEN = re.compile(
    r"(令和|平成|r|h|西暦|fy|)\.?\s*(元|\d{1,4})\s*(?:年度|年|)\s*"
    r"(?:第?\s*([1-4一二三四])\s*(?:四半期|期|q)|q\s*([1-4]))",
    re.IGNORECASE,
)
_QUARTER = re.compile(r"[1-4一二三四]\s*(?:四半期|期|q)|q\s*[1-4]", re.IGNORECASE)
_KANJI_DIGITS = str.maketrans("一二三四", "1234")

# First day of each era since the Gregorian calendar came into use, newest first.
ERAS: dict[str, date] = {
    "令和": date(2019, 5, 1),
    "平成": date(1989, 1, 8),
    "昭和": date(1926, 12, 25),
    "大正": date(1912, 7, 30),
    "明治": date(1873, 1, 1),
}
ERA_LETTERS = dict(zip("RHSTM", ERAS, strict=True))
ERA_FIRST_YEARS: dict[str, int] = {
    era: (1868 if era == "明治" else start.year) for era, start in ERAS.items()
}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One quarter of a fiscal year: 1 (April to June) to 4 (January to March)."""

    fiscal_year: int
    quarter: int

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str) -> "Period":
        """Read ``FY2022Q3``, or raise a ValueError."""
        match = PERIOD.fullmatch(text)
        if match is None:
            raise ValueError(
                f"期間 {text!r} は読めません。FY2022Q3(2022年10月〜12月)の形で書いてください。"
            )
        return cls(int(match[1]), int(match[2]))

    @classmethod
    @lru_cache(maxsize=256)
    def find(cls, text: str) -> "Period | None":
        """Find a quarter in words such as 令和4年度第3四半期 or R4 Q3.

        It is None where there is none, more than one, or one that 年 leaves open: the fourth
        quarter of 令和4年度 is in 令和5年.
        """
        plain = unicodedata.normalize("NFKC", text)
        match = _SPOKEN.search(plain)
        if match is None or len(_QUARTER.findall(plain)) > 1:
            return None
        year = western_year(match[1], match[2])
        quarter = int((match[3] or match[4]).translate(_KANJI_DIGITS))
        is_open = quarter == 4 and "年" in match[0] and "年度" not in match[0]
        return cls(year, quarter) if year > 1000 and not is_open else None

    def __str__(self) -> str:
        return f"FY{self.fiscal_year}Q{self.quarter}"

    @property
    def first_day(self) -> date:
        """The first day of the quarter."""
        return date(self.fiscal_year + self.quarter // 4, 3 * (self.quarter % 4) + 1, 1)

    @property
    def last_day(self) -> date:
        """The last day of the quarter, which is the as-of date of its survey."""
        return self.next.first_day - timedelta(days=1)

    @property
    def next(self) -> "Period":
        """The quarter after this one."""
        return Period(self.fiscal_year + self.quarter // 4, self.quarter % 4 + 1)

    @property
    def previous(self) -> "Period":
        """The quarter before this one."""
        return Period(self.fiscal_year - (self.quarter == 1), (self.quarter - 2) % 4 + 1)

    @property
    def title(self) -> str:
        """The Japanese title, such as 令和4年度第3四半期."""
        return f"{fiscal_year_title(self.fiscal_year)}第{self.quarter}四半期"


def fiscal_year_of(day: date) -> int:
    """Return the fiscal year in which a day falls."""
    return day.year - (day.month < 4)


def fiscal_year_first_day(fiscal_year: int) -> date:
    """Return 1 April of the fiscal year."""
    return date(fiscal_year, 4, 1)


def fiscal_year_last_day(fiscal_year: int) -> date:
    """Return 31 March at the end of the fiscal year."""
    return date(fiscal_year + 1, 3, 31)


def western_year(era: str | None, number: str) -> int:
    """Return the year of an era, named or by its letter, in the western count; 元 is its first.

    A number of no era is a western year already.
    """
    named = ERA_LETTERS.get((era or "").upper(), era or "")
    return ERA_FIRST_YEARS.get(named, 1) - 1 + int(number.replace("元", "1"))


def era_year(day: date) -> tuple[str, int]:
    """Return the era and the year within it, such as ``("令和", 4)``, from 1873 on."""
    for era, start in ERAS.items():
        if day >= start:
            return era, day.year - ERA_FIRST_YEARS[era] + 1
    raise ValueError(f"{day} は明治6年より前の日付で、和暦に直せません。")


def format_era_date(day: date) -> str:
    """Write a day as 令和4年12月31日; the first year of an era is 元年."""
    era, year = era_year(day)
    return f"{era}{'元' if year == 1 else year}年{day.month}月{day.day}日"


def fiscal_year_title(fiscal_year: int) -> str:
    """Write a fiscal year as 令和4年度, after the era in which it begins or, in 2019, mostly is."""
    era, year = _fiscal_era_year(fiscal_year)
    return f"{era}{'元' if year == 1 else year}年度"


def fiscal_year_label(fiscal_year: int) -> str:
    """Write a fiscal year as R4, as the ward's tables do."""
    era, year = _fiscal_era_year(fiscal_year)
    return f"{'RHSTM'[list(ERAS).index(era)]}{year}"


def _fiscal_era_year(fiscal_year: int) -> tuple[str, int]:
    # Fiscal 2019 began in 平成31年 but is officially 令和元年度; 1989 began within 平成 already.
    return era_year(ERAS["令和"] if fiscal_year == 2019 else fiscal_year_first_day(fiscal_year))
