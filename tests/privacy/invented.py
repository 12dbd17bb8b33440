"""Three hundred invented personal data of fourteen kinds, and five hundred ordinary texts.

They are written with templates, lists and spellings of their own and know nothing of the
detectors. Everything comes from a fixed seed; nobody of these exists.
"""

import random
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

# As covers give them: with readings, titles, offices, in Latin letters.
COVERS = (
    "大久保 翔太（オオクボ ショウタ）",
    "葛󠄀西　美咲",
    "税務課 主査 渡邉 健一郎",
    "林 誠",
    "Ishikawa Keiko",
    "子育て支援課　小野寺由紀子（内線2291）",
    "五十嵐 さやか / いがらし さやか",
)
FAMILIES = ("大久保", "葛西", "渡邉", "小野寺", "五十嵐")
COUNTS = {
    "name of a cover": 36, "name with a title": 24, "telephone": 30, "fax": 15, "extension": 24,
    "mail": 27, "individual number": 30, "resident record code": 15, "bank account": 18,
    "passport or licence": 15, "insurance number": 15, "address": 24, "birth date": 15,
    "age with circumstance": 12,
}  # fmt: skip

_FRAMES = (
    "{}",
    "{}",
    "{}（要確認）",
    "オンライン申請の受付 {}",
    "証明書の交付請求／{}",
    "・{}",
    "庁内研修（{}）",
    "備考→{}",
    "全件を処理した場合。{}",
)
_WIDE = str.maketrans({chr(n): chr(n + 0xFEE0) for n in range(0x21, 0x7F)})
_KANJI = str.maketrans("0123456789", "〇一二三四五六七八九")


class Invented(NamedTuple):
    """Invented personal data of a kind, within a text."""

    kind: str
    secret: str
    text: str


def invent(seed: int = 18) -> list[Invented]:
    """Return the same three hundred every time."""
    chance = random.Random(seed)
    found = []
    for kind, count in COUNTS.items():
        for _ in range(count):
            secret = _WRITERS[kind](chance)
            found.append(Invented(kind, secret, chance.choice(_FRAMES).format(secret)))
    return found


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _unseen(chance: random.Random, text: str) -> str:
    """Put something into a text that nobody sees, now and then."""
    place = chance.randint(1, max(1, len(text) - 1))
    mark = chance.choice(("", "", "", "\u200b", "\u00ad", "\ufeff", "\u202a", "\u2060"))
    return text[:place] + mark + text[place:]


def _cover_name(chance: random.Random) -> str:
    written = (
        "大久保翔太", "大久保　翔太", "翔太 大久保", "大久保・翔太", "オオクボ　ショウタ",
        "おおくぼ しょうた", "ｵｵｸﾎﾞ ｼｮｳﾀ", "大 久 保 翔 太", "大久保-翔太", "担当 大久保翔太まで",
        "葛西美咲", "葛\U000e0100西 美咲", "葛\ufe00西美咲が入力", "美咲　葛西",
        "渡辺健一郎", "渡邊　健一郎", "渡邉健一郎（主査）", "渡邉主査",
        "担当は林誠です", "林誠", "林 誠 に連絡", "（林　誠）", "林誠が作成",
        "Keiko Ishikawa", "ISHIKAWA, Keiko", "ishikawa_keiko", "Ｉｓｈｉｋａｗａ　Ｋｅｉｋｏ",
        "小野寺由紀子", "小野寺 由紀子", "小野寺\n由紀子", "小野寺係長",
        "五十嵐さやか", "イガラシ サヤカ", "いがらしさやか", "五十嵐　さやか 作成",
    )  # fmt: skip
    return _unseen(chance, chance.choice(written))


