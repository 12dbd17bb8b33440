"""How the survey went: who answered, what was found in the files, what departments changed."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from sumida_data.base.database import connect
from sumida_data.base.frames import read_rows, to_arrow
from sumida_data.base.metadata import DataDictionary, HomeMunicipality, Row
from sumida_data.base.periods import Period
from sumida_data.present.words import format_percentage
from sumida_data.survey.feedback import collect_findings, order_for_work
from sumida_data.survey.findings import Finding, FindingRules, Severity
from sumida_data.survey.form import Form

# The statuses of returns that count.
ANSWERED = {"received", "no_change"}
# Of several files of one department the first of these says how it answered.
_FIRST = ("received", "no_change", "set_aside", "not_received", "superseded")

# A record has another id in every quarter; its key is what stays.
_COMPARISON = """
    WITH part_answer AS (
        SELECT department_code, period, table_name, record_id, field, value,
            item.sheet, part_number, is_key, period = $period AS is_now
        FROM answer JOIN item USING (table_name, field)
        WHERE department_code IS NOT NULL AND period <= $period
    ), compared AS (
        SELECT *, string_agg(value, '|' ORDER BY field) FILTER (is_key)
            OVER (PARTITION BY record_id) AS key
        FROM part_answer
        QUALIFY bool_or(is_now) OVER (PARTITION BY department_code) AND (
            is_now OR period = max(period) FILTER (NOT is_now) OVER (PARTITION BY department_code)
        )
    ), pair AS (
        SELECT department_code, sheet, part_number,
            max(value) FILTER (is_now) AS value,
            max(value) FILTER (NOT is_now) AS earlier
        FROM compared
        GROUP BY department_code, sheet, part_number, key, field
    )
    SELECT department_code, sheet,
        count(*) FILTER (earlier IS NULL AND value IS NOT NULL) AS added,
        count(*) FILTER (earlier IS NOT NULL AND value IS NULL) AS removed,
        count(*) FILTER (earlier != value) AS changed
    FROM pair
    WHERE department_code IN (SELECT department_code FROM compared WHERE NOT is_now)
    GROUP BY department_code, sheet
    ORDER BY department_code, min(part_number)
