import io
from collections import defaultdict
from collections.abc import Callable
from typing import Any, cast

import pytest
import xlsxwriter

from sumida_data.survey.collecting.collection import Collected
from sumida_data.survey.form import Waves
from sumida_data.survey.reading.stamp import STAMP_SHEET, fingerprint
from sumida_data.survey.reading.text import AnswerStatus, Reading
from tests.survey.conftest import cover, procedures

Collect = Callable[..., Collected]
ONLINE = [
    "T1203-01",
    "納税証明書",
    "非該当",
    "該当",
    "済",
    "R4.10.1",
    "",
    "１２０件",
    "－",
    "有",
    "未",
    "",
    "",
    "",
]


# What a small return leaves out, and its cover says of another quarter.
_SMALL = {"F204", "F205", "F207", "F323"}


def rule_ids(collected: Collected) -> list[str]:
    """Return the ids of findings, but for what a small return leaves out."""
    return [f.rule_id for f in collected.findings if f.rule_id not in _SMALL]


def values(collected: Collected, period: str = "FY2022Q3") -> dict[str, str | None]:
    return {a.field: a.value for a in collected.answers if a.period == period}


def status(collected: Collected, code: str, period: str = "FY2022Q3") -> str:
    return next(
        r["response_status"]
        for r in collected.responses
        if r["department_code"] == code and r["period"] == period
    )


def test_an_answer_knows_its_cell(collect: Collect) -> None:
    collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(ONLINE)}})
    cases = next(a for a in collected.answers if a.field == "annual_cases")
    assert (cases.value, cases.raw_text, cases.sheet, cases.cell) == (
        "120",
        "１２０件",
        "手続",
        "H2",
    )
    assert (cases.change, cases.text_rules, cases.answer_status) == (
        "normalised",
        "full_width unit",
        "answered",
    )
    assert (cases.department_code, cases.period, cases.table_name) == (
        "1203",
        "FY2022Q3",
        "procedure",
    )
    assert len(cases.file_sha256) == 64
    online_cases = next(a for a in collected.answers if a.field == "online_cases")
    assert (online_cases.value, online_cases.answer_status) == (None, "not_applicable")
    assert rule_ids(collected) == []


def test_personal_fields_never_come_out(collect: Collect) -> None:
    collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(ONLINE)}})
    out = repr((collected.answers, collected.responses, collected.findings))
    assert "見本 花子" not in out
    assert "mihon@" not in out
    assert "納税証明書" in out


def test_who_did_not_answer_is_listed(collect: Collect) -> None:
    collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures()}})
    assert status(collected, "1203") == "received"
    assert status(collected, "1204") == status(collected, "1903") == "not_received"


def test_a_text_for_a_number_is_found_and_the_row_stays(collect: Collect) -> None:
    row = [*ONLINE[:7], "たくさん", *ONLINE[8:]]
    collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(row)}})
    (finding,) = [f for f in collected.findings if f.rule_id == "F301"]
    assert (finding.place.sheet, finding.place.cell, finding.value_found) == (
        "手続",
        "H2",
        "たくさん",
    )
    assert finding.place.row_label == "T1203-01 納税証明書"
    assert "「年間件数」の「たくさん」" in finding.message
    assert values(collected)["online_status"] == "済"
    assert values(collected)["annual_cases"] is None


def test_an_error_cell_is_not_a_blank(collect: Collect) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        for name, rows in (("表紙", cover()), ("手続", procedures(ONLINE))):
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
        sheet.write_formula("H2", "=1/0", None, "#DIV/0!")
        sheet.write_formula("I2", "=H2", None, "")
    collected = collect({"FY2022Q3/a.xlsx": buffer.getvalue()})
    assert [
        (f.rule_id, f.place.cell) for f in collected.findings if f.rule_id.startswith("F3")
    ] == [
        ("F308", "H2"),
        ("F309", "I2"),
        ("F323", "G2"),
    ]
    assert values(collected)["annual_cases"] is None


def test_choices_bounds_and_patterns(collect: Collect) -> None:
    row = [
        "T1203-01",
        "証明",
        "たぶん",
        "該当",
        "済",
        "あとで",
        "",
        "-3",
        "同上",
        "有",
        "済",
        "同上",
        "",
        "",
    ]
    collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(row)}})
    assert {
        (f.rule_id, f.place.cell) for f in collected.findings if f.rule_id.startswith("F3")
    } == {
        ("F303", "C2"),
        ("F302", "F2"),
        ("F304", "H2"),
        ("F301", "I2"),
        ("F310", "L2"),
        ("F323", "G2"),
    }


