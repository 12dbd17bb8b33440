"""Japanese text to values.

Officers write ２３手続, 約60, R4.10.1, 令和４年１２月末, － or 該当なし where a program would like
a number or a day. Each reader here says what it read, what kind of answer it was, and which
rules it applied; the raw text is kept by the caller.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from sumida_data.periods import ERA_FIRST_YEARS, ERAS
from sumida_data.survey.form import FormField
from sumida_data.survey.workbook import CellValue

AnswerStatus = Literal["answered", "not_answered", "not_applicable", "undetermined", "unreadable"]


class Reading(NamedTuple):
    """What a cell says.

    Attributes:
        value: The value as text (numbers plain, days ISO 8601); None unless answered.
        status: What kind of answer it is.
        rules: Names of the text rules applied, separated by blanks; empty if none.
    """

    value: str | None
    status: AnswerStatus
    rules: str = ""


BLANK = Reading(None, "not_answered")
UNREADABLE = Reading(None, "unreadable")

Reader = Callable[[CellValue], Reading]

# Characters that people type for a minus sign or a hyphen; NFKC leaves most of them as they are.
_HYPHENS = str.maketrans(dict.fromkeys("−‐‑‒–—―─ー－ｰ﹣", "-"))
_NOT_APPLICABLE = {"-", "--", "該当なし", "該当無し", "なし", "無し", "対象なし", "n/a", "/"}
_UNDETERMINED = {"未定", "未", "調整中", "検討中", "確認中", "不明", "要確認", "集計中"}
_DITTO = {"同上", "〃", "々", "別紙のとおり", "別紙参照"}

# What may stand around a number without changing it, and the rule that notes it.
_BEFORE_NUMBER = {
    "約": "about",
    "およそ": "about",
    "概ね": "about",
    "延べ": "total_of",
    "のべ": "total_of",
}
_AFTER_NUMBER = {
    "程度": "about",
    "余り": "about",
    "見込み": "expected",
    "(見込み)": "expected",
    "(見込)": "expected",
    "予定": "expected",
}
_UNIT_SYNONYMS = {
    "人": ("名",),
    "箇所": ("か所", "ヶ所", "カ所", "校"),
    "分": ("分間",),
    "%": ("パーセント",),
}
_NUMBER = re.compile(r"-?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")
# Beyond any figure of a ward; a number this long is a slip of the hand.
_LARGEST_NUMBER = Decimal(10) ** 13
# Enclosed characters such as ① become plain digits under NFKC, but mark an item and are no number.
_ENCLOSED = re.compile(r"[\u2460-\u24ff\u2776-\u2793\u3220-\u32ff]")

# Two numbers in one cell must not run together when white space is dropped.
_DIGITS_APART = re.compile(r"\d\s+\d")

_ERA_LETTERS = {"R": "令和", "H": "平成", "S": "昭和", "T": "大正", "M": "明治"}
_DATE = re.compile(
    r"(?:(?P<era>令和|平成|昭和|大正|明治|[RHSTM])\.?(?P<era_year>元|\d{1,2})|(?P<year>\d{4}))"
    r"[年./-](?P<month>\d{1,2})(?:[月./-](?P<day>\d{1,2})日?|月?(?P<end>末日?)|月)?(?:時点|現在)?"
)
_COMPACT_MONTH = re.compile(r"(\d{4})(\d{2})")
_EXCEL_EPOCH = date(1899, 12, 30)
# Excel serial numbers from 1990 to 2099; smaller or larger numbers in a date column are no days.
_SERIAL_DAYS = range(32874, 73051)


def reader_of(field: FormField) -> Reader:
    """Return the function that reads a cell as this field."""
    if field.enum is not None:
        return _choice_reader(field)
    readers: dict[str, Callable[[FormField], Reader]] = {
        "integer": _number_reader,
        "number": _number_reader,
        "date": lambda _: read_date,
        "yearmonth": lambda _: read_month,
    }
    return readers.get(field.type, _text_reader)(field)


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Return the text without differences of width, white space and case, for comparison only."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def raw_text_of(cell: CellValue) -> str:
    """Return what stands in the cell, as text; a day as ISO 8601 and a whole number without .0."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return str(cell)


def read_text(cell: CellValue) -> Reading:
    """Read free text: only the white space around it and line breaks are removed."""
    raw = raw_text_of(cell)
    value = " ".join(raw.split())
    if not value:
        return BLANK
    if value in _DITTO:
        return UNREADABLE
    return Reading(value, "answered", "" if value == raw else "white_space")


def read_code(cell: CellValue) -> Reading:
    """Read a code or number of a thing: full-width letters and hyphens become plain ones."""
    raw = raw_text_of(cell)
    value = fold(raw).translate(_HYPHENS).upper()
    if not value:
        return BLANK
    return Reading(value, "answered", "" if value == raw else "full_width")


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
    folded = fold(raw_text_of(cell)).upper()
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
    match = _DATE.search(fold(text).upper())
    if match is None:
        return None
    day = _day_of(match, default_day=None)
    if day is None:
        raise ValueError(f"{match[0]!r} は日付として読めません。")
    return day


