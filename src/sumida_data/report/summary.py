"""The summary of a run: what came out, what was set aside and what to do next, at a terminal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import filterfalse
from operator import itemgetter
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sumida_data.base.characters import name_some
from sumida_data.catalogue.approval import Proposal, count_actions
from sumida_data.catalogue.record import PublicationLine
from sumida_data.catalogue.target import name_option
from sumida_data.present.words import format_percentage
from sumida_data.privacy.gate import BlockedPackage
from sumida_data.quality.overview import Tally
from sumida_data.report.content import ProgressReport

_WIDTH = 100
_STYLES = {
    "achieved": "bold green",
    "kept": "green",
    "on_track": "blue",
    "slightly_behind": "yellow",
    "behind": "bold red",
    "cannot_say": "dim",
}
# By what the verdict holds.
_VERDICT_STEPS = {
    "behind": "計画線に届かない{}指標の見通しを確かめてください：{}",
    "cannot_say": "判定できない{}指標の理由を確かめてください：{}",
}
_FOLDED, _WHOLE = {"overflow": "fold"}, {"no_wrap": True}
_NUMBER = {"justify": "right"}


@dataclass(frozen=True)
class RunSummary:
    """What a run did, beside what its report says."""

    report: ProgressReport
    proposal: Proposal
    cut_off: PublicationLine | None  # what was begun of publishing, or taking back, and not ended
    inquiry: str  # what it was taken from where none is listed for the quarter, or ''
    products: Mapping[str, str]  # where each is, by its title
    readability: str  # the points of the received files, in words
    checks: Tally
    blocked: Sequence[BlockedPackage]  # as a whole, by the privacy gate
    held_back: Sequence[BlockedPackage]  # of which only rows are
    void_releases: int  # of free text: they no longer fit what the cell says

    @property
    def exit_code(self) -> int:
        """2 if something was set aside or blocked, or a check failed that figures rest on."""
        survey = self.report.survey
        wanting = (survey.set_aside, survey.set_aside_elsewhere, self.blocked, self.held_back)
        return 2 if any(wanting) or self.checks.failed_errors else 0

    @property
    def next_steps(self) -> tuple[str, ...]:
        """What to do next, one sentence each."""
        option = name_option(self.proposal.target)
        first = [self.cut_off.explain(option)] if self.cut_off else []
        first += filter(None, [self.inquiry])
        figures = _advise_on_figures(self.report, self.proposal, option)
        return (*first, *_advise_on_privacy(self), *_advise_on_data(self), *figures)

    @property
    def closing(self) -> str:
        """What was computed and what was left out of it, in a sentence or two."""
        both = (self.report.survey.set_aside, self.report.survey.set_aside_elsewhere)
        counts = {
            "調査票{}件": sum(len(one.files) for one in both),
            "行{}行": sum(one.rows for one in both),
            "指摘{}件": sum(one.findings["error"] for one in both),
        }
        left_out = "、".join(words.format(count) for words, count in counts.items() if count)
        title, blocked = self.report.period.title, len(self.blocked)
        computed = f"{title}の{len(self.report.indicators)}指標を集計しました。"
        computed += f"集計から除いたものがあります：{left_out}。" * bool(left_out)
        stopped = f"個人に関する記載があるため、データパッケージ{blocked}件の公開を止めました。"
        return computed + stopped * bool(blocked)


def _advise_on_privacy(summary: RunSummary) -> Iterator[str]:
    for one in summary.blocked:
        yield f"公開を止めた「{one.title}」を直してください：{''.join(one.reasons)}"
    for one in summary.held_back:
        yield (
            f"「{one.title}」に載せない行があります。直すか、個人に関する記載でなければその文を "
            f"cleared_texts.csv に書いてください：{''.join(one.reasons)}"
        )
    if void := summary.void_releases:
        yield (
            f"released_texts.csv の{void}件は、文字が違うか、その欄が見つからないため公開しません。"
            "その行を書き直すか消してください。"
        )


def _advise_on_data(summary: RunSummary) -> Iterator[str]:
    found = summary.report.survey.set_aside
    if failed := summary.checks.failed_errors:
        yield (
            f"数を信頼できなくなる検査{failed}件が不合格です。"
            "「データの検査結果」を開いて、直してください。"
        )
    if summary.report.sample:
        yield "見本データを除き、実際の調査票を置いて、もう一度 kedro run を実行してください。"
    if missing := summary.report.survey.missing_sections:
        yield f"未回答の{len(missing)}課に回答を催促してください：{name_some(missing)}"
    for gap in summary.proposal.gaps_to_accept:
        excess = f"{gap.title}が{format_percentage(gap.missing, gap.total)}で、"
        excess += f"{format_percentage(gap.allowed_share, 1)}を超えています。"
        yield f"{excess}公開には承認者の確認が必要です。"
    if files := found.files:
        yield f"使えない調査票{len(files)}件を直してもらってください：{name_some(files)}"
    if findings := found.findings.total():
        yield f"指摘{findings}件を確かめ、課ごとの確認結果を送ってください。"


def _advise_on_figures(report: ProgressReport, proposal: Proposal, option: str) -> Iterator[str]:
    for part, words in _VERDICT_STEPS.items():
        if found := [one.title.text for one in report.indicators if part in one.verdict]:
            yield words.format(len(found), name_some(found))
    if hints := [*filterfalse(itemgetter("note"), report.hints)]:
        titles = dict.fromkeys(row["indicator_title"] for row in hints)
        yield f"確かめたい値が{len(hints)}件あります：{name_some([*titles])}"
    yield "進捗レポートを開いて、内容を確かめてください。"
    if pending := len(proposal.pending_revisions):
        yield (
            f"公表した値と今のデータの食い違いが{pending}件あります。上の説明のとおりに確かめて"
            "ください。改めるときは data/01_raw/reference/revisions.csv に理由を書きます。"
        )
    if proposal.real_changes:
        yield (
            "公開するときは、下見の changes.html と decision_sheet.html(決裁用紙)を確かめ、"
            f"sumida-data approve{option} で承認を受け、"
            f"kedro run --pipelines=publish{option} を実行してください。"
        )


def render_summary(summary: RunSummary) -> RenderableType:
    """Lay a summary out for a terminal, at most a hundred columns wide."""
    report, proposal, checks = summary.report, summary.proposal, summary.checks
    survey, words = report.survey, report.dictionary.words("finding.severity")
    total = survey.total
    failed = (
        f"検査{checks.total}件のうち不合格{checks.failed}件(重いもの{checks.failed_errors}件)："
        "詳しくは「データの検査結果」"
    )
    indicators = [
        (
            *(one.indicator.title, one.baseline.text, one.current.text),
            *(one.target.text, one.value["as_of"].isoformat()),
            Text(one.printed_verdict, _STYLES[one.verdict]),
        )
        for one in report.indicators
    ]
    places = {str(report.period): survey.set_aside, "ほかの期間": survey.set_aside_elsewhere}
    set_aside = [
        (name, *map(str, (*(one.findings[level] for level in words), len(one.files), one.rows)))
        for name, one in places.items()
    ]
    steps = Table.grid(padding=(0, 1))
    steps.add_column(justify="right", width=3)
    steps.add_column(overflow="fold")
    for number, step in enumerate(summary.next_steps, 1):
        steps.add_row(f"{number}.", Text(step))
    parts = Group(
        Panel(Text(f"{report.period.title}（{report.period}）の取組状況", "bold")),
        *[Text("見本データ：実際の数ではありません。", "bold red")] * report.sample,
        _make_table(
            {"指標": _FOLDED}
            | dict.fromkeys(("基準値", "値", "目標値"), _NUMBER)
            | dict.fromkeys(("時点", "判定"), _WHOLE),
            indicators,
        ),
        Text(
            f"回収率{total.rate}：照会{total.asked}課のうち{total.answered}課が回答"
            f"(前回から変更なし{total.no_change}課)、未回答か使えないもの{total.not_received}課"
        ),
        Text(failed if checks.failed else f"検査{checks.total}件：不合格なし"),
        *[Text(f"受け取ったファイルの機械可読性：{summary.readability}")]
        * bool(summary.readability),
        _make_table(
            {"期間": {}}
            | dict.fromkeys((*words.values(), "使えない調査票", "除いた行"), _NUMBER | _FOLDED),
            set_aside,
        ),
        *map(Text, proposal.pending_revisions),
        Text(f"公開先({proposal.target})での変更：{count_actions(proposal.changes)}"),
        _make_table({"できたもの": _WHOLE, "場所": _FOLDED}, summary.products.items()),
        Text("次にすること", "bold"),
        steps,
        Text(),
        Text(summary.closing, "bold yellow" if summary.exit_code else "bold green"),
    )
    return Constrain(parts, _WIDTH)


def _make_table(
    columns: Mapping[str, Mapping[str, Any]], rows: Iterable[Sequence[str | Text]]
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True)
    for heading, look in columns.items():
        table.add_column(heading, **look)
    for row in rows:
        table.add_row(*(Text(one) if isinstance(one, str) else one for one in row))
    return table
