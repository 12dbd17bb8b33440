"""Nodes of the report pipeline."""

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.base.periods import Period
from sumida_data.base.quota import Quota
from sumida_data.catalogue.approval import Proposal
from sumida_data.packages.models import Packages
from sumida_data.pipelines.wiring import Locations
from sumida_data.plan.models import Plans
from sumida_data.quality.overview import give_overview
from sumida_data.quality.readability.scores import say_by_name
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

# What a person looks for first: the dataset, and the place in it.
PRODUCTS = {
    "進捗レポート": ("progress_report", "/{period}/progress_report.html"),
    "進捗表(Excel)": ("progress_report", "/{period}/progress_table.xlsx"),
    "データの検査結果": ("progress_report", "/{period}/quality.html"),
    "議会資料(印刷用)": ("progress_report", "/{period}/council_paper.html"),
    "議会資料(スライド)": ("progress_report", "/{period}/council_slides.pptx"),
    "回収状況と催促の文面": ("department_returns", "/{period}/_回収状況.html"),
    "課ごとの確認結果": ("department_returns", "/{period}"),
    "データパッケージ": ("packages", ""),
    "公開カタログの下見": ("preview_catalogue", "/index.html"),
    "公開すると変わるもの": ("preview_catalogue", "/changes.html"),
    "分析用データベース": ("database", ""),
}


def gather_report(  # one argument for each table and description
    municipality: HomeMunicipality,
    dictionary: DataDictionary,
    plans: Plans,
    finding_rules: FindingRules,
    reported_period: Period,
    response: pd.DataFrame,
    finding: pd.DataFrame,
    **tables: pd.DataFrame,
) -> tuple[ProgressReport, list[ProgressReport]]:
    """Gather what the report of a period says, and those of other plans that have values in it."""
    period, reported = reported_period, plans.reported_in(reported_period)
    survey = describe_survey(str(period), response, finding, finding_rules)
    report, *others = (
        build_report(
            dictionary, municipality.name, plan.on(period.last_day), period, tables, survey
        )
        for plan in sorted(plans.measured_in(period), key=lambda plan: plan is not reported)
    )
    return report, others


def write_quality_page(
    report: ProgressReport,
    municipality: HomeMunicipality,
    rules: QualityRules,
    check_result: pd.DataFrame,
    check_failure: pd.DataFrame,
) -> bytes:
    """Write the results of the checks as a page."""
    indicators = [one.line.indicator for one in report.indicators]
    overview = give_overview(
        rules,
        report.dictionary,
        read_rows(check_result),
        read_rows(check_failure),
        {indicator.indicator_id: indicator.title for indicator in indicators},
    )
    return render_quality_page(
        municipality, report.dictionary, report.period, overview, sample=report.sample
    )


def write_report(
    report: ProgressReport, other_reports: list[ProgressReport], quality_page: bytes
) -> dict[str, bytes]:
    """Give the report the form of pages, a workbook and slides, by file name.

    Those of other plans stand beside it, in a folder by the name of the plan.
    """
    folder = str(report.period)
    papers = _write_papers(report, folder) | {f"{folder}/quality.html": quality_page}
    for other in other_reports:
        papers |= _write_papers(other, f"{folder}/{other.plan.plan_id}")
    return papers


def _write_papers(report: ProgressReport, folder: str) -> dict[str, bytes]:
    briefings = render_briefings(report).items()
    papers = {
        "progress_report.html": render_page(report),
        "progress_table.xlsx": render_spreadsheet(report),
        "council_paper.html": render_council_paper(report),
        "council_slides.pptx": render_slides(report),
        **{f"briefing_{indicator}.html": page for indicator, page in briefings},
    }
    return {f"{folder}/{name}": content for name, content in papers.items()}


def summarise(
    report: ProgressReport,
    quota: Quota,
    packages: Packages,
    proposal: Proposal,
    locations: Locations,
    received_scores: pd.DataFrame,
    **tables: pd.DataFrame,
) -> RunSummary:
    """Say what the run did."""
    products = {
        title: locations[dataset] + path.format(period=report.period)
        for title, (dataset, path) in PRODUCTS.items()
    }
    rows = [row for row in read_rows(received_scores) if row["kind"] == "set"]
    points = say_by_name(rows, report.dictionary.words("readability_score.level"))
    readability = points.get(str(report.period), "")
    return summarise_run(report, tables, quota, packages, proposal, products, readability)
