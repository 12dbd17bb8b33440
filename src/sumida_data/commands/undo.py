"""The command ``sumida-data undo``."""

from datetime import date
from pathlib import Path

import click

from sumida_data.catalogue.publication import undo as take_back
from sumida_data.catalogue.target import TargetError
from sumida_data.commands.publishing_project import find_project
from sumida_data.commands.target import load_target

_HELP = """最後の公開を取り消し、その前に公開していた内容に戻します。

もう一度実行すると、取り消した内容に戻ります。取消しも公開の記録に残ります。

終了コード：0 戻した、1 戻せない。
"""


@click.command(help=_HELP)
@click.option("--env", metavar="環境", help="公開先の設定(ckanなど)。書かなければフォルダです。")
@click.option("--yes", is_flag=True, help="確かめの質問をしません。")
def undo(env: str | None, *, yes: bool) -> None:
    """Put the version before the last publication back."""
    target, record = load_target(find_project(Path.cwd()), env)
    if not yes and not click.confirm(f"公開先 {target.name} を前の内容に戻しますか"):
        raise click.ClickException("戻しませんでした。")
    try:
        line = take_back(target, record, date.today())
    except TargetError as error:
        raise click.ClickException(str(error)) from error
    datasets = "、".join(f"{one.name} {one.version}" for one in line.datasets)
    click.echo(f"公開先 {target.name} を、公開 {line.content_of} の内容に戻しました({datasets})。")
    click.echo(
        f"取消し {line.publication_id} を {record.folder / 'publications.jsonl'} に記録しました。"
    )
    click.echo("もう一度公開する前に、取り消した理由を直して kedro run を実行してください。")
