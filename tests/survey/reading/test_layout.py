import pytest

from sumida_data.survey.findings import Kind
from sumida_data.survey.form import FormField
from sumida_data.survey.reading.layout import (
    Headings,
    cell_address,
    find_heading,
    find_labels,
    find_rows,
    find_table,
    heading_key,
)
from sumida_data.survey.reading.second_look import SecondLook
from sumida_data.survey.reading.workbook import CellValue, Sheet


def field(name: str, title: str, *, key: bool = False, aliases: tuple[str, ...] = ()) -> FormField:
    return FormField(name=name, title=title, title_en=name, key=key, aliases=aliases)


FIELDS = Headings(
    (
        field("number", "手続番号", key=True),
        field("name", "手続名", aliases=("手続の名称",)),
        field("started_on", "開始日"),
        field("cashless_started_on", "キャッシュレス開始日"),
    )
)


def sheet(*rows: list[CellValue], merged: list[tuple[int, int, int, int]] | None = None) -> Sheet:
    ranges = [((a, b), (c, d)) for a, b, c, d in merged or []]
    width = max(map(len, rows))
    return Sheet(
        "手続", [[*row, *[""] * (width - len(row))] for row in rows], SecondLook(merged=ranges)
    )


@pytest.mark.parametrize(
    "text",
    [
        "年間件数",
        "年間\n件数",
        "年間件数（件）",
        "年間件数※1",
        "ｱ年間件数"[1:],
        "年間件数（件）\n※前年度",
        "年間 件数：",
    ],
)
def test_a_heading_is_known_in_many_forms(text: str) -> None:
    assert heading_key(text) == heading_key("年間件数")


def test_parentheses_within_a_heading_matter() -> None:
    assert heading_key("移行(予定)日") == "移行(予定)日"
    assert heading_key("総数（人口）\n【R3.1.1時点】") == "総数"


def test_half_width_kana_is_the_same_heading() -> None:
    assert heading_key("ｷｬｯｼｭﾚｽ") == heading_key("キャッシュレス")


def test_a_table_is_found_wherever_it_stands() -> None:
    found = find_table(
        sheet(
            [],
            ["", "", "調査票"],
            ["", "手続の名称", "", "手続番号", "開始日"],
            ["", "a", "", "T1"],
        ),
        FIELDS,
    )
    assert found is not None
    assert found.header_row == 2
    assert found.columns == {"name": 1, "number": 3, "started_on": 4}


def test_merged_group_headings_tell_equal_leaves_apart() -> None:
    rows = [
        ["手続", "", "オンライン", "キャッシュレス", "備考欄"],
        ["手続番号", "手続名", "開始日", "開始日", ""],
        ["T1", "届出", "R4.4.1", "R4.5.1", ""],
    ]
    found = find_table(sheet(*rows, merged=[(0, 0, 0, 1), (0, 4, 1, 4)]), FIELDS)
    assert found is not None
    assert found.columns == {"number": 0, "name": 1, "started_on": 2, "cashless_started_on": 3}
    assert found.unknown == {4: "備考欄"}
    assert found.header_row == 1


def test_a_heading_merged_down_over_two_rows_counts() -> None:
    rows = [["手続番号", "詳細", ""], ["", "手続名", "開始日"], ["T1", "届出", ""]]
    found = find_table(sheet(*rows, merged=[(0, 0, 1, 0), (0, 1, 0, 2)]), FIELDS)
    assert found is not None
    assert found.columns == {"number": 0, "name": 1, "started_on": 2}
    assert list(find_rows(sheet(*rows), found)) == [(2, False)]


def test_without_its_key_it_is_another_table() -> None:
    assert find_table(sheet(["手続名", "開始日", "キャッシュレス開始日"]), FIELDS) is None


