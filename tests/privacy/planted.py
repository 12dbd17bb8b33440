"""Personal data as people write them into a cell, and ordinary texts with numbers; made by code.

Everything comes from a fixed seed. All names, numbers and addresses are invented.
"""

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sumida_data.privacy.personal import is_my_number

NAMES = ("墨田 太郎", "両国　花子", "髙橋 一郎", "服部 慎太郎", "Kinshi Hanako", "向島 さくら")
CASES_OF_A_KIND = 24

_FULL_WIDTH = str.maketrans("0123456789-@.()+", "０１２３４５６７８９－＠．（）＋")
_SENTENCES = (
    "{}",
    "問合せは{}まで",
    "担当者の連絡先：{}。回答は12月末まで。",
    "窓口で受付(令和4年10月1日から)。{}",
    "詳細は{}に確認のこと。年間1,200件。",
    "システム更新のため\n{}\nへ連絡",
)


class Planted(NamedTuple):
    """Personal data within a text.

    Attributes:
        kind: The kind of data.
        secret: The data as written.
        text: The text that holds them.
    """

    kind: str
    secret: str
    text: str


def plant(seed: int = 20260331) -> Iterator[Planted]:
    """Yield the same cases every time, 24 of each of ten kinds."""
    chance = random.Random(seed)
    for kind, write in _KINDS.items():
        for number in range(CASES_OF_A_KIND):
            secret = write(chance)
            sentence = _SENTENCES[number % len(_SENTENCES)]
            yield Planted(kind, secret, sentence.format(secret))


def write_ordinary(count: int, seed: int = 4) -> list[str]:
    """Write texts of offices with dates, amounts, counts and numbers of things."""
    chance = random.Random(seed)
    return [chance.choice(_ORDINARY).format(n=_Numbers(chance)) for _ in range(count)]


