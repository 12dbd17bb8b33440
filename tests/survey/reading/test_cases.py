"""Cases in which a figure was once wrong without a word, each with what is right."""

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import xlsxwriter

from sumida_data.survey.collecting.collection import Collected
from tests.survey.conftest import PROCEDURE_HEADINGS, cover
from tests.survey.files import with_parts

Collect = Callable[[dict[str, Any]], Collected]
ROW = ["T1203-02", "届出", "非該当", "該当", "済", "R4.10.1", "窓口", 120, 30, "無", "対象外"]
EFFECTS = [
    "事例名", "効果", "値", "単位", "実績/見込み", "概数", "条件", "年間件数", "1件当たり分", "箇所数",
]  # fmt: skip
CONSULTATIONS = ["業務名", "実施状況", "手段", "開始日", "年間件数", "備考"]
TWO_COLUMNS = [*PROCEDURE_HEADINGS[:7], "年間件数", "年間件数", *PROCEDURE_HEADINGS[8:]]
LAST_AND_NOW = [*[""] * 7, "前回", "今回"]


def workbook(sheets: dict[str, list[Sequence[Any]]], **options: Any) -> bytes:
    """A workbook of these rows; a pair is a number in that number format."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, options) as book:
        for name, rows in ({"表紙": cover()} | sheets).items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    value, code = cell if isinstance(cell, tuple) else (cell, "")
                    style = book.add_format({"num_format": code}) if code else None
                    sheet.write(at, column, value, style)
    return buffer.getvalue()


def with_single_quotes(content: bytes) -> bytes:
    """The same workbook with its 1904 days said in single quotes."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("xl/workbook.xml").decode()
    return with_parts(content, {"xl/workbook.xml": xml.replace('date1904="1"', "date1904='1'")})


def with_escapes(content: bytes) -> bytes:
    """The same workbook with a line break as other systems write it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("xl/sharedStrings.xml").decode()
    return with_parts(content, {"xl/sharedStrings.xml": xml.replace("届出", "届_x000D_\n出")})


def effect(value: Any, unit: str) -> list[Sequence[Any]]:
    return [EFFECTS, ["RPA", "割合", value, unit, "実績", "いいえ", "", "", "", ""]]


def procedure(number: str = "T1203-02", day: Any = "R4.10.1") -> list[Sequence[Any]]:
    return [PROCEDURE_HEADINGS, [number, *ROW[1:5], day, *ROW[6:]]]


def consultations(*names: str) -> list[Sequence[Any]]:
    rows = [[name, "実施", "Web会議", "2022/4/1", 40, ""] for name in names]
    return [CONSULTATIONS, *rows]


@pytest.mark.parametrize(
    ("content", "cell", "value", "finding"),
    [
        (workbook({"取組効果": effect((0.3, "0%"), "%")}), "C2", "30", None),
        (workbook({"取組効果": effect((0.98, "0%"), "%")}), "C2", "98", None),
        (workbook({"取組効果": effect((5.1, '0.0"千時間"'), "時間")}), "C2", None, "F301"),
        (
            workbook({"手続": [TWO_COLUMNS, LAST_AND_NOW, [*ROW[:7], 7, 120, *ROW[8:]]]}),
            "I3", "120", None,
        ),
        (workbook({"手続": procedure("\u202aT1203-02\u202c")}), "A2", "T1203-02", "F335"),
        (workbook({"オンライン相談": consultations("葛西", "葛\U000e0100西")}), "A3", None, "F306"),
        (workbook({"オンライン相談": consultations("税", "税\u202c")}), "A3", None, "F306"),
        (
            with_single_quotes(workbook({"手続": procedure(day=(43373, "0"))}, date_1904=True)),
            "F2", "2022-10-01", "F113",
        ),
        (with_escapes(workbook({"手続": procedure()})), "B2", "届出", None),
    ],
    ids=range(9),
)  # fmt: skip
def test_is_read_right_or_told(
    collect: Collect, content: bytes, cell: str, value: str | None, finding: str | None
) -> None:
    collected = collect({"FY2022Q3/1203.xlsx": content})
    answers = {one.cell: one.value for one in collected.answers if one.sheet != "表紙"}
    found = {one.rule_id for one in collected.findings} - {"F204", "F205", "F206", "F323", "F502"}
    assert answers.get(cell) == value
    assert finding in found if finding else not found


def like_procedures(**other: Any) -> list[Sequence[Any]]:
    """A procedure, and below it one like it, with another number and these other cells."""
    headings = list(PROCEDURE_HEADINGS)
    row = dict(zip(headings, ROW, strict=False)) | {"手続番号": "T1203-03"} | other
    return [headings, ROW, [row.get(heading, "") for heading in headings]]


@pytest.mark.parametrize(
    ("other", "cells"),
    [
        ({}, ["A3"]),
        ({"開始日": "R4.10.2"}, ["A3"]),
        ({"開始日": "R4.9.30"}, []),
        ({"開始日": "R4.10.3"}, []),
        ({"手続名": "変更届"}, []),
        ({"年間件数": 121}, []),
    ],
    ids=range(6),
)
def test_a_row_like_the_one_above_is_asked_about(
    collect: Collect, other: dict[str, Any], cells: list[str]
) -> None:
    collected = collect({"FY2022Q3/1203.xlsx": workbook({"手続": like_procedures(**other)})})
    told = [one.place.cell for one in collected.findings if one.rule_id == "F346"]
    assert told == cells
    assert any(one.cell == "A3" and one.value == "T1203-03" for one in collected.answers)


def with_labels(*rows: Sequence[Any], comment: str = "") -> bytes:
    """A workbook whose sheet of label cells has these rows, and a comment on one of them."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        for name, lines in {"表紙": cover(), "セキュリティ": rows}.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(lines):
                sheet.write_row(at, 0, row)
        if comment:
            sheet.write_comment(comment, "千人単位")
    return buffer.getvalue()