def test_rows_without_a_name_or_twice_are_set_aside_and_counted(collect: Collect) -> None:
    nameless = ["", *ONLINE[1:]]
    collected = collect(
        {"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(ONLINE, nameless, ONLINE)}}
    )
    assert rule_ids(collected) == ["F305", "F306"]
    response = next(r for r in collected.responses if r["department_code"] == "1203")
    assert response["rows_set_aside"] == 2
    assert len([a for a in collected.answers if a.field == "procedure_number"]) == 1
    assert "2行目" in next(f for f in collected.findings if f.rule_id == "F306").message


def test_a_procedure_that_another_department_lists_is_not_carried_forward(collect: Collect) -> None:
    collected = collect(
        {
            "FY2022Q2/a.xlsx": {"表紙": cover(), "手続": procedures(["Z9-01", *ONLINE[1:]])},
            "FY2022Q3/a.xlsx": {"表紙": cover(前回から変更なし="該当")},
            "FY2022Q3/b.xlsx": {
                "表紙": cover("1204", 課="窓口課"),
                "手続": procedures(["Z9-01", *ONLINE[1:]]),
            },
        }
    )
    holders = [
        answer.department_code
        for answer in collected.answers
        if answer.field == "procedure_number" and answer.period == "FY2022Q3"
    ]
    assert holders == ["1204"]
    (finding,) = [one for one in collected.findings if one.rule_id == "F403"]
    assert (finding.place.department_code, finding.place.source_file, finding.place.cell) == (
        "1203",
        "FY2022Q3/a.xlsx",
        None,
    )
    response = next(
        one
        for one in collected.responses
        if one["department_code"] == "1203" and one["period"] == "FY2022Q3"
    )
    assert response["rows_set_aside"] == 1


@pytest.mark.parametrize("says", [{}, {"前回から変更なし": "該当"}])
def test_a_number_stays_with_the_department_whose_code_it_bears(
    collect: Collect, says: dict[str, str]
) -> None:
    collected = collect(
        {
            "FY2022Q2/b.xlsx": {"表紙": cover(), "手続": procedures(ONLINE)},
            "FY2022Q3/b.xlsx": {"表紙": cover(**says), "手続": procedures(ONLINE)},
            "FY2022Q3/a.xlsx": {
                "表紙": cover("1204", 課="窓口課"),
                "手続": procedures(ONLINE, ["T1203-77", *ONLINE[1:]], ["1203", *ONLINE[1:]]),
            },
        }
    )
    holders = {
        (answer.value, answer.department_code)
        for answer in collected.answers
        if answer.field == "procedure_number" and answer.period == "FY2022Q3"
    }
    # What nobody else gave was read; a plain number bears no code.
    assert holders == {(ONLINE[0], "1203"), ("T1203-77", "1204"), ("1203", "1204")}
    told = [one for one in collected.findings if one.rule_id in {"F344", "F403"}]
    assert {(one.rule_id, one.place.department_code, one.place.cell) for one in told} == {
        ("F344", "1204", "A3"),
        ("F403", "1204", "A2"),
    }


def test_a_number_that_came_with_its_work_is_asked_about_once(collect: Collect) -> None:
    of_1203 = {"表紙": cover("1204", 課="窓口課"), "手続": procedures(ONLINE)}
    collected = collect({"FY2022Q2/a.xlsx": of_1203, "FY2022Q3/a.xlsx": of_1203})
    told = [one.place.period for one in collected.findings if one.rule_id == "F344"]
    assert told == ["FY2022Q2"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("課：税務課", ["F345"]),
        ("令和4年度第3四半期　区民部　税務課（1203）", ["F345"]),
        ("令和4年度第3四半期　区民部　窓口課（1204）", []),
        ("1203件のうち主なもの", []),
    ],
)
def test_a_table_of_another_department_is_asked_about(
    collect: Collect, line: str, found: list[str]
) -> None:
    table = [[line, *[""] * 14], *procedures(["T1204-01", *ONLINE[1:]])]
    collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover("1204", 課="窓口課"), "手続": table}})
    assert [one for one in rule_ids(collected) if one == "F345"] == found


def test_a_stock_that_was_not_asked_for_stays(collect: Collect, waves: Waves) -> None:
    wave = waves.root["FY2022Q3"]
    sheets = {name: codes for name, codes in wave.sheets.items() if name != "手続"}
    without = waves.model_copy(
        update={"root": waves.root | {"FY2022Q3": wave.model_copy(update={"sheets": sheets})}}
    )
    files = {
        "FY2022Q2/a.xlsx": {"表紙": cover(), "手続": procedures(ONLINE)},
        "FY2022Q3/a.xlsx": {"表紙": cover(), "研修": [TestEventsOfTheYear.HEADINGS]},
        "FY2022Q4/a.xlsx": {"表紙": cover(前回から変更なし="該当")},
    }

    def periods(collected: Collected) -> list[str]:
        return [one.period for one in collected.answers if one.field == "procedure_number"]

    assert periods(collect(files, without)) == ["FY2022Q2", "FY2022Q4"]
    # Asked for and not given, it is gone.
    assert periods(collect(files)) == ["FY2022Q2"]


