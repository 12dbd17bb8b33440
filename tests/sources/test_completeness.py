"""Central files are whole, or it is said what they lack."""

import io
import json
from typing import Any

import pandas as pd
import pytest
import xlsxwriter

from sumida_data.sources.central import CentralContents, remember_contents
from sumida_data.survey.findings import Finding, FindingRules
from tests.sources.conftest import Collect

APPROVALS = "document_approval/{}/approvals.csv"
LIST = "open_dataset/FY2022Q3/list.csv"
LIST_HEADINGS = (
    "データセット_ID,データセット_タイトル,データセット_公開日,"
    "ファイル_ID,ファイル_形式,ファイル_ライセンス,ファイル_ステータス"
)
CARD = "mynumber_card/FY2022Q3/card.xlsx"
CARD_HEADINGS = [
    "都道府県名",
    "市区町村名",
    "総数（人口）【R4.1.1時点】",
    "交付枚数【R5.1末時点】",
    "人口に対する交付枚数率",
]
MONTHS = [f"2022年{month}月" for month in range(4, 13)]


def list_approvals(months: list[str], departments: tuple[str, ...] = ("1203", "1204")) -> str:
    rows = [f"{month},{code},課,10,5,0" for month in months for code in departments]
    return "\n".join(["年月,所属コード,所属名,起案件数,電子決裁件数,対象外件数", *rows])


def findings(contents: CentralContents, rule_id: str) -> list[Finding]:
    return [one for one in contents.findings if one.rule_id == rule_id]


def months_of(contents: CentralContents) -> list[str]:
    return sorted({str(one.value) for one in contents.answers if one.field == "month"})


class TestMonths:
    def collect(self, collect: Collect, *lists: tuple[str, str]) -> CentralContents:
        files = {APPROVALS.format(period): text.encode("cp932") for period, text in lists}
        return collect(files, periods=[period for period, _ in lists])

    def test_a_whole_list_has_no_gap(self, collect: Collect) -> None:
        contents = self.collect(collect, ("FY2022Q3", list_approvals(MONTHS)))
        assert findings(contents, "F613") == []
        assert len(months_of(contents)) == 9

    def test_a_list_that_is_cut_names_what_is_lost_and_loses_the_month(
        self, collect: Collect
    ) -> None:
        cut = "\n".join(list_approvals(MONTHS[:7]).splitlines()[:-1])
        contents = self.collect(collect, ("FY2022Q3", cut))
        [finding] = findings(contents, "F613")
        assert finding.severity == "error"
        assert finding.value_found == "2022-10 の課 1204、2022-11 のすべて、2022-12 のすべて"
        assert months_of(contents)[-1] == "2022-09"

    def test_a_department_that_is_there_before_and_after_is_missing(self, collect: Collect) -> None:
        text = list_approvals(MONTHS).replace("2022年6月,1204,課,10,5,0\n", "")
        contents = self.collect(collect, ("FY2022Q3", text))
        assert [one.value_found for one in findings(contents, "F613")] == ["2022-06 の課 1204"]
        assert "2022-06" not in months_of(contents)

    @pytest.mark.parametrize("lost", ["2022年4月", "2022年7月"])
    def test_a_department_missing_where_a_file_begins_is_missing(
        self, collect: Collect, lost: str
    ) -> None:
        before = list_approvals(["2022年2月", "2022年3月"] if "4" in lost else MONTHS[:3])
        after = list_approvals(MONTHS[:3] if "4" in lost else MONTHS[3:6])
        gone = "\n".join(row for row in after.splitlines() if f"{lost},1204" not in row)
        contents = self.collect(collect, ("FY2022Q1", before), ("FY2022Q2", gone))
        month = pd.Period(lost.replace("年", "-").rstrip("月"), "M")
        shown = [str(one.value_found) for one in findings(contents, "F613")]
        assert f"{month} の課 1204" in "、".join(shown)

    def test_a_row_that_is_named_a_total_is_none(self, collect: Collect) -> None:
        rows = [f"{month},1000,部 合計,7,5,0" for month in MONTHS]
        text = "\n".join([list_approvals(MONTHS), *rows])
        [told] = findings(contents := self.collect(collect, ("FY2022Q3", text)), "F621")
        assert (told.value_found, told.place.cell) == ("部 合計", "C20")
        assert f"{len(MONTHS)}行" in told.message
        codes = {one.value for one in contents.answers if one.field == "department_code"}
        assert codes == {"1203", "1204"}

    def test_departments_come_and_go_with_the_year_and_for_good(self, collect: Collect) -> None:
        first = list_approvals(["2022年2月", "2022年3月"], ("1203", "1299"))
        rest = list_approvals(MONTHS[:1], ("1203", "1204", "1205")).splitlines()
        rest += list_approvals(MONTHS[1:3]).splitlines()[1:]
        contents = self.collect(collect, ("FY2021Q4", first), ("FY2022Q1", "\n".join(rest)))
        assert findings(contents, "F613") == []

    def test_many_gaps_are_counted(self, collect: Collect) -> None:
        contents = self.collect(collect, ("FY2022Q3", list_approvals(MONTHS[:1])))
        assert str(findings(contents, "F613")[0].value_found).endswith("ほか3件")

    @pytest.mark.parametrize(("total", "told"), [("20,10,0", True), ("20,11,0", False)])
    def test_a_total_that_has_a_code_is_no_department(
        self, collect: Collect, total: str, *, told: bool
    ) -> None:
        rows = [f"{month},9999,全庁計,{total}" for month in MONTHS]
        text = "\n".join([list_approvals(MONTHS), *rows])
        contents = self.collect(collect, ("FY2022Q3", text))
        assert [one.value_found for one in findings(contents, "F621")] == ["9999"] * told
        codes = {one.value for one in contents.answers if one.field == "department_code"}
        assert ("9999" in codes) is not told
        assert findings(contents, "F613") == []

    def test_the_file_of_last_quarter_given_again(self, collect: Collect) -> None:
        text = list_approvals(MONTHS[:3])
        contents = self.collect(collect, ("FY2022Q1", text), ("FY2022Q2", text))
        [again] = findings(contents, "F617")
        assert "document_approval/FY2022Q1/approvals.csvと内容が同じ" in again.message
        assert findings(contents, "F613")
        # Saved once more, it has other bytes and says the same.
        contents = self.collect(collect, ("FY2022Q1", text), ("FY2022Q2", f"{text}\n,,,,,\n"))
        assert len(findings(contents, "F617")) == 1


