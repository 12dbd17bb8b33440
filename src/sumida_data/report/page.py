"""The office's pages, each of which needs nothing else, and what it writes to departments."""

from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.base.periods import Period
from sumida_data.present.templates import load_templates
from sumida_data.quality.overview import Overview
from sumida_data.report.content import ProgressReport
from sumida_data.report.survey import ResponseTracking
from sumida_data.survey.feedback import name_place, name_return_sheet
from sumida_data.survey.findings import SEVERITY_LABELS

_FINDINGS_SHOWN = 5


def render_page(report: ProgressReport) -> bytes:
    """Return the report as an HTML page."""
    return _fill_in("progress_report.html", report=report).encode()


def render_council_paper(report: ProgressReport) -> bytes:
    """Return the progress table as a page to print on A4, in the layout of the ward's deck."""
    return _fill_in("council_paper.html", report=report).encode()


def render_briefings(report: ProgressReport) -> dict[str, bytes]:
    """Return a page to print for each indicator that is behind, by its id."""
    return {
        one.line.indicator.indicator_id: _fill_in("briefing.html", report=report, one=one).encode()
        for one in report.indicators
        if one.progress["verdict"] in ("slightly_behind", "behind")
    }


def render_quality_page(
    municipality: HomeMunicipality,
    dictionary: DataDictionary,
    period: Period,
    overview: Overview,
    *,
    sample: bool,
) -> bytes:
    """Return the results of the checks, which concern all periods."""
    return _fill_in(
        "quality.html",
        municipality=municipality,
        report_period=period,
        overview=overview,
        sample=sample,
        severities=dictionary.words("check_result.severity"),
    ).encode()


def render_tracking_page(tracking: ResponseTracking) -> bytes:
    """Return the response tracking, with the mails to send."""
    return _fill_in(
        "response_tracking.html",
        tracking=tracking,
        reminders=write_reminders(tracking),
        labels=SEVERITY_LABELS,
    ).encode()


def write_reminders(tracking: ResponseTracking) -> dict[str, str]:
    """Write to each department that has something left to do.

    Returns:
        The mails by the department's code, subject line first.
    """
    return {
        one.code: _fill_in(
            "reminder.txt",
            tracking=tracking,
            one=one,
            labels=SEVERITY_LABELS,
            shown=_FINDINGS_SHOWN,
            return_sheet=name_return_sheet(one.code, one.row["section"]),
        )
        for one in tracking.departments
        if one.silent or one.findings
    }


def _fill_in(template: str, **values: object) -> str:
    return load_templates("report", place=name_place).get_template(template).render(values)
