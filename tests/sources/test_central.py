import json
from datetime import date
from hashlib import sha256
from typing import Any

import pytest

from sumida_data.sources.central import CentralContents, remember_contents
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import CentralSources
from tests.sources.conftest import Collect

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


def card(headings: list[str] = CARD_HEADINGS, rows: list[list[Any]] = CARD_ROWS) -> dict[str, Any]:
    return {"公表用": [["マイナンバーカード交付状況"], [], headings, *rows]}


CARD = "mynumber_card/FY2022Q3/card.xlsx"


def rule_ids(contents: CentralContents) -> list[str]:
    # The months of these lists do not reach the end of the quarter; test_completeness.py does.
    return [f.rule_id for f in contents.findings if f.rule_id not in {"F601", "F613"}]


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


def test_the_wards_own_row_without_a_value_is_there_all_the_same(collect: Collect) -> None:
    rows = [[*row[:2], "", *row[3:]] if row[1] == "墨田区" else row for row in CARD_ROWS]
    contents = collect({CARD: card(rows=rows)})
    assert rule_ids(contents) == ["F612"]
    assert "131075" not in {a.municipality_code for a in contents.answers}


@pytest.mark.parametrize(
    ("text", "found"), [("", ["F612"]), ("たくさん", ["F301", "F612"]), ("未定", ["F612"])]
)
def test_a_row_without_a_value_that_it_must_have_is_left_out(
    collect: Collect, text: str, found: list[str]
) -> None:
    lines = APPROVALS.splitlines()
    cells = lines[1].split(",")
    cells[lines[0].split(",").index("起案件数")] = text
    content = "\n".join([lines[0], ",".join(cells), *lines[2:]]).encode()
    contents = collect({"document_approval/FY2022Q3/approvals.csv": content})
    assert rule_ids(contents) == found
    assert {a.value for a in contents.answers if a.field == "month"} == {"2022-03"}
    [left_out] = [f for f in contents.findings if f.rule_id == "F612"]
    assert left_out.message.startswith("「起案件数」に値がないか")
    assert left_out.place.cell == "D2"


def test_a_file_without_such_a_column_is_not_used(collect: Collect) -> None:
    content = APPROVALS.replace("起案件数", "件数").encode()
    contents = collect({"document_approval/FY2022Q3/approvals.csv": content})
    [finding] = [f for f in contents.findings if f.rule_id == "F602"]
    assert "起案件数" in finding.how_to_fix
    assert contents.answers == []


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


def test_months_of_a_quarter_without_returns_belong_to_the_year(collect: Collect) -> None:
    files = {f"document_approval/{one}/a.csv": APPROVALS.encode() for one in ("FY2022Q1", "FY2022")}
    contents = collect(files, periods=("FY2021Q4", "FY2022Q3"))
    assert {one.period for one in contents.answers} == {"FY2022Q1"}
    assert collect(files, periods=("FY2022Q3",)).answers == []


def test_missing_double_and_unusable_files_are_told(
    collect: Collect, sources: CentralSources
) -> None:
    contents = collect(
        {
            CARD: b"<html>",
            "open_dataset/FY2022Q3/a.csv": "別の表,もの\n1,2\n".encode(),
            "open_dataset/FY2022Q3/b.csv": "別の表,もの\n1,2\n".encode(),
        }
    )
    missing = [f for f in contents.findings if f.rule_id == "F601"]
    others = [f.rule_id for f in contents.findings if f not in missing]
    assert others == ["F103", "F602", "F602"]
    assert len(missing) == len(sources.root) - 2
    assert "document_approval/FY2022Q3/" in missing[0].how_to_fix
    assert contents.answers == []


def test_a_file_outside_the_folders_of_sources_and_quarters_is_told(collect: Collect) -> None:
    elsewhere = ["card.xlsx", "mynumber_card/card.xlsx", "card/FY2022Q3/a.xlsx"]
    elsewhere += ["mynumber_card/2022Q3/a.xlsx", "FY2022Q3/a.xlsx"]
    contents = collect(dict.fromkeys(elsewhere, b"1") | {CARD: card()})
    told = [one for one in contents.findings if one.rule_id == "F622"]
    assert [one.place.source_file for one in told] == elsewhere
    assert "mynumber_card" in told[0].how_to_fix
    ahead = collect({"mynumber_card/FY2030Q1/card.xlsx": b"1", CARD: card()})
    assert rule_ids(ahead) == []


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


NEW_HEADINGS = [
    "都道府県名",
    "市区町村名",
    "人口（R7.1.1時点）",
    "保有枚数（R7.8末時点）",
    "人口に対する保有枚数率",
]


