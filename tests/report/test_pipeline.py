from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from rich.console import Console
from tests.catalogue.office import PROPOSAL

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.base.periods import Period
from sumida_data.catalogue.record import TargetRecord
from sumida_data.packages.models import Packages
from sumida_data.pipelines.report import create_pipeline
from sumida_data.plan.models import Plans
from sumida_data.quality.rules import QualityRules
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Waves

ROOM = {
    "indicator_value": "indicator",
    "indicator_progress": "indicator",
    "response": "primary",
    "finding": "primary",
    "correction": "primary",
    "review_hint": "indicator",
    "progress_note": "indicator",
    "initiative": "primary",
    "initiative_effect_figure": "indicator",
}

LOCATIONS = {
    "progress_report": "data/08_reporting",
    "department_returns": "data/08_reporting/returns",
    "packages": "data/05_package",
    "preview_catalogue": "data/06_catalog/preview",
    "database": "data/sumida.duckdb",
}
CHECK = {
    "row_id": "Q205/procedure/-",
    "rule_id": "Q205",
    "rule_title": "手続番号は区の中で1つである",
    "table_name": "procedure",
    "subject": "-",
    "severity": "error",
    "characteristic": "consistency",
    "owner": "ICT推進担当",
    "depends_on": "data",
    "rows_checked": 10,
    "rows_failed": 0,
    "share_failed": Decimal(0),
    "may_fail": Decimal(0),
    "passed": True,
}


@pytest.fixture
def outputs(  # one fixture for each thing that the report reads
    municipality: HomeMunicipality,
    plans: Plans,
    rules: FindingRules,
    make_frames: Callable[..., dict[str, pd.DataFrame]],
    dictionary: DataDictionary,
    raw_parameters: dict[str, Any],
    value_rows: list[dict[str, Any]],
    response_rows: list[dict[str, Any]],
) -> dict[str, Any]:
    frames = make_frames(value_rows, response_rows)
    inputs = {f"{name}#{ROOM[name]}": frame for name, frame in frames.items()}
    inputs |= {
        "params:municipality": municipality,
        "params:plans": plans,
        "params:waves": Waves.model_validate(raw_parameters["waves"]),
        "params:finding_rules": rules,
        "params:quality_rules": QualityRules.model_validate(raw_parameters["quality_rules"]),
        "data_dictionary": dictionary,
        "check_result#check": build_frame(dictionary["check_result"], [CHECK]),
        "check_failure#check": build_frame(dictionary["check_failure"], []),
        "params:packages": Packages.model_validate(raw_parameters["packages"]),
        "privacy_check#release": build_frame(dictionary["privacy_check"], []),
        "readability_score#received": build_frame(dictionary["readability_score"], []),
        "reported_period": Period(2022, 3),
        "locations": LOCATIONS,
        "publication_proposal": PROPOSAL,
        "target_record": TargetRecord(Path("none")),
    }
    catalog = DataCatalog({name: MemoryDataset(data) for name, data in inputs.items()})
    results = SequentialRunner().run(create_pipeline(), catalog)
    return {name: dataset.load() for name, dataset in results.items()}


def test_writes_page_and_workbook_of_the_period(outputs: dict[str, Any]) -> None:
    files = outputs["progress_report"]
    assert sorted(files) == [
        "FY2022Q3/briefing_electronic_approval_rate.docx",
        "FY2022Q3/briefing_electronic_approval_rate.html",
        "FY2022Q3/briefing_electronic_approval_rate.pdf",
        "FY2022Q3/council_paper.docx",
        "FY2022Q3/council_paper.html",
        "FY2022Q3/council_paper.pdf",
        "FY2022Q3/council_slides.pptx",
        "FY2022Q3/progress_report.html",
        "FY2022Q3/progress_table.xlsx",
        "FY2022Q3/quality.html",
    ]
    assert "手続番号は区の中で1つである" in files["FY2022Q3/quality.html"].decode()
    assert files["FY2022Q3/progress_report.html"].startswith(b"<!DOCTYPE html>")
    assert files["FY2022Q3/progress_table.xlsx"].startswith(b"PK")


def test_summary_names_where_the_report_lies(outputs: dict[str, Any]) -> None:
    summary, console = outputs["run_summary"], Console(file=StringIO(), width=100, record=True)
    console.print(*summary["lines"])
    text = console.export_text()
    for name in (one for one in outputs["progress_report"] if "briefing" not in one):
        assert f"/{name}" in text
    assert summary["exit_code"] == 0
