"""Each of the thirty rules with files that keep it and files that break it."""

import io
import json
from collections.abc import Callable
from datetime import date, datetime

import openpyxl
import pytest
import xlsxwriter

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary
from sumida_data.quality import readability
from sumida_data.quality.readability import (
    Candidate,
    Examiner,
    check_file,
    list_rules,
    score_file,
    score_set,
)
from sumida_data.quality.readability.checks import CHECKS, read_file

Rows = list[list[object]]

# A table of which nothing can be said against.
HEAD = ["団体コード", "団体名", "年度", "受付件数(件)"]
GOOD: Rows = [
    HEAD,
    ["131075", "墨田区", 2021, 120],
    ["131075", "墨田区", 2022, 0],
    ["131083", "江東区", 2022, 98],
]
Said = dict[str, object]


def field(name: str, title: str, description: str, unit: str = "", **more: object) -> Said:
    of_unit = {"type": "integer", "sumida:unit": unit} if unit else {"type": "string"}
    return {"name": name, "title": title, "description": description, **of_unit, **more}


FIELDS = [
    field("area_code", "団体コード", "団体を表す6桁。"),
    field("area_name", "団体名", "団体の名前。"),
    field("year", "年度", "年度が始まる年。", "年度"),
    field("cases", "受付件数(件)", "受け付けた件数。", "件"),
]


def describe(fields: list[Said] = FIELDS, **changes: object) -> Said:
    """What a descriptor says of a file; a change to None leaves it out."""
    said: Said = {
        "schema": {"fields": fields, "missingValues": [""]},
        "encoding": "utf-8",
        "dialect": {"sumida:byteOrderMark": True},
        "history": True,
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


SAID = describe()


def csv_of(rows: Rows, *, mark: bool = True) -> bytes:
    text = "".join(",".join(str(cell) for cell in row) + "\n" for row in rows)
    return text.encode("utf-8-sig" if mark else "utf-8")


def book(rows: Rows, change: Callable[[xlsxwriter.Workbook, object], None] | None = None) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"strings_to_formulas": False}) as made:
        sheet = made.add_worksheet("データ")
        day = made.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                look = [day] if isinstance(cell, date) else []
                sheet.write(number, column, cell, *look)
        if change:
            change(made, sheet)
    return buffer.getvalue()


def changed(row: int, column: int, value: object) -> Rows:
    rows = [list(one) for one in GOOD]
    rows[row][column] = value
    return rows


def with_column(header: str, *cells: object) -> Rows:
    return [[*row, cell] for row, cell in zip(GOOD, (header, *cells), strict=True)]


def results(content: bytes, name: str, said: Said | None = SAID) -> dict[str, str]:
    return {one["rule_id"]: one["result"] for one in check_file(read_file(name, content, said))}


def failing(content: bytes, name: str, said: Said | None = SAID) -> set[str]:
    return {rule for rule, result in results(content, name, said).items() if result == "failed"}


def test_the_table_holds_thirty_rules_each_with_a_check() -> None:
    rules = list_rules()
    assert len(rules) == 30
    assert [rule["rule_id"] for rule in rules] == list(CHECKS)
    assert {rule["rule_id"][:2] for rule in rules} == {"L1", "L2", "L3"}
    assert {rule["applies_to"] for rule in rules} == {"all", "excel", "csv"}
    assert all(rule["rule_title"] and rule["how_to_fix"] for rule in rules)
    fatal = [rule["rule_id"] for rule in rules if rule["severity"] == "fatal"]
    assert fatal == ["L1-01", "L1-02", "L1-14", "L1-15", "L2-01", "L2-02", "L2-03", "L3-01"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("good.csv", csv_of(GOOD)),
        ("good.xlsx", book(GOOD)),
        ("good.json", json.dumps([dict(zip(HEAD, row, strict=True)) for row in GOOD[1:]]).encode()),
    ],
    ids=["csv", "xlsx", "json"],
)
def test_a_good_file_keeps_every_rule_that_concerns_it(name: str, content: bytes) -> None:
    found = results(content, name)
    assert {rule for rule, result in found.items() if result == "failed"} == set()
    excel = {rule["rule_id"] for rule in list_rules() if rule["applies_to"] == "excel"}
    csv = {rule["rule_id"] for rule in list_rules() if rule["applies_to"] == "csv"}
    left_out = {rule for rule, result in found.items() if result == "not_applicable"}
    kind = name.partition(".")[2]
    assert left_out == {"csv": excel, "xlsx": csv, "json": excel | csv}[kind]


def _fill(made, sheet):
    sheet.write(2, 3, 0, made.add_format({"bg_color": "#FFFF00"}))


