"""What goes back to the departments, and what the office needs to follow them up."""

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.base.periods import Period
from sumida_data.pipelines.wiring import Contents, Files, Frame, join_nodes, makes
from sumida_data.quality.readability import say_by_name
from sumida_data.report import returns
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.feedback import Feedback, write_return_sheet
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form

_TABLES = ("response", "finding", "answer", "lineage", "indicator_value")


@makes("department_returns", tables=_TABLES)
def write_returns(  # noqa: PLR0913, PLR0917  # one for each thing it takes
    dictionary: DataDictionary,
    municipality: HomeMunicipality,
    form: Form,
    rules: FindingRules,
    reported_period: Period,
    collector: Collector,
    survey_returns: Files,
    received_readability_score: Frame,
    **tables: Frame,
) -> Contents:
    """Write what each department is to say yes to, the return sheets and the response tracking."""
    period, owner = reported_period, municipality.office
    words = dictionary.words("readability_score.level")
    points = say_by_name(read_rows(received_readability_score), words)
    feedback = Feedback(dictionary, form, rules, period, owner, points)
    tracking = returns.ResponseTracking(feedback, municipality, tables)
    response, finding = (read_rows(tables.pop(name)) for name in ("response", "finding"))
    sheets = feedback.address(response, finding)
    written = {name: write_return_sheet(sheet, rules) for name, sheet in sheets.items()}
    written |= returns.render_department_pages(tracking, collector, survey_returns, **tables)
    written |= returns.write_mails(tracking, written)
    written["_回収状況.html"] = returns.render_tracking_page(tracking)
    written["_回収状況.xlsx"] = returns.render_tracking_workbook(tracking)
    return {f"{period}/{name}": content for name, content in written.items()}


create_pipeline = join_nodes(__name__)
