"""What stands on the pages, and that each is sound HTML."""

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

from sumida_data.base.metadata import DataDictionary
from sumida_data.catalogue.folder import find_broken_links
from sumida_data.plan.models import Plans
from sumida_data.present.words import Language
from sumida_data.site.content import SiteSettings, read_published
from sumida_data.site.pages import build_site
from tests.packages.conftest import CARD_RATE, PROCEDURE, PROGRESS

Texts = dict[str, str]
Row = dict[str, Any]

INITIATIVE: Row = {
    "row_id": "i1",
    "municipality_code": "131075",
    "period": "FY2022Q3",
    "as_of": date(2022, 12, 31),
    "department_code": "2201",
    "sample": False,
    "initiative_name": "学校連絡",
    "category": "区民サービス",
    "summary": "担当者の私見",
    "may_publish": "可",
}
EFFECT: Row = {
    key: INITIATIVE[key]
    for key in ("municipality_code", "period", "as_of", "department_code", "sample")
} | {
    "row_id": "e1",
    "initiative_name": "学校連絡",
    "effect": "時間削減",
    "effect_value": Decimal(5075),
    "effect_unit": "時間",
    "certainty": "見込み",
    "approximate": "はい",
    "condition": "全校で使った場合",
    "annual_cases": 2900,
    "minutes_per_case": Decimal(3),
    "sites": 35,
}
CARD = "indicators/mynumber_card_rate.html"
VOID = {"meta", "link", "input", "br", "line", "rect", "path", "circle"}


