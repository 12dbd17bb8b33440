"""The council's papers: the table to print, a sheet for each indicator behind, and the slides."""

from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest
from pptx import Presentation
from pptx.util import Pt

from sumida_data.base.frames import build_frame
from sumida_data.report.papers import render_pages, render_slides

BRIEFING = "briefing_electronic_approval_rate.html"
DECK_ROW = ["文書管理システム電子決裁率", "58%", "64.4% ※5", "", "", "100%", "× 遅れ"]


@pytest.fixture
def slides(report):
    return Presentation(BytesIO(render_slides(report))).slides


def _texts(slide):
    return "\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)


def _says(shape, text):
    return shape.has_text_frame and shape.text_frame.text.startswith(text)


def _charts(slides):
    return [shape.chart for slide in slides for shape in slide.shapes if shape.has_chart]


class TestPages:
    """What is printed on A4."""

    def test_the_table_has_footnotes_response_rate_and_verdicts(self, report):
        page = render_pages(report)["council_paper.html"].decode()
        assert "(※4) 令和5年1月末の実績" in page
        assert "回収率：75.0%（照会4課のうち3課が回答、うち前回から変更なし1課）" in page
        assert page.count("<tr>") == 1 + len(report.indicators)
        assert "× 遅れ" in page
        assert "size: A4 landscape" in page

    def test_the_paper_opens_with_the_main_points_and_keeps_every_caution(self, report):
        page = render_pages(report)["council_paper.html"].decode()
        points = page.partition('class="points"')[2].partition("</ul>")[0]
        for text in ("遅れ1", "目標値の5.2倍であり", "まだ確認を受けていない定義：すべての指標"):
            assert text in points
        assert report.plan.methods[0].reason in page.partition('class="notes"')[2]

    def test_what_was_said_of_an_indicator_stands_in_its_briefing_and_all_papers(
        self, make_frames, make_report, value_rows, dictionary
    ):
        frames = make_frames(value_rows)
        note = {
            "row_id": "1",
            "indicator_id": "electronic_approval_rate",
            "period": "FY2022Q3",
            "cause": "押印の要る文書が残る。",
            "next_step": "様式を改める。",
            "said_by": "総務課",
            "said_on": date(2023, 2, 1),
        }
        silent = make_report(frames)
        frames["progress_note"] = build_frame(dictionary["progress_note"], [note])
        report = make_report(frames)
        pages = render_pages(report)
        briefing = pages[BRIEFING].decode()
        assert "次にすること：様式を改める。（総務課、令和5年2月1日）" in briefing
        for page in (pages["council_paper.html"], pages["progress_report.html"]):
            assert "理由：押印の要る文書が残る。次にすること：様式を改める。" in page.decode()
        assert "まだ述べられていない" in render_pages(silent)[BRIEFING].decode()

    def test_values_carried_forward_are_marked(self, make_frames, make_report, value_rows):
        changed = [
            row | {"value_status": "carried_forward_in_part"}
            if row["indicator_id"] == "cashless_procedures"
            else row
            for row in value_rows
        ]
        page = render_pages(make_report(make_frames(changed)))["council_paper.html"].decode()
        assert "<td>209手続<small>一部引継ぎ</small></td>" in page
        assert "R4：一部は前回の回答を引継ぎ：キャッシュレス決済手続数" in page

    def test_only_indicators_behind_get_a_briefing(self, report):
        pages = render_pages(report)
        assert list(pages) == ["progress_report.html", "council_paper.html", BRIEFING]
        page = pages[BRIEFING].decode()
        assert "令和4年3月31日時点で<b>64.4%</b>" in page
        assert "<td>-2.0ポイント</td>" in page
        assert "定義（未確認）" in page

    def test_sample_data_are_stamped(self, make_frames, make_report, value_rows):
        sample = make_report(make_frames([row | {"sample": True} for row in value_rows]))
        _, *papers = render_pages(sample).values()
        for page in papers:
            assert "【見本データ】架空の調査票" in page.decode()


