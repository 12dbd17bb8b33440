from collections.abc import Callable
from typing import Any

import pytest

from sumida_data.survey.collecting.collection import Collected
from sumida_data.survey.consistency import MARKS, find_contradictions, find_unanswered
from sumida_data.survey.form import Condition, Contradiction, Form, RecordSheet, SurveySheet
from sumida_data.survey.reading.text import BLANK, UNREADABLE, Reading, reader_of
from tests.survey.conftest import cover, procedures

NOT_APPLICABLE = Reading(None, "not_applicable")
UNKNOWN = Reading(None, "undetermined")
ROW = ["T1203-01", "納税証明書", "非該当", "該当", "済", "R4.10.1", "eLTAX", "120", "20", "有"]


@pytest.fixture
def part(form: Form) -> SurveySheet:
    part = form.sheet_of("procedure")
    assert part is not None
    return part


def record(part: SurveySheet, **answers: Reading | str) -> dict[str, Reading]:
    """A procedure that is not online, with some answers changed."""
    plain = {
        "procedure_number": "T1",
        "procedure_name": "届出",
        "dx_plan_target": "該当",
        "priority_target": "該当",
        "online_status": "未定",
        "annual_cases": "10",
        "fee": "無",
        "cashless_status": "対象外",
    }
    readings = dict.fromkeys((field.name for field in part.fields), BLANK)
    for name, answer in (plain | answers).items():
        readings[name] = answer if isinstance(answer, Reading) else Reading(answer, "answered")
    return readings


class TestContradictions:
    @pytest.mark.parametrize(
        ("answers", "messages"),
        [
            ({}, []),
            ({"online_status": "済"}, ["「オンライン化」が「済」ですが、「開始日」がありません。"]),
            ({"online_status": "済", "online_started_on": "2022-10-01"}, []),
            (
                {"online_status": "済", "online_started_on": NOT_APPLICABLE},
                ["「オンライン化」が「済」ですが、「開始日」がありません。"],
            ),
            # Somebody has said that the day is not known, or something that has its own finding.
            ({"online_status": "済", "online_started_on": UNKNOWN}, []),
            ({"online_status": "済", "online_started_on": UNREADABLE}, []),
            ({"online_status": "予定", "online_started_on": "2023-10-01"}, []),
            (
                {"online_started_on": "2022-10-01"},
                ["「オンライン化」が「未定」か「対象外」ですが、「開始日」があります。"],
            ),
            ({"online_started_on": NOT_APPLICABLE}, []),
            (
                {"online_cases": "11"},
                ["「うちオンライン件数」が「年間件数」より多くなっています。"],
            ),
            ({"online_cases": "9"}, []),
            ({"online_cases": "10"}, []),
            ({"online_cases": "11", "annual_cases": UNKNOWN}, []),
        ],
    )
    def test_what_contradicts_is_found(
        self, part: SurveySheet, answers: dict[str, Any], messages: list[str]
    ) -> None:
        found = find_contradictions(part.contradictions, record(part, **answers))
        assert [one.message for one in found] == messages

    def test_a_missing_column_contradicts_nothing(self, part: SurveySheet) -> None:
        readings = record(part, online_status="済", online_cases="11")
        del readings["online_started_on"], readings["annual_cases"]
        assert find_contradictions(part.contradictions, readings) == []

    def test_the_reader_tells_the_cell(self, collect: Callable[..., Collected]) -> None:
        wrong = [*ROW[:5], "", ROW[6], "120", "121", "有", "未定", "", "", ""]
        right = ["T1203-02", *ROW[1:], "未定", "", "", ""]
        collected = collect(
            {"FY2022Q3/a.xlsx": {"表紙": cover(), "手続": procedures(wrong, right)}}
        )
        found = [finding for finding in collected.findings if finding.rule_id == "F404"]
        assert [(finding.place.sheet, finding.place.cell) for finding in found] == [
            ("手続", "F2"),
            ("手続", "I2"),
        ]
        assert found[0].message == "「オンライン化」が「済」ですが、「開始日」がありません。"
        assert found[0].place.row_label == "T1203-01 納税証明書"
        assert found[1].value_found == "121"

    def test_label_cells_are_checked_too(self, collect: Callable[..., Collected]) -> None:
        security = [["研修対象者数", 24], ["受講者数", 25]]
        collected = collect({"FY2022Q3/a.xlsx": {"表紙": cover(), "セキュリティ": security}})
        (finding,) = [finding for finding in collected.findings if finding.rule_id == "F404"]
        assert (finding.place.cell, finding.value_found) == ("B2", "25")


class TestUnanswered:
    @pytest.mark.parametrize(
        ("answers", "names"),
        [
            ({}, []),
            ({"fee": BLANK, "annual_cases": BLANK}, ["annual_cases", "fee"]),
            ({"annual_cases": UNKNOWN}, []),
            (
                {"online_status": "済"},
                ["online_started_on", "application_system", "online_cases"],
            ),
            ({"procedure_number": BLANK}, ["procedure_number"]),
        ],
    )
    def test_what_is_asked_for_and_empty_is_found(
        self, part: SurveySheet, answers: dict[str, Any], names: list[str]
    ) -> None:
        assert find_unanswered(part, record(part, **answers)) == names

    def test_an_empty_row_asks_for_nothing(self, part: SurveySheet) -> None:
        assert find_unanswered(part, dict.fromkeys(record(part), BLANK)) == []

    def test_what_an_empty_cell_stands_for_is_not_asked(self, form: Form) -> None:
        readings = dict.fromkeys((field.name for field in form.cover.fields), BLANK)
        unanswered = find_unanswered(form.cover, readings)
        assert "no_change" not in unanswered
        assert {"answered_on", "respondent"} <= set(unanswered)


def test_the_marks_are_read_as_what_they_say(form: Form) -> None:
    readers = [
        reader_of(field)
        for part in form.sheets
        for field in part.fields
        if field.type in {"integer", "number", "date"}
    ]
    for status, mark in MARKS.items():
        assert {read(mark).status for read in readers} == {status}


class TestMistakesInTheDescription:
    @pytest.mark.parametrize(
        ("when", "words"),
        [
            ({"online": Condition(given=True)}, "項目 online はありません"),
            ({"fee": Condition(one_of=("有料",))}, "選択肢 有料 はありません"),
            ({"fee": Condition(more_than="annual_cases")}, "fee は数でない"),
            ({"annual_cases": Condition(more_than="cases")}, "項目 cases はありません"),
        ],
    )
    def test_are_refused(self, part: SurveySheet, when: dict[str, Condition], words: str) -> None:
        contradiction = Contradiction(message="", when=when)
        with pytest.raises(ValueError, match=words):
            RecordSheet(
                sheet="手続", table="procedure", fields=part.fields, contradictions=(contradiction,)
            )