def _titled_name(chance: random.Random) -> str:
    family = chance.choice(
        ("阿部", "長谷川", "東海林", "森", "関", "久保田", "星野", "小鳥遊", "高橋")
    )
    given = chance.choice(("", "", "明", "　千尋", "　結衣", "大輔", "　雅之"))
    title = chance.choice(
        ("様", "氏", "さん", "殿", " 様", "さま", "さんが来庁", "様より申出", "氏が担当")
    )
    kana = chance.choice(("スミスさん", "グエン様", "リー氏", "アブドゥルさんの件"))
    return kana if chance.random() < 0.15 else f"{family}{given}{title}"


def _number_of_phone(chance: random.Random) -> tuple[str, str, str]:
    area = chance.choice(("03", "03", "03", "090", "080", "070", "045", "0120", "050"))
    middle = {2: 4, 3: 4, 4: 2 if area == "0120" else 3}[len(area)]
    if area in {"045"}:
        middle = 3
    return area, chance.choice("356789") + _digits(chance, middle - 1), _digits(chance, 4)


def _phone(chance: random.Random) -> str:
    area, middle, last = _number_of_phone(chance)
    if area == "0120":
        last = f"3{_digits(chance, 3)}"
        middle = _digits(chance, 2)
        return f"フリーダイヤル {area}-{middle}-{last}"
    shapes = (
        f"{area}-{middle}-{last}", f"{area}({middle}){last}", f"({area}) {middle}-{last}",
        f"{area} {middle} {last}", f"{area}.{middle}.{last}", f"{area}{middle}{last}",
        f"{area}－{middle}－{last}", f"{area}―{middle}―{last}", f"{area}ー{middle}ー{last}",
        f"{area}・{middle}・{last}", f"{area}の{middle}の{last}", f"{area}〜{middle}〜{last}",
        f"{area}/{middle}/{last}", f"電話 {area}({middle})-{last}",
        f"+81-{area[1:]}-{middle}-{last}", f"＋８１ {area[1:]} {middle} {last}",
        f"☎{area}-{middle}-{last}", f"Tel:{area}–{middle}–{last}",
    )  # fmt: skip
    written = chance.choice(shapes)
    style = chance.random()
    if style < 0.2:
        written = written.translate(_WIDE)
    elif style < 0.35:
        written = written.translate(_KANJI)
    return _unseen(chance, written)


def _fax(chance: random.Random) -> str:
    area, middle, last = "03", f"3{_digits(chance, 3)}", _digits(chance, 4)
    label = chance.choice(("FAX", "ＦＡＸ：", "ファックス ", "ファクス番号：", "fax.", "F "))
    inner = chance.choice(
        (f"{area}-{middle}-{last}", f"{area}({middle}){last}", f"{middle}-{last}")
    )
    return label + inner if label != "F " else f"F {area}-{middle}-{last}"


def _extension(chance: random.Random) -> str:
    number = f"{chance.randint(2, 7)}{_digits(chance, 3)}"
    return chance.choice(
        (
            f"内線{number}", f"内線：{number}", f"内線 {number.translate(_WIDE)}", f"(内線){number}",
            f"【内線】{number}", f"内線番号は{number}", f"内線{number.translate(_KANJI)}",
            f"内線{number}番", f"ext.{number}", f"Ext {number}", f"（内）{number}",
            f"内線({number})", f"内線No.{number}", f"内線{number}・{int(number) + 1}",
            f"内線-{number}", f"内線\u200b{number}",
        )
    )  # fmt: skip


def _mail(chance: random.Random) -> str:
    user = chance.choice(("s-ohkubo", "misaki.k", "watanabe_k", "hayashi", "keiko1985", "ict"))
    host = chance.choice(("city.example.lg.jp", "example.jp", "example.co.jp", "example.com"))
    at = chance.choice(
        ("@", "@", "＠", " @ ", "[at]", "(at)", "【at】", "（アット）", "<at>", "_at_", " at ",
         "（アットマーク）", "[アット]", "★", "{at}", "﹫", "（＠）")
    )  # fmt: skip
    written = f"{user}{at}{host}"
    if chance.random() < 0.2:
        written = written.translate(_WIDE)
    if chance.random() < 0.1:
        written = written.replace(".", "(dot)")
    return _unseen(chance, written)


