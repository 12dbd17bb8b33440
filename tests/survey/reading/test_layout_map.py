from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sumida_data.survey.collecting.collection import Collected, Collector
from sumida_data.survey.collecting.returns import FormReader
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form, Waves
from sumida_data.survey.reading.registers import ReferenceTableError, parse_layout_map
from tests.survey.conftest import DEPARTMENTS, cover

ROW = {
    "period": "FY2022Q3",
    "file": "1203*",
    "table": "consultation",
    "field": "consultation_status",
    "heading": "実施の有無",
}
OWN_FORM = {
    "表紙": cover(),
    "相談": [["業務名", "実施の有無", "手段", "年間件数"], ["税務相談", "実施", "電話", 3]],
}


@pytest.fixture
def read(
    tmp_path: Path,
    form: Form,
    waves: Waves,
    rules: FindingRules,
    make_workbook: Callable[..., bytes],
) -> Callable[[str], Collected]:
    """Return a function that collects one form of a department's own under this name."""

    def run(name: str) -> Collected:
        path = tmp_path / "own.xlsx"
        path.write_bytes(make_workbook(OWN_FORM))
        reader = FormReader(form, rules, parse_layout_map([ROW], form))
        collector = Collector(reader, waves, DEPARTMENTS, "131075")
        return collector.collect({name: SourceFile(name, path)})

    return run


def status_of(collected: Collected) -> str | None:
    return next((a.value for a in collected.answers if a.field == "consultation_status"), None)


def test_a_mapped_heading_is_read(read: Callable[[str], Collected]) -> None:
    assert status_of(read("FY2022Q3/1203_税務課.xlsx")) == "実施"


@pytest.mark.parametrize("name", ["FY2022Q2/1203_税務課.xlsx", "FY2022Q3/税務課.xlsx"])
def test_it_holds_for_its_files_alone(read: Callable[[str], Collected], name: str) -> None:
    collected = read(name)
    assert status_of(collected) is None
    unknown = [f.value_found for f in collected.findings if f.rule_id == "F206"]
    assert unknown == ["実施の有無"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"field": "consultation_state"}, "2行目: 調査票に consultation.consultation_state は"),
        ({"table": "consult"}, "2行目: 調査票に consult.consultation_status は"),
        ({"heading": ""}, "2行目の heading が空です"),
        ({"period": "2022Q3"}, "2行目の period: 期間 '2022Q3' は読めません"),
    ],
)
def test_a_mistake_names_its_row(form: Form, change: dict[str, Any], told: str) -> None:
    with pytest.raises(ReferenceTableError, match=told):
        parse_layout_map([ROW | change], form)
