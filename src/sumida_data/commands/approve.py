"""The command ``sumida-data approve``."""

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from sumida_data.base.metadata import Gap
from sumida_data.catalogue.approval import (
    ACTIONS,
    Proposal,
    RefusedError,
    count_actions,
    group_changes,
    refuse_lost_record,
    write_approval,
)
from sumida_data.catalogue.record import Approval, TargetRecord
from sumida_data.catalogue.target import TargetError
from sumida_data.commands.project import (
    find_project,
    make_option_day,
    option_env,
    option_yes,
    read_catalogue,
)
from sumida_data.survey.findings import SEVERITY_LABELS

_FILES_SHOWN = 3
_HELP = """公開する内容を確かめ、承認を記録します。

最後の kedro run が下見に書いたものを、公開先と比べて表示します。承認は、内容か公開先が後で変わると
無効になります。公開は kedro run --pipelines=publish で行います。

終了コード：0 承認を記録した、1 承認しなかった、またはできない。
"""


@click.command(help=_HELP)
@option_env
@click.option("--name", metavar="氏名", help="承認者の名前。")
@click.option("--decision-number", metavar="番号", help="決裁番号。")
@make_option_day("決裁の日")
@click.option("--accept-gaps", is_flag=True, help="基準を超える欠けを、承認者が受け入れます。")
@click.option(
    "--adopt",
    "adopts",
    multiple=True,
    metavar="名前",
    help="公開先にあるほかの人のデータセットを、承認者が引き継ぎます。元には戻せません。",
)
@option_yes
def approve(  # one parameter for each option
    env: str | None,
    name: str | None,
    decision_number: str | None,
    day: datetime,
    *,
    accept_gaps: bool,
    adopts: tuple[str, ...],
    yes: bool,
) -> None:
    """Show what would be published, ask, and record who approved it."""
    project = find_project()
    proposal = _load_proposal(
        project / read_catalogue(project, env, "publication_proposal")["filepath"]
    )
    target = read_catalogue(project, env, "public_target")["target"]
    record = TargetRecord(project / target["record"])
    if record.folder.name != proposal.target:
        raise click.ClickException(
            f"最後の kedro run は公開先 {proposal.target} に向けたものです。"
            f"公開先 {record.folder.name} に向けて、もう一度 kedro run を実行してください。"
        )
    click.echo("\n".join(describe_proposal(proposal)))
    if proposal.gaps_to_accept and not (accept_gaps or yes):
        titles = "、".join(gap.title for gap in proposal.gaps_to_accept)
        accept_gaps = click.confirm(f"{titles}が基準を超えています。承認者が受け入れますか")
    name = _ask("承認者の名前", "--name", name, silent=yes)
    decision_number = _ask("決裁番号", "--decision-number", decision_number, silent=yes)
    if not yes and not click.confirm("この内容の公開を承認しますか"):
        raise click.ClickException("承認しませんでした。")
    approval = _write_down(
        record,
        proposal,
        approved_by=name,
        decision_number=decision_number,
        approved_on=day.date(),
        accepts_gaps=accept_gaps,
        adopts=adopts,
    )
    option = f" --env={env}" if env else ""
    click.echo(
        f"承認 {approval.approval_id} を {record.folder / 'approvals.jsonl'} に記録しました。"
    )
    click.echo(f"次に kedro run --pipelines=publish{option} を実行してください。")
    sys.exit(0)


def _write_down(record: TargetRecord, proposal: Proposal, **decision: Any) -> Approval:
    try:
        with record.lock():
            if record.journal is None:
                refuse_lost_record(proposal, record)
            approval = write_approval(proposal, record.approvals, **decision)
            record.add(approval)
    except (RefusedError, TargetError) as error:
        raise click.ClickException(str(error)) from error
    return approval


def describe_proposal(proposal: Proposal) -> Iterator[str]:
    """Yield what a person must know to approve a proposal, line by line."""
    yield f"公開先：{proposal.target}　期間：{proposal.period}"
    yield from ["【見本データ】実際の数ではありません。"] * proposal.sample
    yield f"公開する内容のハッシュ：{proposal.content_sha256}"
    versions = (f"{name} {version}" for name, version in proposal.versions.items())
    yield f"データセットの版：{'、'.join(versions)}\n"
    yield f"公開先での変更：{count_actions(proposal.changes)}"
    yield from _describe_changes(proposal)
    yield "  すべてのファイルの一覧は data/06_catalog/preview/changes.html にあります。\n"
    yield "この期間の欠け："
    yield from (f"  {describe_gap(gap)}" for gap in proposal.gaps)
    yield f"残っている指摘：{_count_findings(proposal)}"
    for title, lines in proposal.remarks.items():
        yield f"{title}：{'' if lines else 'なし'}"
        yield from (f"  {line}" for line in lines)
    yield f"新しい文 {len(proposal.new_texts)}件：個人に関する記載がないか確かめてください。"
    for one in proposal.new_texts:
        times = f"、{one.cells}欄" if one.cells > 1 else ""
        yield f"  {one.table}の{one.field}「{one.text}」({one.place or '参照表'}{times})"
    yield ""


def _count_findings(proposal: Proposal) -> str:
    labels = {str(severity): label for severity, label in SEVERITY_LABELS.items()}
    found = sorted(proposal.findings.items())
    return "、".join(f"{labels.get(one, one)} {count}件" for one, count in found) or "なし"


def _describe_changes(proposal: Proposal) -> Iterator[str]:
    """Yield a line for each dataset that would change; files that would go are all named."""
    for one in group_changes(proposal):
        words = [f"{ACTIONS[one['action']]}　{one['name']} {one['version']}".rstrip()]
        for done, files in one["files"].items():
            shown = files if done == "remove" else files[:_FILES_SHOWN]
            more = f"、ほか{len(files) - len(shown)}" * (len(files) > len(shown))
            words.append(f"{ACTIONS[done]} {len(files)}ファイル({'、'.join(shown)}{more})")
        if one["name"]:
            yield f"  {'　'.join(words)}"


def describe_gap(gap: Gap) -> str:
    """Say how large a gap is, and whether a person must accept it."""
    share = f"{100 * gap.missing / gap.total:.1f}%" if gap.total else "なし"
    allowed = f"{100 * gap.allowed_share:.1f}%"
    verdict = "承認者が受け入れる必要があります" if gap.exceeds_quota else "基準の内です"
    return f"{gap.title}：{gap.total}のうち{gap.missing}({share}、基準{allowed})。{verdict}。"


def _load_proposal(path: Path) -> Proposal:
    try:
        return Proposal.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise click.ClickException(
            "公開するものがありません。先に kedro run を実行してください。"
        ) from error
    except ValueError as error:
        raise click.ClickException(
            f"{path} を読めません。もう一度 kedro run を実行してください。"
        ) from error


def _ask(title: str, option: str, given: str | None, *, silent: bool) -> str:
    if silent and not given:
        raise click.ClickException(f"{title}を {option} で書いてください。")
    return given or str(click.prompt(title))
