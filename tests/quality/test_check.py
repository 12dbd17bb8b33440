"""A whole run of the checks on small tables, and the engines' manners."""

import socket
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from sumida_data.base.frames import build_frame, read_rows
from sumida_data.packages.database import MADE_HERE
from sumida_data.quality.check import (
    SCHEMAS,
    RuleQueryError,
    gather_relations,
    passes,
    run_checks,
)
from sumida_data.quality.rules import Query, Range, TableRule
from sumida_data.quality.second_opinion import (
    EngineError,
    check_with_expectations,
    check_with_frictionless,
)
from sumida_data.survey.departments import Department
from sumida_data.survey.form import Waves
from tests.quality.cases import base_row

MADE_LATER = {*MADE_HERE, "check_result", "check_failure"}


@pytest.fixture
def frames(dictionary):
    return {
        name: build_frame(dictionary[name], [])
        for name in dictionary.names()
        if name not in MADE_LATER
    }


@pytest.fixture
def run(quality_rules, dictionary, frames):
    relations = {name: schema.empty_table() for name, schema in SCHEMAS.items()}

    def check(rules=quality_rules, **rows):
        tables = {name: build_frame(dictionary[name], found) for name, found in rows.items()}
        return run_checks(rules, dictionary, frames | tables, relations)

    return check


def results_of(checked, rule_id):
    return [row for row in read_rows(checked[0]) if row["rule_id"] == rule_id]


@pytest.fixture
def procedure(dictionary):
    return base_row(dictionary["procedure"])


def test_the_result_tables_are_held_to_their_own_rules(run):
    tables = {row["table_name"] for row in read_rows(run()[0])}
    assert {"check_result", "check_failure"} <= tables


def test_a_query_that_fails_is_told_with_its_rule(run, quality_rules):
    rule = quality_rules.rules[-1]
    check = Query(query="SELECT row_id, passed FROM no_such_table")
    broken = quality_rules.model_copy(update={"rules": (rule.model_copy(update={"check": check}),)})
    with pytest.raises(RuleQueryError, match=rule.rule_id):
        run(broken)


def test_a_failure_names_the_fields_that_its_rule_looks_at(run, procedure):
    rows = [procedure | {"online_cases": 2, "annual_cases": 1}]
    failures = read_rows(run(procedure=rows)[1])
    fields = [one["field"] for one in failures if one["rule_id"] == "Q203"]
    assert sorted(fields) == ["annual_cases", "online_cases"]


def test_a_row_that_cannot_be_compared_is_not_counted_as_checked(run, dictionary):
    card = base_row(dictionary["mynumber_card"]) | {"cards": 593, "population": 1000}
    [without] = results_of(run(mynumber_card=[card | {"printed_rate": None}]), "Q218")
    [printed] = results_of(run(mynumber_card=[card | {"printed_rate": Decimal("59.3")}]), "Q218")
    assert (without["rows_checked"], without["passed"]) == (0, None)
    assert (printed["rows_checked"], printed["passed"]) == (1, True)


