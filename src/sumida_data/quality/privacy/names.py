"""Finding the names of those who filled in a form, wherever else they wrote them.

The names are known only while the returns are read. What leaves that stage says in which cell a
name stands, never which.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

_BLANKS = re.compile(r"[\s・･]+")
_BETWEEN_NAMES = re.compile(r"[、,，/／;；\n]+")
_REMARK = re.compile(r"[(（\[【「].*?[)）\]】」]")
_LABEL = re.compile(r"^.*?[:：]")
_OFFICE = re.compile(r"^\S*(?:課|部|室|係|局|所|署|担当|センター|グループ)[\s・･]+(?=\S{3,}$)")
_LIKE_OFFICE = re.compile(r"^\S{1,2}[部所室][\s・･]")
_NAME = re.compile(r"[^\W\d_]+(?:[\s・･.]+[^\W\d_]+)*")
_TITLES = (
    "さん|様(?!式|々|相|子|態)|氏(?!名)|殿|君|先生|主事|主任|主査|係長|課長|部長|局長|室長|所長|館長|"
    "次長|副?参事|職員|担当|統括"
)
_TITLE = re.compile(rf"(?:{_TITLES})$")
# Old and new forms of characters that names are written with by one hand or the other.
_SAME_NAME = str.maketrans(
    "髙﨑邊邉齋齊斉濵濱澤櫻嶋嶌廣眞惠國德條瀨舘", "高崎辺辺斎斎斎浜浜沢桜島島広真恵国徳条瀬館"
)
_JAPANESE = r"[\u3400-\u9fff々ヶ]"
_LATIN_WORDS = re.compile(r"(?<=[a-z]) (?=[a-z])")


@dataclass(frozen=True)
class NameScreen:
    """Finds names in texts; made once from all cover sheets.

    Attributes:
        covers: What the cover sheets give as names, as it stands there.
    """

    covers: frozenset[str] = field(repr=False)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        names = sorted({name for cover in self.covers for name in _split(cover)})
        # With no name at all, nothing matches.
        parts = [r"(?!)", *(_describe(_fold(name)) for name in names)]
        # A family name alone is also a place or a word; with a title after it, it is a person.
        families = sorted({_fold(_BLANKS.split(name)[0]) for name in names})
        parts += [rf"(?<!{_JAPANESE}){re.escape(name)}(?:{_TITLES})" for name in families]
        return re.compile("|".join(parts))

    def finds(self, text: str) -> bool:
        """Tell whether one of the names stands in the text."""
        return self._pattern.search(_fold(text)) is not None


def _describe(name: str) -> str:
    """Return the expression for a whole name; two characters must stand alone to be one."""
    if name.isascii():
        return rf"(?<![a-z]){re.escape(name)}(?![a-z])"
    return re.escape(name) if len(name) > 2 else rf"^{re.escape(name)}$"


def _split(cover: str) -> Iterable[str]:
    """Yield the names of a cell such as ``税務課 山田　太郎（主任）、鈴木``."""
    for part in _BETWEEN_NAMES.split(_REMARK.sub("", cover)):
        whole = _TITLE.sub("", _LABEL.sub("", part).strip()).strip()
        # 服部 and 田所 are families and look like offices.
        names = [_OFFICE.sub("", whole)] + [whole] * bool(_LIKE_OFFICE.match(whole))
        yield from (name for name in names if _NAME.fullmatch(name) and len(_fold(name)) >= 2)


def _fold(text: str) -> str:
    plain = _BLANKS.sub(" ", unicodedata.normalize("NFKC", text).strip().casefold())
    # Between Latin letters a blank parts two words, beside Japanese characters it parts nothing.
    kept = _LATIN_WORDS.sub("\x00", plain).replace(" ", "").replace("\x00", " ")
    return kept.translate(_SAME_NAME)
