"""Titles, units and notes around a table, and the names of sheets: what they say of its answers."""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from sumida_data.base.periods import Period, western_year
from sumida_data.survey.findings import Kind
from sumida_data.survey.reading.text import fold, is_other_unit, is_unit

# Every text of a sheet may be one.
_LINES_KEPT = 16384
UNIT_WORD = re.compile(r"^\s*単位\s*[:：は]?\s*|^.*単位\s*[:：はが]\s*")
# 千件単位, 100人単位: whatever is counted, it is not counted by one.
_OF_SO_MANY = re.compile(r"(?:[十百千万億]|[1-9]0+)\D{0,3}単位")
_BETWEEN_UNITS = re.compile("[、,，・/／。]|です")
IN_PARENTHESES = re.compile(r"[(\[【〔<]([^)\]】〕>]*)[)\]】〕>]")
# A title, but for the name of the sheet, as words; and words for answers of another time.
_BETWEEN_WORDS = re.compile(r"[|_\-・/:()\[\]【】<>■●◆*※]+|の?(?:回答|調査票|様式)?\|")
_LONGEST_TITLE, _LONGEST_REMARK = 50, 120
# What is said of all numbers, or of those that are marked: 件数は推計, 赤字は前回の値です.
_OF_NUMBERS = re.compile(
    r"(?:(?:[赤青緑黄灰白黒]|グレー|着)[字色]|網掛け|色付き|太字|斜体|下線|[括弧カッコ]{2,3}内?|[★☆◎●△▲■□◆]|(?:[件人]|時間|回答)数|数[値字]|実績|金額|割合)"
    r"[^。、は]{0,6}(?:は|:).*(?:前[回々年期月]|昨|[前去]年|月平均|平均値?(?:です|$|を)|累計|推計|推定|見込|概[数算]|仮|暫定|未確定|参考|集計"
    r"|除[いくき]|含[まめみ]?[なま]|対象外|廃止|削除|千[件人円時]|20[0-9]{2}年|(?:令和|平成|[hr])[0-9元]+年度|[0-9]月(?:から|分|[~\-ー〜]))"
)
# Texts with none of these characters, or words, do not matter; characters are found faster.
_MAY_MATTER = re.compile(
    "[（(\\[【百千万億単前昨去次来翌旧例年月半期参見サ四QqＱｑRrHhＲｒＨｈYyＹｙ2以こ下↓廃削取終中重除不案暫速確ダ外千平累推仮概含集×✕✖✗]"
).search
_MATTERS = re.compile(
    r"[前昨去次来翌旧例年月案期]|参考|途中|作成中|暫定|速報|確定|ダミー|不要|下書|対象外|見本|サンプル|四半期|[QqＱｑ][1-4１-４]|[RrHhＲｒＨｈYyＹｙ]\.?[0-9０-９元]|20[0-9]{2}"
    r"|以下|ここから|これより|下記|↓|廃止|削除|取消|取り消し|終了|中止|重複|除外|不要|[×✕✖✗]"
)
_ANOTHER_TABLE = re.compile(
    r"(?:参考)?(?:前回|前々回|前年度?|昨年度?|去年度?|前期|前四半期|[前先]月|次回|[次来]期|[次来翌]年度?|旧"
    r"|参考|(?:記入|記載|入力|作成|回答)?(?:例|見本)|サンプル|ダミー(?:データ)?|[前昨]年同[期月]|[上下]半?期"
    r"|[素原試]?案|下書き?|たたき台|作成中|(?:記入|入力|作成)途中|未確定|暫定[版値]?|速報[版値]?|旧(?:版|データ)"
    r"|(?:更新|修正|訂正|変更|見直し)前|(?:(?:提出|記入|回答|集計|調査|公表)の?)?対象外|(?:提出|記入|回答|集計)不要"
    r"|(?:(?P<first>1?[0-9])月?分?(?:~|から))?(?P<month>1?[0-9])月(?P<end>末|度|分)?(?:まで)?"
    r"|↓?(?:以下|ここから|これより|下記|↓).*(?:廃止|削除|終了|中止|不要|除外|取消|対象外|含ま?め?ない|(?:集計|記入)しない).*"
    r"|(?=.*[0-9元])(?:(?P<era>令和|平成|[rh]|fy)?\.?(?P<year>元|[0-9]+)(?P<says>年度?)?)?(?P<quarter>q[1-4]|[上下]半?期)?)"
    r"(?:の?(?:回答|値|数|実績|状況|分|提出|調査票?|票|表|内容|時点|現在|予定|計画|様式|例|見本|欄|取組|研修|手続|相談|事例|効果|一覧))*"
)
_SET_ASIDE = re.compile(
    r"old|bak|backup|バックアップ|の?コピー~?|copy|控え?|下書き?|案|削除|廃止|不要|未使用|使わない|作成中|未完成|非表示|別の?課|他課|テスト|test|前|×"
)
# So says a mark beside a row, or a remark on it, that it is no answer any more.
_GONE = re.compile(
    r"(?:[^。、\s]{0,12}[はで])?(?:廃止|削除|取消|取り消し|終了|中止|重複|除外|不要)(?:済み?|した|しました)?[。.]?|[×✕✖✗]"
)
_WESTERN_YEAR = re.compile("20[0-4][0-9]")
_YEAR = re.compile(r"(?:(?P<era>令和|平成|[rh])\.?|(?=20))(?P<year>元|[0-9]{1,4})年度?")
_QUARTER = re.compile(r"第?[1-4一二三四]四半期|(?<![0-9a-z])[1-4]q|q[1-4]")
_KANJI_DIGITS = str.maketrans("一二三", "123")
_MONTHS = 3
_DAY = re.compile(
    r"(?:(?P<era>令和|平成|[rh])\.?|(?=20))(?P<year>元|[0-9]{1,4})[年./-](?P<month>1[0-2]|0?[1-9])"
    r"(?:月?末日?|[月./-](?:[0-9]{1,2}日?)?)?(?:時点|現在)?"
)
_OPENING = frozenset("（([【")
_AROUND_A_LINE = "（）()[]【】※＊* 　"