def test_rows_that_hold_no_answers() -> None:
    rows: list[list[CellValue]] = [
        ["#", "手続番号", "手続名", "開始日"],
        ["例", "T0000-00", "見本", "R4.4.1"],
        [1, "（記入例）", "見本", ""],
        [2, "T1", "届出", ""],
        [3, "", "", ""],
        ["#", "手続番号", "手続名", "開始日"],
        [4, "T2", "", ""],
        ["", "合計", "2", ""],
        ["※枝番は書かないでください。", "", "", ""],
        ["", "", "※理由あり", "R4.5.1"],
    ]
    table = sheet(*rows)
    found = find_table(table, FIELDS)
    assert found is not None
    assert [row for row, is_example in find_rows(table, found) if not is_example] == [3, 6, 9]
    assert [row for row, is_example in find_rows(table, found) if is_example] == [1, 2]


def test_a_doubtful_cell_makes_a_row_count() -> None:
    table = sheet(["手続番号", "手続名", "開始日"], ["", "", ""])
    table.look.oddities[1, 1] = Kind.ERROR_CELL
    found = find_table(table, FIELDS)
    assert found is not None
    assert list(find_rows(table, found)) == [(1, False)]


def test_labels_are_answered_beside_them() -> None:
    fields = (
        field("division", "部"),
        field("section", "課", aliases=("課名",)),
        field("code", "課コード"),
    )
    labels = find_labels(
        sheet(
            ["", "部：", "", "区民部", "課名", "税務課"], ["課コード", ""], merged=[(0, 1, 0, 2)]
        ),
        Headings(fields),
    )
    assert (labels["division"].row, labels["division"].column) == (0, 3)
    assert labels["section"].value == "税務課"
    assert (labels["code"].value, labels["code"].row, labels["code"].column) == ("", 1, 1)


def test_a_label_without_answer_does_not_take_the_next_label_for_one() -> None:
    labels = find_labels(
        sheet(["部", "課", "税務課"]), Headings([field("a", "部"), field("b", "課")])
    )
    assert labels["a"].value == ""
    assert labels["b"].value == "税務課"


def test_a_text_that_begins_like_a_label_is_not_the_answer_beside_it() -> None:
    labels = find_labels(
        sheet(["調査期", "基準日について"], ["令和4年度", "R4.12.31"]),
        Headings([field("period", "調査期"), field("day", "基準日")]),
    )
    assert labels["period"].value == "令和4年度"


def test_the_lowest_heading_with_text_is_the_heading() -> None:
    table = sheet(["", "総数【R3.1.1時点】"], ["手続番号", ""], merged=[(0, 1, 1, 1)])
    fields = (field("number", "手続番号", key=True), field("total", "総数"))
    found = find_table(table, Headings(fields))
    assert found is not None
    heading = find_heading(table, found, found.columns["total"])
    assert (heading.row, heading.column, heading.value) == (0, 1, "総数【R3.1.1時点】")
    assert find_heading(table, found, found.columns["number"]).value == "手続番号"


@pytest.mark.parametrize(("column", "address"), [(0, "A3"), (25, "Z3"), (26, "AA3"), (702, "AAA3")])
def test_addresses(column: int, address: str) -> None:
    assert cell_address(2, column) == address


@pytest.mark.parametrize("text", ["①年間件数", "★年間件数", "3.年間件数", "（3）年間件数"])
def test_a_mark_before_a_heading_says_nothing(text: str) -> None:
    assert heading_key(text) == heading_key("年間件数")


@pytest.mark.parametrize(
    "text",
    [
        "年間件数（前回）",
        "年間件数（月平均）",
        "年間件数（件/月）",
        "年間件数（累計）",
        "年間件数（令和2年度）",
        "年間件数（予定）",
    ],
)
def test_words_that_ask_for_something_else_make_another_heading(text: str) -> None:
    assert heading_key(text) != heading_key("年間件数")


@pytest.mark.parametrize("asked", [0, 1])
@pytest.mark.parametrize("other", ["前回", "前年度", "予定"])
def test_of_columns_side_by_side_the_one_asked_for_is_read(asked: int, other: str) -> None:
    groups, leaves = ["開始日", "開始日"], [other, other]
    leaves[asked] = "今回"
    found = find_table(sheet(["", "", *groups], ["手続番号", "手続名", *leaves]), FIELDS)
    assert found is not None
    assert found.columns["started_on"] == 2 + asked
    found = find_table(sheet(["", "", *leaves], ["手続番号", "手続名", *groups]), FIELDS)
    assert found is not None
    assert found.columns["started_on"] == 2 + asked
