"""The command ``sumida-data verify``."""

import sys
from pathlib import Path

import click

from sumida_data.catalogue.target import TargetError
from sumida_data.commands.publishing_project import find_project
from sumida_data.commands.target import load_target

_HELP = """公開先を読み返し、公開した内容と同じか確かめます。

すべてのファイルの中身、ハッシュ、カタログのリンクを確かめます。何も書き込みません。

終了コード：0 同じ、2 違うところがある、1 確かめられない。
"""


@click.command(help=_HELP)
@click.option("--env", metavar="環境", help="公開先の設定(ckanなど)。書かなければフォルダです。")
def verify(env: str | None) -> None:
    """Read everything back from the public target; exits with 2 where something differs."""
    target, record = load_target(find_project(Path.cwd()), env)
    try:
        lines = record.read_publications()
        if not lines:
            raise TargetError(f"公開先 {target.name} には、まだ何も公開していません。")
        catalogue = record.load_content(lines[-1].content_of)
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
