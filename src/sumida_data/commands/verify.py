"""The commands that go to the public target: ``sumida-data verify``, ``undo``, ``abandon``."""

import logging
import os
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import click
from kedro.config import MissingConfigException
from kedro.framework.context import KedroContext
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from sumida_data.catalogue import publication
from sumida_data.catalogue.record import TargetRecord
from sumida_data.catalogue.target import PublicTarget, TargetChange, TargetError, compare
from sumida_data.commands.project import find_project
from sumida_data.datasets import TargetDataset

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
_env = click.option(
    "--env", metavar="環境", help="公開先の設定(ckanなど)。書かなければフォルダです。"
)


@click.command(help=_HELP_VERIFY)
@_env
def verify(env: str | None) -> None:
    """Read everything back from the public target; exits with 2 where something differs."""
    target, record = open_target(load_context(env))
    try:
        if edits := list(record.find_faults()):
            for edit in edits:
                click.secho(edit, fg="red")
            click.echo(f"公開の記録 {record.folder} が変えられています。控えと比べてください。")
            sys.exit(2)
        lines = record.read_publications()
        if not lines:
            begun = "途中で止まった公開があります。" * (record.journal.read() is not None)
            raise TargetError(f"公開先 {target.name} には、まだ何も公開していません。{begun}")
        catalogue = record.load_catalogue(lines[-1].content_of)
        faults = target.verify(catalogue)
    except TargetError as error:
        raise click.ClickException(str(error)) from error
    for fault in faults:
        click.secho(fault, fg="red")
    if faults:
        option = f" --env={env}" if env else ""
        click.echo(
            f"公開先 {target.name} に、公開した内容と違うところが{len(faults)}件あります。"
            f"kedro run --pipelines=publish{option} で、公開した内容に戻ります。"
        )
        sys.exit(2)
    last = lines[-1]
    files = sum(len(dataset.files) for dataset in catalogue.datasets)
    click.echo(
        f"公開先 {target.name} は、{last.published_on} の {last.publication_id} のとおりです"
        f"({len(catalogue.datasets)}データセット、{files}ファイル、{len(catalogue.pages)}ページ)。"
    )


@click.command(help=_HELP_UNDO)
@_env
@click.option("--yes", is_flag=True, help="確かめの質問をしません。")
def undo(env: str | None, *, yes: bool) -> None:
    """Put the version before the last publication back."""
    target, record = open_target(load_context(env))
    if not yes and not click.confirm(f"公開先 {target.name} を前の内容に戻しますか"):
        raise click.ClickException("戻しませんでした。")
    try:
        line = publication.undo(target, record, date.today())
    except TargetError as error:
        raise click.ClickException(str(error)) from error
    datasets = "、".join(f"{one.name} {one.version}" for one in line.datasets)
    click.echo(f"公開先 {target.name} を、公開 {line.content_of} の内容に戻しました({datasets})。")
    click.echo(
        f"取消し {line.publication_id} を {record.folder / 'publications.jsonl'} に記録しました。"
    )
    click.echo("もう一度公開する前に、取り消した理由を直して kedro run を実行してください。")


def _name_unchanged(changes: Iterable[TargetChange]) -> str:
    names = [one.dataset for one in changes if one.action == "keep" and not one.file]
    return "、".join(names) or "なし"


@click.command(help=_HELP_ABANDON)
@_env
@click.option(
    "--leave", is_flag=True, help="公開先が戻すことも断るとき、公開先はそのままにします。"
)
@click.option("--yes", is_flag=True, help="確かめの質問をしません。")
def abandon(env: str | None, *, leave: bool, yes: bool) -> None:
    """Give up a publication that was begun, and put back what was public before."""
    target, record = open_target(load_context(env))
    try:
        if pending := record.read().pending:
            changes = compare(pending, target.observe(date.today()))
            click.echo(f"新しい内容になっているデータセット：{_name_unchanged(changes)}")
        if not yes and not click.confirm(f"公開先 {target.name} への公開をやめますか"):
            raise click.ClickException("やめませんでした。")
        line = publication.abandon(target, record, date.today(), leave=leave)
    except TargetError as error:
        raise click.ClickException(str(error)) from error
    before = "公開先はそのままです" if leave else f"前の内容({line.content_of or '空'})に戻しました"
    click.echo(
        f"承認 {line.abandoned} の公開をやめ、{line.publication_id} に記録しました。{before}。"
    )
    click.echo("公開するには、原因を直して kedro run を実行し、承認を受けてください。")


def load_context(env: str | None) -> KedroContext:
    """Return Kedro's context of an environment.

    Raises:
        click.ClickException: If the environment is not there.
    """
    project = find_project(Path.cwd())
    logging.disable(logging.INFO)
    bootstrap_project(project)
    # Paths of the target are meant from there, also where the command was called further below.
    os.chdir(project)
    try:
        context: KedroContext = KedroSession.create(project, env=env).load_context()
        context.catalog["public_target"]
    except (MissingConfigException, KeyError) as error:
        raise click.ClickException(f"--env={env}: 公開先の設定を読めません。{error}") from error
    return context


def open_target(context: KedroContext) -> tuple[PublicTarget, TargetRecord]:
    """Return the public target of an environment, and its record.

    Raises:
        click.ClickException: If the environment names no target.
    """
    dataset = context.catalog["public_target"]
    if not isinstance(dataset, TargetDataset):
        raise click.ClickException(f"--env={context.env}: public_target が公開先ではありません。")
    return dataset.target, dataset.record
