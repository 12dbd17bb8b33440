"""The summary of a run: what came out, what was set aside, what to do next."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
from rich import box
from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sumida_data.frames import read_rows
from sumida_data.metadata import Model
from sumida_data.plan.progress import Verdict
from sumida_data.portal.changes import Proposal, count_actions
from sumida_data.quality.overview import count_checks
from sumida_data.report.content import IndicatorReport, ProgressReport
from sumida_data.report.survey_state import ANSWERED, concerns_period
from sumida_data.report.words import (
    SEVERITIES,
    VERDICT_SYMBOLS,
    VERDICTS,
    format_percentage,
)
from sumida_data.survey.collecting.quota import Gap, Quota, describe_gaps

DONE, DONE_WITH_GAPS = 0, 2

_WIDTH = 100
_NAMES_SHOWN = 5
_STYLES = {
    "achieved": "bold green",
    "on_track": "blue",
    "slightly_behind": "yellow",
    "behind": "bold red",
    "cannot_say": "dim",
}


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
            *_advise_checks(checks),
            *_advise(report, gaps, measure_gaps(quota, report, response[ours])),
            *_advise_on_publishing(proposal),
        ),
        exit_code=DONE_WITH_GAPS if set_aside or checks.failed_errors else DONE,
        closing=_close(report, gaps, other_gaps),
    )


def add_privacy(summary: RunSummary, privacy: PrivacyState) -> RunSummary:
    """Say in the summary what the privacy gate did, before all else."""
    return summary.model_copy(
        update={
            "next_steps": (*_advise_on_privacy(privacy), *summary.next_steps),
            "exit_code": DONE_WITH_GAPS if privacy.blocked else summary.exit_code,
            "closing": summary.closing + _close_on_privacy(privacy),
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


def render_summary(content: Mapping[str, Any]) -> RenderableType:
    """Lay a summary out for a terminal, at most a hundred columns wide.

    Args:
        content: The summary as plain data, as it is stored.
    """
    summary = RunSummary.model_validate(content)
    stamp = [Text("見本データ：実際の数ではありません。", "bold red")] if summary.sample else []
    title = Text(f"{summary.period_title}（{summary.period}）の取組状況", "bold")
    parts = Group(
        Panel(title),
        *stamp,
        _indicator_table(summary),
        Text(_describe_responses(summary.responses)),
        Text(_describe_checks(summary.checks)),
        _gap_table(summary),
        *map(Text, summary.pending_revisions),
        Text(summary.public_changes),
        _product_table(summary),
        Text("次にすること", "bold"),
        _number_steps(summary),
        Text(),
        Text(summary.closing, "bold yellow" if summary.exit_code else "bold green"),
    )
    return Constrain(parts, _WIDTH)


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
    set_aside = response.loc[response["response_status"].eq("set_aside"), "source_file"]
    return Gaps(
        errors=int(finding["severity"].eq("error").sum()),
        warnings=int(finding["severity"].eq("warning").sum()),
        files=tuple(sorted(set_aside)),
        rows=int(response["rows_set_aside"].sum()),
    )


def _advise_on_privacy(privacy: PrivacyState) -> Iterator[str]:
    for title, reasons in privacy.blocked.items():
        yield f"公開を止めた「{title}」を直してください：{''.join(reasons)}"
    if privacy.void_releases:
        yield (
            f"released_texts.csv の{privacy.void_releases}件は、文字が違うため公開しません。"
            "書き直してください。"
        )


def _close_on_privacy(privacy: PrivacyState) -> str:
    if not privacy.blocked:
        return ""
    return (
        f"個人に関する記載があるため、データパッケージ{len(privacy.blocked)}件の公開を止めました。"
    )


def _count_checks(check_result: pd.DataFrame) -> Checks:
    tally = count_checks(read_rows(check_result))
    return Checks(
        total=tally.total,
        failed_errors=tally.failed_errors,
        failed_warnings=tally.failed_warnings,
    )


def _advise_checks(checks: Checks) -> Iterator[str]:
    if checks.failed_errors:
        yield (
            f"数を信頼できなくなる検査{checks.failed_errors}件が不合格です。"
            "「データの検査結果」を開いて、直してください。"
        )


def _advise(report: ProgressReport, gaps: Gaps, quota_gaps: Iterable[Gap]) -> Iterator[str]:
    if report.sample:
        yield "見本データを除き、実際の調査票を置いて、もう一度 kedro run を実行してください。"
    if missing := report.survey.missing_sections:
        yield f"未回答の{len(missing)}課に回答を催促してください：{_name_some(missing)}"
    yield from _name_exceeded(quota_gaps)
    if gaps.files:
        yield f"使えない調査票{len(gaps.files)}件を直してもらってください：{_name_some(gaps.files)}"
    if gaps.errors or gaps.warnings:
        count = gaps.errors + gaps.warnings
        yield f"指摘{count}件を確かめ、課ごとの確認結果を送ってください。"
    if short := _titles(report, "slightly_behind", "behind"):
        yield f"計画線に届かない{len(short)}指標の見通しを確かめてください：{_name_some(short)}"
    if unknown := _titles(report, "cannot_say"):
        yield f"判定できない{len(unknown)}指標の理由を確かめてください：{_name_some(unknown)}"
    if open_hints := [row["indicator_title"] for row in report.hints if not row["note"]]:
        yield f"確かめたい値が{len(open_hints)}件あります：{_name_some(open_hints)}"
    yield "進捗レポートを開いて、内容を確かめてください。"


def _advise_on_publishing(proposal: Proposal) -> Iterator[str]:
    if proposal.pending_revisions:
        yield (
            f"公表した値と違う値が{len(proposal.pending_revisions)}件あります。"
            "改めるときは data/01_raw/reference/revisions.csv に理由を書いてください。"
        )
    if proposal.real_changes:
        yield (
            "公開するときは、下見の changes.html を確かめ、sumida-data approve で承認を受け、"
            "kedro run --pipelines=publish を実行してください。"
        )


def _name_exceeded(quota_gaps: Iterable[Gap]) -> Iterator[str]:
    for gap in quota_gaps:
        if gap.exceeds_quota:
            share = format_percentage(gap.missing, gap.total)
            allowed = format_percentage(gap.allowed_share, 1)
            yield (
                f"{gap.title}が{share}で、{allowed}を超えています。公開には承認者の確認が必要です。"
            )


def _titles(report: ProgressReport, *verdicts: Verdict) -> list[str]:
    return [one.line.title.text for one in report.indicators if one.progress["verdict"] in verdicts]


def _name_some(names: Sequence[str]) -> str:
    rest = len(names) - _NAMES_SHOWN
    return "、".join(names[:_NAMES_SHOWN]) + (f"、ほか{rest}件" if rest > 0 else "")


def _close(report: ProgressReport, *all_gaps: Gaps) -> str:
    counts = {
        "調査票{}件": sum(len(gaps.files) for gaps in all_gaps),
        "行{}行": sum(gaps.rows for gaps in all_gaps),
        "指摘{}件": sum(gaps.errors for gaps in all_gaps),
    }
    done = f"{report.period.title}の{len(report.indicators)}指標を集計しました。"
    if left_out := [words.format(count) for words, count in counts.items() if count]:
        return f"{done}集計から除いたものがあります：{'、'.join(left_out)}。"
    return done


def _indicator_table(summary: RunSummary) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True)
    table.add_column("指標", overflow="fold")
    for heading in ("基準値", "値", "目標値"):
        table.add_column(heading, justify="right")
    for heading in ("時点", "判定"):
        table.add_column(heading, no_wrap=True)
    for one in summary.indicators:
        verdict = f"{VERDICT_SYMBOLS[one.verdict]} {VERDICTS[one.verdict]}"
        texts = (one.title, one.baseline, one.value, one.target, one.as_of.isoformat())
        table.add_row(*map(Text, texts), Text(verdict, _STYLES[one.verdict]))
    return table


def _describe_responses(responses: ResponseSummary) -> str:
    return (
        f"回収率{responses.rate}：照会{responses.asked}課のうち{responses.answered}課が回答"
        f"(前回から変更なし{responses.no_change}課)、未回答{len(responses.missing)}課"
    )


def _describe_checks(checks: Checks) -> str:
    failed = checks.failed_errors + checks.failed_warnings
    if not failed:
        return f"検査{checks.total}件：不合格なし"
    return (
        f"検査{checks.total}件のうち不合格{failed}件(重いもの{checks.failed_errors}件)："
        "詳しくは「データの検査結果」"
    )


def _gap_table(summary: RunSummary) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True)
    table.add_column("期間")
    for heading in (*SEVERITIES.values(), "使えない調査票", "除いた行"):
        table.add_column(heading, justify="right", overflow="fold")
    for name, gaps in ((summary.period, summary.gaps), ("ほかの期間", summary.other_gaps)):
        counts = (gaps.errors, gaps.warnings, len(gaps.files), gaps.rows)
        table.add_row(name, *map(str, counts))
    return table


def _product_table(summary: RunSummary) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True)
    table.add_column("できたもの", no_wrap=True)
    table.add_column("場所", overflow="fold")
    for title, path in summary.products.items():
        table.add_row(Text(title), Text(path))
    return table


def _number_steps(summary: RunSummary) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", width=3)
    table.add_column(overflow="fold")
    for number, step in enumerate(summary.next_steps, 1):
        table.add_row(f"{number}.", Text(step))
    return table
