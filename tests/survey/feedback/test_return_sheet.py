from io import BytesIO
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook.workbook import Workbook

from sumida_data.survey.feedback import (
    ReturnSheet,
    name_place,
    write_return_sheet,
)
from sumida_data.survey.findings import Finding, FindingRules, Place, make_finding

FILE = "FY2022Q3/1203_税務課_調査票.xlsx"
RECEIPT = ("1203_税務課_調査票.xlsx", "2023-01-10", "受領", "", 3, 30, 0, "ab" * 32)


def find(rules: FindingRules, rule_id: str, cell: str | None, value: str = "多数") -> Finding:
    place = Place("FY2022Q3", "1203", FILE, "手続", cell, "T1203-01 納税証明")
    words = {"heading": "年間件数", "example": "1200", "newer": "新しい.xlsx"}
    return make_finding(rules[rule_id], place, value, sheet="手続", hint="", **words)


def write(rules: FindingRules, *findings: Finding, **more: Any) -> Workbook:
    content: dict[str, Any] = {
        "addressee": "区民部 税務課",
        "opening": "ご回答ありがとうございました。",
        "title": "調査票（令和4年度第3四半期）",
        "receipts": [RECEIPT],
        "findings": findings,
        "sample": False,
    }
    written = write_return_sheet(ReturnSheet(**content | more), rules)
    return openpyxl.load_workbook(BytesIO(written))


def column_a(book: Workbook, sheet: str = "確認結果") -> list[Any]:
    return [cell.value for cell in book[sheet]["A"]]


class TestFindings:
    def test_one_row_says_where_what_and_how(self, rules: FindingRules) -> None:
        book = write(rules, find(rules, "F301", "H12"))
        heads, row = ([cell.value for cell in line] for line in list(book["確認結果"])[-2:])
        assert dict(zip(heads, row, strict=True)) == {
            "重さ": "要修正",
            "場所": "手続!H12",
            "行": "T1203-01 納税証明",
            "書かれていた値": "多数",
            "何が問題か": "「年間件数」の「多数」は、この欄の数として読み取れません。",
            "どう直すか": rules["F301"].how_to_fix,
            "正しい書き方の例": "1200",
            "規則": "F301",
            "ファイル": "1203_税務課_調査票.xlsx",
        }

    def test_kinds_come_in_order_and_cells_from_top_to_bottom(self, rules: FindingRules) -> None:
        places = [("F301", "B10"), ("F401", None), ("F301", "H9"), ("F205", None), ("F301", "C9")]
        book = write(rules, *(find(rules, rule_id, cell) for rule_id, cell in places))
        rows = [(row[7].value, row[1].value) for row in list(book["確認結果"])[-5:]]
        assert rows == [
            ("F205", "手続"),
            ("F301", "手続!C9"),
            ("F301", "手続!H9"),
            ("F301", "手続!B10"),
            ("F401", "手続"),
        ]

    def test_counts_stand_on_top(self, rules: FindingRules) -> None:
        book = write(rules, find(rules, "F301", "H9"), find(rules, "F320", None))
        lines = column_a(book)[3:5]
        assert [line.partition("：")[0] for line in lines] == ["要修正 1件", "要確認 1件"]

    def test_a_rule_links_to_its_explanation(self, rules: FindingRules) -> None:
        book = write(rules, find(rules, "F301", "H9"), find(rules, "F205", None), sample=True)
        explained = column_a(book, "規則の説明")[3:]
        assert explained == ["F205", "F301"]
        for row in list(book["確認結果"])[-2:]:
            sheet, cell = row[7].hyperlink.location.split("!")
            assert book[sheet][cell].value == row[7].value

    def test_explanations_have_no_open_braces(self, rules: FindingRules) -> None:
        book = write(rules, find(rules, "F205", None))
        assert [cell.value for cell in book["規則の説明"][3]][3].startswith("見出し「…」の列")

    def test_what_a_department_wrote_never_runs(self, rules: FindingRules) -> None:
        book = write(rules, find(rules, "F301", "H9", '=HYPERLINK("http://x")'))
        cell = list(book["確認結果"])[-1][3]
        assert (cell.data_type, cell.value) == ("s", '=HYPERLINK("http://x")')

    def test_a_long_text_is_cut(self, rules: FindingRules) -> None:
        book = write(rules, find(rules, "F301", "H9", "あ" * 40_000))
        assert list(book["確認結果"])[-1][3].value == "あ" * 200


def test_no_finding_is_thanked_for(rules: FindingRules) -> None:
    book = write(rules)
    assert book.sheetnames == ["確認結果", "受付の記録"]
    assert column_a(book)[1:] == [
        "区民部 税務課　御中",
        "ご回答ありがとうございました。指摘はありません。",
    ]


def test_nothing_received_is_not_praised(rules: FindingRules) -> None:
    book = write(rules, receipts=[], opening="調査票がまだ届いていません。")
    assert column_a(book)[2] == "調査票がまだ届いていません。"


def test_points_are_said_in_one_sentence(rules: FindingRules) -> None:
    (line,) = [
        text for text in column_a(write(rules, points="読み取れる20点")) if "点数" in str(text)
    ]
    assert "読み取れる20点です。集計した数には関係しません。" in line
    assert not any("点数" in str(text) for text in column_a(write(rules)))


def test_receipt_proves_arrival(rules: FindingRules) -> None:
    heads, row = ([cell.value for cell in line] for line in list(write(rules)["受付の記録"])[-2:])
    receipt = dict(zip(heads, row, strict=True))
    assert receipt["ファイル"] == "1203_税務課_調査票.xlsx"
    assert receipt["受け付けた日"] == "2023-01-10"
    assert receipt["内容の照合番号(SHA-256)"] == "ab" * 32
    assert (receipt["読み取った行"], receipt["読み取った回答欄"]) == (3, 30)


@pytest.mark.parametrize(
    ("sheet", "cell", "name"),
    [
        ("手続", "H12", "手続!H12"),
        ("手続 (2)", "H12", "'手続 (2)'!H12"),
        ("手続", None, "手続"),
        (None, "A1", "A1"),
        (None, None, ""),
    ],
)
def test_a_place_is_named_as_excel_takes_it(
    rules: FindingRules, sheet: str | None, cell: str | None, name: str
) -> None:
    finding = make_finding(rules["F101"], Place(sheet=sheet, cell=cell))
    assert name_place(finding) == name


def test_same_contents_give_the_same_bytes(rules: FindingRules) -> None:
    content = ReturnSheet("課", "お礼。", "題", [RECEIPT], [find(rules, "F301", "H9")], sample=True)
    assert write_return_sheet(content, rules) == write_return_sheet(content, rules)