def ours(contents: CentralContents) -> dict[str, Any]:
    return {a.field: a for a in contents.answers if a.municipality_code == "131075"}


class TestCardsHeld:
    def test_the_new_layout_below_old_rows_and_the_national_total(self, collect: Collect) -> None:
        above = [["マイナンバーカードの保有状況"], *([["注", "x"]] * 114), []]
        rows = [["全国計", "", 300, 234, 0.78], ["東京都", "墨田区", 280000, 217000, 0.775]]
        sheets = {"表紙": [["x"]], "公表用": [*above, NEW_HEADINGS, *rows]}
        contents = collect({CARD.replace("2022Q3", "2025Q2"): sheets}, periods=["FY2025Q2"])
        found = ours(contents)
        assert {name: answer.value for name, answer in found.items()} == {
            "prefecture_name": "東京都",
            "municipality_name": "墨田区",
            "population": "280000",
            "cards_held": "217000",
            "printed_held_share": "0.775",
            "population_as_of": "2025-01-01",
            "as_of": "2025-08-31",
        }
        assert found["cards_held"].cell == "D119"
        assert rule_ids(contents) == []

    def test_a_table_with_both_counts_keeps_them_apart(self, collect: Collect) -> None:
        headings = [*CARD_HEADINGS, *NEW_HEADINGS[3:]]
        rows = [["東京都", "墨田区", 275724, 163501, "59.3%", 150000, 0.544]]
        contents = collect({CARD: card(headings, rows)})
        found = ours(contents)
        assert (found["cards"].value, found["cards_held"].value) == ("163501", "150000")
        assert (found["printed_rate"].value, found["printed_held_share"].value) == ("59.3", "0.544")


class TestDays:
    @pytest.mark.parametrize(
        ("title", "cards", "period", "day"),
        [
            ("交付状況（令和3年7月1日現在）", "交付枚数", "FY2021Q1", "2021-07-01"),
            ("交付状況 令和元年末時点", "交付枚数", "FY2022Q3", None),
            ("交付状況", "交付枚数（R元.11.1時点）", "FY2019Q3", "2019-11-01"),
            ("交付状況（令和3年7月1日現在）", "交付枚数 R4.6末時点", "FY2022Q3", "2022-06-30"),
        ],
    )
    def test_a_day_stands_in_the_heading_or_only_in_the_title(
        self, collect: Collect, title: str, cards: str, period: str, day: str | None
    ) -> None:
        headings = [*CARD_HEADINGS[:3], cards, CARD_HEADINGS[4]]
        sheets = {"公表用": [[title], [], headings, *CARD_ROWS]}
        contents = collect({CARD.replace("FY2022Q3", period): sheets}, periods=[period])
        if day is None:
            assert rule_ids(contents) == ["F603"]
        else:
            assert ours(contents)["as_of"].value == day
            assert ours(contents)["population_as_of"].value == "2022-01-01"

    def test_an_impossible_day_in_the_title_names_its_cell(self, collect: Collect) -> None:
        headings = [*CARD_HEADINGS[:3], "交付枚数", CARD_HEADINGS[4]]
        contents = collect(
            {CARD: {"公表用": [["交付状況（H31.41時点）"], [], headings, *CARD_ROWS]}}
        )
        (finding,) = [f for f in contents.findings if f.rule_id == "F603"]
        assert (finding.place.cell, finding.value_found) == ("A1", "交付状況（H31.41時点）")

    def test_what_else_stands_above_the_table_is_no_day(self, collect: Collect) -> None:
        headings = [*CARD_HEADINGS[:3], "交付枚数", CARD_HEADINGS[4]]
        above = [
            ["交付状況（R4.7.1現在）"],
            ["令和4年7月公表"],
            ["問合せ先 電話03-5253-5525"],
            [1234.5],
            [],
        ]
        contents = collect({CARD: {"公表用": [*above, headings, *CARD_ROWS]}})
        assert ours(contents)["as_of"].value == "2022-07-01"

    @pytest.mark.parametrize("day", ["H4.12末", "R3.12末", "R5.12末", "R14.12末"])
    def test_a_table_of_another_time_is_not_used(self, collect: Collect, day: str) -> None:
        headings = [*CARD_HEADINGS[:3], f"交付枚数【{day}時点】", CARD_HEADINGS[4]]
        contents = collect({CARD: card(headings)})
        assert (rule_ids(contents), ours(contents)) == (["F336"], {})
        assert "D3" in {one.place.cell for one in contents.findings}

    def test_two_days_in_the_title_are_not_chosen_from(self, collect: Collect) -> None:
        headings = [*CARD_HEADINGS[:3], "交付枚数", CARD_HEADINGS[4]]
        titles = [["交付状況（R3.7.1現在）"], ["更新 R3.7.9"], []]
        contents = collect({CARD: {"公表用": [*titles, headings, *CARD_ROWS]}})
        assert rule_ids(contents) == ["F603"]

    def test_the_day_of_the_population_is_never_taken_from_the_title(
        self, collect: Collect
    ) -> None:
        headings = [*CARD_HEADINGS[:2], "人口", *CARD_HEADINGS[3:]]
        contents = collect({CARD: {"公表用": [["R3.7.1現在"], [], headings, *CARD_ROWS]}})
        assert rule_ids(contents) == ["F603"]

    def test_a_population_of_another_era_is_not_used(self, collect: Collect) -> None:
        headings = [*CARD_HEADINGS[:2], "総数（人口）【H4.1.1時点】", *CARD_HEADINGS[3:]]
        contents = collect({CARD: card(headings)})
        assert (rule_ids(contents), contents.answers) == (["F336"], [])