def test_a_procedure_belongs_to_one_department(collect: Collect) -> None:
    collected = collect(
        {
            "FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(ONLINE)},
            "FY2022Q3/b.xlsx": {"表紙": cover("1204", 課="窓口課"), "手続": procedures(ONLINE)},
        }
    )
    assert rule_ids(collected) == ["F403"]
    finding = next(f for f in collected.findings if f.rule_id == "F403")
    assert (finding.place.department_code, finding.place.cell) == ("1204", "A2")
    assert "1203" in finding.message
    assert {a.department_code for a in collected.answers if a.table_name == "procedure"} == {"1203"}


class TestFilesThatCannotBeUsed:
    def test_each_is_told_and_the_rest_goes_on(self, collect: Collect) -> None:
        collected = collect(
            {
                "FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(ONLINE)},
                "FY2022Q3/empty.xlsx": b"",
                "FY2022Q3/page.xlsx": b"<html>not found</html>",
                "FY2022Q3/broken.xlsx": b"PK\x03\x04 broken",
                "FY2022Q3/photo.jpg": b"\xff\xd8\xff",
                "FY2022Q3/other.csv": b"\x81",
                "FY2022Q3/nothing.xlsx": {"Sheet1": [["ただの表"]]},
                "FY2030Q1/early.xlsx": {"表紙": cover()},
                "loose.xlsx": {"表紙": cover()},
                "rei wa/x.xlsx": {"表紙": cover()},
            }
        )
        assert {
            (f.place.source_file, f.rule_id)
            for f in collected.findings
            if f.place.cell is None and f.rule_id not in ("F204", "F205")
        } == {
            ("FY2022Q3/empty.xlsx", "F101"),
            ("FY2022Q3/page.xlsx", "F103"),
            ("FY2022Q3/broken.xlsx", "F104"),
            ("FY2022Q3/photo.jpg", "F226"),
            ("FY2022Q3/other.csv", "F106"),
            ("FY2022Q3/nothing.xlsx", "F201"),
            ("FY2030Q1/early.xlsx", "F108"),
            ("loose.xlsx", "F107"),
            ("rei wa/x.xlsx", "F107"),
        }
        assert values(collected)["annual_cases"] == "120"
        assert [r["response_status"] for r in collected.responses].count("set_aside") == 5

    def test_without_a_department_code_it_is_set_aside_with_a_hint(self, collect: Collect) -> None:
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(""), "手続": procedures(ONLINE)}})
        assert "F202" in rule_ids(collected)
        assert (
            "1203(税務課)と思われます"
            in next(f for f in collected.findings if f.rule_id == "F202").message
        )
        assert collected.answers == []
        assert status(collected, "1203") == "set_aside"

    def test_a_csv_of_a_table_is_said_to_have_no_cover(self, collect: Collect) -> None:
        rows = [["課：", "税務課"], [], *procedures(ONLINE)]
        content = "\n".join(",".join(map(str, row)) for row in rows).encode()
        collected = collect({"FY2022Q3/1203_手続.csv": content})
        assert rule_ids(collected) == ["F201"]
        assert status(collected, "1203") == "set_aside"

    def test_two_of_one_name_are_told_apart_by_their_folders(self, collect: Collect) -> None:
        newer = {"表紙": cover(回答日="R5.1.20"), "手続": procedures(ONLINE)}
        older = {"表紙": cover(), "手続": procedures(ONLINE)}
        collected = collect({"FY2022Q3/a.xlsx": older, "FY2022Q3/再提出/a.xlsx": newer})
        told = {one.rule_id: one.message for one in collected.findings}
        assert "「再提出/a.xlsx」が届いている" in told["F209"]
        assert "「a.xlsx」も届いています" in told["F224"]

    def test_the_folder_or_archive_tells_whose_it_is(self, collect: Collect) -> None:
        collected = collect({"FY2022Q3/1204_窓口課/調査票.xlsx": b""})
        assert status(collected, "1204") == "set_aside"

    def test_an_unknown_department_is_set_aside(self, collect: Collect) -> None:
        collected = collect(
            {"FY2022Q3/a.xlsx": {"表紙": cover("9999"), "手続": procedures(ONLINE)}}
        )
        assert "F203" in rule_ids(collected)
        assert collected.answers == []

    def test_sample_data_never_mix_with_real_ones(self, collect: Collect) -> None:
        sample = [["見本データ"], *cover("1204", 課="窓口課")]
        collected = collect(
            {
                "FY2022Q3/real.xlsx": {"表紙": cover(), "手続": procedures(ONLINE)},
                "FY2022Q3/sample.xlsx": {"表紙": sample, "手続": procedures(["T9", *ONLINE[1:]])},
            }
        )
        assert rule_ids(collected) == ["F109"]
        assert {a.source_file for a in collected.answers} == {"FY2022Q3/real.xlsx"}

    def test_sample_data_alone_are_read_and_marked(self, collect: Collect) -> None:
        collected = collect(
            {
                "FY2022Q3/sample.xlsx": {
                    "表紙": [["見本データ"], *cover()],
                    "手続": procedures(ONLINE),
                }
            }
        )
        assert all(answer.sample for answer in collected.answers)
        assert values(collected)["annual_cases"] == "120"


