"""Three engines, one rule table: each finds the rows that the rule means, and no others."""

import pytest

from sumida_data.packages.database import MADE_HERE
from sumida_data.quality.rules import (
    FieldComparison,
    OneOf,
    Pattern,
    Query,
    Range,
    Unique,
)
from tests.quality.cases import make_example, make_trial, run_engine, run_rule

KEY = {"municipality_code": "131075", "period": "FY2022Q3", "procedure_number": "T1"}
ENGINES = ("sql", "great_expectations", "frictionless")


@pytest.fixture(scope="module")
def row_rules(all_rules):
    """Every written rule, and of the derived ones the first that is compiled in a way of its own.

    A compiler sees the check and the type of the field, not the table: a hundred columns that must
    be given are one case, and Great Expectations takes some 20 ms for each.
    """
    chosen = {}
    for rule in all_rules:
        if not isinstance(rule.check, Query):
            chosen.setdefault(rule.key if rule.example else describe_case(rule), rule)
    return list(chosen.values())


def describe_case(rule):
    check = rule.check
    bounds = [getattr(check, name, None) is None for name in ("minimum", "maximum")]
    one = isinstance(check, Unique) and len(check.fields) == 1
    return (check.kind, *bounds, one, getattr(check, "pattern", ""), getattr(check, "values", ()))


@pytest.fixture(scope="module")
def trials(dictionary, row_rules):
    return {
        name: make_trial(dictionary[name], [r for r in row_rules if r.table == name])
        for name in dict.fromkeys(rule.table for rule in row_rules)
    }


@pytest.fixture(scope="module")
def frames(trials):
    return {name: trial.frame for name, trial in trials.items()}


@pytest.fixture(scope="module")
def found(row_rules, frames, dictionary):
    return {engine: run_engine(engine, row_rules, frames, dictionary) for engine in ENGINES}


@pytest.mark.parametrize("engine", ENGINES)
def test_each_engine_finds_the_rows_that_break_each_rule(engine, found, row_rules, trials):
    assert set(found[engine]) == {rule.key for rule in row_rules}
    for rule in row_rules:
        failing = set(found[engine][rule.key])
        assert trials[rule.table].failing[rule.key], rule.key
        assert trials[rule.table].passing[rule.key], rule.key
        assert trials[rule.table].failing[rule.key] <= failing, rule.key
        assert not trials[rule.table].passing[rule.key] & failing, rule.key


def test_the_engines_find_the_same_rows(found, row_rules):
    for rule in row_rules:
        sql, expectations, frictionless = (found[engine][rule.key] for engine in ENGINES)
        assert sql == expectations == frictionless, rule.key


def widen(rule, bound):
    """The same rule, a little more lenient; None for a rule that cannot be."""
    match rule.check, bound:
        case Range(minimum=int(minimum)), "minimum":
            changes = {"minimum": minimum - 1}
        case Range(maximum=int(maximum)), "maximum":
            changes = {"maximum": maximum + 1}
        case OneOf(values=values), _:
            changes = {"values": (*values, f"{values[0]} ")}
        case Pattern(pattern=pattern), _:
            changes = {"pattern": f"x?{pattern}"}
        case FieldComparison(operator="<"), _:
            changes = {"operator": "<="}
        case _:
            return None
    return rule.model_copy(update={"check": rule.check.model_copy(update=changes)})


@pytest.mark.parametrize("bound", ["minimum", "maximum"])
@pytest.mark.parametrize(
    ("engine", "tables"),
    [
        ("sql", None),
        ("frictionless", None),
        ("great_expectations", None),
    ],
)
def test_widening_any_rule_is_seen(engine, tables, bound, found, row_rules, frames, dictionary):
    ours = {name: frame for name, frame in frames.items() if not tables or name in tables}
    mutants = [new for r in row_rules if r.table in ours and (new := widen(r, bound))]
    assert len(mutants) > 15
    lenient = run_engine(engine, mutants, ours, dictionary)
    assert [key for key, failing in lenient.items() if failing == found[engine][key]] == []


@pytest.mark.parametrize("engine", ENGINES)
def test_dropping_any_rule_is_seen(engine, found, row_rules):
    # A rule that is not compiled finds nothing; each of them must find something here.
    assert [rule.key for rule in row_rules if not found[engine][rule.key]] == []


def test_every_written_rule_is_kept_and_broken_by_its_example(quality_rules, dictionary):
    for rule in quality_rules.rules:
        checked, failed = run_rule(rule, rule.example.passing, dictionary)
        assert checked, rule.rule_id
        assert failed == 0, rule.rule_id
        checked, failed = run_rule(rule, rule.example.failing, dictionary)
        assert failed >= 1, rule.rule_id


@pytest.mark.parametrize(
    ("rule_id", "rows", "counts"),
    [
        ("Q201", [{"online_status": "済"}, {"online_status": "未定"}, {}], (1, 1)),
        ("Q203", [{"online_cases": 2, "annual_cases": 1}, {"online_cases": 2}, {}], (1, 1)),
        ("Q205", [KEY, KEY, {"period": "FY2022Q3"}, {}], (2, 2)),
        ("Q103", [{"online_status": "x"}, {}], (1, 1)),
        ("Q102", [{"row_id": None}, {}], (2, 1)),
    ],
)
def test_only_rows_that_a_rule_concerns_are_counted(all_rules, dictionary, rule_id, rows, counts):
    subjects = {"Q102": "row_id", "Q103": "online_status"}
    key = (rule_id, "procedure", subjects.get(rule_id, ""))
    [rule] = [one for one in all_rules if one.key == key]
    assert run_rule(rule, {"procedure": rows}, dictionary) == counts


def test_every_foreign_key_is_kept_and_broken(all_rules, dictionary):
    keys = [rule for rule in all_rules if rule.rule_id == "Q106"]
    assert keys
    for rule in keys:
        example = make_example(rule, dictionary)
        assert run_rule(rule, example.passing, dictionary) == (1, 0), rule.key
        assert run_rule(rule, example.failing, dictionary) == (1, 1), rule.key


def test_every_table_has_rules_of_its_own_or_of_its_description(all_rules, dictionary):
    # The ledger of receipts is remembered and not made.
    assert {rule.table for rule in all_rules} == {*dictionary.names()} - {*MADE_HERE, "receipt"}


def test_rules_have_keys_of_their_own(all_rules):
    keys = [rule.key for rule in all_rules]
    assert len(keys) == len(set(keys))
