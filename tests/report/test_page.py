import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from sumida_data.base.frames import build_frame
from sumida_data.plan.models import Plan
from sumida_data.report.content import ProgressReport
from sumida_data.report.papers import render_pages

HOSTILE = "<script>alert('x')</script>&\"<img src=https://example.jp/x>"
Row = dict[str, Any]
MakeReport = Callable[..., ProgressReport]
MakeFrames = Callable[..., dict[str, pd.DataFrame]]


def render_page(report: ProgressReport) -> bytes:
    return render_pages(report)["progress_report.html"]


class Outline(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def page(report: ProgressReport) -> bytes:
    return render_page(report)


def text_of(page: bytes) -> str:
    """The page's text without tags and styles, spaces closed up."""
    body = re.sub(r"<style>.*?</style>", "", page.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


class TestSelfContained:
    def test_needs_no_script_and_nothing_from_elsewhere(self, page: bytes) -> None:
        outline = Outline(page)
        assert not outline.named("script")
        for _, attributes in outline.elements:
            for name in ("src", "href", "srcset", "action", "data"):
                assert (attributes.get(name) or "#").startswith(("#", "data:"))
        assert not re.search(r"url\(|@import|https?:", page.decode())

    def test_browser_is_told_to_refuse_it(self, page: bytes) -> None:
        policies = [one for one in Outline(page).named("meta") if "http-equiv" in one]
        assert str(policies[0]["content"]).startswith("default-src 'none'")

    def test_links_within_the_page_lead_somewhere(self, page: bytes) -> None:
        outline = Outline(page)
        ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        targets = {str(one["href"]) for one in outline.named("a")}
        assert targets
        assert targets <= {f"#{name}" for name in ids}

    def test_same_report_gives_the_same_bytes(self, report: ProgressReport) -> None:
        assert render_page(report) == render_page(report)


class TestContent:
    def test_every_chart_has_a_description_and_its_table(self, plan: Plan, page: bytes) -> None:
        sections = page.decode().split('<section class="indicator"')[1:]
        assert len(sections) == len(plan.indicators)
        for section in sections:
            marks = sum(
                section.count(mark) for mark in ("<circle", '"target"', '<rect class="start"')
            )
            table = section.split("<details>")[1].split("</details>")[0]
            assert re.search(r"<svg.*role=\"img\".*<title.*<desc", section, re.DOTALL)
            not_measured = table.count("<td>未測定</td>")
            assert table.count('<th scope="row">') == marks + not_measured

    def test_chart_says_its_figures(self, page: bytes) -> None:
        assert (
            "計画線は令和3年9月1日の40%から令和8年3月31日の70%まで。"
            "令和4年4月1日の値は47.3%。令和5年1月31日の値は59.3%。" in text_of(page)
        )

    def test_verdict_is_said_in_words_beside_its_symbol(self, page: bytes) -> None:
        text = text_of(page)
        for words in ("◎ 達成", "○ 順調", "× 遅れ", "－ 判定不能"):
            assert words in text

    def test_missing_value_is_said_in_words(self, page: bytes) -> None:
        section = page.decode().split('id="standardized_systems"')[1].split("</section>")[0]
        assert text_of(section.encode()).count("未測定") >= 2
        assert "0業務" not in section.replace("20業務", "")

    def test_responses_by_division(self, page: bytes) -> None:
        text = text_of(page)
        assert "企画経営室 1 1 0 0 100.0%" in text
        assert "区民部 3 2 1 1 66.7%" in text
        assert "計 4 3 1 1 75.0%" in text

    def test_findings_by_rule(
        self,
        make_report: MakeReport,
        make_frames: MakeFrames,
        make_finding: Callable[..., Row],
        value_rows: list[Row],
    ) -> None:
        findings = [
            *(make_finding("F301", "error") for _ in range(3)),
            make_finding("F101", "error"),
            make_finding("F207", "warning", None),
            make_finding("F205", "warning", "FY2022Q1"),
        ]
        text = text_of(render_page(make_report(make_frames(value_rows, findings=findings))))
        assert "集計から除いたもの4件、確かめてほしいもの1件" in text
        assert text.index("数でない F301") < text.index("空のファイル F101") < text.index("F207")
        assert "F205" not in text


class TestSample:
    def test_sample_is_stamped(
        self, make_report: MakeReport, make_frames: MakeFrames, value_rows: list[Row]
    ) -> None:
        rows = [row | {"sample": True} for row in value_rows]
        page = render_page(make_report(make_frames(rows)))
        assert "<title>【見本データ】" in page.decode()
        assert "見本データ 架空の調査票から作ったもの" in text_of(page)

    def test_real_figures_are_not(self, page: bytes) -> None:
        assert "見本データ" not in page.decode()


def test_text_never_becomes_markup(
    make_report: MakeReport,
    make_frames: MakeFrames,
    value_rows: list[Row],
    response_rows: list[Row],
) -> None:
    values = [row | {"note": HOSTILE} for row in value_rows]
    responses = [row | {"division": HOSTILE, "section": HOSTILE} for row in response_rows]
    frames = make_frames(values, responses)
    frames["indicator_progress"]["reason"] = HOSTILE
    outline = Outline(render_page(make_report(frames)))
    assert not outline.named("script")
    assert not outline.named("img")


class TestReview:
    def test_values_worth_a_look_and_corrections_are_listed_if_there_are_any(
        self, make_frames: Any, make_report: Any, value_rows: list[Row], dictionary: Any
    ) -> None:
        frames = make_frames(value_rows)
        page = render_page(make_report(frames)).decode()
        assert "確かめたい値" not in page
        assert "訂正番号" not in page
        hint = {
            "row_id": "1",
            "indicator_id": "cashless_procedures",
            "indicator_title": "キャッシュレス決済手続数",
            "period": "FY2022Q3",
            "hint": "jump",
            "value": Decimal(209),
            "message": "基準値13の3倍を超えた。",
        }
        correction = {
            "row_id": "1",
            "correction_id": "C1",
            "period": "FY2022Q3",
            "department_code": "1203",
            "table_name": "procedure",
            "record_key": "T1",
            "field": "annual_cases",
            "expected_value": "120",
            "new_value": None,
            "reason": "桁の誤り",
            "agreed_by": "税務課長",
            "agreed_on": date(2023, 1, 20),
            "state": "applied",
        }
        frames["review_hint"] = build_frame(dictionary["review_hint"], [hint])
        frames["correction"] = build_frame(dictionary["correction"], [correction])
        page = render_page(make_report(frames)).decode()
        for words in (
            "209：基準値13の3倍を超えた。",
            "まだ確かめていない",
            "<code>cashless_procedures</code> <code>FY2022Q3</code> <code>jump</code>",
            "120 → 空欄",
            "桁の誤り（税務課長、令和5年1月20日）",
            "訂正した",
        ):
            assert words in page
        frames["review_hint"] = build_frame(
            dictionary["review_hint"],
            [
                hint
                | {"note": "数え方が変わった", "noted_by": "ICT推進担当", "noted_on": "2023-01-20"}
            ],
        )
        assert (
            "数え方が変わった（ICT推進担当、2023-01-20）"
            in render_page(make_report(frames)).decode()
        )