class Lines:
    """What texts would say of the answers, were they lines around a table of such units."""

    def __init__(self, units: frozenset[str], sheet: str, period: Period | None) -> None:
        self.units, self.sheet, self.period = units, sheet, period
        # Nearly all texts say nothing, and the same ones come again and again.
        self._say_nothing: set[str] = set()
        self._kinds: dict[str, Kind] = {}

    def find(self, texts: Iterable[str]) -> dict[str, Kind]:
        """Return those of the texts that say something of the answers, with what is wrong."""
        if len(self._say_nothing) + len(self._kinds) > _LINES_KEPT:
            self._say_nothing.clear()
            self._kinds.clear()
        new = set(texts) - self._say_nothing
        for text in filter(_MAY_MATTER, new - self._kinds.keys()):
            if kind := judge_line(text, self.units, self.sheet, self.period):
                self._kinds[text] = kind
        found = {text: self._kinds[text] for text in new & self._kinds.keys()}
        self._say_nothing |= new - found.keys()
        return found


def judge_line(text: str, units: frozenset[str], sheet: str, period: Period | None) -> Kind | None:
    """Tell whether a text would, as a line around a table, say something of its answers.

    It may name a unit that is none of these, as （単位：千件） does, or other answers than those of
    the quarter: as a title, as 前回の回答, 記入例 and 令和3年度 do, alone or beside the name of the
    sheet, or in a sentence, as 件数は月平均 does.
    """
    if units and _names_other_unit(text, units):
        return Kind.UNIT_ABOVE_TABLE
    if period is None or len(text) > _LONGEST_REMARK:
        return None
    if _OF_NUMBERS.search(_leave_quarter_out(fold(text), period)):
        return Kind.TITLE_OF_ANOTHER_TABLE
    if len(text) > _LONGEST_TITLE or not _MATTERS.search(text):
        return None
    if _GONE.fullmatch(text.strip(_AROUND_A_LINE)):
        return Kind.HARDLY_A_NAME
    return Kind.TITLE_OF_ANOTHER_TABLE if _names_another(text, sheet, period) else None


