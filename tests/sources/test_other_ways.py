"""Central files in other ways than the usual, and several for one quarter."""

import json
from typing import Any

import pytest

from sumida_data.sources.central import CentralContents
from tests.sources.conftest import Collect
from tests.sources.test_completeness import (
    APPROVALS,
    CARD,
    CARD_HEADINGS,
    LIST,
    LIST_HEADINGS,
    MONTHS,
    findings,
    list_approvals,
    months_of,
)

ROW = ["東京都", "墨田区", 275724, 163501, 59.3]
LISTED = f"{LIST_HEADINGS}\nD1,件名,2022-04-01,F1,CSV,CC BY,配信中"


def sheet(headings: list[str] = CARD_HEADINGS, *rows: list[Any]) -> dict[str, list[list[Any]]]:
    return {"公表用": [["交付状況"], [], headings, *(rows or [ROW])]}


def value_of(contents: CentralContents, name: str) -> list[str | None]:
    return [one.value for one in contents.answers if one.field == name]


class TestSeveralFiles:
    def test_of_two_tables_the_first_counts_and_the_other_is_told(self, collect: Collect) -> None:
        december = [one.replace("R5.1末", "R4.12末") for one in CARD_HEADINGS]
        files = {CARD: sheet(), CARD.replace("card.", "december."): sheet(december)}
        contents = collect(files)
        [finding] = findings(contents, "F606")
        assert finding.place.source_file == "mynumber_card/FY2022Q3/december.xlsx"
        assert "card.xlsx" in finding.message
        assert value_of(contents, "as_of") == ["2023-01-31"]
        states = [one["state"] for one in contents.files if one["source"] == "mynumber_card"]
        assert states == ["read", "unusable"]

    @pytest.mark.parametrize("name", ["a_旧.xlsx", "旧/a.xlsx", "a - コピー.xlsx"])
    def test_a_copy_put_aside_is_not_the_first(self, collect: Collect, name: str) -> None:
        aside = sheet(CARD_HEADINGS, ["東京都", "墨田区", 275724, 1, 0.0])
        contents = collect({f"mynumber_card/FY2022Q3/{name}": aside, CARD: sheet()})
        assert value_of(contents, "cards") == ["163501"]

    def test_months_may_come_one_by_one_but_not_twice(self, collect: Collect) -> None:
        files = {
            f"document_approval/FY2022Q3/{number}.csv": list_approvals([month]).encode("cp932")
            for number, month in enumerate(MONTHS, 10)
        }
        contents = collect(files)
        assert [one.rule_id for one in contents.findings if one.rule_id != "F601"] == []
        assert len(months_of(contents)) == 9
        again = list_approvals(MONTHS[-1:]).replace("10,5,0", "99,5,0").encode("cp932")
        contents = collect(files | {"document_approval/FY2022Q3/99.csv": again})
        assert "FY2022Q3/18.csv" in findings(contents, "F606")[0].message
        assert set(value_of(contents, "drafts")) == {"10"}


def test_the_table_of_another_quarter_is_known_though_its_day_is_refused(collect: Collect) -> None:
    files = {CARD: sheet(), CARD.replace("2022Q3", "2023Q3"): sheet()}
    contents = collect(files, periods=["FY2022Q3", "FY2023Q3"])
    told = [one for one in contents.findings if one.place.period == "FY2023Q3"]
    assert {"F336", "F617"} <= {one.rule_id for one in told}


def test_months_that_were_missing_long_ago_are_not_told_again(collect: Collect) -> None:
    early, late = list_approvals(MONTHS[:2]), list_approvals(["2023年4月", "2024年4月"])
    files = {APPROVALS.format("FY2022Q1"): early, APPROVALS.format("FY2024Q1"): late}
    contents = collect(
        {name: text.encode("cp932") for name, text in files.items()},
        periods=["FY2022Q1", "FY2024Q1"],
    )
    first, last = findings(contents, "F613")
    assert "2022-06" in str(first.value_found)
    assert str(last.value_found).startswith("2023-05")


class TestHeadings:
    def test_the_day_may_be_in_a_line_above_the_unit(self, collect: Collect) -> None:
        lines = [
            ["都道府県名", "市区町村名", "人口（R4.1.1時点）", "交付枚数（R5.1末時点）", "交付率"],
            ["", "", "（人）", "（枚）", "（%）"],
        ]
        contents = collect({CARD: {"公表用": [["交付状況"], *lines, ROW]}})
        assert value_of(contents, "population_as_of") == ["2022-01-01"]
        assert value_of(contents, "as_of") == ["2023-01-31"]

    def test_of_a_row_that_is_left_out_it_is_only_said_that_it_is(self, collect: Collect) -> None:
        contents = collect({CARD: sheet(CARD_HEADINGS, ["※", "※注", "注1", "注2", "注3"], ROW)})
        assert [one.rule_id for one in contents.findings if one.place.cell] == ["F604"]


class TestText:
    @pytest.mark.parametrize("mark", ["\t", ";"])
    def test_cells_may_be_parted_otherwise(self, collect: Collect, mark: str) -> None:
        text = list_approvals(MONTHS).replace(",", mark).replace("課", '"課、1,2"')
        contents = collect({APPROVALS.format("FY2022Q3"): text.encode("cp932")})
        assert len(months_of(contents)) == 9
        assert contents.files[0]["rows"] == 18

    def test_the_mark_at_the_end_of_a_file_is_no_row(self, collect: Collect) -> None:
        content = list_approvals(MONTHS).encode("cp932") + b"\r\n\x1a"
        contents = collect({APPROVALS.format("FY2022Q3"): content})
        assert [one.rule_id for one in contents.findings if one.place.source_file] == []

    def test_a_day_without_marks_is_a_day(self, collect: Collect) -> None:
        contents = collect({LIST: LISTED.replace("2022-04-01", "20220401").encode()})
        assert value_of(contents, "published_on") == ["2022-04-01"]

    def test_a_number_whose_digits_are_lost_is_none(self, collect: Collect) -> None:
        contents = collect({LIST: LISTED.replace("D1", "1.31075E+14").encode()})
        assert {"F310", "F305"} <= {one.rule_id for one in contents.findings}
        assert contents.answers == []


@pytest.mark.parametrize(
    "change",
    [{"organization": "墨田区"}, {"resources": [5]}, {"resources": None}, {"name": None}],
)
def test_an_answer_of_another_shape_is_refused(collect: Collect, change: dict[str, Any]) -> None:
    package = {"name": "a", "title": "a", "state": "active", "private": False}
    package |= {"metadata_created": "2022-05-01", "resources": [{"id": "r", "state": "active"}]}
    result = {"count": 1, "results": [package | change]}
    content = json.dumps({"success": True, "result": result}).encode()
    contents = collect({"open_dataset/FY2022Q3/list.json": content})
    assert contents.answers == []
    assert contents.findings


def test_an_answer_too_deep_to_read_is_refused(collect: Collect) -> None:
    contents = collect({"open_dataset/FY2022Q3/list.json": b"[" * 100_000})
    assert [one.rule_id for one in contents.findings if one.place.source_file] == ["F611"]
