"""What goes back to the departments, and what the office needs to follow them up."""

from typing import Any

import pandas as pd
from kedro.pipeline import Pipeline

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.base.periods import Period
from sumida_data.pipelines.wiring import wire
from sumida_data.quality.readability.scores import say_by_name
from sumida_data.report.department import render_department_pages, trace_figures, write_mails
from sumida_data.report.page import render_tracking_page, write_reminders
from sumida_data.report.survey import ResponseTracking, track_responses
from sumida_data.report.workbooks import render_tracking_workbook
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.feedback import Feedback, write_return_sheet
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form


def track(
    dictionary: DataDictionary,
    municipality: HomeMunicipality,
    form: Form,
    finding_rules: FindingRules,
    reported_period: Period,
    **tables: pd.DataFrame,
) -> ResponseTracking:
    """Say where each department stands in the reported period."""
    return track_responses(dictionary, municipality, form, finding_rules, reported_period, tables)


def describe_departments(
    tracking: ResponseTracking,
    collector: Collector,
    survey_returns: dict[str, SourceFile],
    **tables: pd.DataFrame,
) -> dict[str, bytes]:
    """Write for each department what it is to say yes to before the figures go out."""
    figures = trace_figures(str(tracking.period), **tables)
    return render_department_pages(tracking, collector, survey_returns, figures)


def write_returns(  # one argument for each thing that is sent back
    tracking: ResponseTracking,
    department_pages: dict[str, bytes],
    finding_rules: FindingRules,
    survey_returns: dict[str, SourceFile],
    response: pd.DataFrame,
    finding: pd.DataFrame,
    received_scores: pd.DataFrame,
) -> dict[str, bytes]:
    """Write the return sheets and the response tracking, by file name."""
    form, period, owner = tracking.form, tracking.period, tracking.municipality.office
    words = tracking.dictionary.words("readability_score.level")
    points = say_by_name(read_rows(received_scores), words)
    feedback = Feedback(
        tracking.dictionary, form, finding_rules, period, owner, survey_returns, points
    )
    sheets = feedback.address(read_rows(response), read_rows(finding))
    written = {name: write_return_sheet(sheet, finding_rules) for name, sheet in sheets.items()}
    written |= department_pages
    written |= write_mails(tracking, write_reminders(tracking), written)
    written["_回収状況.html"] = render_tracking_page(tracking)
    written["_回収状況.xlsx"] = render_tracking_workbook(tracking)
    return {f"{period}/{name}": content for name, content in written.items()}


def create_pipeline(**_: Any) -> Pipeline:
    """From responses and findings to return sheets and the response tracking."""
    nodes = [
        wire(track, "response_tracking", ["response", "finding", "answer"]),
        wire(
            describe_departments,
            "department_pages",
            ["answer", "lineage", "indicator_value"],
            tracking="response_tracking",
        ),
        wire(
            write_returns,
            "department_returns",
            tracking="response_tracking",
            received_scores="readability_score#received",
        ),
    ]
    return Pipeline(nodes, tags="returns")