def _leave_quarter_out(text: str, period: Period) -> str:
    """Return the text without the fiscal year and the months asked for, which may be named."""

    def leave_out(year: re.Match[str]) -> str:
        is_asked = western_year(year["era"], year["year"]) == period.fiscal_year
        return "" if is_asked else year[0]

    last = period.last_day.month
    months = rf"(?<![0-9])(?:4|{last - 2})月?(?:から|[~\-ー〜]){last}月分?"
    return re.sub(months, "", _YEAR.sub(leave_out, text))


def _names_another(text: str, sheet: str, period: Period) -> bool:
    found = map(_ANOTHER_TABLE.fullmatch, _list_words(text, sheet, period))
    return any(one and _is_of_other_period(one, period) for one in found)


@lru_cache(maxsize=4096)
def is_set_aside(name: str, sheet: str, period: Period) -> bool:
    """Tell whether the name of a sheet says that it holds no answers, or others."""
    words = _list_words(name, sheet, period)
    is_of_another = judge_line(name, frozenset(), sheet, period) is not None
    return is_of_another or any(map(_SET_ASIDE.fullmatch, words))


def _list_words(text: str, sheet: str, period: Period) -> list[str]:
    """Return the words of a title but for the name of the sheet, and quarters in place of days."""

    def name_quarter(day: re.Match[str]) -> str:
        year, month = western_year(day["era"], day["year"]), int(day["month"])
        said = Period(year - (month <= _MONTHS), (month - 1) // _MONTHS or 4)
        # A later day only says when it was written.
        quarter = f"fy{said.fiscal_year}年度q{said.quarter}" if said < period else ""
        return f"{month}月" if said == period and day[0].endswith("月") else quarter

    def name_number(quarter: re.Match[str]) -> str:
        return f"q{quarter[0].translate(_KANJI_DIGITS).strip('第四半期q')}"

    dated = _QUARTER.sub(name_number, _DAY.sub(name_quarter, fold(text)))
    words = [*filter(None, _BETWEEN_WORDS.split(dated.replace(fold(sheet), "|")))]
    # Beside other words, as in the form's own line, a bare number is a department's code: 2001.
    has_code = len(words) > 1 or Period.find(text) == period
    return [word for word in words if not (has_code and word.isdecimal())]


def _names_other_unit(text: str, units: Collection[str]) -> bool:
    if "単位" not in text and text[:1] not in "百千万億" and _OPENING.isdisjoint(text):
        return False
    if _OF_SO_MANY.search(fold(text)):
        return True
    line, named = text.strip(_AROUND_A_LINE), IN_PARENTHESES.findall(fold(text))
    if UNIT_WORD.match(line) or IN_PARENTHESES.fullmatch(fold(text)) or is_unit(text):
        named = _BETWEEN_UNITS.split(UNIT_WORD.sub("", line))
    return any(all(is_other_unit(one, unit) for unit in units) for one in named)


def _is_of_other_period(match: re.Match[str], period: Period) -> bool:
    era, number, quarter = match["era"], match["year"], match["quarter"]
    if match["month"]:
        # Of the quarter are the months to this one, and those to it from April.
        last, months = period.last_day.month, (match["first"], match["month"])
        if match["first"]:
            return tuple(map(int, months)) not in {(4, last), (last - 2, last)}
        return int(match["month"]) != last or match["end"] == "分"
    if quarter and quarter[1:] != str(period.quarter):
        return True
    if number is None:
        return quarter is None
    is_year = era or match["says"] or _WESTERN_YEAR.fullmatch(number)
    return bool(is_year) and western_year(era, number) != period.fiscal_year
