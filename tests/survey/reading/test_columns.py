"""What an officer is told where a sheet is not the form any more."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from sumida_data.survey.collecting.collection import Collected
from sumida_data.survey.findings import Finding, FindingRules, Kind, Place
from sumida_data.survey.form import Form
from sumida_data.survey.reading.columns import judge_of, suggest_field
from sumida_data.survey.reading.reader import SheetReader
from sumida_data.survey.reading.second_look import SecondLook
from sumida_data.survey.reading.workbook import Sheet
from tests.survey.conftest import PROCEDURE_HEADINGS, cover, procedures

Collect = Callable[[dict[str, Any]], Collected]
ROW = ["T1", "届出", "非該当", "該当", "済", "R4.10.1", "", 120, 30, "有", "済", "QR", "R4.7.1", ""]


@pytest.fixture
def find(collect: Collect) -> Callable[..., list[Finding]]:
    """Return a function that reads one return and gives the findings of one kind."""

    def run(rule_id: str, *rows: Sequence[Any], **sheets: Any) -> list[Finding]:
        table = procedures(*rows) if rows else procedures(ROW)
        content = {"表紙": cover(), "手続": table} | sheets
        collected = collect({"FY2022Q3/a.xlsx": content})
        return [finding for finding in collected.findings if finding.rule_id == rule_id]

    return run


Find = Callable[..., list[Finding]]


def with_heading(old: str, new: str) -> list[list[Any]]:
    return [[new if heading == old else heading for heading in PROCEDURE_HEADINGS], ROW]


class TestHeadings:
    def test_an_unknown_one_names_the_field_that_it_may_mean(self, find: Find) -> None:
        (unknown,) = find("F206", 手続=with_heading("年間件数", "年間の件数"))
        assert "「年間の件数」" in unknown.message
        assert "「年間件数」のことですか" in unknown.message
        assert "独自の様式で出したいときは、担当課に相談してください" in unknown.how_to_fix
        missing = find("F205", 手続=with_heading("年間件数", "年間の件数"))
        assert any("「年間の件数」がそれに当たりますか" in one.message for one in missing)

    def test_a_strange_one_is_not_guessed(self, find: Find) -> None:
        (unknown,) = find("F206", 手続=with_heading("年間件数", "課内の整理番号"))
        assert "ことですか" not in unknown.message

    def test_a_label_almost_the_same_is_named(self, find: Find) -> None:
        labels = [["課のコード" if x == "課コード" else x for x in row] for row in cover()]
        (missing,) = [f for f in find("F205", 表紙=labels) if "「課コード」" in f.message]
        assert "「課のコード」がそれに当たりますか" in missing.message

    def test_the_second_of_two_is_not_read(self, find: Find) -> None:
        rows = [[*PROCEDURE_HEADINGS, "年間件数"], [*ROW, 999]]
        (finding,) = find("F211", 手続=rows)
        assert finding.place.cell == "O1"

    @pytest.mark.parametrize(
        ("heading", "field"),
        [("年間の件数", "annual_cases"), ("手続の番号", "procedure_number"), ("所在地", None)],
    )
    def test_likeness(self, form: Form, heading: str, field: str | None) -> None:
        part = form.sheet_of("procedure")
        assert part is not None
        found = suggest_field(heading, part.fields)
        assert (found.name if found else None) == field

    @pytest.mark.parametrize("said", ["（件）", "(任意)", "［半角数字］", "（※1）", "（件数）"])
    def test_what_says_how_to_answer_changes_nothing(self, find: Find, said: str) -> None:
        assert find("F218", 手続=with_heading("年間件数", f"年間件数{said}")) == []

    @pytest.mark.parametrize(
        "said",
        [
            "（窓口分）",
            "【R3】",
            "（令和3年10月1日現在）",
            "（概算額）",
            "〔12月末〕",
            "\n（税込）",
        ],
    )
    def test_other_words_in_parentheses_are_asked_about(self, find: Find, said: str) -> None:
        (finding,) = find("F218", 手続=with_heading("年間件数", f"年間件数{said}"))
        assert (finding.place.cell, finding.severity) == ("H1", "warning")

    @pytest.mark.parametrize(
        "said", ["（うち電子）", "(内数)", "［窓口を除く］", "（旧）", "（上半期）"]
    )
    def test_a_part_of_what_is_asked_is_not_read(self, find: Find, said: str) -> None:
        (finding,) = find("F206", 手続=with_heading("年間件数", f"年間件数{said}"))
        assert finding.place.cell == "H1"

    @pytest.mark.parametrize(
        "said", ["（人）", "\n[千件]", "［千件］", "(千)", "（単位：千）", "〔万件〕", "（千単位）"]
    )
    def test_another_unit_is_not_read(self, find: Find, said: str) -> None:
        (finding,) = find("F214", 手続=with_heading("年間件数", f"年間件数{said}"))
        assert (finding.place.cell, finding.value_found) == ("H1", f"年間件数{said}")
        assert "「年間件数」の単位は「件」" in finding.message


class TestRows:
    def test_displaced_answers_set_the_row_aside(self, find: Find, collect: Collect) -> None:
        moved = [*ROW[:4], "", *ROW[4:-1]]
        (finding,) = find("F317", moved, ["T2", *ROW[1:]])
        assert (finding.place.sheet, finding.place.cell) == ("手続", "A2")
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(moved)}})
        assert [a for a in collected.answers if a.table_name == "procedure"] == []
        (response,) = [r for r in collected.responses if r["department_code"] == "1203"]
        assert response["rows_set_aside"] == 1

    @pytest.mark.parametrize("change", [{4: "やっています"}, {9: ""}, {9: 1}, {4: "", 6: "○"}])
    def test_one_wrong_answer_is_no_displacement(self, find: Find, change: dict[int, Any]) -> None:
        row = [change.get(place, cell) for place, cell in enumerate(ROW)]
        assert find("F317", row) == []

    def test_a_row_with_a_name_alone_is_kept_and_told(self, find: Find) -> None:
        (finding,) = find("F316", ["T9"])
        assert "「T9」の行" in finding.message

    def test_a_required_answer_left_out(self, find: Find) -> None:
        (finding,) = find("F318", [ROW[0], "", *ROW[2:]])
        assert (finding.place.cell, finding.message) == ("B2", "「手続名」に答えがありません。")

    def test_an_example_is_told_of_only_if_it_was_written_over(
        self, find: Find, form: Form
    ) -> None:
        part = form.asked_in("FY2022Q3").sheet_of("procedure")
        assert part is not None
        example = ["（記入例）" + part.fields[0].example, *(f.example for f in part.fields[1:])]
        assert find("F213", example, ROW) == []
        (finding,) = find("F213", ["（記入例）T9", *ROW[1:]], ROW)
        assert finding.place.cell == "A2"

    def test_answers_without_a_heading(self, find: Find) -> None:
        table = [[*PROCEDURE_HEADINGS, ""], [*ROW, "追加"], ["T2", *ROW[1:], "追加"]]
        (finding,) = find("F319", 手続=table)
        assert (finding.place.cell, finding.value_found) == ("O2", "追加")


class TestNames:
    def test_a_radical_is_flagged_and_kept(self, collect: Collect) -> None:
        row = [ROW[0], "⻄口の使用", *ROW[2:]]
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(row)}})
        (finding,) = [f for f in collected.findings if f.rule_id == "F314"]
        assert "「⻄」(ふつうは「西」)" in finding.message
        assert (finding.severity, finding.place.cell) == ("warning", "B2")
        names = [a.value for a in collected.answers if a.field == "procedure_name"]
        assert names == ["⻄口の使用"]


class TestRemarks:
    def test_a_planned_day_beside_an_empty_day_is_kept_and_asked_about(
        self, collect: Collect
    ) -> None:
        row = [*ROW[:10], "予定", "", "", "令和5年4月1日開始"]
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(row)}})
        values = {answer.field: answer.value for answer in collected.answers}
        assert values["remarks"] == "令和5年4月1日開始"
        assert values["online_status"] == "済"
        rules = {finding.rule_id: finding for finding in collected.findings}
        assert "F317" not in rules
        assert (rules["F322"].place.cell, rules["F322"].severity) == ("N2", "warning")

    def test_a_row_that_says_only_that_there_is_none_is_no_row(self, collect: Collect) -> None:
        nothing = ["該当なし", *[""] * 13]
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(nothing)}})
        assert [one for one in collected.findings if one.place.sheet == "手続"] == []
        assert [one for one in collected.answers if one.table_name == "procedure"] == []


class TestSheets:
    def test_a_second_table_is_not_read_in_silence(self, find: Find) -> None:
        copied = {"手続 (2)": procedures(["T2", *ROW[1:]])}
        (finding,) = find("F212", **copied)
        assert finding.place.sheet == "手続 (2)"
        assert "「行政手続」の表" in finding.message

    def test_a_part_of_a_table_with_half_of_its_headings(self, find: Find) -> None:
        moved = {"手続の続き": [["#", "手続番号", "手続名"], ["1", *ROW[:2]]]}
        (finding,) = find("F212", **moved)
        assert finding.place.sheet == "手続の続き"

    def test_a_table_in_another_sheet_than_its_own(self, find: Find) -> None:
        sheets = {"手続": [["移しました"]], "Sheet3": procedures(ROW)}
        (finding,) = find("F215", **sheets)
        assert "「Sheet3」シートの表を読み取りました" in finding.message


class TestValues:
    @pytest.mark.parametrize(
        ("text", "rule_id", "told"),
        [
            ("1、200", "F311", "「1、200」は二通りに読める"),
            ("12\n15", "F312", "2つ以上の値"),
            ("12人", "F313", "「12人」と書かれていますが、この欄の単位(件)の数でない"),
        ],
    )
    def test_why_a_number_is_not_read(self, find: Find, text: str, rule_id: str, told: str) -> None:
        (finding,) = find(rule_id, [*ROW[:7], text, *ROW[8:]])
        assert told in finding.message
        assert finding.place.cell == "H2"


def test_a_cell_merged_with_an_error_is_no_blank(form: Form, rules: FindingRules) -> None:
    rows = [list(PROCEDURE_HEADINGS)] + [[key, f"{key}の届", "", *ROW[3:]] for key in ("T1", "T2")]
    sheet = Sheet("手続", rows, SecondLook({(1, 2): Kind.ERROR_CELL}, merged=[((1, 2), (2, 2))]))
    part = form.asked_in("FY2022Q3").sheet_of("procedure")
    assert part is not None
    contents = SheetReader(part, rules).read_rows(sheet, Place(period="FY2022Q3"))
    assert contents is not None
    found = [(finding.rule_id, finding.place.cell) for finding in contents.findings]
    assert found == [("F308", "C2"), ("F315", "C3")]


def test_every_example_of_the_form_is_an_answer(form: Form) -> None:
    for item in (item for part in form.sheets for item in part.fields):
        for example in filter(None, item.examples):
            judgement = judge_of(item)(example)
            assert (judgement.rule_id, judgement.reading.status) == (None, "answered"), item.name


@pytest.mark.parametrize(
    ("described", "read"),
    [
        ({"unique": True, "example": "a-01"}, "A-01"),
        ({"pattern": "[A-Z]-[0-9]+"}, "A-01"),
        ({"pattern": "[a-z]-[0-9]+", "example": "a-01"}, "a-01"),
    ],
)
def test_letters_of_a_code_are_capitals_unless_its_pattern_wants_small_ones(
    form: Form, described: dict[str, Any], read: str
) -> None:
    part = form.sheet_of("procedure")
    assert part is not None
    plain = part.fields[0].model_copy(update={"pattern": None, "unique": False, "example": ""})
    assert judge_of(plain.model_copy(update=described))("a-01").reading.value == read


def test_an_address_keeps_its_letters(form: Form) -> None:
    part = form.sheet_of("procedure")
    assert part is not None
    item = next(item for item in part.fields if item.name == "application_url")
    address = "https://www.city.sumida.lg.jp/Shinsei/a_b.html?id=12&x=Y#top"
    assert judge_of(item)(f" {address}\u200b").reading.value == address