def _strike(made, sheet):
    sheet.write(2, 1, "墨田区", made.add_format({"font_strikeout": True}))


def _hide_sheet(made, sheet):
    made.add_worksheet("控え").hide()


BROKEN = [
    ("L1-01", "a.pdf", b"%PDF-1.7"),
    ("L1-01", "a.csv", b"<html></html>"),
    ("L1-01", "a.xlsx", b"<html></html>"),
    ("L1-02", "a.csv", csv_of([*GOOD, ["", "", "", ""], ["課", "係", "人数", "備考"], ["税務課", "収納係", 3, ""], ["税務課", "課税係", 4, ""]])),
    ("L1-02", "a.csv", csv_of([[*row, "", *row] for row in GOOD])),
    ("L1-03", "a.csv", csv_of([*GOOD[:3], ["", "", "", ""], GOOD[3], GOOD[3]])),
    ("L1-03", "a.csv", csv_of([[*row[:2], "", *row[2:]] for row in GOOD])),
    ("L1-04", "a.xlsx", book([["令和4年度の受付件数"], *GOOD])),
    ("L1-04", "a.csv", csv_of([*GOOD, ["※速報値", "", "", ""]])),
    ("L1-05", "a.csv", csv_of(changed(0, 3, ""))),
    ("L1-05", "a.csv", csv_of(changed(0, 3, "列4"))),
    ("L1-06", "a.csv", csv_of(changed(1, 1, "墨　田　区"))),
    ("L1-06", "a.xlsx", book(changed(1, 1, "墨田区\n本所"))),
    ("L1-06", "a.csv", csv_of(changed(1, 1, " 墨田区"))),
    ("L1-07", "a.csv", csv_of(with_column("内訳", "12(うち5)", "3/4", "5"))),
    ("L1-07", "a.csv", csv_of(with_column("決済手段", "現金、電子マネー", "現金", "電子マネー"))),
    ("L1-08", "a.csv", csv_of(changed(0, 1, "団体名①"))),
    ("L1-08", "a.csv", csv_of(with_column("期間", "4月～6月", "4月", "5月"))),
    ("L1-08", "a.csv", csv_of(with_column("元号", "㋿", "令和", "令和"))),
    ("L1-08", "a.csv", csv_of(with_column("絵", "😀", "笑", "笑"))),
    ("L1-10", "a.xlsx", book(GOOD, lambda made, sheet: sheet.insert_textbox("A9", "注意"))),
    ("L1-10", "a.xlsx", book(GOOD, lambda made, sheet: sheet.write_comment("A2", "確認中"))),
    ("L1-11", "a.xlsx", book(GOOD, _fill)),
    ("L1-11", "a.xlsx", book(GOOD, _strike)),
    ("L1-12", "a.xlsx", book(GOOD, lambda made, sheet: sheet.merge_range("B2:B3", "墨田区"))),
    ("L1-13", "a.xlsx", book(GOOD, lambda made, sheet: sheet.set_row(2, None, None, {"hidden": True}))),
    ("L1-13", "a.xlsx", book(GOOD, lambda made, sheet: sheet.set_column(2, 2, None, None, {"hidden": True}))),
    ("L1-13", "a.xlsx", book(GOOD, _hide_sheet)),
    ("L1-14", "a.csv", csv_of(changed(1, 1, '"墨田区\n本所"'))),
    ("L1-14", "a.csv", csv_of([*GOOD, ["131083", "江東区"]])),
    ("L1-15", "a.csv", csv_of(changed(1, 3, "1,200"))),
    ("L2-01", "a.csv", csv_of(changed(1, 3, "120件"))),
    ("L2-01", "a.csv", csv_of(changed(1, 3, '"1,200"'))),
    ("L2-01", "a.xlsx", book(changed(1, 3, "120"))),
    ("L2-02", "a.csv", csv_of(changed(2, 1, "同上"))),
    ("L2-02", "a.csv", csv_of(changed(2, 0, ""))),
    ("L2-03", "a.csv", csv_of(changed(0, 1, "団体コード"))),
    ("L2-03", "a.csv", csv_of([HEAD, ["", "", "西暦", "全体"], *GOOD[1:]])),
    ("L2-04", "a.csv", csv_of(with_column("導入", "済", "済 ", "未"))),
    ("L2-05", "a.csv", csv_of(with_column("手段", "その他(窓口)", "郵送", "窓口"))),
    ("L2-06", "a.xlsx", book(GOOD, lambda made, sheet: sheet.write_formula(2, 3, "=1+1", None, 2))),
    ("L3-01", "a.csv", csv_of([["受付件数の一覧", "", "", ""], *GOOD])),
    ("L3-01", "a.xlsx", book([["", *row] for row in GOOD])),
    ("L3-02", "a.csv", csv_of(GOOD)),
    ("L3-03", "a.csv", csv_of(changed(1, 3, "x"))),
    ("L3-04", "a.csv", csv_of(changed(0, 3, "受付"))),
    ("L3-05", "a.csv", csv_of(with_column("受付日", "令和3年4月1日", "令和3年4月2日", "令和3年4月3日"))),
    ("L3-05", "a.csv", csv_of(with_column("受付日", "03/04/01", "03/04/02", "03/04/03"))),
    ("L3-05", "a.csv", csv_of(with_column("受付日", "2022-04-01", "R4.04.01", "2022-04-03"))),
    ("L3-06", "a.csv", csv_of([row[2:] for row in GOOD])),
    ("L3-06", "a.csv", csv_of(changed(1, 0, "131074"))),
    ("L3-06", "a.csv", csv_of(changed(1, 1, "すみだ"))),
    ("L3-09", "a.csv", csv_of([["団体コード", "2020年", "2021年", "2022年"], ["131075", 1, 2, 3]])),
    ("L3-09", "a.csv", csv_of([["年度", "墨田区", "江東区", "中央区"], [2022, 1, 2, 3]])),
]  # fmt: skip


