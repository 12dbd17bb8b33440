"""Japanese text to values.

Officers write ２３手続, 約60, R4.10.1, 令和４年１２月末, － or 該当なし where a program would like
a number or a day. Each reader here says what it read, what kind of answer it was, and which
rules it applied; the raw text is kept by the caller.

What may be written how is data: ``spellings.csv``. A row gives one meaning and the spellings of it,
separated by blanks. The kinds are distinguished because the same spelling means another thing in
another place: 一 is a digit in 二十一, but alone in a cell it may as well be a dash.
``examples.csv`` says for every rule what comes of it, and the tests hold the readers to that.
"""

import csv
import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Literal, NamedTuple

from sumida_data.base.characters import DASHES, combine, drop_unseen
from sumida_data.base.periods import ERA_LETTERS, ERAS, western_year
from sumida_data.survey.form import FormField
from sumida_data.survey.reading.workbook import CellValue

AnswerStatus = Literal["answered", "not_answered", "not_applicable", "undetermined", "unreadable"]


class Reading(NamedTuple):
    """What a cell says: a value as text (numbers plain, days ISO 8601), None unless answered.

    The rules are names of the text rules applied, separated by blanks. Where the cell cannot be
    read, the one that says why: ``several_values``, ``two_readings``, ``other_unit``,
    ``other_weekday`` or ``ditto``, or empty.
    """

    value: str | None
    status: AnswerStatus
    rules: str = ""


Reader = Callable[[CellValue], Reading]

BLANK = Reading(None, "not_answered")
UNREADABLE = Reading(None, "unreadable")
_SEVERAL_VALUES = Reading(None, "unreadable", "several_values")
_TWO_READINGS = Reading(None, "unreadable", "two_readings")
_OTHER_UNIT = Reading(None, "unreadable", "other_unit")
_OTHER_WEEKDAY = Reading(None, "unreadable", "other_weekday")
_DITTO = Reading(None, "unreadable", "ditto")

# Between two digits white space parts two numbers, or is a slip that cannot be judged.
_DIGITS_APART = re.compile(r"[0-9０-９]\s+[0-9０-９]")
# Beside a Japanese character a line break is no blank, as it is between two English words.
_WRAP = re.compile(r"(?<=[^\x00-\x7f])[ \t]*\r?\n[ \t]*|[ \t]*\r?\n[ \t]*(?=[^\x00-\x7f])")
# So a spreadsheet shows and saves a long number, whose last digits are lost.
_LOST_DIGITS = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]{2,}")
_NO_USUAL_FORM = "外字"


def reader_of(field: FormField) -> Reader:
    """Return the function that reads a cell as this field."""
    if field.enum is not None:
        return _choice_reader(field)
    if field.type in {"integer", "number"}:
        return _NumberReader(field).read
    days: dict[str, Reader] = {"date": read_date, "yearmonth": read_month}
    # Letters of a code are capitals; where its pattern wants small ones, as in an address, it is
    # read as it is written.
    keeps_case = field.pattern and not re.fullmatch(field.pattern, field.example.upper())
    is_code = (field.pattern or field.unique) and not (field.example and keeps_case)
    texts = read_code if is_code else _read_name if field.required else None
    return days.get(field.type, texts or read_text)


# Digits, letters and marks become plain ones, kana those of full width.
_normalise_width = partial(unicodedata.normalize, "NFKC")


