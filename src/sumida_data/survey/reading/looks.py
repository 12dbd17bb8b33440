"""How styles change what a person sees of a cell, always or on conditions.

Conditions that compare with a number or a text are worked out. Other conditions cannot be judged
without a spreadsheet; they are taken to hold, so that nothing that may be unseen is missed.
"""

import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, fromstring

from xlsxwriter.utility import xl_cell_to_rowcol, xl_rowcol_to_cell

from sumida_data.survey.findings import Kind

Cell = tuple[int, int]
CellRange = tuple[Cell, Cell]
_OFF = {"0", "false"}
# Smaller letters are dots; those that differ less from their ground are not seen.
_LEGIBLE, _LEAST_CONTRAST, _NEARLY_NO_TINT = 4, 15, -0.06
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)

_BUILT_IN = {
    "1": "0", "2": "0.00", "3": "#,##0", "4": "#,##0.00", "9": "0%", "10": "0.00%", "37": "#,##0",
    "38": "#,##0", "39": "#,##0.00", "40": "#,##0.00", "41": "#,##0", "43": "#,##0.00",
    "5": "¥#,##0", "6": "¥#,##0", "42": "¥#,##0", "7": "¥#,##0.00", "8": "¥#,##0.00",
    "44": "¥#,##0.00", "16": "d-mmm", "17": "mmm-yy", "34": "yyyy年m月", "35": "m月d日",
    "52": "yyyy年m月", "53": "m月d日", "55": "yyyy年m月", "56": "m月d日",
}  # fmt: skip
# Of a number format: what is quoted, or a currency, and what only colours it or fills the cell.
_QUOTED = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]')
_WITHOUT_MEANING = re.compile(r"\[[^\]]*\]|[_*].|@")
_NOTHING = r'(?:""|\[[^\]]*\]|[_*].|[ @])*'
_OF_NOTHING = re.compile(rf"{_NOTHING}(?:;{_NOTHING})+|\[(?:white|白|color ?2)\].*", re.IGNORECASE)
_BEFORE_TEXTS = 3
_PART_OF_DAY = "d"
_GENERAL = "0.##############"
_OF_DAYS = re.compile(r"[ymdhsg/]|e(?![-+])", re.IGNORECASE)
_OF_POWERS = re.compile(r"(0?)\.?([0#]*)E[-+]", re.IGNORECASE)
_PLACE = re.compile("[0#?]")
# A day without its day or its year in sight; of these, some have no format of their own.
_OF_PART_OF_DAY = re.compile(r"(?=.*[ymdge])(?:(?!.*[yge])|(?!.*d))(?!.*[hs]).*", re.IGNORECASE)
# Of days, what is quoted beside them says nothing more.
_OF_EACH_DAY = re.compile(r"(?:令和|平成|昭和|元|[年月日時分秒曜()（）/.,:\-\s'])*")
_PLACES = re.compile(r"([0#?][0#?,]*?)(?:\.([0#?]+))?(,*)(?![0#?,])")
_OF_SOME = re.compile(r"\[(<>|<=|>=|=|<|>)(-?[0-9.]+)\]")
# Beside a number, all but digits and blanks says more than the number alone.
_MORE_THAN_NUMBER = re.compile(r"[^-+0-9.,\s()△▲−]|(?<=[0-9])-")
_NEGATIVE = re.compile(r"[^0-9(]*[-△▲−]|[^0-9(]*\([0-9.,]+\)\s*$")
_FIRST_LITERAL = 0xE000
_NOT_OF_NUMBER, _NUMBER = re.compile(r"[^.0-9]"), re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")
_BY_NUMBER = re.compile("_x([0-9A-Fa-f]{4})_")
_ANY = rb"[^>/]*>"
_VALUE = rb"[^>/]*>(?:<(?:\w+:)?f\b[^<]*</(?:\w+:)?f>)?<(?:\w+:)?v>"
_IN_PARTS = rb"-?[0-9]+[.eE]"

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {"=": operator.eq, "<>": operator.ne}
_OPERATORS |= {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_SIGNS = {"equal": "=", "notEqual": "<>", "lessThan": "<", "lessThanOrEqual": "<="}
_SIGNS |= {"greaterThan": ">", "greaterThanOrEqual": ">="}
_COMPARISON = re.compile(
    r'(\$?)([A-Z]+)(\$?)([0-9]+)(<>|<=|>=|=|<|>)("(?:[^"]|"")*"|-?[0-9]+(?:\.[0-9]+)?)'
)
# These hold for no cell with content, or for none whose value is known.
_OF_NO_VALUE = re.compile(
    r"(?:LEN\(TRIM\(|ISBLANK\(|ISERR(?:OR)?\(|ISNA\(|containsBlanks|containsErrors)"
)
_LAST_CELL = (1_048_575, 16_383)


class Style(NamedTuple):
    """What a style does to the content of a cell; plain numbers and days have an empty format.

    Suspect is what follows the style in the XML of cells that may not show their content.
    """

    oddity: Kind | None
    number_format: str
    suspect: bytes
    of_texts: Kind | None = None

    def judge(self, number: float, *, hides_zero: bool) -> tuple[Kind | None, str | None]:
        """Judge a number by what is shown of it, in a sheet that may show no zeros."""
        if hides_zero and number == 0:
            return Kind.UNSEEN_VALUE, None
        code = self.number_format
        if code == _PART_OF_DAY:
            return Kind.ROUGH_DAY, None
        return judge_shown(number, shown_number(number, code)) if code else (None, None)


@lru_cache(maxsize=64)
def read_styles(xml: bytes) -> tuple[dict[int, Style], dict[int, Kind], re.Pattern[bytes] | None]:
    """Return those styles of an .xlsx that may not show the content as it is.

    They are those of cells and those that conditions give, by number, and what finds them in XML.
    """
    root = fromstring(xml or b"<styleSheet/>")  # noqa: S314  # Expat refuses entities that grow
    listed = root.iterfind("{*}numFmts/{*}numFmt")
    codes = _BUILT_IN | {one.get("numFmtId", ""): one.get("formatCode", "") for one in listed}
    names = ("font", "fill", "border")
    parts = [(f"{one}Id", list(root.iterfind(f"{{*}}{one}s/{{*}}{one}"))) for one in names]
    styles = {}
    for number, look in enumerate(root.iterfind("{*}cellXfs/{*}xf")):
        style = _style_of_cell(look, parts, codes.get(look.get("numFmtId", ""), ""))
        if style.suspect:
            styles[number] = style
    dxfs = enumerate(root.iterfind("{*}dxfs/{*}dxf"))
    given = {number: oddity for number, one in dxfs if (oddity := judge_given_style(one))}
    return styles, given, _find_odd(styles, given)


def _style_of_cell(look: Element, parts: list[tuple[str, list[Element]]], code: str) -> Style:
    font, fill, border = ((part[int(look.get(one, 0)) :] or [look])[0] for one, part in parts)
    is_unseen, is_struck = _is_unseen(font, fill, "{*}fgColor"), is_on(font, "strike")
    is_crossed = "1" in {border.get("diagonalUp"), border.get("diagonalDown")}
    style = style_of(code, is_struck=is_struck, is_unseen=is_unseen, is_crossed=is_crossed)
    if look.find("{*}alignment[@horizontal='fill']") is None:
        return style
    # The content of the cell is shown as often as it fits.
    return style._replace(oddity=style.oddity or Kind.SHOWN_ROUNDED, suspect=_ANY)


def _find_odd(styles: dict[int, Style], given: Iterable[int]) -> re.Pattern[bytes] | None:
    numbers = defaultdict(list)
    for number, style in styles.items():
        numbers[style.suspect].append(b"%d" % number)
    found = [b's="(?:%s)"%s' % (b"|".join(those), rest) for rest, those in numbers.items()]
    found += [b'dxfId="%d"' % number for number in given]
    return re.compile(b"|".join(found)) if found else None


def judge_given_style(style: Element) -> Kind | None:
    """Tell what a style given by a condition does to the content of a cell."""
    font, fill, number = (style.find(f"{{*}}{name}") for name in ("font", "fill", "numFmt"))
    code = "" if number is None else number.get("formatCode", "")
    is_struck = font is not None and is_on(font, "strike")
    seen_font, ground = (style if part is None else part for part in (font, fill))
    is_unseen = _is_unseen(seen_font, ground, "{*}bgColor")
    given = style_of(code, is_struck=is_struck, is_unseen=is_unseen)
    return given.oddity or given.of_texts or (Kind.SHOWN_ROUNDED if given.suspect == _ANY else None)


@lru_cache(maxsize=1024)
def style_of(code: str, *, is_struck: bool, is_unseen: bool, is_crossed: bool = False) -> Style:
    """Return what a number format does, together with the font and lines across the cell."""
    is_unseen |= _OF_NOTHING.fullmatch(code) is not None
    odd = (
        (Kind.STRUCK_CELL, is_struck),
        (Kind.UNSEEN_VALUE, is_unseen),
        (Kind.COVERED_TABLE, is_crossed),
    )
    oddity = next((kind for kind, is_so in odd if is_so), None)
    return _style_of_format(code, oddity, _judge_shown_texts(code))


def _style_of_format(code: str, oddity: Kind | None, of_texts: Kind | None) -> Style:
    plain = _WITHOUT_MEANING.sub("", _QUOTED.sub("", code)).replace("General", "")
    is_plain = code in {"", "General", "@"} or bool(_OF_DAYS.search(plain))
    oddity = oddity or (_judge_words_of_day(code) if is_plain else None)
    if not oddity and _OF_PART_OF_DAY.fullmatch(plain * is_plain):
        return Style(None, _PART_OF_DAY, _ANY, of_texts)
    if oddity or of_texts or is_plain:
        return Style(oddity, code * (not is_plain), _ANY * bool(oddity or of_texts), of_texts)
    return Style(None, code, _suspect_of(code))


def _suspect_of(code: str) -> bytes:
    """Return what follows the style in the XML of cells whose numbers the format may change."""
    zero, *others = (judge_shown(one, shown_number(one, code)) for one in (0, 7, 12345))
    if any(map(any, others)) or _OF_SOME.search(code):
        return _ANY
    return _VALUE + (rb"(?:-?[0-9]+[.eE]|0<)" if any(zero) else _IN_PARTS)


def _judge_words_of_day(code: str) -> Kind | None:
    literals = "".join(map("".join, _QUOTED.findall(code)))
    return None if _OF_EACH_DAY.fullmatch(literals) else Kind.SHOWN_ROUNDED


def _judge_shown_texts(code: str) -> Kind | None:
    """Judge what is seen of texts: the fourth part of a number format, or the last with an @."""
    bare = _QUOTED.sub(lambda found: "x" * bool("".join(found.groups("")).strip()), code)
    *numbers, last = bare.replace("General", "@").split(";")
    if "@" not in last:
        return Kind.UNSEEN_VALUE if len(numbers) == _BEFORE_TEXTS else None
    return Kind.SHOWN_ROUNDED if _WITHOUT_MEANING.sub("", last).strip() else None


def shown_number(value: float, code: str) -> str:
    """Return the text that a spreadsheet shows for a number in a format with places for digits."""
    if powers := _OF_POWERS.search(code):
        return f"{value:.{len(powers[2])}E}"
    literals = ["".join(found) for found in _QUOTED.findall(code)]
    marks = iter(range(_FIRST_LITERAL, _FIRST_LITERAL + len(literals)))
    parts = _QUOTED.sub(lambda _: chr(next(marks)), code).split(";")
    sections = [one for one in parts if "@" not in one] or ["General"]
    number = Decimal(format(value, ".15g"))
    section = _section_for(number, sections)
    number = abs(number) if number < 0 and section != sections[0] else number
    section = _WITHOUT_MEANING.sub("", section).replace("General", _GENERAL)
    if places := _PLACES.search(section):
        scaled = number.scaleb(2 * section.count("%") - 3 * len(places[3]))
        section = section[: places.start()] + _fill(places, scaled, section[places.end() :])
    return section.translate(dict(enumerate(literals, _FIRST_LITERAL)))


def _fill(places: re.Match[str], number: Decimal, rest: str) -> str:
    """Return the digits of a number in its places, and what follows these."""
    decimals = places[2] or ""
    text = format(number.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP), "f")
    # Of the last places, some are only shown where they are not 0.
    optional = len(decimals) - len(decimals.rstrip("#"))
    kept = text[len(text) - optional :].rstrip("0")
    text = (text[: len(text) - optional] + kept).removesuffix(".")
    text = "" if text == "0" and "0" not in places[1] else text
    count = 0 if decimals or "/" in rest else len(_PLACE.findall(rest))
    if not count:
        return text + rest
    # The last digits are put in the places behind a literal: 12 as 0"-"0 is 1-2.
    text = text.zfill(count + 1)
    digits = iter(text[-count:])
    return text[:-count] + _PLACE.sub(lambda _: next(digits), rest)


