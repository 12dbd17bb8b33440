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
    find_standing_approval,
)
from sumida_data.catalogue.changes import Proposal, compare, list_changes
from sumida_data.catalogue.history import (
    hash_lineage,
    keep_values,
    read_lineage,
    write_lineage,
)
from sumida_data.catalogue.record import (
    Approval,
    JournalEntry,
    PublicationLine,
    PublishedDataset,
    Record,
)
from sumida_data.catalogue.target import (
    Catalogue,
    Change,
    Target,
    TargetError,
    TargetState,
    explain_failure,
    hash_entry,
    observe,
)
from sumida_data.quality.second_opinion import SecondOpinion


@dataclass(frozen=True, slots=True)
class Publication:
    """What is to be published, and by whose approval.

    Attributes:
        kind: Whether something new is published, or what is public put in order.
        catalogue: What is to be public.
        changes: What changes in the target, and what stays.
        approval: The approval.
        state: What stood in the target when this was decided.
        lineage: Table ``lineage`` of the run that made the catalogue.
        opinion: What other engines than SQL say of it; None where it was asked for before the
            publication was cut off.
        resumed: Whether this completes an earlier publication instead of what was to be published.
    """

    kind: Literal["publish", "repair"]
    catalogue: Catalogue
    changes: tuple[Change, ...]
    approval: Approval
    state: TargetState
    lineage: pa.Table
    opinion: SecondOpinion | None = None
    resumed: bool = False

    @property
    def changes_nothing(self) -> bool:
        """Whether the target holds all of it already, as far as hashes of datasets tell."""
        return all(change.action == "keep" for change in self.changes)


@dataclass(frozen=True, slots=True)
class Pending:
    """What a publication that was begun and not finished publishes.

    Attributes:
        catalogue: What is to be public.
        lineage: Table ``lineage`` of the run that made the catalogue.
    """

    catalogue: Catalogue
    lineage: pa.Table


@dataclass(frozen=True, slots=True)
class TargetRecord:
    """What the record says of a target.

    Attributes:
        approvals: The approvals, oldest first.
        publications: The publications, oldest first.
        journal: What is under way, or None.
        pending: What the publication under way publishes, or None.
    """

    approvals: Sequence[Approval]
    publications: Sequence[PublicationLine]
    journal: JournalEntry | None
    pending: Pending | None


def read_target_record(record: Record) -> TargetRecord:
    """Read what was approved and published, and what is under way."""
    publications = record.read_publications()
    journal = record.journal.read()
    return TargetRecord(
        record.read_approvals(),
        publications,
        journal,
        _load_pending(record, _next_id(publications), journal),
    )


def _load_pending(
    record: Record, publication_id: str, journal: JournalEntry | None
) -> Pending | None:
    if journal is None or journal.kind != "publish":
        return None
    try:
        catalogue = record.load_content(publication_id)
    except TargetError:
        # What was public is put in order: there is nothing new to complete.
        return None
    if catalogue.sha256 != journal.content_sha256:
        return None
    return Pending(catalogue, read_lineage(record.load_lineage(publication_id)))


def prepare_publication(
    catalogue: Catalogue,
    proposal: Proposal,
    state: TargetState,
    record: TargetRecord,
    lineage: pa.Table,
    opinion: SecondOpinion | None = None,
) -> Publication:
    """Decide whether the catalogue may be published now.

    Where another publication was begun and the target shows some of it, that one is completed
    first: it was approved, and nothing else fits what stands there.

    Args:
        catalogue: The preview as it was written.
        proposal: What the last run put before the person who approves.
        state: What stands in the target now.
        record: What the record says of the target.
        lineage: Table ``lineage``.
        opinion: What other engines than SQL say of the catalogue.

    Raises:
        RefusedError: If it may not.
    """
    if proposal.target != state.name or proposal.content_sha256 != catalogue.sha256:
        raise RefusedError(
            f"下見が、公開先 {state.name} に向けた最後の kedro run と違います。"
            "公開先を同じ --env で指定して、もう一度 kedro run を実行してください。"
        )
    if proposal.lineage_sha256 != hash_lineage(lineage):
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
    if resumed := _resume(catalogue, state, record):
        return resumed
    changes = compare(catalogue, state)
    kind: Literal["publish", "repair"] = "repair"
    approval = find_standing_approval(record.approvals, record.publications, catalogue)
    if approval is None:
        kind = "publish"
        now = proposal.model_copy(update={"changes": list_changes(changes)})
        approval = find_approval(record.approvals, record.publications, now, state, record.journal)
    return Publication(kind, catalogue, changes, approval, state, lineage, opinion)


def _resume(catalogue: Catalogue, state: TargetState, record: TargetRecord) -> Publication | None:
    """Return the publication that must be completed before this catalogue is published."""
    pending, journal = record.pending, record.journal
    if pending is None or journal is None or journal.content_sha256 == catalogue.sha256:
        return None
    approval = next(one for one in record.approvals if one.approval_id == journal.approval_id)
    changes = compare(pending.catalogue, state)
    if approval.target_sha256 == state.sha256 or not continues(approval, changes):
        return None
    return Publication(
        "publish", pending.catalogue, changes, approval, state, pending.lineage, resumed=True
    )


