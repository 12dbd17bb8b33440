"""Nothing in a published file runs when a spreadsheet opens it, and the data stay what they are."""

import csv
import io
import re
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from sumida_data.base.metadata import Field, Table
from sumida_data.packages.package import guard_formula, write_csv
from sumida_data.packages.published import PublishedTable

SOURCES = Path(__file__).parents[2] / "src/sumida_data"


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://example.jp")', "{=1}"[1:], "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1",
        "\n=1", " =1", "　=1", "＝1+1", "＋1", "－1", "＠SUM(A1)", "\u200b=1", "'=1", "=cmd|'/C calc'!A0",
    ],
)  # fmt: skip
def test_what_would_run_gets_an_apostrophe_that_can_be_taken_away(text: str) -> None:
    guarded = guard_formula(text)
    assert guarded == f"'{text}"
    assert guarded.removeprefix("'") == text


@pytest.mark.parametrize("text", ["税務課", "1=1", "a@b", "(−1)", "", None, "T1203-01", "{=1+1}"])
def test_other_texts_stay(text: str | None) -> None:
    assert guard_formula(text) == text


def test_negative_numbers_stay_numbers() -> None:
    fields = (
        Field(name="text", title="文字", title_en="Text"),
        Field(name="gap", title="差", title_en="Gap", type="number"),
        Field(name="count", title="数", title_en="Count", type="integer"),
    )
    table = Table(
        name="t", title="表", title_en="T", description="", primary_key=("text",), fields=fields
    )
    rows = pa.table({"text": ["-1"], "gap": [Decimal("-1.5000")], "count": [-3]})
    content = write_csv(PublishedTable(table, rows)).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(content)))[1] == ["'-1", "-1.5", "-3"]


def test_every_workbook_writes_texts_as_texts() -> None:
    """Every place that makes a workbook turns off formulas and links made from texts.

    The sample ward is left out: it imitates what departments send, formulas and all.
    """
    makers = [
        path
        for path in SOURCES.rglob("*.py")
        if "sample" not in path.parts
        and re.search(r"(?<!def )\bWorkbook\((?!\[|read|sheets)", text := path.read_text("utf-8"))
        and "xlsxwriter" in text
    ]
    names = {path.relative_to(SOURCES).as_posix() for path in makers}
    assert "base/xlsx.py" in names
    for path in makers:
        text = path.read_text("utf-8")
        assert '"strings_to_formulas": False' in text, path
        assert '"strings_to_urls": False' in text, path
