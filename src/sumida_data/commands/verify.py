"""The commands that go to the public target: ``verify``, ``undo``, ``abandon``, ``withdraw``."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from kedro.config import MissingConfigException

from sumida_data.base.characters import is_within
from sumida_data.base.settings_files import SettingsError, read_settings
from sumida_data.catalogue import publication
from sumida_data.catalogue.approval import RefusedError, propose, write_approval
from sumida_data.catalogue.preview import build_preview, gather_catalogue
from sumida_data.catalogue.record import TargetRecord
from sumida_data.catalogue.target import Catalogue, PublicTarget, TargetError, compare
from sumida_data.commands.project import find_project, option_env, option_yes, read_parameters
from sumida_data.datasets import TargetDataset
from sumida_data.parameters import PARAMETERS, find_mistakes

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

_HELP_VERIFY = """公開先を読み返し、公開した内容と同じか確かめます。

すべてのファイルの中身、ハッシュ、カタログのリンクと、公開の記録のハッシュの連なりを確かめます。
何も書き込みません。

終了コード：0 同じ、2 違うところがある、1 確かめられない。
"""
_HELP_UNDO = """最後の公開を取り消し、その前に公開していた内容に戻します。

もう一度実行すると、取り消した内容に戻ります。取消しも公開の記録に残ります。

終了コード：0 戻した、1 戻せない。
"""
_HELP_ABANDON = """途中で止まった公開や、公開先に断られた公開をやめ、その前の内容に戻します。

何が公開先にあるかを示してから聞きます。やめたことも公開の記録に残り、承認は使い終わったものになります。

終了コード：0 やめた、1 やめられない。
"""
_HELP_WITHDRAW = """公開したものを、公開先と控えのすべてから取り下げます。元には戻せません。

データセットの名前か、--version を添えて1つの版か、--row で書かれた文字のある版すべてを選びます。
今の版が当てはまるデータセットは公開をやめ、そのことを記した頁が残ります。取下げも承認とともに
記録します。
docs/runbooks.ja.md の「漏えいが見つかったとき」の順に進めてください。