@cache
def _spellings(kind: str) -> dict[str, str]:
    """Return the meaning of each spelling of a kind, in the order of the table."""
    text = Path(__file__).with_name("spellings.csv").read_text("utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["kind"] == kind]
    return {word: row["means"] for row in rows for word in row["written"].split()}


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Return the text without differences of width, white space and case, for comparison only."""
    return "".join(drop_unseen(_normalise_width(text)).split()).casefold()


def raw_text_of(cell: CellValue) -> str:
    """Return the content of the cell, as text; a day as ISO 8601 and a whole number without .0."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return cell.isoformat(sep=" ") if isinstance(cell, datetime) else str(cell)


def _name_changes(text: str) -> list[str]:
    """Return the names of the rules that `fold` applies to the text, other than case."""
    if text.isascii() and text.isprintable() and " " not in text:
        return []
    visible = drop_unseen(text)
    packed = "".join(visible.split())
    rules = ["invisible"] * (visible != text) + ["white_space"] * (packed != visible)
    return rules + ["full_width"] * (_normalise_width(packed) != packed)


@lru_cache(maxsize=8192)
def _has_enclosed_digit(text: str) -> bool:
    """Tell whether the text has a digit such as ①, ² or ㋀, which marks something: ① is not 1."""
    odd = re.sub("[\x00-\x7f０-９]", "", text)
    return re.search("[0-9]", _normalise_width(odd)) is not None


def _has_unclear_digits(text: str) -> bool:
    return bool(_DIGITS_APART.search(text)) or _has_enclosed_digit(text)


@lru_cache(maxsize=8192)
def _read_mark(folded: str) -> Reading | None:
    """Read a folded text that means no value: none, －, 該当なし, 調整中, 同上; else None."""
    if not folded:
        return BLANK
    meaning = _spellings("mark").get(folded.translate(DASHES))
    if meaning == "not_applicable":
        return Reading(None, "not_applicable", "mark")
    if meaning == "undetermined":
        return Reading(None, "undetermined", "mark")
    return _DITTO if folded in _spellings("ditto") else None


def read_text(cell: CellValue) -> Reading:
    """Read free text: only white space around it, line breaks and unseen characters are removed."""
    raw = raw_text_of(cell)
    visible = drop_unseen(raw)
    combined = combine(visible)
    value = " ".join(combined.split())
    if mark := _read_mark(fold(value)):
        return mark
    if _LOST_DIGITS.fullmatch(value):
        return UNREADABLE
    rules = ["invisible"] * (visible != raw) + ["combined"] * (combined != visible)
    rules += ["white_space"] * (value != combined)
    return Reading(value, "answered", " ".join(rules))


def _read_name(cell: CellValue) -> Reading:
    """Read the name of a thing: text whose lines are one name, wrapped to fit the cell."""
    raw = raw_text_of(cell)
    unwrapped = _WRAP.sub("", raw) if "\n" in raw else raw
    reading = read_text(unwrapped)
    if unwrapped == raw or reading.value is None:
        return reading
    return reading._replace(rules=f"line_break {reading.rules}".strip())


def read_code(cell: CellValue) -> Reading:
    """Read a code or number of a thing: full-width letters and hyphens become plain ones."""
    raw = raw_text_of(cell)
    folded = fold(raw)
    if mark := _read_mark(folded):
        return mark
    # A spreadsheet takes 12-3 for a day.
    if isinstance(cell, date) or _has_enclosed_digit(raw):
        return UNREADABLE
    # Without the blank between them, a letter and its mark may have become one.
    plain = folded.translate(DASHES)
    value = combine(plain.upper())
    rules = [*_name_changes(raw), *["hyphen"] * (plain != folded)]
    if not rules and value != raw:
        rules = ["letter_case"]
    return Reading(value, "answered", " ".join(rules))


def find_unusual_characters(text: str) -> dict[str, str]:
    """Return characters that look right but are others to a computer, with their usual forms.

    Such are radicals (⻄ for 西), compatibility ideographs (U+F9D1 for 六), old forms (區 for 区)
    and private characters, for which there is no usual form.
    """
    odd = "" if text.isascii() else text
    return {character: form for character in odd if (form := _usual_form(character)) != character}


@lru_cache(maxsize=8192)
def _usual_form(character: str) -> str:
    category, name = unicodedata.category(character), unicodedata.name(character, "")
    if name.startswith(("KANGXI RADICAL", "CJK COMPATIBILITY IDEOGRAPH")):
        character = _normalise_width(character)
    form = _spellings("usual_form").get(character, character)
    is_private = category == "Co" or name.startswith("CJK RADICAL")
    return _NO_USUAL_FORM if is_private and form == character else form


def _choice_reader(field: FormField) -> Reader:
    known = _written_choices(field)
    blank = BLANK if field.blank_is is None else Reading(field.blank_is, "answered", "blank_is")

    def read_choice(cell: CellValue) -> Reading:
        raw = raw_text_of(cell)
        folded = fold(raw)
        if not folded:
            return blank
        if choice := known.get(folded):
            rule = "mark_is_choice" if raw.strip() in _spellings("yes_mark") else "synonym"
            return Reading(choice, "answered", rule if choice != raw else "")
        return _read_mark(folded) or UNREADABLE

    return read_choice


def _written_choices(field: FormField) -> dict[str, str]:
    """Return the choices of a field by what may be written for them, folded."""
    choices, meanings = field.enum or (), _spellings("yes_choice")
    named = {meanings.get(choice): choice for choice in choices}
    written = {word: choice for choice, words in field.synonyms.items() for word in words}
    written |= {choice: choice for choice in choices}
    # ○ and × say something where the field asks for yes or no and for nothing else.
    if len(choices) == 2 and set(named) == {"yes", "no"}:
        marks = _spellings("yes_mark").items()
        written = {mark: named[means] for mark, means in marks} | written
    return {fold(word): choice for word, choice in written.items()}


# Numbers: １，２００件, 約60, △2, 1万2千, 59.3%

# Beyond any figure of a ward; a number this long is a slip of the hand.
_LARGEST = Decimal(10) ** 13
_PLAIN = re.compile(r"-?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?")
_SECTION = r"(?:[0-9]?千)?(?:[0-9]?百)?(?:[0-9]?十)?[0-9]?"
_BEFORE_MAN = rf"[0-9]{{1,4}}(?:\.[0-9]+)?|{_SECTION}"
_KANJI = re.compile(
    rf"(?:(?P<oku>{_BEFORE_MAN})億)?(?:(?P<man>{_BEFORE_MAN})万)?"
    rf"(?P<rest>[0-9]{{3,4}}|{_SECTION})"
)
_PART = re.compile(r"([0-9.]*)([千百十]?)")
_DIGITS = frozenset("0123456789")
_POWERS = {"千": 1000, "百": 100, "十": 10, "": 1}
_OF_POWERS = "十百千万億"
# 1、200 is 1,200 to one reader and 1 and 200 to another; 1.200 is 1.2 or 1,200.
_LIST_OR_THOUSANDS = re.compile(r"-?[0-9]{1,3}(?:[、､][0-9]{3})+")
_DECIMAL_OR_THOUSANDS = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
_BETWEEN_VALUES = re.compile(r"[\s、,;/・~〜と]|(?<=.)-")
# A figure whose last part may count units, or the next smaller power.
_TWO_SIZES = re.compile(r"億[0-9,]+$|[千百][0-9]$|(?<![0-9])十[0-9]")


def is_other_unit(text: str, unit: str) -> bool:
    """Tell whether the text names a unit, such as 人, 千件 or 千, that is not this one."""
    folded = fold(text)
    named = _spellings("unit").get(folded.lstrip(_OF_POWERS))
    is_other = named != unit or folded[:1] in _OF_POWERS
    return is_unit(text) and fold(unit) != folded and is_other


def is_unit(text: str) -> bool:
    """Tell whether the text is a unit, or such a power as 千 or 千単位."""
    folded = fold(text)
    is_power = not folded.removesuffix("単位").strip(_OF_POWERS) and folded not in {"", "単位"}
    return is_power or folded.lstrip(_OF_POWERS) in _spellings("unit")


class _NumberReader:
    def __init__(self, field: FormField) -> None:
        self.field = field
        self.is_whole = field.type == "integer"
        # A share from 0 to 1 may be shown as a percentage.
        is_share = not (field.unit or self.is_whole) and field.maximum == 1
        self.unit, self.powers = ("%", -2) if is_share else (field.unit, 0)
        units = _spellings("unit") | ({fold(field.unit): field.unit} if field.unit else {})
        self.units = {fold(unit): units[unit] for unit in sorted(units, key=len, reverse=True)}

    def read(self, cell: CellValue) -> Reading:
        if isinstance(cell, bool) or not isinstance(cell, str | int | float):
            return UNREADABLE
        if isinstance(cell, str):
            reading, change = self._read_text(cell), "plain_number"
        else:
            # A spreadsheet keeps 15 digits; further ones are no part of what the officer sees.
            reading, change = self._judge(Decimal(format(cell, ".15g")), []), "fifteen_digits"
        if reading.rules or reading.value in (None, raw_text_of(cell)):
            return reading
        return reading._replace(rules=change)

    def _read_text(self, text: str) -> Reading:
        folded = fold(text)
        if folded in _spellings("two_readings"):
            return _TWO_READINGS
        if mark := _read_mark(folded):
            return mark
        core, words, unit = self._strip(folded)
        number = _parse_number(core)
        if number is None or _has_unclear_digits(text):
            return self._explain(text, core)
        if core in _OF_POWERS or (self.is_whole and _DECIMAL_OR_THOUSANDS.fullmatch(core)):
            # A 千 or 千件 alone is rather a unit than a thousand.
            return _TWO_READINGS
        if unit and unit != self.unit:
            return _OTHER_UNIT
        rules = _name_changes(text) + words + _name_number_notations(core) + ["unit"] * bool(unit)
        number = number.scaleb(self.powers * bool(unit))
        return self._judge(number, rules, is_percent=unit == "%")

    def _strip(self, folded: str) -> tuple[str, list[str], str | None]:
        """Return what is left without qualities and unit, the rules of these, and the unit."""
        core, rules, unit = folded, list[str](), None
        while core[:1] not in _DIGITS or core[-1:] not in _DIGITS:
            if word := _find(_spellings("before_number"), core.startswith):
                rules.append(_spellings("before_number")[word])
                core = core.removeprefix(word)
            elif word := _find(_spellings("after_number"), core.endswith):
                rules.append(_spellings("after_number")[word])
                core = core.removesuffix(word)
            elif unit is None and (word := _find(self.units, core.endswith)):
                core, unit = core.removesuffix(word), self.units[word]
            elif unit is None and (word := _find(_spellings("unit_before"), core.startswith)):
                core, unit = core.removeprefix(word), _spellings("unit_before")[word]
            else:
                break
        return core, rules, unit

    def _explain(self, text: str, core: str) -> Reading:
        """Say why the text is no number."""
        if _LIST_OR_THOUSANDS.fullmatch(core):
            return _TWO_READINGS
        parts = [part for part in _BETWEEN_VALUES.split(_normalise_width(text)) if part]
        values = [_parse_number(self._strip(fold(part))[0]) for part in parts]
        return _SEVERAL_VALUES if len(values) > 1 and None not in values else UNREADABLE

    def _judge(self, number: Decimal, rules: list[str], *, is_percent: bool = False) -> Reading:
        readings = {number} if is_percent else self._percentages(number)
        if len(readings) > 1:
            return _TWO_READINGS
        if readings and readings != {number}:
            rules, (number,) = [*rules, "fraction_is_percent"], readings
        if abs(number) > _LARGEST or (self.is_whole and number != int(number)):
            return UNREADABLE
        # Adding 0 turns -0 into 0.
        value = str(int(number)) if self.is_whole else format(number + 0, "f")
        return Reading(value, "answered", " ".join(rules))

    def _percentages(self, number: Decimal) -> set[Decimal]:
        """Return what a number may mean: of percentages, also what a spreadsheet keeps of one."""
        if self.field.unit != "%":
            return {number}
        low, high = self.field.minimum or 0, self.field.maximum or 100
        return {one for one in (number, number.scaleb(2)) if low <= one <= high}


def _find(words: Mapping[str, str], ends: Callable[[str], bool]) -> str:
    return next(filter(ends, words), "")


def _parse_number(core: str) -> Decimal | None:
    text = core.translate(DASHES)
    if text[:1] in _spellings("minus"):
        text = f"-{text[1:]}"
    if _PLAIN.fullmatch(text):
        return Decimal(text.replace(",", ""))
    number = parse_kanji(text.removeprefix("-"))
    return -number if number is not None and text.startswith("-") else number


def parse_kanji(text: str) -> Decimal | None:
    """Return the number written as 二十三, 一二〇, 1万2千 or 1.2万, or None if it is none."""
    digits = "".join(_spellings("kanji_digit").get(one, one) for one in text)
    # 2千5 is 2,005 to one reader and 2,500 to another, 1億5000 is 1億5000万; between plain digits
    # 一 is as likely a dash.
    if _TWO_SIZES.search(text) or (digits != text and re.search(r"[0-9]", text)):
        return None
    if digits.isascii() and digits.isdigit():
        return Decimal(digits)
    match = _KANJI.fullmatch(re.sub(r"(?<=[0-9]),(?=[0-9]{3})", "", digits))
    return _sum_sections(match) if match and text else None


def _sum_sections(match: re.Match[str]) -> Decimal | None:
    if "" in (match["oku"], match["man"]) or (match["man"] and len(match["rest"]) == 1):
        return None  # 1万2 is 10,002 to one reader and 12,000 to another.
    total = Decimal()
    for name, size in {"oku": 10**8, "man": 10**4, "rest": 1}.items():
        for number, power in _PART.findall(match[name] or ""):
            total += Decimal(number or bool(power)) * _POWERS[power] * size
    return total


def _name_number_notations(core: str) -> list[str]:
    if core.isascii() and core.isdigit():
        return []
    plain = core.translate(DASHES)
    does = {
        "triangle_is_minus": plain[:1] in _spellings("minus"),
        "hyphen": plain != core,
        "thousands": "," in plain,
        "kanji_numeral": not re.fullmatch(r"[-△▲0-9,.]*", plain),
    }
    return [rule for rule in does if does[rule]]


# Days and months: R4.10.1, 令和４年１２月末, 二〇二二年十月一日, 44835

_WEEKDAYS = "月火水木金土日"
_DATE = re.compile(
    r"(?:(?P<era>令和|平成|昭和|大正|明治|[RHSTM])\.?(?P<era_year>元|[0-9]{1,2})|(?P<year>[0-9]{4}))"
    r"[年./-](?P<month>[0-9]{1,2})(?:[月./-](?P<day>[0-9]{1,2})日?|月?(?P<end>末日?)|月)?"
    r"(?:\(?(?P<weekday>[月火水木金土日])(?:曜日?)?\)?)?"
)
_DATE_WITHIN = re.compile(rf"(?<![0-9])(?:{_DATE.pattern})(?![0-9])")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9０-９])\s+(?=[0-9０-９])")
_COMPACT_MONTH = re.compile(r"([0-9]{4})([0-9]{2})")
_COMPACT_DAY = re.compile(r"\A([0-9]{4})([0-9]{2})([0-9]{2})\Z")
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
    if isinstance(cell, date):
        return Reading(f"{cell:%Y-%m-%d}", "answered")
    if isinstance(cell, int | float) and int(cell) in _SERIAL_DAYS and cell == int(cell):
        day = _EXCEL_EPOCH + timedelta(days=int(cell))
        return Reading(day.isoformat(), "answered", "excel_serial")
    return _read_date_text(raw_text_of(cell))