# Workbooks bear the moment in which they were made, and processes must agree on the names of tests.
@pytest.mark.parametrize(
    ("rule", "name", "content"),
    BROKEN,
    ids=[f"{rule}-{number}" for number, (rule, *_) in enumerate(BROKEN)],
)
def test_a_file_that_breaks_a_rule_fails_it(rule: str, name: str, content: bytes) -> None:
    said = SAID
    if rule == "L3-02":
        coded = field("kind", "団体名", "種類。", constraints={"enum": ["A", "B"]})
        said = describe([FIELDS[0], coded, *FIELDS[2:]])
    if rule == "L3-04":
        said = describe(FIELDS[:3])
    if rule == "L2-04":
        said = None
    assert rule in failing(content, name, said)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("L1-09", describe(schema={"fields": FIELDS})),
        ("L3-07", describe(previous=csv_of([["団体コード", "年度", "団体名", "受付件数(件)"]]))),
        ("L3-07", describe(previous=csv_of([["団体コード", "町名"]]))),
        ("L3-08", describe(history=None)),
        ("L3-08", describe(dialect={"sumida:byteOrderMark": False})),
        ("L3-08", describe(encoding="shift_jis")),
        ("L3-08", describe(dialect=None)),
        ("L3-08", describe(FIELDS[:3])),
        ("L3-08", describe([field("件数", "受付件数(件)", "件数。", "件")])),
        ("L3-08", None),
    ],
)
def test_what_is_not_said_fails_too(rule: str, said: Said | None) -> None:
    assert rule in failing(csv_of(changed(2, 3, "")), "a.csv", said)


def test_a_column_added_at_the_end_is_the_same_format() -> None:
    before = describe(previous=csv_of([row[:3] for row in GOOD]))
    assert "L3-07" not in failing(csv_of(GOOD), "a.csv", before)


def test_every_rule_has_a_file_that_breaks_it() -> None:
    said_elsewhere = {"L1-09", "L3-07", "L3-08"}
    assert {rule for rule, _, _ in BROKEN} | said_elsewhere == set(CHECKS)


@pytest.mark.parametrize(
    ("rule", "rows"),
    [
        ("L1-06", with_column("英語", "two words", "three", "four")),
        ("L1-07", with_column("説明", "窓口、郵送で受け付ける。", "窓口", "郵送")),
        ("L1-07", with_column("日", "2022/10", "2022/11", "2022/12")),
        ("L1-07", with_column("日", "2022/10/1", "2022/11/1", "2022/12/1")),
        ("L3-06", [[row[0] if n == 0 else int(row[0]), *row[1:]] for n, row in enumerate(GOOD)]),
        ("L1-08", with_column("名", "高橋", "森鷗外", "※印")),
        ("L2-01", with_column("手続番号", "T1203-01", "1203", "1204")),
        ("L3-05", with_column("受付日", date(2022, 4, 1), date(2022, 4, 2), datetime(2022, 4, 3))),
        ("L3-05", with_column("年月", "2022-04", "2022-05", "2022-06")),
    ],
)
def test_what_only_looks_like_a_break_is_none(rule: str, rows: Rows) -> None:
    assert rule not in failing(book(rows), "a.xlsx", None)