class Outline(HTMLParser):
    """What of a page must be right for every reader: nesting, ids, headings, labels."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.headings: list[int] = []
        self.referred: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in named:
            self.ids[str(named["id"])] += 1
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        for name in ("aria-labelledby", "for"):
            self.referred |= set(str(named.get(name) or "").split())

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, self.getpos()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)


def html_of(pages: Texts) -> Texts:
    return {path: text for path, text in pages.items() if path.endswith(".html")}


class TestEveryPage:
    def test_is_sound(self, pages: Texts) -> None:
        found = html_of(pages)
        assert len(found) > 40
        for path, text in found.items():
            outline = Outline(text)
            assert outline.open == [], path
            assert [name for name, count in outline.ids.items() if count > 1] == [], path
            assert outline.referred <= set(outline.ids), path

    def test_headings_begin_with_one_and_leave_no_level_out(self, pages: Texts) -> None:
        for path, text in html_of(pages).items():
            levels = Outline(text).headings
            assert levels.count(1) == 1, path
            assert levels[0] == 1, path
            steps = pairwise(levels)
            assert all(after <= before + 1 for before, after in steps), path

    def test_says_its_language_and_title(self, pages: Texts) -> None:
        titles = Counter()
        for path, text in html_of(pages).items():
            assert f'<html lang="{"en" if path.startswith("en/") else "ja"}">' in text
            titles[re.findall("<title>(.*?)</title>", text)[0]] += 1
        assert [title for title, count in titles.items() if count > 1] == []

    def test_loads_nothing_from_elsewhere_and_nothing_inline(self, pages: Texts) -> None:
        for text in html_of(pages).values():
            assert "default-src 'none'; style-src 'self'; script-src 'self'" in text
            assert not re.search(
                r'(?:src|href)="(?:https?:)?//[^"]*\.(?:css|js|png|svg|woff)', text
            )
            assert "style=" not in text
            assert not re.search(r"<script(?! type=\"application/ld\+json\"| src=)", text)
        assert "url(" not in pages["assets/site.css"]
        assert "@import" not in pages["assets/site.css"]

    def test_every_link_leads_to_a_page_or_a_file(
        self, pages: Texts, built: dict[str, bytes]
    ) -> None:
        files = {path: text.encode() for path, text in pages.items()}
        files |= {f"dataset/{path.replace('/', '/latest/')}": one for path, one in built.items()}
        for path in ("package_list", "catalog.jsonld"):
            files[f"api/3/action/{path}" if path == "package_list" else path] = b""
        files["api/3/action/package_search"] = b'{"result": {"results": []}}'
        assert find_broken_links(files) == []

    def test_the_same_packages_give_the_same_bytes(
        self, pages: Texts, render: Callable[..., Texts]
    ) -> None:
        assert render() == pages


class TestSample:
    def test_every_page_is_stamped(self, build: Callable[..., Any], render: Callable[..., Texts]):
        pages = render(build(procedure=[PROCEDURE | {"sample": True}]))
        for path, text in html_of(pages).items():
            stamp = "Sample data" if path.startswith("en/") else "見本データ"
            title = text.partition("<title>")[2].partition("</title>")[0]
            assert title.count(f"【{stamp}】") == 1, path
            assert f'og:title" content="【{stamp}】' in text
            assert f"<title>【{stamp}】" in text
            assert f'<p class="sample" role="note"><strong>{stamp}</strong>' in text
        assert "<title>【見本データ】" in pages["feed.xml"]

    def test_no_page_is_stamped_without_sample_data(self, pages: Texts) -> None:
        assert [path for path, text in pages.items() if 'class="sample"' in text] == []


def test_what_is_not_published_is_nowhere(
    build: Callable[..., Any], render: Callable[..., Texts]
) -> None:
    secret = INITIATIVE | {"initiative_name": "内緒の取組", "may_publish": "否", "row_id": "i2"}
    pages = render(
        build(
            initiative=[INITIATIVE, secret],
            initiative_effect=[EFFECT, EFFECT | {"initiative_name": "内緒の取組", "row_id": "e2"}],
        )
    )
    everything = "".join(pages.values())
    assert "学校連絡" in everything
    for text in ("担当者の私見", "内緒の取組", "remarks", "initiative.summary", "may_publish"):
        assert text not in everything


def test_text_from_the_data_is_not_taken_for_markup(
    build: Callable[..., Any], render: Callable[..., Texts]
) -> None:
    hostile = "</script><script>alert(1)</script>"
    named = PROCEDURE | {"procedure_name": hostile}
    noted = CARD_RATE | {"note": hostile}
    pages = render(build(procedure=[named], indicator_value=[noted]))
    for path in ("dataset/online-procedures/index.html", "indicators/mynumber_card_rate.html"):
        assert hostile not in pages[path]
        assert "&lt;script&gt;alert(1)" in pages[path]


class TestOverview:
    def test_shows_value_target_and_verdict_in_words(self, pages: Texts) -> None:
        card = pages["index.html"].partition('id="mynumber_card_rate"')[2].partition("</li>")[0]
        assert "59.3%" in card
        assert "目標 70%" in card
        assert "順調" in card
        assert "令和5(2023)年1月31日現在" in card

    def test_missing_is_not_zero(self, pages: Texts) -> None:
        card = pages["index.html"].partition('id="standardized_systems"')[2].partition("</li>")[0]
        assert '<p class="figure">- <small>' in card
        assert "未測定" in card
        assert "0業務" not in card

    def test_an_indicator_without_a_published_value_says_so(self, pages: Texts) -> None:
        assert "値はまだ公表していません。" in pages["indicators/open_datasets.html"]
        assert "No value has been published yet." in pages["en/indicators/open_datasets.html"]

    def test_every_indicator_of_the_plan_has_a_page(self, pages: Texts, plans: Plans) -> None:
        for indicator in plans.indicators:
            assert f"<h1>{indicator.title}" in pages[f"indicators/{indicator.indicator_id}.html"]


class TestIndicator:
    def test_shows_all_parts_of_all_methods(
        self, build: Callable[..., Any], render: Callable[..., Texts]
    ) -> None:
        other = PROGRESS | {
            "row_id": "2",
            "method": "yearly_share",
            "verdict": "behind",
            "agrees": False,
            "projected_value": Decimal("66.6"),
        }
        page = render(build(indicator_progress=[PROGRESS, other]))[
            "indicators/mynumber_card_rate.html"
        ]
        table = page.partition('<table class="parts">')[2].partition("</table>")[0]
        assert table.index("直線の計画線") < table.index("年ごとの割合")
        for part in ("順調", "遅れ", "2.0774", "66.6%", "仮の基準"):
            assert part in table
        assert "方法により異なります" in page

    def test_a_revised_value_keeps_the_one_before(
        self, build: Callable[..., Any], render: Callable[..., Texts]
    ) -> None:
        revised = CARD_RATE | {"row_id": "r2", "revision": 2, "value": Decimal("59.4")}
        pages = render(build(indicator_value=[CARD_RATE, revised]))
        page = pages["indicators/mynumber_card_rate.html"]
        assert "<del>59.3%</del>" in page
        assert '<p class="figure large">59.4%' in page
        assert "59.3%" in pages["corrections.html"]
        assert "59.4%" in pages["corrections.html"]
        # Without a revision, and of what is asked of no department, there is nothing to show.
        plain = render()["indicators/mynumber_card_rate.html"]
        assert 'class="old"' not in plain
        heading = '<th scope="col" class="number">改訂</th>'
        assert (heading in page, heading in plain) == (True, False)
        assert "回答した課</th>" not in plain

    def test_a_break_of_the_series_stands_between_the_values(
        self, build: Callable[..., Any], render: Callable[..., Texts]
    ) -> None:
        later = CARD_RATE | {
            "row_id": "later",
            "period": "FY2022Q4",
            "as_of": date(2023, 3, 31),
            "definition_version": "2",
            "series_break": date(2023, 1, 1),
        }
        page = render(build(indicator_value=[CARD_RATE, later]))[
            "indicators/mynumber_card_rate.html"
        ]
        before, said, after = page.partition("前後の値はつながりません")
        assert said
        assert '<th scope="col" class="number">分子</th>' in before
        assert "令和4(2022)年度第3四半期" in before
        assert "令和4(2022)年度第4四半期" in after

    def test_gives_formula_query_and_limits(self, pages: Texts, plans: Plans) -> None:
        page = pages["indicators/mynumber_card_rate.html"]
        assert "交付枚数 ÷ 住民基本台帳人口 × 100" in page
        assert "SELECT m.row_id, m.cards AS numerator" in page
        assert "未確認" in page
        assert plans.root[0].indicator("mynumber_card_rate").limits in page

    def test_says_who_was_asked_and_who_answered(
        self, build: Callable[..., Any], render: Callable[..., Texts]
    ) -> None:
        value = CARD_RATE | {
            "indicator_id": "online_consultations",
            "departments_asked": 75,
            "departments_answered": 69,
        }
        rate = {
            "row_id": "1",
            "municipality_code": "131075",
            "period": "FY2022Q3",
            "as_of": date(2022, 12, 31),
            "level": "部",
            "organisation": "区民部",
            "asked": 6,
            "answered": 5,
            "no_change": 1,
            "unusable": 0,
            "response_rate": Decimal("83.3"),
            "sample": False,
        }
        whole = rate | {"row_id": "0", "level": "区", "organisation": "区全体"}
        pages = render(build(indicator_value=[value], response_rate=[rate, whole]))
        page = pages["indicators/online_consultations.html"]
        assert "照会した75課のうち69課が回答" in page
        assert page.index("区全体") < page.index("区民部")
        assert page.count("83.3%") == 2
        assert "69 of 75 departments asked" in pages["en/indicators/online_consultations.html"]
        assert "各課への照会によらない" in render()["indicators/mynumber_card_rate.html"]


class TestProcedures:
    def test_lists_the_newest_quarter_with_department_and_ways_to_pay(
        self, build: Callable[..., Any], render: Callable[..., Texts]
    ) -> None:
        online = PROCEDURE | {"online_status": "済", "online_started_on": date(2022, 10, 1)}
        older = PROCEDURE | {"row_id": "old", "period": "FY2022Q2", "procedure_name": "昔の手続"}
        nobody = PROCEDURE | {
            "row_id": "nobody",
            "department_code": "9999",
            "procedure_number": "T9999-01",
        }
        department = {
            "row_id": "d1",
            "department_code": PROCEDURE["department_code"],
            "series_code": "1203",
            "division": "区民部",
            "section": "税務課",
            "valid_from": date(2020, 4, 1),
            "verified": "公表資料",
        }
        renamed = department | {"row_id": "d2", "section": "後の課", "valid_from": date(2030, 4, 1)}
        payment = {
            key: PROCEDURE[key]
            for key in (
                *("row_id", "municipality_code", "period", "as_of"),
                *("department_code", "procedure_number", "sample"),
            )
        } | {"procedure_row_id": PROCEDURE["row_id"], "payment_method": "電子マネー"}
        tables = {
            "procedure": [online, older, nobody],
            "department": [department, renamed],
            "procedure_payment_method": [payment],
        }
        pages = render(build(**tables))
        table = pages["procedures.html"].partition('id="procedures"')[2].partition("</table>")[0]
        first, second = re.findall(r"<tr id.*?</tr>", table, re.DOTALL)
        assert re.sub(r"<[^>]*>+", "|", first).split("|")[2:9:2] == [
            *(PROCEDURE["procedure_number"], PROCEDURE["procedure_name"], "税務課", "済"),
        ]
        assert '<time datetime="2022-10-01">令和4(2022)年10月1日</time>' in first
        assert "電子マネー" in first
        assert "<td>9999</td>" in second
        assert "昔の手続" not in table
        assert (
            '<optgroup label="区民部" lang="ja"><option lang="ja">税務課'
            in pages["procedures.html"]
        )
        assert "1 October 2022" in pages["en/procedures.html"]

    def test_says_so_where_there_are_none(
        self, render: Callable[..., Texts], built: dict[str, bytes]
    ) -> None:
        rest = {path: one for path, one in built.items() if not path.startswith("online")}
        assert "まだ公表していません" in render(rest)["procedures.html"]


def test_a_scrolling_query_is_a_region_with_a_name(pages: Texts) -> None:
    page = pages["indicators/mynumber_card_rate.html"]
    assert '<pre role="region" tabindex="0" aria-label="SQL">' in page


def test_a_correction_notice_is_told_in_full(
    build: Callable[..., Any], render: Callable[..., Texts]
) -> None:
    parts = {
        "reason": "数え漏れ",
        "scope": "第3四半期",
        "cause": "転記の誤り",
        "impact": "判定は同じ",
        "response": "確かめる人を増やした",
    }
    notice = {key: CARD_RATE[key] for key in ("indicator_id", "indicator_title", "period", "unit")}
    notice |= parts | {
        "row_id": "n1",
        "revision": 2,
        "old_value": Decimal("59.2"),
        "new_value": Decimal("59.3"),
        "decided_by": "ICT推進担当",
        "decided_on": date(2023, 5, 1),
    }
    pages = render(build(correction_notice=[notice]))
    for text in (*parts.values(), "59.2 → 59.3", "令和5(2023)年5月1日"):
        assert text in pages["corrections.html"]
    assert "1 May 2023" in pages["en/corrections.html"]


def test_effects_of_initiatives_keep_their_cautions(
    build: Callable[..., Any], render: Callable[..., Texts]
) -> None:
    older = INITIATIVE | {"row_id": "i0", "period": "FY2022Q2", "initiative_name": "終わった取組"}
    pages = render(build(initiative=[older, INITIATIVE], initiative_effect=[EFFECT]))
    page = pages["initiatives.html"]
    for text in ("約", "5,075", "見込み", "条件：全校で使った場合", "2,900件 × 1件3分 × 35箇所"):
        assert text in page
    assert "÷ 60 = 5,075時間" in page
    assert "終わった取組" not in page
    assert "Expected" in pages["en/initiatives.html"]
    assert "公表している取組事例は、まだありません" in render()["initiatives.html"]


def test_sums_of_effects_are_those_of_the_data(
    build: Callable[..., Any], render: Callable[..., Texts]
) -> None:
    def add(level: str, over: str, value: int, about: str) -> Row:
        return {
            "row_id": f"{level}{over}",
            "municipality_code": "131075",
            "period": "FY2022Q3",
            "level": level,
            "summed_over": over,
            "effect": "時間削減",
            "certainty": "実績",
            "value": Decimal(value),
            "unit": "時間",
            "approximate": about,
            "printed": "",
            "summands": 2,
            "sample": False,
        }

    sums = [add("区分", "業務改善", 2763, "はい"), add("全体", "全体", 7838, "はい")]
    sums += [
        add("課", "1203", 2704, "いいえ"),
        add("全体", "全体", 1, "いいえ") | {"period": "FY2022Q2"},
    ]
    tables: Row = {"initiative": [INITIATIVE], "initiative_effect": [EFFECT]}
    page = render(build(**tables, initiative_effect_summary=sums))["initiatives.html"]
    told = re.sub(r"<[^>]+>|\s", "", page.partition('id="sums"')[2].partition("</ul>")[0])
    assert told.endswith(
        "全体：時間削減約7,838時間実績(2件の合計)業務改善：時間削減約2,763時間実績(2件の合計)"
    )


def test_values_of_divisions_stand_beside_the_whole(
    build: Callable[..., Any], render: Callable[..., Texts]
) -> None:
    def divide(division: str, value: int | None) -> Row:
        return {
            "row_id": division,
            "municipality_code": "131075",
            "plan_id": "sumida-fy2022",
            "indicator_id": "cashless_procedures",
            "indicator_title": "キャッシュレス決済手続数",
            "period": "FY2022Q3",
            "level": "部",
            "organisation_code": division,
            "division": division,
            "value": value and Decimal(value),
            "numerator": value and Decimal(value),
            "unit": "手続",
            "value_status": "measured" if value else "suppressed",
        }

    rows = [divide("総務部", 9), divide("区民部", 20), divide("福祉保健部", None)]
    value = CARD_RATE | {
        "indicator_id": "cashless_procedures",
        "unit": "手続",
        "value": Decimal(29),
    }
    pages = render(build(indicator_value=[value], indicator_value_by_department=rows))
    table = pages["indicators/cashless_procedures.html"].partition('id="divisions"')[2]
    found = re.findall(r'<th scope="row">(.*?)</th><td class="number">(.*?)</td>', table)
    assert found[:3] == [("区民部", "20手続"), ("総務部", "9手続"), ("福祉保健部", "秘匿")]
    assert ">Residents' Affairs Division<" in pages[
        "en/indicators/cashless_procedures.html"
    ].replace("&#39;", "'")


def test_a_released_summary_and_the_department_stand_with_an_initiative(
    build_packages_of: Callable[..., Any],
    packages: Any,
    dictionary: DataDictionary,
    render: Callable[..., Texts],
) -> None:
    initiative = dictionary["initiative"]
    fields = [
        one.model_copy(update={"published": one.published or one.name == "summary"})
        for one in initiative.fields
    ]
    opened = initiative.model_copy(update={"fields": tuple(fields)})
    tables = (opened if one.name == "initiative" else one for one in dictionary.tables)
    released = DataDictionary(tables=tuple(tables))
    rows: Row = {"initiative": [INITIATIVE], "initiative_effect": [EFFECT]}
    page = render(build_packages_of(packages, tables=released, **rows))["initiatives.html"]
    assert "<p>担当者の私見</p>" in page
    assert '<p class="small">2201</p>' in page  # no department is published here
    assert "当てはまる取組" not in page


class TestDataset:
    def test_explains_rows_columns_and_downloads(
        self, pages: Texts, built: dict[str, bytes]
    ) -> None:
        page = pages["dataset/online-procedures/index.html"]
        assert "1行は、1つの課が所管する1つの手続" in page
        assert 'id="procedure.online_status"' in page
        assert "住民税の申告" in page
        for path, content in built.items():
            name, _, file = path.partition("/")
            if name == "online-procedures":
                assert f'href="latest/{file}" download' in page
                assert f"{len(content):,} バイト" in page

    def test_says_how_often_in_both_languages(self, pages: Texts) -> None:
        assert "<dd>四半期</dd>" in pages["dataset/dx-indicators/index.html"]
        assert "<dd>Quarterly</dd>" in pages["en/dataset/dx-indicators/index.html"]

    def test_empty_cells_say_so(self, pages: Texts) -> None:
        assert '<span class="none">空</span>' in pages["dataset/online-procedures/index.html"]

    def test_linked_data_are_embedded_whole(self, pages: Texts, built: dict[str, bytes]) -> None:
        page = pages["dataset/dx-indicators/index.html"]
        embedded = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
        assert json.loads(embedded[0]) == json.loads(built["dx-indicators/schema_org.jsonld"])

    def test_versions_and_changes_are_listed(
        self, build: Callable[..., Any], render: Callable[..., Texts], built: dict[str, bytes]
    ) -> None:
        changed = build(before=built, procedure=[PROCEDURE | {"annual_cases": 1300}])
        page = render(changed)["dataset/online-procedures/index.html"]
        listed = re.findall(r'<h3><a href="([^"]+)">(\d+\.\d+\.\d+)', page)
        assert len(listed) == 2
        assert listed[1][1] == "1.0.0"
        for address, version in listed:
            assert address.endswith(f"/dataset/online-procedures/{version}/")

    def test_results_of_the_checks_appear_where_they_are_published(
        self, build: Callable[..., Any], render: Callable[..., Texts], pages: Texts
    ) -> None:
        path = "dataset/online-procedures/index.html"
        met = {
            "row_id": "1",
            "rule_id": "Q101",
            "rule_title": "手続番号がある",
            "table_name": "procedure",
            "subject": "-",
            "severity": "error",
            "characteristic": "完全性",
            "owner": "ICT推進担当",
            "depends_on": "data",
            "rows_checked": 1663,
            "rows_failed": 0,
            "share_failed": Decimal(0),
            "may_fail": Decimal(0),
            "passed": True,
        }
        missed = met | {"row_id": "2", "rule_id": "Q102", "rows_failed": 2, "passed": False}
        page = render(build(check_result=[met, missed]))[path]
        assert "確かめる行のあった2の規則のうち1に合格しています" in page
        assert page.index("× 不合格") < page.index("○ 合格")
        assert "1,663" in page
        assert "規則ごとの結果" not in pages[path]


def test_a_procedure_leads_to_where_it_is_applied_for(
    build: Callable[..., Any], render: Callable[..., Texts], pages: Texts
) -> None:
    address = "https://example.lg.jp/shinsei"
    page = render(build(procedure=[PROCEDURE | {"application_url": address}]))["procedures.html"]
    name = PROCEDURE["procedure_name"]
    assert f'<th scope="row"><a href="{address}">{name}</a></th>' in page
    assert f'<th scope="row">{name}</th>' in pages["procedures.html"]


def test_the_calendar_tells_what_is_here_and_what_is_to_come(pages: Texts) -> None:
    page = pages["calendar.html"]
    here = page.partition("令和4(2022)年度第3四半期")[2].partition("</tr>")[0]
    to_come = page.partition("令和4(2022)年度第4四半期")[2].partition("</tr>")[0]
    assert "掲載済み" in here
    assert "令和5(2023)年3月2日" in here  # 45 days after 16 January
    assert "これから" in to_come


def test_contact_shows_only_what_is_known(render: Callable[..., Texts], site: SiteSettings) -> None:
    silent = site.contact.model_copy(update={"telephone": None})
    nobody = site.model_copy(update={"contact": silent})
    assert "電話" not in render(described=nobody)["contact.html"]
    contact = site.contact.model_copy(update={"telephone": "03-0000-0000", "email": "x@example.jp"})
    page = render(described=site.model_copy(update={"contact": contact}))["contact.html"]
    assert 'href="tel:0300000000"' in page
    assert 'href="mailto:x@example.jp"' in page


def test_the_feed_has_an_entry_for_every_version(
    build: Callable[..., Any], render: Callable[..., Texts], built: dict[str, bytes]
) -> None:
    changed = build(before=built, procedure=[PROCEDURE | {"annual_cases": 1300}])
    atom = "{http://www.w3.org/2005/Atom}"
    before, after = (
        ET.fromstring(render(files)["feed.xml"].encode()).findall(f"{atom}entry")  # noqa: S314
        for files in (built, changed)
    )
    names = {path.partition("/")[0] for path in built}
    assert len(before) == len(names)
    assert len(after) == len(names) + 1
    ids = [entry.findtext(f"{atom}id") for entry in after]
    assert len(set(ids)) == len(ids)
    assert {entry.findtext(f"{atom}id") for entry in before} < set(ids)


def test_machines_are_told_what_there_is(pages: Texts, built: dict[str, bytes]) -> None:
    listed = pages["sitemap.txt"].split()
    assert {one.removeprefix(listed[0].removesuffix("index.html")) for one in listed} == set(
        html_of(pages)
    )
    assert listed[0].startswith("http")
    assert pages["robots.txt"].endswith(f"Sitemap: {listed[0].rpartition('/')[0]}/sitemap.txt\n")
    assert "1970" not in pages["feed.xml"]
    for text in html_of(pages).values():
        assert re.search('<meta name="description" content="[^"]{20,}">', text)
    assert 'content="My Number card rate: Cards issued' in pages[f"en/{CARD}"]
    assert f'rel="canonical" href="{listed[0].rpartition("/")[0]}/{CARD}"' in pages[CARD]


def test_words_are_explained_and_said_easily(pages: Texts) -> None:
    assert "起点と目標値を結ぶ直線" in pages["glossary.html"]
    assert "The straight line from the start" in pages["en/glossary.html"]
    assert "やさしい日本語で読む" in pages["index.html"]
    assert "何枚くばられたか" in pages[CARD]
    assert "やさしい日本語" not in pages[f"en/{CARD}"]


def test_nothing_published_still_makes_a_site(render: Callable[..., Texts]) -> None:
    pages = render({})
    assert "値はまだ公表していません。" in pages["index.html"]
    assert "公表しているデータは、まだありません。" in pages["dataset/index.html"]
    for text in html_of(pages).values():
        assert Outline(text).open == []


def test_an_earlier_plan_keeps_its_page(
    built: dict[str, bytes],
    municipality: Any,
    plans: Plans,
    waves: Any,
    site: SiteSettings,
    dictionary: Any,
) -> None:
    plan = plans.root[0]
    later = plan.model_copy(
        update={
            "plan_id": "sumida-fy2026",
            "title": "次の計画",
            "first_day": date(2026, 4, 1),
            "last_day": date(2030, 3, 31),
            "indicators": (),
        }
    )
    both = Plans.model_construct(root=(plan, later))
    published = read_published(built, [])
    pages = build_site(published, municipality, both, waves, site, dictionary)
    assert "次の計画" in pages["index.html"].decode()
    assert plan.title in pages[f"plans/{plan.plan_id}.html"].decode()


def test_english_pages_have_no_japanese_outside_what_is_marked(pages: Texts) -> None:
    found = {}
    for path in pages:
        if path.startswith("en/") and path.endswith(".html"):
            text = pages[path].partition("<main")[2].partition("</main>")[0]
            text = re.sub(r'<(\w+)[^>]* lang="ja"[^>]*>.*?</\1>', "", text, flags=re.DOTALL)
            # Code, anchors and what search compares with stay as they are in the data.
            text = re.sub(r"<(pre|code)\b.*?</\1>", "", text, flags=re.DOTALL)
            text = re.sub(r""" href="[^"]*"|data-synonyms='[^']*'""", "", text)
            found[path] = re.findall(r"[ぁ-んァ-ン一-龥]+", text)
    assert {path: words for path, words in found.items() if words} == {}