def _check_digit(eleven: str) -> str:
    # P(n) counts from the right: weights n + 1 to 6, then n - 5.
    total = sum(
        int(one) * (n + 1 if n <= 6 else n - 5) for n, one in enumerate(reversed(eleven), start=1)
    )
    return str(0 if total % 11 <= 1 else 11 - total % 11)


def _individual_number(chance: random.Random) -> str:
    eleven = _digits(chance, 11)
    whole = eleven + _check_digit(eleven)
    a, b, c = whole[:4], whole[4:8], whole[8:]
    separator = chance.choice(
        ("-", " ", "　", "・", ".", "/", "_", ":", "−", "ー", "–", "・", "，")
    )
    shapes = (
        whole, f"{a}{separator}{b}{separator}{c}", f"{a}-{b} {c}", " ".join(whole), "-".join(whole),
        separator.join((whole[:3], whole[3:6], whole[6:9], whole[9:])),
        separator.join((whole[:6], whole[6:])), f"マイナンバー：{a}の{b}の{c}",
        f"個人番号（{whole}）", f"{a}  {b}  {c}", f"[{a}][{b}][{c}]", f"{a} - {b} - {c}",
    )  # fmt: skip
    written = chance.choice(shapes)
    style = chance.random()
    if style < 0.2:
        written = written.translate(_WIDE)
    elif style < 0.3:
        written = written.translate(_KANJI)
    return _unseen(chance, written)


def _resident_code(chance: random.Random) -> str:
    eleven, ten = _digits(chance, 11), _digits(chance, 10)
    return chance.choice(
        (f"住民票コード {eleven}", f"住民票コード：{eleven[:4]}-{eleven[4:8]}-{eleven[8:]}",
         f"住民票コードは{eleven.translate(_WIDE)}", f"宛名番号{ten}", f"宛名番号：{ten[:8]}",
         f"宛名No.{ten[:7]}", f"世帯番号 {ten}", f"住民コード（{ten}）",
         f"住民票ｺｰﾄﾞ {eleven}")
    )  # fmt: skip


def _account(chance: random.Random) -> str:
    seven = f"{chance.randint(1, 9)}{_digits(chance, 6)}"
    return chance.choice(
        (f"口座番号 {seven}", f"普通預金{seven}", f"例示銀行 本所支店 普通 {seven}",
         f"口座：{seven.translate(_WIDE)}", f"（普）{seven}", f"当座預金 口座番号：{seven}",
         f"ゆうちょ 記号1{_digits(chance, 4)} 番号{seven}1", f"振込先口座は普通{seven}",
         f"口座番号：{seven[:3]}-{seven[3:]}")
    )  # fmt: skip


def _document(chance: random.Random) -> str:
    letters = "".join(chance.choices("ABCDEFGHKLMNPRTXYZ", k=2))
    seven, twelve = _digits(chance, 7), _digits(chance, 12)
    return chance.choice(
        (f"旅券番号{letters}{seven}", f"パスポート {letters}{seven}", f"旅券：{letters} {seven}",
         f"運転免許証番号 {twelve}", f"免許証 第{twelve}号", f"免許番号：{twelve.translate(_WIDE)}",
         f"在留カード番号{letters}{seven}1CD", f"在留カード：{letters}{seven}2EF")
    )  # fmt: skip


def _insurance(chance: random.Random) -> str:
    eight, six = _digits(chance, 8), _digits(chance, 6)
    return chance.choice(
        (f"被保険者番号 {eight}00", f"被保険者証番号：{eight}", f"保険者番号{eight}",
         f"介護保険被保険者番号は{eight}12", f"記号12-34 番号{six}（被保険者証）",
         f"基礎年金番号 {eight[:4]}-{six}", f"後期高齢者被保険者番号（{eight}）",
         f"保険証の番号 {eight}", f"受給者番号：{eight[:7]}")
    )  # fmt: skip


