"""Numbers as officers write them: １，２００件, 約60, △2, 1万2千, 59.3%."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from sumida_data.base.characters import DASHES
from sumida_data.survey.form import FormField
from sumida_data.survey.reading.text.readings import (
    BLANK,
    DIGITS_APART,
    OTHER_UNIT,
    SEVERAL_VALUES,
    TWO_READINGS,
    UNREADABLE,
    Reader,
    Reading,
    fold,
    has_enclosed_digit,
    name_changes,
    normalise_width,
    raw_text_of,
    read_mark,
    spellings,
    translation,
)
from sumida_data.survey.reading.workbook import CellValue

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
# 1、200 is 1,200 to one reader and 1 and 200 to another; 1.200 is 1.2 or 1,200.
_LIST_OR_THOUSANDS = re.compile(r"-?[0-9]{1,3}(?:[、､][0-9]{3})+")
_DECIMAL_OR_THOUSANDS = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
_BETWEEN_VALUES = re.compile(r"[\s、,;/・~〜と]|(?<=.)-")


def number_reader(field: FormField) -> Reader:
    """Return the function that reads a cell as this field, which holds a number."""
    return _NumberReader(field).read


def is_other_unit(text: str, unit: str) -> bool:
    """Tell whether the text names a unit, such as 人, 千件 or 千, that is not this one."""
    folded = fold(text)
    named = spellings("unit").get(folded.lstrip("十百千万億"))
    if folded and not folded.removesuffix("単位").strip("十百千万億"):
        return folded != "単位"
    return (
        named is not None and fold(unit) != folded and (named != unit or folded[0] in "十百千万億")
    )


@dataclass(frozen=True)
class _NumberReader:
    field: FormField

    def read(self, cell: CellValue) -> Reading:
        if isinstance(cell, bool) or not isinstance(cell, str | int | float):
            return UNREADABLE
        if isinstance(cell, str):
            reading, change = self._read_text(cell), "plain_number"
        else:
            # A spreadsheet keeps 15 digits; what lies beyond is no part of what the officer sees.
            reading, change = self._judge(Decimal(format(cell, ".15g")), []), "fifteen_digits"
        if reading.rules or reading.value in (None, raw_text_of(cell)):
            return reading
        return reading._replace(rules=change)

    @property
    def _whole(self) -> bool:
        return self.field.type == "integer"

    @cached_property
    def _units(self) -> dict[str, str]:
        own = {fold(self.field.unit): self.field.unit} if self.field.unit else {}
        units = spellings("unit") | own
        return {fold(unit): units[unit] for unit in sorted(units, key=len, reverse=True)}

    @cached_property
    def _unit_spellings(self) -> tuple[str, ...]:
        return tuple(self._units)

    def _read_text(self, text: str) -> Reading:
        folded = fold(text)
        if not folded:
            return BLANK
        if folded in spellings("two_readings"):
            return TWO_READINGS
        return read_mark(folded) or self._read_number_text(text, folded)

    def _read_number_text(self, text: str, folded: str) -> Reading:
        core, words, unit = self._strip(folded)
        number = None if has_enclosed_digit(text) else _parse(core)
        if number is None or DIGITS_APART.search(text):
            return self._explain(text, core)
        if self._whole and _DECIMAL_OR_THOUSANDS.fullmatch(core):
            return TWO_READINGS
        if unit and unit != self.field.unit:
            return OTHER_UNIT
        rules = name_changes(text) + words + _name_notations(core) + ["unit"] * bool(unit)
        return self._judge(number, rules, is_percent=unit == "%")

    def _strip(self, folded: str) -> tuple[str, list[str], str | None]:
        """Return what is left without qualities and unit, the rules of these, and the unit."""
        core, rules, unit = folded, list[str](), None
        while core[:1] not in _DIGITS or core[-1:] not in _DIGITS:
            before = core
            for word, rule in spellings("before_number").items():
                if core.startswith(word):
                    core = core.removeprefix(word)
                    rules.append(rule)
            for word, rule in spellings("after_number").items():
                if core.endswith(word):
                    core = core.removesuffix(word)
                    rules.append(rule)
            if unit is None and core.endswith(self._unit_spellings):
                ending = next(word for word in self._units if core.endswith(word))
                core, unit = core.removesuffix(ending), self._units[ending]
            if core == before:
                break
        return core, rules, unit

    def _explain(self, text: str, core: str) -> Reading:
        """Say why the text is no number."""
        if _LIST_OR_THOUSANDS.fullmatch(core):
            return TWO_READINGS
        parts = [part for part in _BETWEEN_VALUES.split(normalise_width(text)) if part]
        values = [_parse(self._strip(fold(part))[0]) for part in parts]
        return SEVERAL_VALUES if len(values) > 1 and None not in values else UNREADABLE

    def _judge(self, number: Decimal, rules: list[str], *, is_percent: bool = False) -> Reading:
        if self.field.unit == "%" and not is_percent:
            readings = self._percentages(number)
            if len(readings) > 1:
                return TWO_READINGS
            if readings and readings != {number}:
                rules = [*rules, "fraction_is_percent"]
                (number,) = readings
        if abs(number) > _LARGEST or (self._whole and number != int(number)):
            return UNREADABLE
        # Adding 0 turns -0 into 0.
        value = str(int(number)) if self._whole else format(number + 0, "f")
        return Reading(value, "answered", " ".join(rules))

    def _percentages(self, number: Decimal) -> set[Decimal]:
        """Return what the number may be as a percentage: itself, or hundred times itself."""
        low, high = self.field.minimum, self.field.maximum
        if low is None or high is None:
            return {number}
        return {reading for reading in (number, number.scaleb(2)) if low <= reading <= high}


# A figure whose last part may count units, or the next smaller power.
_TWO_SIZES = re.compile(r"億[0-9,]+$|[千百][0-9]$|(?<![0-9])十[0-9]")


def _parse(core: str) -> Decimal | None:
    text = core.translate(DASHES)
    if text[:1] in spellings("minus"):
        text = f"-{text[1:]}"
    if _PLAIN.fullmatch(text):
        return Decimal(text.replace(",", ""))
    sign, text = (-1, text[1:]) if text.startswith("-") else (1, text)
    number = parse_kanji(text)
    return None if number is None else sign * number


def parse_kanji(text: str) -> Decimal | None:
    """Return the number written as 二十三, 一二〇, 1万2千 or 1.2万, or None if it is none."""
    digits = text.translate(translation("kanji_digit"))
    if _TWO_SIZES.search(text):
        return None  # 2千5 is 2,005 to one reader and 2,500 to another, 1億5000 is 1億5000万.
    # Between plain digits 一 is as likely a dash.
    if digits == text or not re.search(r"[0-9]", text):
        match = _KANJI.fullmatch(re.sub(r"(?<=[0-9]),(?=[0-9]{3})", "", digits))
        if digits.isascii() and digits.isdigit():
            return Decimal(digits)
        if match and text and "" not in (match["oku"], match["man"]):
            return _sum_sections(match)
    return None


def _sum_sections(match: re.Match[str]) -> Decimal | None:
    if match["man"] and len(match["rest"]) == 1:
        return None  # 1万2 is 10,002 to one reader and 12,000 to another.
    powers = {"oku": 10**8, "man": 10**4, "rest": 1}
    return sum((_section(match[name]) * power for name, power in powers.items()), Decimal())


def _section(text: str | None) -> Decimal:
    parts = [part for part in _PART.findall(text or "") if any(part)]
    return sum((Decimal(digits or 1) * _POWERS[power] for digits, power in parts), Decimal())


def _name_notations(core: str) -> list[str]:
    plain = core.translate(DASHES)
    applies = {
        "triangle_is_minus": plain[:1] in spellings("minus"),
        "hyphen": plain != core,
        "thousands": "," in plain,
        "kanji_numeral": not re.fullmatch(r"[-△▲0-9,.]*", plain),
    }
    return [rule for rule, does in applies.items() if does]
