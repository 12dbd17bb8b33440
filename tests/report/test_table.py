from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest

from sumida_data.plan.models import Plan
from sumida_data.report.content import IndicatorReport, ProgressReport, TableCell

Row = dict[str, Any]
Show = Callable[..., ProgressReport]

# The table as the ward prints it; the deck writes 電子決済率 for 電子決裁率.
PRINTED = """\
オンライン化手続数①※1|6手続|23手続|||25手続 (R4) ※3
オンライン化手続数②※2|13手続|37手続|||44手続 ※3
キャッシュレス決済手続数|13手続|209手続|||40手続
オンライン相談等実施業務数|20業務|26業務|||50業務
マイナンバーカード普及率|40%|59.3% ※4|||70%
オープンデータ公開件数|130件|154件|||200件
文書管理システム電子決裁率|58%|64.4% ※5|||100%
標準化・共通化対応業務|-|-|||18業務
職員研修の実施|-|延べ3回|||延べ12回
情報セキュリティ研修受講率|99%|100%|||100%
重大セキュリティインシデント発生件数|0件|0件|||0件"""


@pytest.fixture
def show(
    plan: Plan,
    make_frames: Callable[..., dict[str, pd.DataFrame]],
    make_report: Callable[..., ProgressReport],
    make_value: Callable[..., Row],
) -> Show:
    """Return a function that lays out the table of a period from rows of indicator_value.

    What is not given of the period was not measured.
    """

    def lay_out(*rows: Row, period: str = "FY2022Q3") -> ProgressReport:
        given = {row["indicator_id"] for row in rows if row["period"] == period}
        names = [one.indicator_id for one in plan.indicators if one.indicator_id not in given]
        others = [make_value(name, period, None) for name in names]
        return make_report(make_frames([*rows, *others]), period)

    return lay_out


def print_rows(report: ProgressReport) -> str:
    return "\n".join("|".join(one.texts) for one in report.indicators)


class TestTableOfTheDeck:
    def test_has_the_texts_that_the_ward_printed(self, report: ProgressReport) -> None:
        assert print_rows(report) == PRINTED

    def test_has_the_columns_that_the_ward_printed(self, report: ProgressReport) -> None:
        assert report.labels == ["R3", "R4", "R5", "R6", "R7"]

    def test_numbers_footnotes_as_the_ward_did(self, plan: Plan, report: ProgressReport) -> None:
        assert report.footnotes == [
            f"(※1) {plan.footnotes['dx_procedures']}",
            f"(※2) {plan.footnotes['priority_procedures']}",
            "(※3) 計画の改定等により、対象となる手続数が変更になった。",
            "(※4) 令和5年1月末の実績",
            "(※5) 令和3年度末の実績",
        ]

    def test_names_its_period(self, report: ProgressReport) -> None:
        assert report.caption == "R4：令和4年12月現在、各課取組状況調査などより集計"


class TestValuesThatAreNotPlain:
    @pytest.mark.parametrize(
        ("status", "text", "caution"),
        [
            ("not_measured", "-", "未測定"),
            ("cannot_say", "判定不能", "判定不能"),
            ("not_applicable", "該当なし", "該当なし"),
            ("suppressed", "秘匿", "秘匿"),
        ],
    )
    def test_missing_is_said_in_words_and_never_zero(
        self, make_value: Callable[..., Row], show: Show, status: str, text: str, caution: str
    ) -> None:
        row = make_value("open_datasets", "FY2022Q3", None, value_status=status)
        table = show(row)
        assert current(table).text == text
        assert current(table).caution == caution
        assert any("オープンデータ公開件数" in remark for remark in table.remarks)

    def test_zero_is_a_value(self, make_value: Callable[..., Row], show: Show) -> None:
        table = show(make_value("open_datasets", "FY2022Q3", "0"))
        assert current(table).text == "0件"
        assert current(table).caution == ""

    def test_carried_forward_keeps_its_value_and_says_so(
        self, make_value: Callable[..., Row], show: Show
    ) -> None:
        status = {"value_status": "carried_forward_in_part"}
        row = make_value("open_datasets", "FY2022Q3", "154", **status)
        table = show(row)
        assert current(table).text == "154件"
        assert current(table).caution == "一部引継ぎ"
        assert "R4：一部は前回の回答を引継ぎ：オープンデータ公開件数" in table.remarks

    def test_missing_row_is_not_measured(self, make_value: Callable[..., Row], show: Show) -> None:
        table = show(
            make_value("serious_incidents", "FY2022Q4", "0"),
            make_value("open_datasets", "FY2023Q1", "160"),
            period="FY2023Q1",
        )
        assert row_of(table).years[0] == ("-", "", "未測定")


class TestYears:
    def test_earlier_year_shows_its_last_period(
        self, make_value: Callable[..., Row], show: Show
    ) -> None:
        figures = {"FY2022Q3": "154", "FY2022Q4": "160", "FY2023Q1": "163", "FY2023Q2": "170"}
        rows = [make_value("open_datasets", *figure) for figure in figures.items()]
        table = show(*rows, period="FY2023Q1")
        assert [cell.text for cell in row_of(table).years] == ["160件", "163件", ""]

    def test_last_year_gets_a_column_once_it_is_reported(
        self, make_value: Callable[..., Row], show: Show
    ) -> None:
        row = make_value("open_datasets", "FY2025Q1", "190")
        table = show(row, period="FY2025Q1")
        assert table.labels[1:-1] == ["R4", "R5", "R6", "R7"]
        assert current(table).text == "190件"

    def test_quarter_before_the_plan_gets_a_column(
        self, make_value: Callable[..., Row], show: Show
    ) -> None:
        row = make_value("open_datasets", "FY2021Q4", "130")
        table = show(row, period="FY2021Q4")
        assert table.labels[1] == "R3"
        assert current(table).text == "130件"

    def test_newest_revision_counts(self, make_value: Callable[..., Row], show: Show) -> None:
        rows = [
            make_value("open_datasets", "FY2022Q3", value, revision=revision)
            for value, revision in (("155", 2), ("154", 1))
        ]
        assert current(show(*rows)).text == "155件"

    def test_day_within_a_month_is_named_in_full(
        self, make_value: Callable[..., Row], show: Show
    ) -> None:
        row = make_value("open_datasets", "FY2022Q3", "154", as_of=date(2023, 1, 4))
        table = show(row)
        assert table.footnotes[-1] == "(※4) 令和5年1月4日の実績"
        assert current(table).printed == "154件 ※4"


def row_of(table: ProgressReport) -> IndicatorReport:
    return next(one for one in table.indicators if one.indicator.indicator_id == "open_datasets")


def current(table: ProgressReport) -> TableCell:
    return row_of(table).current
