"""Two packages built from a few rows, sample and not."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.packages.descriptor import Surroundings
from sumida_data.packages.models import Packages
from sumida_data.packages.package import BuiltPackages, build_packages
from sumida_data.plan.models import (
    Plans,
    describe_baselines,
    describe_indicators,
    describe_methods,
    describe_targets,
)
from sumida_data.quality.readability import Examiner
from sumida_data.survey.form import CentralSources

Row = dict[str, Any]
Frames = dict[str, pd.DataFrame]
Files = dict[str, bytes]

CARD_RATE: Row = {
    "row_id": "131075/mynumber_card_rate/FY2022Q3/1",
    "municipality_code": "131075",
    "municipality_name": "墨田区",
    "plan_id": "sumida-fy2022",
    "indicator_id": "mynumber_card_rate",
    "indicator_title": "マイナンバーカード普及率",
    "period": "FY2022Q3",
    "revision": 1,
    "fiscal_year": 2022,
    "fiscal_quarter": 3,
    "as_of": date(2023, 1, 31),
    "value": Decimal("59.3"),
    "numerator": Decimal(164826),
    "denominator": Decimal(278038),
    "unit": "%",
    "value_status": "measured",
    "definition_version": "1",
    "sample": False,
}
SYSTEMS: Row = CARD_RATE | {
    "row_id": "131075/standardized_systems/FY2022Q3/1",
    "indicator_id": "standardized_systems",
    "indicator_title": "標準化・共通化対応業務",
    "as_of": date(2022, 12, 31),
    "value": None,
    "numerator": None,
    "denominator": None,
    "unit": "業務",
    "value_status": "not_measured",
    "departments_asked": 0,
}
PROGRESS: Row = {
    key: CARD_RATE[key]
    for key in ("row_id", "municipality_code", "municipality_name", "plan_id", "indicator_id")
} | {
    "indicator_title": "マイナンバーカード普及率",
    "period": "FY2022Q3",
    "revision": 1,
    "as_of": date(2023, 1, 31),
    "unit": "%",
    "method": "linear",
    "value": Decimal("59.3"),
    "progress_ratio": Decimal("2.0774"),
    "cut_points_reason": "仮の基準",
    "verdict": "on_track",
    "agrees": True,
    "sample": False,
}
PROCEDURE: Row = {
    "row_id": "procedure-1",
    "municipality_code": "131075",
    "period": "FY2022Q3",
    "as_of": date(2022, 12, 31),
    "department_code": "1203",
    "sample": False,
    "procedure_number": "T1203-02",
    "procedure_name": "納税証明書の交付請求",
    "dx_plan_target": "非該当",
    "online_status": "済",
    "online_started_on": date(2022, 10, 1),
    "online_started_on_status": "answered",
    "annual_cases": 1200,
    "annual_cases_status": "answered",
    "online_cases_status": "not_answered",
    "cashless_status": "未定",
    "cashless_started_on_status": "not_applicable",
    "remarks": "担当者の私見",
}


@pytest.fixture(scope="session")
def packages(raw_parameters: dict[str, Any]) -> Packages:
    return Packages.model_validate(raw_parameters["packages"])


@pytest.fixture(scope="session")
def frames(dictionary: DataDictionary, plans: Plans) -> Frames:
    earlier = PROCEDURE | {"procedure_number": "T1203-01", "procedure_name": "住民税の申告"}
    rows: Mapping[str, Iterable[Row]] = {
        "indicator_value": [SYSTEMS, CARD_RATE],
        "indicator_target": describe_targets(plans),
        "indicator_baseline": describe_baselines(plans),
        "judging_method": describe_methods(plans),
        "indicator_progress": [PROGRESS],
        "indicator": describe_indicators(plans),
        "procedure": [PROCEDURE, earlier],
    }
    return {name: build_frame(dictionary[name], rows.get(name, [])) for name in dictionary.names()}


@pytest.fixture(scope="session")
def build_packages_of(
    dictionary: DataDictionary,
    frames: Frames,
    municipality: HomeMunicipality,
    sources: CentralSources,
) -> Callable[..., Files]:
    """Return a function that builds packages, with other rows in the tables named."""
    # It looks at each file once.
    examiner = Examiner()

    def build_with(
        described: Packages,
        before: Files | None = None,
        tables: DataDictionary = dictionary,
        built: BuiltPackages | None = None,
        **rows: Iterable[Row],
    ) -> Files:
        changed = frames | {name: build_frame(tables[name], rows[name]) for name in rows}
        surroundings = Surroundings(described, municipality, sources)
        return build_packages(surroundings, tables, changed, before or {}, examiner, {}, built)

    return build_with


@pytest.fixture(scope="session")
def build(build_packages_of: Callable[..., Files], packages: Packages) -> Callable[..., Files]:
    """Return a function that builds the project's packages, or others."""

    def build_with(described: Packages = packages, **changes: Any) -> Files:
        return build_packages_of(described, **changes)

    return build_with


@pytest.fixture(scope="session")
def built(build: Callable[..., Files]) -> Files:
    return build()


@pytest.fixture(scope="session")
def indicators(built: Files) -> Files:
    """The files of dx-indicators."""
    return {
        path.partition("/")[2]: content
        for path, content in built.items()
        if path.startswith("dx-indicators/")
    }
