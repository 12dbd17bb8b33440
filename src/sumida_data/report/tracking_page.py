"""The response tracking as one page that needs nothing else."""

from sumida_data.report.page import make_environment
from sumida_data.report.reminder import write_reminders
from sumida_data.report.tracking import ResponseTracking
from sumida_data.survey.feedback.return_sheet import name_place
from sumida_data.survey.findings import SEVERITY_LABELS


def render_tracking_page(tracking: ResponseTracking) -> bytes:
    """Return the response tracking as an HTML page, with the mails to send."""
    environment = make_environment()
    environment.filters["place"] = name_place
    template = environment.get_template("response_tracking.html")
    return template.render(
        tracking=tracking, reminders=write_reminders(tracking), labels=SEVERITY_LABELS
    ).encode()
