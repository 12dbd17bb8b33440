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

from sumida_data.base.characters import HYPHENS, drop_unseen
from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, Row

_BLANKS = re.compile(r"[\s・･]+")
_BETWEEN_NAMES = re.compile(r"[、,，/／;；&＆\n]+")
_REMARK = re.compile(r"[(（\[【「](.*?)[)）\]】」]")
# A reading in kana or Latin letters is another name of the same person; ヘルプデスク is none.
_READING = re.compile(r"[ぁ-ゖァ-ヺー]+[\s・･]+[ぁ-ゖァ-ヺー]+|[A-Za-z]+[\s.]+[A-Za-z]+")
_LABEL = re.compile(r"^.*?[:：]")
_OFFICE = re.compile(r"(?:課|部|室|係|局|所|署|担当|センター|グループ)$")
_HEAD = re.compile(r"(?:課|部|室|係|局|所)長(?:補佐)?$")
_OFFICE_BEFORE_NAME = re.compile(r"^\S*(?:課|係|局|署|担当|センター|グループ)(?=\S{3,}$)")
_LIKE_OFFICE = re.compile(r"^\S{1,2}[部所室]$")
_REACHES = re.compile(r"^(?:内線?|電話|tel|ext|fax)?[\d().:+-]+$", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_]+(?:[\s・･.]+[^\W\d_]+)*")
_TITLES = (
    "さん|さま|様(?!式|々|相|子|態)|氏(?!名)|殿|君|先生|主事|主任|主査|係長|課長|部長|局長|室長|所長|館長|"
    "次長|副?参事|職員|担当|統括"
)
_TITLE = re.compile(rf"(?:{_TITLES})$")
_BEFORE_NAME = "担当者?|連絡先|記入者|作成者?|問い?合わ?せ先?|職員|主事|主任|主査|課|係|室"
# Old and new forms of characters that names are written with by one hand or the other.
_SAME_NAME = str.maketrans(
    "髙﨑邊邉齋齊斉濵濱澤櫻嶋嶌廣眞惠國德條瀨舘", "高崎辺辺斎斎斎浜浜沢桜島島広真恵国徳条瀬館"
)
_SAME_NAME_TOO = str.maketrans("𠮷峯龍藪渕萬靜禮曻栁槗舩", "吉峰竜薮淵万静礼昇柳橋船")
_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
_JAPANESE = r"[\u3400-\u9fff々ヶ]"
_WHOLE_NAME = re.compile(rf"{_JAPANESE}{{3,5}}")
_WHOLE_AFTER_WORDS = re.compile(rf"{_JAPANESE}{{4,}}")
_LATIN_WORDS = re.compile(r"(?<=[a-z]) (?=[a-z])")
_SEPARATORS = re.compile(r"[-\s.,_/|=＝・･]+")
_SHORT, _SHORT_IN_KANA = 2, 3


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
        parts = [r"(?!)", *(part for name in names for part in _describe(name))]
        # A family name alone is also a place or a word; beside a title it is a person.
        titles, before = (words.translate(_KATAKANA) for words in (_TITLES, _BEFORE_NAME))
        for family in sorted({_fold(_BLANKS.split(name)[0]) for name in names}):
            spelled = _space(family)
            parts.append(rf"(?<!{_JAPANESE}){spelled} ?(?:{titles})")
            if len(family) > 1:
                parts.append(rf"(?:{before})[ハ: ]*{spelled}(?!{_JAPANESE})")
        return re.compile("|".join(parts))

    def finds(self, text: str) -> bool:
        """Tell whether one of the names stands in the text."""
        return self._pattern.search(_fold(text)) is not None or (
            bool(self.named_texts) and digest_text(text) in self.named_texts
        )


def find_named_cells(
    screen: NameScreen, frames: Mapping[str, pd.DataFrame], dictionary: DataDictionary
) -> Iterator[Row]:
    """Yield a row of table ``personal_hit`` for each cell in which a name stands."""
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
    return sha256(_spell(text).encode()).hexdigest()


def _describe(name: str) -> Iterator[str]:
    """Yield the expressions for a name, whichever of its words comes first."""
    words = [word for word in map(_fold, _BLANKS.split(name)) if word]
    for ordered in {tuple(words), tuple(reversed(words))}:
        joined = "".join(ordered)
        is_kana = re.fullmatch("[ァ-ヺー]+", joined) is not None
        if name.isascii():
            yield rf"(?<![a-z]){' '.join(ordered)}(?![a-z])"
        elif len(joined) > (_SHORT_IN_KANA if is_kana else _SHORT):
            yield _space(joined)
        elif len(words) == 1:
            yield rf"^{_space(joined)}$"
        else:
            # Two characters may be a part of another word, unless they stand apart from kanji.
            yield rf"(?:(?<!{_JAPANESE})|(?<=[当者事任査員課係])){_space(joined)}(?!{_JAPANESE})"


def _space(name: str) -> str:
    """Return the expression for a name in Japanese, in which blanks part nothing."""
    return " ?".join(map(re.escape, name.replace(" ", "")))


def _split(cover: str) -> Iterable[str]:
    """Yield the names of a cell such as ``税務課 山田　太郎（主任）、鈴木``."""
    plain = unicodedata.normalize("NFKC", drop_unseen(cover))
    yield from (one for one in _REMARK.findall(plain) if _READING.fullmatch(one.strip()))
    for part in _BETWEEN_NAMES.split(_REMARK.sub("", plain)):
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
    return _NAME.fullmatch(text) is not None and len(_fold(text).replace(" ", "")) >= 2


def _spell(text: str) -> str:
    plain = _BLANKS.sub(" ", unicodedata.normalize("NFKC", text).strip().casefold())
    # Between Latin letters a blank parts two words, beside Japanese characters it parts nothing.
    kept = _LATIN_WORDS.sub("\x00", plain).replace(" ", "").replace("\x00", " ")
    return kept.translate(_SAME_NAME)


def _fold(text: str) -> str:
    """Return the text with one form of what makes no other name: marks, kana, blanks, hyphens."""
    plain = unicodedata.normalize("NFKC", drop_unseen(text)).casefold()
    plain = plain.translate(_SAME_NAME | _SAME_NAME_TOO | _KATAKANA)
    return _SEPARATORS.sub(" ", plain.translate(HYPHENS)).strip()