class TestSlides:
    """The presentation, as PowerPoint or Impress would read it."""

    def test_the_table_is_that_of_the_deck(self, slides):
        [table] = [shape.table for shape in slides[0].shapes if shape.has_table]
        rows = [[cell.text for cell in row.cells] for row in table.rows]
        assert rows[0] == ["指標", "基準値 R3", "R4", "R5", "R6", "目標値 R7", "判定"]
        assert rows[7] == DECK_ROW
        assert len(rows) == 12
        assert "回収率：75.0%" in _texts(slides[0])

    def test_notes_stand_below_the_table_which_has_no_large_letters(self, slides):
        [table] = [shape for shape in slides[0].shapes if shape.has_table]
        [notes] = [shape for shape in slides[0].shapes if _says(shape, "(※1)")]
        assert notes.top == table.top + sum(row.height for row in table.table.rows)
        ends = table._element.findall(".//{*}endParaRPr")
        assert len(ends) == 7 * 12
        assert {one.get("sz") for one in ends} == {"1200"}

    def test_a_slide_has_a_message_as_its_title_and_words_for_its_pictures(self, slides):
        assert _texts(slides[0]).startswith("指標11のうち、達成1、")
        assert "・遅れ：文書管理システム電子決裁率は令和4(2022)年3月31日現在で64.4%" in _texts(
            slides[1]
        )
        assert _texts(slides[2]).startswith("指標4のうち、達成1、順調3。")
        for slide in slides:
            for shape in slide.shapes:
                if shape.has_table or shape.has_chart:
                    assert shape._element.nvGraphicFramePr.cNvPr.get("descr")

    def test_every_indicator_has_a_chart(self, slides):
        assert len(_charts(slides)) == 11
        assert "マイナンバーカード普及率\n59.3%（目標 70%）　○ 順調" in _texts(slides[3])

    def test_no_text_of_a_chart_reaches_into_it(self, slides):
        [title] = [one for one in slides[4].shapes if _says(one, "重大セキュリティインシデント")]
        charts = [shape for shape in slides[4].shapes if shape.has_chart]
        assert title.top + title.height == charts[2].top

    def test_a_chart_holds_path_values_and_target(self, slides):
        chart = _charts(slides)[3]
        path, values, target = (list(series.values) for series in chart.plots[0].series)
        days = [category.label for category in chart.plots[0].categories]
        assert len(days) == 3
        assert path[0] == 20.0
        assert path[1] == pytest.approx(20 + 30 * 275 / 1461)
        assert path[2] == 50.0
        assert values == [20.0, 26.0, None]
        assert target == [None, None, 50.0]

    def test_an_indicator_without_start_has_no_path(self, slides):
        path, values, target = (list(s.values) for s in _charts(slides)[7].plots[0].series)
        assert path == values == [None]
        assert target == [18.0]

    def test_initiatives_have_a_chapter(self, make_frames, make_report, value_rows, dictionary):
        frames = make_frames(value_rows)
        owner = {"municipality_code": "131075", "period": "FY2022Q3", "department_code": "2201"}
        names = {"学校連絡": "区民サービス", "内緒": "業務改善"}
        initiatives = [
            owner
            | {"row_id": name, "initiative_name": name, "category": category}
            | {"may_publish": "否" if name == "内緒" else "可", "other_category": "業務改善"}
            for name, category in names.items()
        ]
        effect = owner | {
            "row_id": "e",
            "initiative_name": "学校連絡",
            "effect": "時間削減",
            "printed": "5,075時間(実績)",
        }
        frames["initiative"] = build_frame(dictionary["initiative"], initiatives)
        frames["initiative_effect_figure"] = build_frame(
            dictionary["initiative_effect_figure"], [effect]
        )
        *_, last = Presentation(BytesIO(render_slides(make_report(frames)))).slides
        assert _texts(last).startswith("取組事例1：区民サービス1")
        [table] = [shape.table for shape in last.shapes if shape.has_table]
        assert [cell.text for cell in table.rows[1].cells] == [
            *("区民サービス、業務改善", "学校連絡", "2201", "時間削減 5,075時間(実績)"),
        ]
        assert len(table.rows) == 2

    def test_long_tables_go_on_over_several_slides(self, report):
        effects = ["割合 約8割(実績、約100名のうち、導入効果を実感したと回答した職員)"] * 3
        names = [f"取組{number}" for number in range(40)]
        report.initiatives = [
            {
                "category": "業務改善",
                "categories": ["業務改善"],
                "initiative_name": one,
                "section": "税務課",
                "effects": effects,
            }
            for one in names
        ]
        presentation = Presentation(BytesIO(render_slides(report)))
        told = [slide for slide in presentation.slides if _texts(slide).startswith("取組事例40")]
        found = [shape for slide in told for shape in slide.shapes if shape.has_table]
        rows = [list(one.table.rows) for one in found]
        assert [part[0].cells[1].text for part in rows] == ["取組事例"] * len(told)
        assert [row.cells[1].text for part in rows for row in part[1:]] == names
        for shape, part in zip(found, rows, strict=True):
            # Two lines of 11 points, and the margins.
            assert part[1].height > Pt(2 * 11 * 1.2)
            assert shape.top + sum(row.height for row in part) < presentation.slide_height

    def test_the_same_report_gives_the_same_bytes(self, report):
        first = render_slides(report)
        assert first == render_slides(report)
        with ZipFile(BytesIO(first)) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert str(date.today()).encode() not in archive.read("docProps/core.xml")

    def test_sample_data_are_stamped(self, make_frames, make_report, value_rows):
        sample = make_report(make_frames([row | {"sample": True} for row in value_rows]))
        slides = Presentation(BytesIO(render_slides(sample))).slides
        assert all("【見本データ】" in _texts(slide) for slide in slides)
