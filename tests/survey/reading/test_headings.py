"""Headings mean what they say, and what is no answer is none."""

from collections.abc import Callable
from typing import Any

import pytest

from sumida_data.survey.collecting.collection import Collected
from tests.survey.conftest import PROCEDURE_HEADINGS, cover, procedures

Collect = Callable[[dict[str, Any]], Collected]
ROW = [
    "T1203-02",
    "届出",
    "非該当",
    "該当",
    "済",
    "R4.10.1",
    "窓口",
    120,
    30,
    "無",
    "対象外",
    "",
    "",
    "",
]
EXAMPLE = [
    "T1203-01", "納税証明書の交付請求", "非該当", "該当", "済", "2022-10-01", "マイナポータル",
    1200, 300, "有", "済", "クレジットカード", "2022-07-01", "",
]  # fmt: skip
EFFECTS = [
    "事例名",
    "効果",
    "値",
    "単位",
    "実績/見込み",
    "概数",
    "条件",
    "年間件数",
    "1件当たり分",
    "箇所数",
]
IGNORED = {"F204", "F323", "F316"}


@pytest.fixture
def read(collect: Collect) -> Callable[..., tuple[dict[str, Any], list[Any]]]:
    """Return a function that reads sheets: values by cell, findings."""

    def run(**sheets: list[list[Any]]) -> tuple[dict[str, Any], list[Any]]:
        collected = collect({"FY2022Q3/1203.xlsx": {"表紙": cover()} | sheets})
        answers = {a.cell: a.value for a in collected.answers if a.sheet in sheets}
        found = [
            (one.rule_id, one.place.cell)
            for one in collected.findings
            if one.rule_id not in IGNORED and one.place.sheet in sheets
        ]
        return answers, found

    return run


Read = Callable[..., tuple[dict[str, Any], list[Any]]]


def heading(old: str, new: str) -> list[list[Any]]:
    return [[new if one == old else one for one in PROCEDURE_HEADINGS], ROW]


@pytest.mark.parametrize(
    "title",
    [
        "前回の回答",
        "（参考）前回値",
        "手続（前年度）",
        "【記入例】",
        "見本",
        "令和3年度実績",
        "R3年度 第3四半期",
        "平成4年度",
        "昨年度の手続",
        "件数は平成4年度の実績です",
        "件数は7月から9月",
        "※件数は令和4年度の累計",
    ],
)
def test_a_title_of_other_answers_is_asked_about(read: Read, title: str) -> None:
    answers, findings = read(手続=[[title], [], [], PROCEDURE_HEADINGS, ROW])
    assert answers["H5"] == "120"
    assert findings == [("F229", "A1")]


@pytest.mark.parametrize(
    "title",
    [
        *(
            "手続",
            "令和4年度",
            "令和4年度第3四半期",
            "前回の回答を直してください。",
            "例規",
            "旧姓",
        ),
        *(
            "件数は令和4年度の実績です",
            "件数は2022年度",
            "※件数は10月～12月分",
            "件数は4月から12月",
        ),
    ],
)
def test_a_title_of_these_answers_is_none_of_others(read: Read, title: str) -> None:
    assert read(手続=[[title], [], PROCEDURE_HEADINGS, ROW])[1] == []


def test_a_table_under_the_title_of_other_answers_is_not_read(read: Read) -> None:
    other = ["T1203-09", *ROW[1:]]
    answers, findings = read(手続=[PROCEDURE_HEADINGS, ROW, [], ["前回の回答"], other])
    assert findings == [("F212", "A4")]
    assert not {cell for cell in answers if cell.endswith("5")}


@pytest.mark.parametrize(
    "name",
    [
        "手続（前回）",
        "手続_R3",
        "R03手続",
        "手続2021",
        "手続_2021Q3",
        "手続（第2四半期）",
        "第二四半期手続",
        "手続_R3.3.31時点",
        "手続_R4.9末",
        "手続_old",
        "手続（案）",
        "手続のコピー",
        "手続×",
    ],
)
def test_a_sheet_named_for_other_answers_is_asked_about(read: Read, name: str) -> None:
    answers, findings = read(**{name: [PROCEDURE_HEADINGS, ROW]})
    assert (answers["H2"], findings) == ("120", [("F229", None)])


