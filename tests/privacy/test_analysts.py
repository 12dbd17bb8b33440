"""The database that analysts open names no person unless the office opens it."""

import pyarrow.parquet as pq
import pytest

from sumida_data.base.frames import build_frame
from sumida_data.privacy.gate import HIDDEN, hide_from_analysts
from sumida_data.privacy.personal import NameScreen, find_named_cells
from tests.packages.conftest import PROCEDURE

NUMBER = "1234 5678 9018"
CELL = {"table_name": "procedure", "record_id": "procedure-1", "sample": False}


@pytest.fixture
def hide(dictionary, privacy, form):
    """Return a function that says what stands in the columns that analysts see."""

    def look(cleared=(), hits=(), *, opened=False, **rows):
        rows = {"finding": [], "response": [], "source_file": [], **rows}
        frames = {name: build_frame(dictionary[name], rows[name]) for name in rows}
        frames["personal_hit"] = build_frame(
            dictionary["personal_hit"],
            [
                {
                    "row_id": "/".join(hit),
                    "table_name": hit[0],
                    "record_id": hit[1],
                    "field": hit[2],
                }
                for hit in hits
            ],
        )
        asked = privacy.model_copy(update={"analysts_see_texts": opened})
        return hide_from_analysts(frames, dictionary, asked, frozenset(cleared), form)

    return look


def cells(*texts, field="procedure_name"):
    return [
        CELL | {"row_id": str(n), "field": field, "raw_text": text, "value": text}
        for n, text in enumerate(texts)
    ]


def test_free_text_is_not_there(hide):
    shown = hide(procedure=[PROCEDURE], answer=cells("担当者の私見", field="remarks"))
    assert shown["procedure"]["remarks"].isna().all()
    assert shown["procedure"]["procedure_name"].to_list() == ["納税証明書の交付請求"]
    assert shown["answer"]["raw_text"].isna().all()
    assert shown["answer"]["value"].isna().all()
    assert shown["answer"]["row_id"].to_list() == ["0"]


def test_what_seems_to_reach_a_person_is_hidden_in_every_table(hide):
    rows = [PROCEDURE | {"procedure_name": "内線3725"}, PROCEDURE]
    finding = {"row_id": "f", "value_found": "mihon@example.jp", "message": "数ではありません。"}
    shown = hide(procedure=rows, answer=cells("内線3725", "1200"), finding=[finding])
    assert shown["procedure"]["procedure_name"].to_list() == [HIDDEN, "納税証明書の交付請求"]
    assert shown["answer"]["raw_text"].to_list() == [HIDDEN, "1200"]
    assert shown["finding"]["value_found"].to_list() == [HIDDEN]
    assert shown["finding"]["message"].to_list() == ["数ではありません。"]


def test_a_cell_with_a_name_of_a_cover_is_hidden(hide):
    hit = ("procedure", "procedure-1", "procedure_name")
    shown = hide(hits=[hit], procedure=[PROCEDURE], answer=cells("墨田", "ほか"))
    assert shown["procedure"]["procedure_name"].to_list() == [HIDDEN]
    assert shown["answer"]["value"].to_list() == [HIDDEN, HIDDEN]


def test_a_name_of_a_cover_is_hidden_in_what_could_not_be_read(hide, dictionary):
    told = "「区分」の「墨田太郎主任」は選択肢にないため、読み取りませんでした。"
    finding = {"row_id": "f", "value_found": "墨田太郎", "row_label": "研修", "message": told}
    rows = {"finding": [finding], "answer": cells("墨田太郎", "ほか", field="category")}
    tables = {name: build_frame(dictionary[name], rows[name]) for name in rows}
    found = find_named_cells(NameScreen(frozenset({"墨田　太郎"})), tables, dictionary)
    hits = [(one["table_name"], one["record_id"], one["field"]) for one in found]
    shown = hide(hits=hits, **rows)
    assert shown["answer"]["raw_text"].to_list() == [HIDDEN, "ほか"]
    [finding] = shown["finding"].to_dict("records")
    assert [finding[one] for one in ("value_found", "row_label", "message")] == [
        *(HIDDEN, "研修", HIDDEN)
    ]