def _section_for(number: Decimal, sections: Sequence[str]) -> str:
    """Return the part of a number format for this number: by its sign, or by conditions."""
    limits = [_OF_SOME.search(one) for one in sections]
    if any(limits):
        fits = [one is None or _OPERATORS[one[1]](number, Decimal(one[2])) for one in limits]
        return sections[fits.index(True)] if True in fits else ""
    place = 0 if number > 0 else 1 if number < 0 else 2
    return sections[place] if place < len(sections) else sections[0]


def judge_shown(value: float, text: str) -> tuple[Kind | None, str | None]:
    """Judge a number by the text that is seen in place of it; return that if it says more."""
    if not text.strip():
        return Kind.UNSEEN_VALUE, None
    digits = _NOT_OF_NUMBER.sub("", text)
    stored = abs(Decimal(format(value, ".15g"))).scaleb(2 if "%" in text else 0)
    is_same = bool(_NUMBER.fullmatch(digits)) and Decimal(digits) == stored
    # What is shown may have lost its sign, or got one.
    is_same &= stored == 0 or (value < 0) == bool(_NEGATIVE.match(text))
    says_more = not digits or _MORE_THAN_NUMBER.search(text)
    return None if is_same else Kind.SHOWN_ROUNDED, text if says_more else None


def judge_text(runs: Element) -> tuple[Kind | None, str | None]:
    """Judge a text of an .xlsx, as `judge_parts` does; characters may be given by number."""
    parts = []
    for run in runs.iterfind("{*}r"):
        place = run.find("{*}rPr/{*}vertAlign")
        is_raised = place is not None and place.get("val") in {"superscript", "subscript"}
        parts.append((run.findtext("{*}t") or "", is_on(run, "rPr/{*}strike"), is_raised))
    oddity, shown = judge_parts(parts)
    oddity = oddity or _find_unseen(runs)
    whole = shown or runs.findtext("{*}t") or "".join(text for text, *_ in parts)
    written = _BY_NUMBER.sub(lambda found: chr(int(found[1], 16)), whole)
    return oddity, written if oddity or written != whole else None