def _text_reader(field: FormField) -> Reader:
    return read_code if field.pattern or field.unique else read_text


def _choice_reader(field: FormField) -> Reader:
    choices = {fold(choice): choice for choice in field.enum or ()}
    for choice, synonyms in field.synonyms.items():
        choices |= {fold(synonym): choice for synonym in synonyms}
    blank = BLANK if field.blank_is is None else Reading(field.blank_is, "answered", "blank_is")

    def read_choice(cell: CellValue) -> Reading:
        raw = raw_text_of(cell)
        folded = fold(raw)
        if not folded:
            return blank
        if folded in choices:
            choice = choices[folded]
            return Reading(choice, "answered", "" if choice == raw else "synonym")
        return _read_mark(folded) or UNREADABLE

    return read_choice


def _number_reader(field: FormField) -> Reader:
    units = (field.unit, *_UNIT_SYNONYMS.get(field.unit, ())) if field.unit else ()
    whole = field.type == "integer"

    @lru_cache(maxsize=4096)
    def read_number_text(text: str) -> Reading:
        if _ENCLOSED.search(text) or _DIGITS_APART.search(text):
            return UNREADABLE
        folded = fold(text)
        if not folded:
            return BLANK
        return _read_mark(folded) or _read_number_words(text, folded, units, whole=whole)

    def read_number(cell: CellValue) -> Reading:
        if isinstance(cell, str):
            return read_number_text(cell)
        if isinstance(cell, bool) or not isinstance(cell, int | float):
            return UNREADABLE
        if abs(cell) > _LARGEST_NUMBER or (whole and not float(cell).is_integer()):
            return UNREADABLE
        return Reading(raw_text_of(cell), "answered")

    return read_number


def _read_number_words(raw: str, folded: str, units: tuple[str, ...], *, whole: bool) -> Reading:
    core, rules = _strip_words(folded, units)
    if not _NUMBER.fullmatch(core):
        return UNREADABLE
    value = Decimal(core.replace(",", ""))
    if abs(value) > _LARGEST_NUMBER or (whole and value != value.to_integral_value()):
        return UNREADABLE
    if "," in core:
        rules.append("thousands")
    if not rules and core != raw:
        rules.append("full_width")
    return Reading(format(value, "f"), "answered", " ".join(rules))


def _strip_words(folded: str, units: tuple[str, ...]) -> tuple[str, list[str]]:
    rules = []
    for word, rule in _BEFORE_NUMBER.items():
        if folded.startswith(word):
            folded = folded.removeprefix(word)
            rules.append(rule)
    for word, rule in (*_AFTER_NUMBER.items(), *((unit, "unit") for unit in units)):
        if folded.endswith(word):
            folded = folded.removesuffix(word)
            rules.append(rule)
    if folded.startswith(("△", "▲")):
        folded = f"-{folded[1:]}"
        rules.append("triangle_is_minus")
    return folded.translate(_HYPHENS), rules


def _read_mark(folded: str) -> Reading | None:
    folded = folded.translate(_HYPHENS)
    if folded in _NOT_APPLICABLE:
        return Reading(None, "not_applicable", "mark")
    if folded in _UNDETERMINED:
        return Reading(None, "undetermined", "mark")
    return None


def _read_serial(number: float) -> Reading:
    if not number.is_integer() or int(number) not in _SERIAL_DAYS:
        return UNREADABLE
    day = _EXCEL_EPOCH + timedelta(days=int(number))
    return Reading(day.isoformat(), "answered", "excel_serial")


@lru_cache(maxsize=65536)
def _read_date_text(text: str) -> Reading:
    folded = fold(text).upper()
    if not folded:
        return BLANK
    if mark := _read_mark(folded.casefold()):
        return mark
    match = _DATE.fullmatch(folded.translate(_HYPHENS))
    day = match and _day_of(match, default_day=None)
    if match is None or day is None or _DIGITS_APART.search(text):
        return UNREADABLE
    rules = [
        name for name, applies in (("era", match["era"]), ("month_end", match["end"])) if applies
    ]
    if not rules and day.isoformat() != text:
        rules = ["date_text"]
    return Reading(day.isoformat(), "answered", " ".join(rules))


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
    return day if _lies_in_era(match["era"], day) else None


def _year_of(match: re.Match[str]) -> int:
    if match["year"]:
        return int(match["year"])
    era = _ERA_LETTERS.get(match["era"], match["era"])
    year = 1 if match["era_year"] == "元" else int(match["era_year"])
    return ERA_FIRST_YEARS[era] + year - 1


def _lies_in_era(era: str | None, day: date) -> bool:
    if era is None:
        return True
    start = ERAS[_ERA_LETTERS.get(era, era)]
    # A form printed before a change of era goes on with the old one: 平成31年6月 is a day in 令和.
    return day >= start.replace(month=1, day=1)
