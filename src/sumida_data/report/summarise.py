"""Saying what a run did."""

from collections.abc import Mapping

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.periods import Period
from sumida_data.base.quota import Gap, Quota, describe_gaps
from sumida_data.catalogue.changes import Proposal, count_actions
from sumida_data.quality.overview import count_checks
from sumida_data.report.content import IndicatorReport, ProgressReport
from sumida_data.report.next_steps import (
    advise,
    advise_on_checks,
    advise_on_privacy,
    advise_on_publishing,
    close,
    close_on_privacy,
)
from sumida_data.report.summary import (
    DONE,
    DONE_WITH_GAPS,
    Checks,
    Gaps,
    IndicatorSummary,
    PrivacyState,
    ResponseSummary,
    RunSummary,
)
from sumida_data.report.survey_state import ANSWERED, concerns_period, leave_out_replaced


def summarise_run(
    report: ProgressReport,
    response: pd.DataFrame,
    finding: pd.DataFrame,
    products: Mapping[str, str],
    quota: Quota,
    check_result: pd.DataFrame,
    proposal: Proposal,
) -> RunSummary:
    """Say what a run did.

    Args:
        report: What the progress report says.
        response: Table ``response``, all periods.
        finding: Table ``finding``, all periods.
        products: Where each product lies, by its title.
        quota: The gaps up to which nobody needs to accept them.
        check_result: Table ``check_result``.
        proposal: What would be published.
    """
    checks = _count_checks(check_result)
    ours = response["period"].eq(str(report.period))
    concerned = concerns_period(finding, str(report.period))
    gaps = _count_gaps(response[ours], finding[concerned])
    other_gaps = _count_gaps(response[~ours], finding[~concerned])
    set_aside = gaps.anything_set_aside or other_gaps.anything_set_aside
    total = report.survey.total
    return RunSummary(
        period=str(report.period),
        period_title=report.period.title,
        sample=report.sample,
        indicators=tuple(_summarise_indicator(one) for one in report.indicators),
        responses=ResponseSummary(
            asked=total.asked,
            answered=total.answered,
            no_change=total.no_change,
            missing=report.survey.missing_sections,
            rate=total.rate,
        ),
        gaps=gaps,
        other_gaps=other_gaps,
        checks=checks,
        public_changes=f"公開先({proposal.target})での変更：{count_actions(proposal.changes)}",
        pending_revisions=proposal.pending_revisions,
        products=dict(products),
        next_steps=(
            *advise_on_checks(checks),
            *advise(report, gaps, measure_gaps(quota, report, response[ours])),
            *advise_on_publishing(proposal),
        ),
        exit_code=DONE_WITH_GAPS if set_aside or checks.failed_errors else DONE,
        closing=close(report, gaps, other_gaps),
    )


def add_privacy(summary: RunSummary, privacy: PrivacyState) -> RunSummary:
    """Say in the summary what the privacy gate did, before all else."""
    return summary.model_copy(
        update={
            "next_steps": (*advise_on_privacy(privacy), *summary.next_steps),
            "exit_code": DONE_WITH_GAPS if privacy.blocked else summary.exit_code,
            "closing": summary.closing + close_on_privacy(privacy),
        }
    )


def measure_gaps(quota: Quota, report: ProgressReport, response: pd.DataFrame) -> tuple[Gap, ...]:
    """Set the gaps of the reported period beside the quota.

    Args:
        quota: The quota.
        report: What the progress report says.
        response: Table ``response``, rows of the reported period.
    """
    counting = response[response["response_status"].isin(ANSWERED)]
    return describe_gaps(
        quota,
        asked=report.survey.total.asked,
        answered=report.survey.total.answered,
        rows=int(counting["rows"].sum()),
        rows_set_aside=int(counting["rows_set_aside"].sum()),
    )


def measure_later_gaps(
    quota: Quota, report: ProgressReport, response: pd.DataFrame
) -> tuple[Gap, ...]:
    """Set the gaps of quarters after the reported one beside the quota: their figures go out too.

    Args:
        quota: The quota.
        report: What the progress report says.
        response: Table ``response``, all periods.
    """
    gaps: list[Gap] = []
    for period, rows in response[response["period"] > str(report.period)].groupby("period"):
        counting = rows[rows["response_status"].isin(ANSWERED)]
        found = describe_gaps(
            quota,
            asked=rows["department_code"].nunique(),
            answered=counting["department_code"].nunique(),
            rows=int(counting["rows"].sum()),
            rows_set_aside=int(counting["rows_set_aside"].sum()),
        )
        title = Period.parse(str(period)).title
        gaps += [one.model_copy(update={"title": f"{title}の{one.title}"}) for one in found]
    return tuple(gaps)


def _summarise_indicator(one: IndicatorReport) -> IndicatorSummary:
    indicator = one.line.indicator
    return IndicatorSummary(
        indicator_id=indicator.indicator_id,
        title=indicator.title,
        value=one.line.current.text,
        baseline=one.line.baseline.text,
        target=one.line.target.text,
        verdict=one.progress["verdict"],
        as_of=one.value["as_of"],
    )


def _count_gaps(response: pd.DataFrame, finding: pd.DataFrame) -> Gaps:
    finding = leave_out_replaced(finding, response)
    set_aside = response.loc[response["response_status"].eq("set_aside"), "source_file"]
    counted = response[response["response_status"].ne("superseded")]
    return Gaps(
        errors=int(finding["severity"].eq("error").sum()),
        warnings=int(finding["severity"].eq("warning").sum()),
        files=tuple(sorted(set_aside)),
        rows=int(counted["rows_set_aside"].sum()),
    )


def _count_checks(check_result: pd.DataFrame) -> Checks:
    tally = count_checks(read_rows(check_result))
    return Checks(
        total=tally.total,
        failed_errors=tally.failed_errors,
        failed_warnings=tally.failed_warnings,
    )