class TestWords:
    def collect(self, collect: Collect, *rows: tuple[str, str]) -> CentralContents:
        lines = [
            f"{n},x,2022-04-01,{file},CSV,CC BY,{state}" for n, (file, state) in enumerate(rows)
        ]
        return collect({LIST: "\n".join([LIST_HEADINGS, *lines]).encode()})

    def test_a_word_that_nobody_knows_leaves_the_list_unused(self, collect: Collect) -> None:
        contents = self.collect(collect, ("1", "配信中"), ("2", "公開中"), ("3", "公開中"))
        [finding] = findings(contents, "F614")
        assert (finding.value_found, finding.place.cell) == ("公開中", "G3")
        assert "2行" in finding.message
        assert contents.answers == []
        assert contents.files[0]["state"] == "unusable"

    def test_a_file_without_id_or_state_counts_and_that_is_said(self, collect: Collect) -> None:
        contents = self.collect(collect, ("", ""), ("", ""), ("", "配信停止中"))
        states = [one.value for one in contents.answers if one.field == "file_status"]
        assert states == ["配信中", "配信中", "配信停止中"]
        [finding] = findings(contents, "F615")
        assert "空欄の行が2行" in finding.message
        assert findings(contents, "F305") == []


def test_a_catalogue_that_has_moved_is_younger_than_its_files(collect: Collect) -> None:
    package = {
        "name": "a",
        "title": "a",
        "state": "active",
        "private": False,
        "metadata_created": "2025-08-27T10:37:43",
        "resources": [{"id": "r", "state": "active", "created": "2021-06-18T15:00:00"}],
    }
    answer = {"success": True, "result": {"count": 1, "results": [package]}}
    contents = collect({"open_dataset/FY2022Q3/a.json": json.dumps(answer).encode()})
    assert {a.value for a in contents.answers if a.field == "published_on"} == {"2021-06-19"}