def _find_unseen(runs: Element) -> Kind | None:
    for run in runs.iterfind("{*}r"):
        font, text = run.find("{*}rPr"), run.findtext("{*}t", "")
        if font is not None and text.strip() and _is_unseen(font, run, ""):
            return Kind.UNSEEN_VALUE
    return None


def judge_parts(parts: Sequence[tuple[str, bool, bool]]) -> tuple[Kind | None, str | None]:
    """Judge a text by its parts, each with whether it is struck out, or off the line.

    What is odd comes with the text that is plainly there; what is all struck out comes whole.
    """
    whole = "".join(text for text, *_ in parts)
    kept = "".join(text for text, *marks in parts if not any(marks))
    if any(is_struck and text.strip() for text, is_struck, _ in parts):
        return (Kind.PARTLY_STRUCK, kept) if kept.strip() else (Kind.STRUCK_CELL, whole)
    return (Kind.RAISED_CHARACTERS, kept) if kept.strip() and kept != whole else (None, None)


def is_on(element: Element, name: str) -> bool:
    """Tell whether the element has such a property, and it is not set to false."""
    found = element.find(f"{{*}}{name}")
    return found is not None and found.get("val", "1") not in _OFF


def _is_unseen(font: Element, fill: Element, ground_name: str) -> bool:
    colour = font.find("{*}color")
    if any(float(size.get("val", _LEGIBLE)) < _LEGIBLE for size in font.iterfind("{*}sz")):
        return True
    # Of a part of a text, a colour that is not said is that of the cell.
    if colour is None and not ground_name:
        return False
    pattern = fill.find("{*}patternFill")
    usual = "solid" if ground_name == "{*}bgColor" else "none"
    if pattern is None or pattern.get("patternType", usual) != "solid":
        return _is_alike(colour, None, _WHITE)
    return _is_alike(colour, pattern.find(ground_name), ())


