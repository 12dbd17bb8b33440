"""Where each department stands: who has answered, what is open, what has changed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import HomeMunicipality, Row
from sumida_data.base.periods import Period
from sumida_data.report.changes import SheetChange, count_changes
from sumida_data.report.survey_state import SurveyState, describe_survey
from sumida_data.survey.feedback.addressing import RESPONSE_STATES, collect_findings
from sumida_data.survey.feedback.return_sheet import order_for_work
from sumida_data.survey.findings import Finding, FindingRules, Severity
from sumida_data.survey.form import Form


@dataclass(frozen=True, slots=True)
class DepartmentState:
    """Where one department stands.

    Attributes:
        code: Its code.
        division: Its division.
        section: Its name.
        status: ``received``, ``no_change`` or ``not_received``.
        files: The usable files it sent.
        answered_on: The day on the cover of the file that counts.
        due_on: The day by which to answer.
        rows: Rows that count.
        rows_set_aside: Rows left out.
        findings: What was found in the file that counts, in the order of work.
        changes: The sheets that differ from the department's last return; None where it has not
            answered both times.
    """

    code: str
    division: str
    section: str
    status: str
    files: tuple[str, ...]
    answered_on: date | None
    due_on: date
    rows: int
    rows_set_aside: int
    findings: tuple[Finding, ...]
    changes: tuple[SheetChange, ...] | None

    @property
    def state(self) -> str:
        """Where it stands, in words: whether it answered, again, and in time."""
        marks = [RESPONSE_STATES[self.status]]
        marks += ["訂正あり"] if len(self.files) > 1 else []
        marks += [f"締切後{self.days_late}日"] if self.days_late else []
        return "、".join(marks)

    @property
    def days_late(self) -> int:
        """How many days after the due date it answered; 0 where that is not known."""
        return max(0, (self.answered_on - self.due_on).days) if self.answered_on else 0

    @property
    def difference(self) -> str:
        """How its answers differ from its last ones, in words."""
        if self.changes is None:
            return "" if self.status == "not_received" else "前回の回答なし"
        return "、".join(map(str, self.changes)) or "違いなし"

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)


@dataclass(frozen=True, slots=True)
class ResponseTracking:
    """Where all departments stand in a quarter.

    Attributes:
        municipality: Who asks, for the names of ward and office.
        form: The survey form.
        period: The quarter.
        survey: Counts by division.
        departments: The departments by code.
        unassigned: Findings about files that belong to no known department, and about the
            central files.
        sample: Whether it is about sample data.
    """

    municipality: HomeMunicipality
    form: Form
    period: Period
    survey: SurveyState
    departments: tuple[DepartmentState, ...]
    unassigned: tuple[Finding, ...]
    sample: bool

    @property
    def corrected(self) -> int:
        """How many departments sent more than one usable file."""
        return sum(len(one.files) > 1 for one in self.departments)

    @property
    def late(self) -> int:
        """How many departments answered after the due date."""
        return sum(one.days_late > 0 for one in self.departments)

    @property
    def to_correct(self) -> int:
        """How many departments have something to correct."""
        return sum(one.count("error") > 0 for one in self.departments)


def track_responses(
    municipality: HomeMunicipality,
    form: Form,
    rules: FindingRules,
    period: Period,
    response: pd.DataFrame,
    finding: pd.DataFrame,
    answer: pd.DataFrame,
) -> ResponseTracking:
    """Say where each department stands in a quarter.

    Args:
        municipality: Who asks.
        form: The survey form.
        rules: The finding rules.
        period: The quarter.
        response: Table ``response``, all quarters.
        finding: Table ``finding``, all quarters.
        answer: Table ``answer``, all quarters.
    """
    ours = read_rows(response[response["period"].eq(str(period))])
    told = collect_findings(ours, read_rows(finding), period, rules)
    changes = count_changes(form, str(period), answer)
    by_department: dict[str, list[Row]] = defaultdict(list)
    for row in ours:
        if row["department_code"] is not None:
            by_department[row["department_code"]].append(row)
    return ResponseTracking(
        municipality=municipality,
        form=form,
        period=period,
        survey=describe_survey(str(period), response, finding, rules),
        departments=tuple(
            _describe_department(rows, told[code], changes.get(code))
            for code, rows in sorted(by_department.items())
        ),
        unassigned=tuple(sorted(told[None], key=order_for_work)),
        sample=any(row["sample"] for row in ours),
    )


def _describe_department(
    rows: Sequence[Row], findings: Sequence[Finding], changes: tuple[SheetChange, ...] | None
) -> DepartmentState:
    counting = next(row for row in rows if row["response_status"] != "superseded")
    return DepartmentState(
        code=counting["department_code"],
        division=counting["division"],
        section=counting["section"],
        status=counting["response_status"],
        files=tuple(row["source_file"] for row in rows if row["source_file"]),
        answered_on=counting["answered_on"],
        due_on=counting["due_on"],
        rows=counting["rows"],
        rows_set_aside=counting["rows_set_aside"],
        findings=tuple(sorted(findings, key=order_for_work)),
        changes=changes,
    )