@pytest.mark.parametrize("other", ["交付枚数（前月）【R4.12末時点】", "交付枚数【R4.12末時点】"])
def test_of_two_columns_for_one_number_none_is_chosen(collect: Collect, other: str) -> None:
    headings = [*CARD_HEADINGS[:3], other, *CARD_HEADINGS[3:]]
    rows = [["東京都", "墨田区", 275724, 160000, 163501, 59.3]]
    contents = collect({CARD: card(headings, rows)})
    assert (rule_ids(contents), ours(contents)) == (["F211"], {})


def test_the_number_of_municipalities_is_checked(collect: Collect) -> None:
    assert rule_ids(collect({CARD: card()}, expected=3)) == []
    contents = collect({CARD: card()}, expected=1741)
    assert rule_ids(contents) == ["F607"]
    message = next(f.message for f in contents.findings if f.rule_id == "F607")
    assert "3件です。1741件のはず" in message


def test_a_second_row_of_the_ward_is_not_chosen_from(collect: Collect) -> None:
    contents = collect({CARD: card(rows=[*CARD_ROWS, ["東京都", "墨田区", 275724, 170000, 61.7]])})
    assert rule_ids(contents) == ["F306", "F608"]
    assert ours(contents) == {}
    assert {a.municipality_code for a in contents.answers} == {"132063", "342084"}


@pytest.mark.parametrize("content", [b"<html>", "<?xml version='1.0'?><html>".encode("cp932")])
def test_a_page_that_calls_itself_a_workbook_is_told_and_listed(
    collect: Collect, content: bytes
) -> None:
    contents = collect({CARD: content})
    assert rule_ids(contents) == ["F103"]
    (listed,) = contents.files
    assert (listed["state"], listed["rows"], listed["bytes"]) == ("unusable", 0, len(content))


class TestCatalogueAnswer:
    NAME = "open_dataset/FY2022Q3/package_search.json"

    @staticmethod
    def package(name: str, files: int, **changes: Any) -> dict[str, Any]:
        resources = [
            {"id": f"{name}-{n}", "name": "x", "format": "CSV", "state": "active"}
            for n in range(files)
        ]
        return {
            "name": name,
            "title": name,
            "state": "active",
            "private": False,
            "license_title": "CC-BY",
            "metadata_created": "2022-05-01T01:02:03.000000",
            "resources": resources,
        } | changes

    def answer(self, *packages: dict[str, Any], count: int | None = None) -> bytes:
        result = {"count": len(packages) if count is None else count, "results": packages}
        return json.dumps({"success": True, "result": result}).encode()

    def test_datasets_and_files_are_two_counts(self, collect: Collect) -> None:
        packages = (
            self.package("a", 3),
            self.package("b", 1),
            self.package("c", 0),
            self.package("d", 1, private=True),
        )
        contents = collect({self.NAME: self.answer(*packages)})
        listed = next(row for row in contents.files if row["source"] == "open_dataset")
        assert (listed["rows"], listed["groups"]) == (5, 3)
        states = [a.value for a in contents.answers if a.field == "file_status"]
        assert states == ["配信中"] * 4 + ["配信停止中"]
        published = {a.value for a in contents.answers if a.field == "published_on"}
        assert published == {"2022-05-01"}

    @pytest.mark.parametrize(
        ("timestamp", "day"),
        [
            ("2022-12-31T14:59:59.999999", "2022-12-31"),
            ("2022-12-31T15:00:00.000000", "2023-01-01"),
            ("2022-12-31T15:00:00+09:00", "2022-12-31"),
            ("2022-12-31", "2022-12-31"),
        ],
    )
    def test_its_times_are_utc(self, collect: Collect, timestamp: str, day: str) -> None:
        contents = collect(
            {self.NAME: self.answer(self.package("a", 1, metadata_created=timestamp))}
        )
        assert {a.value for a in contents.answers if a.field == "published_on"} == {day}

    def test_a_part_of_the_result_is_no_result(self, collect: Collect) -> None:
        contents = collect({self.NAME: self.answer(self.package("a", 1), count=230)})
        assert rule_ids(contents) == ["F611"]
        assert contents.answers == []

    @pytest.mark.parametrize(
        "content", [b"{", b"[]", b'{"success": false}', b'{"success": true, "result": {}}']
    )
    def test_other_answers_are_refused(self, collect: Collect, content: bytes) -> None:
        assert rule_ids(collect({self.NAME: content})) == ["F611"]

    def test_a_page_in_its_place_is_a_page(self, collect: Collect) -> None:
        assert rule_ids(collect({self.NAME: b"<html>"})) == ["F103"]