終了コード：0 取り下げた、1 取り下げなかった、またはできない。
"""
# The parameters by which the site is built, in order.
_OF_PREVIEW = ("packages", "municipality", "plans", "waves", "site")


@contextmanager
def _open(env: str | None) -> Iterator[tuple[PublicTarget, TargetRecord, KedroContext]]:
    """Open the public target of an environment; its errors are shown in plain words."""
    project = find_project()
    if not (project / "conf" / (env or "base")).is_dir():
        raise click.ClickException(f"--env={env}: {project / 'conf'} にこの環境がありません。")
    if mistakes := [*find_mistakes(read_parameters(project), project / "conf/base/parameters")]:
        raise click.ClickException("\n".join(mistakes))
    # Paths of the target are meant from there, also where the command was called further below;
    # Kedro looks there, when it is imported, how it is to log.
    os.chdir(project)
    from kedro.framework.project import LOGGING  # noqa: PLC0415
    from kedro.framework.session import KedroSession  # noqa: PLC0415
    from kedro.framework.startup import bootstrap_project  # noqa: PLC0415

    bootstrap_project(project)
    try:
        # What a run shows of its progress is shown here too.
        LOGGING.configure(read_settings([Path("conf/logging.yml")]))
        context: KedroContext = KedroSession.create(project, env=env).load_context()
        dataset = context.catalog["public_target"]
    except (MissingConfigException, SettingsError, KeyError) as error:
        raise click.ClickException(f"公開先の設定を読めません。{error}") from error
    if not isinstance(dataset, TargetDataset):
        raise click.ClickException(f"--env={env}: public_target が公開先ではありません。")
    try:
        yield dataset.target, dataset.record, context
    except (TargetError, RefusedError) as error:
        raise click.ClickException(str(error)) from error


@click.command(help=_HELP_VERIFY)
@option_env
def verify(env: str | None) -> None:
    """Read everything back from the public target; exits with 2 where something differs."""
    with _open(env) as (target, record, _):
        if edits := list(record.find_faults()):
            for edit in edits:
                click.secho(edit, fg="red")
            click.echo(f"公開の記録 {record.folder} が変えられています。控えと比べてください。")
            sys.exit(2)
        lines, begun = record.publications, record.journal
        option = f" --env={env}" if env else ""
        unfinished = begun.explain(option) if begun else ""
        if not lines:
            raise TargetError(f"公開先 {target.name} には、まだ何も公開していません。{unfinished}")
        catalogue = record.load_catalogue(lines[-1].content_of)
        faults = target.verify(catalogue, lines[-1].content_of)
    for fault in faults:
        click.secho(fault, fg="red")
    if faults:
        again = f"kedro run --pipelines=publish{option} で、公開した内容に戻ります。"
        click.echo(
            f"公開先 {target.name} に、公開した内容と違うところが{len(faults)}件あります。"
            f"{unfinished or again}"
        )
        sys.exit(2)
    files, last = sum(len(dataset.files) for dataset in catalogue.datasets), lines[-1]
    click.echo(
        f"公開先 {target.name} は、{last.published_on} の {last.publication_id} のとおりです"
        f"({len(catalogue.datasets)}データセット、{files}ファイル、{len(catalogue.pages)}ページ)。{unfinished}"
    )


@click.command(help=_HELP_UNDO)
@option_env
@option_yes
def undo(env: str | None, *, yes: bool) -> None:
    """Put the version before the last publication back."""
    with _open(env) as (target, record, _):
        publication.find_before(record)
        if not yes and not click.confirm(f"公開先 {target.name} を前の内容に戻しますか"):
            raise click.ClickException("戻しませんでした。")
        click.echo(f"公開先 {target.name} を戻しています。数分かかることがあります。")
        line = publication.undo(target, record, date.today())
    datasets = "、".join(f"{one.name} {one.version}" for one in line.datasets)
    click.echo(f"公開先 {target.name} を、公開 {line.content_of} の内容に戻しました({datasets})。")
    click.echo(
        f"取消し {line.publication_id} を {record.folder / 'publications.jsonl'} に記録しました。"
    )
    click.echo("もう一度公開する前に、取り消した理由を直して kedro run を実行してください。")


@click.command(help=_HELP_ABANDON)
@option_env
@click.option(
    "--leave", is_flag=True, help="公開先が戻すことも断るとき、公開先はそのままにします。"
)
@option_yes
def abandon(env: str | None, *, leave: bool, yes: bool) -> None:
    """Give up a publication that was begun, and put back what was public before."""
    with _open(env) as (target, record, _):
        publication.find_begun(record)
        if pending := record.load_pending():
            changes = compare(pending[0], target.observe(date.today()))
            same = (one.dataset for one in changes if one.action == "keep" and not one.file)
            click.echo(f"新しい内容になっているデータセット：{'、'.join(same) or 'なし'}")
        if not yes and not click.confirm(f"公開先 {target.name} への公開をやめますか"):
            raise click.ClickException("やめませんでした。")
        click.echo(f"公開先 {target.name} への公開をやめています。数分かかることがあります。")
        line = publication.abandon(target, record, date.today(), leave=leave)
    before = "公開先はそのままです" if leave else f"前の内容({line.content_of or '空'})に戻しました"
    click.echo(
        f"承認 {line.abandoned} の公開をやめ、{line.publication_id} に記録しました。{before}。"
    )
    click.echo("公開するには、原因を直して kedro run を実行し、承認を受けてください。")


@click.command(help=_HELP_WITHDRAW)
@click.argument("dataset", required=False, metavar="[データセット]")
@click.option("--version", metavar="版", help="取り下げる版。書かなければすべての版です。")
@click.option("--row", "text", default="", metavar="文字", help="この文字のある版を選びます。")
@option_env
@click.option("--name", default="", metavar="氏名", help="承認者の名前。")
@click.option("--decision-number", default="", metavar="番号", help="決裁番号。")
@click.option("--reason", default="", metavar="理由", help="理由。内容は書きません。")
@option_yes
def withdraw(  # noqa: PLR0913  # one parameter for each option
    dataset: str | None,
    version: str | None,
    text: str,
    env: str | None,
    name: str,
    decision_number: str,
    reason: str,
    *,
    yes: bool,
) -> None:
    """Show what would be taken down, ask, do it, and record who decided it."""
    with _open(env) as (target, record, context):
        found = find_versions(record, dataset, version, text)
        catalogue = _build_catalogue(context, record, found)
        proposal = propose(catalogue, target.observe(date.today()))
        for one, numbers in found.items():
            click.echo(f"取り下げるもの：{one} 版 {'、'.join(numbers)}")
        if not yes and not click.confirm("元に戻せません。取り下げますか"):
            raise click.ClickException("取り下げませんでした。")
        # Asked only now, so that one can look at what it would be.
        reason = reason or click.prompt("取り下げる理由")
        approval = write_approval(
            proposal,
            record.approvals,
            approved_by=name or click.prompt("承認者の名前"),
            decision_number=decision_number or click.prompt("決裁番号"),
            approved_on=date.today(),
        )
        line = publication.withdraw(target, record, catalogue, approval, reason, text)
    click.echo(f"取り下げ、{line.publication_id} に記録しました。控えのファイルも消しました。")
    click.echo("元の調査票や設定を直してから kedro run を実行し、下見と承認をやり直してください。")


def find_versions(
    record: TargetRecord, dataset: str | None, version: str | None, text: str
) -> dict[str, list[str]]:
    """Return the versions that are named, or whose tables and descriptions contain a text."""
    if not dataset and not text:
        raise click.ClickException("データセットの名前か --row を書いてください。")
    found = defaultdict(list)
    for name, versions in record.list_versions().items():
        for number, files in versions.items():
            is_meant = dataset in (None, name) and version in (None, number)
            lines = _list_lines(record, files)
            if is_meant and (not text or any(map(partial(is_within, text), lines))):
                found[name].append(number)
    if not found:
        raise click.ClickException("当てはまる版は、公開したものの中にありません。")
    return found


def _list_lines(record: TargetRecord, files: Mapping[str, str]) -> Iterator[str]:
    """Yield the rows and lines of files that are texts; a row may be of several lines."""
    for path in (path for path in files if path.endswith((".csv", ".json", ".md"))):
        lines = io.StringIO(record.read_content(files[path]).decode("utf-8-sig"), newline="")
        yield from map(",".join, csv.reader(lines)) if path.endswith(".csv") else lines


def _build_catalogue(
    context: KedroContext, record: TargetRecord, wanted: Mapping[str, list[str]]
) -> Catalogue:
    """Build what stays public: the site anew, from the packages that are public and stay so."""
    current = {one.name: one.version for one in record.publications[-1].datasets}
    gone = {name for name, versions in wanted.items() if current.get(name) in versions}
    files = {
        path: record.read_content(sha256)
        for path, sha256 in record.read_public_hashes().items()
        if path.split("/")[0] not in gone
    }
    given: list[Any] = [PARAMETERS[one].model_validate(context.params[one]) for one in _OF_PREVIEW]
    given.append(context.catalog["data_dictionary"].load())
    return replace(gather_catalogue(build_preview(files, *given), ()), withdrawn=wanted)