class TestTwoReturns:
    def test_the_newest_day_counts_and_the_older_is_listed(self, collect: Collect) -> None:
        collected = collect(
            {
                "FY2022Q3/a_new.xlsx": {
                    "表紙": cover(回答日="R5.1.12"),
                    "手続": procedures(ONLINE),
                },
                "FY2022Q3/b_old.xlsx": {
                    "表紙": cover(回答日="R5.1.11"),
                    "手続": procedures(["X", *ONLINE[1:]]),
                },
            }
        )
        assert {a.source_file for a in collected.answers} == {"FY2022Q3/a_new.xlsx"}
        statuses = {r.get("source_file"): r["response_status"] for r in collected.responses}
        assert statuses["FY2022Q3/b_old.xlsx"] == "superseded"
        finding = next(f for f in collected.findings if f.rule_id == "F209")
        assert finding.place.source_file == "FY2022Q3/b_old.xlsx"
        assert "a_new.xlsx" in finding.message
        told = next(f for f in collected.findings if f.rule_id == "F224")
        assert (told.place.source_file, told.value_found) == ("FY2022Q3/a_new.xlsx", "b_old.xlsx")


MORE = ["T1203-02", "住民税申告", "非該当", "該当", "未定"]
STAMP = ("様式の版", "様式の調査期", "様式の課コード", "様式の記入済みの内容")


class TestUnfilledForms:
    """A form of this project bears a fingerprint of what it was handed out with."""

    OPEN = cover(回答日="")

    def handed_out(self, collect: Collect, *rows: list[str]) -> list[list[str]]:
        """The hidden sheet of a form that was prefilled with these rows."""
        answers = collect({"FY2022Q2/x.xlsx": {"表紙": cover(), "手続": procedures(*rows)}}).answers
        records: dict[str, dict[str, Reading]] = defaultdict(dict)
        for one in answers:
            status = cast("AnswerStatus", one.answer_status)
            records[one.record_id][one.field] = Reading(one.value, status)
        known = fingerprint(("procedure", record) for record in records.values())
        return [[label, ""] for label in STAMP[:3]] + [[STAMP[3], known]]

    def states(self, collected: Collected) -> list[tuple[str | None, str]]:
        return [
            (one.get("source_file"), one["response_status"])
            for one in collected.responses
            if one["department_code"] == "1203" and one["period"] == "FY2022Q3"
        ]

    def test_one_handed_out_and_returned_empty_is_no_answer(self, collect: Collect) -> None:
        sheets = {"表紙": self.OPEN, "手続": procedures(), STAMP_SHEET: self.handed_out(collect)}
        collected = collect({"FY2022Q3/a.xlsx": sheets})
        assert not collected.answers
        assert self.states(collected) == [
            ("FY2022Q3/a.xlsx", "set_aside"),
        ]
        [finding] = [f for f in collected.findings if f.rule_id == "F217"]
        assert (finding.place.department_code, finding.severity) == ("1203", "error")

    def test_one_that_came_back_as_it_was_counts_and_is_asked_about(self, collect: Collect) -> None:
        stamp = self.handed_out(collect, ONLINE, MORE)
        sheets = {"表紙": self.OPEN, "手続": procedures(MORE, ONLINE), STAMP_SHEET: stamp}
        collected = collect({"FY2022Q3/a.xlsx": sheets})
        assert self.states(collected) == [("FY2022Q3/a.xlsx", "received")]
        [finding] = [f for f in collected.findings if f.rule_id == "F216"]
        assert (finding.place.department_code, finding.severity) == ("1203", "warning")

    @pytest.mark.parametrize(
        "sheets",
        [
            {"表紙": OPEN, "手続": procedures([*ONLINE[:7], "130"], MORE)},
            {"表紙": OPEN, "手続": procedures(ONLINE)},
            {"表紙": OPEN, "手続": procedures()},
            {"表紙": OPEN, "手続": procedures(ONLINE, [*MORE, "", "", "不明"])},
            {"表紙": OPEN, "手続": procedures(ONLINE, MORE, ["", "番号のない手続"])},
            {"表紙": OPEN, "手続": procedures(ONLINE, MORE), "研修": [["研修名", "実施日", "対象", "受講者数"], ["a", "2022/5/1"]]},
            {"表紙": cover(回答日="1月10日"), "手続": procedures(ONLINE, MORE)},
            {"表紙": [row for row in OPEN if row[0] != "回答日"], "手続": procedures(ONLINE, MORE)},
            {"表紙": cover(回答日="", 前回から変更なし="該当"), "手続": procedures(ONLINE, MORE)},
        ],
    )  # fmt: skip
    def test_one_word_makes_it_an_answer(self, collect: Collect, sheets: Any) -> None:
        stamped = sheets | {STAMP_SHEET: self.handed_out(collect, ONLINE, MORE)}
        collected = collect({"FY2022Q3/a.xlsx": stamped})
        assert [state for _, state in self.states(collected)] in (["received"], ["no_change"])
        assert not {"F216", "F217"} & set(rule_ids(collected))

    def test_another_form_is_taken_at_its_word(self, collect: Collect) -> None:
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": self.OPEN, "手続": procedures(ONLINE)}})
        assert status(collected, "1203") == "received"
        [finding] = [f for f in collected.findings if f.rule_id == "F318"]
        assert (finding.place.sheet, finding.message) == ("表紙", "「回答日」に答えがありません。")

    def test_beside_an_answer_without_a_day_it_is_put_away_too(self, collect: Collect) -> None:
        answered = {"表紙": self.OPEN, "手続": procedures([*ONLINE[:7], "200"])}
        stamp = self.handed_out(collect, ONLINE)
        untouched = {"表紙": self.OPEN, "手続": procedures(ONLINE), STAMP_SHEET: stamp}
        collected = collect({"FY2022Q3/a.xlsx": answered, "FY2022Q3/b.xlsx": untouched})
        assert values(collected)["annual_cases"] == "200"
        assert dict(self.states(collected))["FY2022Q3/b.xlsx"] == "superseded"

    def test_beside_an_answer_it_is_only_put_away(self, collect: Collect) -> None:
        filled = {"表紙": cover(), "手続": procedures(ONLINE)}
        untouched = {"表紙": self.OPEN, "手続": procedures(), STAMP_SHEET: self.handed_out(collect)}
        collected = collect({"FY2022Q3/a.xlsx": filled, "FY2022Q3/b.xlsx": untouched})
        assert self.states(collected) == [
            ("FY2022Q3/a.xlsx", "received"),
            ("FY2022Q3/b.xlsx", "superseded"),
        ]
        assert values(collected)["procedure_number"] == "T1203-01"
        assert not {"F209", "F217"} & set(rule_ids(collected))


