"""Nodes of the returns pipeline."""

from typing import Any

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.base.periods import Period
from sumida_data.report.page import render_tracking_page
from sumida_data.report.survey import ResponseTracking, track_responses
from sumida_data.report.workbooks import render_tracking_workbook
from sumida_data.survey.feedback.addressing import Feedback
from sumida_data.survey.feedback.return_sheet import write_return_sheet
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form


def track(
    dictionary: dict[str, Any],
    municipality: HomeMunicipality,
    form: Form,
    finding_rules: FindingRules,
    reported_period: str,
    **tables: pd.DataFrame,
) -> ResponseTracking:
    """Say where each department stands in the reported period."""
    period = Period.parse(reported_period)
    described = DataDictionary.model_validate(dictionary)
    return track_responses(described, municipality, form, finding_rules, period, tables)


def write_returns(
    tracking: ResponseTracking,
    finding_rules: FindingRules,
    files: dict[str, SourceFile],
    response: pd.DataFrame,
    finding: pd.DataFrame,
) -> dict[str, bytes]:
    """Write the return sheets and the response tracking, by file name."""
    form, period, owner = tracking.form, tracking.period, tracking.municipality.office
    feedback = Feedback(tracking.dictionary, form, finding_rules, period, owner, files)
    sheets = feedback.address(read_rows(response), read_rows(finding))
    written = {name: write_return_sheet(sheet, finding_rules) for name, sheet in sheets.items()}
    written["_回収状況.html"] = render_tracking_page(tracking)
    written["_回収状況.xlsx"] = render_tracking_workbook(tracking)
    return {f"{period}/{name}": content for name, content in written.items()}
