"""From the approved preview to the public target."""

from sumida_data.base.frames import to_arrow
from sumida_data.catalogue.approval import Proposal, RefusedError, count_actions
from sumida_data.catalogue.preview import gather_catalogue
from sumida_data.catalogue.publication import PlannedPublication, prepare_publication
from sumida_data.catalogue.record import TargetRecord
from sumida_data.catalogue.target import TargetState, name_option
from sumida_data.packages.models import Packages
from sumida_data.pipelines.wiring import Files, Frame, Summary, join_nodes, makes, read_all
from sumida_data.quality.rules import SecondOpinion

_DONE = {
    "publish": "公開先 {target} に、承認 {approval} の内容を公開しました。",
    "repair": "公開先 {target} を、承認 {approval} で公開した内容に直しました。",
    "resumed": "公開先 {target} に、途中で止まっていた承認 {approval} の公開を終わらせました。",
    "none": "公開先 {target} は承認 {approval} の内容のとおりです。",
}
_NEXT = "次にすること：公開先を開いて確かめてください。戻すときは sumida-data undo{option} です。"
_NEXT_AFTER = {
    "resumed": "次にすること：新しい内容を公開するには、もう一度 kedro run{option} を実行し、変更の"
    "一覧を確かめて、sumida-data approve{option} で承認を受けてください。"
}


@makes("public_target", "decided")
def decide_publication(
    preview_catalogue: Files,
    packages: Packages,
    publication_proposal: Proposal | None,
    observed_target: TargetState,
    target_record: TargetRecord,
    lineage: Frame,
    second_opinion: SecondOpinion,
) -> tuple[PlannedPublication, PlannedPublication]:
    """Decide whether the preview may be published; it is published by being saved.

    The publication is returned twice: for the target, and for the summary.
    """
    if not preview_catalogue or publication_proposal is None:
        raise RefusedError("公開するものがありません。先に kedro run を実行してください。")
    if second_opinion.objections:
        raise RefusedError(
            "公開の前にほかの方法で確かめたところ、次の点があったため、何も公開していません。\n"
            + "\n".join(second_opinion.objections)
        )
    names = tuple(one.name for one in packages.packages)
    catalogue = gather_catalogue(read_all(preview_catalogue), names)
    there = (observed_target, target_record, to_arrow(lineage), second_opinion)
    publication = prepare_publication(catalogue, publication_proposal, *there)
    return publication, publication


@makes("publication_summary")
def summarise_publication(decided: PlannedPublication, public_target: TargetState) -> Summary:
    """Say what was published and what to do next; the target is as it is then."""
    done: str = "resumed" if decided.resumed else decided.line.kind
    if done == "repair" and decided.changes_nothing:
        done = "none"
    lines = [_DONE[done].format(target=public_target.name, approval=decided.approval.approval_id)]
    if done != "none":
        lines.append(f"変更：{count_actions(decided.changes)}。")
    lines += [f"  {one.name} 版{one.version}" for one in decided.catalogue.datasets]
    if blocked := decided.approval.blocked:
        lines.append(f"公開できず、前のままのデータセット：{'、'.join(blocked)}")
    lines.append("すべてのバイトを読み返し、公開した内容と同じことを確かめました。")
    lines.append(_NEXT_AFTER.get(done, _NEXT).format(option=name_option(public_target.name)))
    return {"lines": lines, "exit_code": 2 if blocked or decided.resumed else 0}


create_pipeline = join_nodes(__name__)