class TestStatedPeriod:
    def find(self, collect: Collect, stated: str) -> list[str]:
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(調査期=stated)}})
        return [f.message for f in collected.findings if f.rule_id == "F207"]

    @pytest.mark.parametrize(
        "stated",
        [
            "令和４年度第三四半期",
            "R4Q3",
            "2022年度 第3四半期",
            "R4.3Q",
            "",
            "不明",
            "第3四半期",
            "令和4年度第1四半期から第3四半期まで",
            "令和4年度第2四半期分の修正(令和4年度第3四半期)",
            "令和5年第4四半期",
        ],
    )
    def test_the_same_quarter_or_none(self, collect: Collect, stated: str) -> None:
        assert self.find(collect, stated) == []

    @pytest.mark.parametrize(
        "stated",
        ["令和4年度第2四半期", "R3Q3", "2023年度第3四半期", "令和元年度第3四半期", "平成31年度1Q"],
    )
    def test_another_quarter_is_told(self, collect: Collect, stated: str) -> None:
        [message] = self.find(collect, stated)
        assert message == (
            f"表紙の調査期は「{stated}」ですが、令和4年度第3四半期の調査票として読み取りました。"
        )


class TestUnansweredCells:
    def find(self, collected: Collected) -> list[str]:
        return [f.message for f in collected.findings if f.rule_id == "F323"]

    def test_are_counted_in_one_finding_a_sheet(self, collect: Collect) -> None:
        rows = [[f"T1203-{n:02}", "証明", "非該当", "", "未定"] for n in range(3)]
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(*rows)}})
        assert self.find(collected) == [
            "「手続」に答えのない欄が12件あります(D2、H2、J2、K2、D3 ほか)。"
        ]

    def test_what_is_not_asked_for_is_not_missed(self, collect: Collect) -> None:
        row = [*ONLINE[:4], "未定", "", "", "120", "", "無", "対象外"]
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(row)}})
        assert self.find(collected) == []

    def test_stocks_that_are_carried_forward_are_not_asked_for_again(
        self, collect: Collect
    ) -> None:
        sheets = {"手続": procedures(["T1203-01", "証明", "非該当", "", "未定"])}
        unchanged = {"表紙": TestNoChange.UNCHANGED} | sheets
        collected = collect(
            {"FY2022Q2/a.xlsx": {"表紙": cover()} | sheets, "FY2022Q3/a.xlsx": unchanged}
        )
        assert len(self.find(collected)) == 1