class TestRevisions:
    def test_a_file_is_listed_with_hash_days_and_source(self, collect: Collect) -> None:
        name = "document_approval/FY2022Q3/approvals.csv"
        content = APPROVALS.encode("cp932")
        (listed,) = collect({name: content}).files
        assert listed["file_sha256"] == sha256(content).hexdigest()
        assert (listed["source"], listed["publisher"], listed["source_file"]) == (
            "document_approval",
            "墨田区",
            name,
        )
        assert (listed["first_as_of"], listed["last_as_of"]) == (
            date(2022, 2, 28),
            date(2022, 3, 31),
        )
        assert (listed["state"], listed["rows"], listed["groups"]) == ("read", 2, None)

    def test_a_later_file_that_changes_an_old_month_is_told(self, collect: Collect) -> None:
        later = APPROVALS.replace("100,60,5", "100,61,5")
        contents = collect(
            {
                "document_approval/FY2022Q3/a.csv": APPROVALS.encode("cp932"),
                "document_approval/FY2022Q4/b.csv": later.encode("cp932"),
            },
            periods=("FY2022Q3", "FY2022Q4"),
        )
        (finding,) = [f for f in contents.findings if f.rule_id == "F610"]
        assert (finding.place.period, finding.place.cell) == ("FY2022Q4", "E2")
        assert "2022-02-28時点の「電子決裁件数」は「61」" in finding.message
        assert "document_approval/FY2022Q3/a.csvでは「60」" in finding.message

    def test_the_same_words_again_are_no_revision(self, collect: Collect) -> None:
        contents = collect(
            {
                "document_approval/FY2022Q3/a.csv": APPROVALS.encode("cp932"),
                "document_approval/FY2022Q4/b.csv": APPROVALS.encode("cp932"),
            },
            periods=("FY2022Q3", "FY2022Q4"),
        )
        assert "F610" not in rule_ids(contents)


class TestContentsOfEarlierRuns:
    @staticmethod
    def row(digest: str, **changes: Any) -> dict[str, Any]:
        return {
            "source": "mynumber_card",
            "source_title": "交付状況",
            "period": "FY2022Q3",
            "source_file": f"{digest[:1]}.xlsx",
            "file_sha256": digest * 64,
            "state": "read",
            "sample": False,
        } | changes

    def test_a_replaced_content_stays_listed_and_is_told_until_it_is_back(
        self, rules: FindingRules
    ) -> None:
        first, told = remember_contents([self.row("a")], [], rules)
        assert ([row["content_number"] for row in first], told) == ([1], [])
        second, told = remember_contents([self.row("b")], first, rules)
        assert [(row["file_sha256"][0], row["state"], row["content_number"]) for row in second] == [
            ("a", "replaced", 1),
            ("b", "read", 2),
        ]
        assert [f.rule_id for f in told] == ["F609"]
        assert "a.xlsx(SHA-256 aaaaaaaa…)" in told[0].message
        again, told = remember_contents([self.row("b")], second, rules)
        assert (again, len(told)) == (second, 1)
        back, told = remember_contents([self.row("a")], second, rules)
        assert [row["state"] for row in back] == ["read", "replaced"]
        assert told == []

    def test_sample_files_are_no_revision_of_real_ones(self, rules: FindingRules) -> None:
        known, _ = remember_contents([self.row("a", sample=True)], [], rules)
        rows, told = remember_contents([self.row("b")], known, rules)
        assert ([row["content_number"] for row in rows], told) == ([1], [])
