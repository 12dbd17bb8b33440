"""How things are written, as data: ``spellings.csv``.

A row gives one meaning and the spellings of it, separated by blanks. The kinds are told apart
because the same spelling means another thing in another place: 一 is a digit in 二十一, but alone
in a cell it may as well be a dash.
"""

import csv
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final

# Characters that nobody sees, such as a zero width space: a cell pasted from a web page has them.
_INVISIBLE: Final = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
DROP_INVISIBLE: Final = dict.fromkeys(map(ord, _INVISIBLE))


@cache
def spellings(kind: str) -> dict[str, str]:
    """Return the meaning of each spelling of a kind, in the order of the table.

    Raises:
        KeyError: If there is no such kind.
    """
    return _table()[kind]


@cache
def translation(kind: str) -> dict[int, str]:
    """Return the spellings of a kind, all of one character, for ``str.translate``."""
    return str.maketrans(spellings(kind))


def normalise_width(text: str) -> str:
    """Return the text with plain digits, letters and marks, and kana of full width."""
    return unicodedata.normalize("NFKC", text)


@cache
def _table() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = {}
    text = files(__package__).joinpath("spellings.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        kind = table.setdefault(row["kind"], {})
        kind |= dict.fromkeys(row["written"].split(), row["means"])
    return table
