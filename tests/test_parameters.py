from pathlib import Path
from typing import Any

import pytest

from sumida_data.parameters import PARAMETERS, find_mistakes
from tests.project import PROJECT

FOLDER = PROJECT / "conf/base/parameters"


def test_every_key_has_a_model_and_every_model_a_key(raw_parameters: dict[str, Any]) -> None:
    assert set(raw_parameters) == set(PARAMETERS)
    assert list(find_mistakes(raw_parameters, FOLDER)) == []


def test_a_missing_file_is_told(raw_parameters: dict[str, Any], tmp_path: Path) -> None:
    without = {key: value for key, value in raw_parameters.items() if key != "plans"}
    assert list(find_mistakes(without, tmp_path)) == [
        f"{tmp_path}: plans がありません。plans.yml を元に戻してください。"
    ]


def test_a_long_value_is_shortened_and_an_unknown_file_is_the_folder(
    raw_parameters: dict[str, Any], tmp_path: Path
) -> None:
    [line] = find_mistakes(raw_parameters | {"period": ["x" * 100]}, tmp_path)
    assert line.startswith(f"{tmp_path}: period = ['xxx")
    assert len(line) < len(str(tmp_path)) + 120


def test_rules_between_keys_are_told(raw_parameters: dict[str, Any]) -> None:
    [plan] = raw_parameters["plans"]
    first, second, *_ = plan["indicators"]
    twice = plan | {"indicators": [first, first]}
    [line] = find_mistakes(raw_parameters | {"plans": [twice]}, FOLDER)
    assert "['online_procedures_dx'] が2回書かれています" in line
    loose = plan | {"indicators": [first | {"title_footnote": "nowhere"}]}
    [line] = find_mistakes(raw_parameters | {"plans": [loose]}, FOLDER)
    assert "脚注 ['nowhere'] が footnotes にありません" in line
    ratio = plan | {"indicators": [second | {"kind": "ratio"}]}
    [line] = find_mistakes(raw_parameters | {"plans": [ratio]}, FOLDER)
    assert "denominator_fields" in line
    unbounded = plan | {"indicators": [first | {"targets": [{"target_date": "2026-03-31"}]}]}
    line, *_ = find_mistakes(raw_parameters | {"plans": [unbounded]}, FOLDER)
    assert "target_min か target_max" in line


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"departments": "al"}, "departments = 'al' — all か、引用符で囲んだ課コードの一覧"),
        ({"departments": 1203}, "departments = 1203 — all か、"),
        ({"sheets": {"手続": [1203]}}, "sheets.手続 = [1203] — all か、"),
        ({"sheets": {"手続": None}}, "sheets.手続 = None — all か、"),
        ({"sheets": "all"}, "sheets = 'all' — 「名前: 値」の形で"),
    ],
)
def test_who_is_asked_is_told_in_one_line(
    raw_parameters: dict[str, Any], change: dict[str, Any], told: str
) -> None:
    waves = {"FY2022Q3": raw_parameters["waves"]["FY2022Q3"] | change}
    [line] = find_mistakes(raw_parameters | {"waves": waves}, FOLDER)
    assert f"waves.FY2022Q3.{told}" in line
    assert "Input" not in line


def test_a_name_that_another_file_does_not_know_is_told(raw_parameters: dict[str, Any]) -> None:
    wave = raw_parameters["waves"]["FY2022Q3"]
    waves = {"FY2022Q3": wave | {"sheets": {"手続き": "all"}}}
    [line] = find_mistakes(raw_parameters | {"waves": waves}, FOLDER)
    assert "waves.FY2022Q3.sheets = '手続き' — 使えるのは 手続、" in line
    [plan] = raw_parameters["plans"]
    first = plan["indicators"][1]
    [line] = find_mistakes(
        raw_parameters | {"plans": [plan | {"indicators": [first | {"table": "procedures"}]}]},
        FOLDER,
    )
    assert "online_procedures_priority の table = 'procedures'" in line
    [line] = find_mistakes(
        raw_parameters
        | {"plans": [plan | {"indicators": [first | {"numerator_fields": ["online"]}]}]},
        FOLDER,
    )
    assert "項目 'online' — 使えるのは procedure_number、" in line
