"""Great Expectations and frictionless look again at what is about to be public."""

import json

import pytest

from sumida_data.base.frames import build_frame
from sumida_data.quality import second_opinion
from sumida_data.quality.second_opinion import ask_second_opinion
from tests.quality.cases import base_row

FOLDER = "dataset/online-procedures/latest"
FIELDS = [
    {"name": "period", "title": "期間", "type": "string", "constraints": {"required": True}},
    {"name": "online_status", "title": "状況", "type": "string", "constraints": {"enum": ["済"]}},
    {"name": "annual_cases", "title": "件数", "type": "integer", "constraints": {"minimum": 0}},
]


def write_files(text: str) -> dict[str, bytes]:
    resource = {
        "name": "procedure",
        "title": "手続",
        "description": "1行は1つの手続。",
        "path": "procedure.csv",
        "schema": {"fields": FIELDS, "primaryKey": ["period"]},
    }
    header = ",".join(field["name"] for field in FIELDS)
    return {
        f"{FOLDER}/datapackage.json": json.dumps({"resources": [resource]}).encode(),
        f"{FOLDER}/procedure.csv": f"\ufeff{header}\n{text}".encode(),
        f"{FOLDER}/other.csv": b"is not described",
    }


@pytest.fixture
def ask(quality_rules, dictionary):
    def ask_about(rows=(), text="FY2022Q3,\u6e08,1\n"):
        frames = {"procedure": build_frame(dictionary["procedure"], list(rows))}
        return ask_second_opinion(quality_rules, dictionary, frames, write_files(text))

    return ask_about


@pytest.fixture
def procedure(dictionary):
    return base_row(dictionary["procedure"])


def test_nothing_speaks_against_what_keeps_every_rule(ask):
    opinion = ask()
    assert opinion.objections == ()
    assert (opinion.tables, opinion.files, opinion.rows) == (1, 1, 1)
    assert opinion.rules > 30


def test_a_failed_rule_of_a_table_is_told_with_its_rows(ask, procedure):
    [line] = ask([procedure | {"online_cases": 2, "annual_cases": 1}]).objections
    assert line.startswith("表 行政手続：Q203「")
    assert procedure["row_id"] in line


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (",済,1\n", "Q102"),
        ("FY2022Q3,未定,1\n", "Q103"),
        ("FY2022Q3,済,-1\n", "Q104"),
        ("FY2022Q3,済,1\nFY2022Q3,済,2\n", "Q101"),
    ],
)
def test_a_file_is_held_to_its_own_descriptor(ask, text, rule):
    [line, *_] = ask(text=text).objections
    assert line.startswith(f"{FOLDER}/procedure.csv：{rule}「")


@pytest.mark.parametrize("engine", ["check_with_expectations", "check_with_frictionless"])
def test_engines_that_disagree_stop_the_publication(ask, procedure, monkeypatch, engine):
    original = getattr(second_opinion, engine)

    def find_nothing(rules, *given):
        return dict.fromkeys(original(rules, *given), ())

    monkeypatch.setattr(second_opinion, engine, find_nothing)
    [line] = ask([procedure | {"online_cases": 2, "annual_cases": 1}]).objections
    assert "方法によって合わない行が違います" in line
