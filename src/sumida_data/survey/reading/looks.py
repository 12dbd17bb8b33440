"""How styles change what a person sees of a cell: struck-out text, white text, number formats."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Literal, NamedTuple
from xml.etree.ElementTree import Element, fromstring

TextOddity = Literal["struck", "partly_struck", "raised"]

_BUILT_IN = {
    "1": "0", "2": "0.00", "3": "#,##0", "4": "#,##0.00", "9": "0%", "10": "0.00%", "37": "#,##0",
    "38": "#,##0", "39": "#,##0.00", "40": "#,##0.00",
}  # fmt: skip
_OFF = {"0", "false"}
# Smaller letters are dots; lighter ones are white to the eye.
_LEGIBLE = 4
_NEARLY_WHITE, _NEARLY_NO_TINT = 0xF0, -0.06
# Of a number format: what is quoted, and what only colours it or fills the width of the cell.
_QUOTED = re.compile(r'"([^"]*)"|\\(.)')
_WITHOUT_MEANING = re.compile(r"\[[^\]]*\]|[_*].|General|@")
_OF_DAYS = re.compile(r"[ymdhsgeE/]", re.IGNORECASE)
_PLACES = re.compile(r"[0#?][0#?,]*?(?:\.([0#?]+))?(,*)(?![0#?,])")
# Words beside a number that say another size or unit than the number alone.
_TELLING = re.compile("[%百千万億兆約割時分秒円人台月]")
_FIRST_LITERAL = 0xE000
_NOT_OF_NUMBER = re.compile(r"[^.0-9]")


class Style(NamedTuple):
    """What a style does to the content of a cell; plain numbers and days have an empty format.

    A telling format shows even whole numbers as other ones.
    """

    oddity: Literal["struck", "unseen"] | None
    number_format: str
    is_telling: bool


@lru_cache(maxsize=64)
def read_styles(xml: bytes) -> dict[int, Style]:
    """Return those of the cell styles of an .xlsx that may not show the content as it is."""
    root = fromstring(xml)  # noqa: S314  # Expat refuses entities that grow
    listed = root.iterfind("{*}numFmts/{*}numFmt")
    codes = _BUILT_IN | {one.get("numFmtId", ""): one.get("formatCode", "") for one in listed}
    fonts = list(root.iterfind("{*}fonts/{*}font"))
    fills = list(root.iterfind("{*}fills/{*}fill"))
    styles = {}
    for number, look in enumerate(root.iterfind("{*}cellXfs/{*}xf")):
        font, fill = (fonts[int(look.get("fontId", 0)) :] or [look])[0], int(look.get("fillId", 0))
        is_unseen = _is_unseen(font, fills[fill] if fill < len(fills) else look)
        code = codes.get(look.get("numFmtId", ""), "")
        style = style_of(code, is_struck=_is_on(font, "strike"), is_unseen=is_unseen)
        if style.oddity or style.number_format:
            styles[number] = style
    return styles


@lru_cache(maxsize=64)
def read_conditional_styles(xml: bytes) -> dict[int, Literal["struck", "unseen"]]:
    """Return those of the styles given by conditions that hide or strike out the content."""
    listed = enumerate(fromstring(xml).iterfind("{*}dxfs/{*}dxf"))  # noqa: S314
    return {number: oddity for number, one in listed if (oddity := judge_conditional_style(one))}


def judge_conditional_style(style: Element) -> Literal["struck", "unseen"] | None:
    """Tell what a style given by a condition does to the content of a cell."""
    font, fill, number = (style.find(f"{{*}}{name}") for name in ("font", "fill", "numFmt"))
    code = "" if number is None else number.get("formatCode", "")
    is_struck = font is not None and _is_on(font, "strike")
    is_unseen = font is not None and _is_unseen(font, style if fill is None else fill, "{*}bgColor")
    return style_of(code, is_struck=is_struck, is_unseen=is_unseen).oddity


@lru_cache(maxsize=1024)
def style_of(code: str, *, is_struck: bool, is_unseen: bool) -> Style:
    """Return what a number format does, together with the font."""
    plain = _WITHOUT_MEANING.sub("", _QUOTED.sub("", code))
    hides = ";" in code and not plain.strip("; ") and not _QUOTED.search(code)
    is_number = bool(_PLACES.search(plain)) and not _OF_DAYS.search(plain)
    is_scaled = any(match[2] for match in _PLACES.finditer(plain))
    is_telling = is_number and (is_scaled or bool(_TELLING.search(code)))
    oddity: Literal["struck", "unseen"] | None = "unseen" if is_unseen or hides else None
    return Style("struck" if is_struck else oddity, code if is_number else "", is_telling)


def shown_number(value: float, code: str) -> str:
    """Return the text that a spreadsheet shows for a number in a format with places for digits."""
    literals = ["".join(found) for found in _QUOTED.findall(code)]
    marks = iter(range(_FIRST_LITERAL, _FIRST_LITERAL + len(literals)))
    masked = _QUOTED.sub(lambda _: chr(next(marks)), code)
    sections = _WITHOUT_MEANING.sub("", masked).split(";")
    number = Decimal(format(value, ".15g"))
    section = sections[0]
    if number < 0 and len(sections) > 1:
        section, number = sections[1], -number
    places = _PLACES.search(section)
    if places is None:
        return "".join(literals)
    scaled = number.scaleb(2 * section.count("%") - 3 * len(places[2]))
    digits = Decimal(1).scaleb(-len(places[1] or ""))
    text = format(scaled.quantize(digits, ROUND_HALF_UP), "f")
    shown = section[: places.start()] + text + section[places.end() :]
    return shown.translate(dict(enumerate(literals, _FIRST_LITERAL)))


def judge_shown(value: float, text: str) -> tuple[Literal["rounded"] | None, str | None]:
    """Judge a number by the text that is seen in place of it.

    Returns:
        Whether its digits are those of another number, and the text itself where it says more
        than the number, such as another unit.
    """
    digits = _NOT_OF_NUMBER.sub("", text)
    stored = abs(Decimal(format(value, ".15g"))).scaleb(2 if "%" in text else 0)
    is_rounded = bool(digits) and Decimal(digits) != stored
    return "rounded" if is_rounded else None, text if _TELLING.search(text) else None


def plain_text(runs: Element) -> tuple[str, TextOddity | None]:
    """Return what is plainly there of a rich text, and what is wrong with the rest, if any is.

    Notes above or below the line are no part of it; what is all struck out is returned whole.
    """
    parts = [
        (run.findtext("{*}t") or "", _is_on(run, "rPr/{*}strike"), _is_raised(run))
        for run in runs.iterfind("{*}r")
    ]
    return judge_parts(parts)


def judge_parts(parts: Sequence[tuple[str, bool, bool]]) -> tuple[str, TextOddity | None]:
    """Judge a text by its parts, each with whether it is struck out, or off the line."""
    whole = "".join(map(itemgetter(0), parts))
    kept = "".join(text for text, is_struck, is_raised in parts if not is_struck and not is_raised)
    has_struck = any(text.strip() and is_struck for text, is_struck, _ in parts)
    if not kept.strip():
        return whole, "struck" if has_struck else None
    return kept, "partly_struck" if has_struck else "raised" if kept != whole else None


def _is_on(element: Element, name: str) -> bool:
    found = element.find(f"{{*}}{name}")
    return found is not None and found.get("val", "1") not in _OFF


def _is_raised(run: Element) -> bool:
    found = run.find("{*}rPr/{*}vertAlign")
    return found is not None and found.get("val") in {"superscript", "subscript"}


def _is_unseen(font: Element, fill: Element, ground_name: str = "{*}fgColor") -> bool:
    colour, pattern, size = font.find("{*}color"), fill.find("{*}patternFill"), font.find("{*}sz")
    if size is not None and float(size.get("val", 11)) < _LEGIBLE:
        return True
    if colour is None:
        return False
    is_filled = pattern is not None and pattern.get("patternType", "solid") == "solid"
    ground = pattern.find(ground_name) if is_filled and pattern is not None else None
    if ground is None:
        return not is_filled and _is_white(colour)
    return colour.attrib == ground.attrib or (_is_white(colour) and _is_white(ground))


def _is_white(colour: Element) -> bool:
    """Tell whether a colour is white, or so nearly that nobody sees it on white."""
    rgb = colour.get("rgb", "")[-6:]
    is_nearly = bool(rgb) and all(int(rgb[at : at + 2], 16) >= _NEARLY_WHITE for at in (0, 2, 4))
    is_white_theme = colour.get("theme") == "0" and float(colour.get("tint", 0)) > _NEARLY_NO_TINT
    return is_nearly or is_white_theme or colour.get("indexed") in {"1", "9"}
