"""Published values that stay though the data have gone on are no errors of the data."""

import pytest

from tests.quality.cases import run_rule

KEY = {"municipality_code": "131075", "plan_id": "p", "indicator_id": "x"}
CELL = {
    "indicator_id": "x",
    "period": "FY2022Q3",
    "table_name": "procedure",
    "field": "online_status",
}


def value(revision=1, period="FY2022Q3", **more):
    return KEY | {"period": period, "revision": revision, "definition_version": "1"} | more


def pending(state):
    return [{"indicator_id": "x", "period": "FY2022Q3", "pending_state": state}]


@pytest.fixture
def run(quality_rules, dictionary):
    rules = {rule.rule_id: rule for rule in quality_rules.rules}

    def make(rule_id, **tables):
        return run_rule(rules[rule_id], tables, dictionary)

    return make


@pytest.mark.parametrize(
    ("state", "expected"),
    [("differs", (0, 0)), ("not_computed", (0, 0)), ("no_difference", (1, 1))],
)
def test_divisions_of_today_are_not_compared_with_a_value_that_waits(run, state, expected):
    divided = KEY | {"level": "部", "period": "FY2022Q3", "numerator": 6}
    tables = {"indicator_value": [value(numerator=5)], "indicator_value_by_department": [divided]}
    assert run("Q311", **tables) == (1, 1)
    assert run("Q311", **tables, pending_revision=pending(state)) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [("differs", (0, 0)), ("not_computed", (0, 0)), ("no_difference", (1, 1))],
)
def test_cells_of_a_value_that_waits_are_those_of_its_day(run, state, expected):
    tables = {"indicator_value": [value()], "lineage": [CELL | {"revision": 1, "row_id": "gone"}]}
    assert run("Q323", **tables, pending_revision=pending(state)) == expected


def test_cells_of_an_earlier_revision_are_those_of_its_day(run):
    lineage = [CELL | {"revision": 1, "row_id": "gone"}, CELL | {"revision": 2, "row_id": "a"}]
    answer = [{"table_name": "procedure", "record_id": "a", "field": "online_status"}]
    tables = {"indicator_value": [value(1), value(2)], "lineage": lineage, "answer": answer}
    assert run("Q323", **tables) == (1, 0)


def test_a_quarter_is_compared_with_the_last_revision_of_the_one_before(run):
    indicator = [{"plan_id": "p", "indicator_id": "x", "definition_version": "1", "kind": "stock"}]
    before = [value(1, "FY2022Q2", value=9), value(2, "FY2022Q2", value=5)]
    for now, failing in ((5, 0), (4, 1)):
        values = [*before, value(value=now)]
        assert run("Q317", indicator=indicator, indicator_value=values) == (1, failing)


def test_findings_in_a_replaced_file_are_nobodys_task(run):
    finding = [{"severity": "error", "source_file": "old.xlsx"}, {"severity": "error"}]
    response = [{"source_file": "old.xlsx", "response_status": "superseded"}]
    assert run("Q322", finding=finding, response=response) == (1, 1)
