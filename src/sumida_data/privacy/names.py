"""Finding the names of those who filled in a form, wherever else they wrote them.

The names are known only while the returns are read. What leaves that stage says in which cell a
name stands, never which.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, Row

_BLANKS = re.compile(r"[\s・･]+")
_BETWEEN_NAMES = re.compile(r"[、,，/／;；&＆\n]+")
_REMARK = re.compile(r"[(（\[【「].*?[)）\]】」]")
_LABEL = re.compile(r"^.*?[:：]")
_OFFICE = re.compile(r"(?:課|部|室|係|局|所|署|担当|センター|グループ)$")
_HEAD = re.compile(r"(?:課|部|室|係|局|所)長(?:補佐)?$")
_OFFICE_BEFORE_NAME = re.compile(r"^\S*(?:課|係|局|署|担当|センター|グループ)(?=\S{3,}$)")
_LIKE_OFFICE = re.compile(r"^\S{1,2}[部所室]$")
_REACHES = re.compile(r"^(?:内線?|電話|tel|ext|fax)?[\d().:+-]+$", re.IGNORECASE)
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
_WHOLE_NAME = re.compile(rf"{_JAPANESE}{{3,5}}")
_WHOLE_AFTER_WORDS = re.compile(rf"{_JAPANESE}{{4,}}")
_LATIN_WORDS = re.compile(r"(?<=[a-z]) (?=[a-z])")


@dataclass(frozen=True)
class NameScreen:
    """Finds names in texts; made once from all cover sheets.

    Attributes:
        covers: What the cover sheets give as names, as it stands there.
        named_texts: Digests of texts in which a name stood that is known no more.
    """

    covers: frozenset[str] = field(repr=False)
    named_texts: frozenset[str] = frozenset()

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
        return self._pattern.search(_fold(text)) is not None or (
            bool(self.named_texts) and digest_text(text) in self.named_texts
        )


def find_named_cells(
    screen: NameScreen, frames: Mapping[str, pd.DataFrame], dictionary: DataDictionary
) -> Iterator[Row]:
    """Yield a row of table ``personal_hit`` for each cell in which a name stands.

    Args:
        screen: Knows the names.
        frames: Tables by name; all their texts that may ever be published are looked at.
        dictionary: Descriptions of the tables.
    """
    for name, frame in frames.items():
        texts = [
            item.name
            for item in dictionary[name].fields
            if (item.published or item.screened or item.free_text)
            and item.type == "string"
            and not item.enum
        ]
        found = {
            text
            for column in texts
            for text in frame[column].dropna().unique()
            if screen.finds(text)
        }
        concerned = frame[frame[texts].isin(found).any(axis="columns")] if found else frame[:0]
        for row in read_rows(concerned):
            for column in (one for one in texts if row[one] in found):
                yield {
                    "row_id": f"{name}/{row['row_id']}/{column}",
                    "table_name": name,
                    "record_id": row["row_id"],
                    "field": column,
                }


def digest_text(text: str) -> str:
    """Return what identifies a text, however wide its characters are, without telling it."""
    return sha256(_fold(text).encode()).hexdigest()


def _describe(name: str) -> str:
    """Return the expression for a whole name; two characters must stand alone to be one."""
    if name.isascii():
        return rf"(?<![a-z]){re.escape(name)}(?![a-z])"
    return re.escape(name) if len(name) > 2 else rf"^{re.escape(name)}$"


def _split(cover: str) -> Iterable[str]:
    """Yield the names of a cell such as ``税務課 山田　太郎（主任）、鈴木``."""
    for part in _BETWEEN_NAMES.split(_REMARK.sub("", cover)):
        whole = _LABEL.sub("", part).strip()
        # 山田・鈴木 are two people, ジョン・スミス is one.
        for name in {whole, *re.split("[・･]", whole)}:
            yield from (one for one in _list_readings(name) if _is_name(one))


def _list_readings(text: str) -> Iterable[str]:
    """Yield what may be the name of one person in a text with an office or a title."""
    words = [word for word in _BLANKS.split(text) if word and not _REACHES.match(word)]
    # In front of a name, 税務課長 is an office; alone, 山田課長 is a person.
    words = [word for word in words[:-1] if not _HEAD.search(word)] + words[-1:]
    words = [bare for word in words if (bare := _TITLE.sub("", word))]
    named = [word for word in words if not _OFFICE.search(word)]
    yield " ".join(named)
    if words and _LIKE_OFFICE.match(words[0]):
        # 服部 and 田所 are families and look like offices.
        yield " ".join(words[:1] + named)
    # さくら after 架空 is a given name, and a town; 山田太郎 after anything is a whole one.
    if len(named) == 1 or (named and _WHOLE_AFTER_WORDS.fullmatch(named[-1])):
        yield named[-1]
        yield _OFFICE_BEFORE_NAME.sub("", named[-1])
    if all(map(_WHOLE_NAME.fullmatch, named)):
        yield from named


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and len(_fold(text)) >= 2


def _fold(text: str) -> str:
    plain = _BLANKS.sub(" ", unicodedata.normalize("NFKC", text).strip().casefold())
    # Between Latin letters a blank parts two words, beside Japanese characters it parts nothing.
    kept = _LATIN_WORDS.sub("\x00", plain).replace(" ", "").replace("\x00", " ")
    return kept.translate(_SAME_NAME)
