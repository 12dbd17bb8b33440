"""What a run leaves to do, one sentence each, and what it closes with."""

from collections.abc import Iterable, Iterator, Sequence

from sumida_data.base.quota import Gap
from sumida_data.catalogue.changes import Proposal
from sumida_data.plan.progress import Verdict
from sumida_data.present.words import format_percentage
from sumida_data.report.content import ProgressReport
from sumida_data.report.summary import Checks, Gaps, PrivacyState

_NAMES_SHOWN = 5


def advise_on_checks(checks: Checks) -> Iterator[str]:
    """Yield what failed checks leave to do."""
    if checks.failed_errors:
        yield (
            f"数を信頼できなくなる検査{checks.failed_errors}件が不合格です。"
            "「データの検査結果」を開いて、直してください。"
        )


def advise(report: ProgressReport, gaps: Gaps, quota_gaps: Iterable[Gap]) -> Iterator[str]:
    """Yield what the returns and the figures leave to do.

    Args:
        report: What the progress report says.
        gaps: What was set aside in the reported period.
        quota_gaps: The gaps of the reported period beside the quota.
    """
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
        named = _name_some(list(dict.fromkeys(open_hints)))
        yield f"確かめたい値が{len(open_hints)}件あります：{named}"
    yield "進捗レポートを開いて、内容を確かめてください。"


def advise_on_publishing(proposal: Proposal) -> Iterator[str]:
    """Yield what there is to do before the figures are public."""
    if proposal.pending_revisions:
        yield (
            f"公表した値と今のデータの食い違いが{len(proposal.pending_revisions)}件あります。"
            "上の説明のとおりに確かめてください。改めるときは "
            "data/01_raw/reference/revisions.csv に理由を書きます。"
        )
    if proposal.real_changes:
        yield (
            "公開するときは、下見の changes.html を確かめ、sumida-data approve で承認を受け、"
            "kedro run --pipelines=publish を実行してください。"
        )


def advise_on_privacy(privacy: PrivacyState) -> Iterator[str]:
    """Yield what the privacy gate leaves to do."""
    for title, reasons in privacy.blocked.items():
        yield f"公開を止めた「{title}」を直してください：{''.join(reasons)}"
    if privacy.void_releases:
        yield (
            f"released_texts.csv の{privacy.void_releases}件は、文字が違うため公開しません。"
            "書き直してください。"
        )


def close(report: ProgressReport, *all_gaps: Gaps) -> str:
    """Say in a sentence or two what was computed and what was left out of it."""
    counts = {
        "調査票{}件": sum(len(gaps.files) for gaps in all_gaps),
        "行{}行": sum(gaps.rows for gaps in all_gaps),
        "指摘{}件": sum(gaps.errors for gaps in all_gaps),
    }
    done = f"{report.period.title}の{len(report.indicators)}指標を集計しました。"
    if left_out := [words.format(count) for words, count in counts.items() if count]:
        return f"{done}集計から除いたものがあります：{'、'.join(left_out)}。"
    return done


def close_on_privacy(privacy: PrivacyState) -> str:
    """Say what the privacy gate stopped; empty if nothing."""
    if not privacy.blocked:
        return ""
    return (
        f"個人に関する記載があるため、データパッケージ{len(privacy.blocked)}件の公開を止めました。"
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