def test_what_was_cleared_is_seen(hide):
    shown = hide(cleared=["緒方様 式典"], procedure=[PROCEDURE | {"procedure_name": "緒方様 式典"}])
    assert shown["procedure"]["procedure_name"].to_list() == ["緒方様 式典"]


def test_the_office_can_open_all_but_individual_numbers(hide):
    hit = ("procedure", "procedure-1", "procedure_name")
    rows = [PROCEDURE | {"procedure_name": "内線3725"}, PROCEDURE | {"application_system": NUMBER}]
    shown = hide(opened=True, hits=[hit], procedure=rows, answer=cells(NUMBER, "内線3725"))
    assert shown["procedure"]["procedure_name"].to_list()[0] == "内線3725"
    assert shown["procedure"]["remarks"].to_list() == ["担当者の私見"] * 2
    assert shown["procedure"]["application_system"].to_list()[1] == HIDDEN
    assert shown["answer"]["value"].to_list() == [HIDDEN, "内線3725"]


def receive(name, code="1106", section="財産活用課", digest="ab" * 32):
    """Return a row of ``response`` of a file by that name."""
    place = {"period": "FY2022Q3", "department_code": code, "section": section}
    told = {"source_file": name, "file_sha256": digest, "response_status": "received"}
    counts = dict.fromkeys(("rows", "answers", "rows_set_aside"), 0)
    return (
        {"row_id": digest, "municipality_code": "131075", "sample": False} | place | told | counts
    )


def test_the_name_that_somebody_gave_to_a_file_is_not_told(hide):
    again = receive("FY2022Q3/1106_財産活用課_調査票_修正 (2).xlsx", digest="ef" * 32)
    handed_out, sent = "1106_財産活用課_調査票.xlsx", "墨田花子/花子の調査票.xlsx"
    names = [f"FY2022Q3/{one}" for one in (handed_out, sent)]
    finding = {
        "row_id": "f",
        "source_file": names[1],
        "value_found": sent,
        "message": f"新しい調査票「花子の調査票.xlsx」と「{handed_out}」が届いています。",
    }
    elsewhere = {"row_id": "g", "source_file": "墨田花子.xlsx", "message": "期間の外です。"}
    unread = "シート「花子の控え」にも「手続」の表があります。「花子の手続」と「手続」のシートにあります。"
    asked = [receive(names[0]), receive(names[1], digest="cd" * 32), again]
    central = [{"row_id": "c", "source_file": "card/FY2022Q3/交付状況.xlsx"}]
    answer = [CELL | {"row_id": "0", "field": "annual_cases", "source_file": names[1]}]
    answer.append(answer[0] | {"row_id": "1", "sheet": "花子の手続"})
    answer.append(answer[0] | {"row_id": "2", "sheet": "手続 (2)"})
    findings = [finding, elsewhere, {"row_id": "h", "message": unread}]
    rows = {"finding": findings, "response": asked, "source_file": central}
    shown = hide(answer=answer, **rows)
    masked = "cdcdcdcdcdcd.xlsx"
    received = [names[0], f"FY2022Q3/{masked}", again["source_file"]]
    assert shown["response"]["source_file"].to_list() == received
    assert shown["answer"]["source_file"].to_list() == [f"FY2022Q3/{masked}"] * 3
    assert shown["answer"]["sheet"].to_list()[2] == "手続 (2)"
    assert "「手続」の表があります。「シート" in shown["finding"]["message"][2]
    assert shown["finding"]["value_found"][0] == masked
    assert shown["finding"]["message"][0] == (
        f"新しい調査票「{masked}」と「{handed_out}」が届いています。"
    )
    assert shown["source_file"]["source_file"].to_list() == ["card/FY2022Q3/交付状況.xlsx"]
    told = "".join(frame.to_csv() for frame in shown.values())
    assert "花子" not in told
    opened = hide(answer=answer, opened=True, **rows)
    assert opened["answer"]["source_file"].to_list() == [names[1]] * 3


def test_no_id_tells_the_name_of_a_file(quarter):
    for name in ("03_primary/response", "03_primary/readability_check", "03_primary/check_failure"):
        rows = pq.read_table(quarter.data / f"{name}.parquet")
        ids = [
            one
            for column in ("row_id", "record_id")
            if column in rows.column_names
            for one in rows[column].to_pylist()
        ]
        assert ids
        assert not [one for one in ids if ".xlsx" in one or ".csv" in one]
