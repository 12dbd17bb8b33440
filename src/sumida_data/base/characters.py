"""Characters that not every device shows alike, and plain ones to write instead."""

import re
import unicodedata

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

    A character that has no plain form stays, for a name must not be changed.
    """
    if find_dependent(text) is None:
        return text
    return _DEPENDENT.sub(lambda found: _write_one(found[0]), text)


def _write_one(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    plain = unicodedata.normalize("NFKC", character)
    return f"({plain})" if _CIRCLED.match(character) and plain.isdigit() else plain