@pytest.mark.parametrize(
    "name",
    [
        "手続_R4",
        "手続_2022Q3",
        "手続（令和4年度第3四半期）",
        "手続_R5.1.10",
        "手続 (2)",
        "手続_1204",
        "手続_提出用",
    ],
)
def test_a_sheet_named_for_these_answers_is_not(read: Read, name: str) -> None:
    assert read(**{name: [PROCEDURE_HEADINGS, ROW]})[1] == []


def test_of_sheets_of_one_name_the_barest_is_read(read: Read) -> None:
    other = [PROCEDURE_HEADINGS, [*ROW[:7], 7, *ROW[8:]]]
    answers, findings = read(**{"手続（下書き）": other, "手続": [PROCEDURE_HEADINGS, ROW]})
    assert (answers["H2"], findings) == ("120", [("F212", None)])


@pytest.mark.parametrize("mark", ["削除", "廃止", "×", "R4.9末で廃止", "廃止済み"])
def test_a_mark_beside_a_row_is_asked_about(read: Read, mark: str) -> None:
    rows = [["", *PROCEDURE_HEADINGS], [mark, *ROW]]
    answers, findings = read(手続=rows)
    assert (answers["I2"], findings) == ("120", [("F342", "A2")])


def test_a_remark_that_a_row_is_gone_is_asked_about(read: Read) -> None:
    row = [*ROW[:13], "この手続は廃止しました。"]
    assert ("F342", "N2") in read(手続=[PROCEDURE_HEADINGS, row])[1]
    row[-1] = "紙の様式を廃止し、R4.10から受付。"
    assert ("F342", "N2") not in read(手続=[PROCEDURE_HEADINGS, row])[1]


@pytest.mark.parametrize(
    "line", ["↓ここから下は廃止した手続", "以下は集計しない", "これより下、削除"]
)
def test_rows_below_a_line_that_says_so_are_none(read: Read, line: str) -> None:
    other = ["T1203-09", *ROW[1:]]
    answers, findings = read(手続=[PROCEDURE_HEADINGS, ROW, [line], other])
    assert findings == [("F212", "A3")]
    assert not {cell for cell in answers if cell.endswith("4")}


@pytest.mark.parametrize("first", [1, "①", "(1)", "A", "1."])
def test_numbers_below_headings_are_no_row(read: Read, first: Any) -> None:
    marks = {
        1: range(1, 15),
        "①": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭",
        "(1)": [f"({one})" for one in range(1, 15)],
        "A": "ABCDEFGHIJKLMN",
        "1.": [f"{one}." for one in range(1, 15)],
    }
    answers, findings = read(手続=[PROCEDURE_HEADINGS, list(marks[first]), ROW])
    assert (answers["A3"], findings) == ("T1203-02", [])
    assert "A2" not in answers


def test_a_row_of_numbers_alone_is_no_heading(read: Read) -> None:
    row: list[Any] = [*[""] * 7, 340, 30]
    rows = [["手続の表"], [], PROCEDURE_HEADINGS, ROW, row]
    assert read(手続=rows)[1] == [("F305", "A5")]


def test_the_fields_own_title_is_meant_where_an_alias_stands_before_it(read: Read) -> None:
    rows = [["番号", *PROCEDURE_HEADINGS], [1, *ROW]]
    answers, findings = read(手続=rows)
    assert (answers["B2"], findings) == ("T1203-02", [])


@pytest.mark.parametrize(
    "title",
    [
        "（千件）",
        "（単位：千件）",
        "【単位 千人】",
        "（前回）",
        "（件/月）",
        "（月平均）",
        "（累計）",
        "（令和2年度）",
        "（予定）",
    ],
)
def test_a_heading_of_another_unit_or_meaning_is_not_read(read: Read, title: str) -> None:
    answers, found = read(手続=heading("年間件数", f"年間件数{title}"))
    assert "H2" not in answers
    assert found[0][0] in {"F214", "F205"}