def _is_alike(colour: Element | None, ground: Element | None, usual: Sequence[int]) -> bool:
    """Tell whether a colour cannot be told from its ground, which is usually such a one."""
    if colour is not None and ground is not None and colour.attrib == ground.attrib:
        return True
    pairs = zip(_shade_of(colour, _BLACK), _shade_of(ground, usual), strict=False)
    differences = [abs(one - other) for one, other in pairs]
    return bool(differences) and max(differences) <= _LEAST_CONTRAST


def _shade_of(colour: Element | None, automatic: Sequence[int]) -> Sequence[int]:
    """Return red, green and blue of a colour, from 0 to 255; nothing of those of other themes."""
    if colour is None:
        return automatic
    if rgb := colour.get("rgb", "")[-6:]:
        return [int(rgb[at : at + 2], 16) for at in (0, 2, 4)]
    if colour.get("theme") == "0" and float(colour.get("tint", 0)) > _NEARLY_NO_TINT:
        return _WHITE
    is_black = colour.get("indexed") in {"0", "8", "64"} or colour.get("theme") == "1"
    return _WHITE if colour.get("indexed") in {"1", "9"} else _BLACK if is_black else ()


class Condition(NamedTuple):
    """Cells, what becomes of them, and the formula on which it does, written for the first cell."""

    areas: Sequence[CellRange]
    oddity: Kind
    formula: str