def test_a_published_sentence_finds_its_english(site: SiteSettings) -> None:
    language = Language("en", DataDictionary(tables=()), site.english)
    for text in ("前に答えた分を数えると67〜74。", "前に答えた分を数えると67~74。"):
        expected = "With what they answered last, it would be between 67 and 74."
        assert language.find(text) == expected


def test_a_number_that_english_does_not_repeat_is_not_taken_for_another(site: SiteSettings) -> None:
    uneven = {
        japanese: english
        for japanese, english in site.english.items()
        if japanese.count("{}") != english.count("{}")
    }
    assert uneven == {}


def test_every_text_of_columns_and_rules_has_its_english(
    dictionary: DataDictionary, site: SiteSettings, raw_parameters: dict[str, Any]
) -> None:
    language = Language("en", DataDictionary(tables=()), site.english)
    rules = raw_parameters["quality_rules"]
    texts = {one["title"] for one in (*rules["families"], *rules["rules"])}
    packages = raw_parameters["packages"]["packages"]
    for name in {one["table"] for package in packages for one in package["resources"]}:
        columns = [one for one in dictionary[name].fields if one.published]
        texts |= {text for one in columns for text in (one.description, one.unit) if text}
    assert [text for text in sorted(texts) if language.find(text) is None] == []


def test_every_text_of_the_plan_has_its_english(plans: Plans, site: SiteSettings) -> None:
    language = Language("en", DataDictionary(tables=()), site.english)
    texts = [
        text
        for plan in plans.root
        for one in plan.indicators
        for version in one.versions
        for text in (
            *(version.definition, version.numerator_words, version.denominator_words),
            *(version.limits, version.version_reason, one.baseline.reason, one.owner),
            *(one.unknown_targets, *(f"{target.reason}{target.note}" for target in one.targets)),
            *(cuts.reason for cuts in plan.methods),
            *(policy.description for policy in plan.policies),
        )
        if text
    ]
    assert [text for text in texts if language.find(text) is None] == []