def publish(target: Target, record: Record, publication: Publication) -> None:
    """Make a publication, read every byte back, and write it down.

    Where the target holds all of it already, nothing is written.

    Raises:
        TargetError: If another process publishes, the target has changed since the decision,
            cannot be changed, or does not hold afterwards what it should.
    """
    with record.lock():
        if observe(target, publication.state.observed_on).sha256 != publication.state.sha256:
            raise TargetError(
                "公開先が確かめた後に変わったため、公開しませんでした。もう一度実行してください。"
            )
        unfinished = record.journal.read()
        repeats = publication.kind == "repair" and publication.changes_nothing
        if repeats and not target.verify(publication.catalogue):
            if unfinished:
                record.journal.finish()
            return
        if publication.kind == "publish":
            _keep_content(record, publication)
        record.journal.begin(
            JournalEntry(
                kind="publish",
                content_sha256=publication.catalogue.sha256,
                approval_id=publication.approval.approval_id,
            )
        )
        target.apply(publication.catalogue, publication.changes)
        record.journal.mark("applied")
        _read_back(target, publication.catalogue)
        record.journal.mark("verified")
        _write_down(record, publication)
        record.journal.finish()


def undo(target: Target, record: Record, day: date) -> PublicationLine:
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
        before = find_content_before(lines)
        catalogue = record.load_content(before.publication_id)
        record.journal.begin(JournalEntry(kind="undo", content_sha256=before.content_sha256))
        if any(change.action != "keep" for change in compare(catalogue, observe(target, day))):
            target.undo()
            record.journal.mark("applied")
        _read_back(target, catalogue)
        record.journal.mark("verified")
        record.show_published(before.publication_id)
        record.journal.mark("published packages kept")
        line = before.model_copy(
            update={
                "publication_id": _next_id(lines),
                "kind": "undo",
                "published_on": day.isoformat(),
                "content_of": before.publication_id,
            }
        )
        record.add_publication(line)
        record.journal.finish()
        return line


def find_content_before(lines: Sequence[PublicationLine]) -> PublicationLine:
    """Return the publication whose content stood in the target before what stands there now.

    Raises:
        TargetError: If there is none.
    """
    for line in reversed(lines):
        if line.content_of != lines[-1].content_of:
            return next(one for one in lines if one.publication_id == line.content_of)
    raise TargetError("取り消せる公開がありません。前の版がまだないためです。")


def _read_back(target: Target, catalogue: Catalogue) -> None:
    if faults := target.verify(catalogue):
        raise TargetError(
            "公開先を読み返すと、公開した内容と違います。もう一度実行してください。\n"
            + "\n".join(faults)
        )


def _keep_content(record: Record, publication: Publication) -> None:
    publication_id = _next_id(record.read_publications())
    with explain_failure():
        lineage = write_lineage(publication.lineage)
        record.keep_content(publication_id, publication.catalogue, lineage)


def _write_down(record: Record, publication: Publication) -> None:
    lines = record.read_publications()
    publication_id = _next_id(lines)
    content_of = publication_id
    if publication.kind == "publish":
        record.show_published(publication_id)
        record.journal.mark("published packages kept")
        keep_values(record.folder, publication_id, publication.lineage)
        record.journal.mark("values kept")
    else:
        content_of = lines[-1].content_of
    line = PublicationLine(
        publication_id=publication_id,
        kind=publication.kind,
        target=publication.state.name,
        published_on=publication.state.observed_on.isoformat(),
        content_of=content_of,
        content_sha256=publication.catalogue.sha256,
        approval_id=publication.approval.approval_id,
        datasets=_list_datasets(publication, lines),
        second_opinion=publication.opinion,
    )
    record.add_publication(line)
    record.journal.mark("written down")
    kept = find_contents_to_keep([*lines, line])
    record.forget_contents(*kept)


def find_contents_to_keep(lines: Sequence[PublicationLine]) -> tuple[str, ...]:
    """Return the publications whose contents an undo may need: the last, and the one before."""
    try:
        return (lines[-1].content_of, find_content_before(lines).publication_id)
    except TargetError:
        return (lines[-1].content_of,)


def _list_datasets(
    publication: Publication, lines: Sequence[PublicationLine]
) -> tuple[PublishedDataset, ...]:
    catalogue = publication.catalogue
    before = lines[-1].datasets if lines else ()
    kept = tuple(one for one in before if one.name in catalogue.blocked)
    return kept + tuple(
        PublishedDataset(
            name=dataset.name,
            version=str(dataset.metadata["version"]),
            content_sha256=hash_entry(
                {"": dataset.metadata_sha256}
                | {file.key: [file.sha256, file.metadata_sha256] for file in dataset.files}
            ),
        )
        for dataset in catalogue.datasets
    )


def _next_id(lines: Sequence[PublicationLine]) -> str:
    return f"P{len(lines) + 1:04}"