def read_month(cell: CellValue) -> Reading:
    """Read a month, such as 2022年4月, 202204 or a date cell, as 2022-04."""
    if isinstance(cell, date):
        return Reading(f"{cell:%Y-%m}", "answered", "month_of_date")
    if isinstance(cell, float) and str(cell).endswith(".1"):
        # The number 2022.1 was written as 2022.1 or as 2022.10.
        return _TWO_READINGS
    folded = _fold_day(raw_text_of(cell))
    if not folded:
        return BLANK
    match = _DATE.fullmatch(_COMPACT_MONTH.sub(r"\1-\2", folded) if folded.isdigit() else folded)
    day = match and _day_of(match, default_day=1)
    return Reading(f"{day:%Y-%m}", "answered", "month_text") if day else UNREADABLE


def find_date(text: str) -> date | None:
    """Return the day within a text, such as a heading, or None; a ValueError if it is none."""
    # A blank parts two numbers: 2022.12.1 15時 is not the 11th.
    match = _DATE_WITHIN.search(fold(_BETWEEN_DIGITS.sub("|", text)).upper())
    day = match and _day_of(match, default_day=None)
    if match and day is None:
        raise ValueError(f"{match[0]!r} は日付として読めません。")
    return day


def _fold_day(text: str) -> str:
    return fold(text).upper().translate(DASHES)


