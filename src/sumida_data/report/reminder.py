"""What the office writes to a department, ready to paste into a mail."""

from sumida_data.report.page import make_environment
from sumida_data.report.tracking import DepartmentState, ResponseTracking
from sumida_data.survey.feedback.addressing import name_return_sheet
from sumida_data.survey.feedback.return_sheet import name_place
from sumida_data.survey.findings import SEVERITY_LABELS

_FINDINGS_SHOWN = 5


def write_reminders(tracking: ResponseTracking) -> dict[str, str]:
    """Write to each department that has something left to do.

    Returns:
        The mails by the department's code, subject line first.
    """
    # A mail is plain text: nothing in it is markup.
    environment = make_environment().overlay(autoescape=False)
    environment.filters["place"] = name_place
    environment.globals["name_return_sheet"] = name_return_sheet
    template = environment.get_template("reminder.txt")
    return {
        one.code: template.render(
            tracking=tracking, one=one, labels=SEVERITY_LABELS, shown=_FINDINGS_SHOWN
        )
        for one in tracking.departments
        if _has_work(one)
    }


def _has_work(one: DepartmentState) -> bool:
    return one.status == "not_received" or bool(one.findings)
