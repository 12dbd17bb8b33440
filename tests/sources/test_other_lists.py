"""Lists as other systems export them, and what in one does not belong to the quarter."""

import json
from typing import Any

import pytest

from sumida_data.sources.central import CentralContents
from tests.sources.conftest import Collect

LIST = "open_dataset/FY2022Q3/list.csv"
TOKYO = (
    "データセットID,データセットタイトル,タグ,ライセンス,組織,データセット作成日時,更新頻度,"
    "データタイトル,データURL,形式,サイズ,データ作成日時,データ最終更新日時"
)
OLDER = (
    "都道府県コード又は市区町村コード,NO,都道府県名,市区町村名,データ名称,データ概要,データ形式,分類,"
    "更新頻度,URL,API対応有無,ライセンス,登録日,最終更新日,備考"
)
NATIONAL = (
    "データセット_ID,地方公共団体名,データセット_タイトル,データセット_公開日,ファイル_ID,ファイル_タイトル,"
    "ファイル_形式,ファイル_ライセンス,ファイル_ステータス,ファイル_最終更新日"
)


def of_tokyo(number: int, owner: str = "墨田区", made: str = "2021-06-18 15:00:00") -> str:
    return (
        f"t{number},データ{number},,CC BY,{owner},{made},月次,データ,https://x/{number},CSV,1,{made},"
        "2022-09-01T10:00:00.123456+09:00"
    )


def national(*rows: str, heading: str = NATIONAL) -> bytes:
    return "\n".join([heading, *rows]).encode()


def records(contents: CentralContents) -> list[dict[str, str | None]]:
    found: dict[str, dict[str, str | None]] = {}
    for answer in contents.answers:
        found.setdefault(answer.record_id, {})[answer.field] = answer.value
    return list(found.values())


def told(contents: CentralContents) -> dict[str, str]:
    others = {"F601"}
    return {one.rule_id: one.message for one in contents.findings if one.rule_id not in others}


def test_a_list_with_a_number_for_every_file_has_fewer_datasets(collect: Collect) -> None:
    rows = [
        f"{number},D1,墨田区,件名,2022-04-01,F{number},表,CSV,CC BY,配信中,2022-04-01"
        for number in (1, 2)
    ]
    contents = collect({LIST: national(*rows, heading=f"NO,{NATIONAL}")})
    assert [one["dataset_id"] for one in records(contents)] == ["D1", "D1"]


def test_the_export_of_the_catalogue_of_tokyo(collect: Collect) -> None:
    rows = [of_tokyo(1), of_tokyo(2, made="2021/6/18 15:00"), of_tokyo(3, "東京都墨田区")]
    contents = collect({LIST: national(*rows, of_tokyo(4, "台東区"), heading=TOKYO)})
    first, second, third = records(contents)
    assert first == {
        "dataset_id": "t1",
        "dataset_title": "データ1",
        "file_license": "CC BY",
        "published_on": "2021-06-18",
        "file_title": "データ",
        "file_id": "https://x/1",
        "file_format": "CSV",
        "file_updated_on": "2022-09-01",
        "file_status": "配信中",
    }
    assert second["published_on"] == "2021-06-18"
    assert third["dataset_id"] == "t3"
    assert set(told(contents)) == {"F615", "F619"}
    assert "墨田区のものでない行が1行" in told(contents)["F619"]


def test_the_older_standard_list(collect: Collect) -> None:
    row = "131075,7,東京都,墨田区,公衆トイレ一覧,概要,CSV,その他,年次,https://x,無,CC BY,2020-04-01,2022-04-01,"
    [record] = records(collect({LIST: national(row, heading=OLDER)}))
    assert (record["dataset_id"], record["dataset_title"]) == ("7", "公衆トイレ一覧")
    assert (record["published_on"], record["file_status"]) == ("2020-04-01", "配信中")


def test_the_answer_of_a_ckan_names_the_organisation(collect: Collect) -> None:
    def package(name: str, owner: str | None, day: str) -> dict[str, Any]:
        resource = {"id": name, "created": day, "state": "active"}
        return {
            "name": name, "title": name, "metadata_created": day, "private": False,
            "state": "active", "resources": [resource],
            "organization": owner and {"title": owner},
        }  # fmt: skip

    packages = [
        package("a", "墨田区", "2021-04-01"),
        package("b", None, "2025-08-27"),
        package("c", "台東区", "2021-04-01"),
    ]
    answer = {"success": True, "result": {"count": 3, "results": packages}}
    contents = collect({LIST.replace("csv", "json"): json.dumps(answer).encode()})
    assert [one["dataset_id"] for one in records(contents)] == ["a", "b"]
    # A catalogue that has moved makes all its datasets look young.
    assert "基準日(2022-12-31)より後の行が1行" in told(contents)["F620"]
    assert "F619" in told(contents)


def test_an_office_of_the_municipality_stands_for_it_and_ids_are_compared_as_read(
    collect: Collect,
) -> None:
    owners = ["墨田区役所", "墨田区 広報広聴担当", "東京都墨田区", "131075", "台東区"]
    rows = [
        f"{one},{owner},題,2021-04-01,{number},題,CSV,CC BY,配信中,2022-04-01"
        for number, (one, owner) in enumerate(
            zip(["A1", "a1", "Ａ１", "B", "C"], owners, strict=True)
        )
    ]
    contents = collect({LIST: national(*rows)})
    assert [one["dataset_id"] for one in records(contents)] == ["A1", "A1", "A1", "B"]
    assert contents.files[0]["groups"] == 2
    assert "墨田区のものでない行が1行" in told(contents)["F619"]


