"""Every department hears of its own files, and of nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sumida_data.base.frames import build_frame, read_rows
from sumida_data.base.metadata import DataDictionary
from sumida_data.base.periods import Period
from sumida_data.survey.collecting.collection import Collected
from sumida_data.survey.feedback import OFFICE_SHEET, Feedback, ReturnSheet
from sumida_data.survey.findings import Finding, FindingRules, Place, make_finding
from sumida_data.survey.form import Form
from tests.survey.conftest import cover, procedures

TAX = "1203_税務課_確認結果.xlsx"
COUNTER = "1204_窓口課_確認結果.xlsx"
Address = Callable[..., dict[str, ReturnSheet]]


@pytest.fixture
def address(
    collect: Callable[..., Collected],
    tmp_path: Path,
    form: Form,
    rules: FindingRules,
    dictionary: DataDictionary,
) -> Address:
    """Return a function that makes the return sheets for files given by name."""

    def run(files: dict[str, Any], *more: Finding) -> dict[str, ReturnSheet]:
        collected = collect({f"FY2022Q3/{name}": sheets for name, sheets in files.items()})
        findings = [finding.as_row() for finding in (*collected.findings, *more)]
        period = Period.parse("FY2022Q3")
        points = {name: f"読み取れる{len(name)}点" for name in map("FY2022Q3/{}".format, files)}
        feedback = Feedback(dictionary, form, rules, period, "ICT推進担当", points)
        return feedback.address(
            read_rows(build_frame(dictionary["response"], collected.responses)),
            read_rows(build_frame(dictionary["finding"], findings)),
        )

    return run


def ids_of(sheet: ReturnSheet) -> list[str]:
    return [
        finding.rule_id
        for finding in sheet.findings
        if finding.rule_id not in {"F204", "F205", "F323"}
    ]


def test_the_points_of_its_files_are_those_of_the_files_that_count(address: Address) -> None:
    answers = {"表紙": cover(), "手続": procedures(["1", "証明"])}
    sheets = address({"a.xlsx": answers, "newer.xlsx": answers})
    assert sheets[TAX].points == f"読み取れる{len('FY2022Q3/newer.xlsx')}点"
    assert sheets[COUNTER].points == ""


def test_each_department_asked_gets_its_sheet(address: Address) -> None:
    sheets = address({"a.xlsx": {"表紙": cover(), "手続": procedures(["1", "証明"])}})
    assert sorted(sheets) == [TAX, COUNTER, "1903_道路公園課_確認結果.xlsx"]
    assert sheets[TAX].addressee == "区民部 税務課"
    (receipt,) = sheets[TAX].receipts
    assert (receipt[0], receipt[2], *receipt[4:6]) == ("a.xlsx", "受領", 1, 14)


def test_no_reply_is_told_the_due_date(address: Address) -> None:
    sheet = address({"a.xlsx": {"表紙": cover()}})[COUNTER]
    assert sheet.opening == "記入された調査票がまだ届いていません。提出期限：令和5年1月16日"
    assert not sheet.receipts


def test_another_department_is_not_named(address: Address) -> None:
    rows = procedures(["T1", "証明"])
    sheets = address(
        {
            "1203.xlsx": {"表紙": cover(), "手続": rows},
            "1204.xlsx": {"表紙": cover("1204", 課="窓口課"), "手続": rows},
        }
    )
    (message,) = [one.message for one in sheets[COUNTER].findings if one.rule_id == "F403"]
    assert message == "「T1」はほかの課の調査票にもあるため、この行を集計から除きました。"
    assert "F403" not in ids_of(sheets[TAX])


def test_a_replaced_file_is_a_receipt_without_findings(address: Address) -> None:
    wrong = procedures(["T1", "証明", "", "", "", "", "", "たくさん"])
    sheets = address(
        {
            "old.xlsx": {"表紙": cover(回答日="2023/1/9"), "手続": wrong},
            "new.xlsx": {"表紙": cover(), "手続": procedures(["T1", "証明"])},
        }
    )
    assert {receipt[0]: receipt[2] for receipt in sheets[TAX].receipts} == {
        "old.xlsx": "より新しい調査票があるため使わない",
        "new.xlsx": "受領",
    }
    assert ids_of(sheets[TAX]) == ["F224"]


class TestOffice:
    def test_hears_of_corrections_that_only_it_can_mend(
        self, address: Address, rules: FindingRules
    ) -> None:
        place = Place("FY2022Q3", "1203", "FY2022Q3/a.xlsx", "手続", "H2")
        words = {"correction": "C1", "heading": "年間件数", "expected": "1"}
        differs = make_finding(rules["F501"], place, "2", **words)
        sheets = address({"a.xlsx": {"表紙": cover(), "手続": procedures()}}, differs)
        assert ids_of(sheets[TAX]) == []
        assert ids_of(sheets[OFFICE_SHEET]) == ["F501"]

    def test_hears_of_files_without_a_department(self, address: Address) -> None:
        sheets = address(
            {
                "a.xlsx": {"表紙": cover()},
                "b.xlsx": b"",
                "c.xlsx": {"表紙": cover("", 課=""), "手続": procedures()},
            }
        )
        office = sheets[OFFICE_SHEET]
        assert sorted(ids_of(office)) == ["F101", "F202"]
        assert [receipt[2] for receipt in office.receipts] == [
            "届いたが使えない",
            "届いたが使えない",
        ]

    def test_hears_of_what_is_in_no_file_and_departments_do_not(
        self, address: Address, rules: FindingRules
    ) -> None:
        words = {"period": "FY2022Q3", "title": "一覧", "source": "open_dataset"}
        missing = make_finding(rules["F601"], Place(period="FY2022Q3"), **words)
        other = make_finding(rules["F101"], Place(period="FY2022Q2", source_file="x"))
        lost = make_finding(rules["F107"], Place(source_file="lost.xlsx"))
        sheets = address({"a.xlsx": {"表紙": cover()}}, missing, other, lost)
        assert ids_of(sheets[OFFICE_SHEET]) == ["F601", "F107"]
        assert ids_of(sheets[COUNTER]) == []

    def test_gets_no_sheet_where_there_is_nothing(self, address: Address) -> None:
        assert OFFICE_SHEET not in address({"a.xlsx": {"表紙": cover()}})
