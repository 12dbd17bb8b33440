from collections.abc import Callable
from copy import deepcopy
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


Change = Callable[[dict[str, Any]], object]


def first_target(raw: dict[str, Any]) -> dict[str, Any]:
    target: dict[str, Any] = raw["plans"][0]["indicators"][0]["targets"][0]
    return target


def card_rate(raw: dict[str, Any]) -> dict[str, Any]:
    indicators = raw["plans"][0]["indicators"]
    return next(one for one in indicators if one["indicator_id"] == "mynumber_card_rate")


def form_field(raw: dict[str, Any], name: str) -> dict[str, Any]:
    fields = (one for sheet in raw["form"]["sheets"] for one in sheet["fields"])
    return next(one for one in fields if one["name"] == name)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda raw: raw["finding_rules"][0].update(message="{valeu}です"), "{valeu} は使えません"),
        (lambda raw: raw["finding_rules"][0].update(message="{value"), "対になっていません"),
        (lambda raw: raw["finding_rules"].pop(3), "規則 F104 がありません"),
        (
            lambda raw: raw["finding_rules"].append(raw["finding_rules"][0]),
            "規則 F101 が2回書かれています",
        ),
        (lambda raw: first_target(raw).update(target_date="2205-03-31"), "target_date 2205-03-31"),
        (lambda raw: first_target(raw).update(target_min=-5), "目標の -5 は 0以上"),
        (lambda raw: first_target(raw).update(decided_on="2030-01-01"), "decided_on より後の日"),
        (
            lambda raw: card_rate(raw)["targets"][-1].update(target_min=700),
            "目標の 700 は 0以上100以下",
        ),
        (lambda raw: card_rate(raw).update(decimals=5), "decimals = 5 — 4 以下にしてください"),
        (lambda raw: raw["plans"][0].update(last_day="2020-03-31"), "first_day は last_day より前"),
        (
            lambda raw: card_rate(raw)["baseline"].update(as_of="2091-01-01"),
            "baseline の as_of 2091-01-01",
        ),
        (
            lambda raw: raw["plans"][0]["methods"][0].update(slightly_behind=2),
            "0 < slightly_behind <= on_track",
        ),
        (lambda raw: raw["waves"]["FY2022Q3"].update(due_on="2202-01-13"), "due_on 2202-01-13"),
        (
            lambda raw: raw["waves"].update(FY9999Q4=raw["waves"]["FY2022Q3"]),
            "FY2000Q1 から FY2098Q4 まで",
        ),
        (
            lambda raw: form_field(raw, "online_status").update(
                synonyms={"済": ["完了"], "予定": ["完 了"]}
            ),
            "synonyms の 完 了 が 済 と 予定 の2つに",
        ),
        (
            lambda raw: form_field(raw, "online_status").update(synonyms={"すみ": []}),
            "すみ は enum に",
        ),
        (
            lambda raw: form_field(raw, "online_status").update(aliases=["手続名称"]),
            "見出し 手続名称 が2回書かれています",
        ),
        (
            lambda raw: form_field(raw, "online_status").update(pattern="(T"),
            "(T は正規表現ではありません",
        ),
        (
            lambda raw: form_field(raw, "annual_cases").update(minimum=9, maximum=1),
            "minimum は maximum 以下に",
        ),
        (lambda raw: raw["quota"].update(rows_set_aside_share=2), "= 2 — 1 以下にしてください"),
        (lambda raw: raw["site"].update({next(iter(raw["site"])): [1]}), "site."),
    ],
)
def test_what_has_no_sense_is_told_in_a_japanese_line(
    raw_parameters: dict[str, Any], change: Change, told: str
) -> None:
    changed = deepcopy(raw_parameters)
    change(changed)
    [line] = find_mistakes(changed, FOLDER)
    assert told in line
    assert not line.rpartition("—")[2].isascii()