def _address(chance: random.Random) -> str:
    town = chance.choice(("横川", "八広", "立花", "文花", "両国", "千歳", "東駒形"))
    one, two, three = chance.randint(1, 6), chance.randint(1, 40), chance.randint(1, 25)
    shapes = (
        f"{town}{one}丁目{two}番{three}号", f"{town}{one}-{two}-{three}",
        f"墨田区{town}{one}丁目{two}-{three}", f"{town}{one}丁目{two}番地", f"{town}{one}の{two}の{three}",
        f"{town}{one}−{two}−{three}", f"{town}{one}ー{two}ー{three}", f"例示市字中山{two}{three}番地の{one}",
        f"{town}{one}丁目{two}－{three} 例示荘203号室", f"墨田区{town}{one}‐{two}",
        f"住所：{town}{one}-{two}-{three}-{two}01",
    )  # fmt: skip
    written = chance.choice(shapes)
    if chance.random() < 0.3:
        written = written.translate(_WIDE)
    if "丁目" in written and chance.random() < 0.5:
        head, tail = written.split("丁目")
        return f"{head.translate(_KANJI)}丁目{tail}"
    return written


def _birth_date(chance: random.Random) -> str:
    year, month, day = chance.randint(20, 63), chance.randint(1, 12), chance.randint(1, 28)
    western = 1925 + year
    return chance.choice(
        (f"昭和{year}年{month}月{day}日生", f"昭和{year}年{month}月{day}日生まれ",
         f"S{year}.{month}.{day}生", f"生年月日：{western}/{month}/{day}",
         f"{western}年{month}月{day}日生まれの男性", f"生年月日 {western}{month:02}{day:02}",
         f"（昭{year}.{month}.{day}生）", f"誕生日は{western}-{month:02}-{day:02}",
         f"生年月日　昭和{year}年{month}月{day}日", f"Ｓ{year}年{month}月{day}日生".translate(_WIDE),
         f"平成{year % 20 + 1}年{month}月{day}日生まれの長女")
    )  # fmt: skip


def _circumstance(chance: random.Random) -> str:
    age = chance.randint(19, 93)
    wide = chance.choice((str(age), str(age).translate(_WIDE)))
    return chance.choice(
        (f"{wide}歳男性、統合失調症で通院中", f"{wide}歳の独居女性で認知症あり",
         f"うつ病の{wide}歳女性が申請", f"{wide}才・男性・生活保護受給",
         f"母子家庭の母（{wide}歳）、糖尿病", f"{wide}歳の夫が脳梗塞で入院",
         f"ひきこもりの長男{wide}歳", f"{wide}歳女性 DV被害で避難", f"透析中の男性（{wide}歳）")
    )  # fmt: skip


_WRITERS: dict[str, Callable[[random.Random], str]] = {
    "name of a cover": _cover_name, "name with a title": _titled_name, "telephone": _phone,
    "fax": _fax, "extension": _extension, "mail": _mail, "individual number": _individual_number,
    "resident record code": _resident_code, "bank account": _account,
    "passport or licence": _document, "insurance number": _insurance, "address": _address,
    "birth date": _birth_date, "age with circumstance": _circumstance,
}  # fmt: skip

