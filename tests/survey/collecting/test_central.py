from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sumida_data.survey.collecting.central import CentralCollector, CentralContents, Municipality
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import CentralSources

SUMIDA = Municipality("131075", "東京都", "墨田区")
MUNICIPALITIES = [
    SUMIDA,
    Municipality("132063", "東京都", "府中市"),
    Municipality("342084", "広島県", "府中市"),
    Municipality("272299", "大阪府", "四條畷市"),
]
CARD_HEADINGS = [
    "都道府県名",
    "市区町村名",
    "総数（人口）\n【R4.1.1時点】",
    "交付枚数\n【R5.1末時点】",
    "人口に対する\n交付枚数率",
]
CARD_ROWS = [
    ["全国", "", 300, 150, 50.0],
    ["東京都", "府中市", 100, 40, 40.0],
    ["東京都", "墨田区", 275724, 163501, 59.3],
    ["広島県", "府中市", 50, 30, 60.0],
]
APPROVALS = """年月,所属コード,所属名,起案件数,電子決裁件数,対象外件数
202202,1203,税務課,100,60,5
2022年3月,1203,税務課,90,50,0
"""

Collect = Callable[..., CentralContents]


@pytest.fixture
def collect(
    tmp_path: Path,
    sources: CentralSources,
    rules: FindingRules,
    make_workbook: Callable[..., bytes],
) -> Collect:
    """Return a function that collects central files given as bytes or as sheets of rows."""

    def run(files: dict[str, Any], *, sample: bool = False) -> CentralContents:
        received = {}
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else make_workbook(content))
            received[name] = SourceFile(name, path)
        collector = CentralCollector(sources.root, rules, SUMIDA, MUNICIPALITIES, sample=sample)
        return collector.collect(received, ["FY2022Q3"])

    return run


def card(headings: list[str] = CARD_HEADINGS, rows: list[list[Any]] = CARD_ROWS) -> dict[str, Any]:
    return {"公表用": [["マイナンバーカード交付状況"], [], headings, *rows]}


CARD = "mynumber_card/FY2022Q3/card.xlsx"


def rule_ids(contents: CentralContents) -> list[str]:
    return [f.rule_id for f in contents.findings if f.rule_id != "F601"]


def test_days_come_from_the_headings_with_their_cell(collect: Collect) -> None:
    contents = collect({CARD: card()})
    ours = {a.field: a for a in contents.answers if a.municipality_code == "131075"}
    assert {name: a.value for name, a in ours.items()} == {
        "prefecture_name": "東京都",
        "municipality_name": "墨田区",
        "population": "275724",
        "cards": "163501",
        "printed_rate": "59.3",
        "population_as_of": "2022-01-01",
        "as_of": "2023-01-31",
    }
    assert (ours["cards"].cell, ours["as_of"].cell) == ("D6", "D3")
    assert rule_ids(contents) == []


def test_municipalities_of_one_name_are_told_apart_and_the_total_is_none(collect: Collect) -> None:
    contents = collect({CARD: card()})
    cards = {a.municipality_code: a.value for a in contents.answers if a.field == "cards"}
    assert cards == {"132063": "40", "131075": "163501", "342084": "30"}


@pytest.mark.parametrize("heading", ["交付枚数【H31.41時点】", "交付枚数"])
def test_an_impossible_or_missing_day_stops_the_file(collect: Collect, heading: str) -> None:
    headings = [*CARD_HEADINGS[:3], heading, CARD_HEADINGS[4]]
    contents = collect({CARD: card(headings)})
    (finding,) = [f for f in contents.findings if f.rule_id == "F603"]
    assert (finding.place.cell, finding.value_found) == ("D3", heading)
    assert contents.answers == []


def test_a_look_alike_name_is_reported_and_the_missing_ward_too(collect: Collect) -> None:
    rows = [["東京都", "⿊田区", 275724, 163501, 59.3]]
    contents = collect({CARD: card(rows=rows)})
    assert rule_ids(contents) == ["F314", "F604", "F605"]
    assert contents.findings[1].value_found == "⿊田区"


def test_months_and_departments_of_a_cp932_csv(collect: Collect) -> None:
    name = "document_approval/FY2022Q3/approvals.csv"
    contents = collect({name: APPROVALS.encode("cp932")})
    months = [a.value for a in contents.answers if a.field == "month"]
    ends = [a.value for a in contents.answers if a.field == "as_of"]
    assert (months, ends) == (["2022-02", "2022-03"], ["2022-02-28", "2022-03-31"])
    drafts = next(a for a in contents.answers if a.field == "drafts")
    assert (drafts.value, drafts.cell, drafts.sheet, drafts.department_code) == (
        "100",
        "D2",
        "",
        "1203",
    )


def test_missing_double_and_unusable_files_are_told(collect: Collect) -> None:
    contents = collect(
        {
            CARD: b"<html>",
            "open_dataset/FY2022Q3/a.csv": "別の表,もの\n1,2\n".encode(),
            "open_dataset/FY2022Q3/b.csv": "別の表,もの\n1,2\n".encode(),
        }
    )
    assert [f.rule_id for f in contents.findings] == ["F103", "F601", "F606", "F602", "F602"]
    missing = contents.findings[1]
    assert "document_approval/FY2022Q3/" in missing.how_to_fix
    assert contents.answers == []


def test_sample_and_real_files_do_not_mix(collect: Collect) -> None:
    sample = {"公表用": [["見本データ"], *card()["公表用"]]}
    assert rule_ids(collect({CARD: sample})) == ["F109"]
    assert rule_ids(collect({CARD: card()}, sample=True)) == ["F110"]
    contents = collect({CARD: sample}, sample=True)
    assert all(answer.sample for answer in contents.answers)
    assert contents.answers


def test_a_share_that_reads_two_ways_is_not_guessed(collect: Collect) -> None:
    rows = [["東京都", "墨田区", 275724, 163501, 0.593]]
    contents = collect({CARD: card(rows=rows)})
    (finding,) = [f for f in contents.findings if f.rule_id == "F311"]
    assert (finding.place.cell, finding.value_found) == ("E4", "0.593")
    assert [a.value for a in contents.answers if a.field == "printed_rate"] == [None]


def test_a_name_of_the_register_is_no_slip(collect: Collect) -> None:
    assert (
        rule_ids(collect({CARD: card(rows=[*CARD_ROWS, ["大阪府", "四條畷市", 50, 30, 60.0]])}))
        == []
    )