@lru_cache(maxsize=65536)
def _read_date_text(text: str) -> Reading:
    if _TIME.search(text):
        reading = _read_date_text(_TIME.sub("", text))
        return reading._replace(rules=reading.rules or "date_text")
    folded = fold(text)
    if mark := _read_mark(folded):
        return mark
    core, endings = _fold_day(text), _day_endings()
    ending = _find(endings, core.endswith)
    core = _KANJI_NUMERAL.sub(lambda one: str(parse_kanji(one[0])), core.removesuffix(ending))
    match = _DATE.fullmatch(_COMPACT_DAY.sub(r"\1-\2-\3", core))
    day = _day_of(match, default_day=None) if match else None
    if not match or not day or _has_unclear_digits(text):
        return _explain_no_day(text)
    if match["weekday"] not in (None, _WEEKDAYS[day.weekday()]):
        return _OTHER_WEEKDAY
    rules = [*_name_day_notations(match, day, folded), endings.get(ending, "")]
    plain = ["date_text"] * (day.isoformat() != text and not any(rules))
    changes = filter(None, _name_changes(text) + rules + plain)
    return Reading(day.isoformat(), "answered", " ".join(changes))


def _explain_no_day(text: str) -> Reading:
    several = len(_DATE.findall(_normalise_width(text).upper())) > 1
    return _SEVERAL_VALUES if several else UNREADABLE


@cache
def _day_endings() -> dict[str, str]:
    endings = _spellings("after_date")
    return {_fold_day(word): endings[word] for word in sorted(endings, key=len, reverse=True)}


def _name_day_notations(match: re.Match[str], day: date, folded: str) -> list[str]:
    start = ERAS[ERA_LETTERS.get(match["era"], match["era"])] if match["era"] else None
    later = [one for one in ERAS.values() if start and one > start]
    does = {
        "kanji_numeral": _KANJI_NUMERAL.search(folded),
        "era": start,
        "outside_era": start and not (start <= day and (not later or day < min(later))),
        "month_end": match["end"],
    }
    return [rule for rule in does if does[rule]]


def _day_of(match: re.Match[str], default_day: int | None) -> date | None:
    era = ERA_LETTERS.get(match["era"], match["era"])
    year = western_year(era, match["era_year"] or match["year"])
    month, number = int(match["month"]), int(match["day"] or default_day or 0)
    try:
        day = date(year, month, monthrange(year, month)[1] if match["end"] else number)
    except ValueError:
        return None
    # A form printed before a change of era goes on with the old one: 平成31年6月 is a day in 令和.
    return day if not era or day >= ERAS[era].replace(month=1, day=1) else None
