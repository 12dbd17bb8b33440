"""A ward's figures as the report meets them: those of the deck, with what led up to them."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary, HomeMunicipality, Quota
from sumida_data.base.periods import Period
from sumida_data.packages.models import Packages
from sumida_data.plan.models import Plan
from sumida_data.plan.progress import assess
from sumida_data.report.content import ProgressReport, SurveyState
from sumida_data.survey.findings import FindingRules

Row = dict[str, Any]

FIGURES = {
    "online_procedures_dx": ("6", "23"),
    "online_procedures_priority": ("13", "37"),
    "cashless_procedures": ("13", "209"),
    "online_consultations": ("20", "26"),
    "mynumber_card_rate": ("47.3", "59.3"),
    "open_datasets": ("130", "154"),
    "electronic_approval_rate": ("58.0", "64.4"),
    "standardized_systems": (None, None),
    "staff_trainings": ("0", "3"),
    "security_training_rate": ("99", "100"),
    "serious_incidents": ("0", "0"),
}
OWN_DAYS = {
    ("mynumber_card_rate", "FY2021Q4"): date(2022, 4, 1),
    ("mynumber_card_rate", "FY2022Q3"): date(2023, 1, 31),
    ("electronic_approval_rate", "FY2021Q4"): date(2021, 3, 31),
    ("electronic_approval_rate", "FY2022Q3"): date(2022, 3, 31),
}


@pytest.fixture(scope="session")
def quota(raw_parameters: dict[str, Any]) -> Quota:
    return Quota.model_validate(raw_parameters["quota"])


@pytest.fixture(scope="session")
def packages(raw_parameters: dict[str, Any]) -> Packages:
    return Packages.model_validate(raw_parameters["packages"])


@pytest.fixture
def make_value(plan: Plan, municipality: HomeMunicipality) -> Callable[..., Row]:
    """Return a function that makes a row of indicator_value; without a value it is not measured."""

    def make(indicator_id: str, period: str, value: str | None, **more: Any) -> Row:
        indicator = next(one for one in plan.indicators if one.indicator_id == indicator_id)
        quarter = Period.parse(period)
        amount = None if value is None else Decimal(value)
        asked = indicator.source == "survey"
        return {
            "row_id": f"{indicator_id}/{period}",
            "municipality_code": municipality.code,
            "municipality_name": municipality.name,
            "plan_id": plan.plan_id,
            "indicator_id": indicator_id,
            "indicator_title": indicator.title,
            "period": period,
            "revision": 1,
            "fiscal_year": quarter.fiscal_year,
            "fiscal_quarter": quarter.quarter,
            "as_of": OWN_DAYS.get((indicator_id, period), quarter.last_day),
            "value": amount,
            "numerator": amount,
            "unit": indicator.unit,
            "value_status": "not_measured" if value is None else "measured",
            "definition_version": "1",
            "departments_asked": 4 if asked else None,
            "departments_answered": 3 if asked else None,
            "sample": False,
        } | more

    return make


@pytest.fixture
def value_rows(make_value: Callable[..., Row]) -> list[Row]:
    """Rows of indicator_value: the baselines' quarter and the deck's quarter."""
    return [
        make_value(name, period, value)
        for name, figures in FIGURES.items()
        for period, value in zip(("FY2021Q4", "FY2022Q3"), figures, strict=True)
    ]


@pytest.fixture
def response_rows() -> list[Row]:
    """Four departments of two divisions: two answered, one did not, one said no change."""
    states = {
        "1101": ("企画経営室", "ICT推進担当", "received"),
        "1203": ("区民部", "税務課", "received"),
        "1204": ("区民部", "窓口課", "no_change"),
        "1205": ("区民部", "国保年金課", "not_received"),
    }
    return [
        {
            "row_id": code,
            "municipality_code": "131075",
            "period": "FY2022Q3",
            "department_code": code,
            "division": division,
            "section": section,
            "response_status": status,
            "source_file": None if status == "not_received" else f"FY2022Q3/{code}.xlsx",
            "due_on": date(2023, 1, 16),
            "rows": 0 if status == "not_received" else 10,
            "answers": 1,
            "rows_set_aside": 0,
            "sample": False,
        }
        for code, (division, section, status) in states.items()
    ]


@pytest.fixture
def make_finding() -> Callable[..., Row]:
    """Return a function that makes a row of finding."""

    def make(rule_id: str, severity: str, period: str | None = "FY2022Q3") -> Row:
        return {
            "row_id": f"{rule_id}/{period}",
            "rule_id": rule_id,
            "severity": severity,
            "period": period,
            "message": "指摘",
            "how_to_fix": "直し方",
        }

    return make


@pytest.fixture
def make_frames(plan: Plan, dictionary: DataDictionary) -> Callable[..., dict[str, pd.DataFrame]]:
    """Return a function that makes the four frames from rows."""

    def make(
        values: Iterable[Row], responses: Iterable[Row] = (), findings: Iterable[Row] = ()
    ) -> dict[str, pd.DataFrame]:
        indicators = {one.indicator_id: one for one in plan.indicators}
        progress = [
            method
            for row in values
            for method in assess(plan, indicators[row["indicator_id"]], row)
        ]
        rows = {
            "indicator_value": values,
            "indicator_progress": progress,
            "response": responses,
            "finding": findings,
            "review_hint": [],
            "correction": [],
            "progress_note": [],
            "initiative": [],
            "initiative_effect_figure": [],
        }
        return {name: build_frame(dictionary[name], some) for name, some in rows.items()}

    return make


@pytest.fixture
def make_report(
    dictionary: DataDictionary, municipality: HomeMunicipality, plan: Plan, rules: FindingRules
) -> Callable[..., ProgressReport]:
    """Return a function that gathers the report of a period from the frames."""

    def make(frames: dict[str, pd.DataFrame], period: str = "FY2022Q3") -> ProgressReport:
        survey = SurveyState(period, frames["response"], frames["finding"], rules)
        quarter = Period.parse(period)
        return ProgressReport(dictionary, municipality.name, plan, quarter, frames, survey)

    return make


@pytest.fixture
def report(
    make_frames: Callable[..., dict[str, pd.DataFrame]],
    make_report: Callable[..., ProgressReport],
    value_rows: list[Row],
    response_rows: list[Row],
) -> ProgressReport:
    """The report of the deck's quarter."""
    return make_report(make_frames(value_rows, response_rows))