def parse_areas(places: str) -> list[CellRange]:
    """Return the ranges that are named by their addresses, parted by blanks."""
    named = [re.findall(r"\$?([A-Z]+)\$?([0-9]+)", place) for place in places.split()]
    corners = [[xl_cell_to_rowcol("".join(one)) for one in found] for found in named]
    return [(found[0], found[-1]) if found else ((0, 0), _LAST_CELL) for found in corners]


def read_conditions(element: Element, given: Mapping[int, Kind]) -> Iterator[Condition]:
    """Yield what the conditional formats of an element of an .xlsx hide or strike out."""
    areas = parse_areas(element.get("sqref") or element.findtext("{*}sqref") or "")
    for rule in element.iterfind("{*}cfRule") if areas else ():
        style, known = rule.find("{*}dxf"), given.get(int(rule.get("dxfId", -1)))
        oddity = known if style is None else judge_given_style(style)
        if any(one.get("showValue") == "0" for one in rule):
            # Bars and signs are shown in place of the numbers.
            oddity = Kind.UNSEEN_VALUE
        formula = _formula_of(rule, areas[0][0])
        if oddity and not _OF_NO_VALUE.match(formula):
            yield Condition(areas, oddity, formula)


def _formula_of(rule: Element, first: Cell) -> str:
    """Return the formula of a rule as the first cell would have it, or its kind."""
    says = [one.text or "" for one in rule if one.tag.endswith(("}formula", "}f"))] or [""]
    kind, sign = rule.get("type", ""), _SIGNS.get(rule.get("operator", ""))
    if kind == "cellIs" and sign:
        return f"{xl_rowcol_to_cell(*first)}{sign}{says[0]}"
    return says[0] if kind == "expression" else kind


def find_conditioned(
    conditions: Sequence[Condition], rows: Sequence[Sequence[Any]]
) -> dict[Cell, Kind]:
    """Return the cells with content that conditions hide or strike out."""
    return {
        (row, column): one.oddity
        for one in conditions
        for (top, left), (bottom, right) in one.areas
        for row in range(top, min(bottom + 1, len(rows)))
        for column in range(left, min(right + 1, len(rows[row])))
        if rows[row][column] != "" and _holds(one, row, column, rows)
    }


def _holds(condition: Condition, row: int, column: int, rows: Sequence[Sequence[Any]]) -> bool:
    match = _COMPARISON.fullmatch(condition.formula.replace(" ", ""))
    if match is None:
        return True
    is_same_column, letters, is_same_row, number, sign, constant = match.groups()
    at_row, at_column = xl_cell_to_rowcol(letters + number)
    top, left = condition.areas[0][0]
    at_row += 0 if is_same_row else row - top
    at_column += 0 if is_same_column else column - left
    is_there = 0 <= at_row < len(rows) and 0 <= at_column < len(rows[at_row])
    value = rows[at_row][at_column] if is_there else ""
    if isinstance(value, date | timedelta):
        return True
    if constant.startswith('"'):
        text = constant[1:-1].replace('""', '"')
        return _OPERATORS[sign](str(value).casefold(), text.casefold())
    # A blank cell is 0, and any text is more than any number.
    value = 0 if value == "" else float("inf") if isinstance(value, str) else value
    return _OPERATORS[sign](value, float(constant))
