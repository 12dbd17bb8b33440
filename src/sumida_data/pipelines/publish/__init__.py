"""From the approved preview to the public target."""

from kedro.pipeline import Pipeline

from sumida_data.base.frames import to_arrow
from sumida_data.catalogue.approval import Proposal, RefusedError, count_actions
from sumida_data.catalogue.preview import gather_catalogue
from sumida_data.catalogue.publication import PlannedPublication, prepare_publication
from sumida_data.catalogue.record import RecordState
from sumida_data.catalogue.target import TargetState
from sumida_data.packages.models import Packages
from sumida_data.pipelines.wiring import Files, Frame, Summary, read_all, wire
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


def decide_publication(
    preview: Files,
    packages: Packages,
    proposal: Proposal | None,
    state: TargetState,
    record: RecordState,
    lineage: Frame,
    opinion: SecondOpinion,
) -> tuple[PlannedPublication, PlannedPublication]:
    """Decide whether the preview may be published; it is published by being saved.

    Returns:
        The publication twice: for the target, and for the summary.

    Raises:
        RefusedError: If it may not; the text says why and what to do.
    """
    if not preview or proposal is None:
        raise RefusedError("公開するものがありません。先に kedro run を実行してください。")
    if opinion.objections:
        raise RefusedError(
            "公開の前にほかの方法で確かめたところ、次の点があったため、何も公開していません。\n"
            + "\n".join(opinion.objections)
        )
    catalogue = gather_catalogue(read_all(preview), tuple(one.name for one in packages.packages))
    publication = prepare_publication(
        catalogue, proposal, state, record, to_arrow(lineage), opinion
    )
    return publication, publication


def summarise_publication(publication: PlannedPublication, state: TargetState) -> Summary:
    """Say what was published and what to do next; ``state`` is what the target holds now."""
    done: str = "resumed" if publication.resumed else publication.line.kind
    if done == "repair" and publication.changes_nothing:
        done = "none"
    lines = [_DONE[done].format(target=state.name, approval=publication.approval.approval_id)]
    if done != "none":
        lines.append(f"変更：{count_actions(publication.changes)}。")
    lines += [f"  {one.name} 版{one.version}" for one in publication.catalogue.datasets]
    if blocked := publication.approval.blocked:
        lines.append(f"公開できず、前のままのデータセット：{'、'.join(blocked)}")
    lines.append("すべてのバイトを読み返し、公開した内容と同じことを確かめました。")
    option = "" if state.name == "folder" else f" --env={state.name}"
    lines.append(_NEXT_AFTER.get(done, _NEXT).format(option=option))
    return {"lines": lines, "exit_code": 2 if blocked or publication.resumed else 0}


def create_pipeline() -> Pipeline:
    """From the approved preview to the public target."""
    approved = {
        "preview": "preview_catalogue",
        "proposal": "publication_proposal",
        "state": "observed_target",
        "record": "target_record",
        "opinion": "second_opinion",
    }
    told = {"publication": "decided", "state": "public_target"}
    nodes = [
        wire(decide_publication, ["public_target", "decided"], **approved),
        wire(summarise_publication, "publication_summary", **told),
    ]
    return Pipeline(nodes, tags="publish")
