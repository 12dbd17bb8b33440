"""Characters that mislead: unseen ones, look-alikes, and those not every device shows alike."""

import io
import re
import sys
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

# Numbers in circles and the like, units and words squeezed into one, private and compatibility
# characters; and those that Windows and the standard take for different ones (〜 and ～).
_DEPENDENT = re.compile(
    "[\u2460-\u24ff\u2160-\u217f\u2116\u2121\u2211\u221f\u22bf\u2e80-\u2fdf\u3220-\u33ff"
    "\ue000-\uf8ff\uf900-\ufaff\uff5e\u301c\u2225\u2016\u2212\uffe0-\uffe2\U00010000-\U0010ffff]"
)
_PLAIN = {"〜": "~", "−": "-", "‖": "||", "∥": "||", "∑": "Σ", "∟": "L", "⊿": "△"}
_CIRCLED = re.compile("[\u2460-\u2473\u24eb-\u24fe\u2776-\u2793]")


def find_dependent(text: str) -> str | None:
    """Return the first character that not every device shows alike, or None."""
    if text.isascii():
        return None
    if found := _DEPENDENT.search(text):
        return found[0]
    try:
        # JIS X 0213, the character set of the national data standards.
        text.encode("euc_jis_2004")
    except UnicodeEncodeError as error:
        return text[error.start]
    return None


def write_plainly(text: str) -> str:
    """Return the text with plain characters: (1) for ①, (株) for ㈱, ~ for ～.

    A character that has no plain form stays, for a name must not be changed; what only turns the
    direction of writing, and so shows another text than there is, goes.
    """
    if find_dependent(text) is None:
        return text

    def write_one(found: re.Match[str]) -> str:
        plain = _PLAIN.get(found[0]) or unicodedata.normalize("NFKC", found[0])
        return f"({plain})" if _CIRCLED.match(found[0]) and plain.isdigit() else plain

    return _DEPENDENT.sub(write_one, _DIRECTION.sub("", text))


# Characters that nobody sees: soft hyphens, zero width spaces, marks of writing direction,
# fillers, variation selectors and tags. A cell pasted from a web page has them.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
# These only part words; the others change what is seen beside them, or seem to be blank.
_HARMLESS = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_UNSEEN_KINDS = {
    "文字の向きの記号": _DIRECTION,
    "空白に見える文字": re.compile("[\u115f\u1160\u2800\u3164\uffa0]"),
    "異体字を選ぶ記号": re.compile("[\u180b-\u180d\ufe00-\ufe0f\U000e0100-\U000e01ef]"),
}
# What people use for a hyphen where the long vowel mark is meant as one, and where it is not.
DASHES = str.maketrans(dict.fromkeys("−‐‑‒–—―─━ー－ｰ﹘﹣⁃⎯╴⁻₋⸺⸻➖ㅡ〰", "-"))
HYPHENS = {code: mark for code, mark in DASHES.items() if chr(code) not in "ーｰ"}
BRACKETS = str.maketrans("【〔［「『〈《｛[{〖〘〚】〕］」』〉》｝]}〗〙〛", "(" * 13 + ")" * 13)
# What else is read alike, though it may mean something in other texts.
_ALIKE = str.maketrans(dict.fromkeys("·•‧∙⋅", "・") | {"〜": "~", "<": "(", ">": ")"})
# A letter with a mark that is a character of its own: か and ゛ for が.
_COMBINED = re.compile("[^\\W\\d_\uf900-\ufaff][\u0300-\u036f\u3099\u309a]+")


def drop_unseen(text: str) -> str:
    """Return the text without the characters that nobody sees."""
    return text if text.isascii() else _UNSEEN.sub("", text)


def show_direction(text: str) -> str:
    """Return the text with a name in the place of each mark that turns the direction of writing."""
    return text if text.isascii() else _DIRECTION.sub("〔文字の向きの記号〕", text)


def name_unseen(text: str) -> str:
    """Name the unseen characters of a text that may mislead, such as U+202A (文字の向きの記号)."""
    if text.isascii():
        return ""
    named = []
    for one in dict.fromkeys(_UNSEEN.findall(text)):
        kinds = (name for name, kind in _UNSEEN_KINDS.items() if kind.match(one))
        if one not in _HARMLESS:
            named.append(f"U+{ord(one):04X}({next(kinds, '目に見えない文字')})")
    return "、".join(named)


def combine(text: str) -> str:
    """Return the text with letters and their marks as one character, as most programs write."""
    if text.isascii():
        return text
    return _COMBINED.sub(lambda found: unicodedata.normalize("NFC", found[0]), text)


@lru_cache(maxsize=65536)
def comparable(text: str) -> str:
    """Return the text as people compare it: without differences that are not seen or do not count.

    Such are width, case, blanks, unseen characters, and the kinds of dashes, dots and brackets.
    """
    plain = unicodedata.normalize("NFKC", drop_unseen(text)).translate(DASHES)
    packed = "".join(plain.translate(BRACKETS).translate(_ALIKE).split()).casefold()
    # Separate marks are joined to their letters.
    return packed if packed.isascii() else unicodedata.normalize("NFC", packed)


def is_within(words: str, text: str) -> bool:
    """Tell whether words stand in a text, each as somebody wrote it or as it was published."""
    wanted = comparable(write_plainly(words))
    return bool(wanted) and wanted in comparable(write_plainly(text))


def name_some(names: Sequence[str], most: int = 5, counter: str = "件", between: str = "、") -> str:
    """Join the first of some names, and count the others: 税務課、窓口課、ほか3件."""
    rest = [f"ほか{len(names) - most}{counter}"] * (len(names) > most)
    return between.join([*names[:most], *rest])


def hash_parts(*parts: object) -> str:
    """Return an id that follows from some parts and tells none of them."""
    return sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:16]


def escape_unprintable() -> None:
    """Let a character that a screen, or a file in CP932, cannot show end no command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
