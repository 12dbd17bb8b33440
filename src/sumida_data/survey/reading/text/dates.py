"""Days and months as officers write them: R4.10.1, 令和４年１２月末, 二〇二二年十月一日, 44835."""

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import cache, lru_cache

from sumida_data.base.characters import DASHES
from sumida_data.base.periods import ERA_FIRST_YEARS, ERAS
from sumida_data.survey.reading.text.numbers import parse_kanji
from sumida_data.survey.reading.text.readings import (
    BLANK,
    DIGITS_APART,
    OTHER_WEEKDAY,
    SEVERAL_VALUES,
    TWO_READINGS,
    UNREADABLE,
    Reading,
    fold,
    has_enclosed_digit,
    name_changes,
    normalise_width,
    raw_text_of,
    read_mark,
    spellings,
)
from sumida_data.survey.reading.workbook import CellValue

_ERA_LETTERS = {"R": "令和", "H": "平成", "S": "昭和", "T": "大正", "M": "明治"}
_WEEKDAYS = "月火水木金土日"
_DATE = re.compile(
    r"(?:(?P<era>令和|平成|昭和|大正|明治|[RHSTM])\.?(?P<era_year>元|[0-9]{1,2})|(?P<year>[0-9]{4}))"
    r"[年./-](?P<month>[0-9]{1,2})(?:[月./-](?P<day>[0-9]{1,2})日?|月?(?P<end>末日?)|月)?"
    r"(?:\(?(?P<weekday>[月火水木金土日])(?:曜日?)?\)?)?"
)
_DATE_WITHIN = re.compile(rf"(?<![0-9])(?:{_DATE.pattern})(?![0-9])")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9０-９])\s+(?=[0-9０-９])")
_COMPACT_MONTH = re.compile(r"([0-9]{4})([0-9]{2})")
_KANJI_NUMERAL = re.compile(r"(?<![0-9])[〇一二三四五六七八九十]+(?![0-9])")
# A time after a day, as systems export it, says nothing about the day.
_TIME = re.compile(
    r"(?<=[0-9日])(?:\s+|T)[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?\s*$"
)
_EXCEL_EPOCH = date(1899, 12, 30)
# Excel serial numbers from 1990 to 2099; smaller or larger numbers in a date column are no days.
_SERIAL_DAYS = range(32874, 73051)


def read_date(cell: CellValue) -> Reading:
    """Read a day in western or Japanese years, as text, as a date cell or as an Excel serial."""
    if isinstance(cell, datetime):
        return Reading(cell.date().isoformat(), "answered")
    if isinstance(cell, date):
        return Reading(cell.isoformat(), "answered")
    if isinstance(cell, int | float):
        return _read_serial(float(cell))
    return _read_date_text(cell) if isinstance(cell, str) else UNREADABLE


def read_month(cell: CellValue) -> Reading:
    """Read a month, such as 2022年4月, 202204 or a date cell, as 2022-04."""
    if isinstance(cell, date):
        return Reading(f"{cell:%Y-%m}", "answered", "month_of_date")
    if isinstance(cell, float) and str(cell).endswith(".1"):
        # The number 2022.1 was written as 2022.1 or as 2022.10.
        return TWO_READINGS
    folded = _plain(raw_text_of(cell))
    if not folded:
        return BLANK
    if match := _COMPACT_MONTH.fullmatch(folded):
        folded = f"{match[1]}-{match[2]}"
    match = _DATE.fullmatch(folded)
    day = match and _day_of(match, default_day=1)
    return Reading(f"{day:%Y-%m}", "answered", "month_text") if day else UNREADABLE


def find_date(text: str) -> date | None:
    """Return the day that stands somewhere within a text, such as a heading, or None.

    Raises:
        ValueError: If something that looks like a day is none, such as H31.41.
    """
    # A blank parts two numbers: 2022.12.1 15時 is not the 11th.
    match = _DATE_WITHIN.search(fold(_BETWEEN_DIGITS.sub("|", text)).upper())
    if match is None:
        return None
    day = _day_of(match, default_day=None)
    if day is None:
        raise ValueError(f"{match[0]!r} は日付として読めません。")
    return day


def _plain(text: str) -> str:
    return fold(text).upper().translate(DASHES)


def _read_serial(number: float) -> Reading:
    if not number.is_integer() or int(number) not in _SERIAL_DAYS:
        return UNREADABLE
    day = _EXCEL_EPOCH + timedelta(days=int(number))
    return Reading(day.isoformat(), "answered", "excel_serial")


@lru_cache(maxsize=65536)
def _read_date_text(text: str) -> Reading:
    if ":" in text and _TIME.search(text):
        reading = _read_date_text(_TIME.sub("", text))
        return reading._replace(rules=reading.rules or "date_text")
    folded = fold(text)
    if not folded:
        return BLANK
    if mark := read_mark(folded):
        return mark
    core, words = _strip(_plain(text))
    core = _KANJI_NUMERAL.sub(lambda match: str(parse_kanji(match[0])), core)
    match = _DATE.fullmatch(core)
    day = match and _day_of(match, default_day=None)
    if match is None or day is None or DIGITS_APART.search(text) or has_enclosed_digit(text):
        several = len(_DATE.findall(normalise_width(text).upper())) > 1
        return SEVERAL_VALUES if several else UNREADABLE
    if match["weekday"] and match["weekday"] != _WEEKDAYS[day.weekday()]:
        return OTHER_WEEKDAY
    rules = [*_name_notations(match, day, folded), *words]
    if not rules and day.isoformat() != text:
        rules = ["date_text"]
    return Reading(day.isoformat(), "answered", " ".join([*name_changes(text), *rules]))


@cache
def _endings() -> dict[str, str]:
    endings = spellings("after_date")
    return {_plain(word): endings[word] for word in sorted(endings, key=len, reverse=True)}


def _strip(text: str) -> tuple[str, list[str]]:
    for word, rule in _endings().items():
        if text.endswith(word):
            return text.removesuffix(word), [rule]
    return text, []


def _name_notations(match: re.Match[str], day: date, folded: str) -> list[str]:
    era = match["era"] and _ERA_LETTERS.get(match["era"], match["era"])
    applies = {
        "kanji_numeral": _KANJI_NUMERAL.search(folded),
        "era": era,
        "outside_era": era and not _lies_in_era(era, day),
        "month_end": match["end"],
    }
    return [rule for rule, does in applies.items() if does]


def _day_of(match: re.Match[str], default_day: int | None) -> date | None:
    year, month = _year_of(match), int(match["month"])
    if not 1 <= month <= 12:
        return None
    if match["end"]:
        day_number = monthrange(year, month)[1]
    elif match["day"]:
        day_number = int(match["day"])
    elif default_day:
        day_number = default_day
    else:
        return None
    try:
        day = date(year, month, day_number)
    except ValueError:
        return None
    return day if _may_be_called(match["era"], day) else None


def _year_of(match: re.Match[str]) -> int:
    if match["year"]:
        return int(match["year"])
    era = _ERA_LETTERS.get(match["era"], match["era"])
    year = 1 if match["era_year"] == "元" else int(match["era_year"])
    return ERA_FIRST_YEARS[era] + year - 1


def _may_be_called(era: str | None, day: date) -> bool:
    if era is None:
        return True
    # A form printed before a change of era goes on with the old one: 平成31年6月 is a day in 令和.
    return day >= ERAS[_ERA_LETTERS.get(era, era)].replace(month=1, day=1)


def _lies_in_era(era: str, day: date) -> bool:
    later = [start for start in ERAS.values() if start > ERAS[era]]
    return ERAS[era] <= day and (not later or day < min(later))
