"""Typed tables made from a handful of answers, as ingest makes them."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from sumida_data.base.frames import build_frame, build_frame_of_tuples
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.plan.models import Baseline, Indicator, IndicatorTarget, Plan, Plans, Predecessor
from sumida_data.plan.values import Coverage, compute_indicators
from sumida_data.survey.answers import Origin, make_rows
from sumida_data.survey.departments import Department
from sumida_data.survey.form import CentralSources, Form
from sumida_data.survey.reading.reader import Answer, Record
from sumida_data.survey.reading.text import Reading
from sumida_data.survey.tables import build_typed_tables


class Answers:
    """Collects answers, one record at a time."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self._given: list[tuple[Record, Origin]] = []

    def add(
        self,
        table: str,
        key: str,
        period: str = "FY2022Q3",
        department: str | None = "1203",
        municipality: str = "131075",
        **values: str | None,
    ) -> None:
        answers = [
            Answer(
                name,
                "シート",
                f"{chr(65 + i)}{len(self.rows) + 1}",
                value or "",
                Reading(value, "answered" if value else "not_answered"),
            )
            for i, (name, value) in enumerate(values.items())
        ]
        origin = Origin(
            municipality, period, department, f"{period}/x.xlsx", "f" * 64, sample=False
        )
        self._give(Record(table, key, answers), origin)

    def carry(self, period: str) -> None:
        """Carry all answers so far forward into a quarter."""
        for record, origin in [*self._given]:
            self._give(record, origin.carry(period, "1203"))

    def _give(self, record: Record, origin: Origin) -> None:
        self._given.append((record, origin))
        self.rows += make_rows(record, origin)


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture(scope="session")
def two_plans(plan: Plan) -> Plans:
    """The ward's plan, and one for the four years after it that goes on counting two things."""
    later = plan.model_copy(
        update={
            "plan_id": "sumida-fy2026",
            "title": "次の計画",
            "first_day": date(2026, 4, 1),
            "last_day": date(2030, 3, 31),
            "baseline_fiscal_year": 2025,
            "assumed_baseline_day": date(2026, 3, 31),
            "indicators": (
                _continue(plan, "open_datasets", base=210, target=300),
                _continue(plan, "staff_trainings", base=12, target=20),
            ),
        }
    )
    return Plans.model_validate((plan, later))


def _continue(plan: Plan, indicator_id: str, *, base: int, target: int) -> Indicator:
    """The indicator as a plan for FY2026 to FY2029 goes on with it."""
    return plan.indicator(indicator_id).model_copy(
        update={
            "indicator_id": f"{indicator_id}_2026",
            "continues": Predecessor(plan_id=plan.plan_id, indicator_id=indicator_id),
            "baseline": Baseline(value=Decimal(base), as_of=date(2026, 3, 31)),
            "targets": (
                IndicatorTarget(target_date=date(2030, 3, 31), target_min=Decimal(target)),
            ),
        }
    )


@pytest.fixture
def compute_all(
    answers: Answers,
    dictionary: DataDictionary,
    municipality: HomeMunicipality,
    plans: Plans,
    form: Form,
    sources: CentralSources,
) -> Callable[..., Any]:
    """Return a function that computes values, lineage and values by department."""

    def run(
        *periods: str,
        plans: Plans = plans,
        asked: int = 75,
        answered: int = 70,
        departments: Sequence[Department] = (),
        coverage: Sequence[Coverage] = (),
        people: Sequence[str] = (),
    ) -> Any:
        frame = build_frame_of_tuples(dictionary["answer"], answers.rows)
        parts = (*form.answer_sheets, *sources.root)
        tables = build_typed_tables(frame, [dictionary[part.table] for part in parts])
        coverage = coverage or [
            Coverage(municipality.code, period, table, asked, answered)
            if table not in ("standardization", "indicator_explanation")
            else Coverage(municipality.code, period, table, 0, 0)
            for period in periods
            for table in (sheet.table for sheet in form.answer_sheets)
        ]
        response = pd.DataFrame({"period": periods, "sample": False})
        return compute_indicators(
            {municipality.code: municipality.name},
            plans,
            tables | {"answer": frame},
            coverage,
            response,
            departments,
            people,
        )

    return run


@pytest.fixture
def compute(
    compute_all: Callable[..., Any], dictionary: DataDictionary
) -> Callable[..., tuple[dict[tuple[str, str], dict[str, Any]], pd.DataFrame]]:
    """Return a function that computes all values, by indicator and quarter, and lineage."""

    def run(
        *periods: str, **options: Any
    ) -> tuple[dict[tuple[str, str], dict[str, Any]], pd.DataFrame]:
        rows, lineage, _ = compute_all(*periods, **options)
        build_frame(dictionary["indicator_value"], rows)
        return {(r["indicator_id"], r["period"]): r for r in rows}, lineage.to_pandas()

    return run