class _Numbers:
    """Writes a new number each time it is asked for one."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def __getattr__(self, name: str) -> str:
        ranges = {
            "day": (1, 28), "month": (1, 12), "era": (1, 8), "year": (2015, 2030),
            "few": (1, 99), "count": (100, 99999), "code": (1000, 9999), "digits": (10, 99),
            "long": (10**11, 10**12 - 1), "corporate": (10**12, 10**13 - 1),
            "stamp": (202001010000, 202412312359),
        }  # fmt: skip
        if name == "yen":
            return f"{self._chance.randint(10**5, 10**11):,}"
        return str(self._chance.randint(*ranges[name]))


_ORDINARY = (
    "令和{n.era}年{n.month}月{n.day}日から受付開始。年間{n.count}件。",
    "{n.year}-{n.digits}-{n.digits}に移行予定、対象{n.few}業務",
    "事業費 {n.yen}円(うち特定財源 {n.yen}円)",
    "手続番号T{n.code}-{n.digits}と統合した",
    "R{n.era}.{n.month}.{n.day}改定、要綱第{n.few}条第{n.few}項",
    "{n.year}年度{n.count}件、{n.year}年度{n.count}件、{n.year}年度{n.count}件",
    "{n.year} {n.year} {n.year}の各年度",
    "墨総第{n.code}号({n.year}年{n.month}月{n.day}日付け)",
    "内訳：窓口{n.count}件、オンライン{n.count}件(内{n.few}件は郵送)",
    "内線電話{n.few}台を更新、電話相談{n.count}件",
    "郵便番号{n.digits}{n.few}-{n.code}の区域、人口{n.count}人",
    "1件当たり{n.few}分×{n.count}件÷60＝{n.count}時間",
    "対象 {n.few}〜{n.few}歳、{n.few}%～{n.few}%",
    "午前{n.few}:{n.digits}-午後5:00、{n.few}/{n.few}開催",
    "法人番号{n.corporate}",
    "v{n.few}.{n.few}.{n.few}に更新、IPアドレス範囲 10.{n.few}.{n.few}.0/24",
    "単価@{n.count}円で{n.few}箇所",
    "総務課 {n.few}人、都内{n.count}か所、区内{n.code}世帯",
    "ページ{n.few}-{n.few}、表{n.few}-{n.few}-{n.few}を参照",
    "納付書番号{n.long}",
    "契約番号{n.code}-{n.code}-{n.few}",
    "{n.stamp}に一括登録",
    "第{n.few}回 研修(全{n.few}回)、受講率{n.few}.{n.few}%",
    "二〇二二年度は三十一手続、残り十二手続",
    "Form No.{n.code} rev.{n.few}, {n.count} cases",
    "代表的な{n.few}業務、携帯端末{n.count}台、FAX受付{n.count}件",
)  # fmt: skip


def _digits(chance: random.Random, count: int) -> str:
    return "".join(str(chance.randint(0, 9)) for _ in range(count))


def _mail(chance: random.Random) -> str:
    user = chance.choice(("t.sumida", "hanako_r", "ict-tantou", "info2", "y.mukojima+1"))
    return f"{user}@{chance.choice(('city.example.lg.jp', 'example.jp', 'mail.example.com'))}"


def _hidden_mail(chance: random.Random) -> str:
    mail = _mail(chance)
    at = chance.choice(("＠", " @ ", "[at]", "（アットマーク）", "(at)"))
    return mail.replace("@", at) if chance.random() < 0.6 else mail.translate(_FULL_WIDTH)


def _landline(chance: random.Random) -> str:
    return f"03-{_digits(chance, 4)}-{_digits(chance, 4)}"


def _odd_landline(chance: random.Random) -> str:
    first, last = f"3{_digits(chance, 3)}", _digits(chance, 4)
    return chance.choice(
        (
            f"03({first}){last}",
            f"（０３）{first}－{last}".translate(_FULL_WIDTH),
            f"03 {first} {last}",
            f"０３ー{first}ー{last}".translate(_FULL_WIDTH),
            f"03.{first}.{last}",
            f"+81-3-{first}-{last}",
            f"03{first}{last}",
            f"TEL {first}-{last}",
            f"電話番号：{first}‐{last}",
            f"0422-{first[:2]}-{last}",
        )
    )


def _mobile(chance: random.Random) -> str:
    return f"{chance.choice(('090', '080', '070'))}-{_digits(chance, 4)}-{_digits(chance, 4)}"


def _odd_mobile(chance: random.Random) -> str:
    plain = _mobile(chance)
    kanji = str.maketrans("0123456789-", "〇一二三四五六七八九ー")
    return chance.choice(
        (plain.replace("-", ""), plain.translate(_FULL_WIDTH), plain.translate(kanji),
         plain.replace("-", "−"), "+81 " + plain[1:].replace("-", " "))
    )  # fmt: skip


def _extension(chance: random.Random) -> str:
    number = f"{chance.randint(2000, 6999)}"
    return chance.choice(
        (f"内線{number}", f"内線 {number}", f"内線番号：{number.translate(_FULL_WIDTH)}",
         f"（内線）{number}", f"(内){number}", f"ext. {number}", f"内線({number})")
    )  # fmt: skip


def _my_number(chance: random.Random) -> str:
    start = _digits(chance, 11)
    found = [start + digit for digit in "0123456789" if is_my_number(start + digit)]
    return found[0]


def _odd_my_number(chance: random.Random) -> str:
    plain = _my_number(chance)
    groups = [plain[place : place + 4] for place in (0, 4, 8)]
    return chance.choice(
        ("-".join(groups), " ".join(groups), "　".join(groups).translate(_FULL_WIDTH),
         "ー".join(groups), plain.translate(_FULL_WIDTH), " ".join(plain))
    )  # fmt: skip


def _name(chance: random.Random) -> str:
    name = chance.choice(NAMES)
    if name.isascii():
        return chance.choice((name, name.upper(), f"Ms. {name}"))
    family, given = name.split()
    return chance.choice(
        (name, family + given, f"{family}　{given}", f"{family} {given}様",
         f"{family}・{given}", f"{family}さん", f"{family}係長", f"{family}\n{given}")
    )  # fmt: skip


_KINDS: dict[str, Callable[[random.Random], str]] = {
    "mail": _mail,
    "mail written otherwise": _hidden_mail,
    "landline": _landline,
    "landline written otherwise": _odd_landline,
    "mobile": _mobile,
    "mobile written otherwise": _odd_mobile,
    "extension": _extension,
    "my number": _my_number,
    "my number written otherwise": _odd_my_number,
    "name of a cover": _name,
}
