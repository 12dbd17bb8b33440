"""The summary of a run as plain data: what came out, what was set aside, what to do next."""

from datetime import date

from sumida_data.base.metadata import Model
from sumida_data.plan.progress import Verdict

DONE, DONE_WITH_GAPS = 0, 2


class IndicatorSummary(Model):
    """One indicator.

    Attributes:
        indicator_id: Its id.
        title: Its title.
        value: Its value in words, such as 59.3%.
        baseline: Its baseline in words.
        target: Its target in words.
        verdict: ``achieved``, ``on_track``, ``slightly_behind``, ``behind`` or ``cannot_say``.
        as_of: The day the value stands for.
    """

    indicator_id: str
    title: str
    value: str
    baseline: str
    target: str
    verdict: Verdict
    as_of: date


class ResponseSummary(Model):
    """How many departments answered.

    Attributes:
        asked: Departments asked.
        answered: Of these, departments that answered, 前回から変更なし among them.
        no_change: Of these, departments that answered 前回から変更なし.
        missing: Names of the departments without a return that can be used.
        rate: The response rate in words, such as 97.3%.
    """

    asked: int
    answered: int
    no_change: int
    missing: tuple[str, ...]
    rate: str


class Gaps(Model):
    """What was found and set aside.

    Attributes:
        errors: Findings for which something was left out of the figures.
        warnings: Findings to be checked.
        files: Returns that cannot be used.
        rows: Rows left out of the figures.
    """

    errors: int
    warnings: int
    files: tuple[str, ...]
    rows: int

    @property
    def anything_set_aside(self) -> bool:
        """Whether something was left out of the figures."""
        return bool(self.errors or self.files or self.rows)


class PrivacyState(Model):
    """What the privacy gate did.

    Attributes:
        blocked: Why it blocked packages, by their titles; the reasons hold no data.
        void_releases: Releases of free text that no longer fit what stands in the cell.
    """

    blocked: dict[str, tuple[str, ...]]
    void_releases: int


class Checks(Model):
    """How the checks of the tables went.

    Attributes:
        total: All checks.
        failed_errors: Those that failed and make figures unreliable.
        failed_warnings: Those that failed and need a look.
    """

    total: int
    failed_errors: int
    failed_warnings: int


class RunSummary(Model):
    """What a run did.

    Attributes:
        period: The reported period, such as FY2022Q3.
        period_title: Its title, such as 令和4年度第3四半期.
        sample: Whether sample data went into any figure.
        indicators: One entry per indicator, in the plan's order.
        responses: Who answered in the reported period.
        gaps: What was found in the reported period, or belongs to none.
        other_gaps: What was found in all other periods.
        public_changes: What publishing would change in the public target, in words.
        pending_revisions: Published values that would change without a reason, one line each.
        checks: How the checks of the tables of all periods went.
        products: Where each product lies, by its title.
        next_steps: What to do next, one sentence each.
        exit_code: 0 done, 2 done with things set aside in any period, or with a check failed that
            makes figures unreliable.
        closing: What happened, in one sentence.
    """

    period: str
    period_title: str
    sample: bool
    indicators: tuple[IndicatorSummary, ...]
    responses: ResponseSummary
    gaps: Gaps
    other_gaps: Gaps
    public_changes: str
    pending_revisions: tuple[str, ...]
    checks: Checks
    products: dict[str, str]
    next_steps: tuple[str, ...]
    exit_code: int
    closing: str
