"""Small returns in the shape of the form."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sumida_data.survey.collecting.collection import Collected, Collector
from sumida_data.survey.collecting.receipts import Ledger
from sumida_data.survey.collecting.returns import FormReader
from sumida_data.survey.departments import Department
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form, Waves

DEPARTMENTS = [
    Department("1203", "区民部", "税務課", date(2020, 4, 1), None, "公表資料"),
    Department("1204", "区民部", "窓口課", date(2020, 4, 1), None, "公表資料"),
    Department("1903", "都市整備部", "道路公園課", date(2020, 4, 1), date(2024, 3, 31), "公表資料"),
]
SECTIONS = {"1204": "窓口課", "1903": "道路公園課", "1906": "道路課", "1907": "公園課"}
PROCEDURE_HEADINGS = [
    "手続番号",
    "手続名",
    "DX推進計画の対象",
    "優先手続の対象",
    "オンライン化",
    "開始日",
    "申請システム",
    "年間件数",
    "うちオンライン件数",
    "手数料",
    "キャッシュレス",
    "決済手段",
    "キャッシュレス開始日",
    "備考",
]


def cover(code: Any = "1203", **answers: Any) -> list[list[Any]]:
    """A cover sheet; answers by Japanese label."""
    labels = {
        "調査期": "令和4年度第3四半期",
        "部": "区民部",
        "課": SECTIONS.get(code, "税務課"),
        "課コード": code,
        "記入者": "見本 花子",
        "内線": "0000",
        "メール": "mihon@example.jp",
        "回答日": "R5.1.10",
        "基準日": "2022/12/31",
        "前回から変更なし": "",
    }
    return [[label, value] for label, value in (labels | answers).items()]


def procedures(*rows: Sequence[Any]) -> list[list[Any]]:
    """A 手続 sheet of rows given by their first cells."""
    return [PROCEDURE_HEADINGS, *[list(row) for row in rows]]


def empty_tables(form: Form) -> dict[str, list[list[Any]]]:
    """All tables that every department is asked for, without a row."""
    sheets: dict[str, list[list[Any]]] = {}
    for part in form.answer_sheets:
        titles = [field.title for field in part.fields]
        lines = [[title, ""] for title in titles] if part.layout == "labels" else [titles]
        if part.sheet not in ("標準化", "指標の説明"):
            sheets[part.sheet] = [*sheets.get(part.sheet, []), *lines, []]
    return sheets


@pytest.fixture
def collect(
    tmp_path: Path,
    form: Form,
    waves: Waves,
    rules: FindingRules,
    make_workbook: Callable[..., bytes],
) -> Callable[..., Collected]:
    """Return a function that collects files given by name as bytes or as sheets of rows."""

    def run(
        files: dict[str, Any], inquiries: Waves = waves, ledger: Ledger | None = None
    ) -> Collected:
        known = ledger or Ledger()
        sources = {}
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else make_workbook(content))
            sources[name] = SourceFile(name, path)
        reader = FormReader(form, rules)
        collector = Collector(reader, inquiries, DEPARTMENTS, "131075", ledger=known)
        return collector.collect(sources)

    return run