def test_a_unit_above_the_table_is_asked_about(read: Read) -> None:
    rows = [["", "", "", "", "", "", "", "（単位：千件）"], PROCEDURE_HEADINGS, ROW]
    assert read(手続=rows)[1] == [("F220", "H1")]
    for line in ("（千件）", "千件", "※件数の単位は千件です。"):
        rows[0][7] = line
        assert read(手続=rows)[1] == [("F220", "H1")]
    assert read(手続=[*rows[1:], rows[0]])[1] == [("F220", "H3")]
    rows[0][7] = "（単位：件）"
    assert read(手続=rows)[1] == []


@pytest.mark.parametrize(("unit", "is_read"), [("（千件）", False), ("（件）", True)])
def test_a_unit_under_a_heading_is_a_part_of_it(read: Read, unit: str, *, is_read: bool) -> None:
    answers, found = read(手続=[PROCEDURE_HEADINGS, [*[""] * 7, unit], ROW])
    assert answers.get("H3") == ("120" if is_read else None)
    assert found == [] if is_read else ("F214", "H2") in found


@pytest.mark.parametrize("mark", ["記載例：", "（見本）", "入力例", "サンプル：", "(例)"])
def test_an_example_in_other_words_is_none(read: Read, mark: str) -> None:
    answers, found = read(手続=procedures([f"{mark}T1203-09", *ROW[1:]], ROW))
    assert "A2" not in answers
    assert found == [("F213", "A2")]


@pytest.mark.parametrize("title", ["手続番合", "手統番号", "①手続番号", "★手続番号", "手続き番号"])
def test_a_key_heading_almost_right_loses_no_table(read: Read, title: str) -> None:
    answers, found = read(手続=heading("手続番号", title))
    assert answers["A2"] == "T1203-02"
    assert found == [] if title[0] in "①★" else found == [("F218", "A1")]


def test_a_key_heading_of_something_else_is_not_taken_for_it(read: Read) -> None:
    answers, _ = read(手続=heading("手続番号", "手続番号（前回）"))
    assert answers == {}


def test_a_row_like_the_example_of_the_form_is_none(read: Read) -> None:
    answers, found = read(手続=procedures(EXAMPLE, ROW))
    assert "A2" not in answers
    assert answers["A3"] == "T1203-02"
    assert found == [("F219", "A2")]
    # Nobody has its number, whatever else the row says; another row may say all the rest.
    other = ["T9999-01", *EXAMPLE[1:7], 1201, *EXAMPLE[8:]]
    assert read(手続=procedures(other, ROW))[1] == [("F219", "A2")]
    other[0] = "T1203-08"
    assert read(手続=procedures(other))[1] == []


@pytest.mark.parametrize(
    "word",
    [
        "合計",
        "小計",
        "小計（窓口）",
        "税務課 合計",
        "課計",
        "合計数",
        "（合計）",
        "計 2業務",
        "TOTAL",
    ],
)
def test_totals_are_none(read: Read, word: str) -> None:
    answers, found = read(手続=procedures(ROW, [word, "", "", "", "", "", "", 120]))
    assert "A3" not in answers
    assert found == []


@pytest.mark.parametrize(
    ("value", "unit", "read_as"),
    [
        ("59時間", "時間", "59"),
        ("98%", "%", "98"),
        (59, "時間", "59"),
        ("59時間", "件", None),
        ("59時間", "", None),
    ],
)
def test_a_value_may_repeat_the_unit_of_its_row(
    read: Read, value: Any, unit: str, read_as: str | None
) -> None:
    row = ["電子申請", "時間削減", value, unit, "実績", "いいえ", "", "", "", ""]
    answers, found = read(取組効果=[EFFECTS, row])
    assert answers["C2"] == read_as
    assert ("F313", "C2") in found if read_as is None else found == []