OF_LABELS = {"F214", "F218", "F220", "F319", "F331"}


@pytest.mark.parametrize(
    ("content", "value", "finding"),
    [
        (with_labels(["研修対象者数", 11], ["受講者数", 9]), "9", None),
        (with_labels(["研修対象者数", 11], ["受講者数", 9], comment="A2"), "9", ("F331", "A2")),
        (with_labels([11, 9], ["研修対象者数", "受講者数"], []), None, ("F319", "B1")),
        (with_labels(["研修対象者数", 11], [9], ["受講者数"]), None, ("F319", "A2")),
        (with_labels(["人数のまとめ"], ["受講者数"]), None, None),
        (with_labels(["研修対象者数", 11], ["受講者数（千人）", 9]), None, ("F214", "A2")),
        (with_labels(["研修対象者数", 11], ["受講者数（延べ）", 9]), "9", ("F218", "A2")),
        (with_labels(["研修対象者数", 11], ["受講者数", 9, "千人"]), "9", ("F220", "C2")),
        (with_labels(["研修対象者数", 11], ["受講者数", 9, "←見込み"]), "9", ("F319", "C2")),
        (with_labels(["単位：百人"], ["研修対象者数", 11], ["受講者数", 9]), "9", ("F220", "A1")),
        (with_labels(["研修対象者数", 11, "人", "受講者数", 9, "名"]), "9", None),
        (with_labels(["研修対象者数", "受講者数"], [11, 9]), "9", None),
    ],
    ids=range(12),
)
def test_what_belongs_to_a_label_is_told(
    collect: Collect, content: bytes, value: str | None, finding: tuple[str, str] | None
) -> None:
    collected = collect({"FY2022Q3/1203.xlsx": content})
    values = {one.field: one.value for one in collected.answers}
    found = (one for one in collected.findings if one.rule_id in OF_LABELS)
    told = {(one.rule_id, one.place.cell) for one in found}
    assert values.get("trainees") == value
    assert finding in told if finding else not told
