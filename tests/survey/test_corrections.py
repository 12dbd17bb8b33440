from typing import Any

import pandas as pd
import pytest

from sumida_data.base.frames import build_frame, build_frame_of_tuples
from sumida_data.base.metadata import DataDictionary
from sumida_data.survey.corrections import apply_corrections, parse_corrections
from sumida_data.survey.findings import FindingRules, Kind, Place, make_finding
from sumida_data.survey.form import Form
from sumida_data.survey.reading.registers import ReferenceTableError
from tests.plan.conftest import Answers

ROW = {
    "correction_id": "C1",
    "period": "FY2022Q3",
    "until": "",
    "department_code": "1203",
    "sheet": "手続",
    "row": "T1",
    "field": "年間件数",
    "expected_value": "120",
    "new_value": "12",
    "reason": "桁の誤り",
    "agreed_by": "税務課長",
    "agreed_on": "2023-01-20",
}


@pytest.fixture
def answer(dictionary: DataDictionary) -> pd.DataFrame:
    answers = Answers()
    answers.add("procedure", "T1", procedure_number="T1", annual_cases="120")
    answers.add("procedure", "T2", procedure_number="T2", annual_cases="120")
    answers.add("training", "a", held_on="2022-10-01", training_name="DX", attendees="5")
    answers.add("security_training", "", trainees="3", trainees_expected=None)
    answers.carry("FY2022Q4")
    return build_frame_of_tuples(dictionary["answer"], answers.rows)


def correct(answer: pd.DataFrame, form: Form, rules: FindingRules, **changes: str) -> Any:
    return apply_corrections(answer, parse_corrections([ROW | changes], form), rules)


def test_the_value_is_corrected_and_says_by_what(
    answer: pd.DataFrame, form: Form, rules: FindingRules, dictionary: DataDictionary
) -> None:
    corrected = correct(answer, form, rules)
    changed = corrected.answer[corrected.answer["change"] == "corrected"]
    assert changed[["period", "field", "value", "raw_text", "correction_id"]].values.tolist() == [
        ["FY2022Q3", "annual_cases", "12", "120", "C1"]
    ]
    assert answer["correction_id"].isna().all()
    assert [row["state"] for row in corrected.rows] == ["applied"]
    assert corrected.findings == []
    build_frame(dictionary["correction"], corrected.rows)


def test_what_is_corrected_is_asked_no_more(
    answer: pd.DataFrame, form: Form, rules: FindingRules
) -> None:
    cases = answer[answer["field"] == "annual_cases"]
    columns = ["source_file", "sheet", "cell"]
    places = [Place("FY2022Q3", "1203", *cells) for cells in cases[columns].itertuples(index=False)]
    findings = [make_finding(rules[Kind.NOT_A_NUMBER], place) for place in places]
    findings.append(make_finding(rules[Kind.NO_COVER], Place("FY2022Q3", "1203")))
    assert apply_corrections(answer, (), rules, findings).findings == findings
    agreed = parse_corrections([ROW], form)
    corrected = apply_corrections(answer, agreed, rules, findings)
    [where] = corrected.answer.loc[corrected.answer["correction_id"] == "C1", columns].values
    left = [one for one in findings if [*vars_of(one)] != [*where]]
    assert corrected.findings == left
    assert len(left) < len(findings)


def vars_of(finding: Any) -> list[str | None]:
    place = finding.place
    return [place.source_file, place.sheet, place.cell]


def test_a_correction_lasts_until_it_ends(
    answer: pd.DataFrame, form: Form, rules: FindingRules
) -> None:
    corrected = correct(answer, form, rules, until="FY2023Q1")
    assert [(row["period"], row["state"]) for row in corrected.rows] == [
        ("FY2022Q3", "applied"),
        ("FY2022Q4", "applied"),
    ]


def test_another_value_than_expected_is_said_loudly(
    answer: pd.DataFrame, form: Form, rules: FindingRules
) -> None:
    corrected = correct(answer, form, rules, expected_value="999")
    assert corrected.answer.equals(answer)
    (finding,) = corrected.findings
    assert (finding.rule_id, finding.severity, finding.place.cell) == ("F501", "error", "B1")
    assert "「年間件数」に「999」と書かれているときの訂正" in finding.message
    assert "「120」と書かれている" in finding.message


