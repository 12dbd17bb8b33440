"""What a form is filled with where a department has taken over the work of others."""

from datetime import date

from sumida_data.survey.blank_form import LastAnswers, inherit_answers
from sumida_data.survey.departments import Succession
from sumida_data.survey.reading.text import Reading

ROAD = {"r": {"procedure_number": Reading("T1", "answered")}}
TAX = {"t": {"procedure_number": Reading("T2", "answered")}}
FOUND = {
    "1903": LastAnswers("FY2023Q4", {"procedure": ROAD}),
    "1203": LastAnswers("FY2023Q4", {"procedure": TAX}),
}
CHANGE, YEAR_END = date(2024, 4, 1), date(2025, 3, 31)
SPLIT = [Succession("1903", code, CHANGE, "") for code in ("1906", "1907")]


def test_each_successor_of_a_divided_department_finds_its_answers() -> None:
    for code in ("1906", "1907"):
        last = inherit_answers(FOUND, code, SPLIT, YEAR_END)
        assert last == LastAnswers("FY2023Q4", {}, {"procedure": ROAD}, ("1903",), is_shared=True)


def test_before_the_day_nothing_has_come() -> None:
    assert inherit_answers(FOUND, "1906", SPLIT, date(2024, 3, 31)) is None


def test_a_department_that_took_over_another_keeps_its_own() -> None:
    last = inherit_answers(FOUND, "1203", [Succession("1903", "1203", CHANGE, "")], YEAR_END)
    assert last == LastAnswers("FY2023Q4", {"procedure": TAX}, {"procedure": ROAD}, ("1903",))


def test_what_it_has_answered_itself_since_then_counts_alone() -> None:
    own = LastAnswers("FY2024Q1", {"procedure": TAX})
    assert inherit_answers(FOUND | {"1906": own}, "1906", SPLIT, YEAR_END) == own


def test_answers_pass_through_a_department_that_gave_none() -> None:
    chain = [
        Succession("1903", "1906", CHANGE, ""),
        Succession("1906", "1907", date(2024, 7, 1), ""),
    ]
    last = inherit_answers(FOUND, "1907", chain, YEAR_END)
    assert last is not None
    assert last.inherited == {"procedure": ROAD}
    assert not last.is_shared


def test_what_the_other_answered_later_is_its_own() -> None:
    later = FOUND | {"1903": LastAnswers("FY2024Q2", {"procedure": ROAD})}
    assert inherit_answers(later, "1906", SPLIT, YEAR_END) is None
