"""Where the departments stand, as data, page, workbook and mails."""

import re
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.base.periods import Period
from sumida_data.report.returns import (
    ResponseTracking,
    render_tracking_page,
    render_tracking_workbook,
)
from sumida_data.survey.feedback import Feedback
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form

Row = dict[str, Any]
Track = Callable[..., ResponseTracking]
HOSTILE = "<script>alert('x')</script>"


@pytest.fixture
def track(
    municipality: HomeMunicipality,
    form: Form,
    rules: FindingRules,
    dictionary: DataDictionary,
    response_rows: list[Row],
) -> Track:
    """Return a function that tracks FY2022Q3 with more responses and findings."""

    def run(
        *findings: Row, more: list[Row] | None = None, answers: list[Row] | None = None
    ) -> ResponseTracking:
        frames = {
            "response": [*response_rows, *(more or [])],
            "finding": findings,
            "answer": answers or [],
        }
        tables = {name: build_frame(dictionary[name], rows) for name, rows in frames.items()}
        period, owner = Period.parse("FY2022Q3"), municipality.office
        given = Feedback(dictionary, form, rules, period, owner)
        return ResponseTracking(given, municipality, tables)

    return run


@pytest.fixture
def finding(make_finding: Callable[..., Row]) -> Callable[..., Row]:
    """Return a function that makes a finding in the return of 税務課."""

    def make(rule_id: str = "F301", severity: str = "error", cell: str = "H12") -> Row:
        return make_finding(rule_id, severity) | {
            "source_file": "FY2022Q3/1203.xlsx",
            "sheet": "手続",
            "cell": cell,
        }

    return make


def department(tracking: ResponseTracking, code: str) -> Row:
    return next(one for one in tracking.departments if one["department_code"] == code)


def table_of(content: bytes, sheet: str) -> list[dict[str, Any]]:
    heads, *rows = (
        [cell.value for cell in row]
        for row in openpyxl.load_workbook(BytesIO(content))[sheet].iter_rows(min_row=2)
    )
    return [dict(zip(heads, row, strict=True)) for row in rows]


class TestState:
    def test_every_department_stands_somewhere(self, track: Track) -> None:
        assert {one["department_code"]: one["state"] for one in track().departments} == {
            "1101": "受領",
            "1203": "受領",
            "1204": "受領(前回から変更なし)",
            "1205": "未回答",
        }

    def test_correction_and_delay_are_said(self, track: Track, response_rows: list[Row]) -> None:
        older = response_rows[1] | {"row_id": "o", "response_status": "superseded"}
        late = response_rows[0] | {
            "department_code": "1102",
            "answered_on": date(2023, 1, 19),
            "source_file": "FY2022Q3/1102.xlsx",
        }
        tracking = track(more=[older, late])
        assert department(tracking, "1203")["state"] == "受領、訂正あり"
        assert department(tracking, "1102")["state"] == "受領、締切後3日"
        assert (tracking.corrected, tracking.late) == (1, 1)

    @pytest.mark.parametrize("day", [None, date(2023, 1, 16), date(2023, 1, 1)])
    def test_unknown_or_early_day_is_no_delay(
        self, track: Track, response_rows: list[Row], day: date | None
    ) -> None:
        row = response_rows[0] | {"department_code": "1102", "answered_on": day}
        assert department(track(more=[row]), "1102")["days_late"] == 0

    def test_findings_go_to_their_department(
        self, track: Track, finding: Callable[..., Row], make_finding: Callable[..., Row]
    ) -> None:
        nobody = make_finding("F101", "error") | {"source_file": "FY2022Q3/謎.xlsx"}
        tracking = track(finding(), finding("F205", "warning"), nobody)
        tax = department(tracking, "1203")
        assert tax["counts"] == {"error": 1, "warning": 1}
        assert [one.rule_id for one in tracking.unassigned] == ["F101"]
        assert tracking.to_correct == 1

    def test_difference_is_said_where_there_is_one_to_say(self, track: Track) -> None:
        answers = [
            {
                "period": period,
                "department_code": "1203",
                "table_name": "security_training",
                "record_id": period,
                "field": "trainees",
                "value": value,
            }
            for period, value in (("FY2022Q2", "20"), ("FY2022Q3", "24"))
        ]
        tracking = track(answers=answers)
        words = {one["department_code"]: one["difference"] for one in tracking.departments}
        assert words["1203"] == "セキュリティ(変更1)"
        assert words["1101"] == "前回の回答なし"
        assert words["1205"] == ""


