"""The database that analysts open names no person unless the office opens it."""

import pytest

from sumida_data.base.frames import build_frame
from sumida_data.privacy.gate import HIDDEN, hide_from_analysts
from tests.packages.conftest import PROCEDURE

NUMBER = "1234 5678 9018"
CELL = {"table_name": "procedure", "record_id": "procedure-1", "sample": False}


@pytest.fixture
def hide(dictionary, privacy):
    """Return a function that says what stands in the columns that analysts see."""

    def look(cleared=(), hits=(), *, opened=False, **rows):
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
        return hide_from_analysts(frames, dictionary, asked, frozenset(cleared))

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