class TestNoChange:
    UNCHANGED = cover(前回から変更なし="該当", 調査期="R4Q3")

    def test_stocks_are_carried_forward_and_say_so(self, collect: Collect) -> None:
        collected = collect(
            {
                "FY2022Q2/a.xlsx": {"表紙": cover(), "手続": procedures(ONLINE)},
                "FY2022Q3/a.xlsx": {"表紙": self.UNCHANGED},
            }
        )
        assert status(collected, "1203") == "no_change"
        carried = [a for a in collected.answers if a.period == "FY2022Q3"]
        assert {a.field: a.value for a in carried if a.table_name == "procedure"} == values(
            collected, "FY2022Q2"
        )
        assert {(a.change, a.carried_from, a.source_file) for a in carried} == {
            ("carried_forward", "FY2022Q2", "FY2022Q2/a.xlsx")
        }
        originals = {a.record_id for a in collected.answers if a.period == "FY2022Q2"}
        assert originals.isdisjoint(a.record_id for a in carried)
        assert len({a.row_id for a in collected.answers}) == len(collected.answers)

    def test_it_remembers_the_quarter_the_answer_was_given_in(self, collect: Collect) -> None:
        collected = collect(
            {
                "FY2022Q1/a.xlsx": {"表紙": cover(), "手続": procedures(ONLINE)},
                "FY2022Q2/a.xlsx": {"表紙": self.UNCHANGED},
                "FY2022Q3/a.xlsx": {"表紙": self.UNCHANGED},
            }
        )
        assert {a.carried_from for a in collected.answers if a.period == "FY2022Q3"} == {"FY2022Q1"}

    def test_events_are_not_carried_forward(self, collect: Collect) -> None:
        trainings = [
            ["研修名", "実施日", "対象", "受講者数", "備考"],
            ["DX研修", "R4.8.1", "", "20", ""],
        ]
        collected = collect(
            {
                "FY2022Q2/a.xlsx": {"表紙": cover(), "手続": procedures(ONLINE), "研修": trainings},
                "FY2022Q3/a.xlsx": {"表紙": self.UNCHANGED},
            }
        )
        assert {a.table_name for a in collected.answers if a.period == "FY2022Q3"} == {"procedure"}

    def test_a_contradiction_is_found(self, collect: Collect) -> None:
        changed = [*ONLINE[:7], "999", *ONLINE[8:]]
        collected = collect(
            {
                "FY2022Q2/a.xlsx": {"表紙": cover(), "手続": procedures(ONLINE)},
                "FY2022Q3/a.xlsx": {"表紙": self.UNCHANGED, "手続": procedures(changed)},
            }
        )
        # In the second quarter its first day of October is still to come.
        assert rule_ids(collected) == ["F404", "F401"]
        assert values(collected)["annual_cases"] == "120"

    def test_nothing_to_carry_is_found(self, collect: Collect) -> None:
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": self.UNCHANGED}})
        assert rule_ids(collected) == ["F402"]

    def test_silence_is_not_no_change(self, collect: Collect) -> None:
        collected = collect(
            {
                "FY2022Q2/a.xlsx": {"表紙": cover(), "手続": procedures(ONLINE)},
                "FY2022Q3/b.xlsx": {"表紙": cover("1204", 課="窓口課")},
            }
        )
        assert status(collected, "1203") == "not_received"
        assert [a for a in collected.answers if a.period == "FY2022Q3"] == []


class TestDrift:
    def test_renamed_sheets_and_moved_columns_are_read(self, collect: Collect) -> None:
        rows = [["ご記入ください"], [], *[["", *row[::-1]] for row in procedures(ONLINE)]]
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "３．手続一覧": rows}})
        assert values(collected)["annual_cases"] == "120"
        assert values(collected)["procedure_number"] == "T1203-01"

    def test_a_sheet_of_any_name_is_known_by_its_headings(self, collect: Collect) -> None:
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "Sheet3": procedures(ONLINE)}})
        assert values(collected)["annual_cases"] == "120"

    def test_a_missing_and_an_unknown_heading_are_reported(self, collect: Collect) -> None:
        headings, row = procedures(ONLINE)
        headings = [*headings[:7], "年間の数", *headings[8:]]
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": [headings, row]}})
        unknown = next(f for f in collected.findings if f.rule_id == "F206")
        assert (unknown.value_found, unknown.place.cell) == ("年間の数", "H1")
        missing = [f.message for f in collected.findings if f.rule_id == "F205"]
        assert any("「年間件数」の列がない" in message for message in missing)

    def test_a_missing_sheet_is_reported_only_if_asked_for(self, collect: Collect) -> None:
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(ONLINE)}})
        missing = [f.message for f in collected.findings if f.rule_id == "F204"]
        assert any("「オンライン相談等」" in message for message in missing)
        assert not any("「標準化" in message for message in missing)