def test_what_is_mended_at_its_source_is_left(
    answer: pd.DataFrame, form: Form, rules: FindingRules
) -> None:
    corrected = correct(answer, form, rules, expected_value="1", new_value="120")
    assert [row["state"] for row in corrected.rows] == ["no_longer_needed"]
    assert corrected.findings == []


def test_what_is_not_there_is_said(answer: pd.DataFrame, form: Form, rules: FindingRules) -> None:
    corrected = correct(answer, form, rules, row="T9")
    assert [finding.rule_id for finding in corrected.findings] == ["F502"]


def test_a_department_without_any_such_row(
    answer: pd.DataFrame, form: Form, rules: FindingRules
) -> None:
    other = answer["table_name"].ne("procedure") | answer["period"].ne("FY2022Q4")
    corrected = correct(answer[other], form, rules, until="FY2022Q4")
    assert [row["state"] for row in corrected.rows] == ["applied", "not_found"]
    assert [finding.rule_id for finding in corrected.findings] == ["F502"]


def test_records_of_two_keys_and_of_none(
    answer: pd.DataFrame, form: Form, rules: FindingRules
) -> None:
    event = correct(
        answer,
        form,
        rules,
        sheet="研修",
        row="DX|2022-10-01",
        field="受講者数",
        expected_value="5",
        new_value="6",
    )
    assert [row["state"] for row in event.rows] == ["applied"]
    label = correct(
        answer,
        form,
        rules,
        sheet="セキュリティ",
        row="",
        field="研修対象者数",
        expected_value="",
        new_value="4",
    )
    changed = label.answer[label.answer["change"] == "corrected"].iloc[0]
    assert (changed["value"], changed["answer_status"]) == ("4", "answered")
    blank = correct(answer, form, rules, new_value="")
    changed = blank.answer[blank.answer["change"] == "corrected"].iloc[0]
    assert (pd.isna(changed["value"]), changed["answer_status"]) == (True, "not_answered")


@pytest.mark.parametrize(
    ("changes", "values"),
    [
        ({"expected_value": "1,200", "new_value": "１２"}, ("1200", "12")),
        (
            {
                "sheet": "研修",
                "field": "実施日",
                "expected_value": "2022/10/3",
                "new_value": "令和4年10月4日",
            },
            ("2022-10-03", "2022-10-04"),
        ),
        ({"field": "手数料", "expected_value": "あり", "new_value": ""}, ("有", "")),
    ],
)
def test_values_are_read_as_those_of_a_return(
    form: Form, changes: dict[str, str], values: tuple[str, str]
) -> None:
    [correction] = parse_corrections([ROW | changes], form)
    assert (correction.row["expected_value"] or "", correction.row["new_value"] or "") == values


def test_the_notation_of_excel_meets_the_value_that_it_expects(
    answer: pd.DataFrame, form: Form, rules: FindingRules
) -> None:
    corrected = correct(answer, form, rules, expected_value="１２０件", agreed_on="2023/1/20")
    [row] = corrected.rows
    assert (row["state"], row["expected_value"]) == ("applied", "120")
    assert str(row["agreed_on"]) == "2023-01-20"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sheet": "手続き"}, "sheet: '手続き'"),
        ({"field": "件数"}, "field: '件数'"),
        ({"sheet": "表紙", "field": "メール"}, "sheet: '表紙'"),
        ({"new_value": "たくさん"}, "new_value: 'たくさん'"),
        ({"new_value": "約12"}, "new_value: '約12'"),
        ({"expected_value": "多数"}, "expected_value: '多数' は「年間件数」の値として読めません"),
        ({"sheet": "研修", "field": "実施日", "expected_value": "10月"}, "「実施日」の値として"),
        ({"field": "手数料", "expected_value": "たぶん"}, "値がないときは空に"),
        ({"reason": ""}, "reason が空"),
        ({"agreed_on": "昨日"}, "の agreed_on: '昨日' は日付ではありません"),
        ({"period": "2022Q3"}, "の period: 期間 '2022Q3' は"),
        ({"until": "来年"}, "の until: 期間 '来年' は"),
    ],
)
def test_a_mistake_in_the_register_is_told_with_its_row(
    form: Form, changes: dict[str, str], told: str
) -> None:
    with pytest.raises(ReferenceTableError, match=r"corrections\.csv の2行目") as error:
        parse_corrections([ROW | changes], form)
    assert told in str(error.value)


def test_an_id_stands_once(form: Form) -> None:
    with pytest.raises(ReferenceTableError, match="3行目: correction_id 'C1' が2回"):
        parse_corrections([ROW, ROW], form)
