import random
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from sumida_data.parameters import PARAMETERS, find_mistakes
from tests.project import PROJECT

pytestmark = pytest.mark.usefixtures("unmeasured")

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
    assert "indicators の online_procedures_dx が2回書かれています" in line
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


def named(listed: list[dict[str, Any]], key: str, name: str) -> dict[str, Any]:
    return next(one for one in listed if one[key] == name)


def described(raw: dict[str, Any], name: str) -> dict[str, Any]:
    return named(raw["tables"]["tables"], "name", name)


def rule(raw: dict[str, Any], rule_id: str) -> dict[str, Any]:
    return named(raw["quality_rules"]["rules"], "rule_id", rule_id)


def view(raw: dict[str, Any]) -> dict[str, Any]:
    return named(raw["views"]["views"], "name", "value_series")


def released(raw: dict[str, Any]) -> dict[str, Any]:
    resources = (one for package in raw["packages"]["packages"] for one in package["resources"])
    return next(one for one in resources if "may_publish" in one.get("only", ()))


def contradictions(raw: dict[str, Any]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = raw["form"]["sheets"][1]["contradictions"]
    return listed


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda raw: raw["finding_rules"][0].update(message="{valeu}です"), "{valeu} は使えません"),
        (lambda raw: raw["finding_rules"][0].update(message="{value"), "対になっていません"),
        (lambda raw: raw["finding_rules"].pop(3), "規則 F104 がありません"),
        (
            lambda raw: raw["finding_rules"].append(raw["finding_rules"][0]),
            "F101 が2回書かれています",
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
        (lambda raw: raw["sources"].append(raw["sources"][0]), "が2回書かれています。1つに"),
        (
            lambda raw: raw["tables"]["tables"].append(raw["tables"]["tables"][0]),
            "tables の department が2回書かれています",
        ),
        (
            lambda raw: raw["form"]["sheets"].append(raw["form"]["sheets"][1]),
            "sheets の procedure が2回書かれています",
        ),
        (
            lambda raw: view(raw).update(fields=["period", "period"]),
            "fields の period が2回書かれています",
        ),
        (
            lambda raw: described(raw, "correction").update(
                foreign_keys=[{"fields": ["x"], "table": "answer", "reference_fields": ["row_id"]}]
            ),
            "表 correction の foreign_keys の x が列にありません",
        ),
        (
            lambda raw: described(raw, "correction").update(
                foreign_keys=[{"fields": ["row_id"], "table": "answers", "reference_fields": ["a"]}]
            ),
            "foreign_keys の table = 'answers' — 使えるのは",
        ),
        (
            lambda raw: described(raw, "correction").update(
                foreign_keys=[{"fields": ["row_id"], "table": "answer", "reference_fields": []}]
            ),
            "同じ数だけ書いてください",
        ),
        (
            lambda raw: rule(raw, "Q201")["check"].update(when={"online_status": ["済み"]}),
            "Q201 の online_status の '済み' — 使えるのは 済、",
        ),
        (
            lambda raw: rule(raw, "Q201")["check"].pop("kind"),
            "kind: を書いてください",
        ),
        (
            lambda raw: rule(raw, "Q201")["check"].update(kind="compare"),
            "kind は 'required', 'unique', ",
        ),
        (
            lambda raw: rule(raw, "Q201").update(check=3),
            "check = 3 — 「名前: 値」の形で",
        ),
        (
            lambda raw: released(raw)["only"].update(may_publish=["可能"]),
            "の initiative の may_publish の '可能' — 使えるのは",
        ),
        (
            lambda raw: raw["privacy"].update(people_kinds={"effect": ["人口"]}),
            "people_kinds の effect の '人口' — 使えるのは",
        ),
        (
            lambda raw: contradictions(raw)[0].update(when={"online_status": {"one_of": []}}),
            "項目 online_status の条件が空です",
        ),
        (
            lambda raw: form_field(raw, "online_status").update(title="手続\n状況"),
            "title = '手続\\n状況' — 空でない1行 の形で",
        ),
        (lambda raw: form_field(raw, "online_status").update(aliases=[" "]), "空でない1行 の形で"),
        (lambda raw: described(raw, "correction")["fields"][1].pop("title"), "title — この項目は"),
        (lambda raw: raw["quota"].update(rows_set_aside_share=2), "= 2 — 1 以下にしてください"),
        (
            lambda raw: raw["sources"][0].update(rows_expected=-1),
            "= -1 — 0 より大きくしてください",
        ),
        (
            lambda raw: rule(raw, "Q201").update(
                check={"kind": "range", "field": "annual_count", "minimum": 2, "maximum": 1}
            ),
            "minimum は maximum 以下に",
        ),
        (
            lambda raw: raw["municipality"].update(code="１３１０７５"),
            "'１３１０７５' — ^[0-9]{6}$ の形で",
        ),
        (lambda raw: described(raw, "correction")["fields"][1].update({0: 1}), "[0] = 0 — 文字で"),
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


SLIPS = (
    *(None, "", " ", 0, -1, 1e18, True, "あ", [], {}, ["x"], {"a": 1}, "2022-13-40", "x" * 5000),
    *(float("nan"), float("inf"), "{", "{x}", "%", "SELECT 1; DROP TABLE x", "[", "(", "\\", "*"),
)
ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def list_places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inside in pairs:
        yield (*path, key)
        if isinstance(inside, dict | list):
            yield from list_places(inside, (*path, key))


def slip(parameters: dict[str, Any], path: tuple[Any, ...], chance: random.Random) -> None:
    inside: Any = parameters
    for key in path[:-1]:
        inside = inside[key]
    match chance.choice(["value", "value", "delete", "rename", "repeat"]):
        case "delete":
            del inside[path[-1]]
        case "rename" if isinstance(inside, dict):
            inside[f"{path[-1]}x"] = inside.pop(path[-1])
        case "repeat" if isinstance(inside, list):
            inside.append(inside[path[-1]])
        case _:
            inside[path[-1]] = chance.choice(SLIPS)


def test_whatever_slips_is_told_in_japanese_or_does_no_harm(raw_parameters: dict[str, Any]) -> None:
    chance = random.Random(20260330)
    places = [path for path in list_places(raw_parameters) if len(path) > 1]
    told = 0
    for _ in range(150):
        changed = deepcopy(raw_parameters)
        slip(changed, chance.choice(places), chance)
        for line in find_mistakes(changed, FOLDER):
            told += 1
            file, _, words = line.partition(": ")
            assert file.startswith(FOLDER.as_posix())
            assert "この値は使えません" not in line
            assert not ENGLISH.search(QUOTED.sub("", words.rpartition("—")[2]))
    assert told > 50