class TestEventsOfTheYear:
    HEADINGS = ("研修名", "実施日", "対象", "受講者数", "備考")
    BASIC, ADVANCED = ["基礎研修", "2022/5/10", "全職員", 30], ["応用研修", "2022/8/1", "係長", 8]

    def find(self, collect: Collect, cover_now: Any, *now: list[Any]) -> list[tuple[str, str]]:
        first = {"表紙": cover(), "研修": [self.HEADINGS, self.BASIC, self.ADVANCED]}
        second = {"表紙": cover_now, "研修": [self.HEADINGS, *now]}
        collected = collect({"FY2022Q2/a.xlsx": first, "FY2022Q3/a.xlsx": second})
        found = [f for f in collected.findings if f.rule_id == "F514"]
        assert {f.place.source_file for f in found} <= {"FY2022Q3/a.xlsx"}
        return [(f.place.sheet or "", f.value_found or "") for f in found]

    def test_all_listed_again(self, collect: Collect) -> None:
        more = ["新任研修", "2022/10/3", "新任", 5]
        assert self.find(collect, cover(), self.ADVANCED, more, self.BASIC) == []

    def test_a_corrected_day_leaves_the_old_row_behind(self, collect: Collect) -> None:
        moved = ["応用研修", "2022/8/2", "係長", 8]
        assert self.find(collect, cover(), self.BASIC, moved) == [("研修", "応用研修 2022-08-01")]

    def test_what_could_not_be_read_may_be_one_of_them(self, collect: Collect) -> None:
        unread = ["応用研修", "8月1日", "係長", 8]
        assert self.find(collect, cover(), self.BASIC, unread) == []

    def test_a_sheet_that_is_not_there_lists_nothing_for_certain(self, collect: Collect) -> None:
        first = {"表紙": cover(), "研修": [self.HEADINGS, self.BASIC]}
        collected = collect({"FY2022Q2/a.xlsx": first, "FY2022Q3/a.xlsx": {"表紙": cover()}})
        assert "F514" not in rule_ids(collected)

    def test_an_empty_sheet_lists_none_of_them(self, collect: Collect) -> None:
        assert len(self.find(collect, cover())) == 2
        assert self.find(collect, cover(前回から変更なし="該当")) == []

    def test_a_new_year_starts_afresh(self, collect: Collect) -> None:
        last_year = {"表紙": cover(), "研修": [self.HEADINGS, ["研修", "2021/5/10", "全職員", 3]]}
        this_year = {"表紙": cover(), "研修": [self.HEADINGS]}
        collected = collect({"FY2021Q4/a.xlsx": last_year, "FY2022Q1/a.xlsx": this_year})
        assert "F514" not in rule_ids(collected)


