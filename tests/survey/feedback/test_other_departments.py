"""Nothing personal of one department reaches another, and no cover leaves ingest."""

from typing import Any

from sumida_data.privacy.personal import NameScreen
from sumida_data.survey.collecting.collection import Collected
from tests.survey.conftest import cover, procedures
from tests.survey.feedback.test_feedback import COUNTER, TAX, Address, address

__all__ = ["address"]

PERSONAL = ("両国 花子", "両国花子", "4321", "hanako@example.jp", "03-5608-1111", "1234-5678-9018")
ROW = [
    "T1203-02",
    "納税証明書の交付請求",
    "該当",
    "非該当",
    "済",
    "2022-10-01",
    "両国花子に聞く",
    "たくさん",
]


def files() -> dict[str, Any]:
    """Two departments; the first writes personal data into every kind of cell and makes mistakes."""
    remark = "問合せは両国花子(内線4321、hanako@example.jp、03-5608-1111)、1234-5678-9018"
    row = [*ROW, "", "有", "未定", "", "", remark]
    hers = cover(記入者="両国 花子", 内線="4321", メール="hanako@example.jp", 回答日="両国花子")
    other = [["T1203-02", "住民票の写し", "該当", "非該当", "済", "2022-10-01"]]
    return {
        "a.xlsx": {"表紙": hers, "手続": procedures(row)},
        "b.xlsx": {"表紙": cover("1204", 課="窓口課"), "手続": procedures(*other)},
    }


def test_the_return_sheet_of_another_department_shows_none_of_it(address: Address) -> None:
    sheets = address(files())
    assert {TAX, COUNTER} <= set(sheets)
    others = repr([sheet for name, sheet in sheets.items() if name != TAX])
    assert "T1203-02" in others
    assert [secret for secret in PERSONAL if secret in others] == []


def test_what_the_cover_says_is_in_no_row_and_in_no_representation(collect: Any) -> None:
    collected: Collected = collect({f"FY2022Q3/{name}": sheets for name, sheets in files().items()})
    assert collected.personal_texts >= {"両国 花子", "4321", "hanako@example.jp"}
    assert "両国 花子" not in repr(collected)
    screen = NameScreen(collected.personal_texts)
    found = [row.field for row in collected.answers if row.value and screen.finds(row.value)]
    assert found == ["application_system", "remarks"]
    assert "両国" not in repr(screen)
