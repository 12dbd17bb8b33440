"""Nodes of the report pipeline."""

from typing import Any

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.base.periods import Period
from sumida_data.base.quota import Quota
from sumida_data.catalogue.changes import Proposal
from sumida_data.packages.models import Packages
from sumida_data.plan.models import Plans
from sumida_data.quality.overview import give_overview
from sumida_data.quality.rules import QualityRules
from sumida_data.report.content import ProgressReport, build_report
from sumida_data.report.page import (
    render_briefings,
    render_council_paper,
    render_page,
    render_quality_page,
)
from sumida_data.report.slides import render_slides
from sumida_data.report.summary import RunSummary, summarise_run
from sumida_data.report.survey import describe_survey
from sumida_data.report.workbooks import render_spreadsheet
from sumida_data.survey.findings import FindingRules

# What a person looks for first. Where each lies is said in the catalogue.
PRODUCTS = {
    "進捗レポート": "data/08_reporting/{period}/progress_report.html",
    "進捗表(Excel)": "data/08_reporting/{period}/progress_table.xlsx",
    "データの検査結果": "data/08_reporting/{period}/quality.html",
    "議会資料(印刷用)": "data/08_reporting/{period}/council_paper.html",
    "議会資料(スライド)": "data/08_reporting/{period}/council_slides.pptx",
    "回収状況と催促の文面": "data/08_reporting/returns/{period}/_回収状況.html",
    "課ごとの確認結果": "data/08_reporting/returns/{period}",
    "データパッケージ": "data/05_package",
    "公開カタログの下見": "data/06_catalog/preview/index.html",
    "公開すると変わるもの": "data/06_catalog/preview/changes.html",
    "分析用データベース": "data/sumida.duckdb",
}


def gather_report(  # one argument for each table and description
    municipality: HomeMunicipality,
    dictionary: dict[str, Any],
    plans: Plans,
    finding_rules: FindingRules,
    reported_period: str,
    response: pd.DataFrame,
    finding: pd.DataFrame,
    **tables: pd.DataFrame,
) -> ProgressReport:
    """Gather what the report of a period says."""
    survey = describe_survey(reported_period, response, finding, finding_rules)
    period = Period.parse(reported_period)
    plan = plans.reported_in(period).on(period.last_day)
    described = DataDictionary.model_validate(dictionary)
    return build_report(described, municipality.name, plan, period, tables, survey)


def write_quality_page(
    report: ProgressReport,
    municipality: HomeMunicipality,
    rules: QualityRules,
    check_result: pd.DataFrame,
    check_failure: pd.DataFrame,
) -> bytes:
    """Write the results of the checks as a page."""
    described = report.dictionary
    indicators = [one.line.indicator for one in report.indicators]
    overview = give_overview(
        rules,
        described,
        read_rows(check_result),
        read_rows(check_failure),
        {indicator.indicator_id: indicator.title for indicator in indicators},
    )
    return render_quality_page(
        municipality, described, report.period, overview, sample=report.sample
    )


def write_report(report: ProgressReport, quality_page: bytes) -> dict[str, bytes]:
    """Give the report the form of pages, a workbook and slides, by file name."""
    papers = {
        "progress_report.html": render_page(report),
        "quality.html": quality_page,
        "progress_table.xlsx": render_spreadsheet(report),
        "council_paper.html": render_council_paper(report),
        "council_slides.pptx": render_slides(report),
    }
    briefings = render_briefings(report).items()
    papers |= {f"briefing_{indicator}.html": page for indicator, page in briefings}
    return {f"{report.period}/{name}": content for name, content in papers.items()}


def summarise(
    report: ProgressReport,
    quota: Quota,
    packages: Packages,
    proposal: dict[str, Any],
    **tables: pd.DataFrame,
) -> RunSummary:
    """Say what the run did."""
    products = {title: path.format(period=report.period) for title, path in PRODUCTS.items()}
    proposed = Proposal.model_validate(proposal)
    return summarise_run(report, tables, quota, packages, proposed, products)