class TestReminders:
    def test_no_reply(self, track: Track) -> None:
        (mail,) = filter(None, (one["reminder"] for one in track().departments))
        assert mail.startswith("件名：【依頼】行政情報化取組状況調査票（令和4年度第3四半期）\n")
        assert "国保年金課　ご担当者様" in mail
        assert "提出期限は令和5年1月16日ですが、\n貴課の調査票がまだ届いていません" in mail
        assert "表紙と、研修・セキュリティの実績をお送りください。" in mail

    def test_something_to_correct(self, track: Track, finding: Callable[..., Row]) -> None:
        mail = department(track(finding()), "1203")["reminder"]
        assert "1. 要修正　手続!H12\n   指摘\n   直し方\n" in mail
        assert "添付の「1203_税務課_確認結果.xlsx」" in mail
        assert "もう一度お送りください" in mail

    def test_something_to_check(self, track: Track, finding: Callable[..., Row]) -> None:
        mail = department(track(finding("F205", "warning")), "1203")["reminder"]
        assert "そのままで正しいときは、その旨をお知らせください。" in mail
        assert "もう一度" not in mail

    def test_long_lists_are_cut(self, track: Track, finding: Callable[..., Row]) -> None:
        mail = department(track(*(finding(cell=f"H{n}") for n in range(1, 9))), "1203")["reminder"]
        assert "5. 要修正" in mail
        assert "6. 要修正" not in mail
        assert "ほかに3件あります。" in mail

    def test_what_is_in_order_is_acknowledged_file_by_file(self, track: Track) -> None:
        one = department(track(), "1203")
        assert not one["reminder"]
        assert one["mail"].startswith("件名：【受領のお知らせ】行政情報化取組状況調査票")
        assert "次のとおり受け付けました。直していただくところはありません。" in one["mail"]
        [(name, file, _)] = one["receipts"]
        assert file["file_sha256"] is None
        assert f"・{name}(受領)\n　内容の照合番号 なし\n" in one["mail"]

    def test_plain_text_is_left_as_it_is(self, track: Track, finding: Callable[..., Row]) -> None:
        mail = department(track(finding() | {"message": "「A&B」<C>"}), "1203")["reminder"]
        assert "「A&B」<C>" in mail


class TestPage:
    def test_says_the_counts(self, track: Track, finding: Callable[..., Row]) -> None:
        text = re.sub(
            r"\s+", " ", re.sub("<[^>]*>", " ", render_tracking_page(track(finding())).decode())
        )
        for words in ("照会 4 課", "回答 3 課", "未回答 1 課", "要修正がある 1 課"):
            assert words in text
        assert "区民部 3 2 1 1 66.7%" in text

    def test_needs_nothing_from_elsewhere(self, track: Track) -> None:
        page = render_tracking_page(track()).decode()
        assert "default-src 'none'" in page
        assert not re.search(r"url\(|@import|https?:|<script", page)

    def test_every_link_leads_to_a_mail(self, track: Track, finding: Callable[..., Row]) -> None:
        page = render_tracking_page(track(finding())).decode()
        links = re.findall(r'href="#(mail-[^"]*)"', page)
        assert links == ["mail-1203", "mail-1205"]
        assert all(f'id="{link}"' in page for link in links)

    def test_missing_is_not_zero(self, track: Track) -> None:
        rows = re.findall(
            r"<tr>\s*<th scope=\"row\">1205.*?</tr>",
            render_tracking_page(track()).decode(),
            re.DOTALL,
        )
        assert re.findall(r'<td class="number">(.*?)</td>', rows[0]) == ["", "", ""]

    def test_text_never_becomes_markup(
        self, track: Track, finding: Callable[..., Row], response_rows: list[Row]
    ) -> None:
        row = response_rows[0] | {"department_code": "9", "section": HOSTILE, "division": HOSTILE}
        page = render_tracking_page(track(finding() | {"message": HOSTILE}, more=[row])).decode()
        assert "<script" not in page
        assert page.count("&lt;script&gt;") >= 3


class TestWorkbook:
    def test_one_row_a_department(self, track: Track, finding: Callable[..., Row]) -> None:
        rows = table_of(render_tracking_workbook(track(finding())), "課別")
        assert [row["課コード"] for row in rows] == ["1101", "1203", "1204", "1205"]
        assert rows[1] == {
            "課コード": "1203",
            "部": "区民部",
            "課": "税務課",
            "状態": "受領",
            "回答日": None,
            "締切日": "2023-01-16",
            "締切後の日数": None,
            "要修正": 1,
            "要確認": 0,
            "集計した行": 10,
            "除いた行": 0,
            "前回の回答との違い": "前回の回答なし",
            "届いたファイル": "1203.xlsx",
        }

    def test_missing_is_not_zero(self, track: Track) -> None:
        silent = table_of(render_tracking_workbook(track()), "課別")[3]
        counts = [silent[name] for name in ("要修正", "要確認", "集計した行", "除いた行")]
        assert counts == [None] * 4

    def test_divisions_add_up(self, track: Track) -> None:
        rows = table_of(render_tracking_workbook(track()), "部別")
        assert [(row["部"], row["回収率"]) for row in rows] == [
            ("企画経営室", "100.0%"),
            ("区民部", "66.7%"),
            ("計", "75.0%"),
        ]

    def test_mails_and_unassigned_files(
        self, track: Track, make_finding: Callable[..., Row]
    ) -> None:
        nobody = make_finding("F101", "error") | {"source_file": "FY2022Q3/謎.xlsx"}
        content = render_tracking_workbook(track(nobody))
        (mail,) = table_of(content, "催促の文面")
        assert (mail["課コード"], mail["文面"][:3]) == ("1205", "件名：")
        (lost,) = table_of(content, "担当課で直すもの")
        assert (lost["ファイル"], lost["規則"]) == ("FY2022Q3/謎.xlsx", "F101")


def test_sample_is_stamped(track: Track, response_rows: list[Row]) -> None:
    row = response_rows[0] | {"department_code": "1102", "sample": True}
    real, sample = track(), track(more=[row])
    assert "見本データ" not in render_tracking_page(real).decode()
    assert "<strong>見本データ</strong>" in render_tracking_page(sample).decode()
    for sheet in openpyxl.load_workbook(BytesIO(render_tracking_workbook(sample))):
        assert str(sheet["A2"].value).startswith("【見本データ】")


def test_same_tracking_gives_the_same_bytes(track: Track, finding: Callable[..., Row]) -> None:
    one, other = track(finding()), track(finding())
    assert render_tracking_page(one) == render_tracking_page(other)
    assert render_tracking_workbook(one) == render_tracking_workbook(other)