_PLACES = (
    "京島一丁目集会所", "八広はなみずき通り", "本所四丁目", "押上一・二丁目地区", "東向島3丁目～5丁目",
    "みどりコミュニティセンター", "文花二丁目アパート跡地", "すみだ生涯学習センター3階301会議室",
    "両国2丁目ほか3か所", "墨田一丁目、二丁目の一部", "江東橋5丁目交差点", "緑4丁目公園",
)  # fmt: skip
_PROCEDURES = (
    "児童手当の認定請求", "国民健康保険の資格取得届", "介護保険被保険者証の再交付申請", "犬の登録",
    "住民票の写しの交付請求", "住民票コード通知票の請求", "口座振替依頼書の受付", "旅券の申請予約",
    "運転免許証自主返納者への支援", "後期高齢者医療被保険者証の返還", "保育所等の入所申込み",
    "粗大ごみの申込み", "マイナンバーカードの交付予約", "個人番号カード再交付申請", "転出届",
    "母子健康手帳の交付", "要介護認定の申請", "障害者手帳の交付申請", "生活保護費の返還", "税証明の郵送請求",
    "氏名変更届", "出生届（生年月日の訂正を含む）", "医療費助成（18歳まで）", "75歳到達者への通知",
    "住所変更の届出", "指名業者登録", "宛名シールの作成", "連絡先の変更届", "電話による予約受付",
    "がん検診（40歳以上の女性）", "65歳以上の方の介護保険料の減免", "認知症サポーター養成講座の申込み",
)  # fmt: skip
_TRAININGS = (
    "窓口応対研修（お客様の声を生かす）", "皆様に伝わる文章講座", "第{a}回RPA操作研修", "管理職向けDX研修{a}期",
    "新任主事研修", "課長級研修", "仕様書作成研修", "様式の見直し研修", "{y}年度情報セキュリティ研修",
    "eラーニング（{a}～{b}月）", "データ分析入門 全{a}回", "メール誤送信防止研修", "個人情報保護研修",
    "LGWAN-ASP利用研修（{a}/{b}）", "Excel 2019 VBA入門", "多様な働き方研修",
)  # fmt: skip
_INITIATIVES = (
    "チャットボットによる問合せ対応", "オンライン予約{n}枠の開放", "ペーパーレス会議（端末{n}台）",
    "AI-OCRによる{n}枚の入力", "電話の自動応答（{a}回線）", "FAX受信のデータ化", "キャッシュレス決済{n}件",
    "窓口混雑の{a}分ごとの配信", "図書館の予約（{n}冊）", "学校と保護者の連絡アプリ",
    "地図情報の公開 v{a}.{b}", "令和{e}年{m}月{d}日から全庁展開", "{y}-{y2}年度の{a}業務を見直し",
    "お子さんの予防接種のお知らせ", "区民の皆さんの声の収集", "子ども家庭支援のひとり親向け案内",
)  # fmt: skip
_CONDITIONS = (
    "全ての申請がオンラインだった場合", "1件当たり{a}分×{n}件として", "{n}件のうち{a}割が移行した場合",
    "職員{a}人が1日{b}件を処理する場合", "年{n}件（{y}年度実績）に対し", "午前9時～午後5時の受付を対象に",
    "{a}～{b}歳の区民{n}人を対象", "{e}年度の単価{n}円で計算", "{y}.{m}.{d}時点の件数による",
    "手続番号T{c}-{m:02}～{d:02}を対象", "予算{n},000円の範囲", "要綱第{a}条第{b}項に該当する場合",
    "集計表{a}-{b}-{d}による", "墨企画第{c}号（{y}年{m}月{d}日）", "様式{a}-{b}を使う場合",
    "契約番号{y}-{c}の範囲", "平成16年4月2日から平成17年4月1日生まれの人を対象", "4月1日以前に生まれた方のみ",
)  # fmt: skip


def write_ordinary(count: int = 500, seed: int = 81) -> list[str]:
    """Return names of procedures, trainings and initiatives, conditions and places."""
    chance = random.Random(seed)
    lists = (_PROCEDURES, _TRAININGS, _INITIATIVES, _CONDITIONS, _PLACES)
    texts = []
    for number in range(count):
        template = chance.choice(lists[number % len(lists)])
        numbers = {
            "a": chance.randint(1, 12), "b": chance.randint(2, 60), "n": chance.randint(20, 9999),
            "y": chance.randint(2018, 2025), "y2": chance.randint(24, 29), "e": chance.randint(1, 7),
            "m": chance.randint(1, 12), "d": chance.randint(1, 28), "c": chance.randint(1101, 9901),
        }  # fmt: skip
        text = template.format(**numbers)
        if chance.random() < 0.3:
            text = f"{text}（{chance.choice(_PLACES)}）"
        texts.append(unicodedata.normalize("NFC", text))
    return texts
