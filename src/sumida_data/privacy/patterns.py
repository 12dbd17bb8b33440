"""Finding what reaches or describes a person in a text, by what it looks like.

A text is looked at in one plain form: width, hyphens and digits are made alike on a copy, because
the same number is written ０３－５６０８－１１１１, 03(5608)1111 or 〇三ー五六〇八ー一一一一.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Literal

from sumida_data.base.characters import BRACKETS, HYPHENS, drop_unseen
from sumida_data.survey.reading.text.numbers import parse_kanji

Kind = Literal[
    "mail_address", "phone_number", "extension", "my_number", "personal_number", "address",
    "birth_date", "circumstance", "person_name", "few_people",
]  # fmt: skip

_KANJI = r"[\u3400-\u9fff々ヶ]"
_COUNTER = "丁目|番|号|年|月|日|歳|才"
_KANJI_DIGITS = re.compile(
    rf"[〇零一二三四五六七八九十百]{{1,16}}(?={_COUNTER}|(?<=[^十百])(?!{_KANJI}))|[〇零一二三四五六七八九]{{3,16}}"
)
_LONG_MARK = re.compile(r"(?<=[\d)])\s*[ー〜~の]\s*(?=[\d(])")
# A comma before three digits parts thousands, any other the next number; ～6 is another line.
_ENDS = r"(?!\d|,\d{3}(?![\d-])|\.\d|-\d{3})"
_UNITS = "台|件|回線|本|人|名|年|か所|箇所|%|円|枚|通|冊|部|世帯"

_AT = (
    r"\s*(?:@|\(\s*(?:@|at|アット(?:マーク)?|あっと(?:まーく)?)\s*\)|<\s*(?:at|@)\s*>|[_-]at[_-]"
    r"|(?<=[\w.+-])\sat\s|[★☆●◎◆#*](?=[a-z0-9-]+\.))\s*"
)
_DOT = r"\s?(?:\.|\(\s*(?:dot|ドット)\s*\)|\sdot\s)\s?"
_MAIL = re.compile(
    rf"[\w.+-]{{1,64}}{_AT}[a-z0-9-]{{1,63}}(?:{_DOT}[a-z0-9-]{{1,63}}){{0,8}}{_DOT}[a-z]{{2,}}",
    re.IGNORECASE,
)
_GAP = r"[-. ()/・_]{1,3}"
_GROUPED_PHONE = re.compile(
    rf"(?<!\d)(?<!\d[-./,])(?:\+81[- ]?(?:\(0\))?|\(?0)\d{{1,4}}{_GAP}\d{{1,4}}{_GAP}"
    rf"\d{{3,4}}{_ENDS}"
)
_BARE_PHONE = re.compile(r"(?<![\d.,])(?:0[1-9]\d{8}|0[5-9]0\d{8}|\+81[1-9]\d{8,9})" + _ENDS)
_LABELLED_PHONE = re.compile(
    r"(?:電話|携帯|直通|代表|ダイヤルイン|☎|tel|fax|phone|ファッ?クス)(?:番号)?[ :は.]*"
    r"\(?(?:\d{2,5}[-)] ?)?\d{1,4}-\d{4}(?!\d|年|-\d{3})",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"(?:内線(?:番号|電話)?|\bext(?:ension)?\b|\(内(?=\)))(?:no|[ :.は=)(-]){0,6}\d{2,5}"
    rf"(?!\d|(?:,\d{{3}})* ?(?:{_UNITS}))",
    re.IGNORECASE,
)

_BETWEEN = r"[-\s./_・,:|()]{0,3}"
_TWELVE_DIGITS = re.compile(rf"(?<!\d)(?<!\d[-. ,])\d(?:{_BETWEEN}\d){{11}}(?!\d|[-. ,]\d)")
_LABELLED_MY_NUMBER = re.compile(
    r"(?:(?:マイナンバー|個人番号)(?!カード)|my ?number)[^\d]{0,8}"
    rf"\d(?:{_BETWEEN}\d){{11}}(?!\d)",
    re.IGNORECASE,
)
_YEARS = re.compile(r"(?:(?:19|20)\d\d\D+){2}(?:19|20)\d\d|(?:(?:19|20)\d\d(?:0\d|1[0-2])\D*){2}")
_SIZES_OF_GROUPS = {(12,), (6, 6), (4, 4, 4), (3, 3, 3, 3), (2,) * 6, (1,) * 12}
_PERSONAL_NUMBERS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:住民票?コード|宛名番号|宛名no|世帯番号|口座|旅券|パスポート|免許証?|在留カード"
        r"|保険者(?:証|番号)|保険証|年金番号|受給者番号|患者番号|手帳番号|職員番号)"
        r"(?:の?番号|no|普通|[のは第:.=() ]){0,6}[a-z]{0,2}[- ]?\d(?:[- ]?\d){4,}"
        rf"(?!\d|,\d|{_UNITS})",
        rf"(?:(?:普通|当座|貯蓄)(?:預金)?|\([普当]\))[ :(]*\d[\d-]{{5,7}}(?!\d|,|{_UNITS})",
        r"記号[ :]?\d[\d-]{1,7}.{0,3}番号[ :]?\d{3,8}",
        r"(?<![a-z\d])(?:[a-z]{2}\d{7}|[a-z]{2}\d{8}[a-z]{2})(?![a-z\d])",
    )
]
_NO_TOWN = (
    "[表図式紙号番料目章節項録票版期第頁分書成和正治例型集計級類種課案冊回"
    "策系標業革題画務能要性法略点面]"
)
_ADDRESSES = [
    re.compile(pattern)
    for pattern in (
        r"\d丁目 ?\d+(?:番(?!地区|線|目|街区)|号|-\d)",
        r"\d番地(?!区|域)",
        r"(?<!第)(?<!\d)\d{1,3}番\d{1,3}号",
        rf"{_KANJI}(?<!{_NO_TOWN})\d{{1,2}}-\d{{1,3}}-\d{{1,4}}(?!\d|-\d{{5}})",
        r"[都道府県区市郡町村][ぁ-ん\u30a1-\u9fff々]{1,8}(?<!" + _NO_TOWN + r")\d{1,4}-\d{1,4}"
        r"(?![\d年月歳才人件名個台%時分回号期度校か箇階丁学点.]|-?\d{3})",
        r"住所[^\d]{0,12}\d+-\d+",
        r"(?:マンション|アパート|ハイツ|コーポ|ハイム|メゾン|レジデンス|荘)\D{0,6}\d{2,4}号室",
    )
]
_DATE = (
    r"(?:(?:明治?|大正?|昭和?|平成?|令和?|[MTSHR]) ?\d{1,2}|(?:19|20)\d\d)"
    r"[年./-] ?\d{1,2}[月./-] ?\d{1,2}日?|(?<!\d)(?:19|20)\d{6}(?!\d)"
)
_BIRTH_DATES = [
    re.compile(
        rf"(?<!から)(?<!から )(?<![-~至])(?:{_DATE}) ?(?:生(?![涯活産徒成命])|うまれ)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?:生年月日|誕生日|生れ|\bborn|\bdob)[^\d\w]{{0,3}}は?[: ]*(?:{_DATE})", re.IGNORECASE
    ),
]
_AGE = re.compile(
    r"(?<![\d~-])(?<!から)\d{1,3}(?:歳|才)"
    r"(?!以|未満|まで|から|を?超|に?到達|に達|にな|児|時|前|代|[-~〜])"
)
_PERSON = re.compile("男|女|夫|妻|母|父|息子|娘|孫|独居|単身|本人|患者|世帯主|さん|様|氏")
_CIRCUMSTANCE = re.compile(
    "(?:統合失調|うつ|認知症|糖尿|がん|癌|脳梗塞|脳卒中|透析|難病|精神|障害|障がい|要介護|要支援|寝たきり|入院|通院"
    "|生活保護|保護受給|DV|虐待|ひきこもり|不登校|滞納|離婚|自殺|死亡|妊娠|ホームレス|失業|借金|依存症|HIV|感染"
    "|母子家庭|父子家庭|服役|前科)(?!検診|健診|予防|相談|手当|サポーター|教室|の?検査)"
)
_AROUND = 20
_TITLED = re.compile(
    rf"(?<!{_KANJI})(?P<family>{_KANJI}{{1,5}}|{_KANJI}{{1,3}} {_KANJI}{{1,3}}"
    rf"|{_KANJI}{{1,3}} ?(?![のはがをにへとでもやな])[ぁ-ん]{{2,4}}?|[ァ-ヺー]{{2,8}}) ?"
    r"(?:さん(?!ぽ)|さま(?!ざ)|様(?![式々相子態変似])|氏(?![名族神])|殿(?![堂下町]))"
)
_NO_PERSON = re.compile(
    r"お?[皆各同仕多模有王神奥世何両摂華彼御宮貴母父兄姉娘嫁婿孫子親客一異左今図文紋唐某諸社拝本沈源外内]|大家|氏子"
    r"|.*(?:[客者員長主人婦医師屋店社会課係局院館署々達寺園校役位嬢手士]|.{2}生|(?<!緒)方|友人|仲間|団体|組合|先生|学生|事業所|役所|本部|支部)"
    r"|(?:ベビー)?(?:ヘルパー|スタッフ|ボランティア|ママ|パパ|ユーザー?|オーナー|ドライバー|ケアマネ(?:ジャー)?|サポーター|メンバー"
    r"|シニア|テナント|パートナー|リーダー|モニター|アルバイト|シッター|ガイド|コーチ|ナース|ドクター)"
)
_NAMED = re.compile(
    r"(?:氏名|申請者名?|世帯主名?|保護者名|代表者名|本人)[: ]*:[: ]*"
    rf"(?:{_KANJI}{{1,4}} {_KANJI}{{1,4}}|{_KANJI}{{3,5}}(?<![者員課係部局所人等書]))"
)


_SHARE = re.compile(
    r"(\d{1,6}) ?(?:人|名|世帯)(?:中|のうち|の内)[^\d]{0,3}(\d{1,6}) ?(?:人|名|世帯)(?!日|月)"
)
_FEW = 10


def make_plain(text: str) -> str:
    """Return the text with plain letters, hyphens and brackets; only for looking at it."""
    plain = unicodedata.normalize("NFKC", drop_unseen(text)).replace("﹫", "@")
    return " ".join(plain.translate(HYPHENS).translate(BRACKETS).split())


@lru_cache(maxsize=1 << 17)
def find_kinds(text: str) -> tuple[Kind, ...]:
    """Say what kinds of data that reach or describe a person stand in a text.

    Args:
        text: Any text; numbers of at least twelve digits may be given as text.

    Returns:
        The kinds, each once.
    """
    words = make_plain(text)
    plain = _LONG_MARK.sub("-", _KANJI_DIGITS.sub(_write_digits, words))
    return tuple(
        kind
        for kind, is_in in _DETECTORS.items()
        if is_in(words if kind == "person_name" else plain)
    )


def _write_digits(found: re.Match[str]) -> str:
    number = parse_kanji(found[0].replace("零", "〇"))
    digits = "" if number is None else str(number)
    # 〇三 keeps its zero.
    return digits.zfill(len(found[0])) if found[0][0] in "〇零" else digits or found[0]


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
    if _LABELLED_MY_NUMBER.search(plain):
        return True
    return any(
        _is_grouped_alike(found[0]) and is_my_number(re.sub(r"\D", "", found[0]))
        for found in _TWELVE_DIGITS.finditer(plain)
    )


def _is_grouped_alike(written: str) -> bool:
    """Tell twelve digits that are one number from amounts, years and numbers side by side."""
    sizes = tuple(map(len, re.findall(r"\d+", written)))
    is_amount = "," in written and sizes[-1] == 3
    return sizes in _SIZES_OF_GROUPS and not is_amount and not _YEARS.fullmatch(written)


def _has_circumstance(plain: str) -> bool:
    """Tell whether an age stands beside a person and an illness or trouble."""
    for found in _AGE.finditer(plain):
        around = plain[max(0, found.start() - _AROUND) : found.end() + _AROUND]
        if _PERSON.search(around) and _CIRCUMSTANCE.search(around):
            return True
    return False


def _has_person_name(words: str) -> bool:
    titled = (found["family"] for found in _TITLED.finditer(words))
    return any(not _NO_PERSON.fullmatch(one) for one in titled) or bool(_NAMED.search(words))


def _tells_of_few(plain: str) -> bool:
    """Tell whether of so many people so few are said, or are left: 8人中1人."""
    pairs = ((int(whole), int(part)) for whole, part in _SHARE.findall(plain))
    return any(0 < part < _FEW or 0 < whole - part < _FEW for whole, part in pairs)


def _has(*patterns: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda plain: any(pattern.search(plain) for pattern in patterns)


_DETECTORS: Final[dict[Kind, Callable[[str], bool]]] = {
    "mail_address": _has(_MAIL),
    "phone_number": _has_phone_number,
    "extension": _has(_EXTENSION),
    "my_number": _has_my_number,
    "personal_number": _has(*_PERSONAL_NUMBERS),
    "address": _has(*_ADDRESSES),
    "birth_date": _has(*_BIRTH_DATES),
    "circumstance": _has_circumstance,
    "person_name": _has_person_name,
    "few_people": _tells_of_few,
}
