"""How the survey went: who answered, what was found in the files, what departments changed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

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
    WITH answered AS (
        SELECT department_code, item.sheet, part_number, field, value, period = $period AS is_now,
            string_agg(value, '|' ORDER BY field) FILTER (is_key) OVER (PARTITION BY record_id)
                AS key
        FROM answer JOIN item USING (table_name, field)
        WHERE department_code IS NOT NULL AND period <= $period
        QUALIFY is_now
            OR period = max(period) FILTER (period < $period) OVER (PARTITION BY department_code)
    ), pair AS (
        SELECT department_code, sheet, part_number,
            max(value) FILTER (is_now) AS value, max(value) FILTER (NOT is_now) AS earlier
        FROM answered
        GROUP BY department_code, sheet, part_number, key, field
    ), told AS (
        SELECT department_code, min(part_number) AS part_number, concat_ws(' ',
            '増' || nullif(count(*) FILTER (earlier IS NULL AND value IS NOT NULL), 0),
            '減' || nullif(count(*) FILTER (earlier IS NOT NULL AND value IS NULL), 0),
            '変更' || nullif(count(*) FILTER (earlier != value), 0)) AS words,
            if(words = '', '', concat(sheet, '(', words, ')')) AS difference
        FROM pair
        WHERE department_code IN (
            SELECT department_code FROM answered GROUP BY ALL HAVING count(DISTINCT is_now) = 2)
        GROUP BY department_code, sheet
    )
    SELECT department_code, list(difference ORDER BY part_number) FROM told GROUP BY department_code
"""


class DivisionState(NamedTuple):
    """How many departments of a division answered; 計 is the division of all.

    Those that answered 前回から変更なし are among them; the others sent nothing that can be used.
    """

    division: str
    asked: int
    answered: int
    no_change: int
    not_received: int
    rate: str


class SurveyState:
    """How the survey of one period went, from tables of all periods.

    Divisions stand in the order of department codes. Each row of findings is a rule with its
    number of findings, grave ones first, then the most frequent; they are counted by severity too.
    """

    def __init__(
        self, period: str, response: pd.DataFrame, finding: pd.DataFrame, rules: FindingRules
    ) -> None:
        status = response["response_status"]
        departments = (
            response.assign(answered=status.isin(ANSWERED), no_change=status.eq("no_change"))
            .loc[response["period"].eq(period) & response["department_code"].notna()]
            .groupby("department_code")
            .agg({"division": "first", "section": "first", "answered": "any", "no_change": "any"})
        )
        by_division = departments.groupby("division", sort=False)
        self.divisions = [_count_answers(str(name), rows) for name, rows in by_division]
        self.total = _count_answers("計", departments)
        self.missing_sections = tuple(departments.loc[~departments["answered"], "section"])
        concerned = leave_out_replaced(finding, response)
        counted = Counter(concerned.loc[concerns_period(concerned, period), "rule_id"])
        self.findings = [rules[name].model_dump() | {"count": n} for name, n in counted.items()]
        # The severities happen to stand in the order of the alphabet.
        self.findings.sort(key=lambda one: (one["severity"], -one["count"], one["rule_id"]))
        self.counts: Counter[Severity] = Counter()
        for one in self.findings:
            self.counts[one["severity"]] += one["count"]


class ResponseTracking:
    """The state of all departments' answers in a quarter, from tables of all quarters.

    Attributes:
        departments: By code the row of ``response`` that counts, and beside it the usable ``files``
            it sent, ``findings`` in that one in the order of work with their ``counts`` by
            severity, whether it is ``silent``, having sent nothing that can be used, or a file that
            is ``unusable``, the ``days_late``, and in words its ``state`` and ``difference`` from
            its last answers.
        unassigned: Findings about files that belong to no known department, and about the
            central files.
        corrected: How many departments sent more than one usable file.
    """

    def __init__(
        self,
        dictionary: DataDictionary,
        municipality: HomeMunicipality,
        form: Form,
        rules: FindingRules,
        period: Period,
        tables: Mapping[str, pd.DataFrame],
    ) -> None:
        """Say which departments have answered; tables are response, finding and answer."""
        self.municipality, self.form, self.period = municipality, form, period
        response, finding = tables["response"], tables["finding"]
        self.survey = SurveyState(str(period), response, finding, rules)
        statuses = dictionary.words("response.response_status")
        ours = read_rows(response[response["period"].eq(str(period))])
        self.sample = any(row["sample"] for row in ours)
        findings = collect_findings(ours, read_rows(finding), period, rules)
        self.unassigned = sorted(findings[None], key=order_for_work)
        changes = describe_changes(form, str(period), tables["answer"])
        by_department: dict[str, list[Row]] = defaultdict(list)
        for row in ours:
            if row["department_code"] is not None:
                by_department[row["department_code"]].append(row)
        self.departments = departments = [
            _describe_department(rows, statuses, findings[code], changes.get(code))
            for code, rows in sorted(by_department.items())
        ]
        self.corrected = sum(len(one["files"]) > 1 for one in departments)
        self.late = sum(one["days_late"] > 0 for one in departments)
        self.to_correct = sum(one["counts"]["error"] > 0 for one in departments)


def leave_out_replaced(finding: pd.DataFrame, response: pd.DataFrame) -> pd.DataFrame:
    """Leave out findings in files that a newer one has replaced: nobody has to act on them."""
    replaced = response.loc[response["response_status"].eq("superseded"), "source_file"]
    return finding[~finding["source_file"].isin(replaced)]


def concerns_period(finding: pd.DataFrame, period: str) -> "pd.Series[bool]":
    """Tell which findings belong to a period; those without a period belong to each."""
    return finding["period"].isna() | finding["period"].eq(period)


def _count_answers(name: str, departments: pd.DataFrame) -> DivisionState:
    asked = len(departments)
    answered, no_change = (int(departments[one].sum()) for one in ("answered", "no_change"))
    rate = format_percentage(answered, asked)
    return DivisionState(name, asked, answered, no_change, asked - answered, rate)


def _describe_department(
    rows: Sequence[Row],
    statuses: Mapping[str, str],
    findings: Iterable[Finding],
    changes: Sequence[str] | None,
) -> Row:
    # What can be used goes before what cannot, and before an older file.
    row = min(rows, key=lambda row: _FIRST.index(row["response_status"]))
    status = row["response_status"]
    usable = {*ANSWERED, "superseded"}
    files = [one["source_file"] for one in rows if one["response_status"] in usable]
    days = (row["answered_on"] - row["due_on"]).days if row["answered_on"] else 0
    # A day more than a year later is a slip of the pen, which a finding names.
    days_late = days if 0 < days <= 366 else 0
    marks = (
        *(statuses[status], "訂正あり" * (len(files) > 1)),
        f"締切後{days_late}日" * bool(days_late),
    )
    if changes is None:
        difference = "前回の回答なし" if status in ANSWERED else ""
    else:
        difference = "、".join(changes) or "違いなし"
    return row | {
        "files": files,
        "findings": sorted(findings, key=order_for_work),
        "counts": Counter(one.severity for one in findings),
        "silent": status not in ANSWERED,
        "unusable": status == "set_aside",
        "days_late": days_late,
        "state": "、".join(filter(None, marks)),
        "difference": difference,
    }


def describe_changes(form: Form, period: str, answer: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Say of each department in which sheets its answers differ from those of the last quarter.

    Each is told as 手続(増1 減2 変更1): answers where there was none, that are gone, that are other
    ones now. A department that has not answered both times is left out.
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
    return {code: tuple(filter(None, sheets)) for code, sheets in rows}
