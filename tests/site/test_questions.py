"""The ten questions of docs/questions.ja.md: each is answered within two clicks or one query."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import duckdb
import pytest

from tests.project import Quarter


class Reader:
    """Somebody who begins at the first page and follows links by their words.

    Attributes:
        clicks: How many links were followed.
        path: The page or file reached.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self.clicks = folder, folder / "index.html", 0

    @property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    def click(self, words: str) -> "Reader":
        links = re.findall(r'<a [^>]*?href="([^"#?]+)[^"]*"[^>]*>(.*?)</a>', self.text, re.DOTALL)
        found = [unescape(link) for link, shown in links if words in re.sub("<[^>]+>", "", shown)]
        self.path = (self.path.parent / found[0]).resolve()
        self.clicks += 1
        return self

    def search(self, word: str) -> str:
        """Return the first entry that holds the word, as the list without JavaScript shows it."""
        self.click("検索と索引")
        entries = re.findall(r"<li><a href=.*?</li>", self.text, re.DOTALL)
        return next(one for one in entries if word in one)


@pytest.fixture
def reader(quarter: Quarter) -> Iterator[Reader]:
    reader = Reader(quarter.data / "06_catalog/preview")
    yield reader
    assert reader.clicks <= 2


def test_a_resident_finds_what_can_be_done_online(reader: Reader) -> None:
    page = reader.click("オンライン手続").text
    assert page.count('<tr id="') == 413
    assert len(re.findall(r"</th><td>[^<]*</td><td>済</td>", page)) == 71
    assert "電子申請サービス" in page


@pytest.mark.parametrize(
    ("word", "found"), [("学童", "学童クラブ"), ("おくやみ", "おくやみコーナー")]
)
def test_a_resident_finds_a_procedure_by_its_word(reader: Reader, word: str, found: str) -> None:
    assert found in reader.search(word)


@pytest.mark.parametrize(
    "told", ["遅れ：文書管理システム電子決裁率は", "前の四半期から動いたもの：オンライン化手続数①"]
)
def test_a_council_member_reads_it_on_the_first_page(reader: Reader, told: str) -> None:
    points = reader.text.partition('class="points"')[2].partition("</ul>")[0]
    assert told in points


def test_a_council_member_reads_what_each_initiative_is(reader: Reader) -> None:
    page = reader.click("取組事例").text
    assert page.count('<li class="card"') == 14
    told = ("一度に3名まで", "最大2,000円", "昨年度は27業務", "約2704時間", "約8割が導入効果")
    assert [text for text in told if text not in page] == []


def test_a_council_member_reads_why_and_what_comes_next(reader: Reader) -> None:
    page = reader.click("文書管理システム電子決裁率").text
    assert "計画した進みの76%にとどまる" in page
    assert "期日までに必要な速さ" in page


def test_a_journalist_takes_a_figure_along_with_source_and_day(reader: Reader) -> None:
    figure = reader.click("文書管理システム電子決裁率").click("図(SVG)").text
    assert "出典：" in figure
    assert "令和4(2022)年3月31日現在" in figure


def test_a_journalist_reads_what_was_counted_and_its_limits(reader: Reader) -> None:
    page = reader.click("マイナンバーカード普及率").text
    assert "交付枚数 ÷ 住民基本台帳人口 × 100" in page
    assert "実際に持つ人の割合より高い" in page


def test_an_analyst_reads_numbers_of_one_indicator(reader: Reader) -> None:
    told = json.loads(reader.click("オープンデータ公開件数").click("JSON").text)
    assert [type(one["value"]) for one in told["values"]] == [int] * len(told["values"])
    assert told["values"][-1]["value"] == 154


def test_an_analyst_finds_a_column_by_words(quarter: Quarter) -> None:
    with duckdb.connect(str(quarter.data / "sumida.duckdb"), read_only=True) as database:
        rows = database.sql("FROM find_column('電子決裁 件数')").fetchall()
    assert any("electronic_approvals" in map(str, row) for row in rows)


def test_values_of_divisions_and_sums_of_effects_are_one_click_away(quarter: Quarter) -> None:
    reader = Reader(quarter.data / "06_catalog/preview")
    divisions = reader.click("キャッシュレス決済手続数").text.partition('id="divisions"')[2]
    counts = re.findall(r'<td class="number">(\d+)手続</td><td class="bar">', divisions)
    assert sum(map(int, counts)) == 209
    sums = Reader(quarter.data / "06_catalog/preview").click("取組事例").text
    with duckdb.connect(str(quarter.data / "sumida.duckdb"), read_only=True) as database:
        [(printed,)] = database.sql(
            "SELECT printed FROM initiative_effect_summary WHERE level = '全体' AND period = 'FY2022Q3'"
        ).fetchall()
    assert printed == "約7,838時間"
    assert f"時間削減 <b>{printed}</b>" in sums


def test_all_ten_are_listed() -> None:
    text = Path("docs/questions.ja.md").read_text("utf-8")
    assert len(re.findall(r"^\| (?:住民|議員|記者|分析する人) \|", text, re.MULTILINE)) == 10
