"""Finding what reaches a person in a text, by what it looks like.

A text is looked at in one plain form: width, hyphens and digits are made alike on a copy, because
the same number is written ０３－５６０８－１１１１, 03(5608)1111 or 〇三ー五六〇八ー一一一一.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final, Literal

Kind = Literal["mail_address", "phone_number", "extension", "my_number"]

# What people use for a hyphen, the long vowel mark among them; invisible characters split nothing.
_PLAIN: Final = str.maketrans(
    "‐‑‒–—―−－ー─ｰ〜~・〇一二三四五六七八九",
    "-" * 14 + "0123456789",
    "\u00ad\u200b\u200c\u200d\u2060\ufeff",
)
# Where nothing of this stands, there is nothing to find.
LIKELY: Final = r"[@＠0-9０-９〇一二三四五六七八九]|[aAａＡ][tTｔＴ]|アット|ｱｯﾄ|あっと"
_LIKELY = re.compile(LIKELY)
# A comma before three digits parts thousands, any other the next number; ～6 is another line.
_ENDS = r"(?!\d|,\d{3}(?![\d-])|\.\d|-\d{3})"

_MAIL = re.compile(
    r"[\w.+-]+\s*(?:@|[\[({<]\s*(?:at|アット(?:マ-ク)?|あっと)\s*[\])}>])\s*"
    r"[a-z0-9-]+(?:\s?\.\s?[a-z0-9-]+)*\s?\.\s?[a-z]{2,}",
    re.IGNORECASE,
)
_GROUPED_PHONE = re.compile(
    r"(?<!\d)(?<!\d[-./,])(?:\+81[- ]?(?:\(0\))?|\(?0)\d{1,4}(?:\) ?|[-. ]| - |(?=\())"
    r"\(?\d{1,4}(?:\) ?|[-. ]| - )?\d{3,4}" + _ENDS
)
_BARE_PHONE = re.compile(r"(?<![\d.,])(?:0[1-9]\d{8}|0[5-9]0\d{8}|\+81[1-9]\d{8,9})" + _ENDS)
_LABELLED_PHONE = re.compile(
    r"(?:電話|携帯|直通|代表|tel|fax|phone|ファク?ックス|ファクス)(?:番号)?[ :は.]*"
    r"\(?(?:\d{2,5}[-)] ?)?\d{1,4}-\d{4}(?!\d|年|-\d{3})",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"(?:内線(?:番号|電話)?|\bext(?:ension)?\b|[(]内(?=[)]))[ :.はが)]*[(]?\d{2,5}"
    r"(?!\d|(?:,\d{3})* ?(?:台|件|回線|本|人|名|年|か所|箇所|%|円))",
    re.IGNORECASE,
)
_TWELVE_DIGITS = re.compile(
    r"(?<!\d)(?<!\d[-. ,])(?:\d{12}|\d{4}([-. /_]{1,3})\d{4}\1\d{4}|(?:\d{3}[- ]){3}\d{3}"
    r"|\d{6}[- ]\d{6}|(?:\d ){11}\d)(?!\d|[-. ,]\d)"
)
_THREE_YEARS = re.compile(r"(?:(?:19|20)\d\d\D+){2}(?:19|20)\d\d")


def make_plain(text: str) -> str:
    """Return the text with plain digits, letters and hyphens; only for looking at it."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_PLAIN).split())


def find_kinds(text: str) -> tuple[Kind, ...]:
    """Say what kinds of data that reach a person stand in a text.

    Args:
        text: Any text; numbers of at least twelve digits may be given as text.

    Returns:
        The kinds, each once.
    """
    if not _LIKELY.search(text):
        return ()
    # ・ stands for a hyphen, or between two numbers.
    forms = {make_plain(text), make_plain(text.replace("・", ","))}
    return tuple(kind for kind, is_in in _DETECTORS.items() if any(map(is_in, forms)))


def is_my_number(digits: str) -> bool:
    """Tell whether twelve digits end in the check digit that an individual number has.

    Source: 行政手続における特定の個人を識別するための番号の利用等に関する法律施行令第8条 and
    the ministerial order on the check digit.
    """
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    remainder = sum(int(one) * weight for one, weight in zip(digits[:11], weights, strict=True))
    remainder %= 11
    return int(digits[11]) == (0 if remainder <= 1 else 11 - remainder)


def _has_phone_number(plain: str) -> bool:
    if _BARE_PHONE.search(plain) or _LABELLED_PHONE.search(plain):
        return True
    return any(_is_phone(found[0]) for found in _GROUPED_PHONE.finditer(plain))


def _is_phone(written: str) -> bool:
    digits = re.sub(r"\D", "", written)
    if written.startswith("+81"):
        digits = "0" + digits.removeprefix("81").removeprefix("0")
    if digits.startswith("00"):
        return False
    return len(digits) == 10 or (len(digits) == 11 and digits[1] in "56789" and digits[2] == "0")


def _has_my_number(plain: str) -> bool:
    for found in _TWELVE_DIGITS.finditer(plain):
        if not _THREE_YEARS.fullmatch(found[0]) and is_my_number(re.sub(r"\D", "", found[0])):
            return True
    return False


def _has(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda plain: pattern.search(plain) is not None


_DETECTORS: Final[dict[Kind, Callable[[str], bool]]] = {
    "mail_address": _has(_MAIL),
    "phone_number": _has_phone_number,
    "extension": _has(_EXTENSION),
    "my_number": _has_my_number,
}