def sheet(*rows: list[Any]) -> list[list[Any]]:
    return [["交付状況"], [], CARD_HEADINGS, *rows]


OURS = ["東京都", "墨田区", 275724, 163501, 59.3]


class TestCardWorkbook:
    def test_of_two_tables_without_the_name_none_is_chosen(self, collect: Collect) -> None:
        contents = collect({CARD: {"前月": sheet(OURS), "公表用 (2)": sheet(OURS)}})
        [finding] = findings(contents, "F616")
        assert "「前月」、「公表用 (2)」" in finding.message
        assert contents.answers == []

    @pytest.mark.parametrize("name", ["前月", "公表用（旧）"])
    def test_a_sheet_set_aside_is_not_read_though_it_is_the_only_one(
        self, collect: Collect, name: str
    ) -> None:
        contents = collect({CARD: {name: sheet(OURS)}})
        assert [one.rule_id for one in contents.findings if one.place.source_file] == ["F616"]
        assert contents.answers == []

    def test_a_renamed_sheet_alone_is_read(self, collect: Collect) -> None:
        contents = collect({CARD: {"R4.9": sheet(OURS), "注": [["x"]]}})
        assert findings(contents, "F616") == []
        assert contents.answers

    def test_rates_kept_as_percentages_are_rates(
        self, collect: Collect, percentages: bytes
    ) -> None:
        contents = collect({CARD: percentages})
        assert [a.value for a in contents.answers if a.field == "printed_rate"] == ["59.3"]
        assert findings(contents, "F311") == []

    def test_shares_kept_as_percentages_are_shares(self, collect: Collect) -> None:
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer) as book:
            page, percent = book.add_worksheet("公表用"), book.add_format({"num_format": "0.0%"})
            headings = [
                "都道府県名",
                "市区町村名",
                "人口（R4.1.1時点）",
                "保有枚数（R4.12.31時点）",
            ]
            page.write_row(0, 0, [*headings, "人口に対する保有枚数率"])
            page.write_row(1, 0, ["東京都", "墨田区", 275724, 150000])
            page.write_number(1, 4, 150000 / 275724, percent)
        contents = collect({CARD: buffer.getvalue()})
        assert [a.value for a in contents.answers if a.field == "printed_held_share"] == ["0.544"]
        assert findings(contents, "F313") == []

    def test_look_alike_names_are_read_and_told_once(self, collect: Collect) -> None:
        rows = [["⼤阪府", "四條畷市", 50, 30, 60.0], ["広島県", "府中⽒", 50, 30, 60.0]]
        contents = collect({CARD: {"公表用": sheet(OURS, *rows)}})
        assert {a.municipality_code for a in contents.answers} == {"131075", "272299"}
        assert len(findings(contents, "F604")) == 1


@pytest.fixture
def percentages() -> bytes:
    """The ministry's workbook with the rate as Excel keeps a percentage."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        page = book.add_worksheet("公表用")
        for number, row in enumerate(sheet(OURS[:4])):
            page.write_row(number, 0, row)
        page.write_number(3, 4, 163501 / 275724, book.add_format({"num_format": "0.0%"}))
    return buffer.getvalue()


@pytest.mark.parametrize(("rows", "told"), [(0, 0), (12, 1)])
def test_a_file_that_was_never_usable_is_not_what_the_right_one_contradicts(
    rules: FindingRules, rows: int, told: int
) -> None:
    def row(digest: str, rows: int) -> dict[str, Any]:
        owner = {"source": "mynumber_card", "source_title": "交付状況", "period": "FY2022Q3"}
        names = {"source_file": "a.xlsx", "file_sha256": digest * 64, "rows": rows}
        return owner | names | {"state": "read", "sample": False}

    first, _ = remember_contents([row("a", rows)], [], rules)
    _, found = remember_contents([row("b", 9)], first, rules)
    assert len(found) == told
