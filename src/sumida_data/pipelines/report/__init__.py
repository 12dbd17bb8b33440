"""From indicator values to the progress report and the summary of the run."""

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.base.periods import Period
from sumida_data.catalogue.approval import Proposal
from sumida_data.catalogue.record import TargetRecord
from sumida_data.packages.models import Packages
from sumida_data.pipelines.wiring import Contents, Frame, Locations, Summary, join_nodes, makes
from sumida_data.plan.models import Plans
from sumida_data.privacy.gate import count_void_releases, list_stopped
from sumida_data.quality.overview import count_checks, give_overview
from sumida_data.quality.readability import say_by_name
from sumida_data.quality.rules import QualityRules
from sumida_data.report.content import ProgressReport, SurveyState
from sumida_data.report.summary import RunSummary, render_summary
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Waves

_TABLES = (
    *("correction", "indicator_value", "indicator_progress", "review_hint", "progress_note"),
    *("initiative", "initiative_effect_figure"),
)
# What a person looks for first: the dataset, and the place in it.
_PRODUCTS = {
    "進捗レポート": ("progress_report", "/{period}/progress_report.html"),
    "進捗表(Excel)": ("progress_report", "/{period}/progress_table.xlsx"),
    "データの検査結果": ("progress_report", "/{period}/quality.html"),
    "議会資料(印刷用)": ("progress_report", "/{period}/council_paper.html"),
    "議会資料(PDF)": ("progress_report", "/{period}/council_paper.pdf"),
    "議会資料(Word)": ("progress_report", "/{period}/council_paper.docx"),
    "議会資料(スライド)": ("progress_report", "/{period}/council_slides.pptx"),
    "回収状況と催促の文面": ("department_returns", "/{period}/_回収状況.html"),
    "課ごとの確認結果": ("department_returns", "/{period}"),
    "データパッケージ": ("packages", ""),
    "公開カタログの下見": ("preview_catalogue", "/index.html"),
    "公開すると変わるもの": ("preview_catalogue", "/changes.html"),
    "公開の決裁用紙": ("preview_catalogue", "/decision_sheet.html"),
    "分析用データベース": ("database", ""),
}


@makes("report_content", "other_reports", tables=_TABLES)
def gather_report(
    municipality: HomeMunicipality,
    dictionary: DataDictionary,
    plans: Plans,
    finding_rules: FindingRules,
    reported_period: Period,
    response: Frame,
    finding: Frame,
    **tables: Frame,
) -> tuple[ProgressReport, list[ProgressReport]]:
    """Gather what the report of a period says, and those of other plans that have values in it."""
    period, reported = reported_period, plans.reported_in(reported_period)
    survey, name = SurveyState(str(period), response, finding, finding_rules), municipality.name
    report, *others = (
        ProgressReport(dictionary, name, plan.on(period.last_day), period, tables, survey)
        for plan in sorted(plans.measured_in(period), key=lambda plan: plan is not reported)
    )
    return report, others


@makes("progress_report")
def write_report(
    report_content: ProgressReport,
    other_reports: list[ProgressReport],
    municipality: HomeMunicipality,
    rules: QualityRules,
    check_result: Frame,
    check_failure: Frame,
) -> Contents:
    """Give the report the form of pages, a workbook and slides, and write what checks found.

    Reports of other plans are beside it, in a folder by the name of the plan.
    """
    # Imported here, with what writes slides and papers, because a run may need no report.
    from sumida_data.report import papers  # noqa: PLC0415

    folder, described = str(report_content.period), report_content.dictionary
    titles = {one.indicator.indicator_id: one.indicator.title for one in report_content.indicators}
    results = (read_rows(check_result), read_rows(check_failure))
    overview = give_overview(rules, described, *results, titles)
    quality_page = papers.render_quality_page(report_content, municipality, overview)
    written = _write_papers(report_content, folder) | {f"{folder}/quality.html": quality_page}
    for other in other_reports:
        written |= _write_papers(other, f"{folder}/{other.plan.plan_id}")
    return written


def _write_papers(report: ProgressReport, folder: str) -> Contents:
    from sumida_data.report import papers, prints  # noqa: PLC0415

    pages = papers.render_pages(report)
    charts = {one.indicator.indicator_id: one.chart for one in report.indicators}
    written = pages | prints.print_papers(pages, charts)
    written |= {
        "progress_table.xlsx": papers.render_spreadsheet(report),
        "council_slides.pptx": papers.render_slides(report),
    }
    return {f"{folder}/{name}": content for name, content in written.items()}


@makes("run_summary")
def summarise(  # noqa: PLR0913, PLR0917  # one for each thing it takes
    report_content: ProgressReport,
    packages: Packages,
    waves: Waves,
    publication_proposal: Proposal,
    target_record: TargetRecord,
    locations: Locations,
    received_readability_score: Frame,
    check_result: Frame,
    privacy_check: Frame,
) -> Summary:
    """Say what the run did and what to do next."""
    period = str(report_content.period)
    rows = [row for row in read_rows(received_readability_score) if row["kind"] == "set"]
    points = say_by_name(rows, report_content.dictionary.words("readability_score.level"))
    summary = RunSummary(
        report=report_content,
        proposal=publication_proposal,
        cut_off=target_record.journal,
        inquiry=waves.explain(period),
        products={
            title: locations[dataset] + path.format(period=period)
            for title, (dataset, path) in _PRODUCTS.items()
        },
        readability=points.get(period, ""),
        checks=count_checks(read_rows(check_result)),
        blocked=list_stopped(packages, privacy_check, "blocked"),
        held_back=list_stopped(packages, privacy_check, "held_back"),
        void_releases=count_void_releases(privacy_check),
    )
    return {"lines": [render_summary(summary)], "exit_code": summary.exit_code}


create_pipeline = join_nodes(__name__)