class TestWhoseItIs:
    def test_a_name_of_another_department_is_not_counted(self, collect: Collect) -> None:
        own = {"表紙": cover("1204", 回答日="R5.1.10"), "手続": procedures(MORE)}
        other = {"表紙": cover("1204", 課="税務課", 回答日="R5.1.20"), "手続": procedures(ONLINE)}
        collected = collect({"FY2022Q3/a.xlsx": own, "FY2022Q3/b.xlsx": other})
        [finding] = [f for f in collected.findings if f.rule_id == "F222"]
        assert (finding.place.source_file, finding.place.cell) == ("FY2022Q3/b.xlsx", "B4")
        assert {a.source_file for a in collected.answers} == {"FY2022Q3/a.xlsx"}
        assert status(collected, "1204") == "received"
        assert status(collected, "1203") == "set_aside"

    def test_an_unknown_name_is_asked_about(self, collect: Collect) -> None:
        sheets = {"表紙": cover(課="国保課"), "手続": procedures(ONLINE)}
        collected = collect({"FY2022Q3/a.xlsx": sheets})
        [finding] = [f for f in collected.findings if f.rule_id == "F223"]
        assert "1203の課は「税務課」" in finding.message
        assert status(collected, "1203") == "received"

    @pytest.mark.parametrize("section", ["", "区民部 税務課", "税務課　課税係", "税務"])
    def test_what_holds_the_name_agrees(self, collect: Collect, section: str) -> None:
        sheets = {"表紙": cover(課=section), "手続": procedures(ONLINE)}
        assert not {"F222", "F223"} & set(rule_ids(collect({"FY2022Q3/a.xlsx": sheets})))

    def test_an_unusable_file_is_of_the_department_it_is_named_after(
        self, collect: Collect
    ) -> None:
        collected = collect(
            {
                "FY2022Q3/1203_税務課.xlsx": b"PK\x03\x04 broken",
                "FY2022Q3/窓口課の回答.pdf": b"%PDF",
                "FY2022Q3/x.xlsx": {"道路公園課": [["ただの表"]]},
                "FY2022Q3/送付状.pdf": b"%PDF",
            }
        )
        states = [(one["department_code"], one["response_status"]) for one in collected.responses]
        assert states == [("1203", "set_aside"), ("1903", "set_aside"), ("1204", "set_aside")]
        assert [f.place.source_file for f in collected.findings if f.rule_id == "F226"] == [
            "FY2022Q3/窓口課の回答.pdf",
            "FY2022Q3/送付状.pdf",
        ]

    @pytest.mark.parametrize(
        ("first", "second", "expected"),
        [("broken", "good", "superseded"), ("good", "broken", "set_aside")],
    )
    def test_an_unusable_file_is_done_with_once_a_usable_one_has_come_after_it(
        self, collect: Collect, first: str, second: str, expected: str
    ) -> None:
        contents = {
            "broken": b"PK\x03\x04 broken",
            "good": {"表紙": cover(), "手続": procedures(ONLINE)},
        }
        files = {f"FY2022Q3/1203_{name}.xlsx": contents[name] for name in (first, second)}
        collected = collect(files)
        states = {one.get("source_file"): one["response_status"] for one in collected.responses}
        assert states["FY2022Q3/1203_broken.xlsx"] == expected
        assert states["FY2022Q3/1203_good.xlsx"] == "received"

    def test_a_return_without_a_table_is_no_answer(self, collect: Collect) -> None:
        first = {"表紙": cover(), "手続": procedures(ONLINE)}
        own_form = {"表紙": cover(), "業務一覧": [["業務", "方法"], ["納税証明", "電子"]]}
        collected = collect({"FY2022Q2/a.xlsx": first, "FY2022Q3/1203.xlsx": own_form})
        assert "F225" in rule_ids(collected)
        states = [
            one["response_status"]
            for one in collected.responses
            if (one["period"], one["department_code"]) == ("FY2022Q3", "1203")
        ]
        assert states == ["set_aside"]

    def test_a_copy_put_aside_does_not_win(self, collect: Collect) -> None:
        now = {"表紙": cover(回答日="R5.1.10"), "手続": procedures(ONLINE)}
        old = {"表紙": cover(回答日="R5.1.12"), "手続": procedures(MORE)}
        files = {"FY2022Q3/1203.xlsx": now, "FY2022Q3/旧/1203.xlsx": old}
        assert {a.source_file for a in collect(files).answers} == {"FY2022Q3/1203.xlsx"}
        alone = collect({"FY2022Q3/旧/1203.xlsx": old})
        assert "F227" in rule_ids(alone)
        assert alone.answers

    def test_a_form_of_another_department_never_displaces_its_own(self, collect: Collect) -> None:
        own = {"表紙": cover(回答日="R5.1.10"), "手続": procedures(ONLINE)}
        taken = {"表紙": cover(回答日="R5.1.12"), "手続": procedures(MORE)}
        files = {"FY2022Q3/a.xlsx": own, "FY2022Q3/1204_窓口課.xlsx": taken}
        assert {a.source_file for a in collect(files).answers} == {"FY2022Q3/a.xlsx"}
        alone = collect({"FY2022Q3/1204_窓口課.xlsx": taken})
        [told] = [f for f in alone.findings if f.rule_id == "F228"]
        assert told.value_found == "1204_窓口課.xlsx"
        assert "1203「税務課」" in told.message
        assert alone.answers

    def test_a_folder_of_another_department_is_told(self, collect: Collect) -> None:
        sheets = {"表紙": cover(), "手続": procedures(ONLINE)}
        [told] = [
            one
            for one in collect({"FY2022Q3/1204_窓口課/調査票.xlsx": sheets}).findings
            if one.rule_id == "F228"
        ]
        assert told.value_found == "1204_窓口課/調査票.xlsx"
        named = collect({"FY2022Q3/1204_窓口課/1203_調査票.xlsx": sheets})
        assert "F228" not in rule_ids(named)

    def test_the_same_file_sent_twice_is_no_correction(self, collect: Collect) -> None:
        sheets = {"表紙": cover(), "手続": procedures(ONLINE)}
        collected = collect({"FY2022Q3/a.xlsx": sheets, "FY2022Q3/b.xlsx": sheets})
        assert {"F209", "F224"}.isdisjoint(rule_ids(collected))
        assert {a.source_file for a in collected.answers} == {"FY2022Q3/b.xlsx"}

    def test_the_last_day_of_another_quarter_is_told(self, collect: Collect) -> None:
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(基準日="R4.9.30")}})
        [told] = [f for f in collected.findings if f.rule_id == "F207"]
        assert told.value_found == "R4.9.30"
        assert told.message.startswith("表紙の基準日は「R4.9.30」ですが、令和4年度第3四半期の")

    def test_a_slip_in_the_day_of_a_correction_is_told(self, collect: Collect) -> None:
        first = {"表紙": cover(回答日="R5.1.10"), "手続": procedures(ONLINE)}
        slip = {"表紙": cover(回答日="R4.1.12"), "手続": procedures(MORE)}
        collected = collect({"FY2022Q3/a.xlsx": first, "FY2022Q3/b.xlsx": slip})
        [told] = [f for f in collected.findings if f.rule_id == "F224"]
        assert (told.place.source_file, told.value_found) == ("FY2022Q3/a.xlsx", "b.xlsx")


class TestIncidentsOfOneDay:
    HEADINGS = ("発生日", "概要", "重大")

    def read(self, collect: Collect, *rows: list[str]) -> tuple[int, list[str]]:
        sheets = {"表紙": cover(), "セキュリティ": [self.HEADINGS, *rows]}
        collected = collect({"FY2022Q3/a.xlsx": sheets})
        records = {a.record_id for a in collected.answers if a.table_name == "security_incident"}
        return len(records), [one for one in rule_ids(collected) if one == "F306"]

    def test_what_differs_is_two(self, collect: Collect) -> None:
        rows = [["2022-12-05", "誤送信", "非該当"], ["2022-12-05", "紛失", "該当"]]
        assert self.read(collect, *rows) == (2, [])

    def test_what_is_the_same_is_one(self, collect: Collect) -> None:
        row = ["2022-12-05", "誤送信", "非該当"]
        assert self.read(collect, row, ["2022-12-05", "紛失", "該当"], row) == (2, ["F306"])
