"""The quarter after a plan has ended: one indicator goes on, one is new, the others end.

Papers, packages and site show both plans, each judged by its own targets.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.base.periods import Period
from sumida_data.packages.models import Packages
from sumida_data.pipelines.report import gather_report, write_report
from sumida_data.plan.models import (
    Baseline,
    IndicatorTarget,
    Plans,
    describe_baselines,
    describe_indicators,
    describe_methods,
    describe_targets,
)
from sumida_data.plan.progress import assess
from sumida_data.quality.rules import QualityRules
from sumida_data.report.content import ProgressReport
from sumida_data.site.content import Published, SiteSettings, read_published
from sumida_data.site.pages import build_site
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Waves
from tests.packages.conftest import CARD_RATE, build_packages_of, frames, packages
from tests.plan.conftest import two_plans

__all__ = ["build_packages_of", "frames", "packages", "two_plans"]

Row = dict[str, Any]
PERIOD = Period(2026, 1)
FIGURES = {
    "online_consultations": 45,  # ends at 50
    "open_datasets": 214,  # ends at 200, and goes on as the next
    "open_datasets_2026": 214,  # from 210 to 300
    "ai_services": 3,  # new, from 0 to 40
}
TABLES = ("review_hint", "correction", "progress_note", "initiative", "department")


@pytest.fixture(scope="session")
def both(two_plans: Plans) -> Plans:
    """The ward's plan, and the next with one indicator that goes on and one that is new."""
    first, second = two_plans.root
    changes = {
        "indicator_id": "ai_services",
        "title": "生成AIを使う業務数",
        "title_en": "Services with generative AI",
        "baseline": Baseline(value=Decimal(0), as_of=date(2026, 3, 31)),
        "targets": (IndicatorTarget(target_date=date(2030, 3, 31), target_min=Decimal(40)),),
    }
    new = first.indicator("online_consultations").model_copy(update=changes)
    later = second.model_copy(update={"indicators": (second.indicators[0], new)})
    return Plans.model_validate((first, later))


@pytest.fixture(scope="session")
def rows(both: Plans) -> dict[str, list[Row]]:
    """The values of both plans in the first quarter of the second, and their verdicts."""
    values = []
    for plan, one in both.owners.values():
        number = FIGURES.get(one.indicator_id)
        own = {
            "row_id": f"131075/{one.indicator_id}/{PERIOD}/1",
            "plan_id": plan.plan_id,
            "indicator_id": one.indicator_id,
            "indicator_title": one.title,
            "unit": one.unit,
            "period": str(PERIOD),
            "fiscal_year": 2026,
            "fiscal_quarter": 1,
            "as_of": PERIOD.last_day,
            "value": None if number is None else Decimal(number),
            "numerator": None if number is None else Decimal(number),
            "denominator": None,
            "value_status": "not_measured" if number is None else "measured",
        }
        values.append(CARD_RATE | own)
    progress = [
        row for value in values for row in assess(*both.owners[value["indicator_id"]], value)
    ]
    return {"indicator_value": values, "indicator_progress": progress}


def test_a_verdict_rests_on_the_target_of_its_own_plan(rows: dict[str, list[Row]]) -> None:
    linear = [row for row in rows["indicator_progress"] if row["method"] == "linear"]
    judged = {row["indicator_id"]: (row["target_value"], row["verdict"]) for row in linear}
    assert {name: judged[name] for name in FIGURES} == {
        "online_consultations": (50, "behind"),
        "open_datasets": (200, "achieved"),
        # 4 of the 5.6 that are due after 91 of 1,461 days.
        "open_datasets_2026": (300, "behind"),
        "ai_services": (40, "on_track"),
    }


@pytest.fixture
def reports(
    rows: dict[str, list[Row]],
    both: Plans,
    municipality: HomeMunicipality,
    dictionary: DataDictionary,
    rules: FindingRules,
) -> tuple[ProgressReport, list[ProgressReport]]:
    names = (*TABLES, "initiative_effect_figure", "response", "finding")
    tables = {name: build_frame(dictionary[name], rows.get(name, [])) for name in (*rows, *names)}
    return gather_report(municipality, dictionary, both, rules, PERIOD, **tables)


def test_the_papers_of_the_next_plan_stand_above_those_of_the_one_that_ended(
    reports: tuple[ProgressReport, list[ProgressReport]],
    municipality: HomeMunicipality,
    dictionary: DataDictionary,
    raw_parameters: dict[str, Any],
) -> None:
    report, [ended] = reports
    goes_on, new = report.indicators
    assert (goes_on.target.text, new.target.text) == ("300件", "40業務")
    targets = {one.indicator.indicator_id: one.target.text for one in ended.indicators}
    assert (targets["open_datasets"], targets["online_consultations"]) == ("200件", "50業務")
    assert "ai_services" not in targets
    rules = QualityRules.model_validate(raw_parameters["quality_rules"])
    checks = (build_frame(dictionary[name], []) for name in ("check_result", "check_failure"))
    papers = write_report(report, [ended], municipality, rules, *checks)
    above, below = (
        papers[f"FY2026Q1/{folder}progress_report.html"].decode()
        for folder in ("", "sumida-fy2022/")
    )
    assert "生成AIを使う業務数" in above
    assert "オンライン相談等実施業務数" not in above
    assert "オンライン相談等実施業務数" in below
    assert "FY2026Q1/sumida-fy2022/council_slides.pptx" in papers


@pytest.fixture(scope="session")
def published(
    rows: dict[str, list[Row]], both: Plans, build_packages_of: Any, packages: Packages
) -> Published:
    described = {
        "indicator": describe_indicators(both),
        "indicator_target": describe_targets(both),
        "indicator_baseline": describe_baselines(both),
        "judging_method": describe_methods(both),
    }
    files = build_packages_of(packages, **rows, **described)
    return read_published(files, dict.fromkeys(path.partition("/")[0] for path in files))


def test_the_package_holds_both_with_their_targets(published: Published) -> None:
    found = published.rows("indicator_progress")
    targets = {row["indicator_id"]: (row["plan_id"], row["target_value"]) for row in found}
    assert targets["open_datasets"] == ("sumida-fy2022", 200)
    assert targets["open_datasets_2026"] == ("sumida-fy2026", 300)
    continued = {
        row["indicator_id"]: row["continues_indicator_id"] for row in published.rows("indicator")
    }
    assert continued["open_datasets_2026"] == "open_datasets"
    assert continued["ai_services"] is None


def test_the_site_shows_both_and_leads_from_one_to_the_other(
    published: Published,
    both: Plans,
    municipality: HomeMunicipality,
    waves: Waves,
    dictionary: DataDictionary,
    raw_parameters: dict[str, Any],
) -> None:
    site = SiteSettings.model_validate(raw_parameters["site"])
    pages = build_site(published, municipality, both, waves, site, dictionary)
    texts = {path: pages[path].decode() for path in pages if path.endswith(".html")}
    assert "indicators/ai_services.html" in texts["index.html"]
    assert "indicators/online_consultations.html" not in texts["index.html"]
    assert 'href="plans/sumida-fy2022.html"' in texts["index.html"]
    assert "indicators/online_consultations.html" in texts["plans/sumida-fy2022.html"]
    before = texts["indicators/open_datasets_2026.html"].partition("前の計画の指標")[2]
    assert before.startswith('</dt><dd><a href="open_datasets.html"')
    assert "前の計画の指標" not in texts["indicators/ai_services.html"]
