"""What an office would write by hand with pandas and openpyxl to get the same fields.

It trusts the form: headings as they were handed out or have been seen, answers as they stand,
nothing checked.
"""

import re
from itertools import pairwise
from pathlib import Path

import pandas as pd

COVER = {"調査期", "基準日", "部", "課", "課コード", "回答日", "前回から変更なし"}
SECURITY = {"研修対象者数", "受講者数"}
TABLES = {
    "手続": "手続番号",
    "オンライン相談": "業務名",
    "研修": "研修名",
    "セキュリティ": "発生日",
    "取組事例": "事例名",
    "取組効果": "事例名",
}
# What departments have been seen to write instead.
RENAMED = {
    "番号": "手続番号",
    "手続の名称": "手続名",
    "オンライン件数": "うちオンライン件数",
    "オンライン開始日": "開始日",
    "部名": "部",
    "課名": "課",
    "所属コード": "課コード",
    "記入日": "回答日",
    "対象者数": "研修対象者数",
}


def read_workbook(path: Path) -> list[tuple[str, str, object]]:
    """Return sheet, heading and value of every answer in a returned workbook."""
    answers: list[tuple[str, str, object]] = []
    for name, sheet in pd.read_excel(path, sheet_name=None, header=None, engine="openpyxl").items():
        labels = {"表紙": COVER, "セキュリティ": SECURITY}.get(str(name), set())
        answers += [(str(name), *answer) for answer in _read_labels(sheet, labels)]
        if key := TABLES.get(str(name)):
            answers += [(str(name), *answer) for answer in _read_table(sheet, key)]
    return answers


def _read_labels(sheet: pd.DataFrame, labels: set[str]) -> list[tuple[str, object]]:
    found = []
    for row in sheet.itertuples(index=False):
        for label, value in pairwise(row):
            name = _clean(label)
            if name in labels and pd.notna(value):
                found.append((name, value))
    return found


def _read_table(sheet: pd.DataFrame, key: str) -> list[tuple[str, object]]:
    for number, row in enumerate(sheet.itertuples(index=False)):
        texts = [_clean(cell) for cell in row]
        if key not in texts:
            continue
        # Headings take two rows; those that are merged over both stand in the upper one.
        column = texts.index(key)
        top = number if pd.isna(sheet.iat[number + 1, column]) else number - 1
        pairs = zip(sheet.iloc[top], sheet.iloc[top + 1], strict=True)
        heads = [_clean(below) or _clean(above) for above, below in pairs]
        body = sheet.iloc[top + 3 :]
        body = body[body[column].notna()]
        return [
            (head, value)
            for head, name in zip(heads, body, strict=True)
            if head and head != "#"
            for value in body[name]
            if pd.notna(value)
        ]
    return []


def _clean(heading: object) -> str:
    text = re.sub(r"[\n※：].*", "", heading) if isinstance(heading, str) else ""
    return RENAMED.get(text, text)