def test_a_word_of_the_list_counts_however_it_is_written(collect: Collect) -> None:
    row = "a,墨田区,題,2021-04-01,1,題,CSV,CC BY,{},2022-04-01"
    contents = collect({LIST: national(row.format("配信 中"))})
    assert records(contents)[0]["file_status"] == "配信中"
    assert told(contents) == {}


def test_files_without_ids_are_files_all_the_same(collect: Collect) -> None:
    rows = [
        "a,墨田区,題,2021-04-01,,CSV版,CSV,CC BY,配信停止中,2022-04-01",
        "a,墨田区,題,2021-04-01,,PDF版,PDF,CC BY,配信中,2022-04-01",
        "a,墨田区,題,2021-04-01,,PDF版,PDF,CC BY,配信中,2022-04-01",
    ]
    contents = collect({LIST: national(*rows)})
    assert [one["file_status"] for one in records(contents)] == ["配信停止中", "配信中"]
    assert "同じ行が上(3行目)にもある" in told(contents)["F306"]


def test_a_blank_column_beside_one_that_is_not_read_has_not_moved(collect: Collect) -> None:
    heading = NATIONAL.replace("公開日,", "公開日,データセット_最終更新日,")
    contents = collect(
        {
            LIST: national(
                "a,墨田区,題,,2021-04-01,1,題,CSV,CC BY,配信中,2022-04-01", heading=heading
            )
        }
    )
    assert records(contents)[0]["published_on"] is None
    assert "F317" not in told(contents)


APPROVALS = "document_approval/FY2022Q3/approvals.csv"
MONTHS = ["2022年10月", "2022年11月", "2022年12月"]


def approvals(*changes: tuple[str, str]) -> bytes:
    lines = [f"{month},{code},課,10,5,0" for month in MONTHS for code in (1203, 1204)]
    text = "\n".join(["年月,所属コード,所属名,起案件数,電子決裁件数,対象外件数", *lines])
    for old, new in changes:
        text = text.replace(old, new)
    return text.encode("cp932")


@pytest.mark.parametrize("number", ["-10", "", "多数"])
def test_a_month_of_which_a_row_has_no_value_is_not_whole(collect: Collect, number: str) -> None:
    row = f"2022年10月,1203,課,{number},5,0"
    contents = collect({APPROVALS: approvals(("2022年10月,1203,課,10,5,0", row))})
    assert {one["month"] for one in records(contents)} == {"2022-11", "2022-12"}
    assert "2022-10 の課 1203" in told(contents)["F613"]


def test_a_month_with_a_department_that_cannot_be_read_is_not_whole(collect: Collect) -> None:
    contents = collect({APPROVALS: approvals(("2022年10月,1203,", "2022年10月,203,"))})
    assert {one["month"] for one in records(contents)} == {"2022-11", "2022-12"}
    assert "2022-10 の課 203" in told(contents)["F613"]


def test_a_column_in_another_unit_leaves_no_row(collect: Collect) -> None:
    contents = collect({APPROVALS: approvals(("起案件数", "起案件数（千件）"))})
    assert records(contents) == []
    assert {"F214", "F612", "F613"} <= set(told(contents))


def test_months_after_the_quarter_and_rows_again(collect: Collect) -> None:
    twice = (f"{MONTHS[2]},1204,課,10,5,0", f"{MONTHS[2]},1204,課,10,5,0\n2023年1月,1204,課,1,1,0")
    again = ("2022年10月,1204,課,10,5,0", "2022年10月,1204,課,10,5,0\n2022年10月,1204,課,9,9,0")
    contents = collect({APPROVALS: approvals(twice, again)})
    assert "基準日(2022-12-31)より後の行が1行" in told(contents)["F620"]
    assert "「2022年10月 1204」と同じ行が上(3行目)にもある" in told(contents)["F306"]


CARD = "mynumber_card/FY2022Q3/card.csv"


@pytest.mark.parametrize(("count", "rate"), [(12, "57.7"), (3, None)])
def test_a_column_of_shares_is_one_of_percentages(
    collect: Collect, count: int, rate: str | None
) -> None:
    heading = "都道府県名,市区町村名,総数（人口）（R4.1.1時点）,交付枚数（R4.12末時点）,交付枚数率"
    others = [f"東京都,{n}区,1000,500,0.5" for n in range(count)]
    text = "\n".join([heading, "東京都,墨田区,275724,159052,0.577", *others])
    contents = collect({CARD: text.encode()})
    assert [one["printed_rate"] for one in records(contents)] == [rate]
    assert ("F311" in told(contents)) is (rate is None)
    if rate:
        assert "同じ指摘が、ほかに11件あります。" in told(contents)["F604"]


@pytest.mark.parametrize(
    ("line", "is_told"), [("（単位：千人、千枚）", True), ("（単位：人、枚）", False)]
)
def test_the_unit_above_the_table_may_name_several(
    collect: Collect, line: str, *, is_told: bool
) -> None:
    heading = "都道府県名,市区町村名,総数（人口）（R4.1.1時点）,交付枚数（R4.12末時点）,交付枚数率"
    text = "\n".join([f",,,,{line}".replace("、", "・"), heading, "東京都,墨田区,276,159,57.6"])
    contents = collect({CARD: text.encode()})
    assert ("F220" in told(contents)) is is_told