"""


@dataclass(frozen=True, slots=True)
class DivisionState:
    """How many departments of a division answered; 計 is the division of all.

    Attributes:
        answered: Departments that answered, 前回から変更なし among them.
        no_change: Of these, departments that answered 前回から変更なし.
    """

    division: str
    asked: int
    answered: int
    no_change: int

    @property
    def not_received(self) -> int:
        """Departments without a return that can be used."""
        return self.asked - self.answered

    @property
    def rate(self) -> str:
        """The response rate, such as 97.3%."""
        return format_percentage(self.answered, self.asked)


@dataclass(frozen=True, slots=True)
class FindingCount:
    """How often a rule found something."""

    rule_id: str
    title: str
    severity: Severity
    count: int


@dataclass(frozen=True, slots=True)
class SurveyState:
    """How the survey of one period went.

    Attributes:
        divisions: One entry per division, in the order of department codes.
        total: All departments.
        missing_sections: Names of the departments without a return that can be used.
        findings: Findings by rule, grave ones first, then the most frequent.
    """

    divisions: tuple[DivisionState, ...]
    total: DivisionState
    missing_sections: tuple[str, ...]
    findings: tuple[FindingCount, ...]

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(one.count for one in self.findings if one.severity == severity)


@dataclass(frozen=True, slots=True)
class DepartmentState:
    """The state of one department's answer.

    Attributes:
        row: Its row of ``response`` that counts.
        status: What became of its return, in words.
        files: The usable files it sent.
        findings: What was found in the file that counts, in the order of work.
        changes: How its sheets differ from its last return, in words; None where it has not
            answered both times.
    """

    row: Row
    status: str
    files: tuple[str, ...]
    findings: tuple[Finding, ...]
    changes: tuple[str, ...] | None

    @property
    def code(self) -> str:
        """Its code."""
        return str(self.row["department_code"])

    @property
    def silent(self) -> bool:
        """Whether nothing came that can be used."""
        return self.row["response_status"] not in ANSWERED

    @property
    def unusable(self) -> bool:
        """Whether a file came that cannot be used."""
        return bool(self.row["response_status"] == "set_aside")

    @property
    def state(self) -> str:
        """Whether it answered, again, and in time, in words."""
        marks = [self.status]
        marks += ["訂正あり"] if len(self.files) > 1 else []
        marks += [f"締切後{self.days_late}日"] if self.days_late else []
        return "、".join(marks)

    @property
    def days_late(self) -> int:
        """How many days after the due date it answered; 0 where that is not known.

        A day more than a year later is a slip of the pen, which a finding names.
        """
        answered_on, due_on = self.row["answered_on"], self.row["due_on"]
        days = (answered_on - due_on).days if answered_on else 0
        return days if 0 < days <= 366 else 0

    @property
    def difference(self) -> str:
        """How its answers differ from its last ones, in words."""
        if self.changes is None:
            return "" if self.silent else "前回の回答なし"
        return "、".join(self.changes) or "違いなし"

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)


@dataclass(frozen=True, slots=True)
class ResponseTracking:
    """The state of all departments' answers in a quarter.

    Attributes:
        municipality: Who asks, for the names of ward and office.
        survey: Counts by division.
        departments: The departments by code.
        unassigned: Findings about files that belong to no known department, and about the
            central files.
        sample: Whether it is about sample data.
    """

    dictionary: DataDictionary
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


def describe_survey(
    period: str, response: pd.DataFrame, finding: pd.DataFrame, rules: FindingRules
) -> SurveyState:
    """Count returns and findings of a period, from tables of all periods."""
    status = response["response_status"]
    departments = (
        response.assign(answered=status.isin(ANSWERED), no_change=status.eq("no_change"))
        .loc[response["period"].eq(period) & response["department_code"].notna()]
        .groupby("department_code")
        .agg({"division": "first", "section": "first", "answered": "any", "no_change": "any"})
    )
    concerned = leave_out_replaced(finding, response)
    return SurveyState(
        divisions=tuple(
            _count_answers(str(name), rows)
            for name, rows in departments.groupby("division", sort=False)
        ),
        total=_count_answers("計", departments),
        missing_sections=tuple(departments.loc[~departments["answered"], "section"]),
        findings=tuple(_count_findings(concerned[concerns_period(concerned, period)], rules)),
    )


def leave_out_replaced(finding: pd.DataFrame, response: pd.DataFrame) -> pd.DataFrame:
    """Leave out findings in files that a newer one has replaced: nobody has to act on them."""
    replaced = response.loc[response["response_status"].eq("superseded"), "source_file"]
    return finding[~finding["source_file"].isin(replaced)]


def concerns_period(finding: pd.DataFrame, period: str) -> "pd.Series[bool]":
    """Tell which findings belong to a period; those without a period belong to each."""
    return finding["period"].isna() | finding["period"].eq(period)


def _count_answers(name: str, departments: pd.DataFrame) -> DivisionState:
    answered, no_change = (int(departments[one].sum()) for one in ("answered", "no_change"))
    return DivisionState(name, len(departments), answered, no_change)


def _count_findings(finding: pd.DataFrame, rules: FindingRules) -> list[FindingCount]:
    counted = [
        FindingCount(rule_id, rules[rule_id].title, rules[rule_id].severity, count)
        for rule_id, count in Counter(finding["rule_id"]).items()
    ]
    # The severities happen to stand in the order of the alphabet.
    return sorted(counted, key=lambda one: (one.severity, -one.count, one.rule_id))


def track_responses(
    dictionary: DataDictionary,
    municipality: HomeMunicipality,
    form: Form,
    rules: FindingRules,
    period: Period,
    tables: Mapping[str, pd.DataFrame],
) -> ResponseTracking:
    """Say which departments of a quarter have answered.

    The tables ``response``, ``finding`` and ``answer`` are those of all quarters.
    """
    response, finding = tables["response"], tables["finding"]
    statuses = dictionary.words("response.response_status")
    ours = read_rows(response[response["period"].eq(str(period))])
    findings = collect_findings(ours, read_rows(finding), period, rules)
    changes = describe_changes(form, str(period), tables["answer"])
    by_department: dict[str, list[Row]] = defaultdict(list)
    for row in ours:
        if row["department_code"] is not None:
            by_department[row["department_code"]].append(row)
    return ResponseTracking(
        dictionary=dictionary,
        municipality=municipality,
        form=form,
        period=period,
        survey=describe_survey(str(period), response, finding, rules),
        departments=tuple(
            _describe_department(rows, statuses, findings[code], changes.get(code))
            for code, rows in sorted(by_department.items())
        ),
        unassigned=tuple(sorted(findings[None], key=order_for_work)),
        sample=any(row["sample"] for row in ours),
    )


def _describe_department(
    rows: Sequence[Row],
    statuses: Mapping[str, str],
    findings: Sequence[Finding],
    changes: tuple[str, ...] | None,
) -> DepartmentState:
    # What can be used goes before what cannot, and before an older file.
    row = min(rows, key=lambda row: _FIRST.index(row["response_status"]))
    usable = [row for row in rows if row["response_status"] in {*ANSWERED, "superseded"}]
    return DepartmentState(
        row=row,
        status=statuses[row["response_status"]],
        files=tuple(row["source_file"] for row in usable),
        findings=tuple(sorted(findings, key=order_for_work)),
        changes=changes,
    )


def describe_changes(form: Form, period: str, answer: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Compare each department's answers of a quarter with those of the last quarter it answered.

    Returns:
        For each department that has answered now and before, the sheets that differ, each as
        手続(増1 減2 変更1): answers where there was none, that are gone, that are others now.
    """
    items = [
        (part.table, item.name, item.key, part.sheet, number)
        for number, part in enumerate(form.answer_sheets)
        for item in part.fields
    ]
    names = ["table_name", "field", "is_key", "sheet", "part_number"]
    with connect() as connection:
        connection.register("answer", to_arrow(answer))
        connection.register("item", pd.DataFrame(items, columns=names))
        rows = connection.execute(_COMPARISON, {"period": period}).fetchall()
    changes: dict[str, list[str]] = defaultdict(list)
    for code, sheet, *counts in rows:
        words = [f"{word}{n}" for word, n in zip(("増", "減", "変更"), counts, strict=True) if n]
        changes[code] += [f"{sheet}({' '.join(words)})"] if words else []
    return {code: tuple(sheets) for code, sheets in changes.items()}
