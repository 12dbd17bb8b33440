"""How completely the departments answered."""

from decimal import Decimal

import pytest

from sumida_data.base.frames import build_frame, read_rows
from sumida_data.packages.response_rates import measure_answer_rates, measure_response_rates

RETURN = {
    "municipality_code": "131075",
    "period": "FY2022Q3",
    "division": "区民部",
    "sample": False,
}
CELL = {
    "municipality_code": "131075",
    "period": "FY2022Q3",
    "table_name": "procedure",
    "sample": False,
}


# Whose it is, the file does not say.
UNUSABLE = (None, "set_aside", {"division": None})


@pytest.fixture
def measure(dictionary):
    """Return a function that measures returns given as code, status and changes."""

    def measure_with(*returns):
        rows = [
            RETURN | {"department_code": code, "response_status": status} | changes
            for code, status, changes in returns
        ]
        frame = build_frame(dictionary["response"], rows)
        measured = read_rows(measure_response_rates(frame, dictionary))
        return {row["organisation"]: row for row in measured}

    return measure_with


def test_the_ward_comes_beside_its_divisions(measure):
    rates = measure(
        ("1203", "received", {}),
        ("1204", "no_change", {}),
        ("1001", "not_received", {"division": "企画経営室"}),
    )
    assert {name: row["level"] for name, row in rates.items()} == {
        "区全体": "区",
        "区民部": "部",
        "企画経営室": "部",
    }
    assert rates["区全体"]["response_rate"] == Decimal("66.7")
    assert rates["区民部"]["response_rate"] == 100
    assert rates["企画経営室"]["response_rate"] == 0
    assert (rates["区民部"]["no_change"], rates["区民部"]["asked"]) == (1, 2)


def test_a_department_with_several_returns_counts_once(measure):
    rates = measure(("1203", "superseded", {}), ("1203", "received", {}))
    assert (rates["区全体"]["asked"], rates["区全体"]["answered"]) == (1, 1)
    assert rates["区全体"]["unusable"] == 0


def test_an_unusable_return_is_nobodys(measure):
    rates = measure(("1203", "not_received", {}), UNUSABLE)
    assert (rates["区全体"]["asked"], rates["区全体"]["answered"]) == (1, 0)
    assert (rates["区全体"]["unusable"], rates["区民部"]["unusable"]) == (1, None)


def test_a_file_of_no_known_department_is_no_department(measure):
    assert measure(UNUSABLE) == {}


def test_sample_returns_are_stamped(measure):
    silent = ("1001", "not_received", {"division": "企画経営室"})
    rates = measure(("1203", "received", {"sample": True}), silent)
    assert {row["sample"] for row in rates.values()} == {True}
    assert str(rates["区全体"]["as_of"]) == "2022-12-31"


def test_cells_left_empty_or_unreadable_lower_the_answer_rate(dictionary, form):
    statuses = ["answered", "answered", "not_applicable", "undetermined", "not_answered"]
    statuses += ["unreadable"]
    rows = [
        CELL | {"answer_status": status, "field": "fee", "record_id": str(number)}
        for number, status in enumerate(statuses)
    ]
    rows[0] |= {"carried_from": "FY2022Q2"}
    rows.append(CELL | {"table_name": "mynumber_card", "answer_status": "answered"})
    answer = build_frame(dictionary["answer"], rows)
    (rate,) = read_rows(measure_answer_rates(answer, dictionary, form))
    assert rate["table_title"] == "行政手続"
    assert (rate["cells"], rate["answered"], rate["carried_forward"]) == (6, 2, 1)
    assert rate["answer_rate"] == Decimal("66.7")


def test_a_cell_that_need_not_be_answered_does_not_count(dictionary, form):
    def record(name, **values):
        for field, value in values.items():
            status = "answered" if value else "not_answered"
            yield CELL | {
                "record_id": name,
                "field": field,
                "value": value,
                "answer_status": status,
            }

    rows = [
        *record("undecided", online_status="未定", online_started_on=None, remarks=None),
        *record("online", online_status="済", online_started_on=None, remarks=None),
        *record("unknown", online_status=None, online_started_on=None),
    ]
    answer = build_frame(dictionary["answer"], rows)
    (rate,) = read_rows(measure_answer_rates(answer, dictionary, form))
    # The status of all three, and the day of the one that is online.
    assert (rate["cells"], rate["answered"], rate["not_answered"]) == (4, 2, 2)
