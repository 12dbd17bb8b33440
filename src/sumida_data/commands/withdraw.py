"""The command ``sumida-data withdraw``: taking down what must not be public, for good."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import click
from kedro.framework.context import KedroContext

from sumida_data.base.metadata import HomeMunicipality
from sumida_data.catalogue import publication
from sumida_data.catalogue.preview import build_preview, gather_catalogue
from sumida_data.catalogue.record import Approval, TargetRecord
from sumida_data.catalogue.target import Catalogue, TargetError, TargetState, compare
from sumida_data.commands.verify import load_context, open_target
from sumida_data.packages.models import Packages
from sumida_data.plan.models import Plans
from sumida_data.site.models import SiteSettings
from sumida_data.survey.form import Waves

_HELP = """公開したものを、公開先と控えのすべてから取り下げます。元には戻せません。

データセットの名前か、--version を添えて1つの版か、--row で書かれた文字のある版すべてを選びます。
今の版が当てはまるデータセットは公開をやめ、そのことを記した頁が残ります。取下げも承認とともに
記録します。
docs/runbooks.ja.md の「漏えいが見つかったとき」の順に進めてください。

終了コード：0 取り下げた、1 取り下げなかった、またはできない。
"""


@click.command(help=_HELP)
@click.argument("dataset", required=False, metavar="[データセット]")
@click.option("--version", metavar="版", help="取り下げる版。書かなければすべての版です。")
@click.option("--row", "text", default="", metavar="文字", help="この文字のある版を選びます。")
@click.option("--env", metavar="環境", help="公開先の設定(ckanなど)。書かなければフォルダです。")
@click.option("--name", prompt="承認者の名前", metavar="氏名", help="承認者の名前。")
@click.option("--decision-number", prompt="決裁番号", metavar="番号", help="決裁番号。")
@click.option("--reason", prompt="取り下げる理由", metavar="理由", help="理由。内容は書きません。")
@click.option("--yes", is_flag=True, help="確かめの質問をしません。")
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
    context = load_context(env)
    target, record = open_target(context)
    try:
        wanted = _find_versions(record, dataset, version, text)
        if not wanted:
            raise click.ClickException("当てはまる版は、公開したものの中にありません。")
        catalogue = _build_catalogue(context, record, wanted)
        state = target.observe(date.today())
        for one, versions in wanted.items():
            click.echo(f"取り下げるもの：{one} 版 {'、'.join(versions)}")
        if not yes and not click.confirm("元に戻せません。取り下げますか"):
            raise click.ClickException("取り下げませんでした。")
        approval = _approve(record, catalogue, state, name, decision_number)
        line = publication.withdraw(target, record, catalogue, approval, reason, text)
    except TargetError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"取り下げ、{line.publication_id} に記録しました。控えのファイルも消しました。")
    click.echo("元の調査票や設定を直してから kedro run を実行し、下見と承認をやり直してください。")


def _find_versions(
    record: TargetRecord, dataset: str | None, version: str | None, text: str
) -> dict[str, list[str]]:
    """Return the versions that are to be taken down, by dataset."""
    if not dataset and not text:
        raise click.ClickException("データセットの名前か --row を書いてください。")
    gone = {
        (name, one)
        for line in record.read_publications()
        for name, versions in line.withdrawn.items()
        for one in versions
    }
    found = defaultdict(list)
    for (name, one), files in record.list_versions().items():
        chosen = dataset in (None, name) and version in (None, one) and (name, one) not in gone
        if chosen and (not text or _holds(record, files, text)):
            found[name].append(one)
    return dict(found)


def _holds(record: TargetRecord, files: Mapping[str, str], text: str) -> bool:
    tables = (sha256 for path, sha256 in files.items() if path.endswith((".csv", ".json", ".md")))
    return any(text.encode() in record.content.read(one) for one in tables)


def _build_catalogue(
    context: KedroContext, record: TargetRecord, wanted: Mapping[str, list[str]]
) -> Catalogue:
    """Build what stays public: the site anew, from the packages that are public and stay so."""
    lines = record.read_publications()
    current = {one.name: one.version for one in lines[-1].datasets}
    gone = {name for name, versions in wanted.items() if current.get(name) in versions}
    files = {
        path: record.content.read(sha256)
        for path, sha256 in record.read_public_hashes().items()
        if path.split("/")[0] not in gone
    }
    given = context.params
    preview = build_preview(
        files,
        Packages.model_validate(given["packages"]),
        HomeMunicipality.model_validate(given["municipality"]),
        Plans.model_validate(given["plans"]),
        Waves.model_validate(given["waves"]),
        SiteSettings.model_validate(given["site"]),
        context.catalog["data_dictionary"].load(),
    )
    return replace(gather_catalogue(preview, ()), withdrawn=wanted)


def _approve(
    record: TargetRecord, catalogue: Catalogue, state: TargetState, name: str, number: str
) -> Approval:
    return Approval(
        approval_id=f"A{len(record.read_approvals()) + 1:04}",
        target=state.name,
        content_sha256=catalogue.sha256,
        target_sha256=state.sha256,
        approved_by=name,
        decision_number=number,
        approved_on=state.observed_on.isoformat(),
        accepted_gaps=(),
        changes=tuple(one for one in compare(catalogue, state) if one.action != "keep"),
        findings={},
        failed_checks=(),
        blocked=(),
        pending_revisions=(),
    )