class TestScore:
    def test_a_good_file_has_all_points(self) -> None:
        assert score_file(check_file(read_file("a.csv", csv_of(GOOD), SAID))) == {
            "L1": 100, "L2": 100, "L3": 100,
        }  # fmt: skip

    def test_points_are_taken_by_level_and_severity(self) -> None:
        rows = with_column("手段①", "その他(窓口)", "郵送", "窓口")
        score = score_file(check_file(read_file("a.csv", csv_of(rows), SAID)))
        # Level 1: a critical one; level 2: a major one; level 3: no definition of the new column.
        assert score == {"L1": 90, "L2": 70, "L3": 90}

    def test_a_fatal_break_leaves_none_of_its_level(self) -> None:
        score = score_file(check_file(read_file("a.csv", csv_of(changed(1, 3, "120件")), SAID)))
        assert score == {"L1": 100, "L2": 0, "L3": 100}

    def test_what_is_no_table_has_no_points(self) -> None:
        checked = check_file(read_file("a.pdf", b"%PDF"))
        assert score_file(checked) == {"L1": 0, "L2": 0, "L3": 0}
        assert {one["result"] for one in checked[1:]} == {"not_applicable"}

    def test_a_set_is_its_mean_and_what_all_keep(self) -> None:
        good = check_file(read_file("a.csv", csv_of(GOOD), SAID))
        bad = check_file(read_file("b.csv", csv_of(changed(1, 1, "墨　田　区")), SAID))
        # 0.7 x 95 + 0.3 x 90
        assert score_set([good, bad])["L1"] == pytest.approx(93.5)
        assert score_set([good, good])["L1"] == 100


def test_a_break_is_led_to_its_cell_and_shows_no_text() -> None:
    (found,) = [
        one
        for one in check_file(read_file("a.xlsx", book(changed(2, 1, "〃")), SAID))
        if one["rule_id"] == "L2-02"
    ]
    assert [found[name] for name in ("result", "places", "sheet", "cell")] == [
        "failed", 1, "データ", "B3",
    ]  # fmt: skip
    assert "〃" not in repr(found)


@pytest.mark.parametrize("name", ["a.xls", "a.ods", "a.csv", "a.json", "a.parquet"])
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00a", b"PK\x03\x04broken", b"PAR1PAR1", b"{}"]
)
def test_what_is_broken_is_no_table(name: str, content: bytes) -> None:
    if (name, content) == ("a.csv", b"{}"):
        content = "題\0".encode("utf-16")
    assert "L1-01" in failing(content, name)


def test_openpyxl_writes_what_is_read_the_same(tmp_path) -> None:
    made = openpyxl.Workbook()
    for row in GOOD:
        made.active.append(row)
    made.save(tmp_path / "a.xlsx")
    assert failing((tmp_path / "a.xlsx").read_bytes(), "a.xlsx") == set()


class TestWhatWasLookedAt:
    """A file is looked at once, as long as nothing that decides its results changes."""

    FILE = Candidate("a.csv", csv_of(changed(1, 1, "墨　田　区")), SAID)

    @pytest.fixture
    def examiner(self, dictionary: DataDictionary, monkeypatch: pytest.MonkeyPatch) -> Examiner:
        checks, _ = Examiner().report("received", {"FY2022Q3": [self.FILE]})

        def refuse(*_: object) -> None:
            raise AssertionError("looked at again")

        monkeypatch.setattr(readability, "read_file", refuse)
        return Examiner(build_frame(dictionary["readability_check"], checks))

    def test_it_keeps_its_results_in_any_folder(self, examiner: Examiner) -> None:
        moved = self.FILE._replace(name="FY2022Q4/b.csv")
        assert examiner.check(moved) == check_file(read_file(*self.FILE))

    @pytest.mark.parametrize(
        "changes",
        [
            {"name": "a.json"},
            {"content": csv_of(GOOD)},
            {"said": {}},
            {"said": SAID | {"previous": csv_of(GOOD)}},
        ],
    )
    def test_another_is_looked_at(self, examiner: Examiner, changes: Said) -> None:
        with pytest.raises(AssertionError, match="again"):
            examiner.check(self.FILE._replace(**changes))

    def test_results_of_other_rules_do_not_count(
        self, examiner: Examiner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(readability, "hash_code", lambda *_: "other code")
        with pytest.raises(AssertionError, match="again"):
            examiner.check(self.FILE)


def test_a_quotation_mark_that_is_never_closed_makes_no_table() -> None:
    content = b'a,b\r\n1,"x\r\n' + b"2,y\r\n" * 50_000
    assert read_file("list.csv", content).form == ""
