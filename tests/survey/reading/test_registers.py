from datetime import date
from pathlib import Path

import pytest

from sumida_data.sources.central import Municipality, parse_municipalities
from sumida_data.survey.reading.registers import (
    REGISTERS,
    ReferenceTableError,
    list_rows,
    parse_day,
    parse_period,
    read_register,
    require,
)
from tests.project import PROJECT

FOLDER = PROJECT / "data/01_raw/reference"
HEADINGS = "predecessor_code,successor_code,changed_on,note"
ROWS = [
    {
        "predecessor_code": "1903",
        "successor_code": "1906",
        "changed_on": "2024/4/1",
        "note": "道路・橋りょう課 ①",
    }
]


def write(folder: Path, content: bytes, name: str = "department_succession.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_every_register_is_known_with_its_columns() -> None:
    found = {
        path.stem: tuple(path.read_text("utf-8-sig").splitlines()[0].split(","))
        for path in FOLDER.glob("*.csv")
    }
    assert found == REGISTERS
    assert all(isinstance(read_register(path), list) for path in FOLDER.glob("*.csv"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_is_read_in_the_encodings_of_excel(tmp_path: Path, encoding: str, line_end: str) -> None:
    text = line_end.join([HEADINGS, "1903,1906,2024/4/1,道路・橋りょう課 ①", ""])
    assert read_register(write(tmp_path, text.encode(encoding))) == ROWS


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ReferenceTableError) as caught:
        read_register(tmp_path / "revisions.csv")
    path = (tmp_path / "revisions.csv").as_posix()
    assert str(caught.value).startswith(f"{path} がありません。消したときは控えから戻し")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"{HEADINGS}\n".encode("utf-16"), "文字を読めません.*CSV UTF-8"),
        (b"", "に列 predecessor_code、successor_code、changed_on、note がありません.*なし"),
        (
            HEADINGS.replace("changed_on", "日付").encode(),
            "に列 changed_on がありません。いまある列は predecessor_code、successor_code、日付、note",
        ),
        (f"{HEADINGS}\n1,2,2024-04-01,a,b\n".encode(), "2行目: 見出しのない列に 'b' があります"),
        (f"{HEADINGS},note\n".encode(), "に見出し note が2つあります"),
        (f'{HEADINGS}\n1,2,3,"x'.encode(), 'の2行目の「"」が閉じられていません'),
    ],
)
def test_a_broken_file_is_told_in_one_line(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(
        ReferenceTableError, match=rf"^department_succession\.csv .*{told}"
    ) as caught:
        read_register(write(tmp_path, content))
    assert "\n" not in str(caught.value)


def test_blank_rows_and_columns_count_but_say_nothing(tmp_path: Path) -> None:
    content = f"{HEADINGS},,memo\n,,,,,\n\n1903,1906,2024/4/1\n".encode()
    [(place, row)] = list_rows(read_register(write(tmp_path, content)), "department_succession")
    assert place == "department_succession.csv の4行目"
    assert (row["changed_on"], row["note"], row["memo"]) == ("2024/4/1", "", "")


@pytest.mark.parametrize(
    "text",
    [
        "2023-03-01",
        "2023/3/1",
        "2023/03/01",
        "2023年3月1日",
        "令和5年3月1日",
        "R5.3.1",
        "２０２３/３/１",
    ],
)
def test_a_day_is_read_as_excel_and_officers_write_it(text: str) -> None:
    assert parse_day({"decided_on": text}, "decided_on", "") == date(2023, 3, 1)


@pytest.mark.parametrize(
    "text",
    ["", "3月1日", "23/3/1", "5/3/1", "2023/13/1", "2023年3月", "昨日", "44986", "2023/3/1頃"],
)
def test_what_is_no_exact_day_is_told_with_the_allowed_forms(text: str) -> None:
    with pytest.raises(ReferenceTableError) as caught:
        parse_day({"decided_on": text}, "decided_on", "revisions.csv の2行目")
    assert str(caught.value) == (
        f"revisions.csv の2行目の decided_on: {text!r} は日付ではありません。"
        "2023-02-10、2023/2/10、令和5年2月10日、R5.2.10 のどれかの形で書いてください。"
    )


def test_a_period_is_told_with_its_column() -> None:
    assert str(parse_period({"until": "FY2022Q3"}, "until", "")) == "FY2022Q3"
    with pytest.raises(ReferenceTableError, match="2行目の until: 期間 '令和4年度' は読めません"):
        parse_period({"until": "令和4年度"}, "until", "revisions.csv の2行目")


def test_what_must_be_written_is_no_blank() -> None:
    require({"reason": "a"}, ["reason"], "")
    with pytest.raises(ReferenceTableError, match="2行目の reason が空です"):
        require({"reason": "　"}, ["reason"], "revisions.csv の2行目")


def test_a_municipality_gets_back_the_zero_that_excel_took() -> None:
    row = {
        "municipality_code": "11002",
        "prefecture_name": "北海道",
        "municipality_name": "札幌市",
    }
    blank = dict.fromkeys(row, "")
    assert parse_municipalities([row, blank]) == [Municipality("011002", "北海道", "札幌市")]
    for code in ("", "131075.0", "１３１０７５"):
        with pytest.raises(ReferenceTableError, match=r"2行目の municipality_code: .*6桁の番号"):
            parse_municipalities([row | {"municipality_code": code}])
