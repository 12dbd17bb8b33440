"""The summary of a run as it is shown at a terminal."""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sumida_data.present.words import SEVERITIES, VERDICT_SYMBOLS, VERDICTS
from sumida_data.report.summary import Checks, ResponseSummary, RunSummary

_WIDTH = 100
_STYLES = {
    "achieved": "bold green",
    "on_track": "blue",
    "slightly_behind": "yellow",
    "behind": "bold red",
    "cannot_say": "dim",
}


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