class TestGreatExpectations:
    @pytest.fixture
    def rule(self, quality_rules):
        return next(rule for rule in quality_rules.rules if rule.rule_id == "Q214")

    def test_what_cannot_be_evaluated_is_no_failing_row(self, rule):
        frame = pd.DataFrame({"row_id": ["a"], "another_column": [1]})
        with pytest.raises(EngineError, match="minutes_per_case"):
            check_with_expectations([rule], {"initiative_effect": frame})

    def test_sends_nothing_and_shows_no_bars(self, rule, dictionary, monkeypatch, capfd):
        def refuse(*_):
            raise AssertionError("something was sent")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        rows = [{"row_id": "a", "minutes_per_case": 9000}]
        frame = build_frame(dictionary["initiative_effect"], rows)
        found = check_with_expectations([rule], {"initiative_effect": frame})
        assert found == {rule.key: ("a",)}
        out, err = capfd.readouterr()
        assert "Calculating" not in out + err
        assert "%|" not in out + err

    def test_is_imported_only_when_it_runs(self):
        code = (
            "import sys, sumida_data.quality.check, sumida_data.quality.data_package;"
            "print({'great_expectations', 'frictionless'} & set(sys.modules))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "set()"


class TestCompilers:
    def test_texts_are_quoted(self, all_rules):
        rule = next(rule for rule in all_rules if rule.check.kind == "one_of")
        check = rule.check.model_copy(update={"values": ("it's",)})
        assert "'it''s'" in passes(rule.model_copy(update={"check": check}))

    def test_two_rules_may_bound_one_field(self, dictionary, quality_rules):
        rule = next(rule for rule in quality_rules.rules if rule.rule_id == "Q214")
        check = Range(field="minutes_per_case", maximum=9)
        other = rule.model_copy(update={"rule_id": "Q299", "check": check})
        rows = [{"row_id": "a", "minutes_per_case": 10}, {"row_id": "b", "minutes_per_case": 9000}]
        frame = {rule.table: build_frame(dictionary[rule.table], rows)}
        found = check_with_frictionless([rule, other], frame, dictionary)
        assert found == {rule.key: ("b",), other.key: ("a", "b")}


class TestRuleTable:
    def test_a_rule_that_names_an_unknown_column_is_refused(self, quality_rules, dictionary):
        check = Range(field="no_such_field", maximum=1)
        rule = quality_rules.rules[0].model_copy(update={"check": check})
        rules = quality_rules.model_copy(update={"rules": (rule,)})
        with pytest.raises(KeyError, match="no_such_field"):
            run_checks(rules, dictionary, {}, {})

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            (lambda raw: raw["rules"].append(raw["rules"][0]), "Q201 が2回"),
            (lambda raw: raw["families"].pop(), "foreign_key がありません"),
            (lambda raw: raw["rules"][0].pop("example"), "example"),
            (lambda raw: raw["rules"][0].update(severity="fatal"), "severity"),
            (lambda raw: raw["rules"][0].update(may_fail=1), "may_fail"),
            (
                lambda raw: raw["rules"][0].update(check={"kind": "range", "field": "fee"}),
                "minimum か maximum",
            ),
        ],
    )
    def test_a_mistake_is_refused(self, raw_parameters, quality_rules, changes, message):
        raw = quality_rules.model_dump(mode="json")
        changes(raw)
        with pytest.raises(ValueError, match=message):
            type(quality_rules).model_validate(raw)

    def test_every_written_rule_says_all_that_people_need(self, quality_rules):
        for words in quality_rules.words.values():
            for text in (words.title, words.reason, words.owner, words.how_to_fix):
                assert len(text) >= 2, words.rule_id
        assert all(isinstance(rule, TableRule) for rule in quality_rules.rules)


def gather(name, waves=None, departments=(), indicators=(), public=()):
    waves = Waves.model_validate(waves or {})
    return gather_relations(waves, departments, indicators, public, sample=False)[name].to_pylist()


def test_asked_are_departments_of_the_wave_that_exist_at_its_end():
    wave = {"due_on": "2023-01-13", "sheets": {}}
    waves = {
        "FY2022Q2": wave | {"departments": "all"},
        "FY2022Q3": wave | {"departments": ["1203", "9999"]},
    }
    departments = [
        Department(code, "部", "課", first, last, "未確認")
        for code, first, last in [
            ("1203", date(2019, 4, 1), None),
            ("1204", date(2022, 10, 1), None),
            ("1205", date(2019, 4, 1), date(2022, 9, 30)),
            ("1206", date(2019, 4, 1), date(2022, 9, 29)),
        ]
    ]
    asked = gather("asked_department", waves, departments)
    listed = [row for row in asked if row["period"] in waves]
    assert [(row["period"], row["department_code"]) for row in listed] == [
        ("FY2022Q2", "1203"),
        ("FY2022Q2", "1205"),
        ("FY2022Q3", "1203"),
    ]


def test_limits_are_those_of_the_plan(plan):
    limits = {
        row["indicator_id"]: row for row in gather("indicator_limit", indicators=plan.indicators)
    }
    assert limits["online_procedures_dx"]["list_size"] == 25
    assert limits["online_procedures_dx"]["whole_id"] == "online_procedures_priority"
    assert limits["open_datasets"]["list_size"] is None


def test_published_values_keep_types_and_gaps():
    values = [
        {"indicator_id": "x", "period": "FY2022Q3", "revision": 1, "value": Decimal("59.3000")},
        {"indicator_id": "y", "period": "FY2022Q3", "revision": 2, "value": None},
    ]
    rows = [row | {"note": "a", "sample": False} for row in values]
    assert gather("published_value", public=rows) == values


def test_published_samples_are_not_compared_with_real_values():
    row = {"indicator_id": "x", "period": "FY2022Q3", "revision": 1, "value": None, "sample": True}
    assert gather("published_value", public=[row]) == []


def test_before_the_first_publication_there_are_none():
    assert gather("published_value") == []
