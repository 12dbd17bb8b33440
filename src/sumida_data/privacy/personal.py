"""Finding in texts what reaches, describes or names a person.

By what it looks like: a text is looked at in one plain form, with width, hyphens and digits made
alike on a copy, because the same number is written ０３－５６０８－１１１１, 03(5608)1111 or
〇三ー五六〇八ー一一一一. And by the names of those who filled in a form, wherever else they wrote
them. These names are known only while the returns are read. What leaves that stage says in which
cell there is a name, never which.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from hashlib import sha256
from itertools import filterfalse

import pandas as pd

from sumida_data.base.characters import BRACKETS, HYPHENS, drop_unseen, write_plainly
from sumida_data.base.metadata import DataDictionary, Field, Row
from sumida_data.survey.reading.text import parse_kanji

Judge = Callable[[re.Match[str]], object]

_KANJI = r"[\u3400-\u9fff々ヶ]"
_COUNTER = "丁目|番|号|年|月|日|歳|才|代"
_KANJI_DIGITS = re.compile(
    rf"[〇零一二三四五六七八九十百]{{1,16}}(?={_COUNTER}|(?<=[^十百])(?!{_KANJI}))|[〇零一二三四五六七八九]{{3,16}}"
)
_LONG_MARK = re.compile(r"(?<=[\d)])\s*[ー〜~のノ]\s*(?=[\d(])")
# A comma before three digits parts thousands, any other the next number; ～6 is another line.
_ENDS = r"(?!\d|,\d{3}(?![\d-])|\.\d|-\d{3})"
_UNITS = "台|件|回線|本|人|名|年|か所|箇所|%|円|枚|通|冊|部|世帯"
_SPOKEN = "(?:全角)?(?:アット(?:マーク)?|あっと(?:まーく)?)"
_AT = (
    rf"\s*(?:@|[^\w\s.]\s*(?:@|a|at|{_SPOKEN})\s*[^\w\s.]|_at_|{_SPOKEN}(?=[a-z\d])"
    r"|(?<=[\w.+-])\sat\s|[★☆●○◎◆■□#*](?=[a-z0-9-]+\.))\s*"
)
_DOT = r"\s?(?:\.|,(?=jp|com|org)|\(\s*dot\s*\)|\(?\s*ドット\s*\)?|\sdot\s)\s?"
_GAP = r"[-. ()/・_=*]{1,3}"
_BETWEEN = r"[\W_]{0,3}"
_YEARS = re.compile(r"(?:(?:19|20)\d\d\D+){2}(?:19|20)\d\d|(?:(?:19|20)\d\d(?:0\d|1[0-2])\D*){2}")
_SIZES_OF_GROUPS = {(12,), (6, 6), (4, 4, 4), (3, 3, 3, 3), (2,) * 6, (1,) * 12}
_NO_TOWN = (
    "[表図式紙号番料目章節項録票版期第頁分書成和正治例型集計級類種課案冊回"
    "策系標業革昭機室班護題画務能要性法略点面]"
)
_DATE = (
    r"(?:(?:明治?|大正?|昭和?|平成?|令和?|[MTSHR]) ?(?:\d{1,2}|元)|(?:19|20)\d\d)"
    r"[年./・-] ?\d{1,2}[月./・-] ?\d{1,2}日?|(?<!\d)(?:19|20|[MTSHR])\d{6}(?!\d)"
    r"|\d{1,2}(?:/\d{1,2}/|月\d{1,2}日 ?\(?)(?:19|20)\d\d"
)
# 病 and 症 are in the names of most illnesses.
_CIRCUMSTANCE = re.compile(
    "(?:うつ|認知|がん|癌|腫瘍|脳梗塞|脳卒中|透析|精神|障害|障がい|てんかん|肝硬変|介護[1-5]|要支援|寝たきり|入院|通院|生活保護|保護受給|DV|虐待"
    "|[引ひ]きこもり|不登校|滞納|離婚|自殺|死亡|妊娠|ホームレス|失業|借金|破産|HIV|エイズ|ALS|感染|母子家庭|父子家庭|服役"
    "|前科|在留資格|ペースメーカー|車椅子|車いす|病(?!院|児|棟)|症(?!例|状))"
    "(?!検診|健診|予防|相談|手当|サポーター|教室|の?検査)"
)
_PERSON = re.compile(
    "男|女|夫|妻|母|父|息子|娘|孫|独居|単身|本人|患者|世帯主|さん|様|氏|[治療]療中|受給"
)
_SERVICE = re.compile(
    "[検健]診|健康診査|予防|相談|手当|教室|助成|減免|認定|事業|対象|給付|講座|接種|届|案内"
)
_AROUND, _FEW, _LONGEST_LIST = 20, 10, 8
_NO_PERSON = re.compile(
    r"子ども|子供|マイナ|相撲|お?[赤皆各同仕多模有王神奥世何両摂華彼御宮貴母父兄姉娘嫁婿孫子親客一異左今図文紋唐某諸社拝本沈源外内]|大家|氏子"
    r"|[ぁ-ん]*(?:みな|こども|[たよ]く|あり|ひとり|どなた|あなた|まわり|(?:お|の)[かとじばにね][あういえ])"
    r"|.*(?:[客者員長主婦医師屋店社会課係局院館署々達寺園校役位嬢手士]|(?<! .)人|[友本個法]人"
    r"|.{2}生|(?<!緒)方|仲間|団体|クラブ|組合|先生|学生|事業所|役所|本部|支部)"
    r"|(?:ベビー)?(?:ヘルパー|スタッフ|ボランティア|ママ|パパ|ユーザー?|オーナー|ドライバー|ケアマネ(?:ジャー)?|サポーター|メンバー"
    r"|シニア|テナント|パートナー|リーダー|モニター|アルバイト|シッター|ガイド|コーチ|ナース|ドクター)"
)

# In schools and practices, words replace names: 担任の先生, 担当医師, 諸君.
_NO_TEACHER = re.compile(
    "新婚|市|.*諸|[^ ]*(?:外国"
    "|[任担当教学級科語楽年諭職生部業託勤直治門急診宅方種養練監察健数各全別導修療獣定該約続内区])"
)

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
_WHOLE_NAME = re.compile(rf"{_KANJI}{{3,5}}")
_WHOLE_AFTER_WORDS = re.compile(rf"{_KANJI}{{4,}}")
_LATIN_WORDS = re.compile(r"(?<=[a-z]) (?=[a-z])")
_SEPARATORS = re.compile(r"[-\s.,_/|=＝・･]+")
_SHORT, _SHORT_IN_KANA = 2, 3


@lru_cache(maxsize=1 << 17)
def find_kinds(text: str) -> tuple[str, ...]:
    """Return the kinds of data in a text that reach or describe a person, each once.

    Numbers of at least twelve digits may be given as text.
    """
    # Plain letters, hyphens and brackets, only for looking at the text.
    words = unicodedata.normalize("NFKC", write_plainly(drop_unseen(text))).replace("﹫", "@")
    words = " ".join(words.translate(HYPHENS).translate(BRACKETS).split())
    digits = _KANJI_DIGITS.sub(_write_digits, words)
    plain = _LONG_MARK.sub("-", digits)
    looked_at = {"person_name": words, "circumstance": digits}
    return tuple(
        kind
        for kind, patterns in _make_detectors().items()
        for text in [looked_at.get(kind, plain)]
        if any(is_one(found) for one, is_one in patterns for found in one.finditer(text))
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


def _is_phone_number(found: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", found[0])
    if international := re.match(r"(?:\+|00)81", found[0]):
        digits = "0" + re.sub(r"\D", "", found[0][international.end() :]).removeprefix("0")
    is_mobile = len(digits) == 11 and digits[1] in "56789" and digits[2] == "0"
    return not digits.startswith("00") and (len(digits) == 10 or is_mobile)


def _is_grouped_my_number(found: re.Match[str]) -> bool:
    """Tell whether twelve digits are one number, not amounts, years or numbers side by side."""
    sizes = tuple(map(len, re.findall(r"\d+", found[0])))
    # 123,456,789,018 is an amount, 1000+2000=3000 a sum, 10:30-11:45, 13:00 are times.
    is_mixed = len(set(re.findall(r"\D+", found[0]))) > 1 and (sizes[0] < 3 or "=" in found[0])
    is_amount = is_mixed or ("," in found[0] and sizes[-1] == 3)
    is_other = sizes not in _SIZES_OF_GROUPS or is_amount or _YEARS.fullmatch(found[0])
    return not is_other and is_my_number(re.sub(r"\D", "", found[0]))


def _has_circumstance(age: re.Match[str]) -> bool:
    """Tell whether an age is beside an illness or trouble, of a person and no service."""
    around = age.string[max(0, age.start() - _AROUND) : age.end() + _AROUND]
    # 40代の女性 may also be those for whom a service is.
    is_person = "代" not in age[0] and _PERSON.search(around)
    return bool((is_person or not _SERVICE.search(around)) and _CIRCUMSTANCE.search(around))


def _is_titled(titled: re.Match[str]) -> bool:
    """Tell whether the word before a title is a name."""
    family, is_of_school = titled["family"], titled[0].endswith(("先生", "医師", "妻"))
    is_word = bool(_NO_PERSON.fullmatch(family))
    if titled[0].endswith("君"):
        # 名君が and 主君の are words of two characters.
        return not (is_word or family.endswith("諸") or (len(family) == 1 and titled["follows"]))
    return not (is_word or (is_of_school and _NO_TEACHER.fullmatch(family)))


def _is_no_list(numbers: re.Match[str]) -> bool:
    """Tell whether numbers may be those of a house, not some in a row: 1・2・3."""
    first, second, third = map(int, numbers.group(1, 3, 4))
    return not (first < second < third <= first + _LONGEST_LIST)


def _is_of_few(share: re.Match[str]) -> bool:
    """Tell whether a text counts few people of a group, or leaves few: 8人中1人."""
    whole, part = map(int, share.groups())
    return 0 < part < _FEW or 0 < whole - part < _FEW


# By kind, patterns with the functions that judge their matches.
_PATTERNS: dict[str, dict[str, Judge]] = {
    "mail_address": {
        rf"[\w.+-]{{1,64}}{_AT}[\w-]{{1,63}}(?:{_DOT}[\w-]{{1,63}}){{0,8}}"
        rf"{_DOT}[a-z]{{2,}}": bool
    },
    "phone_number": {
        r"(?<![\d.,])(?:0[1-9]\d{8}|0[5-9]0[- ]?\d{8}|\+81[1-9]\d{8,9})" + _ENDS: bool,
        r"(?:電話|携帯|直通?|代表|ダイヤルイン|☎|\(f\)|tel|fax|phone|ファッ?クス)(?:番号)?[ :は.]*"
        r"\(?(?:\d{2,5}[-)] ?)?\d{1,4}-\d{4}(?!\d|年|-\d{3})": bool,
        rf"(?<!\d)(?<!\d[-./,])(?:(?:\+|00)81[- ]?(?:\(0\))?|\(?0)\d{{1,4}}{_GAP}\d{{1,4}}{_GAP}"
        rf"\d{{3,4}}{_ENDS}": _is_phone_number,
    },
    "extension": {
        r"(?:(?:内線|ナイセン|庁内電話|phs)(?:番号|電話)?|\bext(?:ension)?(?![a-z])|\(内(?=[・)]))"
        rf"(?:no|[ :.は=)(#・-]){{0,6}}\d{{2,5}}(?!\d|(?:,\d{{3}})* ?(?:{_UNITS}))": bool,
        r"(?:庁内|\bint\.? ?|(?<![a-z\d\u30a1-\u30f6ー-])x)\d{4}"
        r"(?=[のへにまをと) ・、。,/]|$)(?! ?\d|,\d)": bool,
        # Of a number before it, 内 says how many of these.
        r"(?<!\d)(?<!\d.)(?<!\d..)(?:(?<![^\W\d_])|(?<=係))内[ :・/]*\d{3,5}"
        r"(?=[) ・、。,/まに]|$)": bool,
    },
    "my_number": {
        r"(?:(?:マイナンバー|個人番号)(?!カード)|my ?number)[^\d]{0,8}"
        rf"\d(?:{_BETWEEN}\d){{11}}(?!\d)": bool,
        rf"(?<!\d)(?<!\d[-. ,])\d(?:{_BETWEEN}\d){{11}}(?!\d|[-. ,]\d|{_UNITS})": (
            _is_grouped_my_number
        ),
    },
    "personal_number": {
        r"(?:口座|旅券|パスポート|免許証?|運転経歴証明書|在留カード|特別永住者証明書|保険者?証|振込先"
        r"|ゆうちょ(?:銀行)?|(?:住民票?|住基(?:カード)?|宛名?|世帯|個人|納税(?:義務)?者|職員|学籍|患者|カルテ|ケース"
        r"|(?:受給|保険|負担)者証?|被保|医療証|通帳|年金|手帳)(?=の?番|コード|no|id| ?#|\D{0,4}第)"
        r"|(?:宛名|カルテ|学籍|住基)(?=\W{0,3}\d))"
        r"(?:の?番号?|コード|no|id|普通|[^\d\s]{0,3}第|名義[^\d]{0,8}|[のは:.=#() ]){0,6}"
        rf"[a-z]{{0,2}}[- ]?\d(?:[- ]?\d){{4,}}(?!\d|,\d|{_UNITS})": bool,
        r"(?:(?:普通|当座|貯蓄)(?:預金)?(?:no)?|\([普当]\)|(?<![^\W\d_])普)[ .:(]*\d[\d-]{5,7}"
        rf"(?!\d|,|{_UNITS})": bool,
        rf"(?:支店|出張所)\D{{0,8}}\d{{7}}(?!\d|,|{_UNITS})": bool,
        r"記号(?:[ :]?\d[\d-]{1,7}.{0,3}|・)番号[ :]?\d[\d-]{2,8}": bool,
        r"(?<![a-z\d])(?:[a-z]{2}\d{7}|[a-z]{2}\d{8}[a-z]{2})(?![a-z\d])": bool,
    },
    "address": {
        r"\d丁目 ?\d+(?:番(?!地区|線|目|街区)|号|-\d)": bool,
        r"\d番地(?!区|域)|字[^\d]{1,6}\d+番\d": bool,
        r"(?<!第)(?<!\d)\d{1,3}番\d{1,3}号": bool,
        rf"{_KANJI}(?<!{_NO_TOWN})\d{{1,2}}-\d{{1,3}}-\d{{1,4}}(?!\d|-\d{{5}})": bool,
        rf"{_KANJI}(?<!{_NO_TOWN}) ?(\d{{1,2}})(?P<between>[-・、/])(\d{{1,2}})(?P=between)"
        r"(\d{1,2})"
        r"(?!\d|(?P=between)\d|[年月日回期番人名件歳級校課班区号]|丁目)": _is_no_list,
        r"[都道府県区市郡町村][ぁ-ん\u30a1-\u9fff々]{1,8}(?<!" + _NO_TOWN + r")\d{1,4}-\d{1,4}"
        r"(?![\d年月歳才人件名個台%時分回号期度校か箇階丁学点.]|-?\d{3})": bool,
        r"住所[^\d]{0,12}\d+-\d+": bool,
        r"(?:マンション|アパート|ハイツ|コーポ|ハイム|メゾン|レジデンス|荘)\D{0,6}(?:\d+号?棟)?"
        r"\d{2,4}号室": bool,
    },
    "birth_date": {
        rf"(?<!から)(?<!から )(?<![-~至])(?:{_DATE}) ?"
        r"(?:うまれ|出?生(?![涯活産徒成命届分]|まれ?以))": bool,
        r"(?:生年月日|誕生日|出生|生れ|\bborn|\bdob|\b生:)(?:\W{0,3}[はが]?[: ]*|[ 明大昭平令・]+)"
        rf"(?:{_DATE})(?![\d日以]|から|ま|[-~〜])": bool,
    },
    "circumstance": {
        r"(?<!感染)(?:症|病|まひ|てんかん)の\d{1,2}[歳才]児": bool,
        r"年齢[ :は]*\d{1,3}(?!\d|以|未満|まで|から|[歳才~〜-])": _has_circumstance,
        r"(?<![\d~〜ー-])(?<!から)(?<!代[・、])\d0歳?代(?:前半|半ば|後半)?の?"
        r"(?:男性?|女性?|夫|妻|[父母]親?|息子|娘)(?=[、。,.(): ]|$)": _has_circumstance,
        r"(?<![\d~〜ー-])(?<!から)\d{1,3}(?:歳|才|さい)"
        r"(?!以|未満|まで|から|を?超|に?到達|に達|にな|児|時|前|代|[-~〜])": _has_circumstance,
    },
    "person_name": {
        rf"(?<!{_KANJI})(?P<family>{_KANJI}{{1,5}}|{_KANJI}{{1,3}} {_KANJI}{{1,3}}"
        rf"|{_KANJI}{{1,3}} ?(?![のはがをにへとでもやな])[ぁ-ん]{{2,4}}?"
        r"|(?<![ァ-ヺー])[ァ-ヺー]{2,8}) ?"
        r"(?:さん(?!ぽ)|さま(?!ざ)|くん|ちゃん|様(?![式々相子態変似])|氏(?![名族神])|殿(?![堂下町])"
        r"|君(?!が代|[ら津])(?=(?P<follows>[がの])?)|先生|医師(?!会)|[ご御]?夫妻)": _is_titled,
        rf"(?:(?<![ぁ-ん])(?<!{_KANJI})|(?<={_KANJI})[でにをのはがと])"
        r"(?P<family>[ぁ-ん]{3,9}(?: [ぁ-ん]{2,5})?) ?"
        r"(?:さん(?!ぽ)|さま(?!ざ)|様(?![式々相子態変似なにで]))": _is_titled,
        r"\bm(?:r|rs|s)\. ?[a-z]{3,}": bool,
        r"(?:氏名|[申届]請?出?者名?|記入者|作成者|世帯主名?|保護者名|代表者名|本人)[: ]*:[: ]*"
        rf"(?:{_KANJI}{{1,4}} {_KANJI}{{1,4}}|{_KANJI}{{3,5}}(?<![者員課係部局所人等書当]))"
        rf"(?!{_KANJI})": bool,
    },
    "few_people": {
        r"(\d{1,6}) ?(?:人|名|世帯)(?:中|[、,の(]{0,2}(?:うち|内))[^\d]{0,6}"
        r"(\d{1,6}) ?(?:人|名|世帯)(?!日|月)": _is_of_few
    },
}


@cache
def _make_detectors() -> dict[str, list[tuple[re.Pattern[str], Judge]]]:
    # When it is first looked for anything: most of what is imported is not, in a short run.
    return {
        kind: [(re.compile(one, re.IGNORECASE), is_one) for one, is_one in patterns.items()]
        for kind, patterns in _PATTERNS.items()
    }


@dataclass(frozen=True)
class NameScreen:
    """Finds names in texts; made once from all cover sheets."""

    covers: frozenset[str] = field(repr=False)  # what they give as names, as it is written there
    named_texts: frozenset[str] = frozenset()  # digests of texts with a forgotten name

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        names = sorted({name for cover in self.covers for name in _split(cover)})
        # With no name at all, nothing matches.
        parts = [r"(?!)", *(part for name in names for part in _describe(name))]
        # A family name alone is also a place or a word; beside a title it is a person.
        titles, before = (words.translate(_KATAKANA) for words in (_TITLES, _BEFORE_NAME))
        for family in sorted({_fold(_BLANKS.split(name)[0]) for name in names}):
            spelled = _space(family)
            parts.append(rf"(?<!{_KANJI}){spelled} ?(?:{titles})")
            if len(family) > 1:
                parts.append(rf"(?:{before})[ハ: ]*{spelled}(?!{_KANJI})")
        return re.compile("|".join(parts))

    def finds(self, text: str) -> bool:
        """Tell whether one of the names is in the text."""
        return self._pattern.search(_fold(text)) is not None or (
            bool(self.named_texts) and digest_text(text) in self.named_texts
        )


def find_named_cells(
    screen: NameScreen, frames: Mapping[str, pd.DataFrame], dictionary: DataDictionary
) -> Iterator[Row]:
    """Yield a row of table ``personal_hit`` for each cell with a name in it."""
    finds = cache(screen.finds)
    for name, frame in frames.items():
        for column in (one.name for one in dictionary[name].fields if _may_name(one)):
            found = [*filter(finds, frame[column].dropna().unique())]
            for record in frame.loc[frame[column].isin(found), "row_id"] if found else ():
                yield {
                    "row_id": f"{name}/{record}/{column}",
                    "table_name": name,
                    "record_id": record,
                    "field": column,
                }


def _may_name(item: Field) -> bool:
    is_open = item.published or item.screened or item.free_text
    return is_open and item.type == "string" and not item.enum


def digest_text(text: str) -> str:
    """Return what identifies a text, however wide its characters are, without revealing it."""
    plain = _BLANKS.sub(" ", unicodedata.normalize("NFKC", text).strip().casefold())
    # Between Latin letters a blank parts two words, beside Japanese characters it parts nothing.
    kept = _LATIN_WORDS.sub("\x00", plain).replace(" ", "").replace("\x00", " ")
    return sha256(kept.translate(_SAME_NAME).encode()).hexdigest()


def _describe(name: str) -> Iterator[str]:
    """Yield the expressions for a name, whichever of its words comes first."""
    words = [word for word in map(_fold, _BLANKS.split(name)) if word]
    for ordered in {tuple(words), tuple(reversed(words))}:
        joined = "".join(ordered)
        spelled, is_kana = _space(joined), re.fullmatch("[ァ-ヺー]+", joined) is not None
        if name.isascii():
            yield rf"(?<![a-z]){' '.join(ordered)}(?![a-z])"
        elif len(joined) > (_SHORT_IN_KANA if is_kana else _SHORT):
            yield spelled
        elif len(words) == 1:
            yield rf"^{spelled}$"
        else:
            # Two characters may be a part of another word, unless they are apart from kanji.
            yield rf"(?:(?<!{_KANJI})|(?<=[当者事任査員課係])){spelled}(?!{_KANJI})"


def _space(name: str) -> str:
    """Return the expression for a name in Japanese, in which blanks part nothing."""
    return " ?".join(map(re.escape, name.replace(" ", "")))


def _split(cover: str) -> Iterator[str]:
    """Yield the names of a cell such as ``税務課 山田　太郎（主任）、鈴木``."""
    plain = unicodedata.normalize("NFKC", drop_unseen(cover))
    yield from (one for one in _REMARK.findall(plain) if _READING.fullmatch(one.strip()))
    for part in _BETWEEN_NAMES.split(_REMARK.sub("", plain)):
        whole = _LABEL.sub("", part).strip()
        # 山田・鈴木 are two people, ジョン・スミス is one.
        for one in {whole, *re.split("[・･]", whole)}:
            for name in _list_readings(one):
                if _NAME.fullmatch(name) and len(_fold(name).replace(" ", "")) > 1:
                    yield name


def _list_readings(text: str) -> Iterator[str]:
    """Yield what may be the name of one person in a text with an office or a title."""
    words = [*filterfalse(_REACHES.match, filter(None, _BLANKS.split(text)))]
    # In front of a name, 税務課長 is an office; alone, 山田課長 is a person.
    words = [*filterfalse(_HEAD.search, words[:-1]), *words[-1:]]
    words = [*filter(None, (_TITLE.sub("", word) for word in words))]
    named = [*filterfalse(_OFFICE.search, words)]
    yield " ".join(named)
    if words and _LIKE_OFFICE.match(words[0]):
        # 服部 and 田所 are families and look like offices.
        yield " ".join(words[:1] + named)
    # さくら after 架空 is a given name, and a town; 山田太郎 after anything is a whole one.
    for last in named[-1:]:
        if len(named) == 1 or _WHOLE_AFTER_WORDS.fullmatch(last):
            yield last
            yield _OFFICE_BEFORE_NAME.sub("", last)
    if all(map(_WHOLE_NAME.fullmatch, named)):
        yield from named


def _fold(text: str) -> str:
    """Return the text with one form of what makes no other name: marks, kana, blanks, hyphens."""
    plain = unicodedata.normalize("NFKC", drop_unseen(text)).casefold()
    plain = plain.translate(_SAME_NAME | _SAME_NAME_TOO | _KATAKANA)
    return _SEPARATORS.sub(" ", plain.translate(HYPHENS)).strip()
