"""Publishing what was approved, and taking the last publication back.

Each step is written into the journal when it is finished. Doing the whole again after a kill
completes it, because every step looks at what is there first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pyarrow as pa

from sumida_data.catalogue.approval import (
    RefusedError,
    continues,
    find_approval,
    find_approval_of_public,
)
from sumida_data.catalogue.history import hash_lineage, keep_values, read_parquet, write_parquet
from sumida_data.catalogue.proposal import Proposal
from sumida_data.catalogue.record import (
    Approval,
    JournalEntry,
    PublicationDataset,
    PublicationLine,
    RecordState,
    TargetRecord,
    next_publication_id,
)
from sumida_data.catalogue.target import (
    Catalogue,
    PublicTarget,
    TargetChange,
    TargetError,
    TargetState,
    compare,
    explain_failure,
    observe,
)
from sumida_data.quality.rules import SecondOpinion


@dataclass(frozen=True, slots=True)
class PlannedPublication:
    """What is to be published, and by whose approval.

    Attributes:
        kind: Whether something new is published, or what is public put in order.
        changes: What changes in the target, and what stays.
        state: What the target held when this was decided.
        lineage: Table ``lineage`` of the run that made the catalogue.
        opinion: What other engines than SQL say of it; None where it was asked for before the
            publication was cut off.
        resumed: Whether this completes an earlier publication instead of what was to be published.
    """

    kind: Literal["publish", "repair"]
    catalogue: Catalogue
    changes: tuple[TargetChange, ...]
    approval: Approval
    state: TargetState
    lineage: pa.Table
    opinion: SecondOpinion | None = None
    resumed: bool = False

    @property
    def changes_nothing(self) -> bool:
        """Whether the target holds all of it already, as far as hashes of datasets tell."""
        return all(change.action == "keep" for change in self.changes)


def prepare_publication(
    catalogue: Catalogue,
    proposal: Proposal,
    state: TargetState,
    record: RecordState,
    lineage: pa.Table,
    opinion: SecondOpinion | None = None,
) -> PlannedPublication:
    """Decide whether the catalogue may be published now.

    Where another publication was begun and the target shows some of it, that one is completed
    first: it was approved, and nothing else fits what the target holds.

    Raises:
        RefusedError: If it may not.
    """
    _refuse_unfit(catalogue, proposal, state, record, hash_lineage(lineage))
    if resumed := _resume(catalogue, state, record):
        return resumed
    changes = compare(catalogue, state)
    kind: Literal["publish", "repair"] = "repair"
    approval = find_approval_of_public(record, catalogue)
    if approval is None:
        kind = "publish"
        now = proposal.model_copy(update={"changes": changes})
        approval = find_approval(record, now, state)
    return PlannedPublication(kind, catalogue, changes, approval, state, lineage, opinion)


def _refuse_unfit(
    catalogue: Catalogue,
    proposal: Proposal,
    state: TargetState,
    record: RecordState,
    lineage_sha256: str,
) -> None:
    if proposal.target != state.name or proposal.content_sha256 != catalogue.sha256:
        raise RefusedError(
            f"下見が、公開先 {state.name} に向けた最後の kedro run と違います。"
            "公開先を同じ --env で指定して、もう一度 kedro run を実行してください。"
        )
    if proposal.lineage_sha256 != lineage_sha256:
        raise RefusedError(
            "下見の後の kedro run が途中で終わったため、表が下見と合いません。"
            "もう一度 kedro run を実行してください。"
        )
    if catalogue.sample and not state.accepts_sample:
        raise RefusedError(
            f"見本データは、公開先 {state.name} に公開できません。"
            "実際の調査票を置いて、もう一度 kedro run を実行してください。"
        )
    if record.journal and record.journal.kind == "undo":
        raise RefusedError("取消しが途中です。先に sumida-data undo をもう一度実行してください。")


def _resume(
    catalogue: Catalogue, state: TargetState, record: RecordState
) -> PlannedPublication | None:
    """Return the publication that must be completed before this catalogue is published."""
    pending, journal = record.pending, record.journal
    if pending is None or journal is None or pending.sha256 == catalogue.sha256:
        return None
    approval = record.find_approval(journal.approval_id)
    changes = compare(pending, state)
    if approval.target_sha256 == state.sha256 or not continues(approval, changes):
        return None
    lineage = read_parquet(record.pending_lineage)
    return PlannedPublication("publish", pending, changes, approval, state, lineage, resumed=True)


def publish(target: PublicTarget, record: TargetRecord, planned: PlannedPublication) -> None:
    """Make a publication, read every byte back, and write it down.

    Where the target holds all of it already, nothing is written.

    Raises:
        TargetError: If another process publishes, the target has changed since the decision,
            cannot be changed, or does not hold afterwards what it should.
    """
    with record.lock():
        if observe(target, planned.state.observed_on).sha256 != planned.state.sha256:
            raise TargetError(
                "公開先が確かめた後に変わったため、公開しませんでした。もう一度実行してください。"
            )
        repeats = planned.kind == "repair" and planned.changes_nothing
        if repeats and not target.verify(planned.catalogue):
            record.finish()
            return
        publication_id = next_publication_id(record.read_publications())
        if planned.kind == "publish":
            with explain_failure():
                lineage = write_parquet(planned.lineage)
                record.keep_publication(publication_id, planned.catalogue, lineage)
        record.journal.begin(
            JournalEntry(
                kind="publish",
                content_sha256=planned.catalogue.sha256,
                approval_id=planned.approval.approval_id,
            )
        )
        target.apply(planned.catalogue, planned.changes)
        record.journal.mark("applied")
        _read_back(target, record, planned.catalogue)
        _write_down(record, publication_id, planned)
        record.finish()


def undo(target: PublicTarget, record: TargetRecord, day: date) -> PublicationLine:
    """Put the version before the last publication back; a second time, the last again.

    Returns:
        The line that says so.

    Raises:
        TargetError: If there is no version before, or a publication is under way.
    """
    with record.lock():
        unfinished = record.journal.read()
        if unfinished and unfinished.kind == "publish":
            raise TargetError(
                "公開が途中です。先に kedro run --pipelines=publish をもう一度実行してください。"
            )
        lines = record.read_publications()
        before = _find_content_before(lines)
        catalogue = record.load_catalogue(before.publication_id)
        record.journal.begin(JournalEntry(kind="undo", content_sha256=before.content_sha256))
        if any(change.action != "keep" for change in compare(catalogue, observe(target, day))):
            target.undo(catalogue)
            record.journal.mark("applied")
        _read_back(target, record, catalogue)
        line = before.model_copy(
            update={
                "publication_id": next_publication_id(lines),
                "kind": "undo",
                "published_on": day.isoformat(),
                "content_of": before.publication_id,
            }
        )
        record.add_publication(line)
        record.finish()
        return line


def _find_content_before(lines: Sequence[PublicationLine]) -> PublicationLine:
    """Return the publication whose content was public before that which is public now.

    Raises:
        TargetError: If there is none.
    """
    for line in reversed(lines):
        if line.content_of != lines[-1].content_of:
            return next(one for one in lines if one.publication_id == line.content_of)
    raise TargetError("取り消せる公開がありません。前の版がまだないためです。")


def _read_back(target: PublicTarget, record: TargetRecord, catalogue: Catalogue) -> None:
    if faults := target.verify(catalogue):
        raise TargetError(
            "公開先を読み返すと、公開した内容と違います。もう一度実行してください。\n"
            + "\n".join(faults)
        )
    record.journal.mark("verified")


def _write_down(record: TargetRecord, publication_id: str, planned: PlannedPublication) -> None:
    lines = record.read_publications()
    content_of = publication_id
    if planned.kind == "publish":
        keep_values(record, publication_id, planned.lineage)
        record.journal.mark("values kept")
    else:
        content_of = lines[-1].content_of
    blocked = planned.catalogue.blocked
    kept = (one for line in lines[-1:] for one in line.datasets if one.name in blocked)
    record.add_publication(
        PublicationLine(
            publication_id=publication_id,
            kind=planned.kind,
            target=planned.state.name,
            published_on=planned.state.observed_on.isoformat(),
            content_of=content_of,
            content_sha256=planned.catalogue.sha256,
            approval_id=planned.approval.approval_id,
            datasets=(
                *kept,
                *(
                    PublicationDataset(
                        name=one.name, version=one.version, content_sha256=one.state.sha256
                    )
                    for one in planned.catalogue.datasets
                ),
            ),
            second_opinion=planned.opinion,
        )
    )
    record.journal.mark("written down")