@pytest.mark.parametrize(
    ("word", "is_carried"),
    [("あり", False), ("変更あり", False), ("無", False), ("変更なし", True)],
)
def test_change_is_not_no_change(collect: Collect, word: str, *, is_carried: bool) -> None:
    files = {
        "FY2022Q2/1203.xlsx": {"表紙": cover(調査期="令和4年度第2四半期"), "手続": procedures(ROW)},
        "FY2022Q3/1203.xlsx": {
            "表紙": cover(前回から変更なし=word),
            "手続": procedures(["T1203-09", *ROW[1:]]),
        },
    }
    collected = collect(files)
    numbers = {
        one.value
        for one in collected.answers
        if one.period == "FY2022Q3" and one.field == "procedure_number"
    }
    assert numbers == {"T1203-02" if is_carried else "T1203-09"}
    assert ("F303" in [one.rule_id for one in collected.findings]) == (word == "あり")


@pytest.mark.parametrize(
    "number", ["T1203-02\nT1203-99", "T1203-02T1203-99", "T1203-02、T1203-99", "以下余白"]
)
def test_a_number_that_is_none_is_no_key(read: Read, number: str) -> None:
    answers, found = read(手続=procedures([number, *ROW[1:]]))
    assert answers == {}
    assert ("F307", "A2") in found


@pytest.mark.parametrize("name", ["カ\u3099イド相談", "ｶﾞｲﾄﾞ相談", "ガイド\u202c相談", "ガイド 相談"])
def test_a_name_that_is_read_alike_is_the_same_row(read: Read, name: str) -> None:
    headings = ["業務名", "実施状況", "手段", "開始日", "年間件数", "備考"]
    rows = [[one, "実施", "Web会議", "2022/4/1", 40, ""] for one in ("ガイド相談", name)]
    answers, found = read(オンライン相談=[headings, *rows])
    assert "A3" not in answers
    assert ("F306", "A3") in found


@pytest.mark.parametrize("number", ["T1203-2", "T1203-002", "T120302", "1203-02", "TT1203-02"])
def test_a_number_almost_like_the_example_is_asked_about(read: Read, number: str) -> None:
    answers, findings = read(手続=[PROCEDURE_HEADINGS, [number, *ROW[1:]]])
    assert answers["A2"] == number
    assert findings == [("F341", "A2")]


@pytest.mark.parametrize("number", ["12", "A7", "T1299-10"])
def test_numbers_of_another_kind_are_not_held_against_the_example(read: Read, number: str) -> None:
    assert read(手続=[PROCEDURE_HEADINGS, [number, *ROW[1:]]])[1] == []


@pytest.mark.parametrize("written", ["30予定", "30見込み", "約30予定", "見込30件"])
def test_an_expected_number_is_asked_about(read: Read, written: str) -> None:
    row = [*ROW[:7], written, 3, *ROW[9:]]
    answers, findings = read(手続=[PROCEDURE_HEADINGS, row])
    assert answers["H2"] == "30"
    assert findings == [("F340", "H2")]


def test_a_row_may_say_that_its_number_is_expected(read: Read) -> None:
    rows = [
        EFFECTS,
        *(
            ["一", "件数", "30見込み", "件", said, "いいえ", "", "", "", ""]
            for said in ("見込み", "実績")
        ),
    ]
    rows[2][0] = "二"
    assert read(取組効果=rows)[1] == [("F340", "C3")]
    # A unit alone is no thousand.
    rows[1][2:4] = ["千件", "件"]
    assert ("F311", "C2") in read(取組効果=rows)[1]


def test_a_second_column_is_named_as_it_is_written(collect: Collect) -> None:
    rows = [[*PROCEDURE_HEADINGS, "手数料"], [*ROW, "無"]]
    rows[0][-1] = "手続No"
    found = collect({"FY2022Q3/1203.xlsx": {"表紙": cover(), "手続": rows}}).findings
    assert [one.value_found for one in found if one.rule_id == "F211"] == ["手続No"]
