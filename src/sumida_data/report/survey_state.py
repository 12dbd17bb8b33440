"""How the survey went: who answered, and what was found in the files."""

from collections import Counter
from dataclasses import dataclass

import pandas as pd

from sumida_data.present.words import format_percentage
from sumida_data.survey.findings import FindingRules, Severity

# The statuses of returns that count.
ANSWERED = {"received", "no_change"}


@dataclass(frozen=True, slots=True)
class DivisionState:
    """How many departments of a division answered.

    Attributes:
        division: The division; 計 for all.
        asked: Departments asked.
        answered: Of these, departments that answered, 前回から変更なし among them.
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
    """How often a rule found something.

    Attributes:
        rule_id: The rule.
        title: Its title.
        severity: How grave it is.
        count: How many findings.
    """

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


def describe_survey(
    period: str, response: pd.DataFrame, finding: pd.DataFrame, rules: FindingRules
) -> SurveyState:
    """Count returns and findings of a period.

    Args:
        period: The period.
        response: Table ``response``.
        finding: Table ``finding``.
        rules: The rules of findings, for their titles.
    """
    mine = response[response["period"].eq(period) & response["department_code"].notna()]
    answered = mine[mine["response_status"].isin(ANSWERED)]
    departments = mine.sort_values("department_code").drop_duplicates("department_code")
    missing = departments[~departments["department_code"].isin(answered["department_code"])]
    divisions = departments["division"].drop_duplicates()
    concerned = leave_out_replaced(finding, response)
    return SurveyState(
        divisions=tuple(
            _count_answers(
                name,
                departments[departments["division"].eq(name)],
                answered[answered["division"].eq(name)],
            )
            for name in divisions
        ),
        total=_count_answers("計", departments, answered),
        missing_sections=tuple(missing["section"]),
        findings=tuple(_count_findings(concerned[concerns_period(concerned, period)], rules)),
    )


def leave_out_replaced(finding: pd.DataFrame, response: pd.DataFrame) -> pd.DataFrame:
    """Leave out findings in files that a newer one has replaced: nobody has to act on them."""
    replaced = response.loc[response["response_status"].eq("superseded"), "source_file"]
    return finding[~finding["source_file"].isin(replaced)]


def concerns_period(finding: pd.DataFrame, period: str) -> "pd.Series[bool]":
    """Tell which findings belong to a period; those without a period belong to each."""
    return finding["period"].isna() | finding["period"].eq(period)


def _count_answers(name: str, asked: pd.DataFrame, answered: pd.DataFrame) -> DivisionState:
    return DivisionState(
        division=name,
        asked=len(asked),
        answered=answered["department_code"].nunique(),
        no_change=int(answered["response_status"].eq("no_change").sum()),
    )


def _count_findings(finding: pd.DataFrame, rules: FindingRules) -> list[FindingCount]:
    counts = Counter(finding["rule_id"])
    counted = [
        FindingCount(rule_id, rules[rule_id].title, rules[rule_id].severity, count)
        for rule_id, count in counts.items()
    ]
    # The severities happen to stand in the order of the alphabet.
    return sorted(counted, key=lambda one: (one.severity, -one.count, one.rule_id))
